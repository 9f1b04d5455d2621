"""The trial of a finished bundle notices a reader or a metric that is wrong, whatever the task and form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compete.errors import Finding, SubmissionError
from compete.scoring import image_trial, trial
from compete.scoring.forms import as_submission
from compete.scoring.grading import read_predictions
from compete.scoring.submission import Submission
from compete.scoring.trial import try_scoring
from compete.scoring.truth import truth_of
from tests.scoring.every_form import FORMS, Form

IMAGES = [name for name, form in FORMS.items() if form.terms.of_images]
TABLES = [name for name in FORMS if name not in IMAGES]
Reader = Callable[..., Submission]


def tried(folder: Path, form: Form, sample: bytes | None = None) -> list[Finding]:
    """What the trial says of a small bundle."""
    root = form.write(folder / "bundle")
    solution, packed = (root / "private" / name for name in ("solution.csv", "truth.npz"))
    hidden = packed.read_bytes() if packed.is_file() else None
    given = (root / "public" / "sample_submission.csv").read_bytes() if sample is None and not hidden else sample
    return try_scoring(form.terms, solution.read_bytes(), given or form.good, root / "public" / "metric.py", hidden)


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


def plant(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    """Let the trial meet a reader that is wrong."""
    monkeypatch.setattr(trial, "read_predictions", reader)
    monkeypatch.setattr(image_trial, "read_predictions", reader)


@pytest.mark.parametrize("name", FORMS)
def test_a_good_bundle_passes(tmp_path: Path, name: str) -> None:
    told = tried(tmp_path, FORMS[name])
    assert not [finding for finding in told if finding.severity == "error"]


@pytest.mark.parametrize("name", ["labels", "values", "rows", "COCO boxes", "runs of objects", "pictures"])
def test_a_reader_for_which_order_counts_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It changes what stands last in the file for what stands first."""

    def ordered(terms: Any, items: Any, submission: bytes) -> Submission:
        read = read_predictions(terms, items, submission)
        first = image_trial.reordered(submission, terms.form) if terms.of_images else reversed_rows(submission)
        return read if submission > first else replace(read, values=other_values(read.values, terms, items))

    def reversed_rows(submission: bytes) -> bytes:
        header, *rows = submission.splitlines(keepends=True)
        return b"".join([header, *rows[::-1]])

    plant(monkeypatch, ordered)
    assert "trial/order" in rules(tried(tmp_path, FORMS[name]))


def other_values(values: Any, terms: Any, items: Any) -> Any:
    """Other predictions than those that were read."""
    if not terms.of_images:
        return values[::-1].copy()
    return read_predictions(terms, items, FORMS_BY_TERMS[terms]).values


FORMS_BY_TERMS = {form.terms: form.good for form in FORMS.values()}


@pytest.mark.parametrize("name", ["labels", "flags", "strings", "pictures", "volumes"])
def test_a_reader_that_misses_nothing_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It fills in what is left out."""
    form = FORMS[name]
    kept: list[Submission] = []

    def filling(terms: Any, items: Any, submission: bytes) -> Submission:
        try:
            kept.append(read_predictions(terms, items, submission))
        except SubmissionError:
            return kept[0]
        return kept[-1]

    plant(monkeypatch, filling)
    assert "trial/dropped-row" in rules(tried(tmp_path, form))


@pytest.mark.parametrize("name", IMAGES)
def test_a_sample_that_is_refused_is_told_with_its_name(tmp_path: Path, name: str) -> None:
    form = FORMS[name]
    (finding,) = [one for one in tried(tmp_path, form, b"nonsense") if one.severity == "error"]
    assert (finding.rule, finding.where) == ("trial/refused", f"public/{form.terms.sample_name}")


@pytest.mark.parametrize("name", TABLES)
def test_a_truth_that_no_submission_may_hold_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refusing(terms: Any, items: Any, submission: bytes) -> Submission:
        raise SubmissionError("refused", [Finding("submission/out-of-range", "a value lies outside", "score")])

    plant(monkeypatch, refusing)
    (finding,) = tried(tmp_path, FORMS[name])
    assert (finding.rule, finding.severity) == ("trial/refused", "error")


def test_a_metric_that_is_not_best_where_all_is_right_is_told(tmp_path: Path) -> None:
    form = FORMS["probabilities"]
    clipped = replace(form.terms, metric="log_loss(clip=0.01)")
    told = tried(tmp_path, replace(form, terms=clipped))
    assert [finding.rule for finding in told] == ["trial/perfect"] * 2  # on the public and on the private part
    assert "its best is 0" in told[0].message


def test_a_metric_that_does_not_rank_stops_no_build(tmp_path: Path) -> None:
    form = FORMS["probabilities"]
    told = tried(tmp_path, replace(form, terms=replace(form.terms, also=("log_loss(clip=0.01)",))))
    assert [(finding.rule, finding.severity) for finding in told] == [("trial/perfect", "warning")] * 2


@pytest.mark.parametrize("metric", ["precision_at_k(k=50)", "0.5*precision_at_k(k=50) + 0.5*hit_rate_at_k"])
def test_a_best_score_that_depends_on_the_data_stops_no_build(tmp_path: Path, metric: str) -> None:
    form = FORMS["lists"]
    told = tried(tmp_path, replace(form, terms=replace(form.terms, metric=metric)))
    assert {(finding.rule, finding.severity) for finding in told} == {("trial/perfect", "warning")}


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_known_of_images_is_sent_as_what_reads_the_same(tmp_path: Path, name: str) -> None:
    """The trial's perfect submission, reversed, is still one that is read as the truth."""
    form = FORMS[name]
    root = form.write(tmp_path / "bundle")
    hidden = (root / "private" / "truth.npz").read_bytes()
    truth = truth_of(form.terms, (root / "private" / "solution.csv").read_bytes(), packed=hidden)
    assert truth.images
    sent = as_submission(truth.y_true, form.terms, truth.images)
    turned = image_trial.reordered(sent, form.terms.form)
    assert turned != sent
    one, other = (read_predictions(form.terms, truth.images, raw) for raw in (sent, turned))
    assert one.rows == other.rows
