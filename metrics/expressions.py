"""Expressions over metrics: ``0.4*dice + 0.6*(1 - hausdorff)`` is a metric like any other.

What the metrics that it names collected stands side by side, and every weighting (a subgroup, a half, a bootstrap draw)
is given to all of them alike, so an interval of an expression comes from draws that its parts share. The direction
follows from those of the parts; where they pull different ways it must be declared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.catalog import Metric
from metrics.expression_tree import (
    Name,
    Node,
    Number,
    expression_text,
    is_single,
    names_in,
    read_expression,
    renamed,
)
from metrics.frozen import dataclass
from metrics.inputs import MetricError, ratio
from metrics.side_by_side import Grouped, GroupReading, SideBySide

if TYPE_CHECKING:
    from metrics.evidence import Evidence
    from metrics.inputs import Array

__all__ = ["Combination", "Parts", "combination", "expression", "is_single", "named_in", "pulls_both_ways"]

PITFALL = (
    "Parts of different units and spreads do not weigh what their factors say: the part that varies most between "
    "submissions decides the ranking. Look at the parts one by one, too (score.also)."
)


def expression(text: str, lookup: Callable[[str], Metric], greater_is_better: Optional[bool] = None) -> Metric:
    """The metric of an expression.

    Args:
        text: numbers, metrics, ``+ - * /`` and parentheses.
        lookup: finds a metric by its written name.
        greater_is_better: the direction; None where it follows from the parts.

    Raises:
        MetricError: the text cannot be read, or its parts do not fit together.
    """
    tree = read_expression(text)
    found = {name: lookup(name) for name in names_in(tree)}
    if not found:
        raise MetricError(f"{text!r} names no metric")
    tree = renamed(tree, {name: metric.name for name, metric in found.items()})
    leaves = {metric.name: metric for metric in found.values()}
    targets = frozenset.intersection(*(leaf.targets for leaf in leaves.values()))
    if not targets:
        told = "; ".join(f"{name}: {' or '.join(sorted(leaf.targets))}" for name, leaf in leaves.items())
        raise MetricError(f"no truth fits all parts of {text!r} ({told})")
    better = _direction(tree, leaves, greater_is_better)
    if isinstance(tree, Name):
        return leaves[tree.text]
    parts = _grouped(tuple(leaves.values()))
    ordered = tuple(leaf for same in parts for leaf in same)
    alone = len(parts) == 1 and not any(leaf.parts for leaf in ordered)
    formula = Formula(tree, ordered, alone)
    low, high = _bounds(tree, leaves)
    needs = " and ".join(sorted({leaf.needs for leaf in ordered}))
    first = ordered[0]
    options = first._options_of(first.collector) if alone else {}
    collector = first.collector if alone else Parts(parts)
    name = expression_text(tree)
    return Metric(
        name, collector, formula, needs, targets, better, (low, high), options, {}, _pitfalls(ordered), ordered
    )


def named_in(text: str) -> tuple[str, ...]:
    """The metrics that a text names, as they are written there: itself, or those of an expression.

    >>> named_in("0.5*f1 + 0.5*fbeta(beta=2)")
    ('f1', 'fbeta(beta=2)')

    Raises:
        MetricError: the text cannot be read.
    """
    return (text,) if is_single(text) else names_in(read_expression(text))


def _pitfalls(leaves: Sequence[Metric]) -> str:
    """What to beware of in an expression, and in each of its parts."""
    return " ".join([PITFALL, *(f"{leaf.name}: {leaf.pitfalls}" for leaf in leaves if leaf.pitfalls)])


def _grouped(leaves: Sequence[Metric]) -> tuple[tuple[Metric, ...], ...]:
    """The metrics of an expression, those of one evidence together."""
    alike: dict[Any, list[Metric]] = {}
    for leaf in leaves:
        alike.setdefault((leaf.evidence_key, leaf.needs), []).append(leaf)
    return tuple(map(tuple, alike.values()))


@dataclass(frozen=True)
class Parts:
    """Collects what each part of an expression looks at; parts of one evidence collect once."""

    groups: tuple[tuple[Metric, ...], ...]

    def __call__(self, y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> SideBySide:
        """Collect from truth and prediction.

        Args:
            y_true: truth, as every part takes it.
            y_pred: prediction; where the parts need different ones, a mapping from what is needed to the prediction.
            labels: the classes in order.
        """
        needs = {same[0].needs for same in self.groups}
        if not isinstance(y_pred, Mapping) and len(needs) > 1 and not needs <= {"probability", "score"}:
            words = ", ".join(sorted(needs))
            raise MetricError(f"the parts need different predictions; give a mapping with the keys {words}")
        given = y_pred if isinstance(y_pred, Mapping) else dict.fromkeys(needs, y_pred)
        return self.of([same[0].collect(y_true, given[same[0].needs], labels) for same in self.groups])

    def of(self, evidences: Sequence[Evidence]) -> SideBySide:
        """The evidence of the whole, from that of each group of parts, in their order."""
        for same, evidence in zip(self.groups, evidences):
            for part in same:
                part.check(evidence)
        if len({evidence.n for evidence in evidences}) > 1:
            raise MetricError("the parts of an expression were given different items")
        return SideBySide(tuple(evidences), tuple(tuple(part.bound for part in same) for same in self.groups))


@dataclass(frozen=True, eq=False)
class Formula:
    """Reckons an expression from the scores of its parts.

    Attributes:
        tree: the expression.
        leaves: the metrics in the order of the scores.
        alone: whether all parts read one evidence, which is then given as it is.
    """

    tree: Node
    leaves: tuple[Metric, ...]
    alone: bool

    def __post_init__(self) -> None:
        told = "\n".join(f"    {leaf.name}: {leaf.title}" for leaf in self.leaves)
        object.__setattr__(self, "__doc__", f"The expression {expression_text(self.tree)}.\n\nParts:\n{told}\n")

    def __call__(self, reading: Any) -> Array:
        """One score a weighting, shape (w,); nan where a part is nan or a divisor is 0."""
        scores = [leaf.bound(reading) for leaf in self.leaves] if self.alone else reading
        values = {leaf.name: np.asarray(score, dtype=np.float64) for leaf, score in zip(self.leaves, scores)}
        return np.asarray(_value(self.tree, values))


def _value(node: Node, values: Mapping[str, Array]) -> Any:
    """The value of a tree."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return values[node.text]
    left, right = _value(node.left, values), _value(node.right, values)
    if node.sign == "+":
        return left + right
    if node.sign == "-":
        return left - right
    return left * right if node.sign == "*" else ratio(left, right)


