"""The coco reader: what it takes, and what it refuses or tells of files that people really have."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import feature_columns
from compete.errors import ChallengeError, DatasetError
from compete.readers import read_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.coco_files import HIGH, SQUARE, WIDE, Coco, Read, changed, read_files, refused, whole_file


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file, its images and a challenge, and read them."""
    return partial(read_files, tmp_path)


def test_images_are_items_and_objects_are_labels(read: Read) -> None:
    found = read()
    assert found.items.index.tolist() == ["img0", "img1", "img2"]
    assert found.items["width"].tolist() == ["40"] * 3
    assert [Path(path).name for path in found.items["file"]] == ["img0.png", "img1.png", "img2.png"]
    assert [category.name for category in found.categories] == ["crab", "fish"]
    assert [category.number for category in found.categories] == [2, 7]
    assert found.labels["item"].tolist() == ["img0", "img0", "img1"]
    assert found.labels["label"].tolist() == ["fish", "crab", "fish"]
    assert found.labels[["x", "y", "width", "height"]].to_numpy().tolist()[0] == [10, 5, 10.5, 10]
    assert found.labels["area"].tolist() == [99.5, 12, 10]
    assert found.labels["crowd"].tolist() == [False, False, True]
    assert found.findings == ()


def test_masks_of_every_writing_are_run_lengths(read: Read) -> None:
    pycocotools = pytest.importorskip("pycocotools.mask")
    coco = whole_file()
    for entry in coco["annotations"][:2]:
        entry.pop("bbox")
        entry.pop("area", None)
    text = pycocotools.frPyObjects(coco["annotations"][2]["segmentation"], HIGH, WIDE)["counts"].decode()
    coco["annotations"][1]["segmentation"] = {"size": [HIGH, WIDE], "counts": text}
    found = read(coco, "instance_segmentation").labels
    polygon = pycocotools.frPyObjects(SQUARE, HIGH, WIDE)[0]["counts"].decode()
    assert found["rle"].tolist() == [polygon, text, text]
    assert found["area"].tolist() == [100, 10, 10]
    assert found[["x", "y", "width", "height"]].to_numpy().tolist() == [[10, 5, 10, 10], [10, 5, 1, 10], [10, 5, 1, 10]]


def test_keypoints_and_their_spread(read: Read) -> None:
    found = read(task="keypoints", more="  sigmas: [0.1, 0.2]\n")
    assert found.labels["points"].tolist()[0] == (12, 7, 2, 0, 0, 0)
    assert found.categories[1].points == ("nose", "tail")
    assert found.categories[1].skeleton == ((1, 2),)
    (warning,) = read(task="keypoints").findings
    assert (warning.rule, warning.severity) == ("dataset/sigmas", "warning")
    (error,) = refused(read, task="keypoints", more="  sigmas: [0.1]\n")
    assert "1 sigmas for 2 keypoints" in error.message
    (error,) = refused(read, changed("categories.0.keypoints", ["nose"]), "keypoints")
    assert "different keypoints" in error.message


def test_only_declared_columns_are_features(read: Read, tmp_path: Path) -> None:
    found = read(more="  group: site\n")
    assert {"site", "annotator", "license"} <= set(found.items.columns)
    assert "flickr_url" not in found.items.columns
    assert feature_columns(load_challenge(tmp_path), found) == ()
    found = read(more="  features: [license]\n")
    assert feature_columns(load_challenge(tmp_path), found) == ("license",)
    assert found.items["license"].tolist() == ["CC0"] * 3
    (error,) = refused(read, more="  features: [licence]\n")
    assert (error.rule, "'license'" in error.hint) == ("dataset/missing-column", True)


