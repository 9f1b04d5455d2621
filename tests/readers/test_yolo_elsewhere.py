"""The yolo reader: turned boxes, images and settings in other folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.challenge import load_challenge
from compete.readers import read_dataset, recognise_dataset
from tests.readers.test_yolo import BOX, refused, told
from tests.readers.yolo_files import HIGH, NAMES, WIDE, read_files, write_files

DOTA = "imagesource:GoogleEarth\ngsd:0.146\n4 3 24 3 24 18 4 18 fish 1\n0 10 10 0 20 10 10 20 crab 0\n"


@pytest.mark.parametrize("named", [NAMES, None])
def test_turned_boxes_of_dota_are_polygons_in_pixels(tmp_path: Path, named: str | None) -> None:
    changes = {"train__labelTxt__a_txt": DOTA, "valid__labelTxt__c_txt": "1 1 5 1 5 5 1 5 fish"}
    write_files(tmp_path / "data", data_yaml=named, **changes, **dict.fromkeys(
        ("train__labels__a_txt", "train__labels__b_txt", "valid__labels__c_txt")))  # fmt: skip
    found = read_files(tmp_path, "instance_segmentation")
    assert [category.name for category in found.categories] == ["crab", "fish"]
    assert found.labels["label"].tolist() == ["fish", "crab", "fish"]
    assert found.labels["area"].tolist()[0] == 300
    assert "mixed-shapes" not in told(found)
    boxes = read_files(tmp_path).labels
    assert boxes[BOX].to_numpy().tolist() == [[4, 3, 20, 15], [0, 0, 20, 20], [1, 1, 4, 4]]
    assert boxes["ignore"].tolist() == [True, False, False]
    assert recognise_dataset(tmp_path / "data")[0] == "yolo"


def test_turned_boxes_in_fractions_are_polygons(tmp_path: Path) -> None:
    write_files(tmp_path / "data", train__labels__a_txt="0 0.5 0 1 0.5 0.5 1 0 0.5", valid__labels__c_txt=None)
    found = read_files(tmp_path, "instance_segmentation")
    assert found.labels[BOX].to_numpy().tolist() == [[0, 0, WIDE, HIGH]]
    assert found.labels["area"].tolist() == pytest.approx([WIDE * HIGH / 2], rel=0.05)


def test_a_class_that_only_lines_name_is_told(tmp_path: Path) -> None:
    write_files(tmp_path / "data", train__labels__a_txt="0 0 9 0 9 9 0 9 eel 0")
    (error,) = refused(tmp_path)
    assert (error.rule, error.items) == ("dataset/unknown-category", ("train/labels/a.txt:1: eel",))


def test_images_in_another_folder_are_found(tmp_path: Path) -> None:
    write_files(tmp_path / "data")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "data" / "labels").mkdir()
    for part in ("train", "valid"):
        (tmp_path / "data" / part / "images").rename(tmp_path / "pictures" / part)
        (tmp_path / "data" / part / "labels").rename(tmp_path / "data" / "labels" / part)
    found = read_files(tmp_path, more="  images: pictures\n")
    assert found.labels["label"].tolist() == ["crab", "fish", "fish"]
    assert [Path(file).parent.parent.name for file in found.items["file"]] == ["pictures"] * 3
    assert found.items["split"].tolist() == ["train", "train", "val"]


@pytest.mark.parametrize("written", ["../data", "data", "/somewhere/of/others/data", "C:\\\\sets\\\\data"])
def test_settings_may_stand_elsewhere(tmp_path: Path, written: str) -> None:
    write_files(tmp_path / "data", data_yaml=None, train_txt="./train/images/a.png\n./train/images/b.png\n")
    (tmp_path / "cfg").mkdir()
    (tmp_path / "cfg" / "reef.yaml").write_text(
        f'path: "{written}"\ntrain: [train.txt]\nval: valid/images\nnames: {{0: crab, 1: fish}}\n'
    )
    (tmp_path / "challenge.yaml").write_text(
        "name: a\ntitle: b\ntask: detection\ndata: {reader: yolo, path: cfg/reef.yaml}\n"
        "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
    )
    found = read_dataset(load_challenge(tmp_path))
    assert found.items["split"].tolist() == ["train", "train", "val"]
    assert found.labels["label"].tolist() == ["crab", "fish", "fish"]


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["dota_dataset", "roboflow_dataset/yolo_obb"])
def test_real_turned_boxes_are_where_datumaro_has_them(real_data: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "data").symlink_to(real_data.resolve() / "exports" / "datumaro" / name)
    assert recognise_dataset(tmp_path / "data")[0] == "yolo"
    found = read_files(tmp_path).labels
    assert found[["item", "label"]].to_numpy().tolist() == [
        ["train_001", "label_0"], ["train_002", "label_1"], ["val_001", "label_0"], ["val_001", "label_1"]
    ]  # fmt: skip
    assert found[BOX].to_numpy().tolist() == [[0, 0, 2, 2], [1, 1, 4, 4], [0, 0, 1, 1], [1, 2, 9, 3]]