def _bounds(node: Node, leaves: Mapping[str, Metric]) -> tuple[float, float]:
    """The lowest and highest value that the bounds of the parts allow."""
    if isinstance(node, Number):
        return node.value, node.value
    if isinstance(node, Name):
        return leaves[node.text].bounds
    (low, high), (least, most) = _bounds(node.left, leaves), _bounds(node.right, leaves)
    if node.sign == "+":
        return low + least, high + most
    if node.sign == "-":
        return low - most, high - least
    if node.sign == "/":
        if least <= 0 <= most:
            if not _sign((least, most)):
                return -np.inf, np.inf
            flip = most <= 0
            least, most = (-np.inf, _inverse(least)) if flip else (_inverse(most), np.inf)
        else:
            least, most = _inverse(most), _inverse(least)
    corners = [_product(one, other) for one in (low, high) for other in (least, most)]
    return min(corners), max(corners)


def _inverse(value: float) -> float:
    return 0.0 if np.isinf(value) else 1.0 / value


def _product(one: float, other: float) -> float:
    return 0.0 if one == 0 or other == 0 else one * other


def _sign(bounds: tuple[float, float]) -> int:
    """1 where a value is never negative, -1 where it is never positive, 0 where it can be both."""
    low, high = bounds
    if low == high == 0:
        return 0
    return 1 if low >= 0 else -1 if high <= 0 else 0


