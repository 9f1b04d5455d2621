"""What CodaBench's door answers to submissions that cannot be scored, or not be ranked."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete.bundle import open_bundle
from compete.errors import SubmissionError
from compete.exporters.reference import write_reference
from compete.files import canonical_json, write_file
from compete.scoring.doors.codabench import main
from compete.scoring.doors.unpacked import submission_among
from tests.exporters.small import TERMS, reef, write_reef
from tests.scoring.every_form import FORMS

COLUMNS = [
    {"key": "f1", "label": "f1_macro", "metric": "f1_macro", "group": ""},
    {"key": "a", "label": "accuracy [site=s1]", "metric": "accuracy", "group": "site=s1"},
]


def answered(
    bundle: Path,
    root: Path,
    sent: Mapping[str, bytes],
    *,
    part: str = "public",
    columns: Any = COLUMNS,
    **limits: float,
) -> tuple[int, dict[str, float] | None, str]:
    """Exit code, scores and page."""
    write_reference(open_bundle(bundle), root / "ref", public_only=part == "public")
    write_file(root / "ref/codabench.json", canonical_json({"part": part, "columns": columns, **limits}))
    (root / "res").mkdir()
    (root / "out").mkdir()
    for name, content in sent.items():
        write_file(root / "res" / name, content)
    code = main([str(root), str(root / "out")])
    scores = root / "out/scores.json"
    page = (root / "out/detailed_results.html").read_text(encoding="utf-8")
    assert {path.name for path in (root / "out").iterdir()} <= {"scores.json", "detailed_results.html"}
    assert "<script" not in page
    return code, json.loads(scores.read_text(encoding="utf-8")) if scores.exists() else None, page


def good() -> bytes:
    """A submission that is right everywhere."""
    known = reef()
    rows = [f"{item},{kind}" for item, kind in zip(known["id"], known["kind"], strict=True)]
    return "\n".join(["id,kind", *rows, ""]).encode()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle."""
    return write_reef(tmp_path / "bundle")


def test_a_good_submission_is_scored_and_explained(bundle: Path, tmp_path: Path) -> None:
    sent = {"mine.csv": good(), "metadata": b"elapsedTime: 1\n", "__MACOSX/._mine.csv": b"x"}
    code, scores, page = answered(bundle, tmp_path / "run", sent)
    assert code == 0
    assert scores == {"f1": 1.0, "a": 1.0}
    assert "site=s1" in page
    assert "mine.csv" in page


def test_a_private_score_stands_in_no_page_and_no_log(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, scores, page = answered(bundle, tmp_path / "run", {"mine.csv": good()}, part="private")
    assert (code, scores) == (0, {"f1": 1.0, "a": 1.0})
    assert "1.0" not in page.partition("</style>")[2]
    assert capsys.readouterr().out == "scored\n"


@pytest.mark.parametrize(
    ("sent", "rule"),
    [
        ({}, "submission/no-predictions"),
        ({"readme.txt": b"hello"}, "submission/no-predictions"),
        ({"a.csv": good(), "b.csv": good()}, "submission/several-files"),
        ({"mine.csv": b"id,kind\ni000,coral\n"}, "submission/missing-id"),
        ({"mine.csv": good().replace(b"sand", b"s\0nd")}, "submission/control-character"),
        ({"mine.zip": b"PK"}, "archive/not-archive"),
    ],
)
def test_a_refused_submission_is_told_why_and_gets_no_row(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], sent: dict[str, bytes], rule: str
) -> None:
    for part in ("public", "private"):
        code, scores, page = answered(bundle, tmp_path / part, sent, part=part)
        told = capsys.readouterr().err
        assert code == 3
        assert scores is None
        assert rule in told
        assert rule in page
        assert str(tmp_path) not in told + page


def test_predictions_count_whatever_lies_beside(bundle: Path, tmp_path: Path) -> None:
    sent = {"predictions.csv": good(), "train_copy.csv": b"x", "predict.py": b""}
    assert answered(bundle, tmp_path / "run", sent)[1] == {"f1": 1.0, "a": 1.0}


