"""The yolo reader: boxes, polygons and poses, the layouts that tools write, and what is refused or told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.dataset import Dataset
from compete.errors import CompeteError, DatasetError, Finding
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.formats.yolo_file import read_yolo
from compete.readers.rules import DATASET_RULES
from compete.readers.writing import write_dataset
from compete.readers.writing.outlines import outline
from compete.table import Table
from metrics.masks import Masks
from tests.readers.yolo_files import HIGH, LABELS, NAMES, POLYGON, WIDE, read_files, write_files

BOX = ["x", "y", "width", "height"]


def refused(folder: Path, task: str = "detection") -> list[Finding]:
    """The errors of a folder that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, task)
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def told(found: Dataset) -> dict[str, Finding]:
    """The findings of a dataset by rule."""
    assert all(finding.rule in DATASET_RULES for finding in found.findings)
    return {finding.rule.partition("/")[2]: finding for finding in found.findings}


def test_fractions_become_pixels(tmp_path: Path) -> None:
    write_files(tmp_path / "data")
    found = read_files(tmp_path)
    assert found.items.index.tolist() == ["a", "b", "c"]
    assert found.items["split"].tolist() == ["train", "train", "val"]
    assert [category.name for category in found.categories] == ["crab", "fish"]
    assert found.labels["item"].tolist() == ["a", "a", "c"]
    assert found.labels["label"].tolist() == ["crab", "fish", "fish"]
    boxes = found.labels[BOX].to_numpy().ravel()
    assert boxes == pytest.approx([15, 12, 10, 6, 2, 1.5, 4, 3, 0, 0, 40, 30])
    assert found.findings == ()


def test_polygons_are_masks_and_count_by_their_boxes(tmp_path: Path) -> None:
    pycocotools = pytest.importorskip("pycocotools.mask")
    write_files(tmp_path / "data", train__labels__a_txt=POLYGON, valid__labels__c_txt=POLYGON)
    found = read_files(tmp_path, "instance_segmentation")
    expected = pycocotools.frPyObjects([[10, 6, 20, 6, 20, 15]], HIGH, WIDE)[0]["counts"].decode()
    assert found.labels["rle"].tolist() == [expected] * 2
    assert found.findings[0].message == "1 category has no object"
    found = read_files(tmp_path)
    assert found.labels[BOX].to_numpy().tolist() == [[10, 6, 10, 9]] * 2
    assert "mixed-shapes" not in told(found)


def test_a_polygon_among_boxes_is_told(tmp_path: Path) -> None:
    write_files(tmp_path / "data", train__labels__a_txt=LABELS["train/labels/a.txt"] + POLYGON)
    warning = told(read_files(tmp_path))["mixed-shapes"]
    assert (warning.count, warning.items) == (1, ("train/labels/a.txt:3",))
    (error,) = refused(tmp_path, "instance_segmentation")
    assert (error.rule, error.count, error.items[0]) == ("dataset/mask", 3, "train/labels/a.txt:1")


@pytest.mark.parametrize(
    ("shape", "line", "points"),
    [
        ("[2, 3]", "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0 0 0", (20, 15, 2, 0, 0, 0)),
        ("[2, 2]", "0 0.5 0.5 0.2 0.2 0.5 0.5 -1 -1", (20, 15, 2, 0, 0, 0)),
        ("[2, 2]", "0 0.5 0.5 0.2 0.2 0.5 0.5 0.25 0.2", (20, 15, 2, 10, 6, 2)),
    ],
)
def test_poses_have_keypoints(tmp_path: Path, shape: str, line: str, points: tuple[float, ...]) -> None:
    named = f"names: {{0: crab}}\nkpt_shape: {shape}\nkpt_names: {{0: [left, right]}}\nflip_idx: [1, 0]\n"
    write_files(tmp_path / "data", data_yaml=named, train__labels__a_txt=line, valid__labels__c_txt=None)
    found = read_files(tmp_path, "keypoints", "  sigmas: [0.1, 0.1]\n")
    assert found.labels["points"].tolist() == [points]
    assert found.categories[0].points == ("left", "right")


