"""What folders and files are taken for by a look: parts of a dataset, one file of annotations, any encoding."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from compete.building.starter import write_challenge
from compete.challenge import load_challenge
from compete.errors import DatasetError, UsageError
from compete.readers import read_dataset, recognise_dataset, sketch_dataset
from compete.readers.recognition import Glance
from compete.readers.writing import write_dataset
from tests.readers.annotated_files import draw_images, read_at, write_sample
from tests.readers.coco_files import whole_file
from tests.readers.yolo_files import write_files

PARTS = [("train2017", "val2017"), ("train", "test"), ("Training", "validation", "annotations"), ("test_images", "dev")]


def chosen(folder: Path, path: Path | str) -> dict[str, str]:
    """What ``init`` writes, by field, with its reason after it."""
    return {field: f"{value} ({why})" for field, value, why in write_challenge(folder, f"auto:{path}").choices}


@pytest.mark.parametrize("folders", PARTS)
def test_parts_of_a_dataset_are_no_classes(tmp_path: Path, folders: tuple[str, ...]) -> None:
    for name in folders:
        draw_images(tmp_path / "data" / name)
    with pytest.raises(UsageError) as unknown:
        recognise_dataset(tmp_path / "data")
    assert unknown.value.findings[0].hint.startswith("nothing labels its images")
    with pytest.raises(DatasetError) as sketched:
        sketch_dataset("folder", tmp_path / "data")
    with pytest.raises(DatasetError) as read:
        read_at(tmp_path, "folder", "data", "classification", "  label: label\n")
    for caught in (sketched, read):
        assert [(one.rule, one.items) for one in caught.value.findings] == [
            ("dataset/parts", tuple(sorted(folders)[:3]))]  # fmt: skip


def test_one_folder_that_is_no_part_makes_classes_of_all(tmp_path: Path) -> None:
    for name in ("train", "bus"):
        draw_images(tmp_path / name)
    assert recognise_dataset(tmp_path)[0] == "folder"


def test_beside_parts_the_files_of_annotations_are_named(tmp_path: Path) -> None:
    for part in ("train2017", "val2017"):
        draw_images(tmp_path / part)
        (tmp_path / f"instances_{part}.json").write_text(json.dumps(whole_file()))
    with pytest.raises(UsageError) as unknown:
        recognise_dataset(tmp_path)
    known = [f"--from coco:{tmp_path}/instances_{part}.json" for part in ("train2017", "val2017")]
    assert unknown.value.findings[0].hint == f"say which of its files: {' or '.join(known)}"
    with pytest.raises(DatasetError) as sketched:
        sketch_dataset("folder", tmp_path)
    assert "instances_train2017.json, instances_val2017.json" in sketched.value.findings[0].hint


def test_afar_parts_are_no_classes_and_one_file_of_annotations_is_found(memory: Any, tmp_path: Path) -> None:
    draw_images(tmp_path / "data/train2017", [f"img{number}" for number in range(3)])
    draw_images(tmp_path / "data/val2017", ["other"])
    (tmp_path / "data/annotations").mkdir()
    (tmp_path / "data/annotations/train.json").write_text(json.dumps(whole_file()))
    memory.put(str(tmp_path / "data"), "/reef", recursive=True)
    found = chosen(tmp_path / "far", "memory://reef")
    assert found["data.path"].startswith("memory://reef/annotations/train.json (the one file")
    assert found["data.images"].startswith("memory://reef/train2017 (they are there")
    memory.rm("/reef/annotations", recursive=True)
    with pytest.raises(UsageError, match="nothing was written") as caught:
        write_challenge(tmp_path / "none", "auto:memory://reef")
    assert caught.value.findings[0].hint.startswith("nothing labels its images")


def test_what_convert_writes_is_known_by_its_folder(tmp_path: Path) -> None:
    name = write_sample(tmp_path, "cvat").relative_to(tmp_path)
    dataset = read_at(tmp_path, "cvat", name)
    (tmp_path / "out").mkdir()
    write_dataset("coco", dataset, tmp_path / "out")
    found = chosen(tmp_path / "begun", tmp_path / "out")
    assert found["data.reader"].startswith("coco (")
    assert found["data.path"] == "../out/annotations.json (the one file of annotations in the folder)"
    again = read_dataset(load_challenge(tmp_path / "begun"))
    assert again.items.index.tolist() == dataset.items.index.tolist()
    assert again.labels["label"].tolist() == dataset.labels["label"].tolist()


def test_annotations_tell_more_than_the_names_of_folders(tmp_path: Path) -> None:
    for camera in ("north", "south"):
        draw_images(tmp_path / "data" / camera)
    assert chosen(tmp_path / "one", tmp_path / "data")["data.reader"].startswith("folder (")
    coco = whole_file()
    for image, name in zip(coco["images"], ("north/a.png", "north/b.png", "south/c.png"), strict=True):
        image["file_name"] = name
    (tmp_path / "data/all.json").write_text(json.dumps(coco))
    assert chosen(tmp_path / "two", tmp_path / "data")["data.reader"].startswith("coco (")
    (tmp_path / "data/more.json").write_text(json.dumps(coco))
    assert chosen(tmp_path / "three", tmp_path / "data")["data.reader"].startswith("folder (")


def in_utf_16(text: bytes) -> bytes:
    return text.decode().encode("utf-16")


def with_mark(text: bytes) -> bytes:
    return codecs.BOM_UTF8 + text


@pytest.mark.parametrize("written", [in_utf_16, with_mark])
@pytest.mark.parametrize("reader", ["coco", "cvat", "label_studio", "labelbox"])
def test_files_are_known_whatever_their_encoding(tmp_path: Path, reader: str, written: Any) -> None:
    if reader == "coco":
        path = tmp_path / "coco.json"
        path.write_text(json.dumps(whole_file()))
    else:
        path = write_sample(tmp_path, reader)
    known = recognise_dataset(path)
    path.write_bytes(written(path.read_bytes()))
    assert recognise_dataset(path) == known
    assert known[0] == reader


def test_labels_of_yolo_are_known_by_a_mark_at_their_beginning(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "data")
    for path in folder.rglob("*.txt"):
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert recognise_dataset(folder)[0] == "yolo"


@pytest.mark.parametrize("settings", [True, False])
def test_labels_of_yolo_are_known_although_the_first_are_empty(tmp_path: Path, settings: bool) -> None:
    names = [f"p{number:02}" for number in range(40)]
    draw_images(tmp_path / "images", names)
    (tmp_path / "labels").mkdir()
    for number, name in enumerate(names):
        (tmp_path / f"labels/{name}.txt").write_text("" if settings or number < 20 else "0 0.5 0.5 0.2 0.2\n")
    if settings:
        (tmp_path / "data.yaml").write_text("names: [crab]\ntrain: images\nval: images\n")
    reader, reason = recognise_dataset(tmp_path)
    told = "data.yaml with names of classes" if settings else "numbers of YOLO labels"
    assert (reader, reason.startswith(told)) == ("yolo", True)


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "task.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError) as caught:
        recognise_dataset(tmp_path / "task.zip")
    assert caught.value.findings[0].hint.startswith("unpack it first")


def test_a_large_folder_hides_no_file_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_images(tmp_path / "images/deep")
    draw_images(tmp_path / "images", "de")
    (tmp_path / "instances.json").write_text("{}")
    monkeypatch.setattr("compete.readers.recognition.MOST_NAMES", 3)
    assert Glance(tmp_path).names == ("images/d.png", "images/e.png", "instances.json")