def test_a_link_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "res").mkdir()
    (tmp_path / "res/predictions.csv").symlink_to(bundle / "private/solution.csv")
    with pytest.raises(SubmissionError, match="no file was sent"):
        submission_among(tmp_path / "res", TERMS)


def test_an_undefined_score_is_refused_where_it_ranks_and_left_out_elsewhere(bundle: Path, tmp_path: Path) -> None:
    nothing = {"key": "m", "label": "matthews_corrcoef", "metric": "matthews_corrcoef", "group": ""}
    one_class = b"id,kind\n" + b"".join(f"{item},coral\n".encode() for item in reef()["id"])
    assert answered(bundle, tmp_path / "first", {"mine.csv": one_class}, columns=[nothing])[:2] == (3, None)
    terms = open_bundle(bundle).terms
    assert "matthews_corrcoef" not in (terms.metric, *terms.also)
    from dataclasses import replace

    other = write_reef(tmp_path / "other", terms=replace(TERMS, also=("matthews_corrcoef",)))
    code, scores, page = answered(other, tmp_path / "second", {"mine.csv": one_class}, columns=[COLUMNS[0], nothing])
    assert code == 0
    assert scores is not None
    assert set(scores) == {"f1"}
    assert "submission/undefined-score" in page


def test_a_score_that_codabench_would_drop_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    terms = replace(
        TERMS, task="regression", target=("kind",), kind="value", metric="rmse", also=(), classes=(), subgroups=()
    )
    known = {**reef(), "kind": np.arange(80)}
    known.pop("site")
    from tests.scoring.bundles import write_small_bundle

    bundle = write_small_bundle(tmp_path / "bundle", terms, known)
    column = [{"key": "rmse", "label": "rmse", "metric": "rmse", "group": ""}]
    rows = "".join(f"{item},1e12\n" for item in known["id"])
    code, scores, page = answered(bundle, tmp_path / "run", {"mine.csv": f"id,kind\n{rows}".encode()}, columns=column)
    assert (code, scores) == (3, None)
    assert "submission/too-large-score" in page


def test_scoring_stops_before_codabench_stops_it(bundle: Path, tmp_path: Path) -> None:
    code, scores, page = answered(bundle, tmp_path / "run", {"mine.csv": good()}, seconds=0.001)
    assert (code, scores) == (3, None)
    assert "submission/too-slow" in page


def test_a_broken_reference_is_the_organizers_fault(bundle: Path, tmp_path: Path) -> None:
    write_reference(open_bundle(bundle), tmp_path / "run/ref", public_only=False)
    solution = tmp_path / "run/ref/private/solution.csv"
    solution.write_bytes(solution.read_bytes().replace(b"coral", b"sand"))
    write_file(tmp_path / "run/ref/codabench.json", canonical_json({"part": "private", "columns": COLUMNS}))
    write_file(tmp_path / "run/res/mine.csv", good())
    (tmp_path / "run/out").mkdir()
    assert main([str(tmp_path / "run"), str(tmp_path / "run/out")]) == 1
    page = (tmp_path / "run/out/detailed_results.html").read_text(encoding="utf-8")
    assert "tell them" in page
    assert "bundle/changed" in page


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_found_where_it_was_unpacked(tmp_path: Path, name: str) -> None:
    """A zip of images is unpacked by the platform, any other file lies as it is."""
    form = FORMS[name]
    bundle = form.write(tmp_path / "bundle")
    if zipfile.is_zipfile(io.BytesIO(form.good)):
        with zipfile.ZipFile(io.BytesIO(form.good)) as archive:
            sent = {member: archive.read(member) for member in archive.namelist()}
    else:
        sent = {f"mine{form.suffix}": form.good}
    column = [{"key": "x", "label": "x", "metric": measure(bundle), "group": ""}]
    code, scores, _ = answered(bundle, tmp_path / "run", sent, part="private", columns=column)
    assert code == 0
    assert scores is not None
    assert set(scores) == {"x"}


def measure(bundle: Path) -> str:
    """The name of the measure that ranks."""
    from compete.scoring.measures import measures_of

    return measures_of(open_bundle(bundle).terms)[0].name
