"""Grading: a submission becomes scores on each part and subgroup, with intervals; the one engine of all callers."""

from __future__ import annotations

import contextlib
import io
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

import metrics
from compete.bundle import ID, Bundle
from compete.errors import Finding, SubmissionError
from compete.files import sha256_of
from compete.scoring.apart import collected
from compete.scoring.beside import truth_beside
from compete.scoring.bounded import Limits, run_bounded
from compete.scoring.images import Images
from compete.scoring.kinds import contract_of, read_rows
from compete.scoring.matching import Vocabulary
from compete.scoring.measures import Measure, is_own, measures_of, truth_for, view
from compete.scoring.own import FILE, OwnMetric, load_own_metric, own_score
from compete.scoring.own_tables import own_rows
from compete.scoring.result import Result, Score, defined
from compete.scoring.source import shown_name
from compete.scoring.submission import Submission, read_submission
from compete.scoring.truth import Array, Division, Subgrouping, Truth, read_truth, wanted_items
from compete.terms import NO_VALUE, Terms
from compete.version import __version__
from metrics.evidence import reduce_evidence

FEW_GROUPS = 10
"""With fewer groups than these an interval is told to be rough."""

ARCHIVES = (".zip", ".tar", ".gz", ".tgz")
"""Files that may hold the submission instead of being it."""

MANY = ("png", "nifti")
"""Forms whose archives hold a file an image."""

UNFIT = "see compete explain for the metric: it says which values it takes"
LEVEL = 0.95
"""The share of bootstrap draws that an interval holds."""


def grade(
    bundle: Bundle,
    submission: Union[Path, bytes],
    *,
    on: str = "test",
    public: bool = False,
    draws: Optional[int] = None,
    truth: Optional[Truth] = None,
) -> Result:
    """Score one submission.

    Args:
        bundle: as opened; the public half is enough for ``on="train"``.
        submission: a file, or its bytes.
        on: ``test``, or ``train`` for out-of-fold predictions.
        public: leave out the private part and the digest of the solution.
        draws: bootstrap draws of the intervals; None as the challenge says, 0 for none.
        truth: as read before, where many submissions are scored.

    Returns:
        Scores by metric, part and subgroup, the ranking metric first.

    Raises:
        SubmissionError: if the submission is refused, with every fault.
        BundleError: if the bundle is not as it was built, or its own metric fails.
    """
    truth = truth or read_truth(bundle, on)
    draws = truth.terms.draws if draws is None else draws
    read, shown, hidden = scored_predictions(bundle, truth, submission, draws=draws)
    told = [part for part in truth.parts if not public or part != "private"]
    rough = _few_groups(truth, told) if draws else []
    return Result(
        submission={
            "file": "" if isinstance(submission, bytes) else submission.name,
            "sha256": read.sha256,
            "canonical_sha256": read.canonical_sha256(),
            "rows": read.rows,
        },
        challenge={"name": truth.terms.name, "version": truth.terms.version, "sha256": bundle.terms_sha256},
        solution="" if public else truth.sha256,
        versions={"compete": __version__, "numpy": np.__version__, "python": platform.python_version()},
        metrics=tuple(metric_records(truth.terms)),
        scores=tuple(score for score in shown if score.part in told),
        findings=(*read.warnings, *hidden, *rough),
        settings={"on": on, "draws": draws, "public": public},
    )


def scored_predictions(
    bundle: Bundle, truth: Truth, submission: Union[Path, bytes], *, draws: int
) -> tuple[Submission, list[Score], list[Finding]]:
    """Read a submission and score it: the predictions, their scores, and notes on scores that are not shown.

    Args:
        bundle: as opened.
        truth: of that bundle.
        submission: a file, or its bytes.
        draws: bootstrap draws of the intervals; 0 for none.

    Raises:
        SubmissionError: if the submission is refused, with every fault.
        BundleError: if the challenge's own metric fails.
    """
    read = read_predictions(truth.terms, truth.images or truth.ids, submission)
    try:
        own = own_metric_scores(bundle.public / FILE, truth, read.values)
        scores = (*own, *scores_of(truth, read.values, draws=draws))
        _refuse_infinite(scores)
    except SubmissionError as refused:
        raise _placed(refused, shown_name(submission)) from None
    return read, *_shown(scores, truth.terms.smallest_subgroup)


