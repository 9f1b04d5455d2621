"""From what the organizer wrote to the terms that participants and scoring get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import metrics
from compete.bundle import AFFINE, DEPTH, GROUP, HEIGHT, ID, USAGE, WIDTH
from compete.challenge import Challenge
from compete.dataset import counted
from compete.errors import Finding
from compete.formats import FOLDERS
from compete.terms import Combined, Terms
from metrics.expressions import named_in

KIND_OF_NEED = {"label": "label", "probability": "probability", "score": "probability", "value": "value"}
KIND_OF_TASK = {"classification": "label", "multilabel": "flag", "regression": "value"}

CONTRACT_RULES = {
    "challenge/name-clash": (
        "Two columns of the bundle would bear one name.",
        "`id`, `file`, `group`, `Usage` and, of images, `width` and `height`, of volumes also `depth` and `affine`, "
        "are written by the build; a feature, label or subgroup of that name must be renamed in the table, or dropped "
        "with `data.drop`.",
    ),
    "challenge/columns": (
        "The submission's columns do not fit the task.",
        "One column for a label; one a class for probabilities (one alone for two classes: the positive one's); one a "
        "label column for several labels; one a target for values.",
    ),
    "challenge/range": (
        "Labels of the data lie outside the range that a submission may have.",
        "The perfect submission would be refused. Widen `submission.range`, or mend the labels.",
    ),
    "challenge/no-features": (
        "Participants would see nothing but the id.",
        "No column is left to predict from: all are dropped, or serve as id, label, group, subgroup, time or split. "
        "Name what participants see under `data.features`, or drop less under `data.drop`.",
    ),
    "challenge/class-in-words": (
        "A class of several words cannot stand in a PredictionString.",
        "There the class, the score and the numbers of a box stand with blanks between them, so nobody could tell "
        "where the class ends. Use `submission.form: rows` or `coco`, or give the category a name without blanks.",
    ),
    "challenge/coverage": (
        "A metric and what is known of the classes that were looked for do not fit together.",
        "In LVIS and Open Images no image is annotated for all classes: the data say which are known to be absent, and "
        "`lvis_box_ap`, `lvis_mask_ap` and `open_images_ap` leave out what is found of all others. Other metrics count "
        "it as false alarms; and these three do so too where the data do not say what was looked for. How frequent a "
        "class is (r, c or f in the COCO file) must be known where a metric's `frequency` asks for it.",
    ),
    "challenge/class": (
        "A class is named that the data does not have, or the data has one that is not named.",
        "`data.classes` lists every label of the data once; `data.positive` is one of two.",
    ),
}


def terms_of(
    challenge: Challenge,
    classes: Sequence[str],
    tree: tuple[tuple[int, ...], tuple[str, ...]],
    *,
    train: int,
    test: int,
) -> Terms:
    """The terms of a challenge.

    Args:
        challenge: what the organizer wrote.
        classes: the labels of a classification in the order of their codes; empty for other tasks.
        tree: the parents and the further nodes of the tree in which the classes stand; empty where there is none.
        train: number of training items.
        test: number of test items.
    """
    kind = submission_kind(challenge)
    distribution = kind == "probability" and challenge.task == "classification" and len(classes) > 2
    low, high = challenge.submission.range or (None, None)
    return Terms(
        **common_terms(challenge, train=train, test=test),
        target=challenge.data.label or ("label",),
        kind=kind,
        columns=challenge.submission.columns or _columns(challenge, kind, classes),
        classes=tuple(classes),
        distribution=distribution,
        low=low,
        high=high,
        parents=tree[0],
        taxa=tree[1],
    )


def common_terms(challenge: Challenge, *, train: int, test: int) -> dict[str, Any]:
    """What the terms say of every task, by field."""
    score = challenge.score
    return {
        "name": challenge.name,
        "title": challenge.title,
        "version": challenge.version,
        "task": challenge.task,
        "metric": "metric.py:" + score.metric.partition(":")[2] if ".py:" in score.metric else score.metric,
        "also": score.also,
        "combine": tuple(Combined(entry.name, entry.metric, entry.over, entry.by) for entry in score.combine),
        "greater_is_better": score.greater_is_better,
        "subgroups": tuple(subgroup.name for subgroup in challenge.data.subgroups),
        "grouped": bool(challenge.data.group),
        "draws": score.draws,
        "smallest_subgroup": score.smallest_subgroup,
        "train": train,
        "test": test,
        "description": challenge.description,
        "license": challenge.license,
        "authors": tuple(author.name for author in challenge.authors),
    }


def submission_kind(challenge: Challenge) -> str:
    """What a submission holds: as declared, else what the ranking metric needs."""
    if challenge.submission.kind:
        declared = challenge.submission.kind
        return "flag" if declared == "label" and challenge.task == "multilabel" else declared
    needed = _needed(challenge)
    if not needed:  # no metric is known, which the metric's own finding tells; or it is the challenge's own
        return KIND_OF_TASK[challenge.task]
    if needed == {"label"} and challenge.task == "multilabel":
        return KIND_OF_TASK["multilabel"]
    # labels can be decided from probabilities, and ranks taken from them
    need = next(iter(needed)) if len(needed) == 1 else "probability"
    return KIND_OF_NEED.get(need, KIND_OF_TASK[challenge.task])  # one of images, say, is told to be unfit later


def _needed(challenge: Challenge) -> frozenset[str]:
    """What the ranking metric needs a prediction to hold; of an expression, what all of its parts do."""
    combined = {entry.name: entry.metric for entry in challenge.score.combine}
    try:
        named = named_in(challenge.score.metric)
        return frozenset(metrics.parse(combined.get(name, name)).needs for name in named)
    except metrics.MetricError:
        return frozenset()


def _columns(challenge: Challenge, kind: str, classes: Sequence[str]) -> tuple[str, ...]:
    if challenge.task != "classification" or kind == "label":
        return challenge.data.label or ("label",)
    if kind == "score" or len(classes) == 2:
        return (classes[-1],)
    return tuple(classes)


def ordered_classes(challenge: Challenge, labels: np.ndarray[Any, Any]) -> tuple[tuple[str, ...], list[Finding]]:
    """The classes in the order of their codes: as declared, else sorted; the positive one of two stands last.

    Args:
        challenge: what the organizer wrote.
        labels: text, shape (n,).
    """
    found = sorted(set(labels.tolist()))
    declared = challenge.data.classes
    findings = []
    if declared and set(declared) != set(found):
        unnamed, unseen = sorted(set(found) - set(declared)), sorted(set(declared) - set(found))
        where = challenge.where("data.classes")
        if unnamed:
            message = f"{counted(len(unnamed), 'label of the data is', 'labels of the data are')} not in the list"
            findings.append(Finding("challenge/class", message, where, tuple(unnamed), count=len(unnamed)))
        if unseen:
            message = f"{counted(len(unseen), 'class has', 'classes have')} no item"
            findings.append(
                Finding("challenge/class", message, where, tuple(unseen), severity="warning", count=len(unseen))
            )
    classes = list(declared or found)
    positive = challenge.data.positive
    if positive:
        if positive not in classes or len(classes) != 2:
            message = f"positive: {positive!r} is not one of two classes; the data has {len(classes)}"
            findings.append(Finding("challenge/class", message, challenge.where("data.positive"), tuple(classes[:3])))
        else:
            classes = [name for name in classes if name != positive] + [positive]
    return tuple(classes), findings


def range_findings(challenge: Challenge, targets: Mapping[str, np.ndarray[Any, Any]]) -> list[Finding]:
    """Say which labels no submission could name, because they lie outside its declared range."""
    if challenge.submission.range is None or challenge.task != "regression":
        return []
    low, high = challenge.submission.range
    findings = []
    for name, texts in targets.items():
        values = texts.astype(np.float64)
        outside = np.flatnonzero((values < low) | (values > high))
        if len(outside):
            message = f"{len(outside)} labels of {name!r} lie outside {low:g} to {high:g}"
            place = challenge.where("submission.range")
            findings.append(Finding("challenge/range", message, place, tuple(texts[outside[:3]]), count=len(outside)))
    return findings


def size_columns(terms: Terms) -> list[str]:
    """The columns that tell the sizes of images, and of volumes where their voxels lie."""
    if not terms.of_images:
        return []
    return [WIDTH, HEIGHT, DEPTH, AFFINE] if terms.form == "nifti" else [WIDTH, HEIGHT]


def feature_findings(challenge: Challenge, features: Sequence[str]) -> list[Finding]:
    """Warn where participants would have nothing to predict from."""
    if features or challenge.data.file:
        return []
    message, hint = "participants would see nothing but the id", "name what they see under data.features, or drop less"
    place = challenge.where("data.drop" if challenge.data.drop else "data")
    return [Finding("challenge/no-features", message, place, hint=hint, severity="warning")]


def name_findings(challenge: Challenge, terms: Terms, features: Sequence[str]) -> list[Finding]:
    """Say where columns of the bundle would bear one name, or a submission's columns do not fit."""
    group = [GROUP] if terms.grouped else []
    file = ["file"] if challenge.data.file or challenge.data.reader in FOLDERS else []
    sizes = size_columns(terms)
    tables = {
        "train.csv": [ID, *file, *sizes, *features, *terms.target],
        "solution.csv": [ID, *sizes, *terms.target, USAGE, *group, *terms.subgroups],
        "a submission": [ID, *terms.columns],
    }
    findings = []
    for table, names in tables.items():
        twice = tuple(sorted({name for name in names if names.count(name) > 1}))
        if twice:
            hint = "rename the column in the data, or leave it out with data.drop"
            place = challenge.where("data")
            findings.append(Finding("challenge/name-clash", f"{table} would have it twice", place, twice, hint))
    wanted = len(terms.columns if terms.of_images else _columns(challenge, terms.kind, terms.classes))
    if len(terms.columns) != wanted:
        message = f"{len(terms.columns)} columns for a {terms.kind} submission; it takes {wanted}"
        findings.append(Finding("challenge/columns", message, challenge.where("submission.columns")))
    return findings