FAULTS = [
    # the file that is changed, its new text, rule, words of the finding
    ("train__labels__a_txt", "0 0.5 0.5 0.2", "label-file", "train/labels/a.txt:1: 0 0.5 0.5 0.2"),
    ("train__labels__a_txt", "0 0.5 0.5 0.2 x", "label-file", "line is no object"),
    ("train__labels__a_txt", "0 0.5 0.5 0.2 nan", "label-file", "line is no object"),
    ("train__labels__a_txt", "0 0,5 0,5 0,2 0,2", "label-file", "line is no object"),
    ("train__labels__a_txt", "\n\n0 0.5 0.5 0.2 1e400", "label-file", "a.txt:3"),
    ("train__labels__a_txt", "\x00\x01\udcff", "label-file", "line is no object"),
    ("train__labels__a_txt", "fish 0.5 0.5 0.2 0.2", "label-file", "line is no object"),
    ("train__labels__a_txt", "-1 0.5 0.5 0.2 0.2", "label-file", "number of a class"),
    ("train__labels__a_txt", "0.5 0.5 0.5 0.2 0.2", "label-file", "number of a class"),
    ("train__labels__a_txt", "0 20 15 8 8", "label-file", "no fractions"),
    ("train__labels__a_txt", "0 0.5 0.5 -0.2 0.2", "label-file", "no fractions"),
    ("train__labels__a_txt", "2 0.5 0.5 0.2 0.2", "unknown-category", "a.txt:1: 2"),
    ("train__labels__a_txt", "0 1.8 0.5 0.2 0.2", "box-outside", "a.txt:1"),
    ("train__labels__d_txt", "0 0.5 0.5 0.2 0.2", "unknown-image", "train/labels/d.txt"),
    ("train__images__a_jpg", "", "repeated-id", "train/labels/a.txt"),
    ("train__images__a_png", "no image", "unreadable-image", "a.png"),
    ("data_yaml", "names: [crab]\n", "unknown-category", "a.txt:2: 1"),
    ("data_yaml", "names: [crab, crab]\n", "category", "crab"),
    ("data_yaml", "names: [crab, [x]]\n", "label-file", "name every class"),
    ("data_yaml", "names: 3\n", "label-file", "name every class"),
    ("data_yaml", "names: {0: crab, x: fish}\n", "label-file", "name every class"),
    ("data_yaml", NAMES + "kpt_shape: [2]\n", "label-file", "kpt_shape"),
    ("data_yaml", NAMES + "kpt_shape: [100000000, 3]\n", "label-file", "kpt_shape"),
    ("data_yaml", NAMES + "path: [\n", "label-file", "not the YAML"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0]}={fault[1]!r:.24}")
def test_one_fault_one_error(tmp_path: Path, fault: tuple[str, str, str, str]) -> None:
    file, text, rule, words = fault
    write_files(tmp_path / "data", **{file: text})
    errors = refused(tmp_path)
    assert f"dataset/{rule}" in [error.rule for error in errors]
    assert words in "\n".join(map(str, errors))


WARNED = [
    ("train__labels__b_txt", None, "no-label-file", 3),
    ("train__labels__a_txt", "0 0.5 0.5 0.25 0.2 0.9", "label-file", 2),
    ("train__labels__a_txt", "0 0.5 0.5 0.25 0.2\n" * 2, "repeated-object", 3),
    ("train__labels__a_txt", "0 0.5 0.5 0 0.2", "empty-object", 1),
    ("train__labels__a_txt", "0 0.5 0.5 1.2 0.2", "box-beyond", 2),
    ("data_yaml", NAMES + "nc: 3\n", "label-file", 3),
    ("data_yaml", NAMES + "train: [train/images]\nval: [valid/images, train/images/a.png]\n", "given-split", 3),
    ("data_yaml", None, "category", 3),
    ("data_yaml", "names: [crab, fish, eel]\n", "unused-category", 3),
]


