"""The measures of a challenge: its metrics and combinations, and what each of them is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Optional, Union

import numpy as np

import metrics
from compete.errors import Finding
from compete.scoring.beside import absent_columns
from compete.tasks import KINDS, TASKS
from compete.terms import FEDERATED_METRICS, Combined, Terms
from metrics.expressions import is_single
from metrics.frozen import dataclass
from metrics.spelling import nearest, written

VIEWS = {
    **{name: kind.views for name, kind in KINDS.items()},
    "boxes": {"boxes"},
    "masks": {"masks", "boxes"},
    "points": {"points"},
    "label_maps": {"label_maps"},
    "segments": {"segments"},
}
"""What a metric may need, for each kind of submission; labels are decided from probabilities."""

MEASURE_RULES = {
    "submission/unfit-values": (
        "A metric of the challenge cannot be computed from the values.",
        "Some metrics take only part of all numbers: a logarithm none from -1 down, a percentage no truth of 0. The "
        "message says which; change these predictions and send the file again.",
    ),
    "submission/own-metric": (
        "The challenge's own metric refused the submission.",
        "The message is the organizer's: it says what their metric.py found wrong with the predictions.",
    ),
    "score/small-subgroup": (
        "A subgroup is too small for its public score to be shown.",
        "A public score of a few items tells their labels to whoever sends many submissions. `score.smallest_subgroup` "
        "sets the limit; private scores are told to the organizer whatever the size.",
    ),
    "score/few-groups": (
        "There are too few groups for a good interval.",
        "Items of one group are not independent, so intervals are drawn by group. A bootstrap of fewer than about ten "
        "groups sees too little of what differs between them; the score itself is exact. A larger test helps.",
    ),
    "score/unknown-metric": (
        "No metric has this name, or it has no such option.",
        "See `compete list metrics` for all names, and `compete explain NAME` for the options of one. A metric of your "
        "own is written as metric.py:score.",
    ),
    "score/unknown-column": (
        "A metric looks at a column beside the truth that there is not.",
        "Some metrics must know more of each item than the truth: its type, its series, a weight, marks of identities. "
        "Name these columns of the data under `data.beside`; subgroups serve too, and `usage` tells the half of each "
        "item. An option such as over=type says which column is meant.",
    ),
    "score/expression": (
        "An expression over metrics cannot be read, or it is not clear which direction is better.",
        "An expression holds numbers, names of metrics and combinations, + - * / and parentheses: "
        "`0.4*dice + 0.6*(1 - hausdorff)`. Parts that are better the higher and parts that are better the lower must "
        "be turned to one side, as in `1 - x`; or `score.greater_is_better` says the direction.",
    ),
    "score/unfit-metric": (
        "The metric cannot be computed for this task or from this kind of submission.",
        "A metric that needs probabilities cannot be computed from labels: set `submission.kind: probability`. A "
        "metric of two classes needs its several-class variant (f1 → f1_macro, roc_auc → roc_auc_ovr).",
    ),
    "score/unknown-combination": (
        "A combination names a subgroup or a way of combining that there is not.",
        "`over` names one of `data.subgroups`; `by` is mean, geometric_mean, harmonic_mean, minimum, maximum or worst.",
    ),
}


@dataclass(frozen=True)
class Measure:
    """One column of the leaderboard.

    Attributes:
        name: what the leaderboard calls it.
        metric: the metric behind it.
        over: the subgroup column that a combination runs over; empty for a plain metric.
        by: how the groups' values become one.
    """

    name: str
    metric: metrics.Metric
    over: str = ""
    by: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Name, text, direction and bounds, for the record of a score."""
        low, high = (None if np.isinf(bound) else float(bound) for bound in self.metric.bounds)
        return {
            "name": self.name,
            "metric": self.metric.name,
            "over": self.over,
            "by": self.by,
            "greater_is_better": self.metric.greater_is_better,
            "low": low,
            "high": high,
        }


@lru_cache(maxsize=16)
def measures_of(terms: Terms) -> tuple[Measure, ...]:
    """The measures of a challenge, the ranking one first; a challenge's own metric is not among them."""
    combined = {
        entry.name: Measure(entry.name, single_metric(entry.metric, terms), entry.over, entry.by)
        for entry in terms.combine
    }
    names = dict.fromkeys([terms.metric, *terms.also, *combined])
    chosen = (combined.get(name) or _plain_measure(name, terms) for name in names if not is_own(name))
    return tuple(dict.fromkeys(chosen))


def metric_of(text: str, terms: Terms) -> metrics.Metric:
    """The metric of a text: a name, or an expression over metrics and the challenge's combinations.

    Raises:
        MetricError: the text cannot be read, or names what does not exist.
    """
    return _read(text, terms, lambda name: single_metric(name, terms))


