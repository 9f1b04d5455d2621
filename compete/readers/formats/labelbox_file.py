"""Labelbox' NDJSON of export v2 and its JSON of version 1, translated.

Both give pixels from the left top corner: ``bounding_box`` (``bbox``) with top, left, height and width, ``polygon`` as
a list of x and y (Labelbox, "Export image annotations"). Masks are addresses at Labelbox that open with a key only, so
they are left out and told. Of people (created_by, skipped_by, reviews) and of addresses nothing is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.annotations import Annotations
from compete.readers.gathering import FILE_RULE, Gathering, whole_size, word_of
from compete.readers.images import is_image_name
from compete.readers.json_file import read_json, read_raw, refusal
from compete.readers.pictures import Pictures, parts_of
from compete.readers.shapes import Entry, boxed, finite, outlined

OTHERS = {
    "line": "polyline", "point": "point", "cuboid": "cuboid", "vertices": "cuboid",
    "mask": "mask, which is an address at Labelbox", "instanceURI": "mask, which is an address at Labelbox",
}  # fmt: skip
"""Keys of objects that are none, and what findings call them."""
_NAMES = ("global_key", "external_id", "row_data", "id")
"""What a data row may say of its file, the most telling first; the last two only if they are names of images."""


class _Row(NamedTuple):
    """An image as Labelbox knows it."""

    place: str
    file: str
    size: tuple[int, int] | None
    labels: list[dict[str, Any]]


def read_labelbox(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read an export of Labelbox.

    Of several labels of an image the benchmark counts, else the one changed last; rows without any are left out.
    Answers about the whole image (radio and checklist) become columns, named as the questions; texts, answers that
    depend on others and those about one object are told and left out.

    Args:
        path: the file.
        images: the folder of the images; else they are looked for beside and below the file.
        where: the place in challenge.yaml that names the file.

    Raises:
        DatasetError: if it is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    gathering = Gathering(path.name, images or path.parent)
    pictures = Pictures(gathering.root, where)
    rows = [_row(f"{path.name}: {place}", row, pictures) for place, row in _rows(path, where)]
    contested, absent = [], []
    for row in rows:
        if not row.labels:
            absent.append(row.place)
            continue
        if len(row.labels) > 1:
            contested.append(row.place)
        _take(row, max(row.labels, key=_worth), gathering)
    gathering.findings += _notes(path.name, contested, absent)
    return gathering.annotations()


def _rows(path: Path, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each data row with its place, of one JSON a line, of a list, or of a single one."""
    raw = read_raw(path, where)
    try:
        entries = [(f"line {at}", json.loads(line)) for at, line in enumerate(raw.split(b"\n"), 1) if line.strip()]
    except (ValueError, RecursionError):
        entries = []
    if len(entries) < 2 or not all(isinstance(entry, dict) for _, entry in entries):
        content = read_json(path, FILE_RULE, where)
        listed = content if isinstance(content, list) else [content]
        entries = [(f"rows[{at}]", entry) for at, entry in enumerate(listed)]
    known = [(place, entry) for place, entry in entries if isinstance(entry, dict)]
    if not known or not all("data_row" in entry or "DataRow ID" in entry for _, entry in known):
        hint = "export the project as NDJSON (export v2)"
        if known and all("dataRow" in entry for _, entry in known):
            hint += "; this is the form in which Labelbox takes labels in, which does not say which image is meant"
        raise refusal(FILE_RULE, "this is no export of Labelbox", path.name, hint)
    yield from known


def _row(place: str, entry: Mapping[str, Any], pictures: Pictures) -> _Row:
    if "data_row" not in entry:
        label, external = entry.get("Label"), entry.get("External ID")
        reference = external if isinstance(external, str) and external else word_of(entry.get("Labeled Data"))
        whole = isinstance(label, dict) and not entry.get("Skipped")
        return _Row(place, _file(reference, pictures), None, [{"annotations": label}] if whole else [])
    row, media, projects = (entry.get(key) for key in ("data_row", "media_attributes", "projects"))
    row, media = (one if isinstance(one, dict) else {} for one in (row, media))
    names = [word_of(row.get(key)) for key in _NAMES]
    there = [name for name in names if pictures.has(pictures.find(name))]
    likely = [name for name in names[:2] if name] + [name for name in names[2:] if is_image_name(name)]
    works = list(projects.values()) if isinstance(projects, dict) else []
    given = [work.get("labels") for work in works if isinstance(work, dict)]
    used = [labels for labels in given if isinstance(labels, list) and labels]
    if len(used) > 1:
        hint = "export one project: two ask different questions about the same image"
        raise DatasetError("the annotations cannot be read", [
            Finding(FILE_RULE, "an image is labelled in several projects", place, hint=hint)])  # fmt: skip
    labels = [label for label in (used[0] if used else []) if isinstance(label, dict)]
    size = whole_size(media.get("width"), media.get("height"))
    return _Row(place, _file((there or likely or [""])[0], pictures), size, labels)