@pytest.mark.parametrize("odd", WARNED, ids=lambda odd: odd[2])
def test_what_can_be_used_all_the_same_is_told(tmp_path: Path, odd: tuple[str, str | None, str, int]) -> None:
    file, text, rule, objects = odd
    write_files(tmp_path / "data", **{file: text})
    found = read_files(tmp_path)
    assert told(found)[rule].severity == "warning"
    assert len(found.labels) == objects


def test_no_object_at_all_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path / "data", train__labels__a_txt="", valid__labels__c_txt="")
    with pytest.raises(DatasetError) as caught:
        read_files(tmp_path)
    told = {finding.rule: finding.message for finding in caught.value.findings}
    assert told["dataset/no-object"] == "no image has any object"


def test_other_ways_to_write_the_same(tmp_path: Path) -> None:
    plain = read_files(write_files(tmp_path / "one" / "data").parent)
    text = "\ufeff0.0 .5 5e-1 0.25 0.2\r\n\r\n  1\t0.1 0.1 0.1 0.1  \r"
    names = "names:\n  1: fish\n  0: crab\npath: ../x\ntrain: C:\\Users\\x\\train\\images\nval: /y/valid/images\n"
    other = read_files(write_files(tmp_path / "two" / "data", train__labels__a_txt=text, data_yaml=names).parent)
    assert other.labels.frame.equals(plain.labels.frame)
    assert other.items["split"].tolist() == plain.items["split"].tolist()


def test_darknet_keeps_both_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "obj").mkdir(parents=True)
    for name in ("a", "b", "c"):
        Image.new("L", (WIDE, HIGH)).save(folder / "obj" / f"{name}.png")
        (folder / "obj" / f"{name}.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    (folder / "obj.data").write_text(
        "classes = 2\ntrain = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\n"
    )
    (folder / "obj.names").write_text("crab\nno\n\n")
    (folder / "train.txt").write_text("data/obj/a.png\nC:\\data\\obj\\b.png\n")
    (folder / "valid.txt").write_text("data/obj/c.png\n")
    found = read_files(tmp_path)
    assert found.items["split"].tolist() == ["train", "train", "val"]
    assert found.labels["label"].tolist() == ["no"] * 3
    assert found.labels[BOX].to_numpy().tolist() == [[10, 7.5, 20, 15]] * 3
    assert recognise_dataset(folder)[0] == "yolo"


def test_classes_of_a_list_and_of_numbers(tmp_path: Path) -> None:
    write_files(tmp_path / "data", data_yaml=None, classes_txt="crab\nfish\n")
    assert [category.name for category in read_files(tmp_path).categories] == ["crab", "fish"]
    (tmp_path / "data" / "classes.txt").unlink()
    found = read_files(tmp_path)
    assert [category.name for category in found.categories] == ["0", "1"]


def test_copies_of_roboflow_share_their_source(tmp_path: Path) -> None:
    for name in ("a_jpg.rf.123", "a_jpg.rf.456", "b_png.rf.1"):
        for kind, ending in (("images", "png"), ("labels", "txt")):
            (tmp_path / "data" / "train" / kind).mkdir(parents=True, exist_ok=True)
            path = tmp_path / "data" / "train" / kind / f"{name}.{ending}"
            path.write_text("0 0.5 0.5 0.5 0.5") if kind == "labels" else Image.new("L", (WIDE, HIGH)).save(path)
    (tmp_path / "data" / "data.yaml").write_text(NAMES)
    found = read_files(tmp_path, more="  group: source\n")
    assert found.items["source"].tolist() == ["a_jpg", "a_jpg", "b_png"]
    assert sketch_dataset("yolo", tmp_path / "data")["group"][0].value == "source"


@pytest.mark.parametrize("named", ["data", "data/data.yaml"])
def test_the_folder_and_its_settings_are_recognised(tmp_path: Path, named: str) -> None:
    write_files(tmp_path / "data")
    reader, reason = recognise_dataset(tmp_path / named)
    assert (reader, "data.yaml" in reason) == ("yolo", True)
    assert sketch_dataset(reader, tmp_path / named)["task"].value == "detection"


