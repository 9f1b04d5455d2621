"""What CodaBench's unpacker of version 2 refuses: missing keys, tasks and solutions that do not fit."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from compete.errors import Finding
from compete.exporters import codabench_fields as fields
from compete.exporters.codabench_files import UUID, data_faults, logo_faults, text_faults
from compete.exporters.codabench_phases import date_faults
from compete.exporters.opened import Opened

Record = Mapping[Any, Any]

MISSING = "codabench/missing-key"
DATA = ("ingestion_program", "input_data", "scoring_program", "reference_data")
KIT = ("public_data", "starting_kit")


def faults_of_version_2(content: Record, upload: Opened) -> Iterator[Finding]:
    """Everything that CodaBench refuses of a ``competition.yaml`` of version 2."""
    yield from fields.faults_of(_given(content), fields.COMPETITION, ("title",), "")
    yield from fields.sheet_faults(content.get("fact_sheet"))
    yield from _pages(content, upload)
    tasks = yield from _tasks(content, upload)
    yield from _solutions(content, upload, tasks)
    yield from _single_files(content, upload)
    yield from _phases(content, upload, tasks)
    yield from _leaderboards(content)
    queue = content.get("queue")
    if queue and not UUID.fullmatch(str(queue)):
        yield Finding(fields.RULE, f"queue {queue!r} is no key of a queue", "queue", hint="copy its Vhost, or drop it")


def _given(record: Record) -> Record:
    """A record without empty sheets, which count as absent."""
    return {key: value for key, value in record.items() if isinstance(key, str)}


def listed(content: Record, name: str) -> tuple[list[Record], list[Finding]]:
    """The entries of a list, and what is wrong with it."""
    if name not in content:
        return [], [Finding(MISSING, f"there is no {name}", name, hint=f"add {name}")]
    value = content[name] if content[name] not in ("", {}) else []
    if not isinstance(value, list):
        return [], [Finding(MISSING, f"{name} is no list", name, hint="write a list, if only an empty one: []")]
    odd = [number for number, one in enumerate(value) if not isinstance(one, dict)]
    findings = [
        Finding(MISSING, f"entry {number} is no mapping", f"{name}.{number}", hint="see above") for number in odd
    ]
    return [one for one in value if isinstance(one, dict)], findings


def _pages(content: Record, upload: Opened) -> Iterator[Finding]:
    pages, findings = listed(content, "pages")
    yield from findings
    for number, page in enumerate(pages):
        yield from fields.faults_of({"title": None, **page}, fields.PAGE, (), f"pages.{number}.")
        if "file" not in page:
            yield Finding(MISSING, "the page has no file", f"pages.{number}.file", hint="name a Markdown or HTML file")
        else:
            yield from text_faults(upload, page["file"], f"pages.{number}.file")


def _tasks(content: Record, upload: Opened) -> Generator[Finding, None, list[Any]]:
    """Faults of the tasks; returns their indexes."""
    tasks, findings = listed(content, "tasks")
    yield from findings
    seen: list[Any] = []
    for number, task in enumerate(tasks):
        where = f"tasks.{number}"
        if "index" not in task:
            yield Finding(MISSING, "the task has no index", f"{where}.index", hint="number the tasks")
        elif not _hashable(task["index"]):
            yield Finding(MISSING, f"{task['index']!r} is no index", f"{where}.index", hint="number the tasks")
        elif task["index"] in seen:
            yield Finding(
                MISSING, f"two tasks have the index {task['index']}", f"{where}.index", hint="number the tasks"
            )
        else:
            seen.append(task["index"])
        if "key" in task:
            if not UUID.fullmatch(str(task["key"])):
                yield Finding(fields.RULE, f"{task['key']!r} is no key of a task", f"{where}.key", hint="drop it")
            continue
        yield from fields.faults_of({"name": None, **task}, fields.TASK, (), f"{where}.")
        if "scoring_program" not in task:
            message = "the task has no scoring_program"
            yield Finding(MISSING, message, f"{where}.scoring_program", hint="name a zip")
        for name in DATA:
            if name in task:
                yield from data_faults(upload, task[name], f"{where}.{name}")
    return seen


def _hashable(value: Any) -> bool:
    return not isinstance(value, dict | list | set)


def _solutions(content: Record, upload: Opened, tasks: Sequence[Any]) -> Iterator[Finding]:
    if not content.get("solutions"):
        return
    solutions, findings = listed(content, "solutions")
    yield from findings
    for number, solution in enumerate(solutions):
        where = f"solutions.{number}"
        for name in ("index", "tasks"):
            if name not in solution:
                yield Finding(MISSING, f"the solution has no {name}", f"{where}.{name}", hint=f"add {name}")
        yield from _known_tasks(solution.get("tasks", []), tasks, where)
        if "key" in solution:
            continue
        named = solution if solution.get("name") else {**solution, "name": "solution"}
        yield from fields.faults_of(named, fields.SOLUTION, (), f"{where}.")
        if "path" not in solution:
            yield Finding(MISSING, "the solution has no path", f"{where}.path", hint="name a zip")
        else:
            yield from data_faults(upload, solution["path"], f"{where}.path")


def _known_tasks(named: Any, tasks: Sequence[Any], where: str) -> Iterator[Finding]:
    if not isinstance(named, list | dict | str):
        yield Finding(MISSING, f"tasks is {named!r}, no list", f"{where}.tasks", hint="name indexes of tasks")
        return
    for one in named:
        if one not in tasks:
            message = f"there is no task with the index {one!r}"
            yield Finding(MISSING, message, f"{where}.tasks", hint="name indexes of tasks")


def _single_files(content: Record, upload: Opened) -> Iterator[Finding]:
    for name in ("terms", "image"):
        if name not in content:
            hint = "name a page" if name == "terms" else "name a PNG or JPEG"
            yield Finding(MISSING, f"there is no {name}", name, hint=hint)
    if "terms" in content:
        yield from text_faults(upload, content["terms"], "terms")
    if "image" in content:
        yield from logo_faults(upload, content["image"])


def _phases(content: Record, upload: Opened, tasks: Sequence[Any]) -> Iterator[Finding]:
    phases, findings = listed(content, "phases")
    yield from findings
    if "phases" in content and not phases and not findings:
        yield Finding(MISSING, "there is no phase", "phases", hint="a competition has at least one")
    ranks = [phase.get("index", 0) for phase in phases]
    try:
        order = sorted(range(len(phases)), key=lambda number: ranks[number])
    except TypeError:
        yield Finding(MISSING, "the indexes of the phases cannot be put in order", "phases", hint="number the phases")
        order = list(range(len(phases)))
    ordered = [phases[number] for number in order]
    yield from phase_faults(ordered)
    for number, phase in enumerate(ordered):
        where = f"phases.{number}"
        if "tasks" not in phase:
            yield Finding(MISSING, "the phase has no tasks", f"{where}.tasks", hint="name indexes of tasks")
        else:
            yield from _known_tasks(phase["tasks"], tasks, where)
        for name in KIT:
            if name in phase:
                yield from data_faults(upload, phase[name], f"{where}.{name}")


def phase_faults(phases: Sequence[Record]) -> Iterator[Finding]:
    """Faults of the phases, in their order, apart from their files and tasks."""
    for number, phase in enumerate(phases):
        limited = {**phase, "execution_time_limit": phase.get("execution_time_limit") or 600}
        yield from fields.faults_of({"name": None, **limited}, fields.PHASE, (), f"phases.{number}.")
    yield from first_phase_faults(phases)
    yield from date_faults(phases)


def first_phase_faults(phases: Sequence[Record]) -> Iterator[Finding]:
    """What is wrong where submissions shall migrate to the first phase, from nowhere."""
    migrates = phases[0].get("auto_migrate_to_this_phase") if phases else None
    if fields.is_true(migrates):
        message = "submissions cannot migrate to the first phase"
        hint = "say it of later phases only"
        yield Finding(fields.RULE, message, "phases.0.auto_migrate_to_this_phase", hint=hint)


def _leaderboards(content: Record) -> Iterator[Finding]:
    if not isinstance(content.get("leaderboards"), list) or not content["leaderboards"]:
        message = (
            "there are no leaderboards" if "leaderboards" not in content else "leaderboards is no list with an entry"
        )
        yield Finding(MISSING, message, "leaderboards", hint="a competition has one, with at least one column")
        return
    for number, board in enumerate(content["leaderboards"]):
        yield from fields.leaderboard_faults(board, f"leaderboards.{number}")
