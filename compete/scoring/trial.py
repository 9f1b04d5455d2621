"""A finished bundle is tried before anybody sees it: known predictions must get the scores that they deserve."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from compete.bundle import ID, SAMPLE
from compete.errors import CompeteError, Finding, SubmissionError, fatal
from compete.scoring.beside import columns_seen
from compete.scoring.grading import own_metric_scores, read_predictions, scores_of
from compete.scoring.kinds import perfect_rows, taken
from compete.scoring.measures import is_own, measures_of
from compete.scoring.result import Score
from compete.scoring.truth import Truth, truth_of
from compete.terms import Terms
from metrics.catalog import Metric
from metrics.expressions import pulls_both_ways
from metrics.frozen import dataclass

NEVER_CONSTANT = ("ordering",)
"""Tasks whose sample is another for every item, though it knows no more than the item itself tells."""

SLACK = 1e-6
"""How far a perfect score may be from the best one: metrics that clip probabilities do not reach it."""

TRIAL_RULES = {
    "trial/perfect": (
        "The perfect submission does not reach the best score.",
        "The build sent the solution itself as a submission, and the ranking metric did not answer with its best "
        "value. Labels, classes or the challenge's own metric do not fit together; nothing was kept. Of objects, an "
        "image may hold more than the metric counts: say box_ap(limit=1000). Metrics that do not rank are only warned "
        "of, and so are those whose best value depends on the data: precision_at_k, net_benefit, box_ar(limit=1), all "
        "with empty=zero. What the perfect submission gets is then the score to compare others with.",
    ),
    "trial/refused": (
        "The solution itself is refused when it is sent as a submission.",
        "A label lies outside what a submission may hold, or the metric takes no such values (a logarithm of less than "
        "-1, a percentage of 0). Mend the labels, or choose another metric.",
    ),
    "trial/undefined": (
        "A metric has no value on a part of the items.",
        "Even the perfect submission gets no score there (0/0): a class, or any positive item, is missing from that "
        "part. Make the part larger, stratify the split, or choose a metric that is defined there. It is an error "
        "where the challenge's own metric answered nan, for nobody could be ranked: mend the function.",
    ),
    "trial/chance": (
        "The sample submission knows more than chance.",
        "Its score changes when the hidden labels are shuffled, so it tells something about them. It must be made from "
        "the training labels alone.",
    ),
    "trial/dropped-row": (
        "A submission without one of its rows was not refused.",
        "Every test item must be predicted, or the score would be of other items than everybody else's.",
    ),
    "trial/order": (
        "The order of rows changes the score.",
        "The same predictions in another order got another score; the challenge's own metric must align by id.",
    ),
    "trial/own-metric": (
        "The challenge's own metric failed on a valid submission.",
        "It is called score(solution, submission, row_id_column_name) with two tables in the same order, as on Kaggle, "
        "and must answer with one finite number. Of objects in images a row is an object: id, class, then x, y, width "
        "and height, or segmentation, or keypoints as COCO writes them, and area, crowd and ignore in the solution, "
        "score in the submission; an image without objects has one row whose class is blank.",
    ),
}

Rows = list[list[str]]


@dataclass(frozen=True, eq=False)
class _Case:
    """What is tried: the truth, the sample submission, and the file of the challenge's own metric."""

    truth: Truth
    sample: bytes
    own: Path

    def scores(self, submission: bytes) -> tuple[Score, ...]:
        """All scores without intervals."""
        read = read_predictions(self.truth.terms, self.truth.ids, submission)
        plain = scores_of(self.truth, read.values, draws=0)
        return (*own_metric_scores(self.own, self.truth, read.values), *plain)


def try_scoring(
    terms: Terms, solution: bytes, sample: bytes, own: Path, packed: Optional[bytes] = None
) -> list[Finding]:
    """Score known predictions: the perfect one, the sample, one with a row dropped, one in another order.

    Args:
        terms: the challenge's terms.
        solution: the bytes of ``solution.csv``.
        sample: the bytes of ``sample_submission.csv``.
        own: the file of the challenge's own metric; not looked at where there is none.
        packed: the bytes of ``truth.npz``, where items are images.

    Returns:
        Errors and warnings; empty where all is as it should be.
    """
    if packed is not None:
        from compete.scoring.image_trial import try_images

        return try_images(truth_of(terms, solution, packed=packed), sample, own)
    case = _Case(truth_of(terms, solution), sample, own)
    header, perfect = [ID, *terms.columns], perfect_rows(case.truth)
    try:
        scores = case.scores(as_csv(header, perfect))
        findings = [*perfect_findings(case.truth, scores), *_order(case, as_csv(header, perfect[::-1]), scores)]
        findings += [*own_best(terms, scores, case.scores(sample)), *_chance(case)]
    except SubmissionError as error:
        return refused_truth(error)
    except CompeteError as error:
        return list(error.findings)
    return findings + _dropped(case.truth, header, perfect)


