"""Large tables, whose columns are cut out when they are asked for, say what the reader of small ones says."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.audits.gate import reading
from compete.audits.gate.reading import PlainTable, read_table
from compete.errors import BundleError

CELL = st.text("abé😀1.- ", max_size=4)
ROWS = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=9))


def as_large(text: str) -> reading.Columns | None:
    """A table as it is read where it is large."""
    return reading._plain_table(text.encode())


@given(ROWS)
def test_large_tables_are_read_as_small_ones(rows: list[list[str]]) -> None:
    header = [f"column {place} ü" for place in range(len(rows[0]) if rows else 2)]
    table = as_large("".join(",".join(row) + "\n" for row in [header, *rows]))
    assert isinstance(table, PlainTable)
    wanted = {name: [row[place] for row in rows] for place, name in enumerate(header)}
    some = np.arange(len(rows))[::-2]
    assert table.of_rows(some) == {name: [cells[row] for row in some] for name, cells in wanted.items()}
    assert dict(table) == wanted
    assert header[0] in table
    assert len(table) == len(header)
    assert "column" not in table


@pytest.mark.parametrize("text", ['a,b\n"1",2\n', "a,b\r\n1,2\r\n", "a,b\n1,2", "a,b\n1\n2,3\n1\n", "a,b\n1,2,3\n4\n"])
def test_what_is_not_plain_is_left_to_the_reader_of_small_ones(text: str) -> None:
    assert as_large(text) is None


def test_a_large_file_is_cut_and_a_small_one_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "test.csv"
    place.write_text("id,word,word\n" + "".join(f"{row},old,new\n" for row in range(999)))
    small = read_table(place)
    monkeypatch.setattr(reading, "LARGE", 1)
    large = read_table(place)
    assert isinstance(large, PlainTable)
    assert {name: tuple(cells) for name, cells in large.items()} == small
    assert [*large["id"]] == [row[0] for row in csv.reader(io.StringIO(place.read_text()))][1:]
    assert len({id(text) for text in large["word"]}) == 1  # a word that is repeated is held once
    place.write_bytes(b"id\n\xff\n")
    with pytest.raises(BundleError, match="cannot be looked at"):
        read_table(place)
