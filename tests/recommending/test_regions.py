"""Connected regions from runs, against scipy, which draws every pixel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from compete.recommending.regions import connected_regions
from metrics.label_maps import LabelMaps


def drawn(arrays: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]], values: list[int]) -> set[tuple[object, ...]]:
    """Image, value, box and pixels of every region."""
    found: set[tuple[object, ...]] = set()
    for image, array in enumerate(arrays):
        for value in values:
            numbers, _ = ndimage.label(array == value, structure=np.ones((3,) * array.ndim))
            for number, box in enumerate(ndimage.find_objects(numbers)):
                low, high = tuple(side.start for side in box), tuple(side.stop for side in box)
                found.add((image, value, low, high, (numbers[box] == number + 1).tobytes()))
    return found


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_regions_are_those_that_scipy_draws(dimensions: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes = [tuple(random.integers(1, 9, dimensions)) for _ in range(5)]
    arrays = [random.integers(0, 3, shape).astype(np.uint8) for shape in shapes]
    regions = connected_regions(LabelMaps.from_arrays(arrays), [1, 2])
    found = {
        (int(regions.image[row]), int(regions.value[row]), tuple(regions.low[row].tolist()),
         tuple(regions.high[row].tolist()), regions.shape(row).tobytes())
        for row in range(len(regions))
    }  # fmt: skip
    assert found == drawn(arrays, [1, 2])
    assert len(found) == len(regions)
    assert regions.area.tolist() == [int(regions.shape(row).sum()) for row in range(len(regions))]


def test_runs_that_meet_and_bear_one_value_are_one_region() -> None:
    runs = LabelMaps.from_runs(np.array([1, 1, 0], np.uint8), np.array([1, 2, 3]), np.array([3]), [[2, 3]])
    assert connected_regions(runs, [1]).area.tolist() == [3]


def test_no_region_is_none() -> None:
    regions = connected_regions(LabelMaps.from_arrays([np.zeros((4, 4), np.uint8)]), [1])
    assert len(regions) == 0
    assert regions.low.shape == (0, 2)
