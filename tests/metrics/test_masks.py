"""Masks beside pycocotools: areas, boxes, overlaps and unions of random and of awkward ones."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as peer

from metrics import cores, mask_columns, run_lengths
from metrics.inputs import MetricError
from metrics.mask_overlap import mask_iou
from metrics.masks import Masks


def bitmaps_of(seed: int, height: int, width: int) -> np.ndarray:
    """Masks of many kinds: empty, full, lines, noise, blobs, stripes that go on in the next column."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    kinds = [
        np.zeros((height, width), bool),
        np.ones((height, width), bool),
        x == random.integers(width),
        y == random.integers(height),
        (x + y) % 2 == 0,
        y != height // 2,
        (x + 3 * y) % 7 > 2,
        *(random.random((height, width)) < share for share in (0.02, 0.5, 0.98)),
    ]
    for _ in range(10):
        row, column, high, wide = random.random(4) * (height, width, height / 2, width / 2)
        kinds.append(((y - row) / (high + 0.1)) ** 2 + ((x - column) / (wide + 0.1)) ** 2 < 1)
    kinds.append(kinds[-1] & ~kinds[-2])
    return np.array(kinds)


def peers_of(bitmaps: np.ndarray) -> list[dict]:
    """The same masks by pycocotools."""
    return peer.encode(np.asfortranarray(bitmaps.transpose(1, 2, 0).astype(np.uint8)))


def texts_of(masks: Masks) -> list[bytes]:
    """The text of each mask."""
    return [masks.text[a:b].tobytes() for a, b in pairwise(masks.start)]


CASES = [(0, 1, 1), (1, 1, 40), (2, 40, 1), (3, 7, 5), (4, 33, 64), (5, 90, 41), (6, 5, 300)]


@pytest.mark.parametrize(("seed", "height", "width"), CASES)
def test_all_numbers_are_those_of_pycocotools(seed, height, width):
    bitmaps = bitmaps_of(seed, height, width)
    theirs = peers_of(bitmaps)
    masks = Masks.from_bitmaps(bitmaps)
    assert texts_of(masks) == [one["counts"] for one in theirs]
    assert masks.area.tolist() == [int(peer.area(one)) for one in theirs]
    np.testing.assert_array_equal(masks.box, peer.toBbox(theirs))
    np.testing.assert_array_equal(masks.reach[:, [0, 2]], masks.box[:, [0, 2]])
    np.testing.assert_array_equal(masks.reach[:, [1, 3]], np.where(masks.area > 0, height, 0)[:, None] * [0, 1])
    for ours, bitmap in zip(masks.bitmaps(), bitmaps, strict=True):
        np.testing.assert_array_equal(ours, bitmap)
    random = np.random.default_rng(seed)
    crowd = random.random(len(masks)) < 0.4
    i, j = np.divmod(np.arange(len(masks) ** 2), len(masks))
    wanted = peer.iou(theirs, theirs, crowd.astype(np.uint8)).ravel()
    order = random.permutation(len(i))
    i, j, wanted = i[order], j[order], wanted[order]
    np.testing.assert_array_equal(mask_iou(masks, i, masks, j, crowd[j]), wanted)
    for least in (0.3, 0.5, 1.0):
        found = mask_iou(masks, i, masks, j, crowd[j], least=least)
        np.testing.assert_array_equal(found, np.where((found == 0) & (wanted < least), 0, wanted))
        assert (found[wanted >= least] > 0).all()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("portion", [(1, 1, 1, 1), (50, 400, 64, 2), (1 << 19, 1 << 22, 7, 2)])
def test_portions_and_threads_do_not_show(case, portion, monkeypatch):
    chunk, work, cells, number = portion
    masks = Masks.from_bitmaps(bitmaps_of(*case))
    i, j = np.divmod(np.arange(len(masks) ** 2), len(masks))
    wanted, area, box = mask_iou(masks, i, masks, j), masks.area, masks.box
    monkeypatch.setattr(run_lengths.chunks, "__defaults__", (chunk,))
    monkeypatch.setattr(mask_columns, "WORK", work)
    monkeypatch.setattr(mask_columns, "CELLS", cells)
    monkeypatch.setattr(cores, "CORES", number)
    monkeypatch.setattr(cores, "core_count", lambda: number)
    again = Masks(masks.height, masks.width, masks.text, masks.start)
    np.testing.assert_array_equal(again.area, area)
    np.testing.assert_array_equal(again.box, box)
    np.testing.assert_array_equal(mask_iou(again, i, again, j), wanted)


