"""nnU-Net's and the Decathlon's folders: cases, channels in files of their own, classes, and what is missing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete.building.media import read_image
from compete.building.media.volumes import strip_volume
from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import DatasetError, Finding
from compete.jobs import build
from compete.nifti.header import VolumeFault, header_of
from compete.readers import read_dataset, recognise_dataset, sketch_dataset
from compete.readers.stacks.address import StackFault
from tests.building.volumes import AFFINE, image_of, labels_of, volume
from tests.readers.annotated_files import SAMPLES, as_json

SHAPE = (5, 8, 6)
SECOND = {
    "channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "organ": 1, "lesion": 2},
    "numTraining": 3, "file_ending": ".nii.gz",
}  # fmt: skip
DECATHLON = {
    "name": "Reef", "modality": {"0": "CT"}, "labels": {"0": "background", "1": "organ", "2": "lesion"},
    "numTraining": 3, "training": [{"image": "./imagesTr/case_1.nii.gz", "label": "./labelsTr/case_1.nii.gz"}],
}  # fmt: skip


def write(folder: Path, *, cases: int = 3, channels: int = 2, said: Any = SECOND, test: bool = False) -> Path:
    """A folder of cases; with one channel as the Decathlon names files."""
    chance = np.random.default_rng(5)
    parts = [("Tr", range(cases)), *([("Ts", range(cases, cases + 2))] if test else [])]
    for part, numbers in parts:
        for kind in ("images", "labels"):
            (folder / f"{kind}{part}").mkdir(parents=True, exist_ok=True)
        for number in numbers:
            labels = labels_of(chance, SHAPE)
            place = AFFINE + np.array([0, 0, 0, number])
            (folder / f"labels{part}/case_{number}.nii.gz").write_bytes(gzip.compress(volume(labels, place)))
            for channel in range(channels):
                ending = f"_{channel:04}" if channels > 1 else ""
                image = gzip.compress(volume(image_of(chance, labels) + np.int16(channel), place))
                (folder / f"images{part}/case_{number}{ending}.nii.gz").write_bytes(image)
    (folder / "dataset.json").write_text(json.dumps(said))
    return folder


def read(root: Path, more: str = "") -> Dataset:
    (root / "challenge.yaml").write_text(
        "name: organ\ntitle: b\ntask: semantic_segmentation\ndata: {reader: nnunet, path: data, id: name, file: file, "
        f"mask: mask, values: {{background: 0, organ: 1, lesion: 2}}{more}}}\n"
        "split: {test: 0.4, public: 0.5, seed: 5e1f0c2d7b3a4968}\nscore: {metric: dice_per_image(background=0)}\n"
    )
    return read_dataset(load_challenge(root))


def refused(root: Path) -> dict[str, Finding]:
    with pytest.raises(DatasetError) as caught:
        read(root)
    return {one.rule: one for one in caught.value.findings if one.severity == "error"}


def test_the_sample_is_read_as_expected(tmp_path: Path) -> None:
    write(tmp_path / "data")
    found = json.loads(json.dumps(as_json(read(tmp_path))).replace(f"{tmp_path}/", ""))
    assert found == json.loads((SAMPLES / "nnunet" / "expected.json").read_text())


@pytest.mark.parametrize(("channels", "said"), [(2, SECOND), (1, DECATHLON)])
def test_it_is_recognised_and_a_challenge_proposed(tmp_path: Path, channels: int, said: Any) -> None:
    path = write(tmp_path / "data", channels=channels, said=said)
    assert recognise_dataset(path) == ("nnunet", "dataset.json beside imagesTr and labelsTr; it might be folder too")
    proposed = sketch_dataset("nnunet", path)
    assert proposed["values"].value == {"background": 0, "organ": 1, "lesion": 2}
    assert proposed["metrics"].value == {"semantic_segmentation": "dice_per_image(background=0)"}
    assert proposed["ignore"] is None


def test_channels_become_one_volume(tmp_path: Path) -> None:
    write(tmp_path / "data")
    found = read(tmp_path)
    assert (found.volumes, found.findings) == (True, ())
    file = found.items["file"].iloc[0]
    assert Path(file).name == "case_0_0000.nii.gz#c=0-1.nii"
    raw, _ = read_image(file)
    header = header_of(raw, labels=False)
    assert (header.shape, header.frames) == (SHAPE, 2)
    first, second = np.frombuffer(raw, "<i2", offset=header.start).reshape(2, *SHAPE)
    for channel, values in enumerate((first, second)):
        one = gzip.decompress((tmp_path / f"data/imagesTr/case_0_{channel:04}.nii.gz").read_bytes())
        np.testing.assert_array_equal(values.ravel(), np.frombuffer(one[-values.nbytes :], "<i2"))
    np.testing.assert_allclose(header.affine, AFFINE)
    assert strip_volume(raw)[1].frames == 2


@pytest.mark.parametrize(
    "change",
    [{"affine": AFFINE * 2}, {"values": np.zeros(SHAPE, np.float32)}, {"values": np.zeros((5, 8, 7), np.int16)}],
)
def test_channels_that_differ_are_not_joined(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path / "data")
    other = volume(change.get("values", np.zeros(SHAPE, np.int16)), change.get("affine", AFFINE))
    (tmp_path / "data/imagesTr/case_0_0001.nii.gz").write_bytes(gzip.compress(other))
    from compete.readers.stacks.address import stack_address
    from compete.readers.stacks.contents import read_content

    inside = stack_address(read(tmp_path).items["file"].iloc[0])
    assert inside is not None
    with pytest.raises((StackFault, VolumeFault), match="differ in size, kind, scale or place"):
        read_content(inside)


def test_a_bundle_is_built_of_channels(tmp_path: Path) -> None:
    write(tmp_path / "data", cases=12)
    read(tmp_path)
    build(tmp_path, tmp_path / "bundle")
    public = sorted((tmp_path / "bundle" / "public").rglob("*.nii.gz"))
    images = [path for path in public if path.parent.name in ("train", "test")]
    assert len(images) == 12
    assert {header_of(gzip.decompress(path.read_bytes()), labels=False).frames for path in images} == {2}


def test_labels_of_the_test_make_a_published_split(tmp_path: Path) -> None:
    path = write(tmp_path / "data", test=True)
    assert read(tmp_path).items["split"].tolist() == ["train"] * 3 + ["test"] * 2
    assert sketch_dataset("nnunet", path)["split"].value == {
        "column": "split", "values": {"train": ["train"], "test": ["test"]}
    }  # fmt: skip
    for file in (path / "labelsTs").iterdir():
        file.unlink()
    found = read(tmp_path)
    assert len(found.items) == 3
    assert [one.message for one in found.findings] == ["2 images have no labels and are left out"]


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    write(tmp_path / "data")
    (tmp_path / "data/imagesTr/case_0_0000.nii.gz").unlink()
    for channel in range(2):
        (tmp_path / f"data/imagesTr/case_1_000{channel}.nii.gz").unlink()
    found = refused(tmp_path)
    assert found["dataset/label-file"].items == ("case_0: 0001",)
    assert found["dataset/unknown-image"].items == ("labelsTr/case_1.nii.gz",)


def test_channels_of_pictures_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "data")
    for file in (path / "imagesTr").iterdir():
        file.rename(str(file).replace(".nii.gz", ".png"))
    assert refused(tmp_path)["dataset/label-file"].message == "3 cases have several channels that are no volumes"


@pytest.mark.parametrize(
    ("labels", "values", "ignore"),
    [
        (
            {"background": 0, "whole": [1, 2], "core": [2], "ignore": 3},
            {"background": 0, "class_1": 1, "class_2": 2},
            3,
        ),
        ({"background": 0, "a": 1, "b": 70000}, {"background": 0, "a": 1}, None),
    ],
)
def test_classes_are_as_the_settings_say(tmp_path: Path, labels: Any, values: Any, ignore: int | None) -> None:
    path = write(tmp_path / "data", said={"labels": labels})
    proposed = sketch_dataset("nnunet", path)
    assert proposed["values"].value == values
    assert (proposed["ignore"] and proposed["ignore"].value) == ignore


@pytest.mark.parametrize("said", [{}, [], {"labels": 3}, {"labels": {"a": 0}}, {"labels": {"a": 1, "b": 1}}, "x"])
def test_settings_that_name_no_classes_are_refused(tmp_path: Path, said: Any) -> None:
    path = write(tmp_path / "data", said=said)
    with pytest.raises(DatasetError, match="cannot be read"):
        sketch_dataset("nnunet", path)
