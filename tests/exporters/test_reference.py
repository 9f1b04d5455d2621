"""The truth that a public phase is scored with: the same public scores, and nothing of what is private."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compete.bundle import Bundle, open_bundle, verify_bundle
from compete.exporters.program import program_files
from compete.exporters.reference import write_reference
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from compete.scoring.truth import read_truth
from tests.conftest import ROOT
from tests.exporters.small import TERMS, finished, reef, write_reef
from tests.scoring.every_form import FORMS
from tests.test_house import LIGHT


def same_scores(bundle: Bundle, place: Path, submission: bytes, *, public: bool) -> None:
    """A reference scores as its bundle does."""
    assert verify_bundle(place) == []
    ours = grade(bundle, submission, public=public, draws=5)
    theirs = grade(open_bundle(place), submission, public=public, draws=5)
    assert theirs.scores == ours.scores
    assert theirs.findings == ours.findings


@pytest.mark.parametrize("name", FORMS)
def test_the_reference_of_the_public_part_gives_its_scores(tmp_path: Path, name: str) -> None:
    bundle = open_bundle(FORMS[name].write(tmp_path / "bundle"))
    place = write_reference(bundle, tmp_path / "reference", public_only=True)
    for submission in (FORMS[name].good, perfect_submission(bundle)):
        same_scores(bundle, place, submission, public=True)


@pytest.mark.parametrize("images", [True, False])
def test_a_whole_reference_gives_all_scores(tmp_path: Path, images: bool) -> None:
    form = next(form for form in FORMS.values() if form.terms.of_images == images)
    bundle = open_bundle(form.write(tmp_path / "bundle"))
    place = write_reference(bundle, tmp_path / "reference", public_only=False)
    same_scores(bundle, place, form.good, public=False)


OWN = """
def score(solution, submission, row_id_column_name):
    if len(set(solution["kind"])) < 2:
        raise ValueError("one class")
    return float((solution["kind"] == submission["kind"]).mean())
"""


def test_a_metric_of_the_challenges_own_is_given_what_it_can_score(tmp_path: Path) -> None:
    terms = replace(TERMS, metric="metric.py:score", greater_is_better=True)
    root = write_reef(tmp_path / "bundle", terms=terms)
    (root / "public/metric.py").write_text(OWN, encoding="utf-8")
    bundle = open_bundle(finished(root))
    sample = bundle.public / "sample_submission.csv"
    place = write_reference(bundle, tmp_path / "reference", public_only=True)
    assert grade(open_bundle(place), sample, public=True).scores == grade(bundle, sample, public=True).scores


def test_the_reference_of_the_public_part_knows_nothing_of_the_private_one(tmp_path: Path) -> None:
    made = []
    for seed in (1, 2):
        bundle = open_bundle(write_reef(tmp_path / f"bundle{seed}", seed=seed))
        place = write_reference(bundle, tmp_path / f"reference{seed}", public_only=True)
        made.append({path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()})
    assert reef(1) != reef(2)
    assert made[0] == made[1]


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.terms.of_images])
def test_the_private_images_of_a_public_reference_are_empty(tmp_path: Path, name: str) -> None:
    bundle = open_bundle(FORMS[name].write(tmp_path / "bundle"))
    truth = read_truth(open_bundle(write_reference(bundle, tmp_path / "reference", public_only=True)))
    private = (truth.part == 1).nonzero()[0]
    assert len(private)
    known = getattr(truth.y_true, "objects", truth.y_true)
    if hasattr(known, "image"):
        assert len(known.image)
        assert (truth.part[known.image] == 0).all()
    maps = getattr(known, "maps", known)
    if hasattr(maps, "array"):
        assert all(len(set(maps.array(place).flat)) == 1 for place in private)


def test_the_program_is_all_that_the_light_path_needs() -> None:
    files = program_files()
    for name in LIGHT:
        place = ROOT / name
        paths = [place] if place.suffix else place.rglob("*.py")
        reached = {path.relative_to(ROOT).as_posix() for path in paths} - set(files)
        assert not {path for path in reached if path.startswith(("metrics/", "compete/scoring/"))}
    rooms = {name.split("/")[1].removesuffix(".py") for name in files if name.startswith("compete/")}
    assert rooms <= {"__init__", "scoring", "nifti", "version", *(Path(name).stem for name in LIGHT)}
    assert files["compete/version.py"] == (ROOT / "compete/version.py").read_bytes()
