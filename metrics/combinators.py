"""Any metric column by column, or type by type, and then one number of these scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.beside import column_name, columns_beside, constant_by_group, group_codes, number_column
from metrics.breakdown import COMBINATIONS, directed
from metrics.catalog import Metric, metric, parse
from metrics.evidence import Additive, reduce_evidence, rows_of
from metrics.frozen import dataclass
from metrics.inputs import MetricError, mean_defined, paired
from metrics.side_by_side import Grouped, SideBySide
from metrics.weighting import Draws, Partition

if TYPE_CHECKING:
    from metrics.inputs import Array
    from metrics.weighting import Weighting

BY = (*COMBINATIONS, "gap")
"""How scores become one: as breakdown.combine does, or how far the best is from the worst."""

TRANSFORMS = ("none", "log", "sqrt")


def named_metric(value: Any) -> str:
    """The written name of the metric that an option names.

    Raises:
        MetricError: there is no such metric, or it needs several kinds of predictions.
    """
    inner = value if isinstance(value, Metric) else parse(str(value))
    if len(inner.needed) > 1:
        raise MetricError(f"{inner.name} needs several kinds of predictions; it cannot be scored part by part")
    return inner.name


def _shaped(record: Metric) -> Metric:
    """The record with direction, bounds and needs of the metric inside."""
    inner = parse(record.options["metric"])
    low, high = inner.bounds
    transform, floor = record.options["transform"], record.options["floor"]
    if transform != "none":
        if low < 0:
            raise MetricError(
                f"{record.base}: transform={transform} takes scores from 0 on, and {inner.name} has others"
            )
        change = np.log if transform == "log" else np.sqrt
        low, high = (float(change(max(end, floor if transform == "log" else 0.0))) for end in (low, high))
    better = inner.greater_is_better
    if record.options["by"] == "gap":
        low, high, better = 0.0, high - low, False
    return replace(record, needs=inner.needs, bounds=(low, high), greater_is_better=better)


def joined(scores: Array, weight: Array, record: Metric, *, by: str, transform: str, floor: float) -> Array:
    """One number of several scores, shape (w,); scores that are not defined or weigh nothing are passed over.

    Args:
        scores: shape (w, parts).
        weight: of each part, shape (parts,) or (w, parts).
        record: the metric that was scored.
        by: one of ``BY``.
        transform: what each score is first turned into.
        floor: the least score that counts, where its logarithm is taken.
    """
    scores = np.where(np.broadcast_to(weight, scores.shape) > 0, scores, np.nan)
    if transform == "log":
        scores = np.where(np.isnan(scores), np.nan, np.log(np.maximum(scores, floor)))
    elif transform == "sqrt":
        scores = np.sqrt(scores)
    if by == "mean":
        return mean_defined(scores, weight)
    if by in ("geometric_mean", "harmonic_mean"):
        with np.errstate(divide="ignore", invalid="ignore"):
            if by == "geometric_mean":
                out = np.exp(mean_defined(np.log(np.abs(scores)), weight))
            else:
                out = 1.0 / mean_defined(1.0 / np.abs(scores), weight)
        return np.where((scores < 0).any(axis=1), np.nan, out)
    defined = ~np.isnan(scores)
    least = np.min(np.where(defined, scores, np.inf), axis=1, initial=np.inf)
    most = np.max(np.where(defined, scores, -np.inf), axis=1, initial=-np.inf)
    if by == "gap":
        return np.where(defined.sum(axis=1) > 1, most - least, np.nan)
    lowest = directed(by, record.greater_is_better) == "minimum"
    return np.where(defined.any(axis=1), least if lowest else most, np.nan)


@dataclass(frozen=True, eq=False, repr=False)
class Columns:
    """The evidence of each column, side by side.

    Attributes:
        side: the columns' evidence.
        target: the shape of the whole truth.
    """

    side: SideBySide
    target: str

    @property
    def n(self) -> int:
        """How many items."""
        return self.side.n

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return self.side.width

    def take(self, index: Array) -> Columns:
        """The evidence of some items, by whole numbers or by a mask."""
        return replace(self, side=self.side.take(index))

    def coarse(self) -> Columns:
        """The coarse evidence of each column."""
        return replace(self, side=self.side.coarse())

    def readings(self, weighting: Weighting) -> Iterator[Array]:
        """The score of each column, shape (w, columns), under all weightings at once."""
        for scores in self.side.readings(weighting):
            yield np.stack(scores, axis=-1)


def _two_dimensional(values: Array) -> Array:
    return values[:, None] if values.ndim == 1 else values


def column_scores(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    metric: str = "rmse",
    weights: tuple[float, ...] = (),
) -> Columns:
    """Collect each column by itself.

    Args:
        y_true: truth, shape (n, columns).
        y_pred: the same shape.
        labels: the classes of each column, one list a column; unused for values and 0/1 columns.
        metric: the metric of one column.
        weights: of the columns, to check how many there are.
    """
    inner = parse(metric)
    truth, prediction = map(_two_dimensional, paired(y_true, y_pred))
    if truth.shape != prediction.shape:
        raise MetricError(f"y_true has shape {truth.shape} and y_pred {prediction.shape}; they must be the same")
    size = truth.shape[1]
    if weights and len(weights) != size:
        raise MetricError(f"there are {len(weights)} weights for {size} columns")
    classes: Sequence[Any] = [None] * size
    target = "regression" if "regression" in inner.targets else "multilabel"
    if target == "multilabel" and not (truth.dtype.kind in "biuf" and np.isin(truth, (0, 1)).all()):
        target = "multioutput"
        classes = classes if labels is None else labels
    elif target == "multilabel":
        classes = [(0, 1)] * size
    if len(classes) != size:
        raise MetricError(f"labels has {len(classes)} entries; give the classes of each of the {size} columns")
    parts = tuple(inner.collect(truth[:, k], prediction[:, k], classes[k]) for k in range(size))
    return Columns(SideBySide(parts, ((inner.bound,),) * size), target)


def _of_columns(record: Metric) -> Metric:
    """The record of a columnwise metric: the truth has several columns of what the metric inside takes."""
    inner = parse(record.options["metric"])
    targets = set()
    if "regression" in inner.targets:
        targets.add("regression")
    if "binary" in inner.targets:
        targets.add("multilabel")
    if "multiclass" in inner.targets and inner.needs == "label":
        targets.add("multioutput")
    if not targets:
        raise MetricError(f"{inner.name} takes {' or '.join(sorted(inner.targets))} truth, which is not in columns")
    if any(weight == 0 for weight in record.options["weights"]):
        raise MetricError("a weight is 0; leave the column out instead")
    return replace(_shaped(record), targets=frozenset(targets))


@metric(
    "columnwise",
    collect=column_scores,
    needs="value",
    targets=("regression",),
    bounds=(0.0, np.inf),
    greater_is_better=False,
    limits={
        "metric": named_metric,
        "weights": (0.0, 1e12),
        "by": BY,
        "transform": TRANSFORMS,
        "floor": (1e-300, 1e300),
    },
    pitfalls="Columns of a larger scale rule where the metric has a unit: scale the columns, weigh them, or take a "
    "metric without unit. A column that has no score is passed over, so few rare columns may decide a small half.",
    adapt=_of_columns,
)
def columnwise(
    scores: Array,
    *,
    metric: str = "rmse",
    weights: tuple[float, ...] = (),
    by: str = "mean",
    transform: str = "none",
    floor: float = 1e-9,
) -> Array:
    """Any metric of each column, then one number of the columns' scores; by default the mean of their RMSE.

    Args:
        scores: the score of each column under some weightings, shape (w, columns).
        metric: the metric of one column, as text: ``spearman``, or in quotes ``"fbeta(beta=2)"``.
        weights: of the columns, in their order; by default all count alike.
        by: ``mean``, ``geometric_mean``, ``harmonic_mean``, ``minimum``, ``maximum``, the ``worst`` by the direction of
            the metric, or the ``gap`` between best and worst.
        transform: what each score is turned into first: ``none``, ``log`` or ``sqrt``.
        floor: the least score that counts, where its logarithm is taken.

    Returns:
        One score a weighting, shape (w,); nan where no column has a score. Columns without one are passed over.

    Source: Kaggle, OpenVaccine (2020, columnwise RMSE) and Bengali.AI (2020, weighted recall of three columns).

    >>> truth, found = [[1.0, 10.0], [2.0, 20.0]], [[2.0, 10.0], [3.0, 24.0]]
    >>> metrics.get("columnwise", metric="mae", weights=[3, 1])(truth, found)
    1.25
    >>> metrics.parse("columnwise(metric=spearman)").bounds
    (-1.0, 1.0)
    """
    weight = np.array(weights) if weights else np.ones(scores.shape[1])
    return joined(scores, weight, parse(metric), by=by, transform=transform, floor=floor)


@dataclass(frozen=True)
class TypeScores:
    """The score of each type under some weightings.

    Attributes:
        value: shape (w, types); nan where it is not defined.
        weight: what each type counts, shape (w, types); 0 where it is absent.
    """

    value: Array
    weight: Array


@dataclass(frozen=True, eq=False, repr=False)
class Types:
    """Evidence that is reduced type by type.

    Attributes:
        grouped: the evidence and the type of each item.
        weight: what each type counts, shape (types,).
    """

    grouped: Grouped
    weight: Array

    @property
    def n(self) -> int:
        """How many items."""
        return self.grouped.n

    @property
    def target(self) -> str:
        """The shape of truth."""
        return self.grouped.target

    @property
    def width(self) -> int:
        """How many numbers are weighed an item."""
        return self.grouped.width

    def take(self, index: Array) -> Types:
        """The evidence of some items, by whole numbers or by a mask."""
        return replace(self, grouped=self.grouped.take(index))

    def coarse(self) -> Types:
        """The coarse evidence of all items, still type by type."""
        return replace(self, grouped=replace(self.grouped, evidence=self.grouped.evidence.coarse()))

    def readings(self, weighting: Weighting) -> Iterator[TypeScores]:
        """The scores of all types, a part of the weightings at a time."""
        if isinstance(self.grouped.evidence, Additive) and not isinstance(weighting, (Draws, Partition)):
            for row in rows_of(weighting):
                yield self._summed(self.grouped.evidence, row)
            return
        held = np.unique(self.grouped.group[self.grouped.group >= 0])
        for reading in self.grouped.readings(weighting):
            yield TypeScores(reading.value, np.where(reading.weight > 0, self.weight[held], 0.0))

    def _summed(self, evidence: Additive, row: Optional[Array]) -> TypeScores:
        """The scores of all types under one weighting, in one pass over the items."""
        parts = Partition(self.grouped.group, len(self.weight), row)
        value = np.asarray(reduce_evidence(evidence, [self.grouped.formula], parts)[0])
        inside = parts.group >= 0
        present = np.bincount(parts.group[inside], None if row is None else row[inside], len(self.weight)) > 0
        return TypeScores(value[None, :], np.where(present, self.weight, 0.0)[None, :])


def type_scores(
    y_true: Any,
    y_pred: Any,
    labels: Optional[Sequence[Any]] = None,
    *,
    metric: str = "mae",
    over: Optional[str] = None,
    weight: Optional[str] = None,
) -> Types:
    """Collect once, and the type of each item.

    Args:
        y_true: truth with columns beside it.
        y_pred: prediction, as the metric takes it.
        labels: the classes in order.
        metric: the metric of one type.
        over: the column that names the types; None for the only one.
        weight: the column that holds what each type counts; None where all count alike.
    """
    truth = columns_beside(y_true, y_pred)
    if over is None and weight is not None:
        raise MetricError("say which column names the types, as in over=type")
    codes, names = group_codes(truth.only(over), over or "type")
    each = np.ones(len(names))
    if weight is not None:
        each = constant_by_group(number_column(truth.named((weight,))[weight], weight), codes, len(names), weight)
    inner = parse(metric)
    return Types(Grouped(inner.collect(truth.y_true, y_pred, labels), codes, inner.bound), each)


def _of_types(record: Metric) -> Metric:
    return replace(_shaped(record), targets=parse(record.options["metric"]).targets)


@metric(
    "by_type",
    collect=type_scores,
    needs="value",
    targets=("regression",),
    bounds=(0.0, np.inf),
    greater_is_better=False,
    limits={
        "metric": named_metric,
        "over": column_name,
        "weight": column_name,
        "by": BY,
        "transform": TRANSFORMS,
        "floor": (1e-300, 1e300),
    },
    pitfalls="A type of three items counts as much as one of three thousand, so small types decide, and their noise "
    "with them. A type that has no score is passed over: look at the scores by type, too.",
    adapt=_of_types,
)
def by_type(
    scores: TypeScores, *, metric: str = "mae", by: str = "mean", transform: str = "none", floor: float = 1e-9
) -> Array:
    """Any metric of each type of item, then one number of the types' scores; by default the mean of their MAE.

    Args:
        scores: the score of each type and what it counts, each of shape (w, types).
        metric: the metric of one type, as text: ``rmse``, or in quotes ``"fbeta(beta=2)"``.
        by: ``mean``, ``geometric_mean``, ``harmonic_mean``, ``minimum``, ``maximum``, the ``worst`` by the direction of
            the metric, or the ``gap`` between best and worst.
        transform: what each score is turned into first: ``none``, ``log`` or ``sqrt``.
        floor: the least score that counts, where its logarithm is taken.

    Returns:
        One score a weighting, shape (w,); nan where no type has a score. Types without one are passed over.

    Options: ``over``, the column beside the truth that names each item's type; ``weight``, the column that holds what
    the type counts. Items without a type are left out.

    Source: Kaggle, Predicting Molecular Properties (2019): the logarithm of the MAE of each type of coupling.

    >>> truth = metrics.WithColumns([1.0, 2.0, 5.0], {"type": ["a", "a", "b"]})
    >>> round(metrics.get("by_type", metric="mae", transform="log")(truth, [1.0, 4.0, 7.0]), 12)
    0.34657359028
    """
    return joined(scores.value, scores.weight, parse(metric), by=by, transform=transform, floor=floor)
