"""The reader of Open Images: the tables of a release, what is at hand of them, and what is refused or told."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import CompeteError, DatasetError, Finding
from compete.readers import read_dataset, recognise_dataset, sketch_dataset
from compete.readers.formats.open_images_file import read_open_images
from compete.readers.rules import DATASET_RULES

WIDE, HIGH = 40, 30
BOXES, LABELS, NAMES = "validation-annotations-bbox.csv", "validation-annotations-human-imagelabels.csv", "names.csv"
TREE, LIST = "hierarchy.json", "validation-images-with-rotation.csv"
FILES = {
    BOXES: "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction\n"
    "aa,xclick,/m/cat,1,0.25,0.5,0.1,0.4,0,0,0,0\n"
    "aa,xclick,/m/pet,1,0,1,0,1,0,0,1,0\n"
    "bb,activemil,/m/dog,1,0.5,0.75,0.5,1,-1,-1,-1,-1\n"
    "zz,xclick,/m/cow,1,0.5,0.75,0.5,1,0,0,0,0\n",
    LABELS: "ImageID,Source,LabelName,Confidence\naa,verification,/m/cat,1\naa,verification,/m/dog,0\n"
    "bb,crowdsource-verification,/m/cat,0\nbb,machine,/m/cow,1\nbb,verification,/m/sky,0\n"
    "cc,verification,/m/pet,0\ncc,verification,/m/dog,1\nbb,verification,/m/pet,0.7\n",
    NAMES: "/m/dog,Dog\n/m/sky,Sky\n/m/pet,Pet\n/m/cat,Cat\n/m/cow,Cow\n",
    TREE: json.dumps({
        "LabelName": "/m/all", "Subcategory": [
            {"LabelName": "/m/pet", "Subcategory": [{"LabelName": "/m/cat"}, {"LabelName": "/m/dog"}],
             "Part": [{"LabelName": "/m/tail"}]},
        ],
    }),
    LIST: "ImageID,Subset,OriginalURL,Author,Title,Rotation\naa,validation,http://x,Canary Person,T,90\n"
    "bb,validation,,,,\ncc,validation,,,,\nyy,validation,,,,\n",
}  # fmt: skip
SAMPLES = Path(__file__).parent / "samples"
NAMED = {1: "Dog", 2: "Pet", 3: "Cat", 4: "Cow"}


def write_files(folder: Path, **changed: str | None) -> Path:
    """A release with three images, changed in some files; None leaves a file out."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(("aa.jpg", "bb.png", "cc.jpg")):
        Image.new("L", (WIDE, HIGH), place * 60).save(folder / "images" / name)
    names = {"boxes": BOXES, "labels": LABELS, "names": NAMES, "tree": TREE, "list": LIST}
    for key, name in names.items():
        text = changed.get(key, FILES[name])
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def read_files(folder: Path, path: str = "release", more: str = "") -> Dataset:
    """The dataset of a challenge on a release."""
    (folder / "challenge.yaml").write_text(
        f"name: a\ntitle: b\ntask: detection\ndata: {{reader: open_images, path: {path}{more}}}\n"
        "split: {seed: 0123456789abcdef}\nscore: {metric: open_images_ap}\n"
    )
    return read_dataset(load_challenge(folder))


