"""VoTT: regions with several tags, assets that nobody visited, its table, its files of assets, and what is refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compete.dataset import Dataset
from compete.readers import recognise_dataset
from tests.readers.annotated_files import Read, draw_images, read_at, read_text, real
from tests.readers.coco_files import refused

BOX = {"type": "RECTANGLE", "tags": ["fish"], "boundingBox": {"left": 1, "top": 2, "width": 3, "height": 4}}


def asset(*regions: Any, name: str = "a.png", **more: Any) -> dict[str, Any]:
    return {"asset": {"name": name, "size": {"width": 40, "height": 30}, "state": 2, **more}, "regions": list(regions)}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(*assets: Any) -> Dataset:
        content = {"tags": [{"name": "crab"}], "assets": {str(at): one for at, one in enumerate(assets)}}
        return read_text(tmp_path, "vott", json.dumps(content), "x-export.json")

    return reading


def test_declared_tags_come_first(read: Read) -> None:
    found = read(asset({**BOX, "tags": ["fish", "crab"]}))
    assert [category.name for category in found.categories] == ["crab", "fish"]
    assert found.labels["label"].tolist() == ["fish", "crab"]


def test_frames_of_a_video_name_it(read: Read, tmp_path: Path) -> None:
    draw_images(tmp_path / "images", ["dive.mp4#t=1.5"])
    found = read(asset(BOX, name="dive.mp4#t=1.5.png", parent={"name": "dive.mp4"}))
    assert found.items["video"].tolist() == ["dive.mp4"]


def test_files_of_assets_are_read(tmp_path: Path) -> None:
    draw_images(tmp_path / "data")
    for name in "ab":
        (tmp_path / "data" / f"{name}0-asset.json").write_text(json.dumps(asset(BOX, name=f"{name}.png")))
    assert recognise_dataset(tmp_path / "data")[0] == "vott"
    found = read_at(tmp_path, "vott", "data")
    assert found.items.index.tolist() == ["a", "b"]
    assert "split" not in found.items


TABLE = '"image","xmin","ymin","xmax","ymax","label"\r\n'


def test_the_table_is_read(tmp_path: Path) -> None:
    text = TABLE + '"a.png",1,2,4,6.5,"fish"\r\n"b.png",0,0,1,1,"crab"\r\n"a.png",5,5,6,6,"crab"\r\n'
    found = read_text(tmp_path, "vott", text, "x-export.csv")
    assert found.labels[["item", "label", "x", "y", "width", "height"]].to_numpy().tolist() == [
        ["a", "fish", 1, 2, 3, 4.5], ["a", "crab", 5, 5, 1, 1], ["b", "crab", 0, 0, 1, 1],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        (TABLE + "a.png,1,2,x,4,fish\n", "shape", "x-export.csv:2"),
        (TABLE + "a.png,9,2,3,4,fish\n", "box", "x-export.csv:2"),
        (TABLE + "a.png,1,2,3,4,\n", "category", "x-export.csv:2"),
        (TABLE + ",1,2,3,4,fish\n", "file-name", "x-export.csv:2"),
        (TABLE.replace("label", "class") + "a.png,1,2,3,4,fish\n", "label-file", "no column 'label'"),
    ],
)
def test_faults_of_the_table_are_told(tmp_path: Path, text: str, rule: str, words: str) -> None:
    errors = refused(partial(read_text, tmp_path, "vott"), text, "x-export.csv")
    assert errors[0].rule == f"dataset/{rule}"
    assert words in str(errors[0])


FAULTS = [
    (asset({**BOX, "boundingBox": {"left": 1}}), "shape", "x-export.json 0 regions[0]"),
    (asset({**BOX, "boundingBox": None}), "shape", "regions[0]"),
    (asset({**BOX, "type": "POLYGON", "points": [{"x": 1, "y": 2}]}), "shape", "regions[0]"),
    (asset("text"), "shape", "regions[0]"),
    (asset({**BOX, "tags": [None]}), "category", "regions[0]"),
    (asset(BOX, name=""), "file-name", "x-export.json 0"),
    (asset(state=0), "label-file", "there is no annotated image"),
    ("text", "file-name", "x-export.json 0"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "rule", "words"), FAULTS)
def test_faults_are_told(read: Read, entry: Any, rule: str, words: str) -> None:
    errors = refused(read, entry)
    assert errors[0].rule == f"dataset/{rule}"
    assert words in str(errors[0])


def test_folders_without_an_export_and_damaged_parts_are_refused(tmp_path: Path) -> None:
    draw_images(tmp_path / "data")
    (error,) = refused(read_at, tmp_path, "vott", "data")
    assert error.message == "data holds no export of VoTT"
    (tmp_path / "data" / "train-export.json").write_text("{")
    (tmp_path / "data" / "test-export.json").write_text("[]")
    (error,) = refused(read_at, tmp_path, "vott", "data")
    assert (error.rule, error.count) == ("dataset/label-file", 2)


@pytest.mark.real_data
def test_real_exports(tmp_path: Path) -> None:
    from compete.readers.formats.vott_files import read_vott

    place = real("exports", "datumaro")
    found = read_vott(place / "vott_csv_dataset" / "dataset")  # as datumaro's own tests expect it
    assert (len(found.file), len(found.annotations)) == (4, 5)
    assert found.columns["split"] == ["test", "test", "train", "train"]
    found = read_vott(place / "vott_json_dataset" / "dataset")
    assert [category.name for category in found.categories] == ["animal", "dog", "person"]
    assert [entry["bbox"] for entry in found.annotations][:2] == [[5, 10, 10, 2], [11.5, 12, 10.2, 20.5]]
