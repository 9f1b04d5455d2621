"""Label pictures whose filters are undone run by run, many together; streams that are not what they say."""

from __future__ import annotations

import struct
import zlib
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compete.scoring import pictures as pictures_module
from compete.scoring.pictures import read_picture, read_pictures
from compete.scoring.png import GREY, RGB
from compete.scoring.png_runs import sparse_rows, undo_filters
from tests.scoring.test_pictures import ANY, IDS, chunk, packed_rows, png, values_of


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.sampled_from([1, 3]), st.sampled_from([(0, 1, 2, 4), (4,), (2, 4)]))
def test_many_undone_together_are_those_undone_alone(seed, count, channels, filters):
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 40, 2).tolist()
    kind = RGB if channels == 3 else GREY
    batch, wanted = [], []
    for _ in range(count):
        values = values_of(random, height, width, kind, 8, True)
        values[random.random(values.shape) < 0.02] = 1
        rows = packed_rows(values, kind, 8, random.choice(filters, height).tolist())
        rows = np.frombuffer(rows, dtype=np.uint8).reshape(height, -1)
        sparse = sparse_rows(rows, channels)
        if sparse is not None:
            batch.append(sparse)
            wanted.append(values)
    with mock.patch("compete.scoring.png_runs.STEPS", 1000):
        found = undo_filters(batch, width) if batch else []
    for values, runs in zip(wanted, found, strict=True):
        flat = np.repeat(runs.value, np.diff(runs.end, prepend=0))
        np.testing.assert_array_equal(flat.reshape(height, width), values)
        assert (runs.value[1:] != runs.value[:-1]).all()


def test_label_pictures_take_the_way_of_runs_and_noise_the_other(monkeypatch):
    random = np.random.default_rng(1)
    values = values_of(random, 60, 90, RGB, 8, True)
    rows = np.frombuffer(packed_rows(values, RGB, 8, [4] * 60), dtype=np.uint8).reshape(60, -1)
    assert sparse_rows(rows, 3) is not None
    noise = random.integers(0, 1 << 24, (60, 90))
    rows = np.frombuffer(packed_rows(noise, RGB, 8, [4] * 60), dtype=np.uint8).reshape(60, -1)
    assert sparse_rows(rows, 3) is None
    monkeypatch.setattr("compete.scoring.png_runs.STEPS", 0)  # whatever must be walked through is left to the other way
    read, _ = read_picture(png(values, RGB, 8, [4] * 60), (60, 90), IDS)
    np.testing.assert_array_equal(read, values)


def test_a_picture_that_is_walked_through_too_long_leaves_the_others_alone(monkeypatch):
    random = np.random.default_rng(3)
    easy, hard = (
        np.eye(2, 3, dtype=np.int64).repeat(30, axis=0).repeat(30, axis=1),
        random.integers(0, 256, (60, 3)).repeat(30, axis=1),
    )
    filters = [(4, 4, 1, 4, 0)[k % 5] for k in range(60)]
    batch = [
        sparse_rows(np.frombuffer(packed_rows(one, GREY, 8, filters), dtype=np.uint8).reshape(60, -1), 1)
        for one in (easy, hard, easy)
    ]
    monkeypatch.setattr("compete.scoring.png_runs.STEPS", 0.5)
    first, none, last = undo_filters(batch, 90)
    assert none is None
    for runs in (first, last):
        np.testing.assert_array_equal(np.repeat(runs.value, np.diff(runs.end, prepend=0)).reshape(60, 90), easy)
    maps, _ = read_pictures(
        [(str(k), png(one, filters=filters)) for k, one in enumerate((easy, hard, easy))], None, ANY
    )
    np.testing.assert_array_equal(maps.array(1), hard)


@pytest.mark.parametrize("across", [1, 100, 1 << 20])
@pytest.mark.parametrize("together", [1, 2, 256])
def test_how_many_pictures_are_undone_together_is_not_seen(monkeypatch, across, together):
    random = np.random.default_rng(5)
    sizes = [(20, 30), (20, 30), (7, 30), (20, 30), (1, 1), (20, 30)]
    values = [values_of(random, *size, GREY, 8, True) for size in sizes]
    monkeypatch.setattr(pictures_module, "ACROSS", across)
    monkeypatch.setattr(pictures_module, "TOGETHER", together)
    shown = [(str(k), png(one, filters=[4, 2, 1, 0] * 5)) for k, one in enumerate(values)]
    maps, findings = read_pictures(shown, sizes, ANY)
    assert not findings
    for number, one in enumerate(values):
        np.testing.assert_array_equal(maps.array(number), one)


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
        monkeypatch.setattr("compete.scoring.png.UNWATCHED", 0)
    stream = zlib.compress(bytes(10 * rows))
    head = struct.pack(">2I5B", 9, 7, 8, GREY, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", stream[: len(stream) - cut]) + chunk(b"IEND")
    read, findings = read_picture(b"\x89PNG\r\n\x1a\n" + body, (7, 9), ANY)
    assert (read is None) == (wrong is not None)
    assert [wrong in one.message for one in findings] == [True] * (wrong is not None)


def test_a_broken_stream_is_told_with_or_without_watch(monkeypatch):
    for unwatched in (1 << 26, 0):
        monkeypatch.setattr("compete.scoring.png.UNWATCHED", unwatched)
        head = struct.pack(">2I5B", 9, 7, 8, GREY, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", b"\x78\x9c" + b"\xff" * 30) + chunk(b"IEND")
        read, (finding,) = read_picture(b"\x89PNG\r\n\x1a\n" + body, (7, 9), ANY)
        assert read is None
        assert "packed pixels are broken" in finding.message
