"""What a ``competition.yaml`` says, of CodaBench (version 2) or of CodaLab (1, 1.5 and 1.8), in one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from compete.errors import DatasetError, Finding
from compete.importers.competition_zip import Files

CONFIGS = ("competition.yaml", "competition.yml")


@dataclass(frozen=True)
class Column:
    """A column of the leaderboard.

    Attributes:
        key: what the scoring program calls it.
        title: what people read.
        greater_is_better: its direction.
    """

    key: str
    title: str
    greater_is_better: bool


@dataclass(frozen=True)
class Phase:
    """A phase, with the files of its first task.

    Attributes:
        name: what people read.
        places: of ``reference_data``, ``input_data``, ``public_data``, ``scoring_program``, ``ingestion_program`` and
            ``starting_kit`` in the zip.
        settings: what else was said of it: dates and limits.
        tasks: how many tasks it has.
    """

    name: str
    places: Mapping[str, str]
    settings: Mapping[str, Any]
    tasks: int


@dataclass(frozen=True)
class Described:
    """A competition as its file describes it.

    Attributes:
        title: one line.
        description: a paragraph.
        pages: files by title.
        columns: of the leaderboard, the ranking one first.
        phases: in their order.
        others: what else it says, by key.
    """

    title: str
    description: str
    pages: Mapping[str, str]
    columns: tuple[Column, ...]
    phases: tuple[Phase, ...]
    others: Mapping[str, Any]


FILES = ("reference_data", "input_data", "public_data", "scoring_program", "ingestion_program", "starting_kit")
READ = (
    "version",
    "title",
    "description",
    "pages",
    "html",
    "terms",
    "tasks",
    "phases",
    "leaderboards",
    "leaderboard",
    "image",
)
"""Keys that are taken over, at least in part."""

LIMITS = (
    "start", "end", "start_date", "end_date", "max_submissions", "max_submissions_per_day", "execution_time_limit",
    "auto_migrate_to_this_phase", "auto_migration", "hide_output", "hide_score_output", "hide_prediction_output",
)  # fmt: skip
"""What is said of a phase and has no place in a challenge."""


def describe(files: Files) -> Described:
    """Read the description of a competition.

    Raises:
        DatasetError: if there is none, or it cannot be read.
    """
    name = next((one for one in CONFIGS if one in files), "")
    if not name:
        hint = "a competition's zip has it at its top; of a dataset or a single task there is nothing to import"
        raise _refused("there is no competition.yaml", "", hint)
    try:
        content = yaml.safe_load(files.text(name))
    except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:  # the last two are faults of PyYAML
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise _refused(f"the YAML cannot be read: {getattr(error, 'problem', error)}", where) from None
    try:
        return _second(content) if str(content.get("version", "1")) == "2" else _first(content)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        message = f"it is not written as CodaBench reads it ({type(error).__name__}: {error})"
        raise _refused(message, name, "compete check FILE --platform codabench says what is wrong with it") from None


def _second(content: Mapping[str, Any]) -> Described:
    tasks = {task["index"]: task for task in content["tasks"]}
    phases = sorted(content["phases"], key=lambda one: one.get("index", 0))
    board = content["leaderboards"][0]
    columns = sorted(board["columns"], key=lambda one: (one["index"] != board.get("primary_index", 0), one["index"]))
    pages = {str(page["title"]): str(page["file"]) for page in content.get("pages") or ()}
    return Described(
        title=str(content["title"]),
        description=str(content.get("description") or ""),
        pages={**pages, **({"Terms": str(content["terms"])} if content.get("terms") else {})},
        columns=tuple(_column(one["key"], one["title"], one.get("sorting", "desc")) for one in columns),
        phases=tuple(_phase(str(one["name"]), {**tasks[one["tasks"][0]], **one}, len(one["tasks"])) for one in phases),
        others={key: value for key, value in content.items() if key not in READ},
    )


def _first(content: Mapping[str, Any]) -> Described:
    phases = sorted(content["phases"].values(), key=lambda one: one["phasenumber"])
    nested = any(one.get("is_parallel_parent") or one.get("parent_phasenumber") for one in phases)
    board = content["leaderboard"]
    columns = sorted(board["columns"].items(), key=lambda item: item[1].get("rank", 1))
    pages = {str(title): str(place) for title, place in (content.get("html") or {}).items()}
    return Described(
        title=str(content["title"]),
        description=str(content.get("description") or ""),
        pages=pages,
        columns=tuple(_column(key, one.get("label", key), one.get("sort") or "desc") for key, one in columns),
        phases=tuple(_phase(str(one["label"]), one, 1) for one in phases[nested:]),
        others={key: value for key, value in content.items() if key not in READ},
    )


def _column(key: Any, title: Any, order: Any) -> Column:
    return Column(str(key), str(title), str(order).lower() != "asc")


def _phase(name: str, record: Mapping[str, Any], tasks: int) -> Phase:
    places = {key: PurePosixPath(str(record[key])).as_posix() for key in FILES if record.get(key)}
    return Phase(name, places, {key: record[key] for key in LIMITS if key in record}, tasks)


def _refused(message: str, where: str, hint: str = "") -> DatasetError:
    return DatasetError("nothing was imported", [Finding("import/description", message, where, hint=hint)])
