"""Looks as columns are the looks that they were made of, in any order, in parts, and without what is not needed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from compete.audits import look_columns
from compete.audits.look import Look
from compete.audits.look_columns import joined, packed
from compete.audits.views import shared_and_left
from compete.errors import Finding


def looks_at(seed: int, count: int) -> list[Look]:
    """Looks of all kinds: pictures with and without marks, volumes, and files that cannot be taken."""
    chance = np.random.default_rng(seed)

    def drawn(row: int) -> Look:
        told = (Finding("image/damaged", "the image is damaged", items=(f"{row}",), count=1),)
        if row % 5 == 3:
            return Look(findings=told)
        digest = chance.bytes(32)
        if row % 5 == 4:
            return Look(sha256=digest, size=row, kind="NIFTI")
        marks = int(chance.integers(0, 33))
        shown = {"hashes": chance.bytes(64), "places": chance.bytes(2 * marks), "around": chance.bytes(8 * marks)}
        about = {"suffix": ".png", "kind": ("PNG", "GIF")[row % 2], "mode": "L", "width": row + 1, "height": 9}
        dated = {"tables": row * 1_000_000_007 % 2**32, "taken": "2021:06:30 11:22:33" if row % 3 else ""}
        flat = {"thumbnail": bytes([7]) * 64, "border": bytes(12)}
        seen = flat if row % 7 == 2 else {"thumbnail": chance.bytes(64), "border": chance.bytes(12)}
        pixels = {"pixels": chance.bytes(16), "cleaned": chance.bytes(32), "published": 2**33 + row}
        return Look(sha256=digest, size=row, **about, **shown, **dated, **seen, **pixels)

    return [drawn(row) for row in range(count)]


@pytest.mark.parametrize("count", [0, 1, 23])
def test_columns_give_the_looks_back(count: int) -> None:
    looks = looks_at(1, count)
    columns = packed(looks)
    assert columns == looks
    assert [columns[row] for row in range(-count, count)] == looks * 2
    assert pickle.loads(pickle.dumps(columns)) == looks
    for name in ("seen", "flat", "refused"):
        assert getattr(columns, name).tolist() == [getattr(look, name) for look in looks]
    with pytest.raises(IndexError):
        columns[count]


def test_rows_are_taken_in_any_order() -> None:
    looks = looks_at(2, 20)
    rows = np.random.default_rng(0).integers(0, 20, 50)
    assert packed(looks).take(rows) == [looks[row] for row in rows]
    assert packed(looks)[3:11:2] == looks[3:11:2]
    assert packed(looks).take(np.empty(0, np.int64)) == []


def test_parts_are_joined_in_their_order() -> None:
    parts = [looks_at(seed, count) for seed, count in ((3, 7), (4, 0), (5, 12))]
    assert joined([packed(part) for part in parts]) == [look for part in parts for look in part]


def test_what_only_the_search_for_copies_needs_can_go() -> None:
    looks = looks_at(6, 20)
    bare = packed(looks).without_marks()
    assert bare == [look._replace(hashes=b"", places=b"", around=b"", pixels=b"") for look in looks]
    assert [look.seen for look in bare] == [look.seen for look in looks]
    assert bare.take(np.array([7, 2])) == [bare[7], bare[2]]


def test_pictures_of_rows_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_columns, "AT_ONCE", 3)
    columns = packed(looks_at(7, 30))
    rows = np.random.default_rng(0).permutation(np.flatnonzero(columns.seen))
    found, wanted = columns.pictures(rows), columns.take(rows)
    for name in found._fields:
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    assert len(columns.pictures(rows[:0]).around) == 0


@pytest.mark.parametrize("lone", [0, 20, 10_000])
def test_pairs_that_share_a_single_mark_are_left_out_where_they_are_many(lone: int) -> None:
    chance = np.random.default_rng(8)
    hashes = chance.integers(0, 1 << 64, 150, dtype=np.uint64)[chance.integers(0, 150, 400)]
    place = chance.integers(0, 6, (400, 2)).astype(np.uint8)
    counts = np.full(100, 4, np.uint8)
    every, some = (shared_and_left(counts, place, hashes, lone=most)[0] for most in (np.inf, lone))
    single = every.votes == 1
    assert 20 < single.sum() < 10_000
    assert (~single).any()
    kept = ~single if single.sum() > lone else np.ones(len(single), dtype=bool)
    for mine, wanted in zip(some, every, strict=True):
        assert np.array_equal(mine, wanted[kept])
