"""From what the organizer wrote to the terms that participants and scoring get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import metrics
from compete.building.kinds import room_of
from compete.bundle import AFFINE, DEPTH, GROUP, HEIGHT, ID, USAGE, WIDTH
from compete.challenge import Challenge
from compete.dataset import class_order, counted
from compete.errors import Finding
from compete.formats import FOLDERS
from compete.tasks import KINDS, ONE_ANSWER_METRICS, SHARE_METRICS, TASKS
from compete.terms import Combined, Named, Terms
from metrics.expressions import named_in

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
        "label column for several labels; one a target for values. Curves have one a place of `submission.at`, an "
        "ensemble one a member, which `submission.columns` names.",
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
    wording: Mapping[str, Any],
    *,
    train: int,
    test: int,
) -> Terms:
    """The terms of a challenge.

    Args:
        challenge: what the organizer wrote.
        classes: the labels of a classification in the order of their codes, or those that lists may name; else none.
        wording: terms that follow from the labels: the classes, their tree, the classes of several columns.
        train: number of training items.
        test: number of test items.
    """
    kind = submission_kind(challenge)
    distribution = kind == "shares" or (kind == "probability" and len(classes) > 2)
    low, high = challenge.submission.range or (None, None)
    told = challenge.document.holds("submission", "most_objects")
    only_one = not told and not ONE_ANSWER_METRICS.isdisjoint(bases_ranking(challenge))
    return Terms(
        **common_terms(challenge, train=train, test=test),
        target=challenge.data.label or ("label",),
        kind=kind,
        columns=challenge.submission.columns or room_of(kind).columns(challenge, kind, classes),
        distribution=distribution,
        low=low,
        high=high,
        form=challenge.submission.form or "csv",
        most_objects=1 if only_one else challenge.submission.most_objects,
        beside=challenge.data.beside,
        separator=challenge.data.separator,
        empty=challenge.data.empty or (kind == "flag" and challenge.submission.form == "rows"),
        gain=challenge.data.gain or "",
        at=challenge.submission.at,
        **wording,
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
        "named": tuple(Named(name, metric) for name, metric in score.named),
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
    kinds = TASKS[challenge.task].kinds
    if challenge.submission.form == "rows" and "flag" in kinds:
        return "flag"
    try:
        needed = needs_of(challenge, challenge.score.metric)
    except metrics.MetricError:  # which the metric's own finding tells; or it is the challenge's own
        needed = frozenset()
    if "value" in kinds and not SHARE_METRICS.isdisjoint(bases_ranking(challenge)):
        return "shares"
    # what no kind serves is told to be unfit later
    return next((kind for kind in kinds if needed <= KINDS[kind].views), kinds[0])


def bases_ranking(challenge: Challenge) -> frozenset[str]:
    """The names, without options, of all metrics in the one that ranks."""
    combined = {entry.name: entry.metric for entry in challenge.score.combine}
    found, waiting = set(), [challenge.score.metric]
    while waiting:
        text = waiting.pop()
        inner = combined.get(text, challenge.score.written(text))
        try:
            waiting += [name for name in named_in(inner) if name != text]
        except metrics.MetricError:  # which the metric's own finding tells
            continue
        found.add(inner.partition("(")[0].strip())
    return frozenset(found)


def needs_of(challenge: Challenge, text: str) -> frozenset[str]:
    """What a metric needs a prediction to hold; of an expression, what all of its parts do.

    Raises:
        MetricError: the text cannot be read, or names what does not exist.
    """
    combined = {entry.name: entry.metric for entry in challenge.score.combine}
    needs: frozenset[str] = frozenset()
    for name in named_in(challenge.score.written(text)):
        inner = combined.get(name, challenge.score.written(name))
        needs |= needs_of(challenge, inner) if inner != name else metrics.parse(name).needed
    return needs


def classes_by_column(targets: Mapping[str, np.ndarray[Any, Any]]) -> tuple[tuple[str, ...], ...]:
    """The classes of each of several columns, sorted as numbers or as text."""
    return tuple(tuple(class_order(texts.tolist())) for texts in targets.values())


def ordered_classes(challenge: Challenge, labels: np.ndarray[Any, Any]) -> tuple[tuple[str, ...], list[Finding]]:
    """The classes in the order of their codes: as declared, else sorted; the positive one of two stands last.

    They are sorted as numbers where all of them are numbers, so that 2 stands before 10, else as text.

    Args:
        challenge: what the organizer wrote.
        labels: text, shape (n,).
    """
    found = class_order(labels.tolist())
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
    sizes, gain = size_columns(terms), [terms.gain] if terms.gain else []
    beside = (*terms.subgroups, *(name for name in terms.beside if name not in terms.subgroups))
    tables = {
        "train.csv": [ID, *file, *sizes, *features, *terms.target, *gain],
        "solution.csv": [ID, *sizes, *terms.target, *gain, USAGE, *group, *beside],
        "a submission": [ID, *terms.columns],
    }
    findings = []
    for table, names in tables.items():
        twice = tuple(sorted({name for name in names if names.count(name) > 1}))
        if twice:
            hint = "rename the column in the data, or leave it out with data.drop"
            place = challenge.where("data")
            findings.append(Finding("challenge/name-clash", f"{table} would have it twice", place, twice, hint))
    usual = terms.columns if terms.of_images else room_of(terms.kind).columns(challenge, terms.kind, terms.classes)
    wanted = len(usual)
    if not wanted and not terms.of_images:
        lacking = "submission.columns" if terms.kind == "ensemble" else "submission.at"
        message = f"a submission of kind {terms.kind} has several columns; `{lacking}` must say which"
        findings.append(Finding("challenge/columns", message, challenge.where("submission")))
    elif len(terms.columns) != wanted:
        message = f"{len(terms.columns)} columns for a {terms.kind} submission; it takes {wanted}"
        findings.append(Finding("challenge/columns", message, challenge.where("submission.columns")))
    return findings
