"""Label Studio: percent, several people, brushes, JSON-MIN, the many ways to name an image, and what is refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.dataset import Dataset
from compete.readers.formats.label_studio_file import read_label_studio
from compete.readers.formats.label_studio_shapes import unpacked
from tests.readers.annotated_files import HIGH, WIDE, Read, draw_images, read_text, real
from tests.readers.coco_files import refused

BOX = {"x": 10, "y": 20, "width": 25, "height": 50, "rectanglelabels": ["crab"]}


def result(value: Any = None, kind: str = "rectanglelabels", **more: Any) -> dict[str, Any]:
    entry = {"type": kind, "from_name": "label", "original_width": WIDE, "original_height": HIGH}
    return {**entry, "value": BOX if value is None else value, **more}


def annotation(*results: Any, **more: Any) -> dict[str, Any]:
    return {"result": list(results), "was_cancelled": False, **more}


def task(*annotations: Any, image: str = "a.png", **more: Any) -> dict[str, Any]:
    return {"data": {"image": image}, "annotations": list(annotations), **more}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(*tasks: Any, kind: str = "detection") -> Dataset:
        return read_text(tmp_path, "label_studio", json.dumps(tasks), "export.json", kind)

    return reading


def packed(values: np.ndarray[Any, Any], *, literal: bool = False) -> list[int]:
    """Values as Label Studio packs them: runs of one value, or one run of all values as they are."""
    bits = f"{len(values):032b}{7:05b}" + f"{15:04b}" * 4
    if literal:
        bits += f"0{0:02b}{len(values) - 1:016b}" + "".join(f"{value:08b}" for value in values.tolist())
    else:
        ends = [*np.flatnonzero(np.diff(values.astype(int))).tolist(), len(values) - 1]
        for start, end in zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True):
            for first in range(start, end + 1, 1 << 16):
                length = min(end + 1 - first, 1 << 16)
                bits += f"1{0:02b}{length - 1:016b}{values[first]:08b}"
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


@given(values=st.lists(st.sampled_from([0, 255, 7]), min_size=1, max_size=80), literal=st.booleans())
def test_packed_bytes_unfold(values: list[int], literal: bool) -> None:
    given_values = np.array(values, dtype=np.uint8)
    found = unpacked(bytes(packed(given_values, literal=literal)), len(values))
    assert found is not None
    assert found.tolist() == values
    assert unpacked(bytes(packed(given_values, literal=literal)), len(values) + 1) is None


@given(st.binary(max_size=40), st.integers(1, 200))
def test_any_bytes_unfold_or_are_refused(data: bytes, count: int) -> None:
    found = unpacked(data, count)
    assert found is None or found.shape == (count,)


@pytest.mark.parametrize("literal", [False, True])
def test_brushes_are_masks_by_their_alpha(read: Read, *, literal: bool) -> None:
    colours = np.zeros((HIGH, WIDE, 4), dtype=np.uint8)
    colours[5:9, 10:12, 3] = 255
    colours[:, :, 0] = 9  # red tells nothing
    value = {"format": "rle", "rle": packed(colours.ravel(), literal=literal), "brushlabels": ["crab"]}
    found = read(task(annotation(result(value, "brushlabels"))), kind="instance_segmentation").labels
    assert found[["x", "y", "width", "height", "area"]].to_numpy().tolist() == [[10, 5, 2, 4, 8]]


def test_the_ground_truth_counts_else_the_newest(read: Read) -> None:
    def by(name: str, **more: Any) -> dict[str, Any]:
        return annotation(result({**BOX, "rectanglelabels": [name]}), **more)

    old, new = by("old", updated_at="2024-01-01T00:00:00Z"), by("new", updated_at="2024-01-02T00:00:00Z")
    assert read(task(new, old)).labels["label"].tolist() == ["new"]
    truth = by("truth", updated_at="2023-01-01T00:00:00Z", ground_truth=True)
    found = read(task(new, truth, old))
    assert found.labels["label"].tolist() == ["truth"]
    assert found.findings[0].rule == "dataset/several-annotations"
    cancelled = by("gone", updated_at="2025-01-01T00:00:00Z", was_cancelled=True)
    assert read(task(cancelled, old)).labels["label"].tolist() == ["old"]


def test_tasks_that_nobody_annotated_are_left_out(read: Read) -> None:
    found = read(task(annotation(result())), task(image="b.png"), task(annotation(), image="c.png"))
    assert found.items.index.tolist() == ["a", "c"]
    assert [finding.rule for finding in found.findings][:1] == ["dataset/not-annotated"]


NAMES = [
    "a.png", "/data/upload/29/a.png", "/data/upload/0a1b2c3d-a.png", "/data/local-files/?d=deep%2Fa.png",
    "http://localhost:8080/data/local-files/?d=a.png", "s3://bucket/a.png", "https://example.org/x/a.png?token=1",
    "C:\\data\\a.png", "file:///mnt/a.png", "../a.png",
]  # fmt: skip


@pytest.mark.parametrize("image", NAMES)
def test_images_are_found_by_whatever_path(read: Read, image: str) -> None:
    found = read(task(annotation(result()), image=image))
    assert Path(found.items["file"].iloc[0]).name == "a.png"


def test_results_without_a_size_take_that_of_the_image(read: Read) -> None:
    bare = {"type": "rectanglelabels", "from_name": "label", "value": BOX}
    found = read(task(annotation(bare))).labels
    assert found[["x", "y", "width", "height"]].to_numpy().tolist() == [[4, 6, 10, 15]]


def test_json_min_is_read_alike(read: Read) -> None:
    sizes = {"original_width": WIDE, "original_height": HIGH}
    row = {"image": "/data/upload/a.png", "id": 1, "annotator": 3, "annotation_id": 1, "lead_time": 1.5,
           "created_at": "2024", "updated_at": "2024-01-01", "label": [{**BOX, **sizes}], "light": "dark",
           "kind": [["Animal", "Cat"]], "rock": ["flat", "wet"], "sea": {"choices": ["calm", "clear"]}}  # fmt: skip
    later = {
        **row,
        "annotator": 4,
        "updated_at": "2024-01-02",
        "label": [{**BOX, **sizes, "rectanglelabels": ["fish"]}],
    }
    found = read(row, later)
    assert found.labels[["label", "x", "y", "width", "height"]].to_numpy().tolist() == [["fish", 4, 6, 10, 15]]
    assert found.items["light"].tolist() == ["dark"]
    assert found.items["sea"].tolist() == ["calm|clear"]
    assert found.items[["sea: calm", "sea: clear"]].to_numpy().tolist() == [["1", "1"]]
    assert found.items[["kind", "rock"]].to_numpy().tolist() == [["Animal/Cat", "flat|wet"]]
    assert "annotator" not in found.items
    assert found.findings[0].rule == "dataset/several-annotations"


def test_choices_are_labels_of_a_classification(read: Read, tmp_path: Path) -> None:
    tasks = [task(annotation({"type": "choices", "from_name": "light", "value": {"choices": [word]}}), image=image)
             for word, image in (("dark", "a.png"), ("dark", "b.png"), ("bright", "c.png"))]  # fmt: skip
    draw_images(tmp_path / "images")
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    from tests.readers.annotated_files import read_at

    found = read_at(tmp_path, "label_studio", "export.json", "classification", "  label: light\n")
    assert found.labels["label"].tolist() == ["dark", "dark", "bright"]


def answer(kind: str, value: Any, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "from_name": name, "value": value, **more}


def test_answers_about_a_shape_are_none_about_the_image(read: Read) -> None:
    place = {key: BOX[key] for key in ("x", "y", "width", "height")}
    found = read(task(annotation(
        result(id="r1"), answer("choices", {**place, "choices": ["yes"]}, "hidden"), result({**BOX, "x": 20}, id="r2"),
        answer("choices", {"choices": ["no"]}, "hidden", id="r2"), answer("choices", {"choices": ["calm"]}, "sea"),
        {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right"},
    )))  # fmt: skip
    assert len(found.labels) == 2
    assert (found.items["sea"].tolist(), "hidden" in found.items) == (["calm"], False)
    (told,) = [finding for finding in found.findings if finding.rule == "dataset/left-out"]
    assert (told.severity, told.count) == ("note", 3)
    assert told.items == (
        "2 × choices of a shape (tasks[0].annotations[0].result[1])", "1 × relation (tasks[0].annotations[0].result[5])"
    )  # fmt: skip


SPLIT = [
    ("rectangle", {"x": 10, "y": 20, "width": 25, "height": 50}, [4, 6, 10, 15]),
    ("polygon", {"points": [[10, 20], [35, 20], [35, 70], [10, 70]]}, [4, 6, 10, 15]),
    ("ellipse", {"x": 50, "y": 50, "radiusX": 25, "radiusY": 20}, [10, 9, 20, 12]),
]


@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize(("kind", "value", "box"), SPLIT)
def test_a_class_beside_its_shape_is_the_shapes(
    read: Read, kind: str, value: dict[str, Any], box: list[float], *, placed: bool
) -> None:
    beside = {**(value if placed else {}), "labels": ["crab"]}
    found = read(task(annotation(result(value, kind, id="r1"), result(beside, "labels", id="r1")))).labels
    assert found["label"].tolist() == ["crab"]
    assert found[["x", "y", "width", "height"]].to_numpy()[0].tolist() == pytest.approx(box)


def test_a_shape_whose_class_nobody_tells_is_left_out(read: Read) -> None:
    value = SPLIT[0][1]
    told = read(task(annotation(result(), result(value, "rectangle", id="r1"), result({"labels": ["x"]}, "labels"))))
    assert [str(one.items[0]).partition(" (")[0] for one in told.findings if one.rule == "dataset/left-out"] == [
        "1 × rectangle without class", "1 × labels",
    ]  # fmt: skip


def test_other_answers_become_columns_and_texts_do_not(read: Read) -> None:
    found = read(task(annotation(
        result(), answer("rating", {"rating": 4}, "quality"), answer("number", {"number": 2.5}, "age"),
        answer("taxonomy", {"taxonomy": [["Animal", "Cat"], ["Plant"]]}, "taxon"),
        answer("textarea", {"text": ["seen by Jane"]}, "note"),
    )))  # fmt: skip
    assert found.items[["quality", "age", "taxon"]].to_numpy().tolist() == [["4", "2.5", "Animal/Cat|Plant"]]
    assert found.items[["taxon: Animal/Cat", "taxon: Plant"]].to_numpy().tolist() == [["1", "1"]]
    assert "note" not in found.items
    assert "Jane" not in " ".join(map(str, found.findings))
    (told,) = [finding for finding in found.findings if finding.rule == "dataset/left-out"]
    assert told.items == ("1 × textarea (tasks[0].annotations[0].result[4])",)


def ring(*points: list[float]) -> dict[str, Any]:
    return result({"points": list(points), "polygonlabels": ["crab"]}, "polygonlabels")


FAULTS = [
    ([task(annotation(result("text")))], "shape", "tasks[0].annotations[0].result[0]"),
    ([task(annotation(result({**BOX, "x": "left"})))], "shape", "result[0]"),
    ([task(annotation(result({**BOX, "width": -5})))], "box", "result[0]"),
    ([task(annotation(result({**BOX, "rectanglelabels": []})))], "category", "result[0]"),
    ([task(annotation(result({**BOX, "rectanglelabels": [7]})))], "category", "result[0]"),
    ([task(annotation(result({**BOX, "x": 250})))], "box-outside", "result[0]"),
    ([task(annotation(ring([1, 2], [3])))], "shape", "result[0]"),
    ([task(annotation(ring([1, 2], [3, 4])))], "shape", "result[0]"),
    ([task(annotation(result({"rle": [1, 2, 300], "brushlabels": ["x"]}, "brushlabels")))], "shape", "result[0]"),
    ([task(annotation(result({"rle": [0] * 9, "brushlabels": ["x"]}, "brushlabels")))], "shape", "result[0]"),
    ([task(annotation(result())), task(annotation(), image="x/a.png")], "annotated-twice", "images/a.png (tasks[1])"),
    ([task(annotation(), image="")], "file-name", "tasks[0]"),
    ([task(annotation(), image="a\0.png")], "file-name", "tasks[0]"),
    ([task()], "label-file", "there is no annotated image"),
    ([7], "label-file", "no list of tasks"),
]  # fmt: skip


@pytest.mark.parametrize(("tasks", "rule", "words"), FAULTS)
def test_faults_are_told(read: Read, tasks: list[Any], rule: str, words: str) -> None:
    errors = refused(read, *tasks)
    assert f"dataset/{rule}" in [error.rule for error in errors]
    assert any(words in str(error) for error in errors)


@pytest.mark.parametrize("text", ["{}", "[", "[" * 100_000, '[{"data": NaN}]', '["\\ud83d"]', "\ufeff"])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    (error,) = refused(partial(read_text, tmp_path, "label_studio"), text, "export.json")
    assert error.rule == "dataset/label-file"


@pytest.mark.real_data
def test_real_exports() -> None:
    place = real("exports", "label_studio")
    boxes = read_label_studio(place / "test_export_yolo" / "data.json")
    assert [category.name for category in boxes.categories] == ["parasites", "white"]
    assert boxes.annotations[1]["bbox"] == pytest.approx(
        [49.18032786885246 * 28, 23.13296903460838 * 28, 147.9, 112.2], abs=0.05
    )
    assert boxes.findings[0].rule == "dataset/several-annotations"
    turned = read_label_studio(place / "test_export_yolo" / "data_obb.json")
    assert (len(turned.file), len(turned.annotations)) == (3, 25)
    assert all(len(entry["segmentation"][0]) == 8 for entry in turned.annotations)
    polygons = read_label_studio(place / "test_export_yolo" / "data_polygons.json")
    assert polygons.file == ("e97d4735-000000000025.jpg",)
    reviewed = read_label_studio(place / "test_export_csv" / "csv_test.json")
    assert (len(reviewed.file), dict(reviewed.columns)) == (2, {})
    assert "person@example.org" not in repr(reviewed)
