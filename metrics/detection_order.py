"""The order in which detections are looked at: the surest first, and equals by what they are, never by file order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metrics.boxes import neighbours
from metrics.objects import Objects

if TYPE_CHECKING:
    from metrics.inputs import Array

RADIX = 1 << 16
"""Numbers below this are sorted by counting, several times faster than by comparing."""


def best_first(found: Objects, by_category: bool = True) -> Array:
    """The rows of predictions in the order in which they are matched and ranked.

    The order is by category, then score (highest first), then image, then content: of boxes x, y, width, height; of
    masks area, box and run lengths; of points their coordinates. File order never matters: what it could still decide
    is between predictions that are equal in everything.

    Args:
        found: predictions with scores.
        by_category: False ranks all categories together.

    Returns:
        Row numbers, int64, shape (m,).
    """
    score = found.score if found.score is not None else np.zeros(found.count)
    category = found.category if by_category else np.zeros(found.count, dtype=np.int32)
    if not len(score):
        return np.zeros(0, dtype=np.int64)
    step = _score_steps(score)
    unsorted = (found.image[1:] < found.image[:-1]).any()
    order = by_number(found.image) if unsorted else np.arange(len(score))
    for part in ((step & (RADIX - 1)).astype(np.uint16), (step >> 16).astype(np.uint16), category):
        order = order.take(by_number(part.take(order)))
    _settle(found, order, category, step)
    return order


def rank_within(image: Array, category: Array) -> Array:
    """The place of each row among those of its image and category, from 0, in the order given; shape (m,).

    Args:
        image: whole numbers from 0, shape (m,).
        category: whole numbers, ascending, shape (m,).
    """
    rank = np.empty(len(image), dtype=np.int64)
    if not len(image):
        return rank
    order = by_number(image)
    image, category = image[order], category[order]
    fresh = np.concatenate(([True], (image[1:] != image[:-1]) | (category[1:] != category[:-1])))
    first = np.flatnonzero(fresh)
    rank[order] = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    return rank


def by_number(number: Array) -> Array:
    """The rows by ascending whole numbers from 0; equals keep their order."""
    if len(number) and number.max() < RADIX:
        number = number.astype(np.uint8 if number.max() < 256 else np.uint16)
    order: Array = np.argsort(number, kind="stable")
    return order


def by_large_number(number: Array) -> Array:
    """The rows by ascending whole numbers from 0, as large as may be; equals keep their order."""
    bits = max(1, len(number).bit_length())
    if len(number) and int(number.max()).bit_length() + bits > 63:
        return np.argsort(number, kind="stable")
    key = number.astype(np.int64) << bits
    key |= np.arange(len(number))
    key.sort()
    key &= (1 << bits) - 1
    return key


def _score_steps(score: Array) -> Array:
    """Scores as whole numbers of 32 bits, the highest first: what differs may be equal here, but is never reversed."""
    low, high = float(score.min()) / 2, float(score.max()) / 2  # halves, so that no difference overflows
    if not high > low:
        return np.zeros(len(score), dtype=np.uint32)
    step = high - score / 2
    step /= high - low
    step *= 2.0**32 - 1
    return step.astype(np.uint32)


def _settle(found: Objects, order: Array, category: Array, step: Array) -> None:
    """Put rows of one category and step of score in their exact order, in place, where it is not that already."""
    ordered = step.take(order)
    alike = ordered[1:] == ordered[:-1]
    border = np.cumsum(np.bincount(category))[:-1]
    alike[border[(border > 0) & (border < len(order))] - 1] = False
    pair = np.flatnonzero(alike)
    one, other = order[pair], order[pair + 1]
    score = found.score if found.score is not None else np.zeros(found.count)
    wrong = pair[(score[other] > score[one]) | (found.image[other] == found.image[one])]
    if not len(wrong):
        return
    edge = np.concatenate(([0], np.flatnonzero(~alike) + 1, [len(order)]))
    run = np.searchsorted(edge, wrong, side="right") - 1
    run = run[np.concatenate(([True], run[1:] != run[:-1]))]
    number, place = neighbours(edge[run], edge[run + 1] - edge[run])
    row = order[place]
    order[place] = row[np.lexsort((*_content(found, row)[::-1], found.image[row], -score[row], number))]


def _content(found: Objects, row: Array) -> list[Array]:
    """What some predictions are, as columns that sort them."""
    if found.points is not None:
        return list(found.points[row].reshape(len(row), -1).T)
    if found.mask is not None:
        some = found.mask.take(row)
        texts = [some.text[one:other].tobytes() for one, other in zip(some.start[:-1], some.start[1:])]
        place = {text: k for k, text in enumerate(sorted(set(texts)))}
        return [np.array([place[text] for text in texts])]
    return [] if found.box is None else list(found.box[row].T)
