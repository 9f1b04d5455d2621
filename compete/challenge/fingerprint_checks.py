"""What a fingerprint must and must not say: answers that need each other, and answers that only some tasks know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compete.challenge.faults import Draft, spell
from compete.challenge.yaml12 import Key
from compete.errors import Finding

BLOCK = "fingerprint"
RATES = {
    "specificity": ("classification",),
    "precision": ("classification",),
    "false_alarms": ("detection", "instance_segmentation"),
}
"""The tasks in which each rate can be given."""

NEEDED = (("decision", "target", "target"), ("decision", "cost_benefit", "threshold"), ("severity", "costs", "costs"))
"""A key, an answer, and the further key that says what the answer means."""


def fingerprint_contradictions(draft: Draft) -> Iterator[Finding]:
    """Every fault of the block that its schema cannot see."""
    if not draft.document.holds(BLOCK):
        return
    yield from _check_pairs(draft)
    yield from _check_target(draft)
    yield from _check_costs(draft)
    yield from _check_raters(draft)


def _check_pairs(draft: Draft) -> Iterator[Finding]:
    """Answers that need a further one, and further ones without their answer."""
    for key, answer, further in NEEDED:
        said = draft.get(BLOCK, key)
        if said == answer and not draft.has(BLOCK, further):
            message = f"`fingerprint` lacks the key `{further}`, which `{key}: {answer}` needs"
            yield draft.finding("missing-key", (BLOCK, key), message)
        elif draft.has(BLOCK, further) and said != answer and not (said is None and draft.has(BLOCK, key)):
            message = f"`fingerprint.{further}` says nothing without `{key}: {answer}`"
            yield draft.finding("contradiction", (BLOCK, further), message, f"add `{key}: {answer}`, or remove it")


def _check_target(draft: Draft) -> Iterator[Finding]:
    """One rate, and one that the task has."""
    target = draft.get(BLOCK, "target")
    if not isinstance(target, dict):
        return
    if len(target) != 1:
        yield draft.finding("wrong-length", (BLOCK, "target"), f"`fingerprint.target` has {len(target)} entries, not 1")
    for rate in target:
        task = draft.get("task")
        if task and task not in RATES[rate]:
            keys: tuple[Key, ...] = (BLOCK, "target", rate)
            message = f"`{spell(keys)}` belongs to {' and '.join(RATES[rate])}, not to {task}"
            yield draft.finding("task-mismatch", keys, message)


def _check_costs(draft: Draft) -> Iterator[Finding]:
    """A square of costs in which being right is free."""
    costs = draft.get(BLOCK, "costs")
    if costs is None:
        return
    keys: tuple[Key, ...] = (BLOCK, "costs")
    task, classes = draft.get("task"), draft.texts("data", "classes")
    if task and task != "classification":
        yield draft.finding("task-mismatch", keys, f"`fingerprint.costs` belongs to classification, not to {task}")
    elif any(len(row) != len(costs) for row in costs):
        message = f"`fingerprint.costs` has {len(costs)} rows, and not as many numbers in each"
        yield draft.finding("wrong-length", keys, message, "a row a true class, in it a number a predicted class")
    elif any(row[place] for place, row in enumerate(costs)) or not any(map(any, costs)):
        hint = "the diagonal is 0, and some error costs something"
        yield draft.finding("contradiction", keys, "by `fingerprint.costs` being right is not the best", hint)
    elif classes and len(classes) != len(costs):
        message = f"`fingerprint.costs` is for {len(costs)} classes, `data.classes` has {len(classes)}"
        yield draft.finding("contradiction", keys, message)


def _check_raters(draft: Draft) -> Iterator[Finding]:
    """Labels of other annotators, where labels are classes of items, and not the labels themselves."""
    raters, task = draft.texts(BLOCK, "raters"), draft.get("task")
    keys: tuple[Key, ...] = (BLOCK, "raters")
    if raters and task and task != "classification":
        hint = "say raters_disagree: true, or false"
        message = f"`fingerprint.raters` belongs to classification, not to {task}"
        yield draft.finding("task-mismatch", keys, message, hint)
    elif set(raters) & set(draft.texts("data", "label")):
        message = "`fingerprint.raters` names the label, which surely agrees with itself"
        yield draft.finding("contradiction", keys, message, "name columns of other annotators alone")


def fingerprint_of(draft: Draft) -> tuple[tuple[str, Any], ...]:
    """What the block says, as pairs of key and value; lists are tuples, ``raters`` are texts, blocks are pairs."""
    said = draft.get(BLOCK) or {}
    found: list[tuple[str, Any]] = []
    for key, value in said.items():
        if key == "raters":
            found.append((key, draft.texts(BLOCK, key)))
        elif key == "costs":
            found.append((key, tuple(tuple(map(float, row)) for row in value)))
        elif key == "target":
            found.append((key, tuple((rate, float(number)) for rate, number in value.items())))
        else:
            found.append((key, float(value) if key in ("tolerance", "threshold") else value))
    return tuple(found)
