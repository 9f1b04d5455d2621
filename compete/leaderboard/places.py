"""Places, agreement between rankings, and which differences count: arrays in, numbers out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PAIRED = 200_000_000
"""Pairs of teams, times rankings, that are compared with a reference; beyond, fewer rankings are."""


def places_of(scores: Array, *, greater_is_better: bool) -> Array:
    """The place of each team, 1 for the best; equal scores share the better place, and nan stands last.

    Args:
        scores: shape (..., teams).
        greater_is_better: the direction.

    Returns:
        Whole numbers from 1, shape (..., teams).

    >>> places_of(np.array([0.5, 0.9, 0.5, np.nan]), greater_is_better=True).tolist()
    [2, 1, 2, 4]
    """
    key = np.where(np.isnan(scores), np.inf, -scores if greater_is_better else scores)
    order = np.argsort(key, axis=-1, kind="stable")
    ordered = np.take_along_axis(key, order, axis=-1)
    place = np.broadcast_to(np.arange(1, key.shape[-1] + 1), key.shape).copy()
    place[..., 1:][ordered[..., 1:] == ordered[..., :-1]] = 0
    out = np.empty(key.shape, dtype=np.int64)
    np.put_along_axis(out, order, np.maximum.accumulate(place, axis=-1), axis=-1)
    return out


def kendall_tau(one: Array, other: Array) -> float:
    """Kendall's tau-b of two rankings; nan where one of them ties everybody.

    Args:
        one: places, shape (teams,).
        other: places, shape (teams,).

    Source: Kendall, The Treatment of Ties in Ranking Problems, Biometrika 33 (1945).

    >>> kendall_tau(np.array([1, 2, 3]), np.array([1, 3, 2])) == 1 / 3
    True
    """
    return float(kendall_taus(one, other[None, :])[0])


def kendall_taus(reference: Array, rankings: Array) -> Array:
    """Kendall's tau-b of many rankings with one; of very many teams only the first rankings are compared.

    Args:
        reference: places, shape (teams,).
        rankings: places, shape (rankings, teams).

    Returns:
        One number a ranking that was compared; nan where it, or the reference, ties everybody.
    """
    first, second = np.triu_indices(len(reference), k=1)
    known = np.sign(reference[first] - reference[second]).astype(np.int8)
    count = max(1, min(len(rankings), PAIRED // max(1, len(first))))
    untied = int(np.count_nonzero(known))
    taus = np.full(count, np.nan)
    step = max(1, (1 << 22) // max(1, len(first)))
    for start in range(0, count, step):
        part = rankings[start : min(start + step, count)]
        sign = np.sign(part[:, first] - part[:, second]).astype(np.int8)
        agreed = np.einsum("dp,p->d", sign, known, dtype=np.int64)
        scale = np.sqrt(float(untied) * np.count_nonzero(sign, axis=1))
        np.divide(agreed, scale, out=taus[start : start + len(part)], where=scale > 0)
    return taus


def standard_errors(drawn: Array) -> Array:
    """The spread of the difference between each two teams over the draws, shape (teams, teams).

    Args:
        drawn: scores, shape (draws, teams), without nan.
    """
    centred = drawn - drawn.mean(axis=0)
    product = centred.T @ centred
    own = np.diag(product)
    total = own[:, None] + own[None, :]
    square = total - 2 * product
    for first, second in np.argwhere(square <= 1e-6 * total):  # nearly the same: the subtraction has lost its digits
        square[first, second] = ((centred[:, first] - centred[:, second]) ** 2).sum()
    return np.asarray(np.sqrt(square / max(1, len(drawn) - 1)))


def paired_p_values(scores: Array, errors: Array, units: int) -> Array:
    """Two-sided p-values of the differences between teams, by the t distribution of units - 1 degrees of freedom.

    Counting draws beyond 0 cannot give less than 2 / (draws + 1), which a correction for the pairs of twenty teams
    makes more than 0.05 already; so the draws give the standard error, and the tail is that of t.

    Args:
        scores: shape (teams,); nan where not defined.
        errors: bootstrap standard errors of the differences, shape (teams, teams).
        units: how many items, or groups of items, were drawn.

    Returns:
        Shape (teams, teams): 1 on the diagonal and for equal scores; 0 where a difference has no spread; between a
        team with a score and one without 0, between two without 1.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 12 and 16.
    """
    from scipy.special import stdtr

    missing = np.isnan(scores)
    difference = np.abs(scores[:, None] - scores[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stdtr(max(1, units - 1), -difference / errors)
    p_values = np.where(difference == 0, 1.0, p_values)
    apart = missing[:, None] != missing[None, :]
    return np.asarray(np.where(apart, 0.0, np.where(missing[:, None], 1.0, p_values)))


def holm(p_values: Array) -> Array:
    """P-values adjusted for the number of pairs; those below a level may be called different, all at once.

    Args:
        p_values: of all pairs, symmetric, shape (teams, teams).

    Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).

    >>> holm(np.array([[1, 0.01, 0.04], [0.01, 1, 0.03], [0.04, 0.03, 1]]))[0].round(3).tolist()
    [1.0, 0.03, 0.06]
    """
    first, second = np.triu_indices(len(p_values), k=1)
    given = p_values[first, second]
    order = np.argsort(given, kind="stable")
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)))
    out = np.ones(p_values.shape)
    out[first, second] = out[second, first] = adjusted
    return out


def tied_classes(order: Array, adjusted: Array, level: float) -> list[list[int]]:
    """Teams that the test cannot tell from the best of their class.

    From the top: a team opens a class, and those after it belong to it until one is told apart from that first team.

    Args:
        order: teams, the best first.
        adjusted: adjusted p-values of all pairs.
        level: below which a difference counts.
    """
    classes: list[list[int]] = []
    for team in order.tolist():
        if classes and adjusted[classes[-1][0], team] >= level:
            classes[-1].append(team)
        else:
            classes.append([team])
    return classes