def bounded_result(work: Callable[[], Result], limits: Limits, name: str) -> Result:
    """The result of ``grade`` in a child process under limits.

    Args:
        work: calls ``grade``.
        limits: of memory and time.
        name: how findings call the submission.

    Raises:
        CompeteError: as ``grade``; also where it took too long, needed too much memory or crashed.
    """
    import numpy.ma
    import numpy.random  # noqa: F401

    return Result.from_dict(run_bounded(lambda: work().as_dict(), limits, name))


def check_submission(bundle: Bundle, submission: Path, *, on: str = "test") -> Submission:
    """Read and align a submission as ``grade`` does, and stop there; the public half of a bundle is enough.

    Raises:
        SubmissionError: if the submission is refused, with every fault.
    """
    return read_predictions(bundle.terms, wanted_items(bundle, on), submission)


def read_predictions(terms: Terms, items: Union[Vocabulary, Images], submission: Union[Path, bytes]) -> Submission:
    """Read a submission as the terms ask for it, in the order of the items; an archive may hold the one file."""
    if isinstance(submission, Path) and submission.suffix.lower() in ARCHIVES and terms.form not in MANY:
        from compete.scoring.archives import only_member

        member, content = only_member(submission, (Path(terms.sample_name).suffix,))
        read = _read(terms, items, content, f"{submission}/{member}")
        return replace(read, sha256=sha256_of(submission)[0])
    return _read(terms, items, submission, "")


def _read(terms: Terms, items: Union[Vocabulary, Images], submission: Union[Path, bytes], name: str) -> Submission:
    if isinstance(items, Images):
        from compete.scoring.forms import read_images_submission

        return read_images_submission(submission, terms, items, name)
    if terms.form == "rows":
        return read_rows(submission, terms, items, name)
    return read_submission(submission, contract_of(terms), items, name)


def scores_of(truth: Truth, values: Any, *, draws: int) -> list[Score]:
    """Every measure of the catalog on every part and subgroup.

    Args:
        truth: the items.
        values: predictions in their order, as submitted.
        draws: bootstrap draws an interval; 0 for none.
    """
    every = measures_of(truth.terms)
    alike: dict[Any, list[Measure]] = {}
    for measure in every:
        alike.setdefault((measure.metric.evidence_key, measure.metric.needs), []).append(measure)
    found: dict[str, list[Score]] = {}
    for measures in alike.values():
        evidence = evidence_of(measures[0].metric, truth, values)
        try:
            found.update(_plain([measure for measure in measures if not measure.over], evidence, truth, draws))
            found.update({one.name: _combined(one, evidence, truth, draws) for one in measures if one.over})
        except metrics.MetricError as error:  # some metrics look at the classes only when they are asked for a number
            raise _unfit(", ".join(measure.name for measure in measures), error) from None
    return [score for measure in every for score in found[measure.name]]


def evidence_of(metric: metrics.Metric, truth: Truth, values: Any) -> metrics.Evidence:
    """What a metric collects; each part of an expression looks at what it needs.

    Args:
        metric: of one of the challenge's measures.
        truth: the items.
        values: predictions in their order, as submitted.

    Raises:
        SubmissionError: if the metric does not take the values.
    """
    collector = metric.collector
    if isinstance(collector, metrics.Parts):
        return collector.of([evidence_of(same[0], truth, values) for same in collector.groups])
    if isinstance(collector, metrics.Combination):
        subgroup = next(one for one in truth.subgroups if one.column == collector.over)
        return collector.of(evidence_of(collector.metric, truth, values), counted_groups(subgroup))
    predicted = view(values, metric.needs, truth.terms)
    if getattr(truth.y_true, "ndim", 0) > getattr(predicted, "ndim", 2):  # several labels of which there is but one
        predicted = predicted[:, None]
    known = truth_for(metric, truth.y_true) if truth.terms.of_images else truth_beside(metric, truth)
    try:
        return collected(metric, truth, known, predicted)
    except metrics.MetricError as error:
        raise _unfit(metric.name, error) from None


