"""Exact distances against scipy's transform and against all pairs of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import distance_transform_edt

from metrics import distances
from metrics.distances import distance_transform, distances_both_ways
from metrics.inputs import MetricError

SPACINGS = ([1.0, 1.0, 1.0], [0.3, 1.0, 2.5], [7e-3, 1.0, 40.0], [3.0, 1e-6, 1.0])


def random_sets(seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 26, size=2 + seed % 2))
    first, second = (random.random(shape) < share for share in random.choice([0.003, 0.03, 0.3], size=2))
    first.flat[random.integers(first.size)] = True
    second.flat[random.integers(second.size)] = True
    return first, second, random.permutation(SPACINGS[seed % len(SPACINGS)])[: len(shape)]


@pytest.mark.parametrize("seed", range(60))
def test_distances_are_those_of_scipy(seed):
    first, second, spacing = random_sets(seed)
    to_first, to_second = (distance_transform_edt(~one, sampling=spacing) for one in (first, second))
    np.testing.assert_allclose(distance_transform(first, spacing), to_first, rtol=1e-12, atol=0)
    there, back = distances_both_ways(first, second, spacing)
    np.testing.assert_allclose(there, to_second[first], rtol=1e-12, atol=0)
    np.testing.assert_allclose(back, to_first[second], rtol=1e-12, atol=0)


@pytest.mark.parametrize("block", [1, 64])
@pytest.mark.parametrize("seed", range(6))
def test_the_size_of_blocks_does_not_matter(monkeypatch, block, seed):
    first, second, spacing = random_sets(seed)
    whole = (distance_transform(first, spacing), *distances_both_ways(first, second, spacing))
    monkeypatch.setattr(distances, "BLOCK", block)
    again = (distance_transform(first, spacing), *distances_both_ways(first, second, spacing))
    for one, other in zip(again, whole, strict=True):
        np.testing.assert_array_equal(one, other)


@given(arrays.arrays(np.bool_, st.sampled_from([(1, 1), (5, 6), (1, 9), (3, 4, 2), (2, 1, 5)])), st.data())
def test_distances_are_the_least_over_all_pairs(first, data):
    second = data.draw(arrays.arrays(np.bool_, first.shape))
    spacing = np.array(data.draw(st.sampled_from(SPACINGS)))[: first.ndim]
    one, other = np.argwhere(first) * spacing, np.argwhere(second) * spacing
    table = np.sqrt(((one[:, None] - other[None]) ** 2).sum(axis=-1))
    there, back = distances_both_ways(first, second, spacing)
    np.testing.assert_allclose(there, table.min(axis=1, initial=np.inf), rtol=1e-12)
    np.testing.assert_allclose(back, table.min(axis=0, initial=np.inf), rtol=1e-12)


def test_far_apart_along_each_axis():
    for shape in ((400, 3), (3, 400), (120, 2, 2), (2, 120, 2), (2, 2, 120)):
        first, second = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        first.flat[0], second.flat[-1] = True, True
        far = np.sqrt(((np.array(shape) - 1) ** 2).sum())
        assert [side.tolist() for side in distances_both_ways(first, second)] == [[far], [far]]


def test_a_line_longer_than_16_bit_numbers_reach():
    first = np.zeros((20_000, 1), dtype=bool)
    first[0] = True
    assert distance_transform(first)[-1, 0] == 19_999


def test_nothing_is_infinitely_far():
    nothing = np.zeros((3, 4), dtype=bool)
    assert np.isinf(distance_transform(nothing)).all()
    there, back = distances_both_ways(~nothing, nothing)
    assert np.isinf(there).all()
    assert len(there) == 12
    assert len(back) == 0


@pytest.mark.parametrize(
    ("first", "second", "spacing", "says"),
    [
        ([True], [True], None, "two or three"),
        (np.zeros((0, 3)), np.zeros((0, 3)), None, "two or three"),
        (np.zeros((2, 3)), np.zeros((3, 2)), None, "one image"),
        (np.zeros((2, 3)), np.zeros((2, 3)), (1.0,), "positive numbers"),
        (np.zeros((2, 3)), np.zeros((2, 3)), (1.0, 0.0), "positive numbers"),
        (np.zeros((2, 3)), np.zeros((2, 3)), (1.0, np.nan), "positive numbers"),
    ],
)
def test_what_has_no_distances_is_told(first, second, spacing, says):
    with pytest.raises(MetricError, match=says):
        distances_both_ways(first, second, spacing)
