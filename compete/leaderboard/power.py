"""What differences a test can tell, and how many items a difference needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from compete.leaderboard.policy import LEVEL, POWER
from compete.leaderboard.records import Power

SIZES = (0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
"""Sizes of a test, in multiples of this one, for which the least difference is told."""


def items_needed(difference: float, spread: float, *, level: float = LEVEL, power: float = POWER) -> int:
    """How many items a paired test needs to find a difference.

    Args:
        difference: of two mean scores.
        spread: root of the mean square of the two submissions' difference on an item; of two classifiers, the root of
            the share of items on which exactly one of them is right.
        level: of the two-sided test.
        power: how often the difference is to be found.

    Source: Connor, Sample Size for Testing Differences in Proportions for the Paired-Sample Design, Biometrics 43
    (1987); Card et al., With Little Power Comes Great Responsibility, EMNLP 2020.

    >>> items_needed(0.01, 0.05**0.5), items_needed(0.02, 0.1**0.5)
    (3923, 1960)
    """
    normal = NormalDist()
    under_it = math.sqrt(max(0.0, spread**2 - difference**2))
    reach = normal.inv_cdf(1 - level / 2) * spread + normal.inv_cdf(power) * under_it
    return max(1, math.ceil((reach / difference) ** 2))


def least_difference(error: float, *, level: float = LEVEL, power: float = POWER) -> float:
    """The least difference that a paired test tells.

    Args:
        error: standard error of the difference.
        level: of the two-sided test.
        power: how often the difference is to be found.

    >>> round(least_difference(0.01), 4)
    0.028
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - level / 2) + normal.inv_cdf(power)) * error


def power_of(errors: Sequence[float], differences: Sequence[float], n: int, asked: float = 0.0) -> Power | None:
    """What this test can tell between neighbours of the leaderboard.

    Args:
        errors: standard errors of the differences between neighbours.
        differences: these differences.
        n: items of the part that ranks.
        asked: a difference that the organizer names; 0 for none.

    Returns:
        None where no neighbours differ in any draw.
    """
    pairs = [(error, gap) for error, gap in zip(errors, differences, strict=True) if error > 0]
    if not pairs:
        return None
    typical = float(np.median([error for error, _ in pairs]))
    gap = float(np.median([abs(gap) for _, gap in pairs]))
    spread = math.sqrt(typical**2 * n + gap**2)
    least = least_difference(typical)
    wanted = sorted({*_round_numbers(least), *([asked] if asked else [])})
    return Power(
        level=LEVEL,
        power=POWER,
        n=n,
        least=least,
        low=least_difference(min(error for error, _ in pairs)),
        high=least_difference(max(error for error, _ in pairs)),
        curve=tuple((round(n * size), least / math.sqrt(size)) for size in SIZES if round(n * size) > 1),
        needed=tuple((one, items_needed(one, spread)) for one in wanted),
    )


def _round_numbers(about: float) -> list[float]:
    """Differences of one digit from a tenth of a difference to twice it: 1, 2 or 5 times a power of ten."""
    power = math.floor(math.log10(about))
    found = [float(f"{digit}e{exponent}") for exponent in range(power - 2, power + 2) for digit in (1, 2, 5)]
    return [one for one in found if about / 10 <= one <= 2 * about]
