"""DICOM: folders of files as images, patients never cut apart, and nothing of who they are in what is published."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import JPEGLossless

from compete.building.media import clean_image, read_image
from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import ChallengeError, DatasetError, Finding
from compete.jobs import build
from compete.readers import read_dataset, recognise_dataset, sketch_dataset
from compete.readers.stacks.rules import STACK_RULES
from tests.readers.annotated_files import SAMPLES, as_json
from tests.readers.dicom_files import PEOPLE, dicom, file_bytes, slice_of, write_many, write_sample


def read(root: Path, more: str = "label: folder, group: patient") -> Dataset:
    (root / "challenge.yaml").write_text(
        f"name: scans\ntitle: b\ntask: classification\ndata: {{reader: dicom, path: data, {more}}}\n"
        "split: {test: 0.4, public: 0.5, seed: 0123456789abcdef}\nscore: {metric: accuracy}\n"
    )
    return read_dataset(load_challenge(root))


def refused(root: Path, more: str = "label: folder, group: patient") -> dict[str, Finding]:
    with pytest.raises(DatasetError) as caught:
        read(root, more)
    return {one.rule: one for one in caught.value.findings if one.severity == "error"}


def told(dataset: Dataset) -> dict[str, Finding]:
    return {one.rule: one for one in dataset.findings}


def test_the_sample_is_read_as_expected(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    assert as_json(read(tmp_path)) == json.loads((SAMPLES / "dicom" / "expected.json").read_text())


def test_the_sample_is_recognised_and_a_challenge_proposed(tmp_path: Path) -> None:
    name, reason = recognise_dataset(write_sample(tmp_path / "data"))
    assert (name, reason) == ("dicom", "DICOM by the first bytes of ill/cine.dcm")
    proposed = sketch_dataset("dicom", tmp_path / "data")
    assert [proposed[key].value for key in ("task", "label")] == ["classification", "folder"]
    assert [one.value for one in proposed["group"]] == ["patient"]


def test_files_without_any_ending_are_recognised(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"1.2.826.{number}").write_bytes(file_bytes(dicom(number=number), preamble=number > 1))
    assert recognise_dataset(tmp_path)[0] == "dicom"


def everything_public(bundle: Path) -> bytes:
    """All bytes of a bundle's public folder, also those that are packed."""
    parts = [path.name.encode() + path.read_bytes() for path in bundle.rglob("*") if path.is_file()]
    for path in bundle.rglob("*.png"):
        with Image.open(path) as image:
            parts.append(repr(image.info).encode() + image.tobytes())
    for path in bundle.rglob("*.zip"):
        with zipfile.ZipFile(path) as packed:
            parts += [packed.read(name) for name in packed.namelist()]
    return b"\n".join(parts)


def test_nothing_of_who_they_are_is_published(tmp_path: Path) -> None:
    """Every element that tells of people, places and times has a canary; none of it comes out."""
    write_many(tmp_path / "data")
    read(tmp_path, "label: folder, group: patient, subgroups: [sex, age], features: [modality, spacing]")
    build(tmp_path, tmp_path / "bundle")
    public = everything_public(tmp_path / "bundle" / "public")
    assert len(list((tmp_path / "bundle" / "public").rglob("*.png"))) == 24
    secrets = ["canary", "1.2.826", *(value for name, value in PEOPLE.items() if name.endswith("Date"))]
    assert not [secret for secret in secrets if secret.encode() in public.lower()]
    assert b"modality" in public  # and what was asked for is there
    private = everything_public(tmp_path / "bundle" / "private")
    assert b"Canary" not in private  # of numbers of patients only digests are kept


def test_the_reader_keeps_nothing_of_who_they_are(tmp_path: Path) -> None:
    write_many(tmp_path / "data")
    found = read(tmp_path)
    text = found.items.drop(columns="file").reset_index(drop=True).to_json() + found.labels["label"].to_json()
    text += " ".join(map(str, found.findings))
    assert "canary" not in text.lower()
    assert found.items["age"].tolist()[0] == "90"  # ages beyond are as telling as a name


