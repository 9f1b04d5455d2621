"""What a schema cannot say of ``challenge.yaml``: keys that contradict each other, names that repeat, absent files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from compete.challenge.faults import Draft, nearest, quoted, spell
from compete.challenge.fingerprint_checks import fingerprint_contradictions
from compete.challenge.image_checks import image_contradictions
from compete.challenge.table_checks import table_contradictions
from compete.challenge.yaml12 import Key
from compete.errors import Finding
from compete.formats import FOLDERS, TABLES
from compete.tasks import LIST_TASKS, TASKS
from compete.terms import FLAT_TASKS, IMAGE_TASKS

OWN_METRIC = re.compile(r"(?P<file>[^:]+\.py):(?P<function>[A-Za-z_]\w*)\Z")
RESERVED = ("id", "Usage")
"""Columns that the bundle writes itself."""


def contradictions(draft: Draft) -> list[Finding]:
    """Every fault and warning that needs more than one look: between keys, between names, between file and folder."""
    checks = (*_CHECKS, image_contradictions, table_contradictions, fingerprint_contradictions)
    return [finding for check in checks for finding in check(draft)]


def _check_exclusive(draft: Draft) -> Iterator[Finding]:
    """Pairs of keys of which only one can hold."""
    pairs = (
        (("data", "features"), ("data", "drop"), "features already says what is shown"),
        (("split", "time"), ("split", "column"), "either time decides, or a given column"),
        (("split", "test"), ("split", "column"), "the column already says what is test"),
        (("split", "stratify"), ("split", "column"), "the column already says where each item goes"),
    )
    for one, other, reason in pairs:
        if draft.document.holds(*one) and draft.document.holds(*other):
            if one[-1] == "stratify" and draft.get(*one) is False:
                continue
            message = f"`{spell(one)}` and `{spell(other)}` cannot both stand: {reason}"
            yield draft.finding("contradiction", one, message, "keep one of the two")
    if draft.has("split", "values") and not draft.has("split", "column"):
        yield draft.finding(
            "contradiction",
            ("split", "values"),
            "`split.values` says what the values of `split.column` mean, but there is no such key",
        )
    for number, entry in enumerate(draft.get("data", "subgroups") or []):
        if isinstance(entry, dict) and "bins" in entry and "part" in entry:
            keys = ("data", "subgroups", number)
            yield draft.finding("contradiction", keys, f"`{spell(keys)}` has both `bins` and `part`", "keep one")


def _check_values(draft: Draft) -> Iterator[Finding]:
    """A given split: parts that exclude each other, values that mean one part only."""
    parts = draft.get("split", "values")
    if not isinstance(parts, dict):
        return
    keys: tuple[Key, ...] = ("split", "values")
    if "test" in parts and {"public", "private"} & set(parts):
        yield draft.finding(
            "contradiction",
            keys,
            "`split.values` has `test` beside `public` or `private`",
            "test is divided into public and private here; say either test, or public and private",
        )
    if "train" not in parts or not {"test", "private"} & set(parts):
        yield draft.finding(
            "missing-key", keys, "`split.values` must say what is `train`, and what `test` or `private`"
        )
    seen: dict[str, str] = {}
    for part in parts:
        for value in draft.texts(*keys, part):
            if value in seen:
                where = (
                    f"`{value}` means both {seen[value]} and {part}"
                    if seen[value] != part
                    else (f"`{value}` stands twice under `{part}`")
                )
                yield draft.finding("repeated-name", (*keys, part), where)
            seen.setdefault(value, part)


def _check_repeats(draft: Draft) -> Iterator[Finding]:
    """Lists in which a name must not stand twice."""
    keys_of_data = ("id", "label", "classes", "group", "features", "drop", "personal", "things", "beside")
    lists: list[tuple[Key, ...]] = [("data", key) for key in keys_of_data]
    lists += [("split", "stratify"), ("submission", "columns")]
    for keys in lists:
        yield from _repeats(draft, draft.texts(*keys), keys, spell(keys))
    yield from _repeats(draft, draft.subgroup_names(), ("data", "subgroups"), "data.subgroups")
    also = range(len(draft.get("score", "also") or []))
    told = tuple(draft.metric("score", "also", number)[0] for number in also)
    yield from _repeats(draft, told, ("score", "also"), "score.also")
    combined = draft.get("score", "combine") or []
    names = tuple(draft.text("score", "combine", number, "name") for number in range(len(combined)))
    yield from _repeats(draft, names, ("score", "combine"), "score.combine")


def _repeats(draft: Draft, names: tuple[str, ...], around: tuple[Key, ...], title: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if name and name in first:
            yield draft.finding("repeated-name", (*around, number), f"`{title}` names {quoted(name)} twice")
        first.setdefault(name, number)


def _check_taken_names(draft: Draft) -> Iterator[Finding]:
    """Subgroups whose name the bundle's tables use for something else."""
    labels = draft.texts("data", "label")
    for number, name in enumerate(draft.subgroup_names()):
        keys = ("data", "subgroups", number)
        if name in RESERVED:
            yield draft.finding(
                "repeated-name",
                keys,
                f"`{name}` is a column that the bundle writes itself",
                f"give it another name: {{name: …, column: {name}}}",
            )
        elif name in labels:
            yield draft.finding(
                "repeated-name",
                keys,
                f"the subgroup `{name}` has the name of the label column",
                f"give it another name: {{name: {name}_subgroup, column: {name}}}",
            )


