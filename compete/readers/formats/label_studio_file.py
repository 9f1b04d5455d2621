"""Label Studio's JSON and JSON-MIN, translated.

Places are percent of the image, so pixels come from the width and height that each result carries. A rectangle is
turned clockwise around its left top corner, an ellipse around its centre
(``label_studio_sdk/converter/utils.py: convert_annotation_to_yolo_obb``). Who annotated is never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, Finding
from compete.readers.annotations import Annotations
from compete.readers.formats.label_studio_answers import ANSWERS, CLASS, sorted_results, type_of
from compete.readers.formats.label_studio_shapes import KINDS, OTHERS, entry_of
from compete.readers.gathering import FILE_RULE, Gathering, whole_size, without_mark, word_of
from compete.readers.headers import read_headers
from compete.readers.images import is_image_name
from compete.readers.json_file import read_json, refusal
from compete.readers.pictures import Pictures, can_be_path, parts_of

OF_PEOPLE = frozenset({
    "annotator", "completed_by", "updated_by", "created_by", "comment_authors", "email", "first_name", "last_name",
    "username", "reviewer", "created_at", "updated_at", "lead_time", "annotation_id", "id", "agreement", "history",
})  # fmt: skip
"""Keys of a row of JSON-MIN that are no answers; of those about people nothing is read."""
USUAL = ("image", "img", "picture", "photo", "ocr")
MINIMAL = frozenset({"annotation_id", "annotator", "lead_time"})
"""Keys that a row of JSON-MIN has and a task has not."""

TYPES = frozenset({*KINDS, *OTHERS, *ANSWERS, CLASS})
"""Keys by which a value of JSON-MIN tells its type."""


class _Work(NamedTuple):
    """One annotation of a task: the place of each result with the result, and how much it is worth."""

    results: list[tuple[str, dict[str, Any]]]
    truth: bool
    changed: str


class _Task(NamedTuple):
    """An image with its annotations, those that were cancelled left out."""

    place: str
    reference: str
    works: list[_Work]


def read_label_studio(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read an export of Label Studio.

    Of several annotations of an image the one marked as ground truth counts, else the one changed last; cancelled ones
    never do, and images without any are left out. Choices, taxonomies, ratings and numbers about the whole image become
    columns, named as in the labelling interface; other answers are told and left out.

    Args:
        path: the JSON file.
        images: the folder of the images; else they are looked for beside and below the file.
        where: the place in challenge.yaml that names the file.

    Raises:
        DatasetError: if it is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    content = read_json(path, FILE_RULE, where)
    if not isinstance(content, list) or not all(isinstance(task, dict) for task in content):
        hint = "export as JSON or JSON-MIN; other formats of Label Studio have readers of their own"
        raise refusal(FILE_RULE, "this is no list of tasks", path.name, hint)
    tasks = _merged(_minimal(content)) if _is_minimal(content) else list(_full(content))
    root = images or path.parent
    gathering, pictures = Gathering(path.name, root), Pictures(root, where)
    contested, absent = [], []
    for task in tasks:
        if not task.works:
            absent.append(task.place)
            continue
        if len(task.works) > 1:
            contested.append(task.place)
        work = max(task.works, key=lambda one: (one.truth, one.changed))
        _take(task, work, gathering, pictures)
    gathering.findings += _notes(path.name, contested, absent)
    return gathering.annotations()


def _is_minimal(content: list[dict[str, Any]]) -> bool:
    return any(MINIMAL & set(task) and not isinstance(task.get("annotations"), list) for task in content)


def _full(content: list[dict[str, Any]]) -> Iterator[_Task]:
    """The tasks of a JSON export; ``completions`` is what versions before 1.0 call annotations."""
    for number, task in enumerate(content):
        place = f"tasks[{number}]"
        given = task.get("annotations", task.get("completions"))
        works = []
        for order, one in enumerate(given if isinstance(given, list) else []):
            result = one.get("result") if isinstance(one, dict) else None
            if not isinstance(result, list) or one.get("was_cancelled") or one.get("skipped"):
                continue
            results = [(f"{place}.annotations[{order}].result[{at}]", entry)
                       for at, entry in enumerate(result) if isinstance(entry, dict)]  # fmt: skip
            works.append(_Work(results, bool(one.get("ground_truth")), word_of(one.get("updated_at"))))
        data = task.get("data")
        yield _Task(place, _reference(data if isinstance(data, dict) else {}, task.get("file_upload")), works)


def _minimal(content: list[dict[str, Any]]) -> Iterator[_Task]:
    """The rows of a JSON-MIN export: one an annotation, with the answers under the names of their controls."""
    for number, row in enumerate(content):
        place, results = f"rows[{number}]", []
        reference = _reference({key: value for key, value in row.items() if key not in OF_PEOPLE})
        for name, value in row.items():
            if name in OF_PEOPLE or value == reference:
                continue
            drawn = isinstance(value, list) and any(isinstance(one, dict) for one in value)
            for at, entry in enumerate(value if drawn else [value]):
                given = entry if isinstance(entry, dict) else _answer(entry)
                kind = next((key for key in given if key in TYPES), "")
                results.append(
                    (f"{place}.{name}[{at}]", {"type": kind, "from_name": name, "value": given, **_sizes(given)})
                )
        yield _Task(place, reference, [_Work(results, False, word_of(row.get("updated_at")))])


def _answer(value: Any) -> dict[str, Any]:
    """An answer as JSON spells it: a list of lists is a taxonomy, all else was chosen."""
    listed = value if isinstance(value, list) else [value]
    return {"taxonomy" if any(isinstance(one, list) for one in listed) else "choices": listed}


def _sizes(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: given.get(key) for key in ("original_width", "original_height")}


def _merged(rows: Iterator[_Task]) -> list[_Task]:
    """Rows of one image as one task."""
    found: dict[str, _Task] = {}
    for row in rows:
        known = found.setdefault(row.reference, row)
        if known is not row:
            known.works.extend(row.works)
    return list(found.values())


def _reference(data: Mapping[str, Any], upload: Any = None) -> str:
    """What a task says of its image: the value that is the name of one, else the one under a usual key."""
    texts = {key: value for key, value in data.items() if isinstance(value, str) and value.strip()}
    named = [value for value in texts.values() if is_image_name("/".join(parts_of(value)))]
    usual = [texts[key] for key in USUAL if key in texts]
    if not named and isinstance(upload, str) and is_image_name(upload):
        return upload
    return next((value for value in usual if value in named), (named or usual or [""])[0])


def _file(reference: str, pictures: Pictures) -> str:
    """The image; uploads bear eight letters before their name that the image may have had without them."""
    parts = parts_of(reference)
    local = "://" not in reference and not reference.startswith("/")
    found = pictures.find(reference)
    if pictures.has(found):
        return found
    name = parts[-1] if parts else ""
    shorter = pictures.find("/".join([*parts[:-1], without_mark(name)]))
    if pictures.has(shorter):
        return shorter
    return found if local else name


def _take(task: _Task, work: _Work, gathering: Gathering, pictures: Pictures) -> None:
    """An image with the results of one annotation."""
    sizes = [whole_size(one.get("original_width"), one.get("original_height")) for _, one in work.results]
    file = _file(task.reference, pictures)
    size = next((known for known in sizes if known), None)
    around = size or _measured(pictures.root / file)
    told = sorted_results(work.results)
    image = gathering.add_image(file, size, task.place, choices=told.choices)
    for place, result in told.shapes if image is not None else ():
        _take_shape(result, place, image or 0, around, gathering)
    for what, place in told.others if image is not None else ():
        gathering.pass_over(what, place)


def _measured(path: Path) -> tuple[int, int] | None:
    """The size of an image whose results do not say it, as those of predictions often do not."""
    if not can_be_path(path.as_posix()) or not path.is_file():
        return None
    header = read_headers([str(path)])[0]
    return None if header.fault else (header.width, header.height)


def _take_shape(
    result: Mapping[str, Any], place: str, image: int, around: tuple[int, int] | None, gathering: Gathering
) -> None:
    kind = type_of(result)
    value = result.get("value")
    if not isinstance(value, dict):
        gathering.faults.add("shape", place)
        return
    if kind in OTHERS:
        gathering.leave_out(OTHERS[kind], place)
    else:
        size = whole_size(result.get("original_width"), result.get("original_height"))
        entry = entry_of(KINDS[kind], value, size or around)
        labels = value.get(kind) or value.get("labels")
        names = labels if isinstance(labels, list) and labels else [labels]
        for label in names:
            gathering.add_object(image, label, place, entry)


def _notes(name: str, contested: list[str], absent: list[str]) -> list[Finding]:
    findings = []
    if contested:
        message = counted(len(contested), "image has several annotations", "images have several annotations")
        hint = "the one marked as ground truth is taken, else the one changed last"
        told = tuple(map(excerpt, contested[:EXAMPLES]))
        findings.append(Finding("dataset/several-annotations", message, name, told, hint, "warning", len(contested)))
    if absent:
        message = counted(
            len(absent), "task has no annotation and is left out", "tasks have no annotation and are left out"
        )
        hint = "submit an empty annotation for images in which there is nothing"
        told = tuple(map(excerpt, absent[:EXAMPLES]))
        findings.append(Finding("dataset/not-annotated", message, name, told, hint, "warning", len(absent)))
    return findings
