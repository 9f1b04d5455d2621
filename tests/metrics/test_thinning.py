"""Skeletons: the published rules pixel by pixel, and a topology that stays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import metrics
from metrics import skeletons
from metrics.inputs import MetricError
from metrics.thinning import skeleton

assert skeletons


def blobs(seed, dimensions, side=24):
    random = np.random.default_rng(seed)
    shape = random.integers(1, side, size=dimensions)
    return ndimage.gaussian_filter(random.normal(size=shape), random.choice([0, 1, 2])) > random.choice(
        [-0.05, 0, 0.05]
    )


def guo_hall(region):
    """Guo and Hall's algorithm A1 read from the paper, a pixel at a time."""
    image = np.pad(region.astype(int), 1)
    while True:
        before = image.copy()
        for first in (True, False):
            gone = []
            for i, j in np.argwhere(image).tolist():
                x = [0] + [
                    image[i + a, j + b]
                    for a, b in ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
                ]
                x.append(x[1])
                crossings = sum(1 for k in (1, 3, 5, 7) if not x[k] and (x[k + 1] or x[k + 2]))
                ahead = sum(1 for k in (1, 3, 5, 7) if x[k] or x[k + 1])
                behind = sum(1 for k in (2, 4, 6, 8) if x[k] or x[k + 1])
                side = (x[2] or x[3] or not x[8]) and x[1] if first else (x[6] or x[7] or not x[4]) and x[5]
                if crossings == 1 and 2 <= min(ahead, behind) <= 3 and not side:
                    gone.append((i, j))
            for place in gone:
                image[place] = 0
        if (image == before).all():
            return image[1:-1, 1:-1].astype(bool)


@pytest.mark.parametrize("seed", range(40))
def test_images_are_thinned_by_the_published_rules(seed):
    region = blobs(seed, 2)
    np.testing.assert_array_equal(skeleton(region), guo_hall(region))


def holes(region):
    """Parts of the background that share faces (edges in the plane), with what lies beyond the image."""
    return ndimage.label(~np.pad(region, 1))[1]


def euler(volume):
    """Corners less edges plus faces less cubes of a volume of closed cubes."""
    total = 0
    for doubled in np.ndindex(2, 2, 2):
        parts = np.pad(volume, 1)
        for axis, between in enumerate(doubled):
            if between:
                one = np.moveaxis(parts, axis, 0)
                parts = np.moveaxis(one[1:] | one[:-1], 0, axis)
        total += (-1) ** (3 - sum(doubled)) * np.count_nonzero(parts)
    return total


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_nothing_breaks_joins_or_is_pierced(seed, dimensions):
    region = blobs(100 + seed, dimensions, 24 if dimensions == 2 else 10)
    line = skeleton(region)
    assert not (line & ~region).any()
    touching = np.ones((3,) * dimensions)
    assert ndimage.label(line, touching)[1] == ndimage.label(region, touching)[1]
    assert holes(line) == holes(region)
    if dimensions == 3:
        assert euler(line) == euler(region)
    np.testing.assert_array_equal(skeleton(line), line)


def test_a_bar_becomes_its_axis_and_a_ring_a_loop():
    bar = np.zeros((7, 7, 20), dtype=bool)
    bar[2:5, 2:5, 2:18] = True
    line = skeleton(bar)
    place = np.argwhere(line)
    assert 10 <= len(place) <= 16
    assert (place[:, :2] == 3).all()
    across, along = np.mgrid[-10:11, -10:11]
    ring = np.abs(np.hypot(across, along) - 7) < 2
    loop = skeleton(ring)
    assert np.abs(np.hypot(across, along)[loop] - 7).max() < 1.5
    assert loop.sum() < ring.sum() / 2.5
    assert holes(loop) == 2


def test_other_shapes_are_refused():
    with pytest.raises(MetricError, match="two or three"):
        skeleton(np.ones(4, dtype=bool))


def tube(offset, gap=0):
    volume = np.zeros((9, 12, 24), dtype=np.uint8)
    volume[3:6, 4 + offset : 7 + offset, 2:22] = 1
    volume[:, :, 12 : 12 + gap] = 0
    return volume


def test_centre_line_dice_of_tubes():
    score = metrics.get("cldice", positive=1)
    assert score([tube(0)], [tube(0)]) == 1.0
    assert score([tube(0)], [tube(1)]) == 1.0  # each centre line still lies in the other tube
    assert score([tube(0)], [tube(3)]) == 0.0
    broken = score([tube(0)], [tube(0, gap=4)])
    line, other = skeleton(tube(0)), skeleton(tube(0, gap=4))
    found, right = (line & (tube(0, 4) > 0)).sum() / line.sum(), (other & (tube(0) > 0)).sum() / other.sum()
    assert broken == pytest.approx(2 * found * right / (found + right), abs=1e-15)
    assert 0.8 < broken < 1


def test_a_class_on_one_side_counts_nothing_and_on_neither_is_left_out():
    line, nothing = [[1, 1, 1, 0]], [[0, 0, 0, 0]]
    score = metrics.get("cldice", positive=1)
    assert score([line, line, nothing], [line, nothing, nothing], None, [0, 1]) == 0.5
    assert np.isnan(score([nothing], [nothing], None, [0, 1]))
    assert score([nothing], [line], None, [0, 1]) == 0.0