def _check_taken_columns(draft: Draft) -> Iterator[Finding]:
    """Label and prediction columns that the bundle writes itself, combinations that are metrics already."""
    for number, name in enumerate(draft.texts("data", "label")):
        if name in RESERVED:
            place: tuple[Key, ...] = ("data", "label") + (
                (number,) if isinstance(draft.get("data", "label"), list) else ()
            )
            yield draft.finding(
                "repeated-name",
                place,
                f"`{name}` is a column that the bundle writes itself",
                "rename the label column in the table",
            )
    for number, name in enumerate(draft.texts("submission", "columns")):
        if name in RESERVED:
            yield draft.finding(
                "repeated-name", ("submission", "columns", number), f"a prediction column cannot be called `{name}`"
            )
    for number in range(len(draft.get("score", "combine") or [])):
        name = draft.text("score", "combine", number, "name")
        if name in (draft.metric("score", "also", row)[0] for row in range(len(draft.get("score", "also") or []))):
            yield draft.finding(
                "repeated-name",
                ("score", "combine", number, "name"),
                f"`{name}` is already one of `score.also`",
                "combinations are always told",
            )


def _check_shown(draft: Draft) -> Iterator[Finding]:
    """What participants must not see."""
    if draft.get("data", "reader") in FOLDERS and draft.get("data", "ids") == "keep":
        message = "`data.ids: keep` would show the name of the class folder, which is the label"
        yield draft.finding("label-shown", ("data", "ids"), message, "leave the line out: ids are made anew")
    elif draft.get("data", "ids") == "keep" and not draft.has("data", "id") and draft.get("data", "reader") in TABLES:
        message = "`data.ids: keep` without `data.id` would show the number of each row, and so how the table is sorted"
        yield draft.finding("label-shown", ("data", "ids"), message, "name the column of ids, or leave the line out")
    features = draft.texts("data", "features")
    hidden = dict.fromkeys(draft.texts("data", "label"), "the label")
    hidden |= dict.fromkeys(draft.texts("split", "column"), "the split, and so which test items are private")
    hidden |= dict.fromkeys(draft.texts("data", "mask"), "the label image")
    hidden |= dict.fromkeys(draft.texts("data", "gain"), "how relevant each label is")
    hidden |= dict.fromkeys(draft.texts("fingerprint", "raters"), "what another annotator said")
    if isinstance(draft.get("data", "taxonomy"), list):
        hidden |= dict.fromkeys(draft.texts("data", "taxonomy"), "an ancestor of the label")
    for number, name in enumerate(features):
        if name in hidden:
            place: tuple[Key, ...] = ("data", "features")
            place += (number,) if isinstance(draft.get("data", "features"), list) else ()
            yield draft.finding(
                "label-shown",
                place,
                f"`data.features` holds `{name}`, which is {hidden[name]}",
                "take it out of the features",
            )