def test_masks_of_several_sizes_stand_side_by_side():
    groups = [bitmaps_of(seed, height, width) for seed, height, width in CASES]
    masks = Masks.from_bitmaps([bitmap for group in groups for bitmap in group])
    theirs = [one for group in groups for one in peers_of(group)]
    np.testing.assert_array_equal(masks.box, np.concatenate([peer.toBbox(peers_of(group)) for group in groups]))
    size = len(groups[0])
    i, j = np.divmod(np.arange(size**2), size)
    i, j = (np.concatenate([one + size * group for group in range(len(groups))]) for one in (i, j))
    wanted = [
        peer.iou(theirs[k : k + size], theirs[k : k + size], [0] * size).ravel() for k in range(0, len(theirs), size)
    ]
    np.testing.assert_array_equal(mask_iou(masks, i, masks, j), np.concatenate(wanted))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=14), min_size=2, max_size=5), st.integers(1, 9))
def test_empty_runs_are_no_pixels(parts, height):
    """Runs of length 0 are read as nothing, wherever they stand; pycocotools counts them into boxes and overlaps."""
    width = -(-max(map(sum, parts)) // height) or 1
    parts = [
        [*part, 0, height * width - sum(part)] if len(part) % 2 else [*part, height * width - sum(part)]
        for part in parts
    ]
    masks = Masks.from_counts(parts, height, width)
    clean = Masks.from_bitmaps(list(masks.bitmaps()))
    assert masks.faults.tolist() == [0] * len(parts)
    assert masks.area.tolist() == clean.area.tolist() == [sum(part[1::2]) for part in parts]
    assert masks.box.tolist() == clean.box.tolist()
    i, j = np.divmod(np.arange(len(parts) ** 2), len(parts))
    assert mask_iou(masks, i, masks, j).tolist() == mask_iou(clean, i, clean, j).tolist()


@pytest.mark.parametrize(("seed", "height", "width"), CASES)
def test_union_is_that_of_pycocotools(seed, height, width):
    bitmaps = bitmaps_of(seed, height, width)
    group = np.random.default_rng(seed).permutation(np.arange(len(bitmaps)) % 5)
    theirs = peers_of(bitmaps)
    wanted = [peer.merge([theirs[k] for k in np.flatnonzero(group == one)])["counts"] for one in range(5)]
    assert texts_of(Masks.from_bitmaps(bitmaps).union(group)) == wanted


def test_take_is_what_was_taken():
    masks = Masks.from_bitmaps(bitmaps_of(3, 12, 9))
    for index in ([2, 2, 0], [], np.arange(len(masks)) % 3 == 0):
        fresh = Masks(masks.height, masks.width, masks.text, masks.start)
        unknown = fresh.take(np.array(index, dtype=bool if len(index) > 9 else int))
        assert fresh.area.tolist() == masks.area.tolist()
        known = fresh.take(np.array(index, dtype=bool if len(index) > 9 else int))
        rows = np.arange(len(masks))[np.array(index, dtype=bool if len(index) > 9 else int)]
        for part in (unknown, known):
            assert texts_of(part) == [texts_of(masks)[row] for row in rows]
            assert part.box.tolist() == masks.box[rows].tolist()
            assert part.area.tolist() == masks.area[rows].tolist()


def test_no_masks_are_no_masks():
    for masks in (Masks.from_compressed([], 5, 5), Masks.from_bitmaps([]), Masks.from_polygons([], 5, 5)):
        assert len(masks) == 0
        assert masks.area.shape == (0,)
        assert masks.box.shape == (0, 4)
        assert list(masks.bitmaps()) == []
        assert len(masks.union(np.zeros(0, int))) == 0
        assert mask_iou(masks, [], masks, []).shape == (0,)


def test_text_and_bytes_are_read_alike():
    masks = Masks.from_bitmaps(bitmaps_of(4, 20, 20))
    texts = texts_of(masks)
    assert texts_of(Masks.from_compressed(texts, 20, 20)) == texts
    assert texts_of(Masks.from_compressed([text.decode() for text in texts], 20, 20)) == texts
    count, begin = masks.counts()
    parts = [count[a:b] for a, b in pairwise(begin)]
    assert texts_of(Masks.from_counts(parts, 20, 20)) == texts
    assert texts_of(Masks.from_counts([part.tolist() for part in parts], 20, 20)) == texts


def test_foreign_characters_are_faults():
    found = Masks.from_compressed(["522", "52\u0662", "52é", "\ud800", "522"], 3, 3).faults.tolist()
    assert found == [0, *[run_lengths.CHARACTER] * 3, 0]


def test_bad_masks_are_told_before_use():
    masks = Masks.from_compressed(["522", "523"], 3, 3)
    for use in (lambda: masks.area, lambda: masks.box, lambda: list(masks.bitmaps()), masks.counts):
        with pytest.raises(MetricError, match="1 of 2 masks cannot be read; mask 1 covers more pixels"):
            use()
    with pytest.raises(MetricError, match="cannot be read"):
        mask_iou(masks, [0], masks, [0])
    assert masks.take([0]).area.tolist() == [2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Masks.from_compressed(["522", b"522"], 3, 3), "compressed run lengths are text"),
        (lambda: Masks.from_compressed([None], 3, 3), "compressed run lengths are text"),
        (lambda: Masks.from_compressed(["522"], 3.0, 3), "height and width must be whole"),
        (lambda: Masks.from_compressed(["522"], [3, 3], 3), "as many heights"),
        (lambda: Masks.from_counts([[5, 2.0, 2]], 3, 3), "runs must be whole"),
        (lambda: Masks.from_counts([[5, True, 3]], 3, 3), "runs must be whole"),
        (lambda: Masks.from_counts([np.array([5.0, 4.0])], 3, 3), "runs must be whole"),
        (lambda: Masks.from_bitmaps([np.zeros(3)]), "must have shape"),
        (lambda: Masks.from_bitmaps(np.zeros((2, 2))), "must have shape"),
        (lambda: Masks.from_bitmaps([np.ones((2, 2)), np.ones((3, 2))]).union([0, 0]), "differ in height or width"),
        (lambda: Masks.from_bitmaps(np.ones((1, 2, 2))).union([1]), "a group has no mask"),
        (lambda: Masks.from_bitmaps(np.ones((1, 2, 2))).union([0, 0]), "group must be 1 whole"),
        (lambda: Masks.from_bitmaps(np.ones((1, 2, 2))).union([0.0]), "group must be whole"),
    ],
)
def test_what_is_no_mask_is_refused(make, message):
    with pytest.raises(MetricError, match=message):
        make()


