"""The biigle reader: shapes of image annotations, labels of whole images, and what is left out or refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.errors import DatasetError, Finding, UsageError
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.yolo_files import read_files

WIDE, HIGH = 40, 30
HEADER = [
    "annotation_label_id", "label_id", "label_name", "label_hierarchy", "user_id", "firstname", "lastname", "image_id",
    "filename", "image_longitude", "image_latitude", "shape_id", "shape_name", "points", "attributes", "annotation_id",
    "created_at",
]  # fmt: skip
BOX = ["x", "y", "width", "height"]


def row(number: int, label: str, file: str, shape: str, points: Any, **more: Any) -> dict[str, Any]:
    """One row as BIIGLE writes it."""
    attributes = {"width": WIDE, "height": HIGH, "metadata": {"lat": 54.1}}
    told = dict.fromkeys(HEADER, "") | {
        "annotation_label_id": number, "label_id": sum(label.encode()), "label_name": label,
        "label_hierarchy": f"Animalia > {label}", "user_id": 7, "firstname": "Ada", "lastname": "Lovelace",
        "image_id": 1, "filename": file, "image_longitude": 10.1, "image_latitude": 54.1, "shape_id": 3,
        "shape_name": shape, "points": json.dumps(points), "attributes": json.dumps(attributes),
        "annotation_id": number, "created_at": "2025-01-01",
    }  # fmt: skip
    return told | more


def sound() -> list[dict[str, Any]]:
    """Rows of four objects in three images, and three shapes that are none."""
    return [
        row(1, "crab", "a.png", "Rectangle", [10, 5, 20, 5, 20, 15, 10, 15]),
        row(2, "fish", "a.png", "Circle", [20, 15, 5]),
        row(3, "fish", "b.png", "Ellipse", [10, 15, 20, 11, 30, 15, 20, 19]),
        row(4, "fish", "c.png", "Polygon", [0, 0, 10, 0, 10, 10]),
        row(5, "fish", "c.png", "Point", [3, 3]),
        row(6, "fish", "c.png", "LineString", [3, 3, 9, 9]),
        row(7, "dark", "c.png", "WholeFrame", []),
    ]


def write(folder: Path, rows: list[dict[str, Any]], name: str = "12-reef.csv", header: list[str] | None = None) -> Path:
    """Write a report and its images."""
    folder.mkdir(exist_ok=True)
    for number, image in enumerate("abc"):
        Image.new("L", (WIDE, HIGH), number * 50).save(folder / f"{image}.png")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header or HEADER, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    (folder / name).write_text(text.getvalue(), newline="")
    return folder / name


def refused(folder: Path, task: str = "detection") -> list[Finding]:
    """The errors of a report that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, task, reader="biigle")
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def test_shapes_with_an_area_are_objects(tmp_path: Path) -> None:
    write(tmp_path / "data", sound())
    found = read_files(tmp_path, reader="biigle")
    assert found.labels["label"].tolist() == ["crab", "fish", "fish", "fish"]
    boxes = [10, 5, 10, 10, 15, 10, 10, 10, 10, 11, 20, 8, 0, 0, 10, 10]
    assert found.labels[BOX].to_numpy().ravel() == pytest.approx(boxes)
    assert [one.name for one in found.categories] == ["crab", "fish"]
    (warning,) = found.findings
    assert (warning.rule, warning.count) == ("dataset/left-out", 3)
    assert {item.split(" (")[0] for item in warning.items} == {"1 × Point", "1 × LineString", "1 × WholeFrame"}


def test_masks_are_nearly_as_large_as_the_shapes(tmp_path: Path) -> None:
    write(tmp_path / "data", sound())
    found = read_files(tmp_path, "instance_segmentation", reader="biigle")
    assert found.labels["area"].to_numpy() == pytest.approx([100, 78.5, 251.3 / 2, 50], rel=0.12)


def test_nothing_of_people_and_places_is_read(tmp_path: Path) -> None:
    write(tmp_path / "data", sound())
    found = read_files(tmp_path, reader="biigle")
    assert list(found.items.columns) == ["file", "width", "height"]
    assert "Ada" not in found.items.to_csv() + found.labels.to_csv()


@pytest.mark.parametrize("order", [[30, 15, 10, 15, 20, 11, 20, 19], [10, 15, 20, 11, 30, 15, 20, 19]])
def test_the_ends_of_an_ellipse_come_in_either_order(tmp_path: Path, order: list[float]) -> None:
    write(tmp_path / "data", [row(1, "fish", "a.png", "Ellipse", order)])
    box = read_files(tmp_path, reader="biigle").labels[BOX].to_numpy()[0]
    assert box == pytest.approx([10, 11, 20, 8])


def test_labels_of_several_people_are_one_and_several_labels_are_told(tmp_path: Path) -> None:
    rows = [*sound()[:2], row(9, "crab", "a.png", "Rectangle", [10, 5, 20, 5, 20, 15, 10, 15], annotation_id=1)]
    rows.append(row(10, "eel", "a.png", "Circle", [20, 15, 5], annotation_id=2))
    write(tmp_path / "data", rows)
    found = read_files(tmp_path, reader="biigle")
    assert found.labels["label"].tolist() == ["crab", "fish", "eel"]
    (warning,) = [one for one in found.findings if one.rule == "dataset/several-labels"]
    assert (warning.count, warning.items) == (1, ("2",))


def test_labels_of_one_name_are_told_apart_by_their_trees(tmp_path: Path) -> None:
    rows = [*sound()[:2], row(9, "fish", "b.png", "Circle", [9, 9, 4], label_id=1, label_hierarchy="Other > fish")]
    write(tmp_path / "data", rows)
    names = [one.name for one in read_files(tmp_path, reader="biigle").categories]
    assert names == ["Animalia > fish", "Other > fish", "crab"]


