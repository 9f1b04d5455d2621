"""What of public scores is shown: rounded, and on a ladder on which only a real improvement moves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from compete.leaderboard.drawing import DIGITS


def release_step(declared: float, n: int, bounds: tuple[float | None, float | None], scale: float) -> float:
    """What public scores are rounded to: the declared step, and never finer than 1 / √items of the metric's range.

    Args:
        declared: the organizer's step; 0 for none.
        n: public items.
        bounds: lowest and highest possible score; None where there is none.
        scale: the size of a usual score, which stands for the range of a metric without both bounds; the step is then
            the next larger 1, 2 or 5 times a power of ten, so that it does not tell a score.

    Returns:
        A step; 0 where nothing is known.
    """
    low, high = bounds
    if low is not None and high is not None:
        return max(declared, (high - low) / math.sqrt(n) if n else 0.0)
    return max(declared, _round_up(scale / math.sqrt(n)) if n and scale > 0 else 0.0)


def _round_up(value: float) -> float:
    power = math.floor(math.log10(value))
    return min(one for one in (float(f"{digit}e{power}") for digit in (1, 2, 5, 10)) if one >= value * (1 - 1e-9))


def rounded_score(value: float | None, step: float) -> float | None:
    """The nearest multiple of a step; half a step goes up.

    >>> rounded_score(0.63, 0.05)
    0.65
    """
    if value is None or not step:
        return value
    return round(math.floor(value / step + 0.5) * step, DIGITS)


def within(value: float | None, bounds: tuple[float | None, float | None]) -> float | None:
    """A rounded score that is no better and no worse than a score can be.

    >>> within(1.0776, (0.0, 1.0)), within(-3.0, (None, 1.0))
    (1.0, -3.0)
    """
    low, high = bounds
    if value is None:
        return None
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)


def climb_steps(
    scores: Sequence[float | None], *, step: float, unit: float, greater_is_better: bool
) -> list[float | None]:
    """What a team is shown after each submission: the Ladder with a fixed step.

    Args:
        scores: its public scores in the order of time; None where one is not defined.
        step: by how much a score must beat the best that was shown.
        unit: what shown scores are rounded to.
        greater_is_better: the direction.

    Source: Blum and Hardt, The Ladder: A Reliable Leaderboard for Machine Learning Competitions, ICML 2015, alg. 1.
    """
    return _climbed(scores, lambda _place, _best: step, unit, greater_is_better)


def climb_freely(
    scores: Sequence[float | None],
    error: Callable[[int, int], float],
    *,
    unit: float,
    greater_is_better: bool,
) -> list[float | None]:
    """What a team is shown after each submission: the Ladder without a parameter.

    Args:
        scores: its public scores in the order of time; None where one is not defined.
        error: the standard error of the difference between two of these submissions, by their places.
        unit: what shown scores are rounded to.
        greater_is_better: the direction.

    Source: Blum and Hardt (2015), section 4: a score is shown when it is better than the best before it by more than
    the standard error of their paired difference.
    """
    return _climbed(scores, error, unit, greater_is_better)


def _climbed(
    scores: Sequence[float | None], height: Callable[[int, int], float], unit: float, greater_is_better: bool
) -> list[float | None]:
    shown: list[float | None] = []
    best, top = -1, None
    sign = 1 if greater_is_better else -1
    for place, score in enumerate(scores):
        if score is not None and (top is None or round(sign * (score - top), DIGITS) > height(place, best)):
            best, top = place, rounded_score(score, unit)
        shown.append(top)
    return shown
