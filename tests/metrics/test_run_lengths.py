"""COCO's and Kaggle's run lengths: read and written as pycocotools does, and never trusted."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as peer

from metrics import run_lengths
from metrics.inputs import MetricError
from metrics.masks import Masks
from metrics.run_lengths import FAULTS, SIDE, compress, decompress, faults, survey
from metrics.runs import counts_of_runs, merged_runs, read_pairs, runs_of_counts, write_pairs

counts = st.lists(st.integers(0, 300), min_size=1, max_size=40)


def flat(parts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Run lengths of several masks end to end."""
    return np.array([run for part in parts for run in part], dtype=np.int64), np.cumsum([0, *map(len, parts)])


def joined(texts: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Texts of several masks end to end."""
    return np.frombuffer(b"".join(texts), np.uint8), np.cumsum([0, *map(len, texts)])


def read_slowly(text: bytes, height: int, width: int) -> str:
    """What is wrong with a text, by a loop over its characters with Python's whole numbers."""
    if not (0 < height <= SIDE and 0 < width <= SIDE):
        return "height or width"
    if any(not 48 <= character < 112 for character in text):
        return "character"
    if text and text[-1] >= 80:
        return "ends within"
    runs: list[int] = []
    number, size, large = 0, 0, False
    for character in text:
        number |= ((character - 48) & 31) << (5 * size)
        size += 1
        if character < 80:
            large |= size > run_lengths.DIGITS
            number -= (character >= 64) << (5 * size)
            runs.append(number + (runs[-2] if len(runs) > 2 else 0))
            number, size = 0, 0
    if large:
        return "too large"
    if any(run < 0 for run in runs):
        return "negative"
    return {-1: "fewer", 0: "fine", 1: "more"}[int(np.sign(sum(runs) - height * width))]


@settings(deadline=None)
@given(st.lists(counts, max_size=12))
def test_text_makes_a_round_trip(parts):
    count, begin = flat(parts)
    back, start = decompress(*compress(count, begin))
    assert back.tolist() == count.tolist()
    assert start.tolist() == begin.tolist()


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 19])
def test_chunks_do_not_show(chunk, monkeypatch):
    random = np.random.default_rng(0)
    parts = [random.integers(0, 10 ** random.integers(1, 8), random.integers(1, 30)).tolist() for _ in range(60)]
    whole = compress(*flat(parts))
    monkeypatch.setattr(run_lengths.chunks, "__defaults__", (chunk,))
    text, start = compress(*flat(parts))
    assert text.tobytes() == whole[0].tobytes()
    assert start.tolist() == whole[1].tolist()
    assert decompress(text, start)[0].tolist() == flat(parts)[0].tolist()


def test_text_is_what_pycocotools_writes():
    random = np.random.default_rng(1)
    parts, texts = [], []
    for height, width in random.integers(1, 2000, (60, 2)).tolist():
        edges = np.unique(random.integers(0, height * width + 1, random.integers(0, 50)))
        parts.append(np.diff(edges, prepend=0, append=height * width).tolist())
        texts.append(peer.frPyObjects({"size": [height, width], "counts": parts[-1]}, height, width)["counts"])
    text, start = compress(*flat(parts))
    assert [text[a:b].tobytes() for a, b in pairwise(start)] == texts


alphabet = st.one_of(st.integers(48, 111), st.sampled_from([47, 48, 49, 79, 80, 111, 112, 0, 255]))
hostile = st.one_of(
    st.binary(max_size=12),
    st.lists(alphabet, max_size=30).map(bytes),
    st.lists(st.integers(48, 111), max_size=30).map(bytes),
    counts.map(lambda part: compress(*flat([part]))[0].tobytes()),
)


@settings(deadline=None)
@given(st.lists(st.tuples(hostile, st.integers(-1, 60), st.integers(-1, 60)), max_size=8))
def test_every_fault_is_found_in_its_mask(rows):
    texts, height, width = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    found = faults(*joined(texts), np.array(height, dtype=int), np.array(width, dtype=int))
    for code, row in zip(found.tolist(), rows, strict=True):
        assert read_slowly(*row) in FAULTS[code], (row, FAULTS[code])


