"""A first ``challenge.yaml``: what the data look like, with a reason for every line and comments on what to decide."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from compete.challenge import schema_text
from compete.errors import Finding, UsageError
from compete.files import whole_file
from compete.formats import ANNOTATED
from compete.readers import READERS, annotations_in, recognise_dataset, require_near, sketch_dataset
from compete.sources import address_of, is_file, is_folder, is_remote, place_of, remembered, resolved
from compete.tasks import TASKS
from compete.terms import FLAT_TASKS, IMAGE_TASKS

Choice = tuple[Any, Any]
"""A value and its reason; or several of both."""

ASKED = {
    "id": "id: sample_id   # a column that names each item; without one, rows are counted",
    "group": "group: patient_id   # items that belong together (patient, site) are never cut apart",
    "subgroups": "subgroups: [sex, site]   # scored separately",
}
ASKED_OF_IMAGES = {
    "items": "items: images.csv   # a table with a row an image, for groups, subgroups and features",
    "group": ASKED["group"],
    "subgroups": ASKED["subgroups"],
    "drop": "features: [depth]   # participants see no other column than these",
}
"""What to decide where the data do not tell."""

SCHEMA = "challenge.schema.json"
AUTO = "auto"
"""The reader that looks which one it must be."""
FLAT_FIRST = ("classification", "multilabel", "regression")
"""Tasks that come with a second metric."""

METRICS: dict[str, tuple[str, list[str]]] = {
    "classification": ("f1_macro", ["accuracy"]),
    "multilabel": ("f1_macro", []),
    "regression": ("rmse", ["r2"]),
    **{name: (task.metric, []) for name, task in TASKS.items() if name not in FLAT_FIRST},
    "detection": ("box_ap", []),
    "instance_segmentation": ("mask_ap", []),
    "keypoints": ("keypoint_ap", []),
    "semantic_segmentation": ("miou", ["pixel_accuracy"]),
    "panoptic_segmentation": ("panoptic_quality", ["segmentation_quality", "recognition_quality"]),
}
EMPTY = {"reader": "csv", "path": "data/labels.csv", "task": "classification", "label": "label"}
EMPTY_OF_IMAGES = {"reader": "coco", "path": "data/annotations.json", "images": "data/images"}
EMPTY_OF_PIXELS = {
    "reader": "csv", "path": "data/images.csv", "file": "file", "mask": "mask", "values": {"background": 0, "cell": 1},
}  # fmt: skip
"""What stands where there is no data to look at."""


@dataclass(frozen=True)
class Started:
    """A challenge that was begun.

    Attributes:
        path: the ``challenge.yaml`` that was written.
        choices: field, value and reason of every choice.
    """

    path: Path
    choices: tuple[tuple[str, str, str], ...]


def write_challenge(folder: Path, source: str, *, task: str = "", force: bool = False) -> Started:
    """Write a ``challenge.yaml`` that builds, with its schema beside it, from a look at the data.

    Args:
        folder: made where it is not there.
        source: ``READER:PATH``; empty writes a form to fill in.
        task: overrules the task that the labels suggest.
        force: replace an earlier ``challenge.yaml``.

    Raises:
        UsageError: if the source is not understood, or the file is there already.
        DatasetError: if the data cannot be read.
    """
    if task and task not in METRICS:
        raise UsageError("nothing was written", [_unknown("task", task, list(METRICS))])
    with remembered():
        reader, reason, path, how = _source(source) if source else ("", "", Path(), "")
        proposals = sketch_dataset(reader, path) if source else {}
    form = EMPTY_OF_PIXELS if task == "semantic_segmentation" else EMPTY_OF_IMAGES if task in IMAGE_TASKS else EMPTY
    empty = {f"data.{key}": (value, "fill in") for key, value in form.items()}
    choices = dict(_choices(proposals)) if source else empty
    if reason:
        choices["data.reader"] = (reader, reason)
    if source:
        choices["data.path"] = (_relative(path, folder), how)
        choices.update(_beside(path, folder, choices))
    looks = choices.pop("data.task", ("classification", "fill in"))
    choices["task"] = (task, "as given") if task else looks
    if choices["task"][0] in IMAGE_TASKS and choices["data.reader"][0] in ANNOTATED:
        choices.pop("data.label", None)
    given: Choice = choices.pop("data.split", ({}, ""))
    choices |= {f"split.{key}": (value, given[1]) for key, value in given[0].items()}
    metrics: Choice = choices.pop("data.metrics", ({}, ""))
    if metric := metrics[0].get(choices["task"][0]):
        choices["score.metric"] = (metric, metrics[1])
    text = _text(re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "challenge", choices)
    with whole_file(folder / "challenge.yaml", force=force) as file:
        file.write(text.encode())
    with whole_file(folder / SCHEMA, force=True) as file:
        file.write(schema_text().encode())
    return Started(folder / "challenge.yaml", tuple(_rows(choices)))


def _rows(choices: Mapping[str, Choice]) -> Iterator[tuple[str, str, str]]:
    """Field, value and reason, one row a value."""
    for field, (value, reason) in choices.items():
        if isinstance(reason, list):
            names = [field, *[""] * (len(reason) - 1)]
            yield from ((name, _shown(one), why) for name, one, why in zip(names, value, reason, strict=True))
        else:
            yield field, _shown(value), reason


def _source(source: str) -> tuple[str, str, Path, str]:
    """The reader, by what its format was recognised, the path, and how that was found."""
    reader, colon, path = source.partition(":")
    if not colon or reader not in (AUTO, *READERS):
        hint = f"write READER:PATH, such as csv:labels.csv or folder:images/ (readers: {', '.join((AUTO, *READERS))})"
        if "://" in source or (not colon and Path(source).exists()):
            hint = f"did you mean {AUTO}:{source}?"
        raise UsageError("nothing was written", [Finding("usage/unknown-name", f"--from {source}", hint=hint)])
    place = place_of(Path.cwd(), path) if is_remote(place_of(Path.cwd(), path)) else Path(path).absolute()
    if not (is_file(place) or is_folder(place)):
        hint = "check the path; it is relative to the folder you are in"
        raise UsageError("nothing was written", [Finding("usage/unknown-name", f"there is no {path}", hint=hint)])
    # What is found beside it is told relative to the challenge.
    given, place = place, annotations_in(place) if reader == AUTO else place
    reader, reason = recognise_dataset(place) if reader == AUTO else (reader, "")
    require_near(reader, place, "--from")
    return reader, reason, place, "as given" if place == given else "the one file of annotations in the folder"


def _unknown(what: str, name: str, known: Sequence[str]) -> Finding:
    close = get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"
    return Finding("usage/unknown-name", f"no {what} is called {name!r}", hint=hint)


def _choices(proposals: Mapping[str, Any]) -> Iterator[tuple[str, Choice]]:
    for field, proposal in proposals.items():
        if isinstance(proposal, list):
            if proposal:
                yield f"data.{field}", ([one.value for one in proposal], [one.reason for one in proposal])
        elif proposal is not None:
            yield f"data.{field}", (proposal.value, proposal.reason)


def _beside(path: Path, folder: Path, choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """The folders of images and of label images as seen from the challenge."""
    found = {key: choices[key] for key in ("data.images", "data.masks", "data.items") if key in choices}
    places = {key: value if is_remote(value) else path.parent / value for key, (value, _) in found.items()}
    return {key: (_relative(places[key], folder), reason) for key, (_, reason) in found.items()}


def _relative(path: Path, folder: Path) -> str:
    if is_remote(path):
        return address_of(resolved(path))
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flow(value: Any) -> str:
    """A value in YAML's flow style, which for our values is JSON; plain words need no quotes."""
    if (
        isinstance(value, str)
        and re.fullmatch(r"[A-Za-z][\w ./()-]*(?<! )", value)
        and value.lower() not in ("null", "true", "false")
    ):
        return value
    return json.dumps(value, ensure_ascii=False)


