"""What an algorithm gave for each test item, one job an item, put together into one submission."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class JobError(Exception):
    """What was sent is no submission; the text says why."""


@dataclass(frozen=True)
class Job:
    """One run of an algorithm.

    Attributes:
        key: its name, and that of its folder.
        names: of the images and values that it was given.
        outputs: where each output lies, below the job's folder.
    """

    key: str
    names: tuple[str, ...]
    outputs: tuple[str, ...]


def read_jobs(path: Path) -> list[Job]:
    """The jobs that the platform lists; none where the file is something else, such as an uploaded list of results."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return [_job(one) for one in listed if one.get("status", "Succeeded") == "Succeeded"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _job(listed: Mapping[str, Any]) -> Job:
    names = [str(one["image"]["name"]) for one in listed["inputs"] if one.get("image")]
    names += [str(one["value"]) for one in listed["inputs"] if isinstance(one.get("value"), (str, int))]
    outputs = [_socket(one)["relative_path"] for one in listed["outputs"]]
    return Job(str(listed["pk"]), tuple(names), tuple(outputs))


def _socket(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What grand-challenge says of a socket, under its newer name or its older one."""
    found: Mapping[str, Any] = value.get("socket") or value["interface"]
    return found


def submission_of(jobs: Sequence[Job], source: Path, bundle: Path) -> bytes:
    """One submission of all jobs.

    Args:
        jobs: as listed, in any order.
        source: the folder in which each job has one of its own.
        bundle: the truth, which knows the items and the columns.

    Raises:
        JobError: a job fits no item, or has no JSON output that does.
    """
    terms = json.loads((bundle / "public/challenge.json").read_text(encoding="utf-8"))
    with (bundle / "private/solution.csv").open(encoding="utf-8", newline="") as file:
        items = [row["id"] for row in csv.DictReader(file)]
    if terms["form"] not in ("csv", "coco"):
        raise JobError(f"outputs of algorithms cannot be put together to a submission of the form {terms['form']}")
    given = {}
    for job in jobs:
        given[_item(job, items)] = _output(job, source)
    return _results(given, items) if terms["form"] == "coco" else _table(given, items, terms["columns"])


def _item(job: Job, items: Sequence[str]) -> str:
    """The item that a job is about: the one after which its input is called."""
    known = set(items)
    for name in job.names:
        stem = name.rpartition("/")[2]
        while stem:
            if stem in known:
                return stem
            stem = stem.rpartition(".")[0]
    raise JobError(f"the inputs of job {job.key} are called after no test item: {', '.join(job.names)}")


def _output(job: Job, source: Path) -> Any:
    """The first JSON output of a job."""
    for place in job.outputs:
        path = source / job.key / "output" / place
        if place.endswith(".json") and path.is_file():
            try:
                return json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                raise JobError(f"{place} of job {job.key} is no JSON") from None
    raise JobError(f"job {job.key} has no JSON output")


def _table(given: Mapping[str, Any], items: Sequence[str], columns: Sequence[str]) -> bytes:
    """One row an item, of a value, a list of values, or values by column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", *columns])
    for item in items:
        if item in given:
            writer.writerow([item, *_cells(given[item], columns)])
    return text.getvalue().encode()


def _cells(value: Any, columns: Sequence[str]) -> list[Any]:
    if isinstance(value, dict):
        return [_cell(value.get(column, "")) for column in columns]
    return [_cell(one) for one in value] if isinstance(value, list) and len(columns) > 1 else [_cell(value)]


def _cell(value: Any) -> Any:
    """A value as a table writes it: truths as 0 and 1, lists with blanks between, numbers with all their digits."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return " ".join(str(_cell(one)) for one in value)
    return repr(value) if isinstance(value, float) else value


def _results(given: Mapping[str, Any], items: Sequence[str]) -> bytes:
    """A list of COCO results, of which each knows its image."""
    return json.dumps(list(_numbered(given, items))).encode()


def _numbered(given: Mapping[str, Any], items: Sequence[str]) -> Iterator[Any]:
    for number, item in enumerate(items, 1):
        found = given.get(item, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise JobError(f"the output for {item} is no list of results")
        yield from ({**one, "image_id": number} for one in found)
