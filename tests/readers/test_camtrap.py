"""The camtrap_dp reader: media, what was seen on them, and what is left out or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import feature_columns
from compete.errors import DatasetError, Finding
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.rules import DATASET_RULES
from tests.readers.yolo_files import read_files

PACKAGE = {
    "profile": "https://x/camtrap-dp-profile.json",
    "contributors": [{"title": "Ada", "email": "ada@example.org"}],
    "resources": [{"name": name, "path": f"{name}.csv"} for name in ("deployments", "media", "observations")],
}
MEDIA = "mediaID,deploymentID,captureMethod,timestamp,filePath,filePublic,fileName,fileMediatype\n"
SEEN = ("observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,observationType,"
        "scientificName,classifiedBy\n")  # fmt: skip
FILES = {
    "datapackage.json": json.dumps(PACKAGE),
    "deployments.csv": "deploymentID,locationID,latitude,setupBy,cameraID\nd1,L1,54.1,Ada,c7\nd2,L2,54.2,Ada,c8\n",
    "media.csv": MEDIA + "m1,d1,motion,2024-05-01T10:00:00+02:00,media/1.png,true,1.png,image/png\n"
    "m2,d1,motion,2024-05-01T10:00:05+02:00,https://x/y/file,true,2.png,image/png\n"
    "m3,d2,motion,2024-05-02T10:00:00Z,media/3.png,true,3.png,image/png\n"
    "m4,d2,motion,2024-05-03T10:00:00Z,media/4.png,false,4.png,image/png\n"
    "m5,d2,motion,2024-05-03T10:00:00Z,media/5.mp4,true,5.mp4,video/mp4\n"
    "m6,d2,motion,2024-05-03T10:00:00Z,https://x/6,true,6.png,image/png\n"
    "m7,d2,motion,2024-05-04T10:00:00Z,media/7.png,true,7.png,image/png\n",
    "observations.csv": SEEN + "o1,d1,,e1,2024-05-01T07:59:00Z,2024-05-01T08:01:00Z,event,animal,Meles meles,Ada\n"
    "o2,d2,m3,e2,,,media,blank,,Ada\n"
    "o3,d2,m7,e3,,,media,animal,Vulpes vulpes,Ada\n"
    "o4,d2,m7,e3,,,media,animal,Meles meles,Ada\n"
    "o5,d2,m9,e3,,,media,animal,Meles meles,Ada\n",
}
MORE = "  label: label\n  file: file\n"


def write(folder: Path, images: tuple[str, ...] = ("1", "2", "3", "4", "7"), **files: str) -> Path:
    """Write a package with some of its images; keyword arguments replace files."""
    spelt = {name.replace("_", "."): text for name, text in files.items()}
    (folder / "media").mkdir(parents=True, exist_ok=True)
    for name, text in (FILES | spelt).items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    for name in images:
        Image.new("L", (8, 8)).save(folder / "media" / f"{name}.png")
    return folder


def refused(folder: Path, more: str = MORE) -> list[Finding]:
    """The errors of a package that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, "classification", more, reader="camtrap_dp")
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def test_images_have_what_was_seen_on_them(tmp_path: Path) -> None:
    write(tmp_path / "data")
    found = read_files(tmp_path, "classification", MORE + "  group: [deploymentID, eventID]\n", reader="camtrap_dp")
    assert [Path(name).name for name in found.items["file"]] == ["1.png", "2.png", "3.png"]
    assert found.labels["label"].tolist() == ["Meles meles", "Meles meles", "blank"]
    assert found.items["eventID"].tolist() == ["e1", "e1", "e2"]
    assert found.items["locationID"].tolist() == ["L1", "L1", "L2"]
    assert not [word for word in ("Ada", "54.1", "https:") if word in found.items.to_csv()]
    assert feature_columns(load_challenge(tmp_path), found) == ()


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    write(tmp_path / "data")
    found = read_files(tmp_path, "classification", MORE, reader="camtrap_dp")
    told = [
        (one.rule.partition("/")[2], one.count, one.items) for one in found.findings if one.rule != "dataset/rare-class"
    ]
    assert ("left-out", 1, ("m4",)) in told
    assert ("left-out", 1, ("m5",)) in told
    assert ("remote-media", 1, ("https://x/6",)) in told
    assert ("several-labels", 1, ("Vulpes vulpes|Meles meles",)) in told
    assert ("missing-label", 1, ("line 8",)) in told
    assert ("orphan-row", 1, ("line 6",)) in told


