"""Where there are very many likely pairs the search stays bounded, keeps the likeliest and says what it left aside."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from compete.audits import near, views
from compete.audits.duplicate_findings import findings_of_duplicates
from compete.audits.duplicates import Duplicates, _Likely, _Tasks
from compete.audits.near import crowd_of, near_blocks, near_pairs
from compete.audits.views import likeliest, likeness, shared_and_left, shared_marks
from compete.audits.votes import marks_within
from tests.audits.test_views import HEIGHT, WIDTH, marks_in, scene, view


def crowded(count: int, turned: int) -> np.ndarray[Any, Any]:
    """Hashes that are one with some bits turned."""
    chance = np.random.default_rng(0)
    hashes = np.full(count, 0x0123456789ABCDEF, np.uint64)
    for _ in range(turned):
        hashes ^= np.uint64(1) << chance.integers(0, 64, count, np.uint64)
    return hashes


def sorted_pairs(blocks: Any) -> np.ndarray[Any, Any]:
    pairs = np.sort(np.concatenate([np.empty((0, 2), np.int64), *blocks]), axis=1)
    return pairs[np.lexsort(pairs.T[::-1])]


@pytest.mark.parametrize("distance", [0, 2, 5])
def test_who_is_no_crowd_loses_no_pair(distance: int) -> None:
    hashes = crowded(400, 4)
    crowd = crowd_of(400, 1 << 20, 1)
    assert np.array_equal(sorted_pairs(near_blocks(hashes, distance, crowd)), near_pairs(hashes, distance))
    assert crowd.common == 0


def test_of_a_crowd_each_meets_a_few_others_and_the_rest_is_counted() -> None:
    hashes = crowded(1500, 2)
    crowd = crowd_of(len(hashes), 0, 5)
    pairs = sorted_pairs(near_blocks(hashes, 4, crowd))
    assert 0 < len(pairs) < len(near_pairs(hashes, 4)) / 20
    assert crowd.common > len(hashes) / 2
    again = crowd_of(len(hashes), 0, 5)
    assert np.array_equal(sorted_pairs(near_blocks(hashes, 4, again)), pairs)


def test_neighbours_beyond_reach_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = crowded(1000, 3)
    whole = crowd_of(1000, 1 << 30, 1)
    every = sorted_pairs(near_blocks(hashes, 5, whole))
    monkeypatch.setattr(near, "COMPARED_AT_MOST", 0)
    crowd = crowd_of(1000, 1 << 30, 1)
    some = sorted_pairs(near_blocks(hashes, 5, crowd))
    assert len(some) < len(every)
    assert set(map(tuple, some.tolist())) < set(map(tuple, every.tolist()))
    assert (whole.common, crowd.common > 100) == (0, True)


def test_of_too_many_pairs_each_picture_keeps_its_likeliest() -> None:
    chance = np.random.default_rng(1)
    first, second = (
        np.sort(chance.permutation(40 * 40)[:500].reshape(1, -1), axis=0)[0] // 40,
        chance.integers(40, 80, 500),
    )
    rank = chance.integers(-30, -1, 500)
    kept = likeliest(first, second, rank, 200)
    assert 50 < kept.sum() <= 200
    for picture in np.unique(np.concatenate((first, second))):
        own = np.flatnonzero((first == picture) | (second == picture))
        assert rank[own[kept[own]]].min() == rank[own].min()
    assert likeliest(first, second, rank, 500).all()


def drawn_marks(pictures: int, of_each: int, kinds: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Counts, places and hashes of marks of a few kinds; of pictures 3 and 4 ten are the same, moved by (9, 14)."""
    chance = np.random.default_rng(2)
    hashes = chance.integers(0, 1 << 64, kinds, np.uint64)[chance.integers(0, kinds, pictures * of_each)]
    place = chance.integers(12, (16, 18), (pictures * of_each, 2), np.uint8)
    one, other = (slice(at * of_each, at * of_each + 10) for at in (3, 4))
    place[one] = place[other] + np.array([9, 14], np.uint8)
    hashes[one] = hashes[other] = chance.integers(0, 1 << 64, 10, np.uint64)
    return np.full(pictures, of_each), place, hashes


