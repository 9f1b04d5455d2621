"""What is to be predicted as columns of numbers, whatever the task, so that one test serves all tasks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compete.terms import Terms

Array = np.ndarray[Any, Any]
MOST = 6
"""Columns of a target, at most: of many classes those with most items."""
NUMBERS = frozenset({"regression", "multilabel", "survival"})
"""Tasks whose labels are numbers."""
FEWEST = 5
"""Items that a class must have to be looked at."""

Targets = tuple[Array, tuple[str, ...]]


def flat_targets(terms: Terms, columns: Mapping[str, Sequence[str]]) -> Targets:
    """Targets of rows: of classes one column each (of two classes one), of numbers and several labels their columns.

    Args:
        terms: of the challenge.
        columns: the label columns as text.

    Returns:
        Numbers of shape (n, k), and the names of the columns.
    """
    if terms.task == "classification":
        label = np.array(next(iter(columns.values())), dtype=object)
        chosen = terms.classes[1:] if len(terms.classes) == 2 else terms.classes
        return _frequent(np.stack([label == name for name in chosen], axis=1), chosen)
    if terms.task not in NUMBERS:
        return _tokens(columns)
    numbers = np.array([[_number(text) for text in texts] for texts in columns.values()], dtype=np.float64).T
    if terms.task == "multilabel":
        return _frequent(numbers == 1, tuple(columns))
    return numbers[:, :MOST], tuple(columns)[:MOST]


def _tokens(columns: Mapping[str, Sequence[str]]) -> Targets:
    """Of classes, lists and texts: which of the commonest cells, or of the words in them, are there, and how many."""
    words = {name: [set(re.split(r"[ ;,|]+", text)) - {""} for text in texts] for name, texts in columns.items()}
    count = Counter((name, word) for name, sets in words.items() for some in sets for word in some)
    common = [pair for pair, _ in sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))[: 4 * MOST]]
    items = len(next(iter(columns.values())))
    present = np.zeros((items, len(common)), dtype=bool)
    for place, (name, word) in enumerate(common):
        present[:, place] = [word in some for some in words[name]]
    length = np.array([len(text) for text in next(iter(columns.values()))], dtype=np.float64)
    found, names = _frequent(present, [f"{name}: {word}" for name, word in common])
    return np.column_stack([length, found]), ("length", *names)


def image_targets(terms: Terms, truths: Sequence[Any]) -> Targets:
    """Targets of images: how many objects, and which classes are there; of label images each class's share of pixels.

    Args:
        terms: of the challenge.
        truths: of train and of the test, as they are compiled.
    """
    if terms.task == "semantic_segmentation":
        shares = np.concatenate([_shares(maps, terms.class_ids) for maps in truths])
        order = np.sort(np.argsort(-shares.sum(axis=0), kind="stable")[:MOST])
        return shares[:, order], tuple(terms.classes[code] for code in order)
    counts = np.concatenate([_counts(getattr(truth, "objects", truth)) for truth in truths])
    found, names = _frequent(counts > 0, terms.classes)
    return np.column_stack([counts.sum(axis=1), found]), ("number of objects", *names)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _frequent(presence: Array, names: Sequence[str]) -> Targets:
    """The columns that tell most apart, as numbers."""
    count = presence.sum(axis=0)
    few = np.minimum(count, len(presence) - count)
    order = [code for code in np.argsort(-few, kind="stable")[:MOST].tolist() if few[code] >= FEWEST]
    return presence[:, sorted(order)].astype(np.float64), tuple(names[code] for code in sorted(order))


def _counts(truth: Any) -> Array:
    """How many objects or segments of each class are in each image, shape (images, classes)."""
    images = len(truth.maps.shape) if hasattr(truth, "maps") else truth.images
    classes = len(truth.things) if hasattr(truth, "things") else truth.categories
    place = truth.image.astype(np.int64) * classes + truth.category
    counts: Array = np.bincount(place, minlength=images * classes).reshape(images, classes)
    return counts


def _shares(maps: Any, numbers: Sequence[int]) -> Array:
    """Each class's share of the pixels of each image, shape (images, classes)."""
    image = np.repeat(np.arange(len(maps.shape)), np.diff(maps.start))
    pixels = np.prod(maps.shape, axis=1)
    length = maps.length.astype(np.float64)
    columns = [
        np.bincount(image[maps.value == number], length[maps.value == number], len(pixels)) for number in numbers
    ]
    shares: Array = np.stack(columns, axis=1) / pixels[:, None]
    return shares
