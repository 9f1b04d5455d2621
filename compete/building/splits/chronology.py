"""The newest items as the test: where time is cut, and what becomes of groups that lie across the cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compete.building.splits.division import Population
from compete.building.splits.grouping import Ints, Parts
from compete.errors import Finding


def cut_by_time(population: Population, time: NDArray[np.generic], fraction: float) -> tuple[Parts, list[Finding]]:
    """Put the newest items into the test; items of one moment are never cut apart, nor are groups.

    A group counts as its newest item: train then holds nothing that is as new as the cut, though the test holds the
    older items of groups that lie across it, which a finding tells.

    Args:
        population: the items and groups.
        time: shape (n,): numbers, dates or text whose alphabetical order is that of time.
        fraction: the wanted share of the test.

    Returns:
        0 train, 1 test, -1 where the time is missing, shape (n,); and findings.
    """
    missing = _missing(time)
    if missing.any():
        rows = np.flatnonzero(missing)[:3].tolist()
        message = f"{int(missing.sum())} items have no time"
        hint = "fill the column of split.time, or leave such items out"
        items = tuple(_item_name(population, row) for row in rows)
        finding = Finding("split/time-missing", message, items=items, hint=hint, count=int(missing.sum()))
        return np.where(missing, -1, 0).astype(np.int8), [finding]
    values, moment = np.unique(time, return_inverse=True)
    newest = moment.astype(np.int64)
    if population.group is not None and len(moment):
        latest = np.zeros(int(population.group.max()) + 1, np.int64)
        np.maximum.at(latest, population.group, newest)
        newest = latest[population.group]
    first = _first_of_test(np.bincount(newest, minlength=len(values)), fraction)
    if first is None:
        message = f"all {population.items} items count as one moment, so none is newer than the others"
        hint = "see split.time; if groups reach to the newest time, see data.group"
        return np.zeros(population.items, np.int8), [Finding("split/one-time", message, hint=hint)]
    part = (newest >= first).astype(np.int8)
    note = Finding("split/time-cut", f"the test begins at {_shown(values[first])}", severity="note")
    return part, [note, *_straddling(population, moment, newest, first)]


def _first_of_test(count: Ints, fraction: float) -> int | None:
    """The moment at which the test begins, so that its share comes nearest; None where there is one moment only."""
    held = np.flatnonzero(count)
    if len(held) < 2 or fraction <= 0:
        return None
    newer = np.cumsum(count[held][::-1])[::-1]
    miss = np.abs(newer[1:] - fraction * count.sum())
    return int(held[1 + int(miss.argmin())])


def _shown(moment: np.generic) -> str:
    """A moment as one writes it: a day without a time of day, a whole number without decimals."""
    if isinstance(moment, np.floating):
        return f"{moment:.15g}"
    return str(moment).removesuffix("T00:00:00").replace("T", " ")


def _straddling(population: Population, moment: Ints, newest: Ints, first: int) -> list[Finding]:
    if population.group is None:
        return []
    older = (newest >= first) & (moment < first)
    groups = np.unique(population.group[older])
    if not len(groups):
        return []
    names = tuple(str(population.identity[code]) for code in groups[:3].tolist())
    message = (
        f"{len(groups)} groups lie across the cut; they went to the test whole, with {int(older.sum())} older items"
    )
    hint = "train holds nothing from the test's time; leave out data.group or split.time if that is not what you want"
    return [Finding("split/group-across-time", message, "", names, hint, "warning", len(groups))]


def _missing(time: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where there is no time: not a time, not a number, no text."""
    if time.dtype.kind in "mMf":
        return np.asarray(time != time, bool)  # noqa: PLR0124  (only what is no value differs from itself)
    if time.dtype.kind in "OUT":
        return np.array([not isinstance(value, str) or not value for value in time.tolist()], bool)
    return np.zeros(len(time), bool)


def _item_name(population: Population, row: int) -> str:
    return f"row {row + 1}" if population.group is not None else str(population.identity[row])