def _check_task(draft: Draft) -> Iterator[Finding]:
    """What each task needs and what it cannot use."""
    task, labels = draft.get("task"), draft.texts("data", "label")
    reader = draft.get("data", "reader")
    if reader in TABLES and task not in IMAGE_TASKS and not draft.has("data", "label"):
        yield draft.finding("missing-key", ("data",), "`data` lacks the key `label`", "name the column to predict")
    label: tuple[Key, ...] = ("data", "label")
    if task == "classification" and len(labels) > 1:
        yield draft.finding(
            "task-mismatch",
            label,
            f"classification has one label column, here are {len(labels)}",
            "0/1 columns are `task: multilabel`",
        )
    if task == "multilabel" and len(labels) == 1:
        yield draft.finding(
            "task-mismatch",
            label,
            "multilabel needs a list of two or more 0/1 columns, here is one",
            "one column of classes is `task: classification`",
        )
    if draft.has("data", "taxonomy") and task != "classification":
        message = f"`data.taxonomy` belongs to classification, not {task}"
        yield draft.finding("task-mismatch", ("data", "taxonomy"), message)
    if reader in FOLDERS and task in FLAT_TASKS and task != "classification":
        yield draft.finding(
            "task-mismatch",
            ("data", "reader"),
            f"the folder reader takes classes from folder names, but the task is {task}",
            "describe the images in a table and use `reader: csv` with `file`",
        )


def _check_classes(draft: Draft) -> Iterator[Finding]:
    """Classes and the positive one among them."""
    task = draft.get("task")
    if task in FLAT_TASKS and task != "classification":
        for key in ("classes", "positive"):
            if draft.get("data", key) and not (key == "classes" and task in LIST_TASKS):
                yield draft.finding(
                    "task-mismatch", ("data", key), f"`data.{key}` belongs to classification, not {task}"
                )
    classes, positive = draft.texts("data", "classes"), draft.texts("data", "positive")
    if classes and positive and positive[0] not in classes:
        yield draft.finding(
            "contradiction",
            ("data", "positive"),
            f"{quoted(positive[0])} is not one of `data.classes`",
            nearest(positive[0], classes),
        )
    if positive and len(classes) > 2:
        yield draft.finding(
            "contradiction",
            ("data", "positive"),
            f"a positive class is for two classes, `data.classes` has {len(classes)}",
        )


def _check_submission(draft: Draft) -> Iterator[Finding]:
    """Prediction columns that fit the task."""
    task, kind = draft.get("task"), draft.get("submission", "kind")
    kinds = tuple("label" if one == "flag" else one for one in TASKS[task].kinds) if task in TASKS else ()
    if kind and kinds and kind not in kinds:
        article = "an" if task[0] in "aeiou" else "a"
        message = f"{article} {task} is answered with {' or '.join(kinds)}, not with {kind}"
        yield draft.finding("task-mismatch", ("submission", "kind"), message)
    limits = draft.get("submission", "range")
    if limits and kind not in (None, "value", "score"):
        yield draft.finding(
            "contradiction", ("submission", "range"), f"a range is for values and scores, not for {kind}"
        )
    if limits and limits[0] >= limits[1]:
        yield draft.finding(
            "out-of-range",
            ("submission", "range"),
            f"the range goes from {limits[0]} to {limits[1]}; the first must be smaller",
        )
    columns, labels = draft.texts("submission", "columns"), draft.texts("data", "label")
    many = task in ("multilabel", "multioutput") or kind == "label" or (task == "regression" and kind == "value")
    if columns and labels and many and len(columns) != len(labels):
        yield draft.finding(
            "contradiction",
            ("submission", "columns"),
            f"{len(columns)} prediction columns for {len(labels)} label columns",
        )


