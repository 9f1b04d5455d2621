"""Label images as runs: what goes in comes out, and two of them laid over each other agree with their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from metrics.inputs import MetricError
from metrics.label_maps import LabelMaps, paired_maps, shared_runs

TYPES = st.sampled_from([np.bool_, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])


@st.composite
def image_lists(draw):
    dimensions = draw(st.sampled_from([2, 3]))
    shapes = arrays.array_shapes(min_dims=dimensions, max_dims=dimensions, max_side=6)
    many = draw(st.integers(1, 5))
    values = st.integers(0, 1) if draw(st.booleans()) else st.sampled_from([0, 1, 100])
    return [
        draw(arrays.arrays(kind, draw(shapes), elements=values.map(bool) if kind is np.bool_ else values))
        for kind in [draw(TYPES) for _ in range(many)]
    ]


def assert_same_images(maps, images):
    assert len(maps) == maps.images == len(images)
    for k, image in enumerate(images):
        np.testing.assert_array_equal(maps.array(k), image.astype(np.int64))
    assert maps.pixels.tolist() == [image.size for image in images]
    assert np.add.reduceat(maps.length.astype(np.int64), maps.start[:-1]).tolist() == maps.pixels.tolist()
    assert maps.value.dtype.kind == "u"


@given(image_lists())
def test_arrays_come_back(images):
    maps = LabelMaps.from_arrays(images)
    assert_same_images(maps, images)
    joint = np.unique(np.concatenate([image.ravel().astype(np.int64) for image in images]))
    np.testing.assert_array_equal(maps.values(), joint)


@given(image_lists())
def test_runs_make_the_same_images(images):
    maps = LabelMaps.from_arrays(images)
    again = LabelMaps.from_runs(maps.value, maps.length, np.diff(maps.start), maps.shape)
    assert_same_images(again, images)
    assert again.value.dtype == maps.value.dtype


@given(image_lists(), st.data())
def test_taken_images_are_those_images(images, data):
    index = np.array(data.draw(st.lists(st.integers(0, len(images) - 1), min_size=1, max_size=6)))
    spacing = np.arange(1.0, 1 + len(images))[:, None] * np.ones(images[0].ndim)
    taken = LabelMaps.from_arrays(images, spacing).take(index)
    assert_same_images(taken, [images[k] for k in index])
    np.testing.assert_array_equal(taken.spacing, spacing[index])
    mask = np.arange(len(images)) == index[0]
    assert_same_images(LabelMaps.from_arrays(images).take(mask), [images[index[0]]])


@given(image_lists())
def test_joined_records_hold_all_images(images):
    parts = [LabelMaps.from_arrays([image], 2.0) for image in images]
    joined = LabelMaps.joined(parts)
    assert_same_images(joined, images)
    assert (joined.spacing == 2).all()


def pairs_of(images, others):
    """How many pixels have each pair of values, image by image, from the pixels."""
    found = {}
    for k, (image, other) in enumerate(zip(images, others, strict=True)):
        for one, two in zip(image.ravel().tolist(), other.ravel().tolist(), strict=True):
            found[k, int(one), int(two)] = found.get((k, int(one), int(two)), 0) + 1
    return found


def pairs_of_runs(first, second):
    """The same from the runs."""
    found = {}
    for part in shared_runs(first, second):
        assert (part.length > 0).all()
        one, two = first.value[part.first], second.value[part.second]
        for k, a, b, length in zip(part.image, one, two, part.length, strict=True):
            found[int(k), int(a), int(b)] = found.get((int(k), int(a), int(b)), 0) + int(length)
    return found


@pytest.mark.parametrize("chunk", [1, 10, 1 << 16])
@pytest.mark.parametrize("seed", range(8))
def test_shared_runs_count_the_pixels(monkeypatch, chunk, seed):
    monkeypatch.setattr("metrics.label_maps.CHUNK", chunk)
    random = np.random.default_rng(seed)
    shapes = [tuple(random.integers(1, 9, size=2 + seed % 2)) for _ in range(7)]
    images, others = ([random.integers(0, 3, size=shape) * (1 + seed) for shape in shapes] for _ in range(2))
    first, second = LabelMaps.from_arrays(images), LabelMaps.from_arrays(others)
    assert pairs_of_runs(first, second) == pairs_of(images, others)


@pytest.mark.parametrize("side", [20_000, 40_000])
def test_images_of_more_than_2_to_the_30_pixels_are_compared(side):
    shape = [[side, side]]
    first = LabelMaps.from_runs([1, 2], [5, side**2 - 5], [2], shape)
    second = LabelMaps.from_runs([1, 2, 1], [7, side**2 - 8, 1], [3], shape)
    wanted = {(0, 1, 1): 5, (0, 2, 1): 3, (0, 2, 2): side**2 - 8}
    assert pairs_of_runs(first, second) == wanted
    both = LabelMaps.joined([first, second])
    again = {(0, 1, 1): 5, (0, 2, 2): side**2 - 5, **{(1, *pair[1:]): pixels for pair, pixels in wanted.items()}}
    assert pairs_of_runs(both.take([0, 0]), both) == again


def test_values_up_to_32_bits_are_kept():
    image = np.array([[0, 2**32 - 1, 2**32 - 2]])
    maps = LabelMaps.from_arrays([image])
    np.testing.assert_array_equal(maps.array(0), image)
    assert maps.values().tolist() == [0, 2**32 - 2, 2**32 - 1]


def test_the_same_runs_may_have_other_values():
    maps = LabelMaps.from_arrays([[[0, 2], [1, 1]]])
    other = maps.revalued(np.array([5, 6, 7], dtype=np.uint8)[maps.value])
    assert other.array(0).tolist() == [[5, 7], [6, 6]]
    with pytest.raises(MetricError, match="do not fit"):
        maps.revalued(np.zeros(2, np.uint8))


@pytest.mark.parametrize(
    ("images", "spacing", "says"),
    [
        ([], None, "no image"),
        ([[1, 2]], None, "1 dimensions"),
        ([[[0.5, 1.0]]], None, "float64"),
        ([[["a"]]], None, "whole numbers"),
        ([[[-1, 0]]], None, "negative"),
        ([[[2**32]]], None, "larger than"),
        ([np.zeros((0, 3), int)], None, "0 pixels"),
        ([[[1, 2], [3]]], None, "different lengths"),
        ([np.ma.masked_array([[1, 2]])], None, "masked"),
        ([np.zeros((2, 2), int), np.zeros((2, 2, 2), int)], None, "two and of three"),
        ([[[1]]], [1.0, 0.0], "positive"),
        ([[[1]]], [1.0, np.nan], "positive"),
        ([[[1]]], [1.0, 1.0, 1.0], "2 numbers"),
        ([[[1]]], "wide", "2 numbers"),
    ],
)
def test_what_is_no_label_image_is_refused(images, spacing, says):
    with pytest.raises(MetricError, match=says):
        LabelMaps.from_arrays(images, spacing)


@pytest.mark.parametrize(
    ("value", "length", "count", "says"),
    [
        ([1, 2], [3, 2], [2], "fill"),
        ([1, 2], [7, -1], [2], "empty"),
        ([1, 2], [6, 0], [2], "empty"),
        ([1, 2], [3], [2], "do not fit"),
        ([1, 2], [3, 3], [1], "do not fit"),
        ([1, 2], [3, 3], [2, 0], "do not fit"),
        ([-1, 2], [3, 3], [2], "negative"),
        ([0.5, 2], [3, 3], [2], "whole numbers"),
        ([1, 2], [2**62, 2**62], [2], "too long"),
    ],
)
def test_runs_that_fill_no_image_are_refused(value, length, count, says):
    with pytest.raises(MetricError, match=says):
        LabelMaps.from_runs(value, length, count, [[2, 3]])


@pytest.mark.parametrize(
    ("images", "others", "says"),
    [
        ([np.zeros((2, 3), int)], [np.zeros((3, 2), int)], "image 0 is 3 x 2 and must be 2 x 3"),
        ([np.zeros((2, 3), int)], [np.zeros((2, 3), int)] * 2, "1 images and y_pred has 2"),
        ([np.zeros((2, 3), int)], [np.zeros((1, 2, 3), int)], "2 dimensions and y_pred has 3"),
    ],
)
def test_images_that_do_not_meet_are_refused(images, others, says):
    with pytest.raises(MetricError, match=says):
        next(shared_runs(LabelMaps.from_arrays(images), LabelMaps.from_arrays(others)))


@pytest.mark.parametrize("shape", [[[0, 3]], [[2, 2, 2, 2]], [[1 << 20, 1 << 20]], [[0.5, 2]], []])
def test_sizes_that_no_image_has_are_refused(shape):
    with pytest.raises(MetricError):
        LabelMaps(shape, np.zeros(1, np.uint8), np.ones(1, np.int32), np.array([0, 1]))


def pixel_pairs(first, second):
    """How many pixels of each image have each pair of values."""
    count = {}
    for shared in shared_runs(first, second):
        columns = (shared.image, first.value[shared.first], second.value[shared.second], shared.length)
        for image, one, other, length in zip(*(column.tolist() for column in columns), strict=True):
            count[image, one, other] = count.get((image, one, other), 0) + length
    return count


@given(image_lists(), st.data())
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("chunk", [3, 1 << 16])
def test_arrays_looked_at_together_are_the_same_images(chunk, cores, images, data):
    values = st.sampled_from([0, 1, 100])
    kinds = TYPES.filter(lambda kind: kind is not np.bool_)
    others = [data.draw(arrays.arrays(data.draw(kinds), one.shape, elements=values)) for one in images]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("metrics.label_maps.CHUNK", chunk)
        patch.setattr("metrics.label_edges.CHUNK", chunk)
        patch.setattr("metrics.cores.CORES", cores)
        patch.setattr("metrics.label_edges.CORES", cores)
        first, second = paired_maps(images, others)
        assert_same_images(first, images)
        assert_same_images(second, others)
        apart = pixel_pairs(LabelMaps.from_arrays(images), LabelMaps.from_arrays(others))
        assert pixel_pairs(first, second) == apart


def test_arrays_that_do_not_meet_are_refused_as_records_are():
    for others in ([np.zeros((2, 3), int)], [np.zeros((2, 3), int), np.zeros((3, 2), int)]):
        first, second = paired_maps([np.zeros((2, 3), int), np.ones((2, 3), int)], others)
        with pytest.raises(MetricError, match=r"aligned|another size"):
            list(shared_runs(first, second))
