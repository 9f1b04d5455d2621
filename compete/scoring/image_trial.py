"""The trial of a bundle whose items are images: known predictions must get the scores that they deserve."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from compete.errors import CompeteError, Finding, SubmissionError
from compete.scoring.forms import as_submission
from compete.scoring.grading import MANY, own_metric_scores, read_predictions, scores_of
from compete.scoring.measures import measures_of
from compete.scoring.result import Score
from compete.scoring.trial import own_best, perfect_findings, refused_truth
from compete.scoring.truth import Truth
from metrics import Metric
from metrics.frozen import dataclass

COMPLETE = ("strings", "png", "nifti")
"""Forms in which every image must be there, with or without objects."""


class Way(NamedTuple):
    """How a perfect submission tells what it knows.

    Attributes:
        groups: it tells boxes of groups too, which Open Images counts.
        wide: it tells each object as what contains its class, too.
    """

    groups: bool
    wide: bool


@dataclass(frozen=True, eq=False)
class _Case:
    """What is tried: the truth, and the file of the challenge's own metric."""

    truth: Truth
    own: Path

    def scores(self, submission: bytes) -> list[Score]:
        """All scores without intervals, the own metric's first."""
        assert self.truth.images
        values = read_predictions(self.truth.terms, self.truth.images, submission).values
        return [*own_metric_scores(self.own, self.truth, values), *scores_of(self.truth, values, draws=0)]


def try_images(truth: Truth, sample: bytes, own: Path) -> list[Finding]:
    """Score known predictions: the perfect one, the same in another order, the sample, one with an image left out.

    Args:
        truth: the hidden truth.
        sample: the bytes of the sample submission.
        own: the file of the challenge's own metric; not looked at where there is none.

    Returns:
        Errors and warnings; empty where all is as it should be.
    """
    case, ways, perfect = _Case(truth, own), _ways(truth), perfect_images(truth)
    try:
        scores = case.scores(perfect)
        each = _each_by_its_way(case, ways) if len(set(ways.values())) > 1 else scores
        findings = [_softened(truth, finding) for finding in perfect_findings(truth, each)]
        if case.scores(reordered(perfect, truth.terms.form)) != scores:
            findings.append(Finding("trial/order", "the same predictions in reverse order got another score", "score"))
        return [*findings, *_sample(case, sample, scores), *_dropped(case, perfect)]
    except SubmissionError as error:
        return refused_truth(error)
    except CompeteError as error:
        return list(error.findings)


def perfect_images(truth: Truth) -> bytes:
    """The submission that knows everything, as the ranking metric asks for it."""
    return _perfect(truth, *next(iter(_ways(truth).values()), Way(groups=False, wide=False)))


def _ways(truth: Truth) -> dict[str, Way]:
    """What the perfect submission tells for each measure, the ranking one first."""
    asked = {measure.name: _options(measure.metric) for measure in measures_of(truth.terms)}
    return {name: Way("groups" in one, one.get("expand", "none") != "none") for name, one in asked.items()}


def _options(metric: Metric) -> dict[str, Any]:
    """The options of a metric, and of the parts of an expression."""
    return {**metric.options, **{key: value for part in metric.parts for key, value in _options(part).items()}}


def _perfect(truth: Truth, groups: bool, wide: bool) -> bytes:
    """The submission that knows everything; see ``Way``."""
    assert truth.images
    known = truth.y_true
    if truth.terms.federated:
        from metrics.federated import expand_truth

        known = (expand_truth(known) if wide else known).objects
    return as_submission(replace(known, crowd=None) if groups else known, truth.terms, truth.images)


def _each_by_its_way(case: _Case, ways: Mapping[str, Way]) -> list[Score]:
    """The scores of perfect submissions, each measure's of the one that tells what it asks for."""
    scored = {way: case.scores(_perfect(case.truth, *way)) for way in set(ways.values())}
    first = next(iter(scored))
    names = [score.metric for score in scored[first]]
    return [scored[ways.get(name, first)][place] for place, name in enumerate(names)]


def _softened(truth: Truth, finding: Finding) -> Finding:
    """A warning where boxes of groups lie in each other, so that nobody can find each by itself."""
    if not finding.message.startswith("open_images_ap"):
        return finding
    groups = getattr(truth.y_true, "objects", truth.y_true).crowd
    if groups is None or not groups.any():
        return finding
    return replace(finding, severity="warning", hint="a box of a group that lies in another cannot be told from it")


def reordered(submission: bytes, form: str) -> bytes:
    """The same predictions, the last first."""
    if form == "coco":
        return json.dumps(json.loads(submission)[::-1]).encode()
    if form in MANY:
        return _rezipped(submission, slice(None, None, -1))
    header, *rows = submission.splitlines(keepends=True)
    return b"".join([header, *rows[::-1]])


def _sample(case: _Case, sample: bytes, perfect: Sequence[Score]) -> list[Finding]:
    """The sample submission must be one that is scored, and not be better than the perfect one."""
    terms = case.truth.terms
    place = f"public/{terms.sample_name}"
    try:
        scores = case.scores(sample)
    except SubmissionError as error:
        message = f"the sample submission is refused: {error.findings[0].message}"
        return [Finding("trial/refused", message, place, hint="mend what the sample is made of, or tell us")]
    best = [score.value for score in scores if score.value is not None and not np.isfinite(score.value)]
    if best:
        return [Finding("trial/refused", "the sample submission gets an infinite score", place)]
    return own_best(terms, perfect, scores)


def _dropped(case: _Case, perfect: bytes) -> list[Finding]:
    """Where every image must be there, one that is left out must be noticed."""
    truth = case.truth
    if truth.terms.form not in COMPLETE or truth.n < 2:
        return []
    if truth.terms.form in MANY:
        less = _rezipped(perfect, slice(1, None))
    else:
        header, _, *rows = perfect.splitlines(keepends=True)
        less = b"".join([header, *rows])
    try:
        case.scores(less)
    except SubmissionError:
        return []
    return [Finding("trial/dropped-row", "an image was left out and nobody noticed", "score")]


def _rezipped(archive: bytes, chosen: slice) -> bytes:
    """Some members of a zip, in the order chosen."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        members: Sequence[zipfile.ZipInfo] = source.infolist()[chosen]
        for member in members:
            target.writestr(member.filename, source.read(member))
    return out.getvalue()