def _check_subgroups(draft: Draft) -> Iterator[Finding]:
    """Bins that ascend, combinations over what is declared."""
    for number, entry in enumerate(draft.get("data", "subgroups") or []):
        bins = entry.get("bins") if isinstance(entry, dict) else None
        if bins and any(left >= right for left, right in pairwise(bins)):
            keys = ("data", "subgroups", number, "bins")
            yield draft.finding("bins", keys, f"`{spell(keys)}` must ascend, each edge once")
    if any(keys[:2] == ("data", "subgroups") for keys in draft.faulty):
        return
    names = draft.subgroup_names()
    for number in range(len(draft.get("score", "combine") or [])):
        keys = ("score", "combine", number, "over")
        over = draft.text(*keys)
        if over and over not in names:
            hint = nearest(over, names) or (f"declared: {', '.join(names)}" if names else "add it to `data.subgroups`")
            yield draft.finding(
                "undeclared-subgroup", keys, f"`{spell(keys)}` is {quoted(over)}, which is no subgroup", hint
            )


def _check_metrics(draft: Draft) -> Iterator[Finding]:
    """Names that were cut at a comma, and the organizer's own metric."""
    places: list[tuple[Key, ...]] = [
        ("score", "also", number) for number in range(len(draft.get("score", "also") or []))
    ]
    for keys in places:
        name = draft.metric(*keys)[1]
        if name.count("(") != name.count(")"):
            yield draft.finding(
                "unquoted-comma",
                keys,
                f"{quoted(name)} has a parenthesis too many or too few",
                'in a list, a name with commas goes in quotes: ["fbeta(beta=2, positive=ill)"]',
            )
    metric = ("score", "metric")
    text = draft.metric(*metric)[1]
    own = OWN_METRIC.match(text)
    direction = draft.has("score", "greater_is_better")
    if direction and not own and text and not _is_expression(text):
        yield draft.finding(
            "contradiction",
            ("score", "greater_is_better"),
            "`score.greater_is_better` is for a metric of your own, or an expression; every other knows its direction",
            "remove the line",
        )
    if not own:
        return
    if not direction:
        yield draft.finding(
            "missing-key",
            metric,
            "a metric of your own needs `score.greater_is_better`",
            "say true or false: the leaderboard cannot know the direction of your function",
        )
    if fault := _outside_or_missing(draft.folder, own["file"]):
        yield draft.finding("own-metric", metric, f"{quoted(own['file'])} {fault}")


def _is_expression(text: str) -> bool:
    """Whether a metric is an expression over several; looked at only where its direction is declared."""
    from metrics.expression_tree import is_single

    return not is_single(text)


def _check_pages(draft: Draft) -> Iterator[Finding]:
    """Pages are files inside the challenge's folder."""
    for page in draft.get("pages") or {}:
        path = draft.text("pages", page)
        if path and (fault := _outside_or_missing(draft.folder, path)):
            yield draft.finding("missing-page", ("pages", page), f"the page {quoted(path)} {fault}")


def _outside_or_missing(folder: Path, path: str) -> str:
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        return "lies outside the challenge's folder"
    return "" if target.is_file() else "does not exist"


_CHECKS: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    _check_exclusive,
    _check_values,
    _check_repeats,
    _check_taken_names,
    _check_taken_columns,
    _check_shown,
    _check_task,
    _check_classes,
    _check_submission,
    _check_subgroups,
    _check_metrics,
    _check_pages,
)
