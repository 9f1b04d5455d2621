"""Work shared by any number of cores gives what work in one piece gives, faults and repeats included."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from compete.scoring import threads
from compete.scoring.coco_order import ordered
from compete.scoring.matching import lookup, vocabulary
from compete.scoring.numerals import numbers
from compete.scoring.spans import CHUNK, column_of

ROWS = 3 * CHUNK + 17


@pytest.fixture(params=[1, 2, 3, 8])
def shared(request, monkeypatch):
    monkeypatch.setattr(threads, "WORTH", 1)
    monkeypatch.setattr(threads, "core_count", lambda: request.param)
    return request.param


def test_the_first_fault_of_any_share_is_raised(shared):
    def work(low, high):
        if high > 4:
            raise ValueError(f"rows {low} to {high}")
        return low, high

    first = {1: "rows 0 to 10", 2: "rows 0 to 5", 3: "rows 3 to 6", 8: "rows 3 to 5"}[shared]
    with pytest.raises(ValueError, match=first):
        threads.on_all_cores(10, 1, work)


def test_shares_are_cut_at_steps_and_come_in_order(shared):
    found = threads.on_all_cores(100, 7, lambda low, high: (low, high))
    assert len(found) == shared
    assert [low for low, _ in found] == [0, *(high for _, high in found[:-1])]
    assert found[-1][1] == 100
    assert all(low % 7 == 0 for low, _ in found)
    assert threads.on_all_cores(0, 7, lambda low, high: (low, high)) == [(0, 0)]


def test_little_work_stays_in_one_thread(monkeypatch):
    monkeypatch.setattr(threads, "core_count", lambda: 8)
    assert threads.on_all_cores(2 * threads.WORTH - 1, 1, lambda low, high: high - low) == [2 * threads.WORTH - 1]
    assert threads.on_all_cores(2 * threads.WORTH, 1, lambda low, high: high - low) == [threads.WORTH] * 2
    assert len(threads.on_all_cores(100 * threads.WORTH, 1, lambda low, high: 0)) == threads.MOST


def test_work_is_done_where_the_system_gives_no_thread(shared, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    found = threads.on_all_cores(16, 1, lambda low, high: (low, high, threading.current_thread()))
    assert [high - low for low, high, _ in found] == [16 // shared] * shared or shared == 3
    assert {thread for *_, thread in found} == {threading.main_thread()}


def test_cores_that_are_not_ours_are_not_counted(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert threads.core_count() == 1


@pytest.mark.parametrize("groups", [1, 40, 1 << 20])
def test_results_are_ordered_the_same(shared, groups):
    rng = np.random.default_rng(groups)
    group, score = rng.integers(0, groups, 5000), rng.integers(-20, 20, 5000) / 8
    order, repeats = ordered(group, score, lambda row: [row // 3])
    wanted = np.lexsort((np.arange(5000), np.arange(5000) // 3, -score, group))
    assert order.tolist() == wanted.tolist()
    same = np.all([one[wanted][1:] == one[wanted][:-1] for one in (group, score, np.arange(5000) // 3)], axis=0)
    assert repeats.tolist() == sorted(wanted[1:][same].tolist())


def test_lookup_finds_every_text_in_any_order(shared):
    texts = np.array([f"item-{number:07}" for number in range(ROWS)])
    order = np.random.default_rng(1).permutation(ROWS)
    known = vocabulary(texts.tolist())
    assert (lookup(column_of(texts[order].tolist()), known) == order).all()
    assert (lookup(known.column, known) == np.arange(ROWS)).all()
    strange = texts[order].tolist()
    strange[5] = strange[-5] = "no-such-item"
    found = lookup(column_of(strange), vocabulary(texts.tolist()))
    assert np.flatnonzero(found < 0).tolist() == [5, ROWS - 5]


def test_repeated_texts_are_told_the_same(shared):
    texts = [f"item-{number % (ROWS - 3):07}" for number in range(ROWS)]
    assert vocabulary(texts).repeated == [ROWS - 3, ROWS - 2, ROWS - 1]


def test_numbers_and_their_faults_keep_the_order_of_rows(shared):
    texts = [repr(value) for value in np.random.default_rng(2).random(ROWS).tolist()]
    for row in (3, ROWS // 2 + 9, ROWS - 2):
        texts[row] = f"x{row}"
    read = numbers(column_of(texts))
    good = np.delete(np.arange(ROWS), [3, ROWS // 2 + 9, ROWS - 2])
    assert read.value[good].tolist() == [float(texts[row]) for row in good]
    assert read.not_number.count == 3
    assert list(read.not_number.first) == [3, ROWS // 2 + 9, ROWS - 2]