COLUMNS: dict[str, tuple[str, Callable[[int], str]]] = {
    "a patient's number": ("features: [who]", lambda patient: f"canaryID-{patient}"),
    "a name": ("features: [who]", lambda _: "Canaryname"),
    "a date": ("features: [who]", lambda _: "20190304"),
    "a place as subgroup": ("subgroups: [who]", lambda patient: "Canaryhospital" if patient % 2 else "x"),
    "a unique number as label": ("", lambda patient: "1.2.826.888.1" if patient % 2 else "x"),
}


@pytest.mark.parametrize("case", COLUMNS)
def test_columns_that_tell_who_are_refused(tmp_path: Path, case: str) -> None:
    more, cell = COLUMNS[case]
    write_many(tmp_path / "data")
    rows = [f"1.2.826.99{2 * patient + row}.777.dcm,{'well' if patient % 3 else 'ill'},{cell(patient)}"
            for patient in range(12) for row in range(2)]  # fmt: skip
    (tmp_path / "labels.csv").write_text("\n".join(["name,label,who", *rows]))
    label = "label" if more else "who"
    found = refused(tmp_path, f"items: labels.csv, label: {label}, group: patient, {more}")
    assert "of 'who' tell who a patient is" in found["dataset/identity"].message
    assert "canary" not in str(found["dataset/identity"]).lower()


def test_names_of_files_that_tell_who_are_not_kept(tmp_path: Path) -> None:
    write_many(tmp_path / "data")
    found = refused(tmp_path, "label: folder, group: patient, ids: keep")
    assert found["dataset/identity"].message == "24 names of files tell who a patient is"


def test_patients_are_never_cut_apart(tmp_path: Path) -> None:
    write_many(tmp_path / "data")
    found = refused(tmp_path, "label: folder")
    assert found["dataset/cut-apart"].message == "12 patients have items in several groups"
    assert found["dataset/cut-apart"].hint.startswith("say data.group: patient")
    assert refused(tmp_path, "label: folder, group: [patient, spacing, file]").keys() == {"dataset/cut-apart"}
    assert "dataset/cut-apart" not in told(read(tmp_path, "label: folder, group: folder"))  # coarser is as good