def _read(text: str, terms: Terms, find: Callable[[str], metrics.Metric]) -> metrics.Metric:
    """The metric of a text, whose single metrics are found by their names."""
    combined = {entry.name: entry for entry in terms.combine}

    def lookup(name: str) -> metrics.Metric:
        entry = combined.get(name)
        if entry is not None:
            return metrics.combination(entry.name, single_metric(entry.metric, terms), entry.over, entry.by)
        try:
            text = terms.written(name)
            return find(name) if text == name else _read(text, replace(terms, named=()), find)
        except metrics.MetricError as error:
            near = get_close_matches(name, [*combined, *(entry.name for entry in terms.named)], 1)
            told = "a combination" if near and near[0] in combined else "a metric of the challenge"
            raise metrics.MetricError(f"{error}; {told} is named {near[0]}" if near else str(error)) from None

    return metrics.parse(terms.written(text), greater_is_better=direction_of(text, terms), lookup=lookup)


def direction_of(text: str, terms: Terms) -> Optional[bool]:
    """The direction that the challenge declares for a metric; None where it says nothing of it."""
    return terms.greater_is_better if text == terms.metric else None


def single_metric(text: str, terms: Terms) -> metrics.Metric:
    """The metric of a name, as the challenge needs it.

    Of label images, it leaves out the pixels that the challenge does not score. Of classes, whose truth is their codes,
    its positive class is a code; its name still says what the organizer wrote.

    Raises:
        MetricError: the text cannot be read, or names what does not exist.
    """
    metric = metrics.parse(text)
    if terms.task == "classification" and metric.options.get("positive") is not None:
        positive = _code_of(metric.options["positive"], terms.classes)
        return replace(metrics.get(metric.base, **{**metric.options, "positive": positive}), name=metric.name)
    if metric.parts or "ignore" not in metric.options or "ignore" in text:
        return metric
    ignore = -1 if terms.ignore_value is None else terms.ignore_value
    return metrics.get(metric.base, **{**metric.options, "ignore": ignore})


def _code_of(label: Union[str, int, bool], classes: Sequence[str]) -> int:
    """The code of a class that an option names."""
    spelt = next((name for name in (str(label), written(label)) if name in classes), None)
    if spelt is None:
        told = nearest(str(label), classes) or f" (classes: {_listed(classes)})"
        raise metrics.MetricError(f"positive={written(label)} is no class of the challenge{told}")
    return classes.index(spelt)


def _plain_measure(text: str, terms: Terms) -> Measure:
    name = _read(text, terms, metrics.parse).name if terms.written(text) == text else text
    return Measure(name, metric_of(text, terms))


def is_own(text: str) -> bool:
    """Whether the text names a function beside ``challenge.yaml`` rather than a metric of the catalog."""
    return ".py:" in text


def shape_of(terms: Terms) -> str:
    """The shape of the truth, in the metrics' words: binary, multiclass, multilabel, regression, objects and so on."""
    if terms.of_images:
        return terms.kind if terms.kind in ("label_maps", "segments") else "objects"
    return TASKS[terms.task].shape or ("binary" if len(terms.classes) == 2 else "multiclass")


def label_names(terms: Terms) -> Optional[Sequence[Any]]:
    """What a metric calls the classes: their codes (in a tree, if they have one), values of pixels, or categories."""
    if terms.task == "classification":
        codes = range(len(terms.classes))
        if not terms.parents:
            return codes
        from metrics.taxonomy import Tree

        return Tree(tuple(codes), np.array(terms.parents))
    if terms.kind == "label_maps":
        return terms.class_ids
    if terms.classes_of:
        return [range(len(classes)) for classes in terms.classes_of]
    return terms.classes if terms.of_images else terms.at or None


def metric_findings(terms: Terms) -> list[Finding]:
    """Say which metrics of a challenge are unknown, or cannot be computed from its submissions.

    Returns:
        Findings whose place is the key of ``challenge.yaml``, such as ``score.also.0``.
    """
    findings: list[Optional[Finding]] = []
    combined = {entry.name for entry in terms.combine}
    plain = [("score.metric", terms.metric), *((f"score.also.{place}", text) for place, text in enumerate(terms.also))]
    for where, text in plain:
        if is_own(text) and terms.of_images and not terms.of_objects:
            message = "a challenge's own metric is given tables, and a submission here holds label images"
            findings.append(Finding("score/unfit-metric", message, where, hint="see: compete list metrics"))
        elif text not in combined and not (is_own(text) and where == "score.metric"):
            findings.append(_unfit(text, terms, where))
    for place, entry in enumerate(terms.combine):
        where = f"score.combine.{place}"
        findings += [_unfit(entry.metric, terms, f"{where}.metric"), *_uncombinable(entry, terms, where)]
    return [finding for finding in findings if finding]