@pytest.mark.parametrize("column", ["img0.png,img1.png,img2.png", "img0,img1,img2", "10,11,12"])
def test_a_table_of_images_is_joined(read: Read, column: str) -> None:
    rows = [f"{name},p{number}" for number, name in enumerate(column.split(","))]
    table = "\n".join(["key,patient", *reversed(rows), "other,p9"]) + "\n"
    found = read(more="  items: table.csv\n  group: patient\n", table_csv=table)
    assert found.items["patient"].tolist() == ["p0", "p1", "p2"]
    (warning,) = found.findings
    assert (warning.rule, warning.count) == ("dataset/items-table", 1)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("key,patient\nimg0,a\nimg1,b\n", "1 image has no row"),
        ("key,patient\nimg0,a\nimg1,b\nimg2,c\nimg1,d\n", "1 row names an image that another row of table.csv names"),
        ("name,patient\nx,a\n", "3 images have no row"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(read: Read, table: str, words: str) -> None:
    (error,) = refused(read, more="  items: table.csv\n  group: patient\n", table_csv=table)
    assert (error.rule, words in error.message) == ("dataset/items-table", True)


FAULTS = [
    # what is changed, to what, task, rule, words of the finding
    ("images", ..., "detection", "coco-file", "no list images"),
    ("images", [], "detection", "coco-file", "the file has no images"),
    ("images.1.id", 10, "detection", "repeated-id", "10 (img1.png)"),
    ("images.1.id", True, "detection", "coco-image", "images[1]"),
    ("images.1.file_name", "img0.png", "detection", "coco-image", "repeats the file"),
    ("images.1.file_name", "", "detection", "coco-image", "images[1]"),
    ("images.1.file_name", "a\nb.png", "detection", "coco-image", "images[1]"),
    ("images.1.file_name", "nowhere.png", "detection", "missing-file", "nowhere.png"),
    ("images.1.file_name", "../coco.json", "detection", "file-outside", "outside"),
    ("images.1.width", WIDE + 1, "detection", "image-size", "img1.png is 40 × 30, declared 41 × 30"),
    ("categories.0.name", ..., "detection", "category", "categories[0]"),
    ("categories.0.name", "fish\n  error", "detection", "category", "categories[0]"),
    ("categories.0.name", "fish \ud83d", "detection", "coco-file", "\\ud83d is half a letter"),
    ("images.1.site", "\udc00", "detection", "coco-file", "\\udc00 is half a letter"),
    ("categories.0.name", "crab", "detection", "category", "repeats the name"),
    ("categories.0.id", 2, "detection", "category", "repeats the number"),
    ("annotations", [], "detection", "no-object", "no image has any object"),
    ("annotations.0", "text", "detection", "annotation", "annotations[0]"),
    ("annotations.0.iscrowd", 2, "detection", "annotation", "annotations[0]"),
    ("annotations.0.area", -1, "detection", "annotation", "annotations[0]"),
    ("annotations.0.area", 10**400, "detection", "annotation", "annotations[0]"),
    ("annotations.0.image_id", 99, "detection", "unknown-image", "annotations[0]: 99"),
    ("annotations.0.image_id", "10", "detection", "unknown-image", 'annotations[0]: "10"'),
    ("annotations.0.image_id", 10.0, "detection", "unknown-image", "annotations[0]: 10.0"),
    ("annotations.0.category_id", 1, "detection", "unknown-category", "annotations[0]: 1"),
    ("annotations.0.bbox", ..., "detection", "box", "annotations[0]"),
    ("annotations.0.bbox", [1, 2, 3], "detection", "box", "annotations[0]"),
    ("annotations.0.bbox", [1, 2, -3, 4], "detection", "box", "annotations[0]"),
    ("annotations.0.bbox", [1, 2, "3", 4], "detection", "box", "annotations[0]"),
    ("annotations.0.bbox", [10**400, 2, 3, 4], "detection", "box", "annotations[0]"),
    ("annotations.0.bbox", [500, 2, 3, 4], "detection", "box-outside", "annotations[0]"),
    ("annotations.0.bbox", [-3, 2, 3, 4], "detection", "box-outside", "annotations[0]"),
    ("annotations.0.bbox", [0, 0, 12 * WIDE, 4], "detection", "box-outside", "reaches far beyond"),
    ("annotations.0.bbox", [0, -11 * HIGH, 5, 12 * HIGH], "detection", "box-outside", "reaches far beyond"),
    ("annotations.0.segmentation", ..., "instance_segmentation", "mask", "has no segmentation"),
    ("annotations.0.segmentation", [], "instance_segmentation", "mask", "has no segmentation"),
    ("annotations.0.segmentation", SQUARE[0], "instance_segmentation", "mask", "annotations[0]: no list of lists"),
    ("annotations.0.segmentation", [[1, 2, 3, 4]], "instance_segmentation", "mask", "4 numbers in a polygon"),
    ("annotations.0.segmentation", [[1, 2, 3, 4, 5, 1e9]], "instance_segmentation", "mask", "a corner far away"),
    ("annotations.2.segmentation.counts", [5, 5], "instance_segmentation", "mask", "sum to 30 × 40"),
    ("annotations.2.segmentation.counts", "52", "instance_segmentation", "mask", "annotations[2]"),
    ("annotations.2.segmentation.counts", "é", "instance_segmentation", "mask", "annotations[2]"),
    ("annotations.2.segmentation.size", [WIDE, HIGH], "instance_segmentation", "mask", "size [40, 30], not [30, 40]"),
    ("annotations.0.keypoints", [1, 2, 2], "keypoints", "keypoints", "annotations[0]"),
    ("annotations.0.keypoints", [1, 2, 3, 0, 0, 0], "keypoints", "keypoints", "annotations[0]"),
    ("annotations.0.keypoints", ..., "keypoints", "keypoints", "annotations[0]"),
    ("annotations.0.keypoints", [WIDE + 1, 2, 2, -1, 2, 2], "keypoints", "keypoints", "outside its image"),
    ("annotations.0.keypoints", [1, 2, 2, 1, 12 * HIGH, 2], "keypoints", "keypoints", "one far beyond"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0]}={fault[1]!r:.20}")
def test_one_fault_one_error(read: Read, fault: tuple[str, Any, str, str, str]) -> None:
    path, value, task, rule, words = fault
    (error,) = refused(read, changed(path, value), task)
    assert error.rule == f"dataset/{rule}"
    assert words in str(error)
    assert error.hint or rule == "coco-file"


WARNED = [
    ("annotations.0.bbox", [10, 5, 0, 10], "detection", "empty-object"),
    ("annotations.0.bbox", [30, 5, 30, 10], "detection", "box-beyond"),
    ("annotations.1", whole_file()["annotations"][0], "detection", "repeated-object"),
    ("annotations.0.segmentation", [[1, 1, 1, 1, 1, 1]], "instance_segmentation", "empty-object"),
    ("categories", [*whole_file()["categories"], {"id": 1, "name": "eel"}], "detection", "unused-category"),
]


@pytest.mark.parametrize("odd", WARNED, ids=lambda odd: odd[3])
def test_what_can_be_used_all_the_same_is_kept_and_told(read: Read, odd: tuple[str, Any, str, str]) -> None:
    path, value, task, rule = odd
    coco = changed(path, value)
    found = read(coco, task)
    assert f"dataset/{rule}" in [finding.rule for finding in found.findings]
    assert {finding.severity for finding in found.findings} == {"warning"}
    assert len(found.labels) == len(coco["annotations"]) - (rule == "empty-object")


def test_null_is_nothing_said(read: Read) -> None:
    coco = changed("annotations.0.area", None)
    coco["annotations"][0] |= {"iscrowd": None, "ignore": None}
    labels = read(coco).labels
    assert labels["area"].tolist() == [105, 12, 10]
    assert not labels["crowd"][0]


def test_keypoints_that_nobody_sees_are_nowhere(read: Read) -> None:
    labels = read(changed("annotations.0.keypoints", [12, 7, 2, -1, 99999, 0]), "keypoints").labels
    assert labels["points"][0] == (12, 7, 2, 0, 0, 0)


def test_whole_letters_of_two_halves_are_read(read: Read) -> None:
    assert [one.name for one in read(changed("categories.0.name", "\U0001f41f")).categories] == ["crab", "\U0001f41f"]


def test_all_faults_are_told_at_once(read: Read) -> None:
    coco = whole_file()
    coco["annotations"][0]["image_id"] = 99
    coco["annotations"][1]["category_id"] = 99
    coco["annotations"][2]["bbox"] = None
    assert [error.rule for error in refused(read, coco)] == [
        "dataset/unknown-image", "dataset/unknown-category", "dataset/box"
    ]  # fmt: skip


def test_boxes_that_are_corners_are_recognised(read: Read) -> None:
    coco = whole_file()
    for entry in coco["annotations"]:
        entry["bbox"] = [25, 18, 39, 29]
    warnings = {finding.rule: finding.hint for finding in read(coco).findings}
    assert "left, top, right, bottom" in warnings["dataset/box-beyond"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not JSON"), ("[]", "results of a model"), ('{"images": NaN}', "NaN is no number"), ("[" * 100_000, "deep"),
     ("\xff", "not"), ("", "not JSON")],
)  # fmt: skip
def test_what_is_no_coco_file_is_refused(read: Read, text: str, words: str) -> None:
    (error,) = refused(read, text=text or " ")
    assert error.rule == "dataset/coco-file"
    assert words in str(error)


def test_a_missing_file_names_those_that_are_there(read: Read, tmp_path: Path) -> None:
    read()
    (tmp_path / "coco.json").rename(tmp_path / "annotations.json")
    with pytest.raises(DatasetError) as caught:
        read_dataset(load_challenge(tmp_path))
    assert "annotations.json" in caught.value.findings[0].hint


def test_paths_as_windows_writes_them_are_found(read: Read, tmp_path: Path) -> None:
    (tmp_path / "images" / "deep").mkdir(parents=True)
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "images" / "deep" / "one.png")
    assert read(changed("images.1.file_name", "deep\\one.png")).items.index.tolist() == ["img0", "one", "img2"]