@settings(deadline=None)
@given(st.lists(counts, min_size=1, max_size=8), st.data())
def test_a_bad_neighbour_changes_nothing(parts, data):
    texts = [compress(*flat([part]))[0].tobytes() for part in parts]
    size = np.array([sum(part) for part in parts])
    height, width = np.ones_like(size), size
    alone = survey(*joined(texts), height, width)
    place = data.draw(st.integers(0, len(texts)))
    crowd = [*texts[:place], data.draw(hostile), *texts[place:]]
    beside = survey(*joined(crowd), np.insert(height, place, 5), np.insert(width, place, 5))
    for name in ("fault", "area", "first", "end"):
        assert np.delete(getattr(beside, name), place).tolist() == getattr(alone, name).tolist()


def test_huge_numbers_do_not_wrap_round():
    """Sums that would be right in 32 or 64 bits are not right."""
    for parts in ([1 << 28] * 16 + [25], [(1 << 29) - 1, 1] * 8 + [33], [0, (1 << 28)] * 33):
        text, start = compress(*flat([parts]))
        assert faults(text, start, np.array([5]), np.array([5])).tolist() == [run_lengths.LONG]
    assert faults(*compress(*flat([[1 << 40]])), np.array([5]), np.array([5])).tolist() == [run_lengths.LARGE]
    assert Masks.from_counts([[1 << 99]], 5, 5).faults.tolist() == [run_lengths.LARGE]
    assert Masks.from_counts([[25, -(1 << 99), 9]], 5, 5).faults.tolist() == [run_lengths.NEGATIVE]
    assert faults(*compress(*flat([[-(1 << 40)]])), np.array([5]), np.array([5])).tolist() == [run_lengths.LARGE]


def test_the_largest_mask_is_read():
    high, wide = SIDE, (run_lengths.PIXELS - 1) // SIDE
    mask = Masks.from_counts([[0, high * wide], [high * wide - 1, 1]], high, wide)
    assert mask.area.tolist() == [high * wide, 1]
    assert mask.box.tolist() == [[0, 0, wide, high], [wide - 1, high - 1, 1, 1]]
    assert Masks.from_counts([[SIDE * SIDE]], SIDE, SIDE).faults.tolist() == [run_lengths.SIZE]


@pytest.mark.parametrize("one", [b"o", b"0", b"P0", b"1O", b"oooooo0", b"\x00", b"0O00"])
def test_reading_takes_little_memory(one):
    text, start = joined([one * (400_000 // len(one)), b"9"])
    height = np.array([1000, 3])
    faults(*joined([b"9"]), height[1:], height[1:])
    tracemalloc.start()
    found = faults(text, start, height, height)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0] > 0
    assert found[1] == 0
    assert peak < 80 * len(text) + (40 << 20)  # 30 MB are reserved and never touched


@pytest.mark.parametrize(
    ("text", "start", "height", "message"),
    [
        (np.zeros(3, np.int8), [0, 3], [1], "text must be bytes"),
        (np.zeros(3, np.uint8), [0.0, 3.0], [1], "start must be whole numbers"),
        (np.zeros(3, np.uint8), [], [1], "start must be whole numbers"),
        (np.zeros(3, np.uint8), [0, 4], [1], "start must rise"),
        (np.zeros(3, np.uint8), [1, 3], [1], "start must rise"),
        (np.zeros(3, np.uint8), [0, 5, 2, 3], [1, 1, 1], "start must rise"),
        (np.zeros(3, np.uint8), [0, 3], [1, 1], "1 texts need as many"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(text, start, height, message):
    with pytest.raises(MetricError, match=message):
        faults(text, np.array(start), np.array(height), np.array(height))


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=12), max_size=6))
def test_runs_and_counts_are_two_writings_of_one_thing(gaps):
    owner, begin, end, pixels = [], [], [], []
    for mask, part in enumerate(gaps):
        place = 0
        for number, (gap, length) in enumerate(part):
            place += gap + (number > 0)  # runs of one mask do not touch
            owner.append(mask)
            begin.append(place)
            place += length
            end.append(place)
        pixels.append(place + 3 * (mask % 2) + 1 - bool(part))
    runs = [np.array(part, dtype=np.int64) for part in (owner, begin, end)]
    count, start = counts_of_runs(*runs, np.array(pixels, dtype=np.int64))
    assert [part.tolist() for part in runs_of_counts(count, start)] == [part.tolist() for part in runs]
    assert np.add.reduceat(count, start[:-1]).tolist() == pixels if gaps else not len(count)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(0, 9)), max_size=30))