def refused(folder: Path, **more: Any) -> list[Finding]:
    """The errors of a release that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, **more)
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def told(found: Dataset) -> dict[str, Finding]:
    """The findings of a dataset by rule."""
    assert all(finding.rule in DATASET_RULES for finding in found.findings)
    return {finding.rule.partition("/")[2]: finding for finding in found.findings}


def pairs(found: Dataset, name: str) -> set[tuple[str, str]]:
    """The pairs of a coverage by the names of images and classes."""
    listed = getattr(found.coverage, name)
    names = [category.name for category in found.categories]
    firsts = names if name == "parents" else found.items.index.tolist()
    return {(firsts[one], names[other]) for one, other in listed.tolist()}


def as_plain(found: Dataset) -> dict[str, Any]:
    """A dataset as JSON holds it, without places on this disk."""
    assert found.coverage
    listed = ("absent", "present", "parents")
    return {
        "items": {str(name): row for name, row in found.items.drop(columns="file").to_dict("index").items()},
        "labels": json.loads(found.labels.round(9).to_json(orient="records")),
        "categories": [[one.number, one.name, one.supercategory] for one in found.categories],
        "coverage": {name: sorted(map(list, pairs(found, name))) for name in listed},
    }


def test_a_release_is_read(tmp_path: Path) -> None:
    write_files(tmp_path / "release")
    found = read_files(tmp_path)
    assert found.items.index.tolist() == ["aa", "bb", "cc"]
    assert set(found.items.columns) == {"file", "width", "height", "split"}
    assert set(found.items["split"]) == {"val"}
    assert {category.number: category.name for category in found.categories} == NAMED
    assert [category.supercategory for category in found.categories] == ["Pet", "", "Pet", ""]
    columns = ["item", "label", "x", "y", "width", "height", "crowd"]
    assert found.labels[columns].round(9).to_numpy().tolist() == [
        ["aa", "Cat", 10, 3, 10, 9, False], ["aa", "Pet", 0, 0, 40, 30, True], ["bb", "Dog", 20, 15, 10, 15, False],
    ]  # fmt: skip
    assert pairs(found, "absent") == {("aa", "Dog"), ("bb", "Cat"), ("cc", "Pet")}
    assert pairs(found, "present") == {("aa", "Cat"), ("cc", "Dog")}
    assert pairs(found, "parents") == {("Cat", "Pet"), ("Dog", "Pet")}
    findings = told(found)
    assert set(findings) == {"missing-file", "unused-category"}
    assert (findings["missing-file"].items, findings["missing-file"].count) == (("yy", "zz"), 2)
    assert "Canary" not in found.items.to_csv()
    expected = json.loads((SAMPLES / "open_images" / "expected.json").read_text())
    assert as_plain(found) == expected


def test_a_table_of_boxes_brings_those_beside_it(tmp_path: Path) -> None:
    write_files(tmp_path / "release")
    other = "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf\ncc,/m/cow,0,1,0,1,0\n"
    (tmp_path / "release/train-annotations-bbox.csv").write_text(other)
    every, one = read_files(tmp_path), read_files(tmp_path, f"release/{BOXES}")
    assert (len(every.labels), len(one.labels)) == (4, 3)
    assert every.items["split"].tolist() == ["val", "val", "train"]
    few = read_files(tmp_path, "release/train-annotations-bbox.csv")
    assert few.items.index.tolist() == ["cc"]
    assert few.labels["label"].tolist() == ["Cow"]
    assert few.items["split"].tolist() == ["train"]


def test_tables_may_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    """As other tools store them: data, labels and metadata beside each other."""
    write_files(tmp_path / "release")
    release = tmp_path / "release"
    (release / "images").rename(release / "data")
    for name, folder in ((BOXES, "labels"), (LABELS, "labels"), (NAMES, "metadata"), (TREE, "metadata")):
        (release / folder).mkdir(exist_ok=True)
        (release / name).rename(release / folder / name)
    (release / LIST).unlink()
    (release / "labels" / BOXES).rename(release / "labels/detections.csv")
    for path in ("release", "release/labels/detections.csv"):
        found = read_files(tmp_path, path)
        assert (len(found.labels), len(found.items)) == (3, 3)
        assert pairs(found, "parents") == {("Cat", "Pet"), ("Dog", "Pet")}
    found = read_files(tmp_path, "release/labels/detections.csv", ", images: release/data")
    assert len(found.labels) == 3


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    write_files(tmp_path / "release", labels=None, names=None, tree=None, list=None)
    found = read_files(tmp_path)
    assert found.items.index.tolist() == ["aa", "bb"]
    assert [category.name for category in found.categories] == ["/m/cat", "/m/cow", "/m/dog", "/m/pet"]
    assert found.coverage
    assert found.coverage.absent is not None
    assert (found.coverage.absent.tolist(), found.coverage.parents) == ([], None)
    findings = told(found)
    assert (findings["category"].count, findings["category"].severity) == (4, "warning")
    assert "image-level labels" in findings["coverage"].message
    assert findings["unlisted-image"].items == ("cc.jpg",)


def test_a_release_without_boxes_is_known_and_told(tmp_path: Path) -> None:
    write_files(tmp_path / "release")
    for name in (BOXES, LABELS):
        (tmp_path / "release" / name).unlink()
    reader, reason = recognise_dataset(tmp_path / "release")
    assert (reader, "lists images" in reason) == ("open_images", True)
    with pytest.raises(DatasetError) as caught:
        sketch_dataset(reader, tmp_path / "release")
    assert "fetch PART-annotations-bbox.csv" in caught.value.findings[0].hint


def test_two_classes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    write_files(tmp_path / "release", names="LabelName,DisplayName\n/m/cat,Cat\n/m/dog,Cat\n/m/pet, \n")
    names = {category.name for category in read_files(tmp_path).categories}
    assert names == {"Cat (/m/cat)", "Cat (/m/dog)", "/m/pet", "/m/cow"}


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("0.25,0.5,0.1", "0.5,0.25,0.1", "box", "fractions"),
        ("0.25,0.5,0.1", "10,20,0.1", "box", "fractions"),
        ("0.25,0.5,0.1", "nan,0.5,0.1", "box", "fractions"),
        ("0.25,0.5,0.1", ",0.5,0.1", "box", "fractions"),
        ("bb,activemil,/m/dog,1,0.5,0.75,0.5,1,-1,-1,-1,-1", "bb,activemil,/m/dog,1,0.5", "ragged-row", "too few"),
        ("XMin", "Xmin", "label-file", "no table of boxes"),
        ("aa,xclick", "aa," + "x" * 140_000, "quoting", "cannot be read"),
    ],
)  # fmt: skip
def test_one_fault_one_error(tmp_path: Path, old: str, new: str, rule: str, words: str) -> None:
    write_files(tmp_path / "release", boxes=FILES[BOXES].replace(old, new, 1))
    (error,) = refused(tmp_path)
    assert error.rule == f"dataset/{rule}"
    assert words in error.message


def test_more_faults(tmp_path: Path) -> None:
    release = write_files(tmp_path / "release")
    for name in ("bb.jpg", "other.jpg", "other.png"):  # the last two are named by no table
        shutil.copy(release / "images/aa.jpg", release / "images" / name)
    (error,) = refused(tmp_path)
    assert (error.rule, error.items) == ("dataset/annotated-twice", ("images/bb.jpg and images/bb.png",))
    for name in ("bb.jpg", "other.jpg", "other.png"):
        (release / "images" / name).unlink()
    (release / NAMES).write_bytes(FILES[NAMES].replace("Dog", "D\xf6g").encode("latin-1"))
    (error,) = refused(tmp_path)
    assert (error.rule, error.where) == ("dataset/encoding", NAMES)
    write_files(release, tree=FILES[TREE].replace('"/m/cat"}', '"/m/cat", "Subcategory": [{"LabelName": "/m/pet"}]}'))
    (error,) = refused(tmp_path)
    assert (error.rule, error.items) == ("dataset/coverage", ("Dog", "Pet", "Cat"))
    write_files(release, tree='{"LabelName": "x", "Subcategory": [3]}')
    (error,) = refused(tmp_path)
    assert (error.rule, error.where) == ("dataset/label-file", TREE)
    write_files(release)
    shutil.rmtree(release / "images")
    (error,) = refused(tmp_path)
    assert (error.rule, "not one image" in error.message) == ("dataset/missing-file", True)
    (error,) = refused(tmp_path, path="nowhere.csv")
    assert (error.rule, error.where) == ("dataset/missing-file", "challenge.yaml:4:35")


def test_a_class_that_has_a_box_where_it_is_absent_is_told(tmp_path: Path) -> None:
    write_files(
        tmp_path / "release", labels=FILES[LABELS].replace("aa,verification,/m/cat,1", "aa,verification,/m/cat,0")
    )
    warning = told(read_files(tmp_path))["coverage"]
    assert (warning.items, warning.severity) == (("Cat in images/aa.jpg",), "warning")


def test_a_release_is_recognised_and_sketched(tmp_path: Path) -> None:
    release = write_files(tmp_path / "release")
    assert recognise_dataset(release) == ("open_images", f"{BOXES} has the columns ImageID, LabelName, XMin")
    assert recognise_dataset(release / BOXES)[0] == "open_images"
    assert recognise_dataset(release / LABELS)[0] == "csv"
    found = sketch_dataset("open_images", release)
    assert (found["task"].value, found["images"]) == ("detection", None)
    assert found["metrics"].value == {"detection": "open_images_ap"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from([BOXES, LABELS, NAMES, TREE, LIST]),
    place=st.floats(0, 1),
    cut=st.integers(0, 12),
    new=st.binary(max_size=8) | st.sampled_from([b'"', b"\n", b",", b"\xff", b"nan", b"1e400", b"-1", b"[", b"\0"]),
)
def test_hostile_bytes_are_refused_or_read(tmp_path: Path, name: str, place: float, cut: int, new: bytes) -> None:
    release = write_files(tmp_path / "release")
    data = FILES[name].encode()
    at = int(place * len(data))
    (release / name).write_bytes(data[:at] + new + data[at + cut :])
    with suppress(CompeteError):
        assert len(read_files(tmp_path).items)


@pytest.mark.real_data
def test_a_real_layout_is_read(real_data: Path) -> None:
    """Four images; one without any row but in the list, and a list with a row that is short."""
    annotated = read_open_images(real_data / "exports/datumaro/open_images_dataset/v6")
    assert [Path(file).stem for file in annotated.file] == ["a", "b", "c", "d"]
    assert annotated.columns == {"split": ["train", "train", "test", "val"]}
    assert [entry["bbox"] for entry in annotated.annotations] == [
        pytest.approx([1.6, 0.6, 6.4, 0.4]),
        pytest.approx([3.5, 0, 0.5, 5]),
    ]
    assert [entry["iscrowd"] for entry in annotated.annotations] == [0, 1]
    assert annotated.coverage
    assert annotated.coverage.absent is not None
    assert annotated.coverage.absent.tolist() == [[1, 0]]