def counted_groups(subgroup: Subgrouping) -> Array:
    """The group of each item; -1 where the cell is blank, so that a combination leaves the item out."""
    counted = np.array([name != NO_VALUE for name in subgroup.names])
    return np.where(counted[subgroup.code], subgroup.code, -1)


def _unfit(name: str, error: metrics.MetricError) -> SubmissionError:
    """The refusal of values that a metric does not take."""
    finding = Finding("submission/unfit-values", f"{name} cannot be computed: {error}", hint=UNFIT)
    return SubmissionError("submission refused", [finding])


def _placed(refused: SubmissionError, name: str) -> SubmissionError:
    """The same refusal with the file's name where no place was known: metrics see values, not where they stood."""
    return SubmissionError(refused.message, [replace(one, where=one.where or name) for one in refused.findings])


def _plain(measures: Sequence[Measure], evidence: metrics.Evidence, truth: Truth, draws: int) -> dict[str, list[Score]]:
    """Metrics of one evidence on each part, overall and by each subgroup."""
    found: dict[str, list[Score]] = {measure.name: [] for measure in measures}
    for division in truth.divisions if measures else ():
        for score in _divided(measures, evidence, truth, division, draws):
            found[score.metric].append(score)
    return found


def _divided(
    measures: Sequence[Measure], evidence: metrics.Evidence, truth: Truth, division: Division, draws: int
) -> list[Score]:
    """Metrics of one evidence on each group of one division of the items."""
    formulas = [measure.metric.bound for measure in measures]
    values = [np.asarray(one) for one in reduce_evidence(evidence, formulas, division.member)]
    ends: list[tuple[Optional[float], Optional[float]]] = [(None, None)] * len(measures)
    scores = []
    for place in np.flatnonzero(division.count).tolist():
        part, group = division.names[place]
        if draws:
            ends = _intervals(measures, evidence, truth, division.member.group == place, draws)
        scores += [
            Score(measure.name, part, group, defined(value[place]), low, high, int(division.count[place]))
            for measure, value, (low, high) in zip(measures, values, ends)
        ]
    return scores


def _intervals(
    measures: Sequence[Measure], evidence: metrics.Evidence, truth: Truth, member: Array, draws: int
) -> list[tuple[Optional[float], Optional[float]]]:
    """The bootstrap intervals of metrics on some items, drawn by group where items belong together."""
    if int(member.sum()) < 2:
        return [(None, None)] * len(measures)
    cluster = None if truth.cluster is None else truth.cluster[member]
    chosen = [measure.metric for measure in measures]
    ends = metrics.intervals(chosen, evidence.take(member), draws=draws, level=LEVEL, cluster=cluster)
    return [(defined(low), defined(high)) for low, high in ends]


def _combined(measure: Measure, evidence: metrics.Evidence, truth: Truth, draws: int) -> list[Score]:
    """One number a part, made of the metric's values in the groups of a subgroup column."""
    subgroup = next(one for one in truth.subgroups if one.column == measure.over)
    scores = []
    for number, part in enumerate(truth.parts):
        code = np.where(truth.part == number, counted_groups(subgroup), -1)
        if not (code >= 0).any():
            continue
        present = np.unique(code[code >= 0])
        by_group = np.asarray(measure.metric.reduce(evidence, metrics.Partition(code, len(subgroup.names))))
        value = metrics.combine(by_group[present], measure.by, greater_is_better=measure.metric.greater_is_better)
        low, high = _combined_interval(measure, evidence, truth, [code == group for group in present], draws)
        scores.append(Score(measure.name, part, "", defined(float(value)), low, high, int((code >= 0).sum())))
    return scores


