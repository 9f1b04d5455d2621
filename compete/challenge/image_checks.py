"""What ``challenge.yaml`` must and must not say where an item is an image with objects or a label image."""

from __future__ import annotations

from collections.abc import Iterator

from compete.challenge.faults import Draft, nearest, quoted, spell
from compete.challenge.yaml12 import Key
from compete.errors import Finding
from compete.formats import ANNOTATED, FOLDERS, TABLES, UNMARKED
from compete.tasks import CELL_TASKS, IN_ROWS, LIST_TASKS
from compete.terms import FLAT_TASKS, IMAGE_TASKS

SEMANTIC, PANOPTIC = "semantic_segmentation", "panoptic_segmentation"

BELONGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("data", "label"): FLAT_TASKS,
    ("data", "classes"): FLAT_TASKS,
    ("data", "positive"): FLAT_TASKS,
    ("data", "masks"): (SEMANTIC, PANOPTIC),
    ("data", "items"): tuple(IMAGE_TASKS),
    ("data", "mask"): (SEMANTIC,),
    ("data", "values"): (SEMANTIC,),
    ("data", "ignore"): (SEMANTIC,),
    ("data", "things"): (PANOPTIC,),
    ("data", "sigmas"): ("keypoints",),
    ("submission", "kind"): FLAT_TASKS,
    ("submission", "columns"): FLAT_TASKS,
    ("submission", "range"): FLAT_TASKS,
    ("data", "beside"): FLAT_TASKS,
    ("data", "catalogue"): LIST_TASKS,
    ("data", "separator"): LIST_TASKS,
    ("data", "empty"): CELL_TASKS,
    ("data", "form"): (*LIST_TASKS, "spans"),
    ("data", "gain"): ("retrieval",),
    ("submission", "at"): ("regression", "survival"),
    ("submission", "form"): (*IMAGE_TASKS, *IN_ROWS),
    ("submission", "coordinates"): ("detection",),
    ("submission", "most_objects"): ("detection", "instance_segmentation", "keypoints", *LIST_TASKS, "spans"),
}
"""Keys that only some tasks know."""

SAID_OTHERWISE = {
    "label": "the objects or label images are what is predicted",
    "classes": "the classes are the categories of the annotations, or the names in `data.values`",
    "kind": "the task says what a submission holds",
    "columns": "the task and `submission.form` say which columns there are",
}
"""How images say what a key of flat tasks says."""


def image_contradictions(draft: Draft) -> Iterator[Finding]:
    """Every fault of a challenge that has to do with images, and every key of images where there are none."""
    task = draft.get("task")
    if task is None:
        return
    yield from _check_keys(draft, task)
    yield from _check_reader(draft, task)
    yield from _check_normalize(draft)
    if task in IMAGE_TASKS:
        yield from _check_form(draft, task)
        yield from _check_metric(draft)
    if draft.get("data", "reader") in ANNOTATED:
        yield from _check_coco(draft, task)
    elif task == SEMANTIC:
        yield from _check_label_images(draft)


def _check_keys(draft: Draft, task: str) -> Iterator[Finding]:
    """Keys that the task does not know; classes and positive of flat tasks are looked at elsewhere."""
    for keys, tasks in BELONGS.items():
        if task in tasks or (task in FLAT_TASKS and tasks == FLAT_TASKS) or not draft.document.holds(*keys):
            continue
        if keys == ("data", "items") and draft.get("data", "reader") in ANNOTATED:
            continue  # labels of images may stand there too
        hint = SAID_OTHERWISE.get(keys[-1], "remove the line") if tasks == FLAT_TASKS else "remove the line"
        known = "tables" if tasks == FLAT_TASKS else "images" if tasks == tuple(IMAGE_TASKS) else " and ".join(tasks)
        known = f"images, {', '.join(IN_ROWS)}" if keys == ("submission", "form") else known
        yield draft.finding("task-mismatch", keys, f"`{spell(keys)}` belongs to {known}, not to {task}", hint)


def _check_reader(draft: Draft, task: str) -> Iterator[Finding]:
    reader = draft.get("data", "reader")
    place: tuple[Key, ...] = ("data", "reader")
    if task in FLAT_TASKS and reader in ANNOTATED and not draft.has("data", "label"):
        hint = f"name the column of labels with data.label; tasks of images: {', '.join(IMAGE_TASKS)}"
        message = f"the {reader} reader reads objects in images, but the task is {task}"
        yield draft.finding("task-mismatch", place, message, hint)
    if task in IMAGE_TASKS and (reader in FOLDERS or (reader in TABLES and task != SEMANTIC)):
        hint = f"annotations are read with reader: {', '.join(ANNOTATED)}"
        hint += "; or a table with label images: reader: csv, with file, mask and values" if task == SEMANTIC else ""
        yield draft.finding("task-mismatch", place, f"the {reader} reader does not read what {task} needs", hint)


