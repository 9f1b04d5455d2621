"""The csv reader: text exactly as written, every fault told at once with its line."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compete.challenge import load_challenge
from compete.dataset import Dataset, feature_columns, group_values, subgroup_values, time_values
from compete.errors import DatasetError, Finding, fatal
from compete.readers import READERS, read_dataset
from compete.readers.delimited import read_delimited
from compete.readers.rules import DATASET_RULES

TABLE = "id,species,site,length\na,cat,north,1.5\nb,dog,north,2\nc,cat,south,NA\nd,dog,south,4\n"


def dataset(folder: Path, table: str | bytes = TABLE, data: str = "id: id", **other: str) -> Dataset:
    given = {"task": "classification", "label": "species", "split": ""} | other
    task, label, split = given["task"], given["label"], given["split"]
    (folder / "table.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    (folder / "challenge.yaml").write_text(
        f"name: a\ntitle: b\ntask: {task}\ndata:\n  path: table.csv\n  label: {label}\n  {data}\n"
        f"split:\n  seed: 0123456789abcdef\n  {split}\nscore: {{metric: m}}\n",
        encoding="utf-8",
    )
    return read_dataset(load_challenge(folder))


def told(found: Dataset | DatasetError) -> list[tuple[str, str, int]]:
    return [(one.rule.removeprefix("dataset/"), one.where, one.count) for one in found.findings]


def faults(folder: Path, *arguments: str | bytes, **named: str) -> tuple[Finding, ...]:
    with pytest.raises(DatasetError) as caught:
        dataset(folder, *arguments, **named)  # type: ignore[arg-type]
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return caught.value.findings


def test_items_are_text_exactly_as_written(tmp_path: Path) -> None:
    found = dataset(tmp_path, 'id,species,note\n 01 ,cat," a, ""b""\nc "\n2,dog,NA\n3,cat,\n')
    assert found.items.index.tolist() == [" 01 ", "2", "3"]
    assert found.items["note"].tolist() == [' a, "b"\nc ', "NA", ""]
    assert found.labels.to_dict("list") == {"item": [" 01 ", "2", "3"], "label": ["cat", "dog", "cat"]}
    assert list(found.lines) == [2, 4, 5]
    assert all(isinstance(cell, str) for column in found.items for cell in found.items[column])


def test_without_an_id_rows_are_counted_and_several_ids_are_joined(tmp_path: Path) -> None:
    assert dataset(tmp_path, data="").items.index.tolist() == ["1", "2", "3", "4"]
    assert dataset(tmp_path, data="id: [site, id]").items.index.tolist() == ["north_a", "north_b", "south_c", "south_d"]


@pytest.mark.parametrize("spelling", ["", " ", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>"])
def test_rows_without_a_label_are_left_out_and_told(tmp_path: Path, spelling: str) -> None:
    found = dataset(tmp_path, TABLE + f"e,{spelling},south,1\n")
    assert found.items.index.tolist() == ["a", "b", "c", "d"]
    assert ("missing-label", "table.csv:6", 1) in told(found)
    assert "1 of 5 rows has no label" in found.findings[0].message


def test_a_spelling_that_is_a_class_is_not_missing(tmp_path: Path) -> None:
    table = "id,species\na,NA\nb,EU\nc,NA\nd,EU\ne,null\n"
    assert dataset(tmp_path, table, data="classes: [NA, EU]").items["species"].tolist() == ["NA", "EU", "NA", "EU"]


@pytest.mark.parametrize("spelling", ["none", "None", "-", "?", "."])
def test_other_marks_are_values_as_labels(tmp_path: Path, spelling: str) -> None:
    assert spelling in dataset(tmp_path, TABLE + f"e,{spelling},south,1\n").items["species"].tolist()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (TABLE.replace(",", ";").encode(), "delimiter"),
        (TABLE.replace(",", "\t").encode(), "delimiter"),
        (TABLE.encode("utf-16"), "encoding"),
        (TABLE.encode("utf-16-le"), "encoding"),
        (TABLE.encode("utf-16-be"), "encoding"),
        (TABLE.replace("north", "nørth").encode("latin-1"), "encoding"),
        (b"\xef\xbb\xbf" + TABLE.encode(), ""),
        (TABLE.replace("\n", "\r\n").encode(), ""),
        (TABLE.replace("\n", "\r").encode(), ""),
        (TABLE.replace("\n", "\n\n").encode(), ""),
        (TABLE.rstrip("\n").encode(), ""),
    ],
)
def test_odd_files_are_read_all_the_same(tmp_path: Path, data: bytes, rule: str) -> None:
    found = dataset(tmp_path, data)
    assert [name for name, _, _ in told(found) if name in ("delimiter", "encoding")] == ([rule] if rule else [])
    assert found.items["species"].tolist() == ["cat", "dog", "cat", "dog"]
    assert found.items["site"].iloc[0] in ("north", "nørth")


def test_commas_in_cells_do_not_hide_the_semicolons(tmp_path: Path) -> None:
    found = dataset(tmp_path, "id;species;site;length\na;cat;north;1,5\nb;dog;north;2,0\nc;cat;s;1,5\nd;dog;s;2,5\n")
    assert found.items["length"].tolist() == ["1,5", "2,0", "1,5", "2,5"]


@pytest.mark.parametrize(
    ("table", "rule", "where", "words"),
    [
        ("", "empty-table", "table.csv", "no header"),
        ("id,species\n", "empty-table", "table.csv", "no rows"),
        ("id,species\na,\nb,NA\n", "empty-table", "table.csv", "no row has a label"),
        ("id,species,id\na,b,c\nd,e,f\n", "header", "table.csv:1", "stands twice"),
        ("id,species\na,cat\nb,dog,x\nc\nd,dog\n", "ragged-row", "table.csv:3", "2 rows have more or fewer cells"),
        ('id,species\na,"cat"x\n', "quoting", "table.csv:2", "out of place"),
        ('id,species\na,cat\nb,"dog\n', "quoting", "table.csv:3", "out of place"),
        ("id,species\na,c\0t\n", "control-character", "table.csv:2", "U+0000"),
        (b"PK\x03\x04...", "not-a-table", "table.csv", "Excel"),
        (b"PAR1....", "not-a-table", "table.csv", "Parquet"),
        (TABLE + "a,cat,x,1\n", "repeated-id", "table.csv:6", "1 row repeats an id; the first repeats line 2"),
        (TABLE + "NA,cat,x,1\n", "missing-id", "table.csv:6", "1 row has no id"),
        ("id,species\na,cat\nb,cat\nc,cat\n", "single-class", "challenge.yaml:6:10", "same label"),
    ],
)
def test_faults_of_a_table(tmp_path: Path, table: str | bytes, rule: str, where: str, words: str) -> None:
    found = [finding for finding in faults(tmp_path, table) if finding.severity == "error"]
    assert [(finding.rule, finding.where) for finding in found] == [(f"dataset/{rule}", where)]
    assert words in found[0].message


def test_a_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    found = dataset(tmp_path, ",id,species,\n0,a,cat,\n1,b,dog,\n2,c,cat,x\n")
    assert list(found.items.columns) == ["id", "species"]
    assert ("header", "table.csv:1", 2) in told(found)


def test_missing_files_name_what_is_there(tmp_path: Path) -> None:
    dataset(tmp_path)
    (tmp_path / "table.csv").rename(tmp_path / "other.csv")
    with pytest.raises(DatasetError) as caught:
        read_dataset(load_challenge(tmp_path))
    (finding,) = caught.value.findings
    assert (finding.rule, finding.where) == ("dataset/missing-file", "challenge.yaml:5:9")
    assert "other.csv" in finding.hint


def test_missing_columns_are_told_together_at_their_lines(tmp_path: Path) -> None:
    data = (
        "id: ID\n  group: [site, Nest]\n  features: [lenght]\n  subgroups: [Site, {name: y, column: date, part: year}]"
    )
    found = faults(tmp_path, TABLE, data, label="Species", split="stratify: [colour]\n  time: when")
    assert {finding.rule for finding in found} == {"dataset/missing-column"}
    places = [finding.where.removeprefix("challenge.yaml:") for finding in found]
    assert places == ["7:7", "6:10", "8:17", "9:14", "10:15", "10:39", "13:14", "14:9"]
    hints = [finding.hint for finding in found]
    assert hints[0] == "did you mean 'id'?"
    assert "'length'" in hints[3]
    assert "the columns are: id, species" in hints[5]


def test_spaces_in_column_names_are_told_and_kept(tmp_path: Path) -> None:
    found = dataset(tmp_path, "id,species, site\na,cat,1\nb,dog,2\nc,cat,1\nd,dog,2\n")
    assert " site" in found.items.columns
    assert ("header-space", "table.csv:1", 1) in told(found)
    (finding,) = faults(tmp_path, "id,species, site\na,cat,1\nb,dog,2\n", "group: site")[1:]
    assert "' site'" in finding.hint


def test_spellings_that_differ_by_case_or_space_are_warned_of(tmp_path: Path) -> None:
    found = dataset(tmp_path, TABLE + "e,Cat,x,1\nf,cat ,x,1\ng,bird,x,1\n")
    (finding,) = [one for one in found.findings if one.rule == "dataset/similar-labels"]
    assert finding.items == ("'Cat' and 'cat' and 'cat '",)
    (rare,) = [one for one in found.findings if one.rule == "dataset/rare-class"]
    assert "bird" in rare.items


def test_regression_labels_are_strict_numbers(tmp_path: Path) -> None:
    table = "id,y\na,1.5\nb,-2e3\nc,1,5\nd,inf\n".replace("1,5", '"1,5"')
    (finding,) = faults(tmp_path, table, task="regression", label="y")
    assert (finding.rule, finding.where, finding.items) == ("dataset/not-a-number", "table.csv:4", ("1,5", "inf"))
    assert "comma" in finding.hint
    found = dataset(tmp_path, "id,y,z\na,1.5,1\nb,-2e3,2\nc,NA,3\n", task="regression", label="[y, z]")
    assert found.labels["value"].tolist() == [1.5, 1.0, -2000.0, 2.0]
    assert found.labels["label"].tolist() == ["y", "z", "y", "z"]
    assert found.labels["item"].tolist() == ["a", "a", "b", "b"]


def test_multilabel_columns_hold_flags(tmp_path: Path) -> None:
    found = dataset(tmp_path, "id,x,y\na,1,0\nb,0,1\nc,1,1\n", task="multilabel", label="[x, y]")
    assert found.labels["value"].tolist() == [1, 0, 0, 1, 1, 1]
    (finding,) = faults(tmp_path, "id,x,y\na,1,0\nb,yes,1\nc,1,1.0\n", task="multilabel", label="[x, y]")[:1]
    assert (finding.rule, finding.where, finding.items) == ("dataset/not-a-flag", "table.csv:3", ("yes",))


def test_features_follow_the_declaration_or_what_is_left(tmp_path: Path) -> None:
    table = "id,species,site,length,sex,note,when\n" + "".join(f"{n},{'ab'[n % 2]},s,1,f,x,2020\n" for n in range(6))

    def features(data: str, split: str = "") -> tuple[str, ...]:
        found = dataset(tmp_path, table, data, split=split)
        return feature_columns(load_challenge(tmp_path), found)

    assert features("id: id") == ("site", "length", "sex", "note", "when")
    assert features("id: id\n  group: site\n  subgroups: [sex]\n  drop: note", "time: when") == ("length",)
    assert features("id: id\n  subgroups: [sex]\n  features: [sex, length]") == ("sex", "length")


def test_groups_join_cells_without_mixing_them_up(tmp_path: Path) -> None:
    table = "id,species,p,q\na,x,1 | 2,3\nb,y,1,2 | 3\nc,x,1 | 2,3\nd,y,,NA\ne,x,,\nf,y,,3\ng,x,alone: d,\n"
    found = dataset(tmp_path, table, "id: id\n  group: [p, q]")
    group = dict(zip("abcdefg", group_values(found, ["p", "q"]), strict=True))
    assert group["a"] == group["c"]
    assert len(set(group.values())) == 6
    assert ("missing-group", "table.csv:5", 2) in told(found)
    single = dict(zip("abcdefg", group_values(found, ["p"]), strict=True))
    assert single["d"] != single["g"]
    assert single["d"] != single["e"]


def test_subgroups_of_text_bins_and_dates(tmp_path: Path) -> None:
    table = "id,species,age,when,sex\na,x,39.9,2020-01-02,f\nb,y,40,2021-12-31 07:30,\nc,x,60,NA,m \nd,y,NA,2021,f\n"
    data = (
        "subgroups: [sex, {name: age, bins: [40, 60]}, {name: year, column: when, part: year},"
        " {name: odd, column: age, bins: [39.95]}]"
    )
    found = dataset(tmp_path, table, data)
    sex, age, year, odd = load_challenge(tmp_path).data.subgroups
    assert subgroup_values(found, sex).tolist() == ["f", "missing", "m", "f"]
    assert subgroup_values(found, age).tolist() == ["< 40", "40 – 60", ">= 60", "missing"]
    assert subgroup_values(found, year).tolist() == ["2020", "2021", "missing", "2021"]
    assert subgroup_values(found, odd).tolist() == ["< 39.95", ">= 39.95", ">= 39.95", "missing"]


@pytest.mark.parametrize(
    ("subgroup", "rule", "items"),
    [
        ("{name: s, column: site, bins: [1]}", "not-a-number", ("north", "north", "south")),
        ("{name: s, column: length, part: year}", "not-a-date", ("1.5", "2", "4")),
        ("{name: s, column: when, part: hour}", "not-a-date", ("2020-01-02", "2020-01-02", "3/4/2020")),
    ],
)
def test_subgroups_that_cannot_be_made(tmp_path: Path, subgroup: str, rule: str, items: tuple[str, ...]) -> None:
    table = (
        "id,species,site,length,when\na,cat,north,1.5,2020-01-02\nb,dog,north,2,2020-01-02\nc,cat,south,NA,3/4/2020\n"
        "d,dog,south,4,2020-01-02 08:00\n"
    )
    found = fatal(faults(tmp_path, table, f"subgroups: [{subgroup}]"))
    assert [finding.rule for finding in found] == [f"dataset/{rule}"]
    assert found[0].items == items
    assert found[0].where == "table.csv:2"
    assert "challenge.yaml:7:" in found[0].hint


def test_marks_that_may_mean_missing_are_warned_of(tmp_path: Path) -> None:
    found = dataset(tmp_path, TABLE + "e,cat,?,1\n", "subgroups: [site]")
    assert ("doubtful-value", "table.csv:6", 1) in told(found)


def test_time_is_a_number_or_a_date(tmp_path: Path) -> None:
    def times(*cells: str) -> list[float]:
        table = "id,species,t\n" + "".join(f'{n},{"ab"[n % 2]},"{cell}"\n' for n, cell in enumerate(cells))
        return list(time_values(dataset(tmp_path, table, split="time: t"), "t"))

    assert times("3", "-1.5") == [3.0, -1.5]
    assert times("1970-01-02", "1970-01-01T00:01", "1970", "1970:01:01 00:00:05") == [86400.0, 60.0, 0.0, 5.0]
    assert times("1970-01-01T02:00:00+02:00", "1970-01-01 00:00:00Z") == [0.0, 0.0]
    for bad in ("3/4/2020", "", "2020-02-30", "soon"):
        with pytest.raises(DatasetError) as caught:
            times("2020-01-01", bad)
        assert [finding.rule for finding in fatal(caught.value.findings)] == ["dataset/not-a-date"]


def test_given_splits_say_which_values_they_know(tmp_path: Path) -> None:
    table = "id,species,set\na,x,train\nb,y,test\nc,x,val\nd,y,train\n"
    (finding,) = [one for one in faults(tmp_path, table, split="column: set") if one.severity == "error"]
    assert (finding.rule, finding.where, finding.items) == ("dataset/unknown-part", "table.csv:4", ("val",))
    assert (
        dataset(tmp_path, table, split="column: set\n  values: {train: [train, val], test: test}").items.shape[0] == 4
    )


def test_images_that_no_row_names_are_told(tmp_path: Path) -> None:
    for name in (
        "a.png",
        "b.png",
        "a_mask.png",
        "unlabelled.png",
        "deep/c.jpg",
        "deep/d.jpg",
        "other/e.jpg",
        "Thumbs.db",
    ):
        (tmp_path / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "images" / name).write_bytes(b"x")
    table = "id,species,file,outline\n1,x,a.png,a_mask.png\n2,y,./b.png,\n3,x,deep/c.jpg,\n4,,unlabelled.png,\n"
    found = dataset(tmp_path, table, "file: file\n  images: images")
    (finding,) = [one for one in found.findings if one.rule == "dataset/unlisted-image"]
    assert (finding.items, finding.count, finding.severity) == (("deep/d.jpg",), 1, "note")


def test_images_must_be_there_and_inside(tmp_path: Path) -> None:
    images = tmp_path / "home" / "images"
    images.mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (images / name).write_bytes(b"x")
    (tmp_path / "secret.png").write_bytes(b"x")
    (images / "link.png").symlink_to(tmp_path / "secret.png")
    rows = ["a.png", "b.png", "absent.png", "../../secret.png", "link.png", "", "a.png", str(tmp_path / "secret.png")]
    table = "id,species,file\n" + "".join(f"{n},{'xy'[n % 2]},{name}\n" for n, name in enumerate(rows))
    found = {one.rule: one for one in faults(tmp_path, table, "file: file\n  images: home/images")}
    assert found["dataset/missing-file"].items == ("absent.png", "(blank)")
    assert found["dataset/missing-file"].where == "table.csv:4"
    assert found["dataset/file-outside"].count == 3
    assert found["dataset/repeated-file"].severity == "warning"
    good = dataset(tmp_path, "id,species,file\n1,x,a.png\n2,y,b.png\n", "file: file\n  images: home/images")
    assert good.items["file"].tolist() == [str(images / "a.png"), str(images / "b.png")]
    assert "dataset/unlisted-image" not in {one.rule for one in found.values()}
    (gone,) = faults(tmp_path, table, "file: file\n  images: nowhere")
    assert gone.where == "challenge.yaml:8:11"


def test_every_fault_of_a_table_at_once(tmp_path: Path) -> None:
    table = "id,species,age,file\na,x,young,gone.png\na,y,30,\n,x\nb,x,2,gone.png\n"
    found = faults(tmp_path, table, "id: id\n  file: file\n  subgroups: [{name: age, bins: [3]}]")
    assert {one.rule for one in found if one.severity == "error"} == {
        "dataset/ragged-row", "dataset/repeated-id", "dataset/missing-file", "dataset/not-a-number"}  # fmt: skip


def test_messages_are_harmless_to_a_terminal(tmp_path: Path) -> None:
    (finding,) = faults(tmp_path, "id,y\na,\u202e1\u009b31m\nb,2\n", task="regression", label="y")
    assert "\u202e" not in str(finding)
    assert "\u009b" not in str(finding)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_the_systems_fault(tmp_path: Path) -> None:
    from compete.errors import SystemFault

    dataset(tmp_path)
    (tmp_path / "table.csv").chmod(0)
    with pytest.raises(SystemFault):
        read_dataset(load_challenge(tmp_path))


def test_the_schema_lists_the_readers() -> None:
    import json

    from compete.challenge import schema_text
    from compete.formats import ANNOTATED, FOLDERS, TABLES

    listed = json.loads(schema_text())["properties"]["data"]["properties"]["reader"]["enum"]
    assert sorted(listed) == sorted(READERS) == sorted((*TABLES, *FOLDERS, *ANNOTATED))


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1)),
       st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_what_csv_writes_reads_back_equal(tmp_path: Path, rows: list[list[str]], quoting: int, end: str) -> None:
    header = [f"column{number}" for number in range(len(rows[0]))]
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator=end).writerows([header, *rows])  # type: ignore[arg-type]
    path = tmp_path / "any.csv"
    path.write_bytes(text.getvalue().encode())
    found = read_delimited(path)
    assert not [one for one in found.findings if one.severity != "note"]
    assert [list(row) for row in zip(*found.columns.values(), strict=True)] == rows
    assert list(found.lines) == list(range(2, len(rows) + 2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=120) | st.text(alphabet='ab,;\t"\n\r 1', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    try:
        found = read_delimited(path)
    except DatasetError as error:
        findings = list(error.findings)
    else:
        findings = found.findings
        assert all(len(cells) == len(found.lines) for cells in found.columns.values())
    assert all(one.rule in DATASET_RULES for one in findings)


def test_every_rule_is_explained_and_every_explanation_is_of_a_rule() -> None:
    folder = Path(read_dataset.__code__.co_filename).parent
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in [*folder.rglob("*.py"), folder.parent / "dataset.py"]
        if path.name != "rules.py"
    )
    used = {name for name in DATASET_RULES if f'"{name}"' in code or f'"{name.removeprefix("dataset/")}"' in code}
    assert used == set(DATASET_RULES)
    named = set(re.findall(r'"dataset/([a-z-]+)"', code))
    named |= set(re.findall(r'_(?:rows|told|refusal)\((?:dataset, )?\s*"([a-z-]+)"', code))
    assert {f"dataset/{name}" for name in named} <= set(DATASET_RULES)