def _text(name: str, choices: Mapping[str, Choice]) -> str:
    task = choices["task"][0]
    metric, also = METRICS[task]
    if "score.metric" in choices:
        metric, also = choices["score.metric"][0], []
    lines = [
        f"# yaml-language-server: $schema={SCHEMA}",
        f"name: {_flow(name)}",
        f"title: {_flow(name.replace('-', ' ').capitalize())}   # one line for people",
        'version: "1.0"',
        "description: >-",
        "  What the items are, where they come from, and what is to be predicted.",
        "license: CC-BY-4.0   # under which participants may use the data: yours to decide",
        "authors:",
        "  - name: Your Name",
        f"task: {task}   # {_tasks(task)}",
        "",
        "data:",
        *_data_lines(choices),
        "",
        "split:",
        *_split_lines(choices),
        f'  seed: "{secrets.token_hex(8)}"   # keep it private: ids and split follow from it',
        "",
        "score:",
        f"  metric: {metric}   # the one that ranks; see: compete list metrics",
        f"  also: {_flow(also)}",
        "  # combine:   # one number of a metric's values in the subgroups",
        "  #   - {name: worst_site, metric: " + metric + ", over: site, by: worst}",
    ]
    return "\n".join(lines) + "\n"


def _split_lines(choices: Mapping[str, Choice]) -> Iterator[str]:
    """How items are dealt out: as was published, or anew."""
    shown = "public: 0.3   # share of the test items whose scores are shown while the competition runs"
    if "split.column" in choices:
        column, reason = choices["split.column"]
        yield f"  column: {_flow(column)}   # {_comment(reason)}"
        yield f"  values: {_flow(choices['split.values'][0])}"
        yield "  # A build refuses pictures of one scene on both sides; to draw a new split, remove both lines."
        yield f"  {shown}"
        return
    yield "  test: 0.3     # share of all items that is hidden"
    yield f"  {shown}"
    yield "  # time: date  # a column of dates: the newest items become the test"


