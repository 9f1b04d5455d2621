"""The PNG files that are written are read by others as the numbers that were meant."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from compete.png import class_png, png_bytes


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize(("most", "mode"), [(1, "L"), (255, "L"), (256, "I;16"), (65_535, "I;16")])
def test_numbers_of_pixels_come_back(most: int, mode: str) -> None:
    values = np.linspace(0, most, 35).astype(np.int64).reshape(5, 7)
    picture = opened(png_bytes(values))
    assert picture.mode == mode
    np.testing.assert_array_equal(np.asarray(picture), values)


def test_numbers_of_segments_are_three_colours() -> None:
    values = np.array([[0, 255, 256], [65_536, 70_000, (1 << 24) - 1]])
    red, green, blue = np.moveaxis(np.asarray(opened(png_bytes(values, segments=True))).astype(np.int64), -1, 0)
    np.testing.assert_array_equal(red + 256 * green + 65_536 * blue, values)


@pytest.mark.parametrize(("value", "segments"), [(65_536, False), (-1, False), (1 << 24, True), (-1, True)])
def test_a_number_that_no_pixel_holds_is_refused(value: int, segments: bool) -> None:
    with pytest.raises(ValueError, match="pixel of a PNG"):
        png_bytes(np.array([[0, value]]), segments=segments)


@pytest.mark.parametrize(("most", "mode"), [(2, "P"), (255, "P"), (256, "I;16")])
def test_the_depth_of_classes_follows_from_the_largest_that_may_be(most: int, mode: str) -> None:
    values = np.array([[0, 1], [2, 1]])
    picture = opened(class_png(values, most))
    assert picture.mode == mode
    np.testing.assert_array_equal(np.asarray(picture), values)
    if mode == "P":
        colours = picture.getpalette()
        assert colours is not None
        assert colours[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]  # those of PASCAL VOC
        assert len({tuple(colours[at : at + 3]) for at in range(0, 3 * (most + 1), 3)}) == most + 1
