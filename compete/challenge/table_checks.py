"""What ``challenge.yaml`` must and must not say of lists, texts, spans, forecasts and several columns of labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from compete.challenge.faults import Draft, nearest, quoted, spell
from compete.challenge.yaml12 import Key
from compete.errors import Finding
from compete.tasks import IN_ROWS, TASKS

TOLD = ("classification", "multilabel")
"""Tasks whose columns of labels are counted elsewhere, with words of their own."""


def table_contradictions(draft: Draft) -> Iterator[Finding]:
    """Every fault of what only some tasks of tables know, and of metrics with short names."""
    yield from _check_labels(draft)
    yield from _check_vocabulary(draft)
    yield from _check_beside(draft)
    yield from _check_personal(draft)
    yield from _check_rows(draft)
    yield from _check_at(draft)
    yield from _check_form(draft)
    yield from _check_names(draft)


def _check_labels(draft: Draft) -> Iterator[Finding]:
    """As many columns of labels as the task has."""
    task, labels = draft.get("task"), draft.texts("data", "label")
    if task not in TASKS or task in TOLD or not labels:
        return
    fewest, most = TASKS[task].labels
    if not fewest <= len(labels) <= most:
        message = f"`task: {task}` takes {TASKS[task].labelled}; `data.label` names {len(labels)}"
        yield draft.finding("task-mismatch", ("data", "label"), message)


def _check_vocabulary(draft: Draft) -> Iterator[Finding]:
    """The labels that lists may name: said once, in a file of the challenge."""
    keys: tuple[Key, ...] = ("data", "catalogue")
    name = draft.text(*keys)
    if not name:
        return
    if draft.has("data", "classes"):
        message = "`data.catalogue` and `data.classes` cannot both stand: each says which labels there are"
        yield draft.finding("contradiction", keys, message, "keep one of the two")
    if not (draft.folder / name).resolve().is_file():
        yield draft.finding("missing-file", keys, f"the catalogue {quoted(name)} does not exist")


def _check_beside(draft: Draft) -> Iterator[Finding]:
    """Columns beside the truth are neither the truth nor written by the bundle itself."""
    hidden = dict.fromkeys(draft.texts("data", "label"), "the label")
    hidden |= dict.fromkeys(draft.texts("data", "gain"), "how relevant each label is")
    hidden |= dict.fromkeys(("id", "Usage", "usage", "group"), "a column that the bundle writes itself")
    for number, name in enumerate(draft.texts("data", "beside")):
        if name in hidden:
            listed = isinstance(draft.get("data", "beside"), list)
            place: tuple[Key, ...] = ("data", "beside", *((number,) if listed else ()))
            message = f"`data.beside` holds `{name}`, which is {hidden[name]}"
            yield draft.finding("repeated-name", place, message, "give the column another name in the table")


def _check_personal(draft: Draft) -> Iterator[Finding]:
    """Personal data that are published on purpose are not dropped at the same time."""
    dropped = set(draft.texts("data", "drop"))
    for number, name in enumerate(draft.texts("data", "personal")):
        if name in dropped:
            listed = isinstance(draft.get("data", "personal"), list)
            place: tuple[Key, ...] = ("data", "personal", *((number,) if listed else ()))
            message = f"`data.personal` publishes `{name}`, and `data.drop` leaves it out"
            yield draft.finding("contradiction", place, message, "keep it in one of the two")


def _check_rows(draft: Draft) -> Iterator[Finding]:
    """Rows that are gathered need an id that says which belong together."""
    if draft.get("data", "form") == "rows" and not draft.texts("data", "id"):
        message = "`data.form: rows` gathers the rows of an item, and nothing says which belong together"
        yield draft.finding("missing-key", ("data", "form"), message, "name the column of the item: id: query")


def _check_at(draft: Draft) -> Iterator[Finding]:
    """Places of curves that rise, within what they may be, one a column."""
    at, kind = draft.get("submission", "at"), draft.get("submission", "kind")
    keys: tuple[Key, ...] = ("submission", "at")
    if not at:
        return
    if any(one >= other for one, other in pairwise(at)):
        yield draft.finding("out-of-range", keys, "`submission.at` must rise, each number once")
    if kind == "quantiles" and not (min(at) > 0 and max(at) < 1):
        yield draft.finding("out-of-range", keys, "levels of quantiles lie between 0 and 1", "write 95 % as 0.95")
    if kind == "survival" and min(at) < 0:
        yield draft.finding("out-of-range", keys, "times of survival are not negative")
    columns = draft.texts("submission", "columns")
    if columns and len(columns) != len(at):
        message = f"{len(columns)} prediction columns for {len(at)} numbers in `submission.at`"
        yield draft.finding("contradiction", ("submission", "columns"), message)


def _check_form(draft: Draft) -> Iterator[Finding]:
    """Of some tables, the one form that is not usual, and what it can say."""
    form, task = draft.get("submission", "form"), draft.get("task")
    if form and task in IN_ROWS and form != "rows":
        usual = {"retrieval": "lists", "multilabel": "0/1 columns", "spans": "cells of spans"}[task]
        what = "a retrieval is" if task == "retrieval" else f"{task} are" if task == "spans" else "labels are"
        message = f"`submission.form` is {quoted(form)}; {what} written as rows, or, without this key, as {usual}"
        yield draft.finding("task-mismatch", ("submission", "form"), message, nearest(form, ("rows",)))
    if form == "rows" and task == "multilabel" and draft.get("submission", "kind") in ("probability", "score"):
        message = "`submission.form: rows` names the labels that hold; a row has no place for a number"
        hint = "leave the form out: one column a label"
        yield draft.finding("contradiction", ("submission", "form"), message, hint)


def _check_names(draft: Draft) -> Iterator[Finding]:
    """Short names of metrics mean one thing each, and no metric of the catalog."""
    places: list[tuple[Key, ...]] = [("score", "metric")]
    places += [("score", "also", number) for number in range(len(draft.get("score", "also") or []))]
    short = {keys: draft.metric(*keys) for keys in places if isinstance(draft.get(*keys), dict)}
    combined = {draft.text("score", "combine", row, "name") for row in range(len(draft.get("score", "combine") or []))}
    seen: dict[str, str] = {}
    for keys, (name, text) in short.items():
        place = (*keys, "name")
        if ".py:" in text:
            message = f"`{spell((*keys, 'metric'))}` is a metric of your own, which its function names already"
            yield draft.finding("contradiction", keys, message, f"write {spell(keys)}: {text}")
        elif name in combined:
            yield draft.finding("repeated-name", place, f"`{name}` is already one of `score.combine`")
        elif seen.get(name, text) != text:
            yield draft.finding("repeated-name", place, f"`{name}` means two metrics", "give each a name of its own")
        elif name in _catalog():
            message = f"`{name}` is a metric of the catalog, so it cannot mean another"
            yield draft.finding("repeated-name", place, message, "choose another short name")
        elif _holds_itself(name, dict(short.values())):
            message = f"`{name}` is made of itself, so nothing says what it is"
            yield draft.finding("contradiction", (*keys, "metric"), message, "name metrics of the catalog there")
        seen.setdefault(name, text)


def _holds_itself(name: str, texts: Mapping[str, str]) -> bool:
    """Whether the text of a short name comes back to that name, be it through others."""
    from metrics import MetricError
    from metrics.expressions import named_in

    reached: set[str] = set()
    waiting = [name]
    while waiting:
        try:
            parts = set(named_in(texts[waiting.pop()])) & texts.keys()
        except MetricError:  # which the metric's own finding tells
            continue
        waiting += parts - reached
        reached |= parts
    return name in reached


def _catalog() -> tuple[str, ...]:
    import metrics

    return metrics.names()
