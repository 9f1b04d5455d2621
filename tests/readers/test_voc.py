"""Pascal VOC: where boxes begin, which image is meant, which part of the split, and what is refused."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from compete.dataset import Dataset
from compete.readers import recognise_dataset, sketch_dataset
from tests.readers.annotated_files import Read, draw_images, read_at, real
from tests.readers.coco_files import refused

OBJECT = (
    "<object><name>fish</name>{}<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"
)


def sheet(*objects: str, name: str = "a.png", more: str = "") -> str:
    return f"<annotation><filename>{name}</filename>{more}{''.join(objects)}</annotation>"


def read_sheets(folder: Path, *, task: str = "detection", **sheets: str | bytes) -> Dataset:
    """Read XML files that bear the names of the words."""
    draw_images(folder / "data" / "JPEGImages")
    (folder / "data" / "Annotations").mkdir(exist_ok=True)
    for name, text in sheets.items():
        path = folder / "data" / "Annotations" / f"{name}.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_at(folder, "voc", "data", task)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return partial(read_sheets, tmp_path)


def box(found: Dataset) -> list[float]:
    return [float(number) for number in found.labels[["x", "y", "width", "height"]].iloc[0]]


def test_corners_are_taken_as_they_are_but_those_of_the_challenge_itself(read: Read) -> None:
    assert box(read(a=sheet(OBJECT.format("", 1, 2, 11, 22)))) == [1, 2, 10, 20]
    own = "<source><annotation>PASCAL VOC2012</annotation></source>"
    found = read(a=sheet(OBJECT.format("", 1, 2, 11, 22), more=own))
    assert box(found) == [0, 1, 11, 21]
    assert found.findings[0].rule == "dataset/pixel-origin"


def test_a_polygon_and_a_turned_box_have_outlines(read: Read) -> None:
    ring = "<polygon><x1>1</x1><y1>1</y1><x2>5</x2><y2>1</y2><x3>5</x3><y3>4</y3><x4>1</x4><y4>4</y4></polygon>"
    turned = "<robndbox><cx>20</cx><cy>15</cy><w>20</w><h>10</h><angle>1.5707963267948966</angle></robndbox>"
    objects = [f"<object><name>fish</name>{shape}</object>" for shape in (ring, turned)]
    found = read(a=sheet(*objects), task="instance_segmentation").labels
    assert found["area"].tolist() == [12, 200]
    assert found[["x", "y", "width", "height"]].to_numpy().round(9).tolist() == [[1, 1, 4, 3], [15, 5, 10, 20]]


def test_the_image_that_bears_the_name_of_the_file_is_meant(read: Read) -> None:
    found = read(b=sheet(OBJECT.format("", 1, 2, 11, 22), name="a.png"))
    assert found.items.index.tolist() == ["b"]
    rules = {finding.rule: finding for finding in found.findings}
    assert rules["dataset/other-name"].items == ("Annotations/b.xml says a.png",)
    found = read(b=sheet(), x=sheet(OBJECT.format("", 1, 2, 11, 22), name="C:\\data\\c.PNG"))
    assert found.items.index.tolist() == ["b", "c"]


def test_the_lists_tell_the_part_of_the_split(read: Read, tmp_path: Path) -> None:
    lists = tmp_path / "data" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "trainval.txt").write_text("a\nb\nc\n")
    (lists / "val.txt").write_bytes(b"b 1\r\n\r\n")
    (lists / "fish_val.txt").write_text("a 1\n")
    found = read(a=sheet(), b=sheet(), c=sheet(OBJECT.format("", 1, 2, 11, 22)))
    assert found.items["split"].tolist() == ["trainval", "val", "trainval"]


def test_masks_beside_are_told(read: Read, tmp_path: Path) -> None:
    (tmp_path / "data" / "SegmentationClass").mkdir(parents=True)
    (note,) = read(a=sheet(OBJECT.format("", 1, 2, 11, 22))).findings[:1]
    assert (note.rule, note.severity) == ("dataset/left-out", "note")


BOMB = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><annotation><filename>&z;</filename></annotation>'
FAULTS: list[tuple[str | bytes, str, str]] = [
    # the file, the rule, words of the finding
    ("<annotation><filename>a.png", "label-file", "a.xml:1:28: this is not XML: no element found"),
    ("<annotations></annotations>", "label-file", "its root is <annotations>, not <annotation>"),
    ("", "label-file", "no element found"),
    ("{}", "label-file", "a.xml:1:1: this is not XML: not well-formed"),
    (BOMB, "label-file", "the XML declares entities"),
    ("<annotation>" + "<a>" * 100, "label-file", "nested too deeply"),
    ("<annotation><filename>é</filename></annotation>".encode("latin-1"), "label-file", "not well-formed"),
    (b'<?xml version="1.0" encoding="nonsense"?><annotation/>', "label-file", "encoding that is not known"),
    (sheet("<object><bndbox/></object>"), "category", "1 object has no class: Annotations/a.xml:1"),
    (sheet("<object><name>fish</name></object>"), "shape", "Annotations/a.xml:1"),
    (sheet(OBJECT.format("", "x", 2, 3, 4)), "shape", "Annotations/a.xml:1"),
    (sheet(OBJECT.format("", "nan", 2, 3, 4)), "shape", "Annotations/a.xml:1"),
    (sheet(OBJECT.format("", 11, 2, 3, 4)), "box", "Annotations/a.xml:1"),
    (sheet(OBJECT.format("", 100, 2, 300, 4)), "box-outside", "Annotations/a.xml:1"),
    (sheet(more="<size><width>41</width><height>30</height></size>"), "image-size", "a.png is 40 × 30"),
    (sheet(), "category", "there is no class, and no object of any"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "words"), FAULTS)
def test_faults_are_told(read: Read, text: str | bytes, rule: str, words: str) -> None:
    errors = refused(read, a=text)
    assert [error.rule for error in errors] == [f"dataset/{rule}"]
    assert words in str(errors[0])


def test_declared_encodings_and_marks_are_read(read: Read) -> None:
    text = '<?xml version="1.0" encoding="latin-1"?>\r\n' + sheet(OBJECT.format("", 1, 2, 11, 22)).replace(
        "fish", "Bär"
    )
    assert read(a=text.encode("latin-1")).labels["label"].tolist() == ["Bär"]
    assert read(a="\ufeff" + text.replace("latin-1", "utf-8")).labels["label"].tolist() == ["Bär"]


def test_all_files_are_told_at_once(read: Read) -> None:
    (error,) = refused(read, a="<a", b="<b", c=sheet())
    assert (error.count, len(error.items)) == (2, 2)


def test_two_files_of_one_image_are_refused(read: Read) -> None:
    (error,) = refused(read, a=sheet(), z=sheet(name="a.png"))
    assert error.rule == "dataset/annotated-twice"


def test_a_folder_without_xml_is_refused(tmp_path: Path) -> None:
    draw_images(tmp_path / "data")
    (error,) = refused(read_at, tmp_path, "voc", "data")
    assert error.message == "data holds no XML file"
    (error,) = refused(read_at, tmp_path, "voc", "nowhere")
    assert error.rule == "dataset/missing-file"


@pytest.mark.real_data
def test_real_files(tmp_path: Path) -> None:
    found = read_at(tmp_path, "voc", real("bccd", "BCCD").resolve())
    assert (len(found.items), len(found.labels)) == (364, 4886)
    assert found.labels["label"].value_counts().to_dict() == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    assert found.items["split"].value_counts().to_dict() == {"train": 205, "val": 87, "test": 72}
    (warning,) = found.findings
    assert (warning.rule, warning.count) == ("dataset/empty-object", 2)
    assert "BloodImage_00338" in warning.items[0]


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["voc_dataset/voc_dataset1", "voc_dataset/voc_dataset3", "kaggle_dataset/relaxed_voc1"]
)
def test_real_layouts(name: str, tmp_path: Path) -> None:
    path = real("exports", "datumaro", name).resolve()
    assert recognise_dataset(path)[0] == "voc"
    assert sketch_dataset("voc", path)["task"].value == "detection"
    found = read_at(tmp_path, "voc", path).labels  # boxes as datumaro's own tests expect them
    assert found[["x", "y", "width", "height"]].to_numpy().tolist()[0] == [1, 2, 2, 2]
    assert found["label"].tolist()[0] == "cat"
