"""Tables with one row a label: gathered into one row an item, whatever the order of the rows."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from compete import jobs
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import CompeteError, Finding
from compete.readers import read_dataset

QRELS = [
    ("q1", "ant", "1", "red"), ("q2", "cat", "2", "blue"), ("q1", "bee", "3", "red"), ("q1", "ape", "1", "red"),
    ("q3", "dog", "1", "red"),
]  # fmt: skip
HEADER = ("query", "doc", "gain", "shade")


def challenge(folder: Path, rows: list[Any], header: tuple[str, ...] = HEADER, task: str = "retrieval",
              **data: Any) -> Path:  # fmt: skip
    folder.mkdir(exist_ok=True)
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    said = {"path": "table.csv", "id": "query", "label": "doc", "form": "rows", **data}
    said = {key: value for key, value in said.items() if value is not None}
    metric = {"retrieval": "ndcg_at_k", "spans": "span_fbeta", "sequence": "sequence_error_rate"}.get(task, "f1_macro")
    content = {
        "name": "long", "title": "Long", "license": "CC0-1.0", "task": task, "data": said,
        "split": {"test": 0.6, "public": 0.5, "seed": "0f1e2d3c4b5a6978"}, "score": {"metric": metric, "draws": 20},
    }  # fmt: skip
    (folder / "challenge.yaml").write_text(json.dumps(content))
    return folder


def dataset(*arguments: Any, **named: Any) -> Dataset:
    return read_dataset(load_challenge(challenge(*arguments, **named)))


def faults(*arguments: Any, **named: Any) -> list[Finding]:
    with pytest.raises(CompeteError) as caught:
        dataset(*arguments, **named)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def test_labels_of_an_item_stand_by_gain_and_then_as_text_sorts(tmp_path: Path) -> None:
    found = dataset(tmp_path, QRELS, gain="gain")
    assert found.items.to_dict("list") == {
        "query": ["q1", "q2", "q3"],
        "doc": ["bee ant ape", "cat", "dog"],
        "gain": ["3 1 1", "2", "1"],
        "shade": ["red", "blue", "red"],
    }
    assert found.items.index.tolist() == ["q1", "q2", "q3"]
    assert list(found.lines) == [2, 3, 6]
    assert dataset(tmp_path, QRELS, drop=["gain"]).items["doc"].tolist() == ["ant ape bee", "cat", "dog"]


def test_spans_stand_by_place_and_sequences_in_the_order_of_rows(tmp_path: Path) -> None:
    rows = [("a", "10 12"), ("a", "9 10"), ("b", ""), ("a", "0 5")]
    spans = dataset(tmp_path, rows, ("query", "doc"), "spans", empty=True)
    assert spans.items["doc"].tolist() == ["0 5; 9 10; 10 12", ""]
    words = dataset(tmp_path, [("a", "x"), ("b", "y"), ("a", "x"), ("a", "w")], ("query", "doc"), "sequence")
    assert words.items["doc"].tolist() == ["x x w", "y"]


def test_columns_that_join_to_an_id_gather_rows_and_may_group(tmp_path: Path) -> None:
    rows = [("m1", "1", "x"), ("m1", "2", "y"), ("m1", "1", "z"), ("m2", "1", "x")]
    found = dataset(tmp_path, rows, ("molecule", "atom", "doc"), id=["molecule", "atom"], group="molecule")
    assert found.items.index.tolist() == ["m1_1", "m1_2", "m2_1"]
    assert found.items["doc"].tolist() == ["x z", "y", "x"]
    assert found.items["molecule"].tolist() == ["m1", "m1", "m2"]


def test_rows_without_a_label_add_nothing(tmp_path: Path) -> None:
    rows = [("a", "x"), ("a", "NA"), ("b", ""), ("c", "y")]
    found = dataset(tmp_path, rows, ("query", "doc"))
    assert found.items["doc"].to_dict() == {"a": "x", "c": "y"}
    assert [(one.rule, one.where, one.count) for one in found.findings] == [
        ("dataset/missing-label", "table.csv:3", 1),
        ("dataset/missing-label", "table.csv:4", 1),
    ]
    assert dataset(tmp_path, rows, ("query", "doc"), empty=True).items["doc"].to_dict() == {"a": "x", "b": "", "c": "y"}


def test_what_differs_among_the_rows_of_an_item_is_told_where_it_matters(tmp_path: Path) -> None:
    rows = [*QRELS, ("q1", "cow", "2", "blue")]
    (fault,) = faults(tmp_path, rows, gain="gain")
    assert (fault.rule, fault.where, fault.items, fault.count) == (
        "dataset/uneven-item", "table.csv:7", ("line 7",), 1,
    )  # fmt: skip
    assert "1 item has rows that differ in 'shade'" in fault.message
    assert "line 2 has 'red' and 'blue'" in fault.hint
    assert dataset(tmp_path, rows, gain="gain", drop=["shade"]).items["doc"].tolist()[0] == "bee cow ant ape"
    (fault,) = faults(tmp_path, rows, gain="gain", drop=["shade"], group="shade")
    assert fault.rule == "dataset/uneven-item"
    assert dataset(tmp_path, rows, gain="gain", features=["query"]).items["shade"].tolist()[0] == "red"


@pytest.mark.parametrize(
    ("rows", "named", "rule", "words"),
    [
        ([*QRELS, ("q1", "ant", "1", "red")], {"gain": "gain"}, "dataset/label-cell", "name"),
        ([*QRELS, ("q1", "red ant", "1", "red")], {"gain": "gain"}, "dataset/label-cell", "holds ' ', which parts"),
        ([*QRELS, ("q1", "emu", "many", "red")], {"gain": "gain"}, "dataset/label-cell", "gains"),
        ([*QRELS, ("", "emu", "1", "red")], {"gain": "gain"}, "dataset/missing-id", "no id"),
        (QRELS, {"id": None}, "challenge/missing-key", "nothing says which belong together"),
        (QRELS, {"task": "classification"}, "challenge/task-mismatch", "form"),
        (QRELS, {"form": "row"}, "challenge/unknown-value", "rows"),
    ],
)
def test_what_cannot_be_gathered_is_refused(tmp_path: Path, rows: list[Any], named: Any, rule: str, words: str) -> None:
    found = faults(tmp_path, rows, **named)
    assert rule in {fault.rule for fault in found}
    assert any(words in fault.message for fault in found)


def test_a_bundle_is_that_of_the_table_with_one_row_an_item_in_any_order(tmp_path: Path) -> None:
    chance = random.Random(5)
    rows = [(f"q{number:02}", f"d{label}", str(chance.randint(0, 3)), str(number % 3)) for number in range(40)
            for label in chance.sample(range(9), 4)]  # fmt: skip
    kept = [("path", "table.csv"), ("gain", "gain")]
    first = challenge(tmp_path / "one", rows, **dict(kept))
    gathered = read_dataset(load_challenge(first)).items
    chance.shuffle(rows)
    second = challenge(tmp_path / "two", rows, **dict(kept))
    bundles = []
    for root in (first, second):
        jobs.build(root, root / "bundle", workers=1)
        bundles.append({
            path.relative_to(root / "bundle"): path.read_bytes()
            for path in sorted((root / "bundle").rglob("*")) if path.is_file()
        })  # fmt: skip
    assert bundles[0] == bundles[1]
    assert open_bundle(first / "bundle").terms.test + 16 == len(gathered) == 40