def _file(reference: str, pictures: Pictures) -> str:
    """The image; of an address only its name, where there is no such file."""
    found, parts = pictures.find(reference), parts_of(reference)
    return found if "://" not in reference or pictures.has(found) else parts[-1] if parts else ""


def _worth(label: Mapping[str, Any]) -> tuple[bool, str]:
    """How much a label counts among several of one image."""
    details = label.get("label_details")
    known = details if isinstance(details, dict) else {}
    benchmark = bool(known.get("is_benchmark_reference") or label.get("label_kind") == "Benchmark")
    return benchmark, word_of(known.get("updated_at")) or word_of(known.get("created_at"))


def _take(row: _Row, label: Mapping[str, Any], gathering: Gathering) -> None:
    given = label.get("annotations")
    content = given if isinstance(given, dict) else {}
    choices, others = _answers(content.get("classifications"))
    image = gathering.add_image(row.file, row.size, row.place, choices=choices)
    for what in others if image is not None else ():
        gathering.pass_over(what, row.place)
    objects = content.get("objects")
    for at, one in enumerate(objects if isinstance(objects, list) else []):
        place = f"{row.place} objects[{at}]"
        if image is None:
            return
        if not isinstance(one, dict):
            gathering.faults.add("shape", place)
            continue
        for _ in _listed(one.get("classifications")):
            gathering.pass_over("answer about an object", place)
        name = one.get("name") or one.get("title") or one.get("value")
        drawn = one.get("bounding_box") or one.get("bbox")
        other = next((what for key, what in OTHERS.items() if key in one), "")
        if drawn is not None:
            gathering.add_object(image, name, place, _box(drawn))
        elif "polygon" in one:
            gathering.add_object(image, name, place, _polygon(one["polygon"]))
        elif other:
            gathering.leave_out(other, place)
        else:
            gathering.faults.add("shape", place)


def _box(given: Any) -> Entry | None:
    numbers = (
        finite(*(given.get(key) for key in ("left", "top", "width", "height"))) if isinstance(given, dict) else None
    )
    if numbers is None:
        return None
    left, top, width, height = numbers
    return boxed(left, top, left + width, top + height) | {"bbox": [left, top, width, height]}


def _polygon(given: Any) -> Entry | None:
    if not isinstance(given, list) or not all(isinstance(point, dict) for point in given):
        return None
    numbers = finite(*(point.get(axis) for point in given for axis in "xy"))
    return None if numbers is None else outlined([list(zip(numbers[::2], numbers[1::2], strict=True))])


def _answers(given: Any) -> tuple[dict[str, list[str]], list[str]]:
    """What was answered to each question about the whole image, and what of it is not read."""
    choices, others = dict[str, list[str]](), list[str]()
    for one in _listed(given):
        name = word_of(one.get("name")) or word_of(one.get("title"))
        radio, checks = one.get("radio_answer", one.get("answer")), one.get("checklist_answers", one.get("answers"))
        chosen = [radio] if isinstance(radio, dict) else _listed(checks)
        words = [word_of(answer.get("name", answer.get("title"))) for answer in chosen]
        if name and any(words):
            choices[name] = list(filter(None, words))
        else:
            others.append("text" if "text_answer" in one or isinstance(radio, str) else "answer without a word")
        depending = sum(len(_listed(answer.get("classifications"))) for answer in chosen)
        others += ["answer that depends on another"] * depending
    return choices, others


def _listed(given: Any) -> list[dict[str, Any]]:
    """The mappings of a list; none where it is no list."""
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _notes(name: str, contested: list[str], absent: list[str]) -> list[Finding]:
    findings = []
    if contested:
        message = counted(len(contested), "image has several labels", "images have several labels")
        hint = "the benchmark is taken, else the label changed last"
        told = tuple(map(excerpt, contested[:EXAMPLES]))
        findings.append(Finding("dataset/several-annotations", message, name, told, hint, "warning", len(contested)))
    if absent:
        message = counted(len(absent), "image has no label and is left out", "images have no label and are left out")
        told = tuple(map(excerpt, absent[:EXAMPLES]))
        findings.append(Finding("dataset/not-annotated", message, name, told, "", "warning", len(absent)))
    return findings
