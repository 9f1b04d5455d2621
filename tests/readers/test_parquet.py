"""The parquet reader: cells as text, columns that no table can hold, and files gone wrong."""

from __future__ import annotations

import builtins
import datetime
import decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compete.errors import DatasetError
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.formats.parquet import read_parquet
from compete.readers.rules import DATASET_RULES
from tests.readers.yolo_files import read_files

arrow = pytest.importorskip("pyarrow", reason="the extra [parquet] is not installed")
UTC = datetime.UTC


def write(path: Path, columns: Any = None) -> Path:
    """Write a table of 40 rows, or the one given."""
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "name": [f"n{row}" for row in range(40)],
        "kind": ["dog", "cat"] * 20,
        "size": [row / 4 for row in range(40)],
    }
    parquet.write_table(arrow.table(columns or told), path)
    return path


def test_cells_are_text(tmp_path: Path) -> None:
    moment = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    zone = datetime.timezone(datetime.timedelta(hours=2))
    table = {
        "whole": arrow.array([1, None, 2**60]), "real": arrow.array([0.1, 1e300, float("nan")]),
        "short": arrow.array([0.1, 2.5, None], arrow.float32()), "yes": [True, None, False],
        "text": ["a", " é\n", None],
        "day": [datetime.date(2024, 1, 2)] * 3, "time": [moment, moment + datetime.timedelta(milliseconds=250), None],
        "local": arrow.array([moment.astimezone(zone)] * 3, arrow.timestamp("ns", "Europe/Berlin")),
        "price": [decimal.Decimal("1.50")] * 3, "class": arrow.array(["x", "y", "x"]).dictionary_encode(),
    }  # fmt: skip
    found = read_parquet(write(tmp_path / "a.parquet", table))
    assert found.columns == {
        "whole": ["1", "", str(2**60)], "real": ["0.1", "1e+300", "nan"], "short": ["0.1", "2.5", ""],
        "yes": ["1", "", "0"], "text": ["a", " é\n", ""], "day": ["2024-01-02"] * 3,
        "time": ["2024-01-02 03:04:05", "2024-01-02 03:04:05.250000", ""], "local": ["2024-01-02 03:04:05"] * 3,
        "price": ["1.50"] * 3, "class": ["x", "y", "x"],
    }  # fmt: skip
    assert (list(found.lines), found.findings) == ([1, 2, 3], [])


def test_it_is_a_table_like_any_other(tmp_path: Path) -> None:
    path = write(tmp_path / "data")
    assert recognise_dataset(path) == ("parquet", "Parquet by its first bytes")
    sketched = sketch_dataset("parquet", path)
    assert (sketched["reader"].value, sketched["label"].value) == ("parquet", "kind")
    found = read_files(tmp_path, "classification", "  id: name\n  label: kind\n", reader="parquet")
    assert found.items.index.tolist()[:2] == ["n0", "n1"]
    assert found.items["size"].tolist()[:3] == ["0", "0.25", "0.5"]


def test_files_of_a_folder_are_one_table(tmp_path: Path) -> None:
    for part in range(2):
        write(tmp_path / "data" / f"part-{part}.parquet", {"name": [f"n{part}"], "kind": [["dog", "cat"][part]]})
    assert recognise_dataset(tmp_path / "data") == ("parquet", "2 Parquet files")
    assert read_parquet(tmp_path / "data").columns == {"name": ["n0", "n1"], "kind": ["dog", "cat"]}
    write(tmp_path / "data" / "part-2.parquet", {"other": [1]})
    with pytest.raises(DatasetError, match="different columns"):
        read_parquet(tmp_path / "data")


def test_columns_that_no_cell_can_hold_are_left_out(tmp_path: Path) -> None:
    table = {
        "a": ["x"],
        "image": [{"bytes": b"1", "path": "p"}],
        "list": [[1]],
        "raw": [b"x"],
        "__index_level_0__": [3],
    }
    found = read_parquet(write(tmp_path / "a.parquet", table))
    assert list(found.columns) == ["a"]
    told = {finding.rule: finding for finding in found.findings}
    assert (told["dataset/nested-column"].count, told["dataset/header"].severity) == (3, "warning")


@pytest.mark.parametrize(
    ("table", "rule", "words"),
    [
        ({"a": ["x", "y\x00"]}, "control-character", "row 2 of a"),
        ({"a": arrow.array([], arrow.string())}, "empty-table", "no rows"),
        ({"a": [[1]]}, "empty-table", "no columns"),
        (arrow.table([[1], [2]], names=["a", "a"]), "header", "stands twice"),
        (arrow.table({"a": arrow.array([b"\xff"]).view(arrow.string())}), "not-a-table", "UTF8"),
    ],
)
def test_one_fault_one_error(tmp_path: Path, table: Any, rule: str, words: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_parquet(write(tmp_path / "a.parquet", table))
    error = next(finding for finding in caught.value.findings if finding.severity == "error")
    assert (error.rule, words in str(error)) == (f"dataset/{rule}", True)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"PAR1", b"PAR1" + b"x" * 50 + b"PAR1", b"a,b\n1,2\n"):
        (tmp_path / "a.parquet").write_bytes(data)
        with pytest.raises(DatasetError, match="cannot be read as Parquet"):
            read_parquet(tmp_path / "a.parquet")
    (tmp_path / "empty").mkdir()
    for name in ("b.parquet", "empty"):
        with pytest.raises(DatasetError, match="there is no Parquet file"):
            read_parquet(tmp_path / name)


def test_without_pyarrow_the_cure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.parquet")
    whole = builtins.__import__

    def without(name: str, *more: Any, **others: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return whole(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DatasetError) as caught:
        read_parquet(path)
    (error,) = caught.value.findings
    assert (error.rule, "compete[parquet]" in error.hint) == ("dataset/no-pyarrow", True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.integers(0, 2500), st.binary(max_size=4), st.integers(0, 60))
def test_any_edit_is_read_or_refused(tmp_path: Path, place: int, data: bytes, cut: int) -> None:
    path = write(tmp_path / "a.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + data + whole[place + cut :])
    try:
        findings = tuple(read_parquet(path).findings)
    except DatasetError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)