def as_csv(header: Sequence[str], rows: Rows) -> bytes:
    """A submission as bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def refused_truth(error: SubmissionError) -> list[Finding]:
    """What is said where the solution itself is refused as a submission."""
    hint = "even the solution itself is refused as a submission: mend the labels, or choose another metric"
    return [replace(finding, rule="trial/refused", severity="error", hint=hint) for finding in fatal(error.findings)]


def perfect_findings(truth: Truth, scores: Sequence[Score]) -> list[Finding]:
    """Say where the perfect submission does not get the best score."""
    measures = {measure.name: measure for measure in measures_of(truth.terms)}
    findings = []
    for score in scores:
        if score.group:
            continue
        if score.value is None:
            message = f"{score.metric} is undefined on the {score.n} {score.part} items, even for a perfect submission"
            by_own = score.metric == truth.terms.metric and is_own(score.metric)
            hint = "the function must answer the perfect submission with a finite number" if by_own else ""
            severity = "error" if by_own else "warning"
            findings.append(Finding("trial/undefined", message, "score", hint=hint, severity=severity))
        elif score.metric in measures:
            metric = measures[score.metric].metric
            best = metric.bounds[1] if metric.greater_is_better else metric.bounds[0]
            if np.isfinite(best) and not pulls_both_ways(metric) and abs(score.value - best) > SLACK:
                message = f"{score.metric} gives {score.value:.6g} to a perfect submission; its best is {best:g}"
                ranks = score.metric == truth.terms.metric
                severity = "error" if ranks and _always_attained(metric) else "warning"
                findings.append(Finding("trial/perfect", message, "score", severity=severity))
    return findings


def _always_attained(metric: Metric) -> bool:
    """Whether the truth itself must have the best score; not where a metric gives 0 if there is nothing to find."""
    if metric.parts:
        return all(map(_always_attained, metric.parts))
    return metric.attained and metric.options.get("empty") != "zero"


def own_best(terms: Terms, perfect: Sequence[Score], sample: Sequence[Score]) -> list[Finding]:
    """Say where the challenge's own metric likes the sample submission better than the perfect one."""
    told = _overall(sample)
    sign = 1 if terms.greater_is_better else -1
    findings = []
    for (metric, part), best in _overall(perfect).items():
        chance = told.get((metric, part)) if metric == terms.metric and is_own(metric) else None
        if best is not None and chance is not None and sign * (chance - best) > SLACK:
            better = "greater" if sign > 0 else "smaller"
            message = f"{metric} gives {best:.6g} to the perfect submission and {chance:.6g} to the sample ({part})"
            hint = f"the challenge says that {better} is better: see score.greater_is_better, and the function's sign"
            findings.append(Finding("trial/perfect", message, "score", hint=hint))
    return findings


def _order(case: _Case, reverse: bytes, scores: Sequence[Score]) -> list[Finding]:
    if case.scores(reverse) == tuple(scores):
        return []
    return [Finding("trial/order", "the same rows in reverse order got another score", "score")]


def _chance(case: _Case) -> list[Finding]:
    """The sample must score the same when the labels of each part and combined group are shuffled."""
    truth = case.truth
    if truth.terms.task in NEVER_CONSTANT:
        return []
    shuffled = replace(case, truth=replace(truth, y_true=taken(truth.y_true, _shuffled_within(_cells(truth)))))
    told, blind = _overall(case.scores(case.sample)), _overall(shuffled.scores(case.sample))
    moved = [key for key, value in told.items() if not _same(value, blind[key])]
    place = f"public/{SAMPLE}"
    return [Finding("trial/chance", f"{metric} ({part}) changes with the labels", place) for metric, part in moved]


def _cells(truth: Truth) -> np.ndarray[Any, Any]:
    """A number for each item: its part, and its group in every column that a combination or a metric looks at."""
    over = {entry.over for entry in truth.terms.combine}
    for measure in measures_of(truth.terms):
        over.update(columns_seen(measure.metric, truth.terms))
    cell = truth.part.astype(np.int64)
    for subgroup in (*truth.subgroups, *truth.beside):
        if subgroup.column in over:
            cell = np.unique(cell * len(subgroup.names) + subgroup.code, return_inverse=True)[1].reshape(-1)
    return cell


def _overall(scores: Sequence[Score]) -> dict[tuple[str, str], Optional[float]]:
    return {(score.metric, score.part): score.value for score in scores if not score.group}


def _same(one: Optional[float], other: Optional[float]) -> bool:
    return one is other or (
        one is not None and other is not None and bool(np.isclose(one, other, rtol=1e-9, atol=1e-9))
    )


def _shuffled_within(cell: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A fixed shuffle of the rows that keeps each in its cell."""
    place = np.arange(len(cell))
    mixed = np.random.default_rng(0).permutation(len(cell))
    place[np.argsort(cell, kind="stable")] = mixed[np.argsort(cell[mixed], kind="stable")]
    return place


def _dropped(truth: Truth, header: list[str], perfect: Rows) -> list[Finding]:
    findings: list[Finding] = []
    if truth.terms.form == "rows" and truth.terms.empty:
        return findings  # an item without rows has an empty list
    for row in sorted({0, len(perfect) // 2, len(perfect) - 1}):
        try:
            rest = [one for one in perfect if one[0] != perfect[row][0]]
            read_predictions(truth.terms, truth.ids, as_csv(header, rest))
        except SubmissionError as error:
            if any(finding.rule in ("submission/missing-id", "submission/empty-file") for finding in error.findings):
                continue
        findings.append(Finding("trial/dropped-row", f"row {row + 1} was dropped and nobody noticed", "score"))
    return findings
