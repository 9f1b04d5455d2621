"""Boundaries beside scipy's erosion, and Boundary IoU beside its definition."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as peer
from scipy import ndimage

from metrics import boundary
from metrics.boundary import boundaries, boundary_iou
from metrics.inputs import MetricError
from metrics.mask_overlap import mask_iou
from metrics.masks import Masks
from tests.metrics.test_masks import CASES, bitmaps_of


def band_of(bitmap: np.ndarray, ratio: float) -> np.ndarray:
    """The boundary as published: eroded so many times by a square of 3 × 3, the outside being background."""
    steps = max(1, round(ratio * float(np.hypot(*bitmap.shape))))
    inner = ndimage.binary_erosion(np.pad(bitmap, 1), np.ones((3, 3)), iterations=steps)
    return bitmap & ~inner[1:-1, 1:-1]


@pytest.mark.parametrize("ratio", [0.0, 0.02, 0.06, 0.3])
@pytest.mark.parametrize("pixels", [1, 1 << 23])
@pytest.mark.parametrize("case", CASES)
def test_boundaries_are_what_erosion_leaves(case, pixels, ratio, monkeypatch):
    monkeypatch.setattr(boundary, "PIXELS", pixels)
    bitmaps = bitmaps_of(*case)
    bitmaps = np.concatenate((bitmaps, [ndimage.binary_closing(bitmap, iterations=2) for bitmap in bitmaps]))
    found = boundaries(Masks.from_bitmaps(bitmaps), ratio)
    for band, bitmap in zip(found.bitmaps(), bitmaps, strict=True):
        np.testing.assert_array_equal(band, band_of(bitmap, ratio))


@pytest.mark.parametrize(("seed", "height", "width"), CASES)
def test_boundary_iou_is_the_iou_of_boundaries(seed, height, width):
    bitmaps = bitmaps_of(seed, height, width)
    masks = Masks.from_bitmaps(bitmaps)
    bands = [peer.encode(np.asfortranarray(band_of(bitmap, 0.05).astype(np.uint8))) for bitmap in bitmaps]
    random = np.random.default_rng(seed)
    i, j = random.integers(0, len(masks), (2, 200))
    crowd = random.random(len(masks)) < 0.3
    wanted = peer.iou(bands, bands, crowd.astype(np.uint8))[i, j]
    np.testing.assert_array_equal(boundary_iou(masks, i, masks, j, crowd[j], ratio=0.05), wanted)
    high = boundary_iou(masks, i, masks, j, crowd[j], ratio=0.05, least=0.5)
    np.testing.assert_array_equal(high[wanted >= 0.5], wanted[wanted >= 0.5])


def test_an_outline_shows_what_area_hides():
    """A shift of a large disc costs little area and much boundary."""
    y, x = np.mgrid[:200, :200]
    masks = Masks.from_bitmaps([(x - c) ** 2 + (y - 100) ** 2 < 80**2 for c in (95, 105)])
    assert boundary_iou(masks, [0], masks, [1])[0] < 0.5
    assert mask_iou(masks, [0], masks, [1])[0] > 0.8


def test_no_masks_have_no_boundaries():
    none = Masks.from_bitmaps([])
    assert len(boundaries(none)) == 0
    assert boundary_iou(none, [], none, []).shape == (0,)


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_a_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(MetricError, match="give a share of the diagonal"):
        boundaries(Masks.from_bitmaps([np.ones((3, 3))]), ratio)


def test_bad_masks_have_no_boundaries():
    with pytest.raises(MetricError, match="cannot be read"):
        boundaries(Masks.from_compressed(["5"], 3, 3))
