"""The trial of a bundle whose items are images: known predictions must get the scores that they deserve."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

import numpy as np

from compete.errors import Finding, SubmissionError
from compete.scoring.forms import as_submission
from compete.scoring.grading import read_predictions, scores_of
from compete.scoring.result import Score
from compete.scoring.trial import perfect_findings, refused_truth
from compete.scoring.truth import Truth

COMPLETE = ("strings", "png")
"""Forms in which every image must be there, with or without objects."""


def try_images(truth: Truth, sample: bytes) -> list[Finding]:
    """Score known predictions: the perfect one, the same in another order, the sample, one with an image left out.

    Args:
        truth: the hidden truth.
        sample: the bytes of the sample submission.

    Returns:
        Errors and warnings; empty where all is as it should be.
    """
    assert truth.images
    perfect = as_submission(truth.y_true, truth.terms, truth.images)
    try:
        scores = _scores(truth, perfect)
    except SubmissionError as error:
        return refused_truth(error)
    findings = perfect_findings(truth, scores)
    if _scores(truth, reordered(perfect, truth.terms.form)) != scores:
        findings.append(Finding("trial/order", "the same predictions in reverse order got another score", "score"))
    return [*findings, *_sample(truth, sample), *_dropped(truth, perfect)]


def reordered(submission: bytes, form: str) -> bytes:
    """The same predictions, the last first."""
    if form == "coco":
        return json.dumps(json.loads(submission)[::-1]).encode()
    if form == "png":
        return _rezipped(submission, slice(None, None, -1))
    header, *rows = submission.splitlines(keepends=True)
    return b"".join([header, *rows[::-1]])


def _scores(truth: Truth, submission: bytes) -> list[Score]:
    assert truth.images
    return scores_of(truth, read_predictions(truth.terms, truth.images, submission).values, draws=0)


def _sample(truth: Truth, sample: bytes) -> list[Finding]:
    """The sample submission must be one that is scored."""
    place = f"public/{truth.terms.sample_name}"
    try:
        scores = _scores(truth, sample)
    except SubmissionError as error:
        message = f"the sample submission is refused: {error.findings[0].message}"
        return [Finding("trial/refused", message, place, hint="mend what the sample is made of, or tell us")]
    best = [score.value for score in scores if score.value is not None and not np.isfinite(score.value)]
    return [Finding("trial/refused", "the sample submission gets an infinite score", place)] if best else []


def _dropped(truth: Truth, perfect: bytes) -> list[Finding]:
    """Where every image must be there, one that is left out must be noticed."""
    if truth.terms.form not in COMPLETE or truth.n < 2:
        return []
    if truth.terms.form == "png":
        less = _rezipped(perfect, slice(1, None))
    else:
        header, _, *rows = perfect.splitlines(keepends=True)
        less = b"".join([header, *rows])
    try:
        _scores(truth, less)
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
