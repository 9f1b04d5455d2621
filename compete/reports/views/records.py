"""What a score report looks at, and what its sections are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import metrics
from compete.bundle import ID, TEST, TRAIN
from compete.errors import BundleError
from compete.markup import Html, element
from compete.reports.page import Section
from compete.scoring.grading import evidence_of
from compete.scoring.measures import measures_of, view
from compete.scoring.table import Table, columns_as_text, read_table
from compete.scoring.truth import Truth
from compete.terms import Terms
from metrics.evidence import Additive

if TYPE_CHECKING:
    from compete.scoring.result import Result, Score

Array = np.ndarray[Any, Any]

FILE = "file"
FEATURES = 5
"""Columns of a table that stand beside a worst item."""

MOST_ITEMS, ASKED = 20_000, 500
"""Items that are scored one by one where that takes a pass over them all; and how many are asked whether it pays."""

FEWEST = 20
"""A copy for participants tells of no subgroup with fewer items."""


@dataclass(frozen=True, eq=False)
class ItemScores:
    """The score of every item by itself.

    Attributes:
        name: of the metric.
        greater_is_better: its direction.
        values: shape (n,); nan where one item has no score.
    """

    name: str
    greater_is_better: bool
    values: Array


@dataclass(frozen=True, eq=False)
class Seen:
    """One submission beside the truth, for who may see both.

    Attributes:
        public: the folder that holds the items.
        truth: what is known of the items.
        values: the predictions in their order, as submitted.
        result: its scores.
    """

    public: Path
    truth: Truth
    values: Any
    result: Result

    @property
    def terms(self) -> Terms:
        """The challenge's terms."""
        return self.truth.terms

    @cached_property
    def ids(self) -> list[str]:
        """What the items are called."""
        return self.truth.ids.column.tolist()

    @cached_property
    def by_item(self) -> ItemScores | None:
        """The score of every item by itself, by the first measure that tells items apart; None where none does."""
        for measure in measures_of(self.terms):
            metric = measure.metric
            if measure.over or isinstance(metric.collector, metrics.Parts | metrics.Combination):
                continue
            evidence = evidence_of(metric, self.truth, self.values)
            if tells_apart(metric, evidence):
                return ItemScores(measure.name, metric.greater_is_better, alone(metric, evidence))
        return None

    def each(self, metric: metrics.Metric) -> Array:
        """The score of every item by itself, shape (n,); nan where one item has none."""
        return alone(metric, evidence_of(metric, self.truth, self.values))

    def viewed(self, needs: str) -> Any:
        """The predictions as a metric that needs this looks at them."""
        return view(self.values, needs, self.terms)

    @cached_property
    def table(self) -> Table | None:
        """What participants see of the items; None where that is nothing but their ids."""
        path = self.public / (TRAIN if self.truth.parts == ("train",) else TEST)
        return read_table(path, others=None, error=BundleError, room="bundle") if path.is_file() else None

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each item in the table that participants see."""
        if self.table is None:
            return {}
        return {name: row for row, name in reversed(list(enumerate(columns_as_text(self.table, ID))))}

    @cached_property
    def files(self) -> list[str] | None:
        """The file of each item, as a path; None of tables."""
        if self.table is None or FILE not in self.table.columns:
            return None
        known = columns_as_text(self.table, FILE)
        return [str(self.public / known[self.rows[name]]) if name in self.rows else "" for name in self.ids]

    def facts(self, items: Sequence[int]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Names of the first feature columns, and their cells for some items."""
        hidden = {ID, FILE, "width", "height", "depth", "affine", *self.terms.target}
        if self.table is None:
            return (), [()] * len(items)
        names = tuple(name for name in self.table.header if name not in hidden)[:FEATURES]
        cells = [columns_as_text(self.table, name) for name in names]
        rows = [self.rows.get(self.ids[item], -1) for item in items]
        return names, [tuple(column[row] if row >= 0 else "" for column in cells) for row in rows]


def alone(metric: metrics.Metric, evidence: metrics.Evidence) -> Array:
    """The score of every item by itself, shape (n,); nan where one item has none."""
    return np.asarray(metric.reduce(evidence, metrics.Partition(np.arange(evidence.n), evidence.n)))


def tells_apart(metric: metrics.Metric, evidence: metrics.Evidence) -> bool:
    """Whether most items have a score by themselves, and not all the same; of many items some are asked first."""
    quick = isinstance(evidence, Additive) and evidence.cells == 1
    if evidence.n > MOST_ITEMS and not quick:
        return False
    some = np.unique(np.linspace(0, evidence.n - 1, min(evidence.n, ASKED)).round().astype(int))
    for asked in (evidence.take(some), evidence):
        values = alone(metric, asked)
        known = values[np.isfinite(values)]
        if 2 * len(known) <= asked.n:
            return False
        if len(np.unique(known)) > 1:
            return True
    return False


View = Callable[[Seen], list[Section]]
"""What a module of this folder offers: the sections that one kind of predictions asks for."""


def side_by_side(*figures: Any) -> Html:
    """Figures beside each other where there is room."""
    return element("div", *figures, class_="figures")


def note(text: str) -> Html:
    """A remark below a figure."""
    return element("p", text, class_="note")


def overall(result: Result, part: str, metric: str) -> Score | None:
    """One metric's score of a whole part."""
    found = (score for score in result.scores if score.part == part and score.metric == metric and not score.group)
    return next(found, None)


def share(value: float) -> str:
    """A score between 0 and 1, as figures show it."""
    return f"{value:.3f}"