def test_merged_runs_cover_the_same_pixels(rows):
    owner, begin, length = (np.array([row[k] for row in rows], dtype=np.int64) for k in range(3))
    kept = length > 0
    found = merged_runs(owner[kept], begin[kept], (begin + length)[kept])
    covered = {(one, pixel) for one, first, size in rows for pixel in range(first, first + size)}
    listed = [(o, pixel) for o, b, e in zip(*(part.tolist() for part in found), strict=True) for pixel in range(b, e)]
    assert listed == sorted(covered)
    touching = (found[0][1:] == found[0][:-1]) & (found[1][1:] <= found[2][:-1])
    assert not touching.any()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "fine"),
        ("1 3 10 5", "fine"),
        (" 1  3 ", "fine"),
        ("1 100", "fine"),
        ("100 1", "fine"),
        ("1 3 4 2", "fine"),
        ("1", "without a length"),
        ("1 2 3", "without a length"),
        ("0 3", "before pixel 1"),
        ("1 0", "empty"),
        ("5 3 7 2", "within the run before"),
        ("5 3 1 2", "within the run before"),
        ("100 2", "more pixels"),
        ("1 101", "more pixels"),
        ("99999999999 1", "too large"),
        ("9999999999 9999999999", "more pixels"),
        ("1 -3", "character"),
        ("1,3", "character"),
        ("1 +3", "character"),
        ("1_0 3", "character"),
        ("1.0 3", "character"),
        ("nan", "character"),
        ("1 3\n5 1", "character"),
        ("٣ ٤", "character"),
        ("1\t3", "character"),
    ],
)
def test_kaggle_run_lengths_are_checked(text, wrong):
    masks = Masks.from_pairs(["7 2", text, "9 1"], 10, 10)
    assert [wrong in FAULTS[code] for code in masks.faults.tolist()][1]
    assert masks.faults[[0, 2]].tolist() == [0, 0]
    if wrong != "fine":
        with pytest.raises(MetricError, match=r"1 of 3 masks cannot be read; mask 1 .*" + wrong):
            _ = masks.area


def test_kaggle_run_lengths_are_text():
    with pytest.raises(MetricError, match="must be text"):
        read_pairs(["1 2", float("nan")], np.array([9, 9]))  # type: ignore[list-item]


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_kaggle_run_lengths_make_a_round_trip(height, width, seed):
    bitmaps = np.random.default_rng(seed).random((4, height, width)) < np.array([0, 0.3, 0.9, 1])[:, None, None]
    masks = Masks.from_bitmaps(bitmaps)
    texts = write_pairs(*masks.counts())
    assert Masks.from_pairs(texts, height, width).text.tobytes() == masks.text.tobytes()
    pixels = [np.flatnonzero(bitmap.ravel(order="F")) + 1 for bitmap in bitmaps]
    for text, listed in zip(texts, pixels, strict=True):
        numbers = list(map(int, text.split()))
        runs = zip(numbers[::2], numbers[1::2], strict=True)
        assert [pixel for first, length in runs for pixel in range(first, first + length)] == listed.tolist()
