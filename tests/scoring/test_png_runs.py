"""Label pictures whose filters are undone run by run, many together; streams that are not what they say."""

from __future__ import annotations

import struct
import zlib
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.scoring.inflating import RAW, inflated
from compete.scoring.pictures import read_picture, read_pictures
from compete.scoring.png import GREY, RGB
from compete.scoring.png_runs import undo_filters
from compete.scoring.png_stack import Stack, room_for
from tests.scoring.test_pictures import ANY, IDS, chunk, packed_rows, png, values_of


def stack_of(pictures, channels):
    """A stack of filtered pictures of various sizes, in room that is just enough."""
    width = max((len(rows[0]) - 1) // channels for rows in pictures)
    deep = sum(len(rows) + 8 for rows in pictures)
    stack = Stack.of(np.empty(room_for((deep, width), channels, 1), dtype=np.uint8), (deep, width), channels)
    stack.rows[:] = 77  # whatever was there before
    for rows in pictures:
        stack.put(rows)
    return stack


def filtered(values, kind, filters):
    rows = packed_rows(values, kind, 8, filters)
    return np.frombuffer(rows, dtype=np.uint8).reshape(len(values), -1)


def pixels(runs, shape):
    assert (runs.value[1:] != runs.value[:-1]).all()
    assert runs.end.dtype == np.int32
    return np.repeat(runs.value, np.diff(runs.end, prepend=0)).reshape(shape)


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 5),
    st.sampled_from([1, 3]),
    st.sampled_from([(0, 1, 2, 4), (4,), (2, 4), (0, 2), (1, 2)]),
    st.sampled_from([0, 2, 1000]),
)
def test_many_undone_together_are_those_undone_alone(seed, count, channels, filters, few):
    random = np.random.default_rng(seed)
    kind = RGB if channels == 3 else GREY
    batch, wanted = [], []
    for _ in range(count):
        values = values_of(random, *random.integers(1, 40, 2).tolist(), kind, 8, True)
        values[random.random(values.shape) < 0.02] = 1
        batch.append(filtered(values, kind, random.choice(filters, len(values)).tolist()))
        wanted.append(values)
    with mock.patch("compete.scoring.png_runs.DOUBTS", 1000), mock.patch("compete.scoring.png_runs.FEW", few):
        found = undo_filters(stack_of(batch, channels))
    for values, runs in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(pixels(runs, values.shape), values)


@pytest.mark.parametrize("few", [0, 1000])
def test_a_picture_that_is_in_doubt_too_often_leaves_the_others_alone(monkeypatch, few):
    random = np.random.default_rng(3)
    easy, hard = (
        np.eye(2, 3, dtype=np.int64).repeat(30, axis=0).repeat(30, axis=1),
        random.integers(0, 256, (60, 3)).repeat(30, axis=1),
    )
    filters = [(4, 4, 1, 4, 0)[k % 5] for k in range(60)]
    monkeypatch.setattr("compete.scoring.png_runs.DOUBTS", 0.5)
    monkeypatch.setattr("compete.scoring.png_runs.FEW", few)
    first, none, last = undo_filters(stack_of([filtered(one, GREY, filters) for one in (easy, hard, easy)], 1))
    assert none is None
    for runs in (first, last):
        np.testing.assert_array_equal(pixels(runs, easy.shape), easy)
    maps, _ = read_pictures(
        [(str(k), png(one, filters=filters)) for k, one in enumerate((easy, hard, easy))], None, ANY
    )
    np.testing.assert_array_equal(maps.array(1), hard)


@pytest.mark.parametrize(("large", "dense"), [(1 << 22, 8), (0, 8), (0, 1 << 30)])
def test_noise_and_labels_are_read_either_way(monkeypatch, large, dense):
    monkeypatch.setattr("compete.scoring.picture_runs.LARGE", large)
    monkeypatch.setattr("compete.scoring.picture_runs.DENSE", dense)
    random = np.random.default_rng(1)
    values = [values_of(random, 60, 90, RGB, 8, True), random.integers(0, 1 << 24, (60, 90))]
    for filters in ([4] * 60, [2, 1] * 30):
        maps, _ = read_pictures([(str(k), png(one, RGB, 8, filters)) for k, one in enumerate(values)], None, IDS)
        for number, one in enumerate(values):
            np.testing.assert_array_equal(maps.array(number), one)


@pytest.mark.parametrize("room", [1, 3000, 1 << 24])
@pytest.mark.parametrize("strip", [1, 100, 1 << 18])
def test_how_many_pictures_are_undone_together_is_not_seen(monkeypatch, room, strip):
    random = np.random.default_rng(5)
    sizes = [(20, 30), (20, 30), (7, 30), (20, 17), (1, 1), (20, 30), (20, 31)]
    values = [values_of(random, *size, GREY, 8, True) for size in sizes]
    monkeypatch.setattr("compete.scoring.picture_runs.ROOM", room)
    monkeypatch.setattr("compete.scoring.png_stack.STRIP", strip)
    shown = [(str(k), png(one, filters=[4, 2, 1, 0] * 5)) for k, one in enumerate(values)]
    maps, findings = read_pictures(shown, sizes, ANY)
    assert not findings
    for number, one in enumerate(values):
        np.testing.assert_array_equal(maps.array(number), one)


@pytest.mark.parametrize("damage", ["", "cut", "noise", "long"])
def test_zlib_ng_unpacks_the_same_and_judges_nothing(monkeypatch, damage):
    pytest.importorskip("zlib_ng.zlib_ng")
    content = np.random.default_rng(2).integers(0, 3, 5000, dtype=np.uint8).tobytes()
    packer = zlib.compressobj(wbits=RAW)
    stream = packer.compress(content) + packer.flush()
    stream = {"cut": stream[:-20], "noise": stream[:50] + b"\xff" * 60 + stream[110:]}.get(damage, stream)
    size = len(content) - (damage == "long")
    found = []
    for large in (0, 1 << 40):
        monkeypatch.setattr("compete.scoring.inflating.LARGE", large)
        found.append(inflated(memoryview(stream), size))
    assert found[0] == found[1]
    assert (found[0] == content) == (not damage or damage == "long")


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize(
    ("rows", "cut", "wrong"),
    [
        (7, 0, None),
        (7, 6, "fewer or more pixels"),
        (6, 0, "fewer or more pixels"),
        (8, 0, "fewer or more pixels"),
        (70_000, 0, "fewer or more pixels"),
    ],
)
def test_a_stream_too_short_or_too_long_is_told_with_or_without_watch(monkeypatch, watched, rows, cut, wrong):
    if watched:
        monkeypatch.setattr("compete.scoring.inflating.UNWATCHED", 0)
    stream = zlib.compress(bytes(10 * rows))
    head = struct.pack(">2I5B", 9, 7, 8, GREY, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", stream[: len(stream) - cut]) + chunk(b"IEND")
    read, findings = read_picture(b"\x89PNG\r\n\x1a\n" + body, (7, 9), ANY)
    assert (read is None) == (wrong is not None)
    assert [wrong in one.message for one in findings] == [True] * (wrong is not None)


def test_a_broken_stream_is_told_with_or_without_watch(monkeypatch):
    for unwatched in (1 << 26, 0):
        monkeypatch.setattr("compete.scoring.inflating.UNWATCHED", unwatched)
        head = struct.pack(">2I5B", 9, 7, 8, GREY, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", b"\x78\x9c" + b"\xff" * 30) + chunk(b"IEND")
        read, (finding,) = read_picture(b"\x89PNG\r\n\x1a\n" + body, (7, 9), ANY)
        assert read is None
        assert "packed pixels are broken" in finding.message