def test_a_sketch_tells_what_is_not_public_and_what_is_not_here(tmp_path: Path) -> None:
    write(tmp_path / "data", images=("1", "3", "4", "7"))
    reason = sketch_dataset("camtrap_dp", tmp_path / "data")["task"].reason
    assert reason == (
        "label has 2 values; 1 medium is not public, and left out; 1 medium is no image, and left out; "
        "2 images are not here, and left out"
    )


def test_media_without_files_are_rows(tmp_path: Path) -> None:
    write(tmp_path / "data", images=())
    found = read_files(tmp_path, "classification", "  label: label\n  id: mediaID\n", reader="camtrap_dp")
    assert found.items.index.tolist() == ["m1", "m2", "m3"]
    (error,) = refused(tmp_path)
    assert (error.rule, error.count) == ("dataset/remote-media", 5)
    sketched = sketch_dataset("camtrap_dp", tmp_path / "data")
    assert sketched["file"] is None
    assert "fetch them" in sketched["task"].reason


@pytest.mark.parametrize("named", ["data", "data/datapackage.json"])
def test_a_package_is_recognised(tmp_path: Path, named: str) -> None:
    write(tmp_path / "data")
    assert recognise_dataset(tmp_path / named) == (
        "camtrap_dp",
        "datapackage.json with deployments, media, observations",
    )
    sketched = sketch_dataset("camtrap_dp", tmp_path / named)
    assert [one.value for one in sketched["group"]] == ["deploymentID", "eventID"]
    assert sketched["file"].value == "file"
    write(tmp_path / "data", datapackage_json='{"resources": [{"name": "media", "path": "media.csv"}]}')
    with pytest.raises(DatasetError, match="no table deployments and no table observations"):
        sketch_dataset("camtrap_dp", tmp_path / named)


def changed(**resource: Any) -> str:
    """The package with its second resource changed."""
    other = json.loads(json.dumps(PACKAGE))
    other["resources"][1] |= resource
    return json.dumps(other)


FAULTS = [
    ("datapackage_json", "{", "label-file", "not JSON"),
    ("datapackage_json", "[]", "label-file", "no table deployments"),
    ("datapackage_json", changed(path=["media.csv"]), "label-file", "no table media"),
    ("datapackage_json", changed(path="../media.csv"), "label-file", "outside the package"),
    ("datapackage_json", changed(path="http://x/media.csv"), "label-file", "outside the package"),
    ("datapackage_json", changed(path="/etc/passwd"), "label-file", "outside the package"),
    ("datapackage_json", changed(path="medium.csv"), "missing-file", "media.csv"),
    ("media_csv", "media_id,deployment_id\n1,2\n", "missing-column", "version 1"),
    ("media_csv", MEDIA, "empty-table", "no rows"),
    ("observations_csv", SEEN + 'x,"y\n', "quoting", "quote"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[2]}: {fault[3]}")
def test_one_fault_one_error(tmp_path: Path, fault: tuple[str, str, str, str]) -> None:
    file, text, rule, words = fault
    write(tmp_path / "data", **{file: text})
    error = refused(tmp_path)[0]
    assert (error.rule, words in str(error)) == (f"dataset/{rule}", True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(st.sampled_from([name.replace(".", "_") for name in FILES]), st.integers(0, 700), st.integers(0, 40),
       st.sampled_from(["", ",", "\n", '"', "é", "\0", "\udcff", "null", "]", "9999-99-99"]))  # fmt: skip
def test_any_edit_is_read_or_refused(tmp_path: Path, file: str, place: int, cut: int, text: str) -> None:
    whole = FILES[file.replace("_", ".")]
    write(tmp_path / "data", **{file: whole[:place] + text + whole[place + cut :]})
    try:
        findings = read_files(tmp_path, "classification", MORE, reader="camtrap_dp").findings
    except DatasetError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@pytest.mark.real_data
def test_a_real_package_is_read(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(real_data.resolve() / "dwc" / "camtrap_dp" / "example")
    assert recognise_dataset(tmp_path / "data")[0] == "camtrap_dp"
    found = read_files(tmp_path, "classification", "  label: observationType\n  id: mediaID\n", reader="camtrap_dp")
    assert len(found.items) == 423
    assert "Peter" not in found.items.to_csv()
    errors = refused(tmp_path)
    assert [error.rule for error in errors] == ["dataset/single-class"]  # ten images of one burst are here
