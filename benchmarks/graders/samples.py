"""Seeded random solutions and submissions, as our metrics take them and as plain data for the oracles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import metrics
from metrics.objects import Objects

LETTERS = np.array(list("abcde  "))


@dataclass(frozen=True)
class Sample:
    """One solution and one submission.

    Attributes:
        y_true: truth, as the metric takes it.
        y_pred: prediction, as the metric takes it.
        raw: truth and prediction (and what else is known) as plain data, for the oracle.
        labels: the classes in order, where the metric is told them.
    """

    y_true: Any
    y_pred: Any
    raw: tuple[Any, ...]
    labels: Any = None


Make = Callable[[np.random.Generator], Sample]


def of_labels(classes: int, text: bool = True) -> Make:
    """One label an item of several classes, as text or as numbers in order; predictions name some more classes."""

    def make(random: np.random.Generator) -> Sample:
        n = int(random.integers(50, 300))
        true = random.integers(0, classes, n)
        found = np.where(random.random(n) < 0.6, true, random.integers(0, classes + text, n))
        sides = [np.array([f"class {code}" for code in side]) if text else side for side in (true, found)]
        return Sample(*sides, raw=tuple(sides), labels=None if text else range(classes))

    return make


def of_scores(random: np.random.Generator) -> Sample:
    """Two classes and a score with ties."""
    n = int(random.integers(50, 400))
    true = np.concatenate([[0, 1], random.integers(0, 2, n)])
    found = np.round(np.clip(0.3 * true + 0.7 * random.random(n + 2), 0, 1), 2)
    return Sample(true, found, (true, found))


def of_flags(columns: int, empty: bool = False) -> Make:
    """0/1 columns and scores of each; without ``empty`` each column knows both."""

    def make(random: np.random.Generator) -> Sample:
        n = int(random.integers(50, 200))
        true = (random.random((n, columns)) < 0.3).astype(int)
        if not empty:
            true[0], true[1] = 0, 1
        found = np.round(np.clip(0.3 * true + 0.7 * random.random(true.shape), 0, 1), 2)
        return Sample(true, found, (true, found))

    return make


def of_chances(classes: int) -> Make:
    """One class an item and the probability of each; of two classes, of the second alone."""

    def make(random: np.random.Generator) -> Sample:
        n = int(random.integers(50, 300))
        true = random.integers(0, classes, n)
        chance = random.dirichlet(np.full(classes, 0.5), n) * 0.98 + 0.02 / classes
        chance /= chance.sum(axis=1, keepdims=True)
        found = chance[:, 1] if classes == 2 else chance
        return Sample(true, found, (true, found), range(classes))

    return make


def of_values(columns: int = 1, positive: bool = False) -> Make:
    """Numbers, in one column or several."""

    def make(random: np.random.Generator) -> Sample:
        n = int(random.integers(50, 300))
        true = np.exp(random.normal(size=(n, columns))) if positive else random.normal(size=(n, columns))
        found = np.abs(true + random.normal(size=true.shape)) if positive else true + random.normal(size=true.shape)
        true, found = np.round(true, 1), np.round(found, 2)
        sides = (true[:, 0], found[:, 0]) if columns == 1 else (true, found)
        return Sample(*sides, raw=sides)

    return make


def of_types(random: np.random.Generator) -> Sample:
    """Numbers of several types of item."""
    one = of_values()(random)
    kind = random.choice(["1JHC", "2JHH", "3JHC"], len(one.y_true))
    return Sample(metrics.WithColumns(one.y_true, {"type": kind}), one.y_pred, (*one.raw, kind))


def of_tags(labels: int = 12, truth_may_be_empty: bool = False) -> Make:
    """Sets of tags an item."""

    def make(random: np.random.Generator) -> Sample:
        true, found = [], []
        for _ in range(int(random.integers(40, 120))):
            own = random.permutation(labels)[: random.integers(0 if truth_may_be_empty else 1, 5)]
            kept = own[random.random(len(own)) < 0.7]
            other = random.permutation(labels)[: random.integers(0, 3)]
            true.append([f"t{code}" for code in own])
            found.append(list(dict.fromkeys(f"t{code}" for code in (*kept, *other))))
        return Sample(true, found, (true, found))

    return make


def of_rankings(length: int, several: bool) -> Make:
    """Lists of guesses in order, and one right label or several."""

    def make(random: np.random.Generator) -> Sample:
        true, found = [], []
        for _ in range(int(random.integers(40, 120))):
            own = random.permutation(20)[: random.integers(1, 20) if several else 1]
            true.append([f"p{code}" for code in own])
            found.append([f"p{code}" for code in random.permutation(20)[: random.integers(1, length + 1)]])
        return Sample(true, found, (true, found))

    return make


def of_orders(random: np.random.Generator) -> Sample:
    """Orders of the same cells."""
    true, found = [], []
    for _ in range(int(random.integers(20, 60))):
        cells = [f"cell{code}" for code in range(random.integers(2, 15))]
        true.append(random.permutation(cells).tolist())
        found.append(random.permutation(cells).tolist())
    return Sample(true, found, (true, found))


def of_sequences(random: np.random.Generator) -> Sample:
    """Sequences of gestures, with repeats."""
    rows = [random.integers(1, 6, random.integers(1, 15)).tolist() for _ in range(60)]
    found = [[code for code in row if random.random() < 0.8] + [1] * int(random.integers(0, 2)) for row in rows]
    return Sample(rows, found, (rows, found))


def of_texts(random: np.random.Generator) -> Sample:
    """Texts of few letters, and texts near them."""
    true, found = [], []
    for _ in range(60):
        letters = random.choice(LETTERS, random.integers(1, 30))
        letters[0] = "e"
        true.append("".join(letters))
        kept = letters[random.random(len(letters)) < 0.8]
        found.append("".join([*kept, *random.choice(LETTERS, random.integers(0, 4))]))
    return Sample(true, found, (true, found))


def of_answers(random: np.random.Generator) -> Sample:
    """Several right answers a question or none, and one answer or none."""
    true = [[f"{code}:{code + 2}" for code in random.permutation(6)[: random.integers(0, 3)]] for _ in range(150)]
    found = [[f"{code}:{code + 2}" for code in random.permutation(6)[: random.integers(0, 2)]] for _ in range(150)]
    return Sample(true, found, (true, found))


def of_directions(random: np.random.Generator) -> Sample:
    """Azimuth and zenith in radians."""
    true, found = (np.column_stack([random.random(80) * 2 * np.pi, random.random(80) * np.pi]) for _ in range(2))
    return Sample(true, found, (true, found))


def of_phones(random: np.random.Generator) -> Sample:
    """Latitude and longitude of several phones, in degrees."""
    n = int(random.integers(60, 150))
    true = np.column_stack([37 + random.random(n), -122 + random.random(n)])
    found = true + random.normal(scale=1e-4, size=true.shape)
    phone = random.choice(["pixel", "galaxy", "mi"], n)
    phone[:3] = ["pixel", "galaxy", "mi"]
    return Sample(metrics.WithColumns(true, {"phone": phone}), found, (true, found, phone))


def of_spreads(random: np.random.Generator) -> Sample:
    """A volume, its forecast and how sure that is."""
    true = np.round(random.normal(2500, 600, 90))
    found = np.column_stack([true + random.normal(0, 900, 90), random.uniform(20, 500, 90)])
    return Sample(true, found, (true, found))


def of_votes(random: np.random.Generator) -> Sample:
    """Votes of several annotators, and probabilities."""
    true = random.integers(0, 5, (80, 6)) + np.eye(6, dtype=int)[random.integers(0, 6, 80)]
    found = random.dirichlet(np.full(6, 1.0), 80) * 0.97 + 0.03 / 6
    return Sample(true, found, (true, found))


def of_identities(random: np.random.Generator) -> Sample:
    """Toxic or not, a score, and 0/1 marks of identities."""
    one = of_scores(random)
    n = len(one.y_true)
    marks = {name: (random.random(n) < 0.5).astype(int) for name in ("male", "female", "black", "white")}
    return Sample(metrics.WithColumns(one.y_true, marks), one.y_pred, (*one.raw, marks))


def of_masks(height: int = 13, width: int = 17, hold: bool = False) -> Make:
    """One mask an image; some are empty, in truth, in prediction or in both, unless they must ``hold`` something."""

    def make(random: np.random.Generator) -> Sample:
        true, found = [], []
        for _ in range(24):
            share = random.choice([0.0, 0.02, 0.3]) if not hold else 0.3
            one = (random.random((height, width)) < share).astype(np.uint8)
            other = np.where(random.random(one.shape) < random.choice([0.0, 0.1, 0.4]), 1 - one, one)
            true.append(one)
            found.append(other.astype(np.uint8) * (hold or random.random() < 0.8))
        true[0], found[0] = np.zeros_like(true[0]) + hold, np.zeros_like(true[0]) + hold
        return Sample(true, found, (true, found), [0, 1])

    return make


def of_volumes(random: np.random.Generator) -> Sample:
    """One mask a volume, near the truth; one volume has none."""
    true, found = [], []
    for number in range(6):
        shape = tuple(random.integers(4, 9, 3))
        one = (random.random(shape) < (0.1 if number else 0.0)).astype(np.uint8)
        true.append(one)
        found.append(np.where(random.random(shape) < 0.02, 1 - one, one) if number else one)
    return Sample(true, found, (true, found), [0, 1])


def of_boxes(random: np.random.Generator) -> Sample:
    """Boxes of several classes, found a few pixels aside."""
    images, classes = 15, 3
    count = int(random.integers(30, 60))
    box = np.column_stack([random.uniform(0, 900, (count, 2)), random.uniform(20, 120, (count, 2))])
    true = Objects(images, classes, random.integers(0, images, count), random.integers(0, classes, count), box=box)
    kept = random.permutation(count)[: int(count * 0.8)]
    near = box[kept] + random.normal(0, 9, (len(kept), 4))
    near[:, 2:] = np.maximum(near[:, 2:], 3)
    more = np.column_stack([random.uniform(0, 900, (15, 2)), random.uniform(20, 120, (15, 2))])
    found = Objects(
        images, classes, np.concatenate([true.image[kept], random.integers(0, images, 15)]),
        np.concatenate([true.category[kept], random.integers(0, classes, 15)]), box=np.concatenate([near, more]),
        score=random.permutation(len(kept) + 15) / 100,
    )  # fmt: skip
    return Sample(true, found, (true, found))


def of_characters(random: np.random.Generator) -> Sample:
    """Boxes of characters on a grid, and points in them or beside them."""
    images, classes = 4, 5
    place = np.array([(image, x, y) for image in range(images) for x in range(5) for y in range(6)])
    box = np.column_stack(
        [place[:, 1] * 30.0, place[:, 2] * 30.0, np.full(len(place), 22.0), np.full(len(place), 25.0)]
    )
    label = random.integers(0, classes, len(place))
    true = Objects(images, classes, place[:, 0], label, box=box)
    point = np.column_stack([box[:, :2] + random.uniform(1, 29, (len(box), 2)), np.zeros((len(box), 2))])
    twice = np.concatenate([np.arange(len(box)), random.integers(0, len(box), 10)])
    named = np.where(random.random(len(twice)) < 0.8, label[twice], random.integers(0, classes, len(twice)))
    found = Objects(images, classes, place[twice, 0], named, box=point[twice], score=np.ones(len(twice)))
    return Sample(true, found, (true, found))


def thinned(make: Make, keep: str) -> Make:
    """Items of which a column of the solution says that they are not scored; the metric gets the others alone."""

    def scored(random: np.random.Generator) -> Sample:
        whole = make(random)
        mark = random.random(len(whole.y_true)) < 0.7
        mark[:2] = True
        return replace(whole, y_true=whole.y_true[mark], y_pred=whole.y_pred[mark], raw=(*whole.raw, mark))

    scored.__doc__ = f"As {make.__doc__}, of which {keep} are scored."
    return scored
