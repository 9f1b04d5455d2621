"""Tables without pandas: what they hold, and that pandas' own answers are the same where it is asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.table import Table, factorized, rows_named


@pytest.fixture
def table() -> Table:
    return Table({"kind": ["a", "b", "a"], "size": np.array([1.5, 2.0, 3.0])}, ["x", "y", "z"])


def test_a_table_holds_columns_and_names(table: Table) -> None:
    assert (len(table), table.columns, "kind" in table, "more" in table) == (3, ("kind", "size"), True, False)
    assert (list(table), table.index.tolist(), table.index[1]) == (["kind", "size"], ["x", "y", "z"], "y")
    assert table["kind"].tolist() == list(table["kind"]) == ["a", "b", "a"]
    assert table["size"].to_numpy(dtype=np.float64).tolist() == [1.5, 2, 3]
    assert np.asarray(table["kind"], dtype=object).tolist() == ["a", "b", "a"]
    assert (table["kind"] == "a").tolist() == (table["size"] != 2).tolist() == [True, False, True]
    assert (table["size"] * table["size"]).tolist() == [2.25, 4, 9]


def test_a_table_is_not_written_into(table: Table) -> None:
    with pytest.raises(ValueError, match="read-only"):
        table["size"].to_numpy()[0] = 7
    with pytest.raises(TypeError):
        table["kind"] = ["c"] * 3  # type: ignore[index]
    with pytest.raises(AssertionError):
        Table({"kind": ["a"], "size": ["1", "2"]})


def test_other_tables_are_made_of_it(table: Table) -> None:
    more = table.extended({"size": np.array([4, 5, 6]), "place": ["s", "t", "u"]})
    assert (more.columns, more["size"].tolist(), table["size"].tolist()) == (
        ("kind", "size", "place"), [4, 5, 6], [1.5, 2, 3],
    )  # fmt: skip
    some = more.take([2, 0]).without("kind")
    assert (some.index.tolist(), some.columns, some["place"].tolist()) == (["z", "x"], ("size", "place"), ["u", "s"])
    assert Table({"a": ["1", "2"]}).take([1]).index.tolist() == [0]
    assert len(Table({})) == 0


def test_pandas_answers_what_the_table_cannot(table: Table) -> None:
    frame = pd.DataFrame(
        {"kind": ["a", "b", "a"], "size": [1.5, 2.0, 3.0]}, index=pd.Index(["x", "y", "z"], dtype=object, name="item")
    ).astype({"kind": object})
    pd.testing.assert_frame_equal(table.frame, frame)
    assert table["kind"].value_counts().to_dict() == {"a": 2, "b": 1}
    assert table.loc["y", "size"] == 2
    assert table[["size"]].sum().tolist() == [6.5]
    assert table.index.get_loc("z") == 2
    with pytest.raises(AttributeError):
        table.nothing  # noqa: B018


NAMES = st.lists(st.text("abc", max_size=2), max_size=12)


@given(NAMES)
def test_codes_are_those_of_pandas(names: list[str]) -> None:
    cells = np.array(names, dtype=object)
    codes, distinct = factorized(cells)
    wanted, known = pd.factorize(cells)
    assert (codes.tolist(), list(distinct)) == (wanted.tolist(), list(known))


@given(NAMES, NAMES)
def test_rows_are_found_by_their_names(known: list[str], names: list[str]) -> None:
    known = list(dict.fromkeys(known))
    table = Table({"cell": known}, known)
    assert rows_named(table, np.array(names, dtype=object)).tolist() == [
        known.index(name) if name in known else -1 for name in names
    ]
    assert rows_named(table, table["cell"]).tolist() == list(range(len(known)))
