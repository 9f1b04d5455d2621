"""Scores of classes that stand in a tree (species, genus, family): near misses cost less than far ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import metric
from metrics.columns import row_chunks, target_of
from metrics.evidence import Additive, Totals
from metrics.frozen import dataclass
from metrics.inputs import MetricError, paired, ratio
from metrics.labels import encode

if TYPE_CHECKING:
    from metrics.inputs import Array

SINGLE = ("binary", "multiclass")
UNIT = (0.0, 1.0)
DEEPEST = 200
"""Levels a tree may have; more than any taxonomy has, and what a circle would exceed."""

DEPTH = (
    "It depends on how finely the tree is cut: a level more between species and genus changes every score, and deep "
    "branches weigh more than shallow ones."
)


@dataclass(frozen=True, eq=False, repr=False)
class Tree(Sequence[Any]):
    """Classes in their order, and the tree that they stand in; given to a metric as its ``labels``.

    Attributes:
        classes: what truth and prediction may name; also inner nodes, if those may be predicted.
        parent: of each node the number of its parent, -1 for a node at the top, shape (nodes,). The first nodes are the
            classes in their order; nodes that are no class follow.

    >>> tree = Tree.from_parents(["lion", "tiger", "wolf"], {"lion": "cats", "tiger": "cats", "wolf": "dogs"})
    >>> tree.parent.tolist()
    [3, 3, 4, -1, -1]
    """

    classes: tuple[Any, ...]
    parent: Array

    def __post_init__(self) -> None:
        classes, parent = tuple(self.classes), np.asarray(self.parent)
        if parent.ndim != 1 or parent.dtype.kind not in "iu" or len(parent) < len(classes):
            raise MetricError(f"a tree needs the number of the parent of each of its {len(classes)} classes, or -1")
        if len(parent) and (parent.min() < -1 or parent.max() >= len(parent)):
            raise MetricError(f"a parent's number lies outside -1 to {len(parent) - 1}")
        object.__setattr__(self, "classes", classes)
        object.__setattr__(self, "parent", parent.astype(np.int64))

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: Any) -> Any:
        return self.classes[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.classes)

    @classmethod
    def from_parents(cls, classes: Sequence[Any], parents: Mapping[Any, Any]) -> Tree:
        """A tree from each node's parent; a node without one, or whose parent is None, stands at the top."""
        names = list(dict.fromkeys([*classes, *parents, *parents.values()]))
        place = {name: number for number, name in enumerate(name for name in names if name is not None)}
        return cls(tuple(classes), np.array([place.get(parents.get(name), -1) for name in place], dtype=np.int64))

    @cached_property
    def path(self) -> Array:
        """The nodes from the top down to each class, shape (classes, levels); -1 below the class.

        Raises:
            MetricError: the parents go round in a circle.
        """
        steps = [np.arange(len(self.classes))]
        while (steps[-1] >= 0).any():
            if len(steps) > DEEPEST:
                raise MetricError(f"the tree goes round in a circle, or has more than {DEEPEST} levels")
            steps.append(np.where(steps[-1] >= 0, self.parent[steps[-1]], -1))
        upwards = np.stack(steps[:-1], axis=1)
        depth = (upwards >= 0).sum(axis=1)
        place = depth[:, None] - 1 - np.arange(upwards.shape[1])
        return np.where(place >= 0, np.take_along_axis(upwards, np.maximum(place, 0), axis=1), -1)