PLACES = [f"{part}.{number}.{key}" for part, entries in whole_file().items() for number, entry in enumerate(entries)
          for key in entry]  # fmt: skip
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.sampled_from(["counts", "size", "id"]), inner),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(PLACES), ANY, st.sampled_from(["detection", "instance_segmentation", "keypoints"]))
def test_any_value_anywhere_is_read_or_refused(read: Read, place: str, value: Any, task: str) -> None:
    try:
        told = read(changed(place, value), task).findings
    except DatasetError as error:
        told = error.findings
    assert all(finding.rule in DATASET_RULES and finding.message for finding in told)


def test_a_turned_image_is_refused_with_its_cure(read: Read, tmp_path: Path) -> None:
    read()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "images" / "turned.jpg", exif=exif)
    (error,) = refused(read, changed("images.1.file_name", "turned.jpg"))
    assert (error.rule, error.items) == ("dataset/turned-image", ("turned.jpg",))
    assert "exif_transpose" in error.hint


def test_a_file_that_is_no_image_and_images_without_entry_are_told(read: Read, tmp_path: Path) -> None:
    read()
    (tmp_path / "images" / "odd.png").write_bytes(b"no image")
    (error,) = refused(read, changed("images.1.file_name", "odd.png"))
    assert error.rule == "dataset/unreadable-image"
    assert str(tmp_path) not in str(error)
    (warning,) = read().findings
    assert (warning.rule, warning.items) == ("dataset/unlisted-image", ("odd.png",))