def _combined_interval(
    measure: Measure, evidence: metrics.Evidence, truth: Truth, members: Sequence[Array], draws: int
) -> tuple[Optional[float], Optional[float]]:
    """The interval of a combination: each group is drawn by itself, and each draw is combined."""
    if not draws:
        return None, None
    evidences = [evidence.take(member) for member in members]
    clusters = None if truth.cluster is None else [truth.cluster[member] for member in members]
    low, high = metrics.combined_interval(
        measure.metric, evidences, measure.by, draws=draws, level=LEVEL, clusters=clusters
    )
    return defined(low), defined(high)


def own_metric_scores(file: Path, truth: Truth, values: Any) -> list[Score]:
    """The challenge's own metric on each part and subgroup; nothing where it has none. It gets no interval."""
    terms = truth.terms
    if not is_own(terms.metric):
        return []
    quiet = io.StringIO()  # what it prints might hold a hidden label, and would spoil the JSON
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        return _called_on_each(load_own_metric(file, terms.metric), truth, values)


def _called_on_each(function: OwnMetric, truth: Truth, values: Any) -> list[Score]:
    solution, submission = own_rows(truth, values)
    scores = []
    for group, member in _members(truth):
        for number, part in enumerate(truth.parts):
            chosen = member & (truth.part == number)
            if chosen.any():
                value = own_score(function, solution.of(chosen), submission.of(chosen), ID)
                count = int(np.count_nonzero(chosen))
                scores.append(Score(truth.terms.metric, part, group, defined(value), None, None, count))
    return scores


def _members(truth: Truth) -> list[tuple[str, Array]]:
    """All items, and each subgroup's."""
    found = [("", np.ones(truth.n, dtype=bool))]
    for subgroup in truth.subgroups:
        found += [(f"{subgroup.column}={name}", subgroup.code == code) for code, name in enumerate(subgroup.names)]
    return found


def _refuse_infinite(scores: Sequence[Score]) -> None:
    infinite = dict.fromkeys(score.metric for score in scores if score.value is not None and np.isinf(score.value))
    if infinite:
        message = f"{', '.join(infinite)} cannot be computed: the predictions are so large that the sum is infinite"
        raise SubmissionError("submission refused", [Finding("submission/unfit-values", message, hint=UNFIT)])


def _shown(scores: Sequence[Score], smallest: int) -> tuple[list[Score], list[Finding]]:
    """The scores without the public ones of small subgroups, and a note of how many those are."""
    small = {score.group for score in scores if score.part == "public" and score.group and score.n < smallest}
    shown = [score for score in scores if not (score.part == "public" and score.group in small)]
    if not small:
        return shown, []
    names = tuple(sorted(small))
    message = f"{len(small)} subgroups have fewer than {smallest} public items, so their public scores are not shown"
    return shown, [Finding("score/small-subgroup", message, items=names, severity="note", count=len(names))]


def _few_groups(truth: Truth, parts: Sequence[str]) -> list[Finding]:
    """A note where so few groups are drawn that an interval says little."""
    if truth.cluster is None:
        return []
    counts = [len(np.unique(truth.cluster[truth.part == number])) for number in range(len(truth.parts))]
    few = tuple(name for name, count in zip(truth.parts, counts) if 0 < count < FEW_GROUPS and name in parts)
    if not few:
        return []
    message = f"intervals drawn from fewer than {FEW_GROUPS} groups are rough, and most often too narrow"
    return [Finding("score/few-groups", message, items=few, severity="note", count=len(few))]


def metric_records(terms: Terms) -> list[Mapping[str, Any]]:
    """Name, text, direction and bounds of each metric of a challenge, the ranking one first."""
    records: list[Mapping[str, Any]] = [measure.as_dict() for measure in measures_of(terms)]
    if is_own(terms.metric):
        better = bool(terms.greater_is_better)
        record = {"name": terms.metric, "metric": terms.metric, "over": "", "by": "", "low": None, "high": None}
        records.insert(0, {**record, "greater_is_better": better})
    return records