def test_a_view_is_found_among_more_pairs_than_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, place, hashes = drawn_marks(200, 24, 300)
    every, nothing = shared_and_left(counts, place, hashes)
    assert nothing == (0, 0)
    monkeypatch.setattr(views, "HELD", 0)
    monkeypatch.setattr(views, "OF_EACH", 2)
    monkeypatch.setattr(views, "GATHERED", 500)
    some, left = shared_and_left(counts, place, hashes, lone=0)
    strong = every.votes > 1
    assert len(some.votes) <= 400 < strong.sum()
    assert left.pairs >= strong.sum() - len(some.votes)
    best = int(some.votes.argmax())
    assert (some.first[best], some.second[best], some.shift[best].tolist()) == (3, 4, [9, 14])
    assert np.array_equal(some.shift, shared_and_left(counts, place, hashes, lone=0)[0].shift)


def test_marks_that_are_everywhere_are_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, place, hashes = drawn_marks(200, 24, 300)
    monkeypatch.setattr(views, "MET", 0)
    some, left = shared_and_left(counts, place, hashes, lone=0)
    assert left.marks > 200
    assert (3, 4) in set(zip(some.first.tolist(), some.second.tolist(), strict=True))


def test_marks_are_counted_in_a_frame() -> None:
    counts, place = [2, 0, 3], np.array([[0, 0], [10, 20], [5, 5], [6, 5], [90, 5]], np.uint8)
    picture, shift = np.array([0, 2, 2, 0]), np.array([[0, 0], [-6, 0], [30, 0], [-90, 0]])
    found = marks_within(counts, place, picture, shift, np.tile([96, 128], (4, 1)))
    assert found.tolist() == [2, 2, 2, 0]


def test_views_that_overlap_in_a_quarter_are_mostly_found() -> None:
    chance, pictures, known = np.random.default_rng(3), [], []
    for seed in range(40):
        across = chance.uniform(0.3, 0.8)
        down, right = round((1 - 0.25 / across) * HEIGHT), round((1 - across) * WIDTH)
        whole = scene(seed, 2 * HEIGHT, 2 * WIDTH, 160)
        pictures += [view(whole), view(whole, down, right)]
        known.append((down, right))
    shared = shared_marks(marks_in(pictures))
    pairs = zip(shared.first.tolist(), shared.second.tolist(), shared.shift.tolist(), strict=True)
    found = [(one, other) for one, other, by in pairs if likeness(pictures[one], pictures[other], *by).same_scene]
    assert all((one // 2, one % 2) == (other // 2, 0) for one, other in found)
    assert len(found) >= 26


def test_tasks_are_made_when_they_are_asked_for_and_travel_as_a_list() -> None:
    likely = _Likely(
        *(np.array(column) for column in ([0, 1, 2], [3, 3, 4], [0, 5, 0], [1, 0, 2], [0] * 3, [-2, 0, -1]))
    )
    tasks = _Tasks(["a", "b", "c", "d", "e"], likely)
    assert list(tasks[1:]) == [("b", "d", (1, 3, 5, 0, 0, 0)), ("c", "e", (2, 4, 0, 2, 0, -1))]
    assert pickle.loads(pickle.dumps(tasks[:1])) == [("a", "d", (0, 3, 0, 1, 0, -2))]
    assert len(tasks) == 3


def test_what_was_left_aside_is_told() -> None:
    data = SimpleNamespace(duplicates="group")
    challenge = SimpleNamespace(where=lambda _: "challenge.yaml:7", data=data, split=SimpleNamespace(column=None))
    about = SimpleNamespace(**vars(challenge), task="classification")
    plan: Any = SimpleNamespace(challenge=about, target={}, group=None)
    found = findings_of_duplicates(plan, Duplicates((), np.arange(9), 12, 3456), ["a"] * 9)
    assert [(one.rule, one.severity, one.count) for one in found] == [
        ("audit/not-compared", "warning", 12),
        ("audit/not-compared", "note", 3456),
    ]
    assert found[1].message == "3,456 marks and pictures are like so many others that they were left aside"