def test_images_of_one_name_in_two_folders_have_their_paths_as_ids(read: Read, tmp_path: Path) -> None:
    coco = whole_file()
    for number, folder in enumerate(("a", "b", "c")):
        (tmp_path / "images" / folder).mkdir(parents=True)
        Image.new("L", (WIDE, HIGH), number).save(tmp_path / "images" / folder / "1.png")
        coco["images"][number]["file_name"] = f"{folder}/1.png"
    assert read(coco).items.index.tolist() == ["a/1.png", "b/1.png", "c/1.png"]


def test_challenges_that_contradict_the_reader_are_refused(read: Read) -> None:
    for more, words in (
        ("  label: a\n", "`data.label` belongs to tables"),
        ("  drop: [a]\n", "`data.drop` is for tables"),
        ("  things: [fish]\n", "`data.things` belongs to panoptic_segmentation"),
        ("  id: x\n", "there is no such table"),
    ):
        with pytest.raises(ChallengeError) as caught:
            read(more=more)
        assert words in str(caught.value), more
    for task, words in (("classification", "the task is classification"), ("semantic_segmentation", "lacks the key")):
        with pytest.raises(ChallengeError) as caught:
            read(task=task)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("instance_segmentation", lambda coco: [one.pop("keypoints") for one in coco["categories"]]),
        ("keypoints", lambda coco: None),
        (
            "detection",
            lambda coco: [coco["categories"][0].pop("keypoints"), coco["annotations"][0].pop("segmentation")],
        ),
    ],
)
def test_a_sketch_proposes_the_task(read: Read, tmp_path: Path, task: str, change: Callable[[Coco], Any]) -> None:
    coco = whole_file()
    change(coco)
    read()
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    found = sketch_dataset("coco", tmp_path / "coco.json")
    assert found["task"].value == task
    assert found["images"].value == tmp_path / "images"


@pytest.mark.real_data
@pytest.mark.parametrize("task", ["detection", "instance_segmentation"])
def test_real_coco_is_read(real_data: Path, tmp_path: Path, task: str) -> None:
    source = real_data / "coco_tiny"
    for part, images, objects in (("train2017", 32, 288), ("val2017", 6, 136)):
        (tmp_path / "challenge.yaml").write_text(
            f"name: a\ntitle: b\ntask: {task}\ndata:\n  reader: coco\n"
            f"  path: {json.dumps(str((source / 'annotations' / f'instances_{part}.json').resolve()))}\n"
            f"  images: {json.dumps(str((source / 'images' / part).resolve()))}\n"
            "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
        )
        found = read_dataset(load_challenge(tmp_path))
        assert (len(found.items), len(found.labels)) == (images, objects)
        assert {finding.severity for finding in found.findings} <= {"warning"}