def tree_pairs(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Additive:
    """Collect of each item how deep its true and its predicted class stand, and how far down their ways are one.

    Args:
        y_true: labels, shape (n,).
        y_pred: labels, shape (n,).
        labels: a `Tree`.
    """
    truth, prediction = paired(y_true, y_pred)
    if not isinstance(labels, Tree):
        raise MetricError("a score along a taxonomy needs the tree: labels=metrics.taxonomy.Tree(classes, parent)")
    true, _ = encode(truth, labels.classes)
    predicted, _ = encode(prediction, labels.classes, "y_pred")
    path = labels.path
    depth = (path >= 0).sum(axis=1)
    table = np.empty((3, len(true)))
    for rows in row_chunks(len(true), path.shape[1]):
        one, other = path[true[rows]], path[predicted[rows]]
        table[0, rows] = ((one == other) & (one >= 0)).sum(axis=1)
        table[1, rows], table[2, rows] = depth[true[rows]], depth[predicted[rows]]
    return Additive(len(true), target_of(labels.classes), table=table)


@metric(
    "hierarchical_precision",
    collect=tree_pairs,
    needs="label",
    targets=SINGLE,
    bounds=UNIT,
    greater_is_better=True,
    pitfalls=f"Naming a class near the top is rewarded: it has few ancestors to be wrong in. {DEPTH}",
)
def hierarchical_precision(totals: Totals) -> Array:
    """Share of what is claimed that is true, where a class claims itself and all its ancestors.

    Args:
        totals: summed common, true and predicted depth, shape (w, 3, 1), and weight.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Kiritchenko, Matwin and Famili, Canadian AI (2006), p. 395; Silla and Freitas, Data Mining and Knowledge
    Discovery 22 (2011), p. 31. The root above all does not count.

    >>> tree = metrics.taxonomy.Tree.from_parents(["lion", "tiger", "wolf"], {"lion": "cats", "tiger": "cats"})
    >>> metrics.hierarchical_precision(["lion", "wolf"], ["tiger", "wolf"], labels=tree)
    0.6666666666666666
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 2, 0])


@metric(
    "hierarchical_recall",
    collect=tree_pairs,
    needs="label",
    targets=SINGLE,
    bounds=UNIT,
    greater_is_better=True,
    pitfalls=f"Guessing a deep class costs nothing that guessing its parent would not. {DEPTH}",
)
def hierarchical_recall(totals: Totals) -> Array:
    """Share of what is true that is claimed, where a class claims itself and all its ancestors.

    Args:
        totals: summed common, true and predicted depth, shape (w, 3, 1), and weight.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Kiritchenko, Matwin and Famili, Canadian AI (2006), p. 395. The root above all does not count.

    >>> tree = metrics.taxonomy.Tree.from_parents(["lion", "tiger", "wolf"], {"lion": "cats", "tiger": "cats"})
    >>> metrics.hierarchical_recall(["lion", "wolf"], ["wolf", "wolf"], labels=tree)
    0.3333333333333333
    """
    return ratio(totals.sums[:, 0, 0], totals.sums[:, 1, 0])


@metric(
    "hierarchical_fbeta",
    collect=tree_pairs,
    needs="label",
    targets=SINGLE,
    bounds=UNIT,
    greater_is_better=True,
    limits={"beta": (0.0, 1e6)},
    pitfalls=f"All items are thrown together, so frequent classes rule. {DEPTH}",
)
def hierarchical_fbeta(totals: Totals, *, beta: float = 1.0) -> Array:
    """Harmonic mean of hierarchical precision and recall in which recall counts beta times as much.

    Args:
        totals: summed common, true and predicted depth, shape (w, 3, 1), and weight.
        beta: how many times as much recall counts as precision; 1 by default, which is hierarchical F1.

    Returns:
        One score a weighting, shape (w,); nan where nothing has weight.

    Source: Kiritchenko, Matwin and Famili, Canadian AI (2006), p. 395. The root above all does not count.

    >>> tree = metrics.taxonomy.Tree.from_parents(["lion", "tiger", "wolf"], {"lion": "cats", "tiger": "cats"})
    >>> metrics.hierarchical_fbeta(["lion", "wolf"], ["wolf", "wolf"], labels=tree)
    0.4
    """
    common, true, predicted = (totals.sums[:, column, 0] for column in range(3))
    return ratio((1 + beta**2) * common, beta**2 * true + predicted)


@metric(
    "tree_distance",
    collect=tree_pairs,
    needs="label",
    targets=SINGLE,
    bounds=(0.0, np.inf),
    greater_is_better=False,
    pitfalls=f"The mean hides whether there are many near misses or few far ones. {DEPTH}",
)
def tree_distance(totals: Totals) -> Array:
    """Mean number of steps along the tree from the predicted to the true class; 0 where they are one.

    Args:
        totals: summed common, true and predicted depth, shape (w, 3, 1), and weight.

    Returns:
        One score a weighting, shape (w,), in steps; nan where nothing has weight.

    Source: Rada et al., IEEE Transactions on Systems, Man and Cybernetics 19 (1989), p. 17. Trees at the top hang on
    one root.

    >>> tree = metrics.taxonomy.Tree.from_parents(["lion", "tiger", "wolf"], {"lion": "cats", "tiger": "cats"})
    >>> metrics.tree_distance(["lion", "wolf"], ["tiger", "tiger"], labels=tree)
    2.5
    """
    common, true, predicted = (totals.sums[:, column, 0] for column in range(3))
    return ratio(true + predicted - 2 * common, totals.weight[:, 0])


def level_hits(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, level: int = 1) -> Additive:
    """Collect of each item whether it is right down to a level, or its true class stands above that level.

    Args:
        y_true: labels, shape (n,).
        y_pred: labels, shape (n,).
        labels: a `Tree`.
        level: counted from the top, where it is 1.
    """
    pairs = tree_pairs(y_true, y_pred, labels)
    assert pairs.table is not None
    common, true, _ = pairs.table
    code = np.where(true < level, 2, common >= level).astype(np.uint8)
    return Additive(pairs.n, pairs.target, code=code, cells=3)


@metric(
    "accuracy_at_level",
    collect=level_hits,
    needs="label",
    targets=SINGLE,
    bounds=UNIT,
    greater_is_better=True,
    limits={"level": (1, DEEPEST)},
    pitfalls=(
        "Levels are counted from the top of the tree, so where branches have not the same ranks one level is a family "
        "here and a genus there. Frequent classes rule."
    ),
)
def accuracy_at_level(totals: Totals) -> Array:
    """Share of items whose class is right down to a level of the tree, such as the family.

    Args:
        totals: weight of the items that are wrong, right, and truly above the level, shape (w, 3).

    Returns:
        One score a weighting, shape (w,); nan where no item's true class reaches the level. Items whose true class
        stands above it are left out.

    Options: ``level``, counted from the top; 1 by default.

    Source: as the accuracy at each rank in Bertinetto et al., Making Better Mistakes, CVPR (2020), p. 12503.

    >>> tree = metrics.taxonomy.Tree.from_parents(["lion", "tiger", "wolf"], {"lion": "cats", "tiger": "cats"})
    >>> metrics.accuracy_at_level(["lion", "wolf"], ["tiger", "tiger"], labels=tree)
    0.5
    """
    return ratio(totals.weight[:, 1], totals.weight[:, 0] + totals.weight[:, 1])
