"""One number a cell: values, scores and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.errors import Finding
from compete.scoring.kinds import one_row_each
from compete.scoring.spans import Array
from compete.scoring.submission import Contract, _numbers, _sum_findings
from compete.scoring.table import Table

if TYPE_CHECKING:
    from compete.scoring.truth import Truth
    from compete.terms import Terms


def read(table: Table, contract: Contract) -> tuple[list[Array], list[Finding]]:
    """The numbers of the columns that are there; see `compete.scoring.kinds`."""
    plain = replace(contract, kind="probability") if contract.kind == "shares" else contract
    values, findings = _numbers(table, plain)
    if plain.kind == "probability" and contract.distribution and len(values) == len(contract.columns):
        findings = findings + _sum_findings(table, contract.columns[0], values)
    return values, findings


def perfect(truth: Truth) -> Array:
    """The truth as numbers; of classes the certain ones, of survival a risk that falls with the time of the event."""
    terms, known = truth.terms, truth.y_true
    if terms.kind == "shares":
        whole = known.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(known, whole, out=np.full(known.shape, 1 / known.shape[1]), where=whole > 0))
    if terms.distribution:
        return np.asarray(np.eye(len(terms.classes), dtype=np.int64)[known])
    if terms.task != "survival":
        return np.asarray(known)
    from compete.scoring.measures import metric_of

    times = 2 * np.unique(known[:, 0], return_inverse=True)[1].reshape(-1) + (known[:, 1] == 0)
    options = [part.options for part in _metrics_of(metric_of(terms.metric, terms))]
    later = any(one.get("predicts") == "time" for one in options)
    return np.asarray(times if later else -times)


def _metrics_of(metric: Any) -> tuple[Any, ...]:
    """A metric, or those of an expression."""
    return metric.parts or (metric,)


def written(values: Array, ids: Sequence[str], terms: Terms) -> list[list[str]]:
    """Numbers as they read back to the bit."""
    columns = values.reshape(len(ids), -1)
    spelt = repr if columns.dtype.kind == "f" else str
    return one_row_each([list(map(spelt, column.tolist())) for column in columns.T], ids)


def as_columns(values: Any, names: Sequence[str], terms: Terms) -> dict[str, Array]:
    """The numbers by column."""
    return dict(zip(names, np.atleast_2d(values.T)))
