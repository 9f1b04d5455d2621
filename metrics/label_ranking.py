"""Labels of each item in the order of their scores: how many of those before a true label are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.columns import row_chunks

if TYPE_CHECKING:
    from metrics.inputs import Array


def precision_at_labels(truth: Array, score: Array) -> tuple[Array, Array]:
    """Precision at the rank of each true label, summed, and how many true labels each item has.

    Args:
        truth: whether each label is true of each item, bool, shape (n, labels).
        score: the scores, shape (n, labels); labels of equal score share the lowest of their ranks.

    Returns:
        Two arrays of shape (n,).
    """
    total, count = np.zeros(len(score)), truth.sum(axis=1)
    most = int(count.max())
    for rows in row_chunks(*score.shape):
        part, held = score[rows], truth[rows]
        if most <= 2 * np.log2(part.shape[1] + 1):
            total[rows] = _by_comparing(part, held, most)
        else:
            total[rows] = _by_sorting(part, held)
    return total, count


def _by_comparing(score: Array, truth: Array, most: int) -> Array:
    """The sums where items have few true labels: each is compared with all scores."""
    item, label = np.nonzero(truth)
    own = np.full((len(score), most), np.inf)
    first = np.searchsorted(item, np.arange(len(score)))
    turn = np.arange(len(item)) - first[item]
    own[item, turn] = score[item, label]
    rank = np.stack([(score >= own[:, [place]]).sum(axis=1) for place in range(most)], axis=1) if most else own
    before = (own[:, None, :] >= own[:, :, None]) & np.isfinite(own)[:, None, :]
    hit = np.isfinite(own)
    out: Array = np.divide(before.sum(axis=2), rank, out=np.zeros(own.shape), where=hit).sum(axis=1)
    return out


def _by_sorting(score: Array, truth: Array) -> Array:
    """The sums by one sort of each item's scores."""
    order = np.argsort(-score, axis=1)
    ordered, true = np.take_along_axis(score, order, axis=1), np.take_along_axis(truth, order, axis=1)
    last = np.ones(score.shape, dtype=bool)
    last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    width = score.shape[1]
    ends = np.where(last, np.arange(width), width)
    ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]  # the last label that ties with each
    found = np.take_along_axis(np.cumsum(true, axis=1), ends, axis=1)
    out: Array = np.where(true, found / (ends + 1), 0.0).sum(axis=1)
    return out
