"""Warnings where a metric is asked for what its words do not say: an order of classes, the worst of several groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import metrics
from compete.challenge import Challenge
from compete.dataset import class_order, excerpt, parsed_number
from compete.errors import Finding
from compete.tasks import ORDER_METRICS
from compete.terms import Terms
from metrics.expressions import named_in

ASKED_RULES = {
    "challenge/class-order": (
        "A metric goes by the order of the classes, and nobody said what it is.",
        "cohen_kappa with weights counts how many places two classes are apart, and the rows and columns of the costs "
        "of expected_cost are the classes in their order. Without `data.classes` classes that are all numbers are "
        "sorted as numbers, others as text: mild, none, severe. List them in `data.classes` in the order that is "
        "meant; of several label columns, give the classes names that sort so.",
    ),
    "challenge/best-group": (
        "A combination over groups is the score of the best group.",
        "Where lower is better the minimum is the best group, and where higher is better the maximum is. `by: worst` "
        "is the worst group of any metric. If the best one is meant, all is well.",
    ),
}

SHOWN = 12
"""Classes that a warning names."""


def asked_findings(challenge: Challenge, terms: Terms) -> list[Finding]:
    """Say where metrics use an order of classes that was not declared, or groups are combined the wrong way round."""
    return [*_unordered(challenge, terms), *_best_groups(challenge)]


def _unordered(challenge: Challenge, terms: Terms) -> Iterator[Finding]:
    if challenge.task not in ("classification", "multioutput") or challenge.data.classes:
        return
    sets = terms.classes_of or (terms.classes,)
    guessed = next((classes for classes in sets if len(classes) > 1 and not _are_in_order(classes)), ())
    for place, metric in _asked(challenge) if guessed else ():
        if not _uses_order(metric):
            continue
        order = ", ".join(map(excerpt, guessed[:SHOWN])) + ", …" * (len(guessed) > SHOWN)
        message = f"{metric.name} goes by the order of the classes, which is a guess: {order}"
        hint = "write data.classes to set it"
        if challenge.task == "multioutput":
            hint = "give the classes names that sort in their order, such as numbers"
        yield Finding("challenge/class-order", message, challenge.where(place), hint=hint, severity="warning")


def _are_in_order(classes: Sequence[str]) -> bool:
    """Whether classes are numbers, from the least to the greatest."""
    return None not in map(parsed_number, classes) and class_order(classes) == list(classes)


def _uses_order(metric: metrics.Metric) -> bool:
    option, unused = ORDER_METRICS.get(metric.base, ("", None))
    return bool(option) and metric.options[option] != unused


def _best_groups(challenge: Challenge) -> Iterator[Finding]:
    for place, entry in enumerate(challenge.score.combine):
        for metric in _leaves(challenge, entry.metric):
            yield from _best_group(challenge, f"score.combine.{place}.by", entry.by, metric, f" over {entry.over}")
    for where, metric in _asked(challenge):
        if inner := _inner(metric):
            yield from _best_group(challenge, where, str(metric.options["by"]), inner, f" in {metric.name}")


def _best_group(challenge: Challenge, where: str, by: str, metric: metrics.Metric, over: str) -> Iterator[Finding]:
    if by != ("maximum" if metric.greater_is_better else "minimum"):
        return
    better = "higher" if metric.greater_is_better else "lower"
    message = f"the {by} of {metric.name}{over} is the best group, as {better} is better"
    hint = "say by: worst" if where.endswith(".by") else "say by=worst"
    yield Finding("challenge/best-group", message, challenge.where(where), hint=hint, severity="warning")


def _asked(challenge: Challenge) -> Iterator[tuple[str, metrics.Metric]]:
    """Every metric that the challenge names, those within expressions and options too, and where it stands."""
    score = challenge.score
    texts = [("score.metric", score.metric), *((f"score.also.{place}", text) for place, text in enumerate(score.also))]
    texts += [(f"score.combine.{place}.metric", entry.metric) for place, entry in enumerate(score.combine)]
    for where, text in texts:
        for metric in _leaves(challenge, text):
            yield where, metric
            if inner := _inner(metric):
                yield where, inner


def _leaves(challenge: Challenge, text: str) -> Iterator[metrics.Metric]:
    """The metrics of a text or expression; what cannot be read is told elsewhere, combinations by their own metric."""
    combined = {entry.name for entry in challenge.score.combine}
    try:
        names = [name for name in named_in(challenge.score.written(text)) if name not in combined]
    except metrics.MetricError:
        return
    for name in names:
        if challenge.score.written(name) != name:
            yield from _leaves(challenge, name)
            continue
        try:
            yield metrics.parse(name)
        except metrics.MetricError:
            continue


def _inner(metric: metrics.Metric) -> metrics.Metric | None:
    """The metric that another scores part by part."""
    return metrics.parse(metric.options["metric"]) if "metric" in metric.options else None