def test_images_with_other_texts_are_not_taken_for_labels(tmp_path: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / kind / "1.png")
        (tmp_path / kind / "1.txt").write_text("a photograph\n")
    assert recognise_dataset(tmp_path)[0] == "folder"


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (error,) = refused(tmp_path)
    assert (error.rule, "holds no images" in error.message) == ("dataset/label-file", True)
    (tmp_path / "data").rmdir()
    assert refused(tmp_path)[0].rule == "dataset/missing-file"


FILES = ["data_yaml", "train__labels__a_txt", "train__labels__b_txt", "classes_txt", "train_txt"]
WORDS = st.sampled_from(
    ["0", "1", "0.5", "-1", "1e9", "nan", "names", ":", "[", "]", "{", "kpt_shape", "train", "\n", "é"]
)
TEXT = st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(FILES), TEXT, st.sampled_from(["detection", "instance_segmentation", "keypoints"]))
def test_any_text_anywhere_is_read_or_refused(tmp_path: Path, file: str, text: str, task: str) -> None:
    write_files(tmp_path / "data", **{file: text})
    try:
        findings = read_files(tmp_path, task).findings
    except DatasetError as error:
        findings = error.findings
    finally:
        (tmp_path / "data" / "classes.txt").unlink(missing_ok=True)
        (tmp_path / "data" / "train.txt").unlink(missing_ok=True)
    assert all(finding.rule in DATASET_RULES and finding.message for finding in findings)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60), st.integers(0, 60), st.sampled_from(FILES[:3]))
def test_any_bytes_anywhere_are_read_or_refused(tmp_path: Path, data: bytes, cut: int, file: str) -> None:
    folder = write_files(tmp_path / "data")
    path = folder / file.replace("__", "/").replace("_", ".")
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] + data + whole[cut:])
    try:
        findings = read_yolo(folder).findings
    except CompeteError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@pytest.mark.parametrize("task", ["detection", "instance_segmentation", "keypoints"])
def test_what_is_written_is_read_again(tmp_path: Path, task: str) -> None:
    lines = {
        "detection": LABELS["train/labels/a.txt"],
        "instance_segmentation": POLYGON + "1 0.1 0.1 0.9 0.1 0.9 0.9 0.13 0.87\n",
        "keypoints": "0 0.5 0.5 0.2 0.2 0.5 0.51 2 0 0 0\n1 0.3 0.3 0.2 0.2 0.31 0.32 1 0.3 0.3 2\n",
    }[task]
    names = NAMES + ("kpt_shape: [2, 3]\n" if task == "keypoints" else "")
    third = lines.splitlines()[0]
    names += "train: train/images\nval: valid/images\n"
    write_files(tmp_path / "one" / "data", data_yaml=names, train__labels__a_txt=lines, valid__labels__c_txt=third)
    more = "  sigmas: [0.1, 0.1]\n" if task == "keypoints" else ""
    first = read_files(tmp_path / "one", task, more)
    (tmp_path / "two" / "data").mkdir(parents=True)
    assert write_dataset("yolo", first, tmp_path / "two" / "data") == []
    again = read_files(tmp_path / "two", task, more)
    assert again.items[["width", "height", "split"]].equals(first.items[["width", "height", "split"]])
    assert again.categories == first.categories
    exact = {"item", "label", "crowd", "ignore", "rle"} & set(first.labels)
    for column in exact:
        assert again.labels[column].tolist() == first.labels[column].tolist()
    if task == "keypoints":
        points = [number for entry in first.labels["points"] for number in entry]
        assert [number for entry in again.labels["points"] for number in entry] == pytest.approx(points)
    if task != "instance_segmentation":  # whose boxes are those of the pixels, once the polygon is gone
        assert again.labels[BOX].to_numpy() == pytest.approx(first.labels[BOX].to_numpy(), abs=1e-9)