def test_labels_of_a_table_hold_for_all_frames_of_a_file(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    (tmp_path / "labels.csv").write_text("file name,finding\nIM0001,a\ncine,b\nold,a\n")
    found = read(tmp_path, "items: labels.csv, label: finding, group: patient")
    assert found.items["finding"].tolist() == ["a", "b", "b", "a"]
    (tmp_path / "labels.csv").rename(tmp_path / "data" / "labels.csv")
    proposed = sketch_dataset("dicom", tmp_path / "data")
    assert [proposed[key].value for key in ("items", "label")] == ["data/labels.csv", "finding"]


def test_frames_are_chosen(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    names = [Path(file).name for file in read(tmp_path, "label: folder, group: patient, view: {frame: last}")
             .items["file"]]  # fmt: skip
    assert names == ["IM0001#frame=0.png", "cine.dcm#frame=1.png", "old#frame=0.png"]
    fault = refused(tmp_path, "label: folder, group: patient, view: {frame: 1}")["image/plane"]
    assert fault.message == "2 files cannot be taken"
    assert "it has no frame '1'; there are 1" in fault.items[0]


def test_a_window_for_all_is_told_and_taken(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    found = read(tmp_path, "label: folder, group: patient, view: {window: [0, 100]}")
    assert told(found)["image/rescaled"].items == ("4 × 8 bits, window 0 wide 100, rescaled × 1 + -1024",)
    wide = read(tmp_path, "label: folder, group: patient, view: {window: none}")
    shades = [clean_image(read_image(one.items["file"].iloc[0])[0]) for one in (found, wide)]
    assert [shade.mode for shade in shades] == ["L", "I;16"]
    with pytest.raises(ChallengeError, match="challenge refused"):
        read(tmp_path, "label: folder, view: {window: [1]}")
    assert "image/window" in refused(tmp_path, "label: folder, group: patient, view: {window: [40, 0]}")


def test_images_that_are_shown_differently_are_told(tmp_path: Path) -> None:
    write_many(tmp_path / "data", 4)
    (tmp_path / "data/ill/plain.dcm").write_bytes(file_bytes(dicom("Canaryid-1", 9, WindowCenter=None)))
    found = told(read(tmp_path))["image/window"]
    assert found.message == "pictures are shown in 2 ways, some with 8 and some with 16 bits"
    assert found.items[1] == "1 × 16 bits, values as stored"


def test_names_in_the_pixels_stop_the_build(tmp_path: Path) -> None:
    write_many(tmp_path / "data", 4)
    (tmp_path / "data/ill/us.dcm").write_bytes(file_bytes(dicom("Canaryid-1", 9, BurnedInAnnotation="YES")))
    assert refused(tmp_path)["image/burned-in"].items == ("ill/us.dcm#frame=0.png",)


def test_files_without_a_patient_are_told_and_kept_together(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "ill"
    folder.mkdir(parents=True)
    for number in range(4):
        data = dicom("", number, StudyInstanceUID=None if number > 1 else "1.2.3.4")
        (folder / f"{number}.dcm").write_bytes(file_bytes(data))
    two = dicom("", 5, pixels=np.stack([slice_of(5), slice_of(6)]),
                StudyInstanceUID=None)  # fmt: skip
    (folder / "two.dcm").write_bytes(file_bytes(two))
    (tmp_path / "data/labels.csv").write_text("f,finding\n0,a\n1,b\n2,a\n3,b\ntwo,a\n")
    found = read(tmp_path, "items: data/labels.csv, label: finding, group: patient")
    assert told(found)["dataset/no-patient"].count == 6
    assert found.items["patient"].nunique() == 4


@pytest.mark.parametrize("view", ["{z: 2.5}", "{frame: some}", "{depth: 1}", "{window: wide}", "{}", "{z: -1}"])
def test_views_that_mean_nothing_are_refused(tmp_path: Path, view: str) -> None:
    write_sample(tmp_path / "data")
    with pytest.raises(ChallengeError, match="challenge refused"):
        read(tmp_path, f"label: folder, view: {view}")


def test_pixels_that_nothing_unpacks_name_what_to_install(tmp_path: Path) -> None:
    write_many(tmp_path / "data", 3)
    packed = dicom(number=9)
    packed.file_meta.TransferSyntaxUID = JPEGLossless
    packed["PixelData"].is_undefined_length = True
    packed.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    (tmp_path / "data/ill/packed.dcm").write_bytes(file_bytes(packed))
    fault = refused(tmp_path)["image/no-decoder"]
    assert "1.2.840.10008.1.2.4.57" in fault.items[0]
    assert fault.hint.startswith("pip install pylibjpeg pylibjpeg-libjpeg")


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path / "data")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    fault = refused(tmp_path)["image/no-pydicom"]
    assert fault.hint == "install it: pip install 'compete[dicom]'"


def test_folders_without_pictures_or_labels_are_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/notes.txt").write_text("nothing")
    assert "dataset/label-file" in refused(tmp_path)
    (tmp_path / "data/a.dcm").write_bytes(file_bytes(dicom()))
    with pytest.raises(DatasetError, match="cannot be read"):
        sketch_dataset("dicom", tmp_path / "data")


def test_every_rule_that_is_told_is_explained() -> None:
    places = ("readers/stacks", "readers/formats/dicom.py", "readers/formats/tiff.py", "readers/unmarked.py")
    root = Path(__file__).parents[2] / "compete"
    files: list[Any] = [path for place in places for path in [root / place, *(root / place).glob("*.py")]]
    text = "".join(path.read_text() for path in files if path.is_file())
    for rule in STACK_RULES:
        assert re.search(rf'"{rule}"', text), rule
