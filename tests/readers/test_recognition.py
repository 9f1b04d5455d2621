"""Formats are found by looking, and the reason is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from compete.building.starter import write_challenge
from compete.challenge import load_challenge
from compete.errors import DatasetError, UsageError
from compete.readers import recognise_dataset, sketch_dataset


def test_a_table_is_known_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "animals.csv"
    path.write_text("name,kind\nRex,dog\n")
    assert recognise_dataset(path) == ("csv", "a table of text by its name")


def test_class_folders_are_known_by_their_images(tmp_path: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / kind / "1.png")
    assert recognise_dataset(tmp_path) == ("folder", "images in 2 folders")


@pytest.mark.parametrize(("pictures", "reader"), [(12, "folder"), (4, "tiff")])
def test_one_stack_among_many_pictures_makes_no_folder_of_stacks(tmp_path: Path, pictures: int, reader: str) -> None:
    plane = Image.new("L", (4, 4))
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        for number in range(pictures // 2):
            plane.save(tmp_path / kind / f"{number}.png")
    plane.save(tmp_path / "cat" / "stack.tif", save_all=True, append_images=[plane])
    assert recognise_dataset(tmp_path)[0] == reader


def test_a_coco_file_is_known_by_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    reader, reason = recognise_dataset(path)
    assert (reader, "categories" in reason) == ("coco", True)


@pytest.mark.parametrize("name", ["notes.docx", "empty"])
def test_what_is_no_format_is_told_with_the_formats(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.mkdir() if name == "empty" else path.write_text("hello")
    with pytest.raises(UsageError) as caught:
        recognise_dataset(path)
    (finding,) = caught.value.findings
    assert (finding.rule, "coco" in finding.hint, "csv" in finding.hint) == ("usage/unknown-format", True, True)


def test_of_a_folder_without_a_format_the_files_that_have_one_are_named(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "val.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    (tmp_path / "annotations" / "other.json").write_text("[]")
    with pytest.raises(UsageError) as caught:
        recognise_dataset(tmp_path)
    hint = caught.value.findings[0].hint
    assert hint == f"say which of its files: --from coco:{tmp_path / 'annotations' / 'val.json'}"


def test_a_folder_in_place_of_a_json_file_is_told_with_the_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "val.json").write_text("{}")
    with pytest.raises(DatasetError) as caught:
        sketch_dataset("coco", tmp_path)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.hint) == ("dataset/missing-file", "name one of its files: annotations/val.json")


@pytest.mark.parametrize("name", ["2025", "null", "true", "1e5"])
def test_a_folder_whose_name_is_no_text_in_yaml_still_starts_a_challenge(tmp_path: Path, name: str) -> None:
    table = tmp_path / "animals.csv"
    table.write_text("name,kind\n" + "".join(f"{number},{'dog' if number % 2 else 'cat'}\n" for number in range(40)))
    assert load_challenge(write_challenge(tmp_path / name, f"csv:{table}").path).name == name


def test_init_writes_the_format_that_it_recognised_and_why(tmp_path: Path) -> None:
    table = tmp_path / "animals.csv"
    table.write_text("name,kind\n" + "".join(f"{number},{'dog' if number % 2 else 'cat'}\n" for number in range(40)))
    started = write_challenge(tmp_path / "animals", f"auto:{table}")
    assert ("data.reader", "csv", "a table of text by its name") in started.choices
    assert load_challenge(started.path).data.reader == "csv"
