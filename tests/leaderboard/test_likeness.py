"""How alike predictions are, whatever they are made of."""

from __future__ import annotations

import numpy as np
import pytest

import metrics
from compete.leaderboard.likeness import ROWS, row_codes, share_alike, share_changed, spread
from tests.leaderboard.scenes import objects_of_images


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float64])
@pytest.mark.parametrize("columns", [0, 3])
def test_rows_have_equal_codes_where_they_are_equal_and_nowhere_else(dtype: type, columns: int) -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 5, (2000, columns) if columns else 2000).astype(dtype)
    code = row_codes(values)
    rows = [tuple(np.atleast_1d(row).tolist()) for row in values]
    assert len(set(zip(rows, code.tolist(), strict=True))) == len(set(rows)) == len(set(code.tolist()))


def test_negative_zero_is_zero() -> None:
    assert (row_codes(np.array([0.0, 1.0])) == row_codes(np.array([-0.0, 1.0]))).all()


def test_of_many_rows_some_are_compared_that_lie_evenly() -> None:
    assert len(row_codes(np.zeros(1_000_000, dtype=np.int32))) == ROWS
    index = spread(1_000_000, ROWS)
    assert set(np.diff(index)) <= {122, 123}
    assert spread(3, ROWS).tolist() == [0, 1, 2]


def test_shares_of_changed_and_of_equal_rows() -> None:
    one, other = np.array([1, 1, 1, 2]), np.array([1, 1, 3, 2])
    assert (share_changed(one, other), share_alike(one)) == (0.25, 0.75)


RECORDS = {
    "texts": lambda: metrics.Texts.of(["a", "b", "a"]),
    "lists": lambda: metrics.Lists.of([["a"], ["b", "c"], ["a"]]),
    "label maps": lambda: metrics.LabelMaps.from_arrays(
        [np.eye(3, dtype=int), np.ones((2, 2), dtype=int), np.eye(3, dtype=int)]
    ),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_records_are_compared_item_by_item(kind: str) -> None:
    code = row_codes(RECORDS[kind]())
    assert code[0] == code[2] != code[1]


def test_objects_are_compared_image_by_image() -> None:
    truth, found = objects_of_images(images=4)
    moved = metrics.Objects(
        images=4,
        categories=1,
        image=found.image,
        category=found.category,
        box=np.where(found.image[:, None] == 2, found.box + 1, found.box),
        score=found.score,
    )
    assert len(row_codes(truth)) == 4
    assert (row_codes(found) != row_codes(moved)).tolist() == [False, False, True, False]


@pytest.mark.parametrize("distinct", [1, 2, 5, 3000])
def test_the_share_of_the_commonest_is_that_of_a_plain_count(distinct: int) -> None:
    random = np.random.default_rng(distinct)
    few = random.integers(0, 1 << 32, distinct, dtype=np.uint32)
    near = few ^ np.uint32(1)  # begins as another does
    code = np.concatenate([few, near])[random.integers(0, 2 * distinct, 5000)]
    assert share_alike(code) == np.unique(code, return_counts=True)[1].max() / 5000
    assert share_alike(code[:0]) == 0
