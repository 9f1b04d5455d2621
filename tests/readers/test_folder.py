"""The folder reader: one folder a class, everything else told."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.challenge import load_challenge
from compete.dataset import Dataset, feature_columns
from compete.errors import ChallengeError, DatasetError
from compete.readers import read_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES


def folder(tmp_path: Path, files: list[str]) -> Path:
    images = tmp_path / "images"
    for name in files:
        if name.endswith("/"):
            (images / name).mkdir(parents=True)
            continue
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        (images / name).write_bytes(b"x")
    return images


def read(tmp_path: Path, data: str = "") -> Dataset:
    (tmp_path / "challenge.yaml").write_text(
        f"name: a\ntitle: b\ntask: classification\ndata:\n  reader: folder\n  path: images\n  {data}\n"
        "split: {seed: 0123456789abcdef}\nscore: {metric: m}\n"
    )
    return read_dataset(load_challenge(tmp_path))


GOOD = ["dog/1.png", "dog/3.PNG", "cat/2.jpg", "cat/1.png", "dog/2.webp", "cat/10.tif"]


def test_folders_are_labels_and_paths_are_ids(tmp_path: Path) -> None:
    images = folder(tmp_path, GOOD)
    found = read(tmp_path)
    assert found.items.index.tolist() == [
        "cat/1.png",
        "cat/10.tif",
        "cat/2.jpg",
        "dog/1.png",
        "dog/2.webp",
        "dog/3.PNG",
    ]
    assert found.items["label"].tolist() == ["cat"] * 3 + ["dog"] * 3
    assert found.items["file"].tolist() == [str(images / name) for name in found.items.index]
    assert found.labels.to_dict("list") == {"item": found.items.index.tolist(), "label": found.items["label"].tolist()}
    assert found.findings == ()
    assert feature_columns(load_challenge(tmp_path), found) == ()


def test_what_is_no_image_of_a_class_is_told(tmp_path: Path) -> None:
    folder(tmp_path, [*GOOD, "notes.txt", "cat/Thumbs.db", "cat/deep/1.png", "bird/", "fish/readme.md",
                      ".DS_Store", "cat/.hidden.png", ".git/1.png"])  # fmt: skip
    found = read(tmp_path, "label: animal")
    assert len(found.items) == 6
    assert "animal" in found.items.columns
    told = {finding.rule: finding for finding in found.findings}
    assert told["dataset/stray-file"].items == ("cat/Thumbs.db", "cat/deep", "fish/readme.md")
    assert told["dataset/stray-file"].count == 4
    assert told["dataset/empty-class"].items == ("bird", "fish")
    assert set(told) <= set(DATASET_RULES)


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    images = folder(tmp_path, GOOD)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.png").write_bytes(b"x")
    (images / "cat" / "link.png").symlink_to(outside / "x.png")
    (images / "bird").symlink_to(outside)
    (images / "cat" / "inside.png").symlink_to(images / "cat" / "1.png")
    with pytest.raises(DatasetError) as caught:
        read(tmp_path)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.items) == ("dataset/file-outside", ("bird", "cat/link.png"))


def test_names_that_cannot_be_shown_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, [*GOOD, "cat/a\x1b[31m.png"])
    with pytest.raises(DatasetError) as caught:
        read(tmp_path)
    assert [finding.rule for finding in caught.value.findings] == ["dataset/file-name"]
    assert "\x1b" not in str(caught.value)


def test_columns_that_a_folder_does_not_have(tmp_path: Path) -> None:
    folder(tmp_path, GOOD)
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, "group: patient\n  subgroups: [sex]\n  drop: [x]")
    assert [finding.where for finding in caught.value.findings] == [
        "challenge.yaml:7:10", "challenge.yaml:9:3", "challenge.yaml:8:3"]  # fmt: skip
    assert {finding.rule for finding in caught.value.findings} == {"dataset/missing-column"}


@pytest.mark.parametrize("files", [["1.png", "2.png"], ["cat/a.txt"], []])
def test_a_folder_without_classes(tmp_path: Path, files: list[str]) -> None:
    folder(tmp_path, files)
    (tmp_path / "images").mkdir(exist_ok=True)
    with pytest.raises(DatasetError, match="no class folder"):
        read(tmp_path)
    with pytest.raises(DatasetError, match="no class folder"):
        sketch_dataset("folder", tmp_path / "images")


def test_one_class_is_nothing_to_tell_apart_and_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        read(tmp_path)
    folder(tmp_path, ["cat/1.png", "cat/2.png"])
    with pytest.raises(DatasetError, match="same label"):
        read(tmp_path)


def test_keeping_ids_would_show_the_label(tmp_path: Path) -> None:
    folder(tmp_path, GOOD)
    with pytest.raises(ChallengeError, match="challenge/label-shown"):
        read(tmp_path, "ids: keep")


def test_a_sketch_of_a_folder(tmp_path: Path) -> None:
    proposal = sketch_dataset("folder", folder(tmp_path, GOOD))
    assert proposal["task"].value == "classification"
    assert "6 images in 2 class folders: cat, dog" in proposal["task"].reason
    assert proposal["label"].value == "label"
