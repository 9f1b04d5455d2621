"""Truth with columns beside it: what a score by type, by series or by identity must know of each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from metrics.frozen import dataclass
from metrics.inputs import MetricError, as_array, numbers, paired
from metrics.labels import encode

if TYPE_CHECKING:
    from metrics.inputs import Array

BESIDE = frozenset(("over", "scale"))
"""Options that name columns beside the truth; metrics that have one of them take `WithColumns`."""

YES = ("1", "1.0", "true", "True", "yes")
NO = ("0", "0.0", "false", "False", "no", "")


@dataclass(frozen=True, eq=False, repr=False)
class WithColumns:
    """Truth, and columns that tell more of each item than a prediction may know.

    Attributes:
        y_true: truth, shape (n,) or (n, columns), or a record of n lists, texts or spans.
        columns: one entry an item under each name, shape (n,): groups as labels, the empty text for an item that is in
            none; numbers; or 0/1 marks.

    >>> import metrics
    >>> truth = metrics.WithColumns([1.0, 2.0, 5.0], {"type": ["a", "a", "b"]})
    >>> metrics.get("by_type", metric="mae")(truth, [1.0, 3.0, 3.0])
    1.25
    """

    y_true: Any
    columns: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.y_true)

    def __getitem__(self, index: Any) -> WithColumns:
        columns = {name: np.asarray(column)[index] for name, column in self.columns.items()}
        known = self.y_true.take(index) if is_record(self.y_true) else np.asarray(self.y_true)[index]
        return WithColumns(known, columns)

    def named(self, chosen: Sequence[str] = ()) -> dict[str, Array]:
        """The chosen columns, or all of them, each of shape (n,).

        Raises:
            MetricError: there is no such column, none at all, or one of another length than the truth.
        """
        unknown = [name for name in chosen if name not in self.columns]
        if unknown or not self.columns:
            known = ", ".join(self.columns) or "none"
            raise MetricError(f"there is no column {', '.join(unknown)} beside the truth (columns: {known})")
        n = len(self.y_true if is_record(self.y_true) else as_array(self.y_true, "y_true"))
        found = {name: np.asarray(self.columns[name]) for name in (chosen or self.columns)}
        for name, column in found.items():
            if column.shape != (n,):
                raise MetricError(f"column {name} has shape {column.shape}; {n} items need ({n},)")
        return found

    def only(self, chosen: Optional[str]) -> Array:
        """The chosen column, or the one there is, shape (n,).

        Raises:
            MetricError: as ``named``, or there are several and none is chosen.
        """
        found = self.named(() if chosen is None else (chosen,))
        if len(found) > 1:
            raise MetricError(f"beside the truth stand the columns {', '.join(found)}; say which is meant")
        return next(iter(found.values()))


def columns_beside(y_true: Any, y_pred: Any) -> WithColumns:
    """The truth with its columns.

    Raises:
        MetricError: the truth is plain, or does not fit the prediction.
    """
    known = y_true.y_true if isinstance(y_true, WithColumns) else y_true
    if not is_record(known):
        paired(known, y_pred)
    elif len(known) != len(y_pred):
        raise MetricError(f"y_true has {len(known)} items and y_pred has {len(y_pred)}; they must be aligned")
    if isinstance(y_true, WithColumns):
        return y_true
    raise MetricError("this metric must know more of each item; give metrics.WithColumns(y_true, {name: column})")


def is_record(y_true: Any) -> bool:
    """Whether truth is a record of lists, texts or spans rather than an array."""
    from metrics.lists import Lists
    from metrics.spans import Spans
    from metrics.texts import Texts

    return isinstance(y_true, (Lists, Spans, Texts))


def group_codes(column: Array, name: str = "group") -> tuple[Array, tuple[Any, ...]]:
    """The group of each item and the groups' names; -1 for the empty text, which stands for no group.

    Args:
        column: one label an item, shape (n,).
        name: what to call the column in a message.
    """
    codes, names = encode(column, name=name)
    codes = codes.astype(np.int64)
    if "" not in names:
        return codes, names
    empty = names.index("")
    codes = np.where(codes == empty, -1, codes - (codes > empty))
    return codes, tuple(one for one in names if one != "")


def marks(column: Array, name: str) -> Array:
    """A column of 0 and 1, true and false, or such text, as bool, shape (n,).

    Raises:
        MetricError: it holds anything else.
    """
    if column.dtype.kind in "bif" and np.isin(column, (0, 1)).all():
        return column.astype(bool)
    words = np.array([str(one) for one in column.tolist()])
    yes = np.isin(words, YES)
    if not (yes | np.isin(words, NO)).all():
        raise MetricError(f"column {name} must hold only 0 and 1, or true and false")
    return yes


def number_column(column: Array, name: str) -> Array:
    """A column of numbers, or of text that is numbers, as float64, shape (n,).

    Raises:
        MetricError: an entry is no finite number.
    """
    if column.dtype.kind in "UO":
        try:
            column = np.array([float(one) for one in column.tolist()])
        except (TypeError, ValueError):
            raise MetricError(f"column {name} must hold numbers") from None
    return numbers(column, f"column {name}")


def constant_by_group(values: Array, codes: Array, size: int, name: str) -> Array:
    """The one value of each group, shape (size,).

    Args:
        values: one number an item, shape (n,).
        codes: the group of each item, shape (n,); -1 for none.
        size: how many groups there are.
        name: what to call the values in a message.

    Raises:
        MetricError: a group has several values.
    """
    inside = codes >= 0
    out = np.full(size, np.nan)
    out[codes[inside]] = values[inside]
    if not (out[codes[inside]] == values[inside]).all():
        raise MetricError(f"column {name} differs inside a group; it must say the same of all items of one")
    return out


def column_name(value: Any) -> Optional[str]:
    """The value of an option that names a column; None where the only one is meant.

    Raises:
        MetricError: it is no text.
    """
    if value is not None and (not isinstance(value, str) or not value):
        raise MetricError(f"{value!r} names no column beside the truth")
    return value
