"""The program that platforms call, on whatever may be sent: exit code 0 or 3, JSON, and no word on stderr."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compete.catalogs import result_schema
from compete.scoring.program import main
from tests.scoring.every_form import FORMS, IMAGES, write_image_bundle
from tests.scoring.form_images import random_maps

SCHEMA = jsonschema.Draft202012Validator(result_schema())
PIECES = [
    b"", b"0", b"-", b"9" * 40, b"1e999", b"nan", b"NaN", b"Infinity", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b" ",
    b"\xef\xbb\xbf", b"[", b"]", b"{", b"}", b"null", b"true", b'"score": 0.5, ', b"id,", b"PK\3\4", b"\x89PNG",
    b"\xff\xff\xff\xff", b"\0\0\0\0", b"\\ud800", "\u202e\u2028٣".encode(), b"1 1 1 1", b"-1", b"0.5,0.5", b"1_0",
]  # fmt: skip
QUIET = {"max_examples": 60, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bundle of every form."""
    root = tmp_path_factory.mktemp("forms")
    return {name: form.write(root / name) for name, form in FORMS.items()}


def judged(bundle: Path, file: Path, *words: str) -> dict[str, Any]:
    """What the program says of a file, after a look that it says it as it should."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.simplefilter("error")
        code = main([str(bundle), str(file), "--limit-memory", "0", "--limit-time", "0", *words])
    assert err.getvalue() == ""
    text = out.getvalue()
    assert text.isascii()
    content: dict[str, Any] = json.loads(text)
    assert not list(SCHEMA.iter_errors(content))
    assert code == content.get("exit_code", 0)
    assert code in (0, 3)
    if code:
        fatal = [one for one in content["findings"] if one["severity"] == "error"]
        assert fatal
        assert all(one["message"] and one["where"] and one["hint"] for one in fatal), fatal
        assert all((one["message"] + one["hint"] + "".join(one["items"])).isprintable() for one in fatal), fatal
    return content


@st.composite
def spoiled(draw: st.DrawFn, raw: bytes) -> bytes:
    """A file with a few scratches: bytes cut out, written over, put in or said twice."""
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.integers(0, len(raw)))
        high = low + draw(st.sampled_from([0, 0, 1, 2, 4, 30, 400]))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6), st.just(raw[low:high] * 2)))
        raw = raw[:low] + piece + raw[high:]
    return raw


def members_of(raw: bytes) -> dict[str, bytes]:
    """What an archive holds."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    """An archive in good order, whatever it holds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("name", FORMS)
@settings(**QUIET)
@given(data=st.data())
def test_a_spoiled_file_is_scored_or_refused_and_nothing_else(
    bundles: dict[str, Path], tmp_path: Path, name: str, data: st.DataObject
) -> None:
    file = tmp_path / f"mine{FORMS[name].suffix}"
    file.write_bytes(data.draw(spoiled(FORMS[name].good)))
    judged(bundles[name], file)


@pytest.mark.parametrize("name", FORMS)
@settings(**{**QUIET, "max_examples": 20})
@given(raw=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))))
def test_noise_is_refused(bundles: dict[str, Path], tmp_path: Path, name: str, raw: bytes) -> None:
    file = tmp_path / f"mine{FORMS[name].suffix}"
    file.write_bytes(raw)
    judged(bundles[name], file)


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.suffix == ".zip"])
@settings(**QUIET)
@given(data=st.data())
def test_a_spoiled_file_in_a_good_archive(
    bundles: dict[str, Path], tmp_path: Path, name: str, data: st.DataObject
) -> None:
    members = members_of(FORMS[name].good)
    chosen = data.draw(st.sampled_from(sorted(members)))
    members[chosen] = data.draw(spoiled(members[chosen]))
    file = tmp_path / "mine.zip"
    file.write_bytes(packed(members))
    judged(bundles[name], file)


@pytest.mark.parametrize("ending", [".zip", ".tar", ".gz", ".tgz"])
@settings(**QUIET)
@given(data=st.data())
def test_a_spoiled_archive_of_a_table(
    bundles: dict[str, Path], tmp_path: Path, ending: str, data: st.DataObject
) -> None:
    file = tmp_path / f"mine{ending}"
    file.write_bytes(data.draw(spoiled(packed({"mine.csv": FORMS["labels"].good}))))
    judged(bundles["labels"], file)


@settings(**QUIET)
@given(data=st.data())
def test_any_json_of_the_right_shape(bundles: dict[str, Path], tmp_path: Path, data: st.DataObject) -> None:
    """Results whose every value may be anything that JSON can say."""
    number = st.one_of(st.integers(-5, 70), st.floats(allow_nan=False), st.sampled_from([0, 1, 1e300, -1e300, 2**70]))
    value = st.one_of(number, st.none(), st.booleans(), st.text(max_size=4), st.lists(number, max_size=5))
    mask = st.fixed_dictionaries({"size": value, "counts": st.one_of(value, st.binary(max_size=9).map(repr))})
    shape = st.one_of(value, mask, st.lists(st.lists(number, max_size=9), max_size=3))
    result = st.fixed_dictionaries(
        {"image_id": st.one_of(st.integers(0, 5), value), "category_id": st.one_of(st.integers(0, 4), value)},
        optional={"bbox": value, "segmentation": shape, "keypoints": value, "score": value, "area": value},
    )
    name = data.draw(st.sampled_from(["COCO boxes", "COCO masks", "COCO points"]))
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(data.draw(st.lists(result, max_size=4))))
    judged(bundles[name], file)


@pytest.mark.parametrize("name", FORMS)
def test_good_files_are_scored_and_endings_do_not_matter(bundles: dict[str, Path], tmp_path: Path, name: str) -> None:
    form, scores = FORMS[name], []
    for ending in (form.suffix, form.suffix.upper(), ".dat"):
        (tmp_path / f"mine{ending}").write_bytes(form.good)
        scores.append(judged(bundles[name], tmp_path / f"mine{ending}")["scores"])
    assert scores[0] == scores[1] == scores[2]


def test_a_metric_that_cannot_be_computed_is_told(tmp_path: Path) -> None:
    """`iou` looks at the classes only when it is asked for a number, and here are three."""
    form = FORMS["pictures"]
    bundle = write_image_bundle(
        tmp_path / "bundle", replace(form.terms, metric="iou"), IMAGES, random_maps(np.random.default_rng(1))
    )
    (tmp_path / "mine.zip").write_bytes(form.good)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([str(bundle), str(tmp_path / "mine.zip"), "--limit-memory", "0", "--limit-time", "0"]) == 3
    (finding,) = json.loads(out.getvalue())["findings"]
    assert finding["rule"] == "submission/unfit-values"
    assert finding["where"].endswith("mine.zip")
    assert "there are 3 classes" in finding["message"]
