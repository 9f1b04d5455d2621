"""The shared corpus of bad run lengths, pictures and archives, where it is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from compete.errors import SubmissionError
from compete.scoring.forms import read_images_submission
from metrics.masks import Masks
from tests.scoring.form_images import some_images, terms_of

TERMS = {
    "R": terms_of("runs", "label_maps", classes=("0", "1"), columns=("rle",)),
    "M": terms_of("png", "label_maps", classes=("0", "1")),
}
SAME_SIDES = "R015"
"""Masks along the rows of images that are as high as wide: nothing in the file tells them."""

STRANGE_CONTENT = ("Z008", "Z036", "Z037", "Z039")
"""Archives in good order, whose fault is what they hold."""


def shared() -> Path:
    given = os.environ.get("COMPETE_REAL_DATA", "")
    return Path(given).parent / "corpus" if given else Path("/nonexistent")


def cases():
    manifest = shared() / "manifest.json"
    listed = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [case for case in listed if case["family"] in TERMS]


def read(case):
    """Read a case as its challenge would; the column of run lengths is called otherwise there."""
    truth, raw = json.loads((shared() / "truth.json").read_text("utf-8")), (shared() / case["path"]).read_bytes()
    if case["family"] == "R":
        images = some_images(truth["rid"], [(truth["h"], truth["w"])] * len(truth["rid"]))
        return read_images_submission(raw.replace(b"id,rle_mask", b"id,rle", 1), TERMS["R"], images)
    return read_images_submission(raw, TERMS["M"], some_images(["one"], [(truth["mask"]["h"], truth["mask"]["w"])]))


@pytest.mark.real_data
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_shared_corpus(case):
    expect = case["expect"]
    if expect == "reject":
        with pytest.raises(SubmissionError):
            read(case)
        return
    try:
        found = read(case)
    except SubmissionError:
        assert expect.startswith("either")
        return
    if expect in ("accept", "either"):
        valid = read({**case, "path": f"{case['family']}/{case['family']}000.{case['path'][-3:]}"})
        assert found.canonical_sha256() == valid.canonical_sha256()
    if expect == "warn":
        assert found.warnings or case["id"] == SAME_SIDES


@pytest.mark.real_data
@pytest.mark.skipif(not cases(), reason="COMPETE_REAL_DATA names no folder beside the corpus")
def test_the_valid_files_hold_what_they_say():
    truth = json.loads((shared() / "truth.json").read_text("utf-8"))
    maps = read({"family": "R", "path": "R/R000.csv"}).values
    for place, text in enumerate(truth["pr"]):
        (area,) = Masks.from_pairs([text], truth["h"], truth["w"]).bitmaps()
        np.testing.assert_array_equal(maps.array(place), area)
    left, top, right, bottom = truth["mask"]["box"]
    array = read({"family": "M", "path": "mask_gt.png"}).values.array(0)
    assert array[top:bottom, left:right].all()
    assert array.sum() == (right - left) * (bottom - top)


def archives():
    manifest = shared() / "manifest.json"
    listed = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [case for case in listed if case["family"] == "Z" and case["expect"] == "reject"]


@pytest.mark.real_data
@pytest.mark.parametrize("case", archives(), ids=lambda case: case["id"])
def test_bad_archives_are_refused_before_their_pictures_are_read(case):
    with pytest.raises(SubmissionError) as caught:
        read_images_submission(shared() / case["path"], TERMS["M"], some_images())
    rules = {finding.rule for finding in caught.value.findings}
    if case["id"] not in STRANGE_CONTENT:
        rules.discard("archive/unexpected-member")  # the archives hold a table, which no archive of pictures does
    assert {rule for rule in rules if rule.startswith("archive/")}, rules