def _check_normalize(draft: Draft) -> Iterator[Finding]:
    """One way to say the size, a quality only of JPEG, and images at all."""
    keys = ("data", "normalize")
    if not draft.document.holds(*keys):
        return
    ways = [key for key in ("size", "longest") if draft.has(*keys, key)]
    if len(ways) != 1:
        message = "`size` and `longest` contradict each other" if ways else "`data.normalize` says no size"
        yield draft.finding("contradiction", keys, message, "write size: [width, height], or longest: pixels")
    if draft.document.holds(*keys, "quality") and draft.get(*keys, "encoder") == "png":
        yield draft.finding("contradiction", (*keys, "quality"), "PNG knows no quality", "remove the line")
    if draft.get("data", "reader") in TABLES and not draft.has("data", "file"):
        message = "`data.normalize` is for images, and the table names none"
        yield draft.finding("contradiction", keys, message, "name the column of images with data.file")


def _check_form(draft: Draft, task: str) -> Iterator[Finding]:
    """A form that the task has, and coordinates where there are boxes in CSV."""
    form, known = draft.get("submission", "form"), IMAGE_TASKS[task][1]
    if form and form not in known:
        message = f"`submission.form` is {quoted(form)}; a submission to {task} is written as {' or '.join(known)}"
        yield draft.finding("task-mismatch", ("submission", "form"), message, nearest(form, known))
    keys = ("submission", "coordinates")
    if task == "detection" and draft.document.holds(*keys) and form not in ("rows", "strings"):
        hint = "say form: rows or form: strings, or remove the line"
        yield draft.finding("contradiction", keys, "boxes of COCO results are always left, top, width, height", hint)


def _check_metric(draft: Draft) -> Iterator[Finding]:
    if ".py:" in draft.text("score", "metric") and draft.get("task") in (SEMANTIC, PANOPTIC):
        hint = "name a metric that is known: compete list metrics"
        message = "a metric of your own is called with tables, and label images have none"
        yield draft.finding("task-mismatch", ("score", "metric"), message, hint)


def _check_coco(draft: Draft, task: str) -> Iterator[Finding]:
    """Annotations have no columns of their own but those of their images."""
    unmarked = draft.get("data", "reader") in UNMARKED
    for key in ("drop", "mask") if unmarked else ("drop", "mask", "values"):
        if draft.document.holds("data", key):
            hint = {
                "drop": "participants see no column that `data.features` does not name",
                "mask": "`data.masks` names the folder of label images",
                "values": "the numbers of the file's categories are the values",
            }[key]
            message = f"`data.{key}` is for tables, not for annotated images"
            yield draft.finding("contradiction", ("data", key), message, hint)
    if draft.document.holds("data", "id") and not draft.document.holds("data", "items"):
        message = (
            "`data.id` names the column of `data.items` that holds the numbers of the images; there is no such table"
        )
        yield draft.finding("contradiction", ("data", "id"), message, "remove the line")
    if task == SEMANTIC and not draft.has("data", "masks"):
        hint = "name the folder of label images, which bear the images' names"
        yield draft.finding("missing-key", ("data",), "`data` lacks the key `masks`", hint)
    if task == SEMANTIC and unmarked and not draft.has("data", "values"):
        hint = "say what the values of pixels mean: values: {background: 0, cell: 1}"
        yield draft.finding("missing-key", ("data",), "`data` lacks the key `values`", hint)


def _check_label_images(draft: Draft) -> Iterator[Finding]:
    """A table of images needs to say where label images are and what their values mean."""
    if draft.get("data", "reader") not in TABLES:
        return
    needed = {
        "file": "name the column of images",
        "mask": "name the column of label images",
        "values": "say what the values of pixels mean: values: {background: 0, cell: 1}",
    }
    for key, hint in needed.items():
        if not draft.has("data", key):
            yield draft.finding("missing-key", ("data",), f"`data` lacks the key `{key}`", hint)
    if draft.has("data", "mask") and draft.text("data", "mask") == draft.text("data", "file"):
        hint = "give the paths of label images a column of their own"
        yield draft.finding("contradiction", ("data", "mask"), "`data.mask` and `data.file` name one column", hint)
    seen: dict[int, str] = {}
    ignore = draft.get("data", "ignore")
    for name, value in (draft.get("data", "values") or {}).items():
        keys = ("data", "values", name)
        if value in seen:
            yield draft.finding("repeated-name", keys, f"`{name}` and `{seen[value]}` have the same value {value}")
        if value == ignore:
            message = f"`{name}` has the value {value}, which `data.ignore` says is not scored"
            yield draft.finding("contradiction", keys, message, "take one of the two away")
        seen.setdefault(value, name)