def _tasks(task: str) -> str:
    """The tasks that the data might serve instead."""
    names = list(IMAGE_TASKS if task in IMAGE_TASKS else FLAT_TASKS)
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _data_lines(choices: Mapping[str, Choice]) -> Iterator[str]:
    """The lines of the data block; what cannot be guessed is left as a comment to fill in."""
    fields = ["reader", "path", "view", "images", "masks", "items", "id", "file", "mask", "values", "ignore", "label",
              "group", "subgroups", "drop"]  # fmt: skip
    asked = ASKED_OF_IMAGES if choices["data.reader"][0] in ANNOTATED else ASKED
    for field in fields:
        if f"data.{field}" not in choices:
            if field in asked:
                yield f"  # {asked[field]}"
            continue
        value, reason = choices[f"data.{field}"]
        if not isinstance(reason, list):
            yield f"  {field}: {_flow(value)}   # {_comment(reason)}"
        elif field == "group" and len(value) == 1:
            yield f"  {field}: {_flow(value[0])}   # {_comment(reason[0])}"
        else:
            yield f"  {field}:"
            yield from (f"    - {_flow(one)}   # {_comment(why)}" for one, why in zip(value, reason, strict=True))
    if "data.features" in choices:
        names, looks = choices["data.features"]
        yield "  # What is left is what participants see; name it under `features` instead of `drop` to be sure:"
        yield from (f"  #   {_comment(name)}   {_comment(look)}" for name, look in zip(names, looks, strict=True))


def _comment(reason: str) -> str:
    """A text that stands in a comment: on one line, and without what YAML does not take."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    return line if len(line) <= 100 else line[:99] + "…"