def _pulls(node: Node, leaves: Mapping[str, Metric]) -> dict[str, int]:
    """Whether the value rises (1) or falls (-1) as each part gets better; 0 where that depends."""
    if isinstance(node, Number):
        return {}
    if isinstance(node, Name):
        return {node.text: 1 if leaves[node.text].greater_is_better else -1}
    left, right = _pulls(node.left, leaves), _pulls(node.right, leaves)
    by, over = 1, 1
    if node.sign == "-":
        over = -1
    elif node.sign in "*/":
        by, over = _sign(_bounds(node.right, leaves)), _sign(_bounds(node.left, leaves))
        over = -over if node.sign == "/" else over
    out = {name: pull * by for name, pull in left.items()}
    for name, pull in right.items():
        out[name] = pull * over if out.get(name, pull * over) == pull * over else 0
    return out


def _direction(tree: Node, leaves: Mapping[str, Metric], declared: Optional[bool]) -> bool:
    """Whether greater is better."""
    pulls = _pulls(tree, leaves)
    ways = set(pulls.values())
    if len(ways) == 1 and 0 not in ways:
        derived = ways == {1}
        if declared is not None and declared != derived:
            better = "higher" if derived else "lower"
            raise MetricError(
                f"{expression_text(tree)} is better {better}, as all its parts are; the other was declared"
            )
        return derived
    if declared is None:
        words = {1: "is better when the value is higher", -1: "is better when the value is lower", 0: "is neither"}
        told = ", ".join(f"{name} {words[pull]}" for name, pull in pulls.items())
        raise MetricError(
            f"the direction of {expression_text(tree)} is not clear: {told}; turn parts round, as in 1 - x, or declare "
            "greater_is_better"
        )
    return declared


def pulls_both_ways(metric: Metric) -> bool:
    """Whether a metric is an expression whose direction had to be declared, so that its bounds are not its best."""
    if not isinstance(metric.formula, Formula):
        return False
    ways = set(_pulls(metric.formula.tree, {leaf.name: leaf for leaf in metric.parts}).values())
    return len(ways) > 1 or 0 in ways


@dataclass(frozen=True)
class Combination:
    """Stands for what a metric collects by subgroups that only the items' table knows.

    Attributes:
        metric: the metric in each group.
        over: the subgroup column.
        by: how the groups' values become one.
    """

    metric: Metric
    over: str
    by: str

    def __call__(self, y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Evidence:
        """Refuse: arrays alone do not tell the groups."""
        raise MetricError(f"{self.metric.name} over {self.over} needs the subgroup of each item")

    def of(self, evidence: Evidence, group: Array) -> Grouped:
        """The evidence of the combination.

        Args:
            evidence: what the metric collected.
            group: the group of each item, shape (n,); -1 leaves it out.
        """
        return Grouped(evidence, group, self.metric.bound)


@dataclass(frozen=True)
class Combining:
    """One number of the scores of the groups that are present."""

    by: str

    def __call__(self, reading: GroupReading) -> Array:
        """One score a weighting, shape (w,); nan where no group has weight, or one that has is not defined."""
        from metrics.breakdown import combine

        present = reading.weight > 0
        out = np.full(len(present), np.nan)
        for pattern in np.unique(present, axis=0):
            if pattern.any():
                rows = (present == pattern).all(axis=1)
                out[rows] = combine(reading.value[np.ix_(rows, pattern)], self.by, axis=1)
        return out


def combination(name: str, metric: Metric, over: str, by: str) -> Metric:
    """A metric's values in the groups of a subgroup column as one part of an expression."""
    from metrics.breakdown import directed

    collector, way = Combination(metric, over, by), directed(by, metric.greater_is_better)
    return Metric(
        name, collector, Combining(way), metric.needs, metric.targets, metric.greater_is_better, metric.bounds, {}, {},
        metric.pitfalls, (metric,),
    )  # fmt: skip
