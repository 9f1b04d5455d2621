"""Tables and folders off the beaten track: guesses of a sketch, labels that teach nothing, unreadable files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compete.errors import DatasetError, SystemFault
from compete.readers import sketch_dataset
from compete.readers.delimited import read_delimited
from tests.readers.test_proposals import sketch, values
from tests.readers.test_tables import dataset, faults, told


def test_without_a_telling_name_the_last_column_of_few_values_is_the_label(tmp_path: Path) -> None:
    found = sketch(tmp_path, "zone,kind of bird,length", [f"{'xy'[n % 2]},{'abc'[n % 3]},{n}.5" for n in range(40)])
    assert (found["label"].value, found["task"].value) == ("kind of bird", "classification")
    assert found["label"].reason == "a guess: the last column with few values; values: a, b, c"


def test_without_few_values_the_last_column_of_numbers_is_the_label(tmp_path: Path) -> None:
    found = sketch(tmp_path, "height,weight,code", [f"{n}.5,{n * 3},k{n}" for n in range(40)])
    assert (found["label"].value, found["task"].value) == ("weight", "regression")
    assert values(found["features"]) == ["height"]


def test_where_nothing_can_be_a_label_none_is_proposed(tmp_path: Path) -> None:
    found = sketch(tmp_path, "code,mark", [f"k{n},m{n}" for n in range(40)])
    assert (found["label"], found["task"].value) == (None, "classification")
    assert values(found["drop"]) == ["code", "mark"]


def test_few_whole_numbers_are_classes_and_many_fractions_are_not(tmp_path: Path) -> None:
    whole = sketch(tmp_path, "x,label", [f"{n}.5,{n % 15}" for n in range(60)])
    assert whole["task"].value == "classification"
    halves = sketch(tmp_path, "x,label", [f"{n}.5,{n % 15}.5" for n in range(60)])
    assert halves["task"].value == "regression"


def test_ages_in_words_are_not_cut_into_thirds(tmp_path: Path) -> None:
    rows = [f"{n % 20} years,{'ab'[n // 20 % 2]},{n}.5" for n in range(40)]
    found = sketch(tmp_path, "age,label,x", rows)
    assert (found["subgroups"], values(found["features"])) == ([], ["age", "x"])
    ages = sketch(tmp_path, "age,label,x", [row.replace(" years", "") for row in rows])
    assert values(ages["subgroups"]) == [{"name": "age", "column": "age", "bins": [6, 13]}]


def test_numbers_with_a_decimal_comma_are_told(tmp_path: Path) -> None:
    found = sketch(tmp_path, "length;label", [f"{n},5;{'ab'[n % 2]}" for n in range(40)])
    (length,) = found["features"]
    assert (length.value, length.reason[:44]) == ("length", "40 different numbers with a decimal comma, w")


def test_nearly_as_many_classes_as_items_are_warned_of(tmp_path: Path) -> None:
    rows = "".join(f"i{n},c{min(n, 24)}\n" for n in range(40))
    (warning,) = dataset(tmp_path, f"id,species\n{rows}").findings
    assert (warning.rule, warning.severity) == ("dataset/many-classes", "warning")
    assert "25 different labels for 40 items" in warning.message
    (rare,) = dataset(tmp_path, "id,species\n" + rows + "".join(f"j{n},c24\n" for n in range(20))).findings
    assert (rare.rule, rare.count) == ("dataset/rare-class", 24)


def test_numbers_to_predict_that_are_all_equal_are_refused_unless_there_are_others(tmp_path: Path) -> None:
    table = "id,y,z\na,1,2\nb,1.0,3\n"
    (error,) = faults(tmp_path, table, task="regression", label="y")
    assert (error.rule, error.message) == ("dataset/single-class", "all items have 1 in 'y'")
    (warning,) = dataset(tmp_path, table, task="regression", label="[y, z]").findings
    assert (warning.rule, warning.severity) == ("dataset/single-class", "warning")
    assert told(dataset(tmp_path, "id,y\na,1\nb,1.5\n", task="regression", label="y")) == []


def test_a_flag_that_all_items_have_is_warned_of(tmp_path: Path) -> None:
    found = dataset(tmp_path, "id,x,y\na,1,0\nb,1,1\n", task="multilabel", label="[x, y]")
    (warning,) = found.findings
    assert (warning.rule, warning.severity) == ("dataset/single-class", "warning")
    assert warning.message == "all items have 1 in 'x'"
    assert found.labels["value"].tolist() == [1, 0, 1, 1]


def test_a_long_cell_does_not_hide_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"id;species;note\na;cat;{'x' * 200_000}\nb;dog;short\n")
    table = read_delimited(path)
    assert table.header == ["id", "species", "note"]
    assert [len(cell) for cell in table.columns["note"]] == [200_000, 5]


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_the_line_that_tells_excel_the_delimiter_is_no_header(tmp_path: Path, first: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(first + "name;kind,of\nRex;dog\nTom;cat\n", newline="")
    table = read_delimited(path)
    assert (table.columns, list(table.lines)) == ({"name": ["Rex", "Tom"], "kind,of": ["dog", "cat"]}, [3, 4])


@pytest.mark.parametrize("codec", ["utf-32", "utf-16", "utf-8-sig"])
def test_a_mark_at_the_start_tells_the_encoding(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("name,kind\nRex,Köter\n".encode(codec))
    table = read_delimited(path)
    assert (table.columns["kind"], bool(table.findings)) == (["Köter"], codec != "utf-8-sig")


@pytest.mark.parametrize("name", ["kind\nof", "kind\u2028of"])
def test_of_a_solution_no_column_is_named_in_two_lines(tmp_path: Path, name: str) -> None:
    rows = "".join(f"{number},{'ab'[number % 2]}\n" for number in range(20))
    (found,) = faults(tmp_path, f'key,"{name}"\n{rows}', "id: key", label=f"[{json.dumps(name)}]")
    assert (found.rule, "line break" in found.message) == ("dataset/header", True)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is a folder") as caught:
        sketch_dataset("csv", tmp_path)
    assert "reader: folder" in caught.value.findings[0].hint


@pytest.mark.parametrize("reader", ["csv", "folder"])
def test_a_link_to_itself_is_the_systems_fault_and_is_named(tmp_path: Path, reader: str) -> None:
    (tmp_path / "cat").mkdir()
    link = tmp_path / "cat" / "loop.png"
    link.symlink_to("loop.png")
    with pytest.raises(SystemFault, match="symbolic links") as caught:
        sketch_dataset(reader, tmp_path if reader == "folder" else link)
    assert caught.value.findings[0].where == str(link)
