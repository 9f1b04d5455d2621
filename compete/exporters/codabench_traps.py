"""What CodaBench takes without a word and then mistreats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from compete.errors import Finding
from compete.exporters import codabench_fields as fields
from compete.exporters.codabench_files import program_faults
from compete.exporters.codabench_unpacking import DATA, KIT
from compete.exporters.opened import Opened

Record = Mapping[Any, Any]

CHOICES = ("codabench/by-hand", "codabench/ignored-key")
"""What an organizer may have meant."""

DEFAULT_QUEUE = 600
TOP = frozenset(
    (
        "version",
        *fields.COMPETITION,
        *("image", "terms", "pages", "tasks", "solutions", "phases", "leaderboards", "fact_sheet", "queue"),
    )
)
KNOWN = {
    "": TOP,
    "tasks": frozenset(("index", "key", "name", "description", "ingestion_only_during_scoring", *DATA)),
    "phases": frozenset(("index", "start", "end", "tasks", *fields.PHASE, *KIT)),
    "leaderboards": frozenset(("columns", *fields.LEADERBOARD)),
    "columns": frozenset((*fields.COLUMN, "computation_indexes")),
}
"""The keys that are read; all others are passed over."""


def traps_of(content: Record, upload: Opened) -> Iterator[Finding]:
    """Warnings about a ``competition.yaml`` of version 2 that CodaBench's importer takes."""
    for finding in _traps(content, upload):
        grave = "note" if finding.rule in CHOICES else "warning"
        yield Finding(finding.rule, finding.message, finding.where, hint=finding.hint, severity=grave)


def _traps(content: Record, upload: Opened) -> Iterator[Finding]:
    for number, task in enumerate(_records(content, "tasks")):
        for name in DATA:
            if name in task and "key" not in task:
                command = name in ("scoring_program", "ingestion_program")
                yield from program_faults(upload, task[name], f"tasks.{number}.{name}", command=command)
    for number, phase in enumerate(_records(content, "phases")):
        yield from _phase_traps(phase, f"phases.{number}", queue=bool(content.get("queue")))
    boards = _records(content, "leaderboards")
    if len(boards) > 1:
        message = f"there are {len(boards)} leaderboards, and every phase uses the first one"
        hint = "put all columns into one leaderboard"
        yield Finding("codabench/leaderboard", message, "leaderboards", hint=hint)
    for board in boards[:1]:
        yield from _board_traps(board, "leaderboards.0")
    yield from _misspelt(content)


def _records(content: Record, name: str) -> list[Record]:
    value = content.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _phase_traps(phase: Record, where: str, *, queue: bool) -> Iterator[Finding]:
    for name in ("max_submissions", "max_submissions_per_day"):
        if name in phase and str(phase[name]).strip() in ("0", "0.0"):
            message = f"{name} is 0, which means: as many as one likes"
            yield Finding("codabench/unlimited", message, f"{where}.{name}", hint="write 1 or more")
    limit = phase.get("execution_time_limit")
    if isinstance(limit, int) and limit > DEFAULT_QUEUE and not queue:
        message = f"execution_time_limit is {limit} seconds, and CodaBench's own queue stops after {DEFAULT_QUEUE}"
        hint = "make a queue of your own, or be faster"
        yield Finding("codabench/time-limit", message, f"{where}.execution_time_limit", hint=hint)
    if phase.get("tasks") == []:
        message = "the phase has no task, so every submission fails"
        yield Finding("codabench/no-task", message, f"{where}.tasks", hint="name the index of a task")


def _board_traps(board: Record, where: str) -> Iterator[Finding]:
    columns = _records(board, "columns")
    primary = str(board.get("primary_index", 0)).strip()
    if columns and primary not in {str(column.get("index")).strip() for column in columns}:
        message = f"no column has the index {primary}, which ranks: the leaderboard cannot be opened"
        hint = "give the first column the index 0, or set primary_index"
        yield Finding("codabench/no-primary-column", message, f"{where}.primary_index", hint=hint)
    if fields.is_true(board.get("hidden")):
        message = "a hidden leaderboard is hidden on the page alone; anybody can ask CodaBench's API for its rows"
        hint = "let a second phase score what must stay secret"
        yield Finding("codabench/not-hidden", message, f"{where}.hidden", hint=hint)
    if not str(board.get("submission_rule", "")).startswith("Force"):
        message = (
            "participants put their submissions on the leaderboard by hand, and only those migrate to a next phase"
        )
        yield Finding("codabench/by-hand", message, f"{where}.submission_rule", hint="submission_rule: Force_Best")


def _misspelt(content: Record) -> Iterator[Finding]:
    """Keys that are passed over although they look like one that is read."""
    yield from _close(content, "", "")
    for name in ("tasks", "phases", "leaderboards"):
        for number, record in enumerate(_records(content, name)):
            yield from _close(record, name, f"{name}.{number}.")
            for place, column in enumerate(_records(record, "columns")):
                yield from _close(column, "columns", f"{name}.{number}.columns.{place}.")


def _close(record: Record, room: str, where: str) -> Iterator[Finding]:
    for key in map(str, record):
        near = get_close_matches(key, KNOWN[room] - set(map(str, record)), 1, 0.85)
        if key not in KNOWN[room] and near:
            message = f"{key} is not read; is {near[0]} meant?"
            yield Finding("codabench/ignored-key", message, where + key, hint=f"write {near[0]}")
