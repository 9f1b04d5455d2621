"""Tables of columns, each an array: what datasets are made of. Numpy alone; pandas only where more is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]


class Cells(np.lib.mixins.NDArrayOperatorsMixin):
    """Cells one below the other; loops, comparisons and numpy take them as an array.

    Attributes:
        cells: shape (n,); not to be written into.
    """

    def __init__(self, cells: Array) -> None:
        self.cells = cells.view()
        self.cells.flags.writeable = False

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.cells.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.cells, dtype=dtype) if copy else np.asarray(self.cells, dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = (one.cells if isinstance(one, Cells) else one for one in inputs)
        return getattr(ufunc, method)(*arrays, **options)

    def to_numpy(self, dtype: Any = None) -> Array:
        """The cells as an array, shape (n,)."""
        return np.asarray(self.cells, dtype=dtype)

    def tolist(self) -> list[Any]:
        """The cells as a list."""
        return list(self.cells.tolist())


class Names(Cells):
    """The names of a table's rows."""

    def __getitem__(self, rows: Any) -> Any:
        return self.cells[rows]

    def __getattr__(self, name: str) -> Any:
        """Whatever pandas has more."""
        if name.startswith("__") or name == "cells":
            raise AttributeError(name)
        import pandas as pd

        return getattr(pd.Index(self.cells, dtype=self.cells.dtype, name="item"), name)


class Column(Cells):
    """A column of a table; what pandas can do with one beyond this, it does when it is asked to."""

    def __init__(self, table: Table, name: str) -> None:
        super().__init__(table.held[name])
        self.table, self.name = table, name

    def __getitem__(self, rows: Any) -> Any:
        return self.table.frame[self.name][rows]

    def __getattr__(self, name: str) -> Any:
        """Whatever pandas has more."""
        if name.startswith("__") or name in ("cells", "table", "name"):
            raise AttributeError(name)
        return getattr(self.table.frame[self.name], name)


class Table:
    """Columns of equal length, and a name for each row.

    Whatever pandas' ``DataFrame`` has and this has not is asked of ``frame``, a copy that is made once. Pandas takes
    longer to load than a small competition takes to be built, and most of them need nothing of it.

    Attributes:
        held: the cells of each column, shape (n,), by its name; not to be written into.
        index: the names of the rows.
    """

    def __init__(
        self, columns: Mapping[str, Array | Sequence[Any]], names: Array | Sequence[Any] | None = None
    ) -> None:
        self.held = {
            name: cells if isinstance(cells, np.ndarray) else np.array(cells, dtype=object)
            for name, cells in columns.items()
        }
        length = len(next(iter(self.held.values()), ()) if names is None else names)
        assert all(cells.shape == (length,) for cells in self.held.values())
        self.named = names is not None
        found = np.arange(length) if names is None else names
        self.index = Names(found if isinstance(found, np.ndarray) else np.array(found, dtype=object))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(self.held)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The same table as pandas has it; not to be written into."""
        import pandas as pd

        index = pd.Index(self.index.cells, dtype=object, name="item") if self.named else None
        columns = {name: pd.Series(cells, index=index, dtype=cells.dtype) for name, cells in self.held.items()}
        return pd.DataFrame(columns, index=index)

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, name: object) -> bool:
        return name in self.held

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __getitem__(self, name: Any) -> Any:
        """The column of a name; rows and several columns as pandas has them."""
        if isinstance(name, str):
            return Column(self, name)
        return self.frame[name]

    def __getattr__(self, name: str) -> Any:
        """Whatever pandas has more."""
        if name.startswith("__") or name in ("held", "index", "named"):
            raise AttributeError(name)
        return getattr(self.frame, name)

    def take(self, rows: Any) -> Table:
        """Some rows, in the order in which they are asked for."""
        names = self.index.cells[rows] if self.named else None
        return Table({name: cells[rows] for name, cells in self.held.items()}, names)

    def extended(self, columns: Mapping[str, Array | Sequence[Any]]) -> Table:
        """The table with more columns, or with others in the place of such as are called the same."""
        return Table({**self.held, **columns}, self.index.cells if self.named else None)

    def without(self, name: str) -> Table:
        """The table without a column."""
        return Table({one: cells for one, cells in self.held.items() if one != name}, self.index.cells)


class Named(Protocol):
    """A table whose rows have names, ours or one of pandas."""

    index: Any


def rows_named(table: Named, names: Any) -> Array:
    """The row of each name in a table, int64 of shape (n,); -1 where it has none.

    Args:
        table: whose rows have names, each its own.
        names: a column, or an array.
    """
    known, wanted = np.asarray(table.index, dtype=object), np.asarray(names, dtype=object)
    if len(known) == len(wanted) and (known == wanted).all():
        return np.arange(len(known))
    place = {name: row for row, name in enumerate(known.tolist())}
    return np.fromiter((place.get(name, -1) for name in wanted.tolist()), np.int64, len(wanted))


def factorized(cells: Array) -> tuple[Array, Array]:
    """Cells as codes in the order of their first occurrence, int64 of shape (n,), and the distinct cells."""
    code: dict[Any, int] = {}
    texts = cells.tolist()
    codes = np.fromiter((code.setdefault(text, len(code)) for text in texts), np.int64, len(texts))
    return codes, np.fromiter(code, object, len(code))
