"""A truth whose tables do not fit the terms is no truth: it is refused as a bundle that is not as it was built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from compete.bundle import Bundle
from compete.errors import BundleError, UsageError
from compete.hidden import pack_truth
from compete.scoring.result import Result
from compete.scoring.truth import read_truth, truth_of, wanted_items
from tests.scoring.bundles import table
from tests.scoring.every_form import FORMS, IDS, IMAGES, SITE, USAGE, N
from tests.scoring.form_images import random_boxes

COLUMNS = {
    "labels": {"label": ["cat"] * N},
    "flags": {"x": [0, 1] * (N // 2), "y": [1, 0] * (N // 2)},
    "values": {"value": [0.5] * N},
}


def solution(name: str, **changed: Any) -> bytes:
    """A solution of a form, with some columns changed."""
    return table({"id": IDS, **COLUMNS[name], "Usage": USAGE, "site": SITE, **changed})


@pytest.mark.parametrize("name", COLUMNS)
def test_a_good_table_is_read(name: str) -> None:
    assert truth_of(FORMS[name].terms, solution(name)).n == N


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("labels", {"label": ["cow"] + ["cat"] * (N - 1)}),
        ("labels", {"id": [IDS[0], *IDS[:-1]]}),
        ("labels", {"Usage": ["Secret", *USAGE[1:]]}),
        ("flags", {"x": [2] + [0] * (N - 1)}),
        ("flags", {"y": [0.5] + [0] * (N - 1)}),
        ("values", {"value": ["x"] + [0] * (N - 1)}),
    ],
)
def test_a_table_that_does_not_fit_is_refused(name: str, changed: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match=r"solution\.csv"):
        truth_of(FORMS[name].terms, solution(name, **changed))


def test_another_number_of_images_is_refused() -> None:
    listed = {"id": IMAGES.ids.column.tolist(), "width": IMAGES.width.tolist(), "height": IMAGES.height.tolist()}
    raw = table({**listed, "Usage": ["Public", "Private"] * 2})
    boxes = random_boxes(np.random.default_rng(0))
    terms = FORMS["COCO boxes"].terms
    assert truth_of(terms, raw, packed=pack_truth(boxes)).n == 4
    with pytest.raises(BundleError, match="bundle/changed"):
        truth_of(terms, raw, packed=pack_truth(replace(boxes, images=5)))


def test_groups_of_other_items_are_refused() -> None:
    terms = replace(FORMS["labels"].terms, grouped=True)
    raw = table({"id": IDS, "label": ["cat"] * N})
    groups = {"group": [place % 7 for place in range(N)], "site": SITE}
    truth = truth_of(terms, raw, on="train", groups=table({"id": IDS, **groups}))
    assert truth.cluster is not None
    assert len(np.unique(truth.cluster)) == 7
    with pytest.raises(BundleError, match=r"train_groups\.csv"):
        truth_of(terms, raw, on="train", groups=table({"id": IDS[::-1], **groups}))


def test_only_test_and_train_are_known(tmp_path: Any) -> None:
    from compete.bundle import open_bundle

    opened: Bundle = open_bundle(FORMS["labels"].write(tmp_path / "b"))
    for ask in (read_truth, wanted_items):
        with pytest.raises(UsageError, match="--on all"):
            ask(opened, "all")


@pytest.mark.parametrize("missing", ["private/solution.csv", "public/sample_submission.csv"])
def test_a_file_that_is_gone_is_named(tmp_path: Any, missing: str) -> None:
    from compete.bundle import open_bundle

    bundle = FORMS["labels"].write(tmp_path / "b")
    (bundle / missing).unlink()
    ask = read_truth if missing.startswith("private") else wanted_items
    with pytest.raises(BundleError, match="bundle/missing"):
        ask(open_bundle(bundle), "test")


def test_a_result_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="a result of format 99"):
        Result.from_dict({"format": 99})