def test_what_labels_cannot_hold_is_told(tmp_path: Path) -> None:
    write_files(tmp_path / "data")
    found = read_files(tmp_path)
    crowd, area = np.array([True, False, False]), found.labels["area"].to_numpy().copy()
    area[1] = 5
    labels = found.labels.extended({"crowd": crowd, "area": area})
    found = replace(found, labels=labels, items=found.items.extended({"split": ["train", "dev", "other"]}))
    (tmp_path / "out").mkdir()
    column, crowd, area = write_dataset("yolo", found, tmp_path / "out")
    assert (column.rule, column.items) == ("dataset/not-written", ("split",))
    assert (crowd.count, area.count) == (1, 1)
    assert (tmp_path / "out" / "labels" / "a.txt").read_text() == "1 0.1 0.1 0.1 0.1\n"
    with pytest.raises(DatasetError, match="no objects"):
        write_dataset("yolo", Dataset(found.items, found.items), tmp_path / "out")


REAL = {
    "cell_roboflow_yolo": (38, 3947, set()),
    "datumaro/yolo_dataset/strict": (1, 2, set()),
    "datumaro/yolo_dataset/annotations": (1, 2, set()),
    "datumaro/yolo_dataset/labels": (2, 4, set()),
    "datumaro/yolo_ultralytics/yolov8_detection": (1, 2, set()),
    "datumaro/yolo_ultralytics/yolov8_detection_with_list_of_imgs": (1, 2, set()),
    "datumaro/yolo_ultralytics/yolov8_detection_with_list_of_names": (1, 2, set()),
    "datumaro/yolo_ultralytics/yolov8_detection_with_subset_txt": (1, 2, set()),
    "datumaro/yolo_ultralytics/yolov8_oriented_boxes": (1, 2, set()),
    "datumaro/yolo_ultralytics/yolov8_segmentation": (1, 2, set()),
    "datumaro/yolo_ultralytics/yolov8_pose": (1, 1, set()),
    "datumaro/yolo_ultralytics/yolov8_pose_two_values_per_point": (1, 1, set()),
    "datumaro/roboflow_dataset/yolo": (3, 4, set()),
    "label_studio/test_import_yolo_data": (7, 25, set()),
}


@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
def test_real_folders_are_read(real_data: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "data").symlink_to(real_data.resolve() / "exports" / name)
    assert recognise_dataset(tmp_path / "data")[0] == "yolo"
    found = read_files(tmp_path)
    images, objects, rules = REAL[name]
    assert (len(found.items), len(found.labels)) == (images, objects)
    assert set(told(found)) - {"unused-category"} == rules


@pytest.mark.real_data
def test_real_boxes_are_where_datumaro_has_them(real_data: Path, tmp_path: Path) -> None:
    folder = real_data.resolve() / "exports" / "datumaro" / "yolo_ultralytics"
    (tmp_path / "data").symlink_to(folder / "yolov8_detection")
    found = read_files(tmp_path).labels
    assert found["label"].tolist() == ["label_2", "label_4"]
    assert found[BOX].to_numpy().ravel() == pytest.approx([0, 2, 4, 2, 3, 3, 2, 3], abs=1e-4)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5, 0.9]))
def test_an_outline_gives_its_mask_again(high: int, wide: int, seed: int, share: float) -> None:
    bitmap = np.random.default_rng(seed).random((high, wide)) < share
    corners = outline(bitmap)
    if not bitmap.any():
        assert corners == []
        return
    (again,) = Masks.from_polygons([[corners]], [high], [wide]).bitmaps()
    assert (np.asarray(again, dtype=bool) == bitmap).all()


def test_images_that_would_share_their_labels_are_numbered(tmp_path: Path) -> None:
    found = read_files(write_files(tmp_path / "data").parent)
    (tmp_path / "other.bmp").write_bytes(Path(found.items["file"].iloc[1]).read_bytes())
    files = found.items["file"].tolist()
    items = Table(
        {**found.items.held, "file": [files[0], str(tmp_path / "other.bmp"), files[2]]}, ["x.png", "x.bmp", "c"]
    )
    found = replace(found, items=items, labels=found.labels.extended({"item": ["x.png", "x.png", "c"]}))
    (tmp_path / "out").mkdir()
    write_dataset("yolo", found, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "labels").iterdir()) == [
        "0000001.txt", "0000002.txt", "0000003.txt"
    ]  # fmt: skip
