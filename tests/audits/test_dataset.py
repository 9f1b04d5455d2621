"""Audits of a dataset: each fault planted in clean data is told, and clean data tell of none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from compete.audits import AUDITS, blanks, bursts, classes, columns, groups, names, rows, shortcuts, spelling, support
from compete.audits.dataset import audit_dataset
from compete.audits.traces import Traces
from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import Finding
from tests.audits.clean_data import clean_items, write_challenge

IMAGES: dict[str, Any] = {"file": "file", "label": "label", "id": "id"}
TABLE: dict[str, Any] = {"label": "label", "id": "id", "drop": ["file", "patient", "taken"]}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As on the command line: many small products in threads only wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def images(tmp_path: Path) -> Challenge:
    return write_challenge(tmp_path / "images", IMAGES)


@pytest.fixture
def table(tmp_path: Path) -> Challenge:
    return write_challenge(tmp_path / "table", TABLE)


def with_columns(dataset: Dataset, **cells: Sequence[Any]) -> Dataset:
    """The same items with other columns; labels follow the column of labels."""
    items = dataset.items.assign(**{name: np.array(list(values), dtype=object) for name, values in cells.items()})
    labels = pd.DataFrame({"item": items.index.to_numpy(), "label": items["label"].to_numpy()}, dtype=object)
    return replace(dataset, items=items, labels=labels)


def only(findings: Sequence[Finding], rule: str) -> Finding:
    """The one finding of a rule."""
    found = [one for one in findings if one.rule == f"audit/{rule}"]
    assert len(found) == 1, [str(one) for one in findings]
    return found[0]


def rules(findings: Sequence[Finding]) -> set[str]:
    return {one.rule.removeprefix("audit/") for one in findings}


def test_clean_data_raise_hardly_an_alarm(tmp_path: Path) -> None:
    """Measured over 200 seeds for each of these: 0 to 2 alarms in a hundred."""
    plain = write_challenge(tmp_path / "a", IMAGES | {"subgroups": ["sex"]})
    grouped = write_challenge(tmp_path / "b", IMAGES | {"group": "patient", "subgroups": ["sex"]})
    table = write_challenge(tmp_path / "c", TABLE)
    kinds: list[tuple[Challenge, bool, dict[str, int]]] = [
        (plain, True, {"n": 600}), (grouped, True, {"n": 600, "groups": 150}), (table, False, {"n": 500}),
    ]  # fmt: skip
    alarms: Counter[str] = Counter()
    for challenge, of_images, wish in kinds:
        for seed in range(10):
            dataset, looks = clean_items(seed, **wish)
            found = audit_dataset(challenge, dataset, looks if of_images else None)
            expected = {"missing-values", "low-power", "small-subgroup", "small-class", "class-imbalance"}
            alarms.update(rules(found) - expected)
    assert sum(alarms.values()) <= 2, alarms


@pytest.mark.parametrize(
    ("change", "rule", "told"),
    [
        ({"kind axxx": "kind axxx "}, "label-spelling", "'kind axxx' and 'kind axxx '"),
        ({"kind axxx": "Kind_axxx"}, "label-spelling", "'Kind_axxx' and 'kind axxx'"),
        ({"kind axxx": "kind axxx "}, "label-form", "'kind axxx '"),
        ({"kind axxx": "kind axxxx"}, "near-labels", "'kind axxxx' (3) beside 'kind axxx' (101)"),
    ],
)
def test_labels_spelt_in_several_ways(images: Challenge, change: dict[str, str], rule: str, told: str) -> None:
    dataset, _ = clean_items(1, n=330)
    label = dataset.items["label"].tolist()
    for row in [row for row, text in enumerate(label) if text in change][:3]:
        label[row] = change[label[row]]
    found = only(spelling.audit(images, with_columns(dataset, label=label), None), rule)
    assert found.items == (told,)


def test_what_the_reader_told_of_spellings_is_not_told_again(images: Challenge) -> None:
    dataset, _ = clean_items(1)
    label = ["Kind axxx" if row == 5 else text for row, text in enumerate(dataset.items["label"])]
    told = Finding("dataset/similar-labels", "1 label is spelt in several ways", severity="warning")
    assert spelling.audit(images, replace(with_columns(dataset, label=label), findings=(told,)), None) == []
    label[6] = "kind_axxx"
    found = spelling.audit(images, replace(with_columns(dataset, label=label), findings=(told,)), None)
    assert only(found, "label-spelling").count == 1


def test_values_of_a_subgroup_spelt_in_several_ways(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, IMAGES | {"subgroups": ["site"]})
    dataset, _ = clean_items(1, n=50)
    site = ["Mount Sinai" if row % 2 else "mount-sinai" for row in range(50)]
    assert only(spelling.audit(challenge, with_columns(dataset, site=site), None), "value-spelling").count == 1


def test_uneven_and_small_classes(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, IMAGES, metric="accuracy")
    dataset, _ = clean_items(1, n=400)
    found = classes.audit(challenge, with_columns(dataset, label=["a"] * 380 + ["b"] * 18 + ["c"] * 2), None)
    uneven = only(found, "class-imbalance")
    assert uneven.severity == "warning"
    assert "always answering 'a' gets accuracy 0.95" in uneven.hint
    small = only(found, "small-class")
    assert small.items == (
        "c (2 items: about 0.4 public, about 0.4 private)", "b (18 items: about 3.6 public, about 3.6 private)",
    )  # fmt: skip


def test_blank_cells_are_counted_and_tied_to_classes(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, IMAGES | {"subgroups": ["sex"], "features": ["note"]})
    dataset, _ = clean_items(1, n=400, classes=2)
    sex = ["" if row < 40 else "f" for row in range(400)]
    note = ["" if text.endswith("axxx") and row % 2 else "x" for row, text in enumerate(dataset.items["label"])]
    found = blanks.audit(challenge, with_columns(dataset, sex=sex, note=note), None)
    counted = [one for one in found if one.rule == "audit/missing-values"]
    assert [one.items for one in counted if one.severity == "warning"] == [("sex 10%",)]
    tied = only(found, "missing-by-class")
    assert tied.severity == "warning"
    assert tied.items[0].startswith("note: blank")


def test_columns_that_say_nothing_the_same_or_the_label(table: Challenge) -> None:
    dataset, _ = clean_items(1, n=300, classes=2)
    code = {"kind axxx": "A", "kind byyy": "B"}
    chance = np.random.default_rng(0)
    dataset = with_columns(
        dataset,
        always=["7"] * 300,
        place=[{"north": "N", "south": "S", "east": "E", "west": "W"}[text] for text in dataset.items["site"]],
        diagnosis=[code[text] for text in dataset.items["label"]],
        marker=[f"{chance.normal() + 9 * (text == 'kind axxx'):.4f}" for text in dataset.items["label"]],
    )
    found = columns.audit(table, dataset, None)
    assert only(found, "constant-column").items == ("always",)
    assert only(found, "equal-columns").items == ("site and place",)
    told = {one.severity: one.items for one in found if one.rule == "audit/label-in-column"}
    told = {one.severity: one.items for one in found if one.rule == "audit/label-in-column"}
    assert told == {"error": ("diagnosis (100.0%)",), "warning": ("marker (100.0%)",)}


def test_a_column_that_tells_the_label_may_be_a_group(table: Challenge) -> None:
    dataset, _ = clean_items(1, n=300, classes=2)
    subject = [f"{row // 2 % 20 * 2 + (text == 'kind axxx')}" for row, text in enumerate(dataset.items["label"])]
    found = only(columns.audit(table, with_columns(dataset, subject=subject), None), "label-in-column")
    assert "name it in `data.group`" in found.hint


def test_a_column_that_nobody_sees_may_tell_the_label(images: Challenge) -> None:
    dataset, _ = clean_items(1, n=300)
    shown = replace(images, data=replace(images.data, drop=("diagnosis",)))
    found = columns.audit(shown, with_columns(dataset, diagnosis=dataset.items["label"]), None)
    assert only(found, "label-in-column").severity == "note"


def test_a_number_to_predict_that_stands_in_a_column(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, {"label": "weight", "id": "id"}, "regression", "rmse")
    dataset, _ = clean_items(1, n=200)
    dataset = with_columns(dataset, label=dataset.items["weight"])
    pounds = [f"{float(text) * 2.2046:.2f}" for text in dataset.items["weight"]]
    assert only(columns.audit(challenge, with_columns(dataset, pounds=pounds), None), "label-in-column").items == (
        "label (100.0%)",
        "pounds (100.0%)",
    )


def test_rows_that_stand_in_a_table_twice(table: Challenge) -> None:
    dataset, _ = clean_items(2, n=300)
    dataset = with_columns(dataset, x=[f"{value:.6f}" for value in np.random.default_rng(1).normal(size=300)])
    items = dataset.items.copy()
    shown = ["age", "sex", "weight", "site", "device", "note", "x"]
    items.loc["item7", shown] = items.loc["item3", shown]
    items.loc["item7", "label"], items.loc["item3", "label"] = "kind axxx", "kind byyy"
    found = rows.audit(table, with_columns(replace(dataset, items=items)), None)
    assert only(found, "repeated-rows").items == ("item3 = item7",)
    assert only(found, "conflicting-rows").items == ("item3 = item7",)


def test_copies_spelt_anew(table: Challenge) -> None:
    """Sixty copies in a thousand rows, where by chance perhaps one is to be expected."""
    chance = np.random.default_rng(1)
    dataset, _ = clean_items(2, n=1000)
    shown = ["age", "sex", "weight", "site", "device", "note"]
    items = dataset.items.assign(x=[f"{value:.2f}" for value in chance.normal(size=1000)])
    plain = with_columns(replace(dataset, items=items))
    assert rows.audit(table, plain, None) == []
    for row in range(60):
        items.loc[f"item{row}", [*shown, "x"]] = items.loc[f"item{row + 100}", [*shown, "x"]]
        items.loc[f"item{row}", "site"] = items.loc[f"item{row}", "site"].title() + " "
        items.loc[f"item{row}", "x"] += "0"
    found = only(rows.audit(table, with_columns(replace(dataset, items=items)), None), "repeated-rows")
    assert (found.count, found.items[0]) == (60, "item0 = item100")


def test_file_names_that_hold_the_class(tmp_path: Path, images: Challenge) -> None:
    dataset, _ = clean_items(1, n=200)
    files = [
        f"/d/{text.replace(' ', '-').upper()}_{row}.png" if row < 60 else f"/d/{row}.png"
        for row, text in enumerate(dataset.items["label"])
    ]
    dataset = with_columns(dataset, file=files)
    found = only(names.audit(images, dataset, None), "label-in-name")
    assert (found.count, found.severity) == (60, "note")
    kept = write_challenge(tmp_path / "kept", IMAGES | {"ids": "keep"})
    assert only(names.audit(kept, dataset, None), "label-in-name").severity == "error"


def test_patients_series_and_copies_that_are_not_declared(tmp_path: Path, images: Challenge) -> None:
    dataset, _ = clean_items(4, n=400, groups=120)
    sex = [str(hash_of % 2) for hash_of in (int(text[1:]) for text in dataset.items["patient"])]
    age = [str(20 + int(text[1:]) % 60) for text in dataset.items["patient"]]
    dataset = with_columns(dataset, sex=sex, age=age)
    found = only(groups.audit(images, dataset, None), "undeclared-group")
    assert "a value of 'patient'" in found.message
    assert "data.group: [patient]" in found.hint
    declared = write_challenge(tmp_path / "declared", IMAGES | {"group": "patient"})
    assert groups.audit(declared, dataset, None) == []
    series = [f"/d/{text}_{row}.png" for row, text in enumerate(dataset.items["patient"])]
    told = groups.audit(images, with_columns(dataset, file=series, patient=[""] * 400), None)
    assert "the beginning of their file's name" in only(told, "undeclared-group").message


def test_groups_in_folders_ids_and_coordinates(images: Challenge, table: Challenge) -> None:
    dataset, _ = clean_items(4, n=400, groups=80)
    patient = [int(text[1:]) for text in dataset.items["patient"]]
    plain = with_columns(dataset, patient=[""] * 400)
    for folder, below in ((f"{0}", "tiles/"), ("slide", "")):
        files = [f"/d/{label}/{folder}{one}/{below}{row}.png" for row, (one, label) in enumerate(
            zip(patient, dataset.items["label"], strict=True))]  # fmt: skip
        told = only(groups.audit(images, with_columns(plain, file=files), None), "undeclared-group")
        assert ("the folder of their files" in told.message, told.severity) == (True, "warning")
    ids = [f"{one:x}-{row}" for row, one in enumerate(patient)]
    named = replace(plain, items=plain.items.set_index(pd.Index(ids, name="item")))
    named = replace(named, labels=pd.DataFrame({"item": ids, "label": plain.items["label"].to_numpy()}, dtype=object))
    assert "the beginning of their id" in only(groups.audit(table, named, None), "undeclared-group").message
    place = np.random.default_rng(0).uniform(40, 50, (80, 2))[patient]
    sites = with_columns(plain, lat=[f"{x:.5f}" for x in place[:, 0]], lon=[f"{y:.5f}" for y in place[:, 1]])
    assert "data.group: [lat, lon]" in only(groups.audit(table, sites, None), "undeclared-group").hint


def test_classes_what_is_above_them_and_rates_are_no_groups(images: Challenge, table: Challenge) -> None:
    dataset, _ = clean_items(4, n=400, groups=100)
    label = [int(text[1:]) % 24 for text in dataset.items["patient"]]
    plain = with_columns(dataset, patient=[""] * 400, label=[f"kind {one}" for one in label])
    files = [f"/d/{one}/{row}.png" for row, one in enumerate(label)]
    assert groups.audit(images, with_columns(plain, file=files), None) == []
    above = [f"/d/genus{one // 2}/{one}/{row}.png" for row, one in enumerate(label)]
    assert groups.audit(images, with_columns(plain, file=above), None) == []
    rates = [f"{int(text[1:]) / 100:.6f}" for text in dataset.items["patient"]]
    assert groups.audit(table, with_columns(plain, label=dataset.items["label"], site_rate=rates), None) == []


def test_copies_by_name(images: Challenge) -> None:
    dataset, _ = clean_items(1, n=60)
    files = [f"/d/{row // 3:04}_jpg.rf.{row:032x}.jpg" for row in range(60)]
    copies = only(groups.audit(images, with_columns(dataset, file=files), None), "copies")
    assert (copies.count, copies.items[0]) == (60, "0000_jpg (3 copies)")
    twice = [f"/d/{row // 2:04}.{'jpg' if row % 2 else 'png'}" for row in range(60)]
    assert only(groups.audit(images, with_columns(dataset, file=twice), None), "same-stem").count == 30


@pytest.mark.parametrize("source", ["column", "EXIF", "file name"])
def test_bursts(tmp_path: Path, images: Challenge, source: str) -> None:
    dataset, looks = clean_items(1, n=200)
    moment = [f"2024-05-{1 + row // 20:02} 12:{row // 4 % 60:02}:{row % 4:02}" for row in range(200)]
    if source == "column":
        dataset = with_columns(dataset, taken=moment)
    elif source == "EXIF":
        looks = replace(looks, taken=[text.replace("-", ":") for text in moment])
    else:
        stems = [text.replace("-", "").replace(":", "").replace(" ", "_") for text in moment]
        dataset = with_columns(dataset, file=[f"/d/IMG_{stem}_{row}.jpg" for row, stem in enumerate(stems)])
    found = only(bursts.audit(images, dataset, looks), "burst")
    assert source in found.message
    assert found.count == 200
    grouped = write_challenge(tmp_path / "grouped", IMAGES | {"group": "burst"})
    dataset = with_columns(dataset, burst=[str(row // 4) for row in range(200)])
    assert bursts.audit(grouped, dataset, looks) == []


def test_bursts_are_told_by_their_files(images: Challenge) -> None:
    dataset, _ = clean_items(1, n=200)
    moment = [f"2024-05-{1 + row // 20:02} 12:{row // 4 % 60:02}:{row % 4:02}" for row in range(200)]
    dataset = with_columns(dataset, taken=moment, file=[f"/d/cam1/{row:03}.jpg" for row in range(200)])
    assert only(bursts.audit(images, dataset, None), "burst").items[0] == "000.jpg to 003.jpg (4 pictures)"


def test_rows_and_minutes_make_no_bursts(tmp_path: Path, images: Challenge) -> None:
    dataset, _ = clean_items(1, n=200)
    minutes = [f"2024-05-{1 + row // 20:02} 12:{row // 4 % 60:02}:00" for row in range(200)]
    assert bursts.audit(images, with_columns(dataset, taken=minutes), None) == []
    seconds = [f"{text[:-2]}{row % 4:02}" for row, text in enumerate(minutes)]
    rows_alone = write_challenge(tmp_path / "rows", {"label": "label", "id": "id"})
    assert bursts.audit(rows_alone, with_columns(dataset, taken=seconds, file=["x"] * 200), None) == []


def test_small_subgroups_tell_how_sure_a_score_can_be(tmp_path: Path) -> None:
    challenge = write_challenge(tmp_path, IMAGES | {"subgroups": ["sex"]})
    dataset, _ = clean_items(1, n=200, classes=2)
    label = ["kind axxx" if row < 30 else text for row, text in enumerate(dataset.items["label"])]
    found = support.audit(challenge, with_columns(dataset, sex=["f"] * 30 + ["m"] * 120 + [""] * 50, label=label), None)
    assert only(found, "small-subgroup").items == ("f (30 items, ±0.40)",)
    assert only(found, "empty-cell").items == ("f without kind byyy",)


def test_a_mode_that_goes_with_a_class(images: Challenge) -> None:
    """As of chest X-rays: all of SARS grey, and few of the others."""
    dataset, looks = clean_items(1, n=140)
    label = np.array(["SARS"] * 11 + ["COVID-19"] * 129, dtype=object)
    mode = np.array(["L"] * 22 + ["RGB"] * 118, dtype=object)
    found = shortcuts.audit(images, with_columns(dataset, label=label), replace(looks, mode=mode))
    tied = only([one for one in found if "files" in one.message], "shortcut-value")
    assert tied.severity == "warning"
    assert tied.items[0] == "mode 'L': 11 of 22 are SARS, 11 of 11 SARS have it"


def altered(looks: Traces, what: str, chosen: np.ndarray) -> Traces:
    """Traces in which chosen images differ in one respect, so that its AUC is about .65."""
    if what == "file":
        return replace(looks, size=np.where(chosen, looks.size * 1.22, looks.size).astype(np.int64))
    if what == "border":
        return replace(looks, border=np.where(chosen[:, None], looks.border * 0.89, looks.border).astype(np.uint8))
    small = np.where(chosen[:, None, None], looks.thumbnail * 0.85, looks.thumbnail).astype(np.uint8)
    return replace(looks, thumbnail=small)


@pytest.mark.parametrize("what", ["file", "border", "thumbnail"])
def test_shortcuts_of_the_files_are_found(images: Challenge, what: str) -> None:
    found = 0
    for seed in range(5):
        dataset, looks = clean_items(seed, n=1000)
        chosen = (dataset.items["label"] == "kind axxx").to_numpy()
        told = shortcuts.audit(images, dataset, altered(looks, what, chosen))
        found += any(shortcuts.PROBES[what] in one.message and "kind axxx" in one.items[0] for one in told)
    assert found == 5


def test_few_items_are_said_to_be_few(images: Challenge) -> None:
    dataset, looks = clean_items(3, n=100, classes=2)
    found = only(shortcuts.audit(images, dataset, looks), "low-power")
    assert found.message.startswith("with 100 independent items a shortcut is found from an AUC of about 0.8")


@pytest.mark.parametrize("n", [1, 2, 3, 12])
def test_hardly_any_items_break_nothing(tmp_path: Path, n: int) -> None:
    challenge = write_challenge(tmp_path, IMAGES | {"group": "patient", "subgroups": ["sex"]})
    dataset, looks = clean_items(1, n=n)
    blind = replace(looks, known=np.zeros(n, dtype=bool))
    assert len(AUDITS) > 10
    for seen in (looks, blind, None):
        assert not [one for one in audit_dataset(challenge, dataset, seen) if one.severity == "error"]


def test_of_tiny_pictures_no_border_is_asked(images: Challenge) -> None:
    dataset, looks = clean_items(3, n=1000)
    chosen = (dataset.items["label"] == "kind axxx").to_numpy()
    tiny = replace(altered(looks, "border", chosen), width=looks.width // 40, height=looks.height // 40)
    assert "border" in dict(shortcuts.probe_features(images, dataset, looks))
    assert not {"border", "surroundings"} & set(dict(shortcuts.probe_features(images, dataset, tiny)))