def test_reports_of_several_volumes_are_joined(tmp_path: Path) -> None:
    write(tmp_path / "data", sound()[:2])
    write(tmp_path / "data", sound()[2:3], "13-wreck.csv")
    write(tmp_path / "data", [], "14-empty.csv")
    found = read_files(tmp_path, more="  group: volume\n", reader="biigle")
    assert found.items["volume"].tolist() == ["reef", "wreck"]
    assert sketch_dataset("biigle", tmp_path / "data")["group"][0].value == "volume"


@pytest.mark.parametrize("single", [True, False])
def test_labels_of_images_are_columns(tmp_path: Path, single: bool) -> None:
    header = ["image_label_id", "image_id", "filename", "label_id", "label_name", "label_hierarchy"]
    rows = [row(1, "sand", "a.png", "", []), row(2, "rock", "b.png", "", []), row(3, "sand", "c.png", "", [])]
    rows += [] if single else [row(4, "rock", "c.png", "", [])]
    path = write(tmp_path / "data", [one | {"image_label_id": 1} for one in rows], header=header)
    assert recognise_dataset(path) == ("biigle", "a CSV report of image labels; it might be csv too")
    sketched = sketch_dataset("biigle", path)
    if single:
        assert (sketched["task"].value, sketched["label"].value) == ("classification", "label")
        found = read_files(tmp_path, "classification", "  label: label\n", reader="biigle")
        assert found.labels["label"].tolist() == ["sand", "rock", "sand"]
    else:
        assert (sketched["task"].value, sketched["label"].value) == ("multilabel", ["rock", "sand"])
        found = read_files(tmp_path, "multilabel", "  label: [rock, sand]\n", reader="biigle")
        assert found.items[["rock", "sand"]].to_numpy().tolist() == [["0", "1"], ["1", "0"], ["1", "1"]]


FAULTS = [
    ({"points": "[1, 2"}, "shape", "12-reef.csv:2"),
    ({"points": "[1, NaN, 3, 4, 5, 6, 7, 8]"}, "shape", "12-reef.csv:2"),
    ({"points": "[1, 2, 3, 4, 5, 6]"}, "shape", "12-reef.csv:2"),
    ({"points": '["a"]'}, "shape", "12-reef.csv:2"),
    ({"points": "[" * 5000}, "shape", "12-reef.csv:2"),
    ({"shape_name": "Blob"}, "shape", "12-reef.csv:2"),
    ({"label_name": ""}, "category", "12-reef.csv:2"),
    ({"filename": ""}, "file-name", "12-reef.csv:2"),
    ({"filename": "d.png"}, "missing-file", "d.png"),
    ({"points": "[100, 50, 200, 50, 200, 150, 100, 150]"}, "box-outside", "12-reef.csv:2"),
    ({"attributes": '{"width": 80, "height": 60}'}, "image-size", "declared 80 × 60"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0]!r:.40}")
def test_one_fault_one_error(tmp_path: Path, fault: tuple[dict[str, str], str, str]) -> None:
    change, rule, words = fault
    rows = sound()
    rows[0] |= change
    write(tmp_path / "data", rows)
    (error,) = refused(tmp_path)
    assert (error.rule, words in str(error)) == (f"dataset/{rule}", True)


@pytest.mark.parametrize("attributes", ["", "null", "{", '{"width": "x", "height": 0}', "[1]"])
def test_sizes_that_nobody_knows_are_those_of_the_images(tmp_path: Path, attributes: str) -> None:
    write(tmp_path / "data", [one | {"attributes": attributes} for one in sound()])
    assert read_files(tmp_path, reader="biigle").items["width"].tolist() == ["40"] * 3


def test_reports_without_rows_and_of_videos_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "data", [])
    (error,) = refused(tmp_path)
    assert (error.rule, "nothing is annotated" in error.message) == ("dataset/empty-table", True)
    assert recognise_dataset(path.parent) == ("biigle", "a CSV report of image annotations")
    header = ["video_annotation_label_id", "filename", "label_name"]
    write(tmp_path / "data", [one | {"video_annotation_label_id": 1} for one in sound()], header=header)
    assert "of videos" in refused(tmp_path)[0].message
    path.unlink()
    assert "no CSV report" in refused(tmp_path)[0].message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(st.integers(0, 800), st.sampled_from(["", '"', ",", "\n", "[", "]", "é", "\ud800", "\0"]), st.integers(0, 30))
def test_any_edit_is_read_or_refused(tmp_path: Path, place: int, text: str, cut: int) -> None:
    path = write(tmp_path / "data", sound())
    whole = path.read_text()
    path.write_bytes((whole[:place] + text + whole[place + cut :]).encode("utf-8", "surrogatepass"))
    try:
        findings = read_files(tmp_path, "instance_segmentation", reader="biigle").findings
    except DatasetError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@pytest.mark.real_data
def test_real_reports_say_that_nothing_is_annotated(real_data: Path) -> None:
    for path in sorted((real_data / "exports" / "biigle_csv").glob("*.csv")):
        assert recognise_dataset(path)[0] == "biigle"
        with pytest.raises(DatasetError, match="nothing is annotated"):
            sketch_dataset("biigle", path)


@pytest.mark.real_data
def test_real_coco_of_biigle_is_known_or_told(real_data: Path) -> None:
    folder = real_data / "exports" / "biigle_coco"
    assert recognise_dataset(folder / "full-coco-import-volume.json")[0] == "coco"
    with pytest.raises(DatasetError, match="no list categories"):
        sketch_dataset("coco", folder / "missing-category-coco-import-volume.json")
    with pytest.raises(UsageError):
        recognise_dataset(folder / "empty.json")
