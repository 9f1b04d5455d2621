"""Files and folders that no reader can take: too large, locked, damaged, or changed while they are read."""

from __future__ import annotations

import errno
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete.dataset import Category
from compete.errors import CompeteError, DatasetError, SystemFault
from compete.readers import archive_files, recognise_dataset, sketch_dataset
from compete.readers.archive_files import open_archive
from compete.readers.formats.label_studio_shapes import entry_of, unpacked
from compete.readers.formats.labelme_xml import bitmap_of
from compete.readers.listing import contents, listed_files, unprintable_names
from compete.readers.recognition import Glance, read_head
from compete.readers.shapes import MOST_PIXELS
from compete.readers.writing import write_dataset
from tests.readers.annotated_files import draw_images, read_at, write_sample


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.txt", text)
    return path


def rule_of(error: pytest.ExceptionInfo[CompeteError]) -> str:
    (finding,) = error.value.findings
    return finding.rule


def test_an_archive_may_not_hold_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", one="x" * 50, other="y")
    archive = open_archive(path)
    monkeypatch.setattr(archive_files, "MOST_BYTES", 49)
    assert archive.data("other.txt") == b"y"
    with pytest.raises(DatasetError, match="larger than 49 bytes"):
        archive.data("one.txt")
    monkeypatch.setattr(archive_files, "MOST_FILES", 1)
    with pytest.raises(DatasetError, match="more than 1 files"):
        open_archive(path)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(DatasetError, match="neither a folder nor a zip archive"):
        open_archive(tmp_path / "a.txt")


def test_a_member_that_is_damaged_later_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as packed:
        member = tarfile.TarInfo("one.txt")
        member.size = 4000
        packed.addfile(member, io.BytesIO(b"x" * 4000))
    archive = open_archive(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DatasetError, match="the archive cannot be read"):
        archive.data("one.txt")


@pytest.mark.parametrize(("number", "kind"), [(errno.EACCES, SystemFault), (errno.EINVAL, DatasetError)])
def test_a_fault_of_the_disk_is_no_fault_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[CompeteError]
) -> None:
    def failing(*_: Any) -> None:
        raise OSError(number, os.strerror(number), "a.zip")

    path = zipped(tmp_path / "a.zip", one="x")
    monkeypatch.setattr(zipfile, "ZipFile", failing)
    with pytest.raises(kind):
        open_archive(path)


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    with pytest.raises(SystemFault):
        contents(tmp_path, 10)
    with pytest.raises(SystemFault):
        read_head(tmp_path)

    def failing(folder: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(SystemFault) as told:
        listed_files(tmp_path, "challenge.yaml:1:1")
    assert rule_of(told) == "disk/permission"
    with pytest.raises(SystemFault) as told:
        assert Glance(tmp_path).names
    assert rule_of(told) == "disk/permission"


def test_names_that_no_table_can_hold_are_told() -> None:
    assert unprintable_names(["a.png", "é.png"], "images") == []
    (told,) = unprintable_names(["a\nb.png", "c.png", "d\x00.png"], "images")
    assert (told.rule, told.where, told.count, len(told.items)) == ("dataset/file-name", "images", 2, 2)
    assert all(name.isprintable() for name in told.items)


def test_hidden_files_links_and_deep_folders_tell_nothing_of_a_format(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c" / "d" / "e" / "f"
    deep.mkdir(parents=True)
    for place in (tmp_path / "seen.csv", tmp_path / ".hidden.csv", deep / "deep.csv"):
        place.write_text("id\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "seen.csv")
    assert Glance(tmp_path).names == ("seen.csv",)


def test_a_damaged_archive_is_no_known_format(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\3\4 nothing more")
    with pytest.raises(CompeteError) as told:
        recognise_dataset(tmp_path / "a.zip")
    assert rule_of(told) == "usage/unknown-format"


def test_an_export_of_labelbox_version_1_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"ID": "c", "DataRow ID": "d", "Labeled Data": "http://x/a.png"}]))
    name, reason = recognise_dataset(tmp_path / "a.json")
    assert (name, "version 1" in reason) == ("labelbox", True)


def test_annotations_whose_images_are_nowhere_near_say_so(tmp_path: Path) -> None:
    path = write_sample(tmp_path / "deep" / "down", "labelbox")
    (tmp_path / "deep" / "down" / "labelbox" / "images").rename(tmp_path / "far")
    with pytest.raises(DatasetError) as told:
        sketch_dataset("labelbox", path)
    assert "dataset/missing-file" in {finding.rule for finding in told.value.findings}


STREAM = np.array([0] * 40 + [255] * 24, dtype=np.uint8)