def test_sizes_out_of_range_are_faults():
    sizes = np.array([0, -3, 1 << 40, 40_000, 3])
    masks = Masks.from_compressed(["9"] * 5, sizes, 3)
    assert masks.faults.tolist() == [run_lengths.SIZE] * 4 + [0]
    assert Masks(sizes, np.full(5, 3), masks.text, masks.start).faults.tolist() == masks.faults.tolist()


def test_pairs_must_fit():
    masks = Masks.from_bitmaps([np.ones((2, 3)), np.ones((3, 2))])
    with pytest.raises(MetricError, match="the masks of a pair differ"):
        mask_iou(masks, [0], masks, [1])
    with pytest.raises(MetricError, match="give as many of both"):
        mask_iou(masks, [0, 0], masks, [1])
    with pytest.raises(MetricError, match="give as many of both"):
        mask_iou(masks, [0], masks, [0], np.array([True, False]))


def test_few_characters_do_not_take_much_memory():
    """Masks of few characters and many columns are taken in portions, each of which fits in the memory."""
    side, many = 16_000, 600
    masks = Masks.from_counts([[0, side * side]] * many, side, side)
    assert mask_iou(masks, np.arange(many), masks, np.arange(many)).tolist() == [1.0] * many


def test_a_fault_in_a_thread_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(cores, "core_count", lambda: 2)
    done: list[int] = []
    both = threading.Barrier(2, timeout=20)

    def work(part: int) -> None:
        if part < 2:
            both.wait()
        if part == 1:
            raise MetricError("part 1")
        done.append(part)

    with pytest.raises(MetricError, match="part 1"):
        cores.on_cores(work, range(1000))
    assert len(done) < 1000


@pytest.mark.parametrize("compressed", [False, True])
def test_two_lists_are_woven_into_one(compressed):
    random = np.random.default_rng(5)
    bitmaps = [random.random((7, 9)) < share for share in (0.5, 0, 0.3, 1, 0.9, 0.1)]
    masks = Masks.from_bitmaps(bitmaps)
    place = np.array([0, 3, 5])
    parts = [masks.take(np.setdiff1d(np.arange(6), place)), masks.take(place)]
    if compressed:
        parts[1] = Masks(parts[1].height, parts[1].width, parts[1].text, parts[1].start)
        assert parts[1].runs is None
    whole = parts[0].woven(parts[1], place)
    assert texts_of(whole) == texts_of(masks)
    assert whole.area.tolist() == [int(bitmap.sum()) for bitmap in bitmaps]


def test_masks_of_runs_and_of_texts_are_the_same_masks():
    random = np.random.default_rng(6)
    masks = Masks.from_bitmaps([random.random((11, 6)) < 0.6 for _ in range(20)])
    fresh = Masks(masks.height, masks.width, masks.text, masks.start)
    assert masks.runs is not None
    assert fresh.runs is None
    for name in ("area", "box", "reach"):
        assert getattr(masks, name).tolist() == getattr(fresh, name).tolist()
    i, j = (side.ravel() for side in np.meshgrid(np.arange(20), np.arange(20)))
    assert mask_iou(masks, i, fresh, j).tolist() == mask_iou(fresh, i, masks, j).tolist()
    assert texts_of(masks.take([3, 1])) == texts_of(fresh.take([3, 1]))
    with pytest.raises(AttributeError, match="no 'colour'"):
        _ = masks.colour
    with pytest.raises(AttributeError, match="no 'text'"):
        _ = object.__new__(Masks).text
