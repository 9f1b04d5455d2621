"""What CodaBench refuses of the competitions of its predecessor: ``competition.yaml`` of versions 1 and 1.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compete.errors import Finding
from compete.exporters import codabench_fields as fields
from compete.exporters.codabench_files import data_faults, logo_faults, text_faults
from compete.exporters.codabench_phases import date_faults, phase_moment
from compete.exporters.codabench_unpacking import DATA, KIT, MISSING, first_phase_faults
from compete.exporters.opened import Opened

Record = Mapping[Any, Any]

COMPETITION = {name: check for name, check in fields.COMPETITION.items() if name not in ("docker_image", "reward")}
RENAMED = {"auto_migration": "auto_migrate_to_this_phase", "label": "name"}


def faults_of_version_1(content: Record, upload: Opened) -> Iterator[Finding]:
    """Everything that CodaBench refuses of a ``competition.yaml`` of version 1 or 1.5."""
    yield from fields.faults_of(content, COMPETITION, ("title",), "")
    yield from _pages(content, upload)
    if "image" not in content:
        yield Finding(MISSING, "there is no image", "image", hint="name a PNG or JPEG")
    else:
        yield from logo_faults(upload, content["image"])
    yield from _phases(content, upload)
    yield from _leaderboard(content)


def _pages(content: Record, upload: Opened) -> Iterator[Finding]:
    pages = content.get("html")
    if not isinstance(pages, dict):
        hint = "write version: 2 if that is what it is; of version 1, name the pages: html: {overview: …, terms: …}"
        yield Finding(MISSING, "there is no html, and without a version it is read as version 1", "html", hint=hint)
        return
    if "terms" not in pages:
        yield Finding(MISSING, "html has no terms", "html.terms", hint="name a page with the terms")
    for title, name in pages.items():
        found = list(text_faults(upload, name, f"html.{title}"))
        yield from (one for one in found if not one.message.endswith("is empty"))


def _phases(content: Record, upload: Opened) -> Iterator[Finding]:
    given = content.get("phases")
    records = list(given.values()) if isinstance(given, dict) else []
    if not records or not all(isinstance(one, dict) and "phasenumber" in one for one in records):
        hint = "number them: phases: {1: {phasenumber: 1, …}}"
        yield Finding(MISSING, "phases is no mapping of phases with a phasenumber", "phases", hint=hint)
        return
    try:
        phases = sorted(records, key=lambda one: one["phasenumber"])
    except TypeError:
        yield Finding(MISSING, "the numbers of the phases cannot be put in order", "phases", hint="number them 1, 2, …")
        return
    if any(one.get("is_parallel_parent") or one.get("parent_phasenumber") for one in phases):
        phases = phases[1:]
    for number, phase in enumerate(phases):
        yield from _phase(phase, f"phases.{number}", upload)
    yield from first_phase_faults([{"auto_migrate_to_this_phase": one.get("auto_migration")} for one in phases])
    yield from _dates(phases)


def _phase(phase: Record, where: str, upload: Opened) -> Iterator[Finding]:
    for name in ("start_date", "label"):
        if name not in phase:
            yield Finding(MISSING, f"the phase has no {name}", f"{where}.{name}", hint=f"add {name}")
    named = {RENAMED.get(str(key), key): value for key, value in phase.items() if key != "name"}
    named = {**named, "execution_time_limit": named.get("execution_time_limit") or 600}
    yield from fields.faults_of(named, fields.PHASE, (), f"{where}.")
    for name in (*DATA, *KIT):
        if name in phase:
            yield from data_faults(upload, phase[name], f"{where}.{name}")


def _dates(phases: list[Record]) -> Iterator[Finding]:
    """A phase ends a day before the next one begins."""
    for finding in date_faults([{"start": phase.get("start_date")} for phase in phases]):
        if finding.rule != "codabench/dates" or not finding.where.endswith(".end"):
            yield finding
    end = phases[-1].get("end_date") if phases else None
    try:
        phase_moment(end)
    except (ValueError, TypeError, OverflowError):
        yield Finding("codabench/dates", f"{end!r} cannot be read as a date", "end_date", hint="write 2027-01-31")


def _leaderboard(content: Record) -> Iterator[Finding]:
    board = content.get("leaderboard")
    if not isinstance(board, dict) or not {"leaderboards", "columns"} <= set(board):
        message = "there is no leaderboard with leaderboards and columns"
        yield Finding(MISSING, message, "leaderboard", hint="add leaderboard: {leaderboards: …, columns: …}")
        return
    boards, columns = board["leaderboards"], board["columns"]
    if not isinstance(boards, dict) or not boards or not isinstance(columns, dict):
        message = "leaderboards and columns are no mappings with entries"
        yield Finding(MISSING, message, "leaderboard", hint="name at least one of each")
        return
    faults = [*_unlabelled(boards, columns), *_unranked(columns)]
    yield from faults
    if faults:
        return
    ranked = sorted(columns.items(), key=lambda one: one[1].get("rank", 1))
    for name, one in boards.items():
        mine = [(key, column) for key, column in ranked if _same(column["leaderboard"]["label"], one["label"])]
        records = [_column(column.get("title", key), column, place) for place, (key, column) in enumerate(mine)]
        made = {"title": name, "key": name, "columns": records}
        yield from fields.leaderboard_faults(made, f"leaderboard.leaderboards.{name}")


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _unlabelled(boards: Record, columns: Record) -> Iterator[Finding]:
    """Leaderboards without a label, and columns that name none."""
    for name, one in boards.items():
        if not isinstance(one, dict) or not isinstance(one.get("label"), str):
            where = f"leaderboard.leaderboards.{name}.label"
            yield Finding(MISSING, "the leaderboard has no label", where, hint="give it one")
    for name, column in columns.items():
        board = column.get("leaderboard") if isinstance(column, dict) else None
        if not isinstance(board, dict) or not isinstance(board.get("label"), str):
            where = f"leaderboard.columns.{name}.leaderboard.label"
            yield Finding(MISSING, "the column names no leaderboard", where, hint="name one by its label")


def _unranked(columns: Record) -> Iterator[Finding]:
    """Columns whose ranks cannot be compared."""
    ranks = [column.get("rank", 1) for column in columns.values() if isinstance(column, dict)]
    try:
        sorted(ranks)
    except TypeError:
        message = "the ranks of the columns cannot be put in order"
        yield Finding(MISSING, message, "leaderboard.columns", hint="number them 1, 2, …")


def _column(key: Any, column: Record, place: int) -> dict[str, Any]:
    return {
        "title": column.get("label", key),
        "key": key,
        "index": place,
        "sorting": column.get("sort") or "desc",
        "precision": column.get("numeric_format", 2),
        "hidden": column.get("hidden", False),
    }