def packed(values: np.ndarray[Any, Any]) -> bytes:
    """One run of all values, each as it is, as Label Studio packs its masks."""
    bits = f"{len(values):032b}{7:05b}{15:04b}{15:04b}{15:04b}{15:04b}000{len(values) - 1:016b}"
    bits += "".join(f"{value:08b}" for value in values.tolist())
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def test_a_packed_mask_that_ends_anywhere_is_none() -> None:
    whole = packed(STREAM)
    np.testing.assert_array_equal(unpacked(whole, len(STREAM)), STREAM)
    assert unpacked(whole, len(STREAM) - 1) is None
    assert [end for end in range(len(whole)) if unpacked(whole[:end], len(STREAM)) is not None] == []
    longer = bytearray(whole)
    longer[8] += 1  # the run says that it is longer than the mask
    assert unpacked(bytes(longer), len(STREAM)) is None


def test_shapes_need_a_size_that_can_be() -> None:
    box = {"x": 10, "y": 20, "width": 25, "height": 50}
    assert entry_of("rectangle", box, None) is None
    assert entry_of("rectangle", box, (40, 30)) is not None
    assert entry_of("brush", {"rle": [0]}, (1 << 20, MOST_PIXELS)) is None


def test_a_picture_too_large_for_a_mask_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (40, 30), 9).save(tmp_path / "a.png")
    found = bitmap_of(tmp_path / "a.png")
    assert found is not None
    assert found.shape == (30, 40)
    for most in (1000, 100):  # beyond ours, and beyond twice of what Pillow takes
        with monkeypatch.context() as patch:
            patch.setattr("compete.readers.formats.labelme_xml.MOST_PIXELS", 1000)
            patch.setattr(Image, "MAX_IMAGE_PIXELS", most)
            assert bitmap_of(tmp_path / "a.png") is None


SHEET = """<annotation><filename>{file}</filename><folder>x</folder><imagesize><nrows>30</nrows><ncols>40</ncols>
</imagesize>{objects}</annotation>"""
MASKED = "<object><name>fish</name><segm><mask>m.png</mask></segm></object>"


def write_sheets(folder: Path, **sheets: str) -> Path:
    """Sheets of the older LabelMe beside the images a and b, and a mask."""
    draw_images(folder / "Images" / "x", "ab")
    (folder / "Annotations" / "x").mkdir(parents=True)
    for name, text in sheets.items():
        (folder / "Annotations" / "x" / f"{name}.xml").write_text(text)
    (folder / "Masks" / "x").mkdir(parents=True)
    mask = np.zeros((30, 40), dtype=np.uint8)
    mask[5:9, 10:20] = 255
    Image.fromarray(mask).save(folder / "Masks" / "x" / "m.png")
    return folder


def test_masks_of_the_older_labelme_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    write_sheets(tmp_path / "set", a=SHEET.format(file="a.png", objects=MASKED))
    found = read_at(tmp_path, "labelme", "set", "instance_segmentation")
    assert found.labels[["x", "y", "width", "height"]].to_numpy().tolist() == [[10, 5, 10, 4]]
    # the folder of one scene is named, whose masks lie beside the folder Annotations
    (tmp_path / "set" / "Images" / "x" / "a.png").rename(tmp_path / "set" / "Annotations" / "x" / "a.png")
    again = read_at(tmp_path, "labelme", "set/Annotations/x", "instance_segmentation")
    assert again.labels["rle"].tolist() == found.labels["rle"].tolist()


@pytest.mark.parametrize(
    ("objects", "picture"),
    [("<object><name>fish</name><segm><mask>other.png</mask></segm></object>", (40, 30)), (MASKED, (30, 40))],
)
def test_a_mask_that_is_not_there_or_of_another_size_is_told(
    tmp_path: Path, objects: str, picture: tuple[int, int]
) -> None:
    write_sheets(tmp_path / "set", a=SHEET.format(file="a.png", objects=objects))
    Image.new("L", picture, 255).save(tmp_path / "set" / "Masks" / "x" / "m.png")
    with pytest.raises(DatasetError) as told:
        read_at(tmp_path, "labelme", "set", "instance_segmentation")
    assert any("a.xml" in one for finding in told.value.findings for one in (finding.where, *finding.items))


def test_another_root_and_a_second_sheet_of_one_image_are_told(tmp_path: Path) -> None:
    polygon = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((1, 2), (9, 2), (9, 8)))
    fish = f"<object><name>fish</name><polygon>{polygon}</polygon></object>"
    sheet = SHEET.format(file="a.png", objects=fish)
    write_sheets(tmp_path / "set", a=sheet, b=sheet, c="<picture><filename>b.png</filename></picture>")
    with pytest.raises(DatasetError) as told:
        read_at(tmp_path, "labelme", "set")
    text = str(told.value)
    assert "its root is <picture>" in text
    assert "a.png" in text


def test_a_written_dataset_on_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_at(tmp_path, "labelbox", write_sample(tmp_path, "labelbox"))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out")

    (tmp_path / "out").mkdir()
    monkeypatch.setattr("compete.readers.writing.coco.write_file", full)
    with pytest.raises(SystemFault) as told:
        write_dataset("coco", found, tmp_path / "out")
    assert rule_of(told) == "disk/full"


def test_stuff_is_written_as_stuff() -> None:
    from compete.readers.writing.coco import _category

    assert "isthing" not in _category(Category(1, "crab"))
    assert _category(Category(2, "sand", thing=False))["isthing"] == 0
