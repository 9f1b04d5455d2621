"""Detections propose to true objects, in rounds, for all images and thresholds at once (Gale and Shapley, 1962)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.frozen import dataclass

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.matching import Pairs


@dataclass(frozen=True, eq=False, repr=False)
class Choices:
    """What some claimants would take, in the order of their preference: rows ``first[c]`` to ``first[c + 1]``."""

    first: Array
    truth: Array
    slot: Array
    slots: int
    level: Array
    endless: Array


def choices_of(claimant: Array, pairs: Pairs, truth: Array, level: Array, endless: Array) -> Choices:
    """The choices of some claimants, with the true objects among them numbered as slots."""
    many = np.diff(pairs.first)[claimant]
    first = np.concatenate(([0], np.cumsum(many)))
    row = np.arange(first[-1]) + np.repeat(pairs.first[claimant] - first[:-1], many)
    truth = truth[row]
    slot = np.zeros(pairs.truths, dtype=np.int64)
    slot[truth] = 1
    np.cumsum(slot, out=slot)
    return Choices(first, truth, slot[truth] - 1, int(slot[-1]), level[row], endless[row])


def propose_on(choices: Choices, low: Array, steps: int) -> Array:
    """Let those who lost their first choice propose on, round by round, until all have an object or no choice left.

    Args:
        choices: all choices.
        low: from which threshold on each has its first choice, shape (c,).
        steps: how many thresholds there are.

    Returns:
        The true object that each has in the end, -1 for none, int32, shape (steps, c).
    """
    nobody, first = len(low), choices.first[:-1]
    top, stage = choices.level[first], np.arange(steps)[:, None]
    has_first = (low <= stage) & (top > stage)
    held = np.where(has_first, first, -1)
    holder = np.full(steps * choices.slots, nobody, dtype=np.int64)
    step, claimant = np.nonzero(has_first & ~choices.endless[first])
    holder[step * choices.slots + choices.slot[first[claimant]]] = claimant
    step, claimant, row = _still_searching(choices, low)
    while len(step):
        endless = choices.endless[row]
        place = step * choices.slots + choices.slot[row]
        old = holder[place]
        np.minimum.at(holder, place[~endless], claimant[~endless])
        won = endless | (holder[place] == claimant)
        held[step[won], claimant[won]] = row[won]
        out = won & ~endless & (old < nobody)
        lost = (step[out], old[out], held[step[out], old[out]])
        held[lost[0], lost[1]] = -1
        step, claimant, row = (np.concatenate(both) for both in zip((step[~won], claimant[~won], row[~won]), lost))
        step, claimant, row = _next_choice(choices, step, claimant, row + 1)
    return np.where(held >= 0, choices.truth[held], -1).astype(np.int32)


def _still_searching(choices: Choices, low: Array) -> tuple[Array, Array, Array]:
    """Threshold, claimant and next choice of all who do not have their first choice and know another."""
    first, last = choices.first[:-1], choices.first[1:]
    several = np.flatnonzero(last - first > 1)
    top = choices.level[first[several]]
    rest = np.maximum.reduceat(choices.level, np.stack([first[several] + 1, last[several] - 1], axis=1).ravel())[::2]
    rest = np.maximum(rest, choices.level[last[several] - 1])
    parts = []
    for step in range(int(choices.level.max(initial=0))):
        seeking = several[((step < low[several]) | (step >= top)) & (step < rest)]
        parts.append((np.full(len(seeking), step), seeking, first[seeking] + 1))
    steps, claimant, row = (np.concatenate(column) for column in zip(*parts))
    return _next_choice(choices, steps, claimant, row)


def _next_choice(choices: Choices, step: Array, claimant: Array, row: Array) -> tuple[Array, Array, Array]:
    """Move each to its next choice that meets the threshold; drop those that have none."""
    end = choices.first[claimant + 1]
    while True:
        inside = row < end
        step, claimant, row, end = step[inside], claimant[inside], row[inside], end[inside]
        short = choices.level[row] <= step
        if not short.any():
            return step, claimant, row
        row = row + short