def _unfit(text: str, terms: Terms, where: str) -> Optional[Finding]:
    try:
        metric = metric_of(text, terms)
    except metrics.MetricError as error:
        rule = "score/unknown-metric" if is_single(text) else "score/expression"
        return Finding(rule, str(error), where, hint="see: compete list metrics")
    if absent := absent_columns(metric, terms):
        return replace(absent, where=where)
    shape = shape_of(terms)
    if shape not in metric.targets:
        hint = f"it scores {', '.join(sorted(metric.targets))} truth; see: compete explain {metric.name}"
        return Finding("score/unfit-metric", f"{metric.name} cannot score {shape} truth", where, hint=hint)
    if not metric.needed <= VIEWS[terms.kind]:
        message = f"{metric.name} needs {_article(metric.needs)}, and a submission holds {_article(terms.kind)}"
        hint = f"set submission.kind: {metric.needs}, or choose another metric"
        return Finding("score/unfit-metric", message, where, hint=hint)
    return _unfit_classes(metric, terms, where)


def _unfit_classes(metric: metrics.Metric, terms: Terms, where: str) -> Optional[Finding]:
    """Say where the options of a metric do not fit the classes of the challenge."""
    if terms.kind == "label_maps" and (message := _refusal(metric, terms)):
        hint = f"set its options for the classes {_listed(terms.class_ids)}; see: compete explain {metric.base}"
        return Finding("score/unfit-metric", f"{metric.name}: {message}", where, hint=hint)
    asked = (part.options.get("category") for part in (metric, *metric.parts))
    strange = [str(name) for name in asked if name is not None and str(name) not in terms.classes]
    if not (terms.of_objects and terms.classes and strange):
        return None
    message = f"{metric.name}: no category is named {strange[0]!r}{nearest(strange[0], terms.classes)}"
    return Finding("score/unfit-metric", message, where, hint=f"its categories: {_listed(terms.classes)}")


def _refusal(metric: metrics.Metric, terms: Terms) -> str:
    """Why a metric cannot be computed for these classes, of a label image that has a pixel of each; else empty."""
    image = [np.array([terms.class_ids])]
    try:
        metric(image, image, labels=terms.class_ids)
    except metrics.MetricError as error:
        return str(error)
    return ""


def _article(word: str) -> str:
    """A kind of prediction with its article, where it has one."""
    bare = word.endswith("s") or word in ("cumulative", "survival")
    return word if bare else f"{'an' if word[0] in 'aei' else 'a'} {word}"


def _listed(classes: Sequence[Union[int, str]]) -> str:
    return ", ".join(map(str, classes[:8])) + ", …" * (len(classes) > 8)


def _uncombinable(entry: Combined, terms: Terms, where: str) -> list[Finding]:
    rule, findings = "score/unknown-combination", []
    if entry.over not in terms.subgroups:
        known = ", ".join(terms.subgroups) or "there are none"
        message = f"{entry.over!r} is not a subgroup"
        findings.append(Finding(rule, message, f"{where}.over", hint=f"data.subgroups: {known}"))
    if entry.by not in metrics.COMBINATIONS:
        hint = f"one of {', '.join(metrics.COMBINATIONS)}"
        findings.append(Finding(rule, f"{entry.by!r} is no way to combine", f"{where}.by", hint=hint))
    return findings


def truth_for(metric: metrics.Metric, y_true: Any) -> Any:
    """What a metric is given as truth: where not every class was looked for in every image, most know objects alone."""
    return y_true if metric.base in FEDERATED_METRICS else getattr(y_true, "objects", y_true)


def view(values: Any, needs: str, terms: Terms) -> Any:
    """What a metric looks at: the submitted values, or the labels decided from probabilities.

    Args:
        values: as submitted, shape (n,) or (n, columns).
        needs: what the metric needs.
        terms: the challenge's terms.

    Returns:
        The values, or class codes: the most probable class (of equals the first), or the positive one from 0.5 on; of
        masks, where boxes are needed, the boxes about them.
    """
    if needs == "boxes" and terms.kind == "masks":
        return replace(values, box=values.mask.box.astype(np.float64), mask=None)
    if needs != "label" or terms.kind != "probability":
        return values
    if terms.distribution:
        return np.asarray(values.argmax(axis=1), dtype=np.int32)
    return np.asarray(values >= 0.5, dtype=np.int32)
