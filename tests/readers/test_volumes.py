"""Volumes as the readers see them: where their voxels lie, labels as runs, and what is wrong with bad ones."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import Dataset, feature_columns
from compete.errors import CompeteError, DatasetError, Finding
from compete.nifti.header import FIELDS, Grid, VolumeFault
from compete.readers import read_dataset, sketch_dataset
from compete.readers.volumes import read_volumes, volume_header
from tests.building.volumes import AFFINE, N, image_of, labels_of, packed, volume, write_volumes


def read(root: Path) -> Dataset:
    return read_dataset(load_challenge(root))


def refused(root: Path) -> dict[str, Finding]:
    with pytest.raises(DatasetError) as caught:
        read(root)
    return {one.rule: one for one in caught.value.findings}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_volumes(tmp_path)


def first_labels() -> np.ndarray:
    return labels_of(np.random.default_rng(11))


def test_sizes_places_and_labels_are_read(root: Path) -> None:
    found = read(root)
    assert (found.volumes, len(found.items), found.findings) == (True, N, ())
    first = found.items.iloc[0]
    assert [first[name] for name in ("width", "height", "depth")] == ["14", "16", "10"]
    assert first["affine"] == "-0.8 0.0 0.0 40.5 0.0 0.8 0.0 -30.25 0.0 0.0 3.0 -12.0"
    assert found.maps is not None
    assert found.maps.spacing is not None
    assert found.maps.spacing.tolist() == [[3, 0.8, 0.8]] * N
    np.testing.assert_array_equal(found.maps.array(0), first_labels())
    area = found.labels[found.labels["item"] == "canary-00"].set_index("label")["area"]
    assert area.to_dict() == dict(zip(("background", "organ", "lesion"), np.bincount(first_labels().ravel()),
                                      strict=True))  # fmt: skip
    assert feature_columns(load_challenge(root), found) == ("site",)


def test_columns_of_the_builds_own_are_no_features(root: Path) -> None:
    text = (root / "challenge.yaml").read_text()
    (root / "challenge.yaml").write_text(text.replace("  features: [site]\n", ""))
    assert feature_columns(load_challenge(root), read(root)) == ("site",)


LABELS = first_labels()
MOVED = AFFINE + np.array([0, 0, 0, 0.01])
BAD_LABELS: dict[str, tuple[str, bytes, str]] = {
    "a png": ("volume/not-nifti", b"\x89PNG\r\n\x1a\n" + bytes(900), "no NIfTI"),
    "four axes": ("volume/kind", volume(np.stack([LABELS] * 2)), "4 axes: 14 × 16 × 10 × 2"),
    "fractions": ("volume/not-whole", volume(LABELS + np.float32(0.5)), "with a fraction, such as 0.5"),
    "scaled": ("volume/scaled", volume(LABELS, scl_slope=(0.5,)), "scaled: 0.5 times"),
    "moved": ("volume/orientation", volume(LABELS, MOVED), "0.01732 mm from those of the image"),
    "flipped": ("volume/orientation", volume(LABELS, AFFINE * [[-1], [1], [1]]), "mm from"),
    "other size": ("volume/size", volume(LABELS[:-1]), "it has 14 × 16 × 9 voxels, the image has 14 × 16 × 10"),
    "cut": ("volume/damaged", volume(LABELS)[:-5], "fewer voxels"),
    "negative": ("volume/unknown-class", volume(LABELS.astype(np.int16) - 1), "value -1"),
    "unknown class": ("dataset/label-value", volume(LABELS * np.uint8(3)), "canary-00: 3"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels_are_refused_for_the_right_reason(root: Path, case: str) -> None:
    rule, data, said = BAD_LABELS[case]
    (root / "labels/canary-00.nii.gz").write_bytes(gzip.compress(data) if data[:1] != b"\x89" else data)
    told = refused(root)
    assert list(told) == [rule]
    assert said in told[rule].items[0]
    assert (told[rule].where, bool(told[rule].hint)) == ("table.csv", True)


def test_labels_are_of_whole_numbers_of_any_kind_and_of_either_order(root: Path) -> None:
    plain = read(root)
    for kind, order in ((np.int16, ">"), (np.float32, "<"), (np.int64, ">")):
        (root / "labels/canary-00.nii.gz").write_bytes(volume(LABELS.astype(kind), order=order))
        found = read(root)
        assert found.maps is not None
        assert plain.maps is not None
        np.testing.assert_array_equal(found.maps.array(0), plain.maps.array(0))
        assert found.findings == ()


def test_all_bad_labels_are_told_at_once(root: Path) -> None:
    for number in range(5):
        place = AFFINE + np.array([0, 0, 0, number])
        (root / f"labels/canary-{number:02}.nii.gz").write_bytes(volume(LABELS[: number + 1], place))
    (root / "labels/canary-07.nii.gz").write_bytes(b"")
    told = refused(root)
    assert told["volume/size"].message == "5 label volumes cannot be taken"
    assert told["volume/size"].count == 5
    assert set(told) == {"volume/size", "volume/not-nifti"}


IMAGE = image_of(np.random.default_rng(1), LABELS)
COLOURS, COMPLEX = (128,), (32,)
BAD_IMAGES: dict[str, tuple[str, bytes, str]] = {
    "colours": ("volume/kind", volume(IMAGE, datatype=COLOURS), "colours"),
    "complex": ("volume/kind", volume(IMAGE, datatype=COMPLEX), "complex"),
    "five axes": ("volume/kind", volume(np.stack([np.stack([IMAGE] * 2)] * 2)), "5 axes"),
    "no size": ("volume/damaged", volume(IMAGE, dim=(3, 0, 16, 10, 1, 1, 1, 1)), "sizes"),
    "far away": ("volume/damaged", volume(IMAGE, srow=tuple([np.nan] * 12)), "at no numbers"),
    "not a volume": ("volume/not-nifti", b"<html>", "no NIfTI"),
    "a pair": ("volume/not-nifti", volume(IMAGE)[:344] + b"ni1\0" + volume(IMAGE)[348:], ".hdr and .img"),
    "broken gzip": ("volume/damaged", b"\x1f\x8b\x08\0" + bytes(90), "gzip"),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_images_are_refused_for_the_right_reason(root: Path, case: str) -> None:
    rule, data, said = BAD_IMAGES[case]
    (root / "images/canary-00.nii.gz").write_bytes(data)
    told = refused(root)
    assert list(told) == [rule]
    assert said in told[rule].items[0]


def test_images_may_have_channels_fractions_scales_and_any_order_of_bytes(root: Path) -> None:
    path = root / "images/canary-00.nii.gz"
    for data in (
        volume(np.stack([IMAGE] * 4)),
        volume(IMAGE.astype(np.float64) / 7),
        volume(IMAGE, scl_slope=(0.5,), scl_inter=(-1024,)),
    ):
        path.write_bytes(data)
        assert read(root).findings == ()
    path.write_bytes(volume(IMAGE, order=">"))
    (note,) = read(root).findings
    assert (note.rule, note.severity) == ("volume/big-endian", "note")


def test_two_places_of_one_volume_are_told(root: Path) -> None:
    form = {"qform_code": (1,), "quatern": (0, 0, 1, *AFFINE[:, 3])}
    agreeing = volume(IMAGE, AFFINE * [[1], [-1], [1]], qform_code=(1,), quatern=(0, 0, 1, 40.5, 30.25, -12))
    (root / "images/canary-00.nii.gz").write_bytes(volume(IMAGE, **form))
    (warning,) = read(root).findings
    assert (warning.rule, warning.severity) == ("volume/two-places", "warning")
    assert "canary-00.nii.gz: sform and qform place its voxels up to 24 mm apart" in warning.items
    (root / "images/canary-00.nii.gz").write_bytes(agreeing)
    (root / "labels/canary-00.nii.gz").write_bytes(volume(LABELS, AFFINE * [[1], [-1], [1]]))
    assert read(root).findings == ()


def test_a_bomb_is_not_unpacked(root: Path) -> None:
    """A volume that says it is small is read as far as it says."""
    (root / "labels/canary-00.nii.gz").write_bytes(gzip.compress(volume(LABELS) + bytes(1 << 26)))
    (warning,) = read(root).findings
    assert (warning.rule, warning.severity) == ("volume/trailing-bytes", "warning")
    large = bytearray(volume(LABELS))
    at, form = FIELDS[348]["dim"]
    struct.pack_into("<" + form, large, at, 3, 30_000, 30_000, 30_000, 1, 1, 1, 1)
    (root / "labels/canary-00.nii.gz").write_bytes(gzip.compress(bytes(large)))
    assert "30000 × 30000 × 30000" in refused(root)["volume/size"].items[0]


def test_pictures_beside_volumes_are_refused(root: Path) -> None:
    Image.new("L", (14, 16)).save(root / "images/canary-00.nii.gz", "PNG")
    assert list(refused(root)) == ["volume/not-nifti"]
    table = (root / "table.csv").read_text()
    Image.new("L", (14, 16)).save(root / "images/flat.png")
    (root / "table.csv").write_text(table.replace("canary-00.nii.gz", "flat.png", 1))
    assert next(iter(refused(root))) == "volume/mixed"


@pytest.mark.parametrize("name", ["brain.img", "brain.nrrd", "brain.mha", "brain.hdr"])
def test_other_formats_are_told(root: Path, name: str) -> None:
    table = (root / "table.csv").read_text()
    (root / "images" / name).write_bytes(bytes(400))
    (root / "table.csv").write_text(table.replace("canary-00.nii.gz", name, 1))
    told = refused(root)
    assert next(iter(told)) == "volume/not-nifti"
    assert name in told["volume/not-nifti"].items[0]


def test_a_packed_file_that_is_no_volume_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.gz").write_bytes(gzip.compress(b"notes" * 999))
    assert volume_header(str(tmp_path / "notes.gz")) is None
    (tmp_path / "notes.gz").write_bytes(gzip.compress(b"notes" * 999)[:-1])
    assert volume_header(str(tmp_path / "notes.gz")) is None
    (tmp_path / "notes.gz").write_bytes(gzip.compress(b"no")[:-1])
    with pytest.raises(VolumeFault):
        volume_header(str(tmp_path / "notes.gz"))


def coco_of_volumes(root: Path) -> None:
    images = [{"id": k, "file_name": f"canary-{k:02}.nii.gz", "width": 14, "height": 16} for k in range(N)]
    kinds = [{"id": code, "name": name} for code, name in enumerate(("background", "organ", "lesion"))]
    (root / "coco.json").write_text(json.dumps({"images": images, "categories": kinds, "annotations": []}))


def challenge_text(task: str, metric: str) -> str:
    masks = ", masks: labels" if task == "semantic_segmentation" else ""
    return (
        f"name: organ\ntitle: Organ\ntask: {task}\ndata: {{reader: coco, path: coco.json, images: images{masks}}}\n"
        f"split: {{seed: 5e1f0c2d7b3a4968}}\nscore: {{metric: {metric}}}\n"
    )


def test_volumes_of_an_annotated_format(root: Path) -> None:
    coco_of_volumes(root)
    (root / "challenge.yaml").write_text(challenge_text("semantic_segmentation", "miou"))
    found = read(root)
    assert (found.volumes, found.items.index[0]) == (True, "canary-00")
    assert found.maps is not None
    np.testing.assert_array_equal(found.maps.array(0), first_labels())
    (root / "challenge.yaml").write_text(challenge_text("detection", "box_ap"))
    assert "volume/task" in refused(root)


def test_a_table_of_volumes_is_proposed(root: Path) -> None:
    found = sketch_dataset("csv", root / "table.csv")
    said = {key: found[key].value for key in ("task", "file", "images", "mask", "masks", "values")}
    assert said == {
        "task": "semantic_segmentation", "file": "file", "images": "images", "mask": "mask", "masks": "labels",
        "values": {"background": 0, "class_1": 1, "class_2": 2},
    }  # fmt: skip
    assert found["label"] is None
    assert "mask" not in [one.value for one in (*found["drop"], *found["features"])]


def broken_volume(path: Path) -> None:
    path.write_bytes(packed(volume(LABELS), "a")[:-20])


def picture_of_noise(path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (16, 14), dtype=np.uint8)
    Image.fromarray(noise).save(path, "PNG")


def test_a_column_of_label_images_is_proposed_although_one_is_missing(root: Path) -> None:
    (root / "labels/canary-00.nii.gz").unlink()
    found = sketch_dataset("csv", root / "table.csv")
    assert (found["mask"].value, found["masks"].value) == ("mask", "labels")


@pytest.mark.parametrize("spoil", [broken_volume, picture_of_noise])
def test_a_column_of_no_label_images_is_not_proposed(root: Path, spoil: Callable[[Path], None]) -> None:
    spoil(root / "labels/canary-00.nii.gz")
    assert "mask" not in sketch_dataset("csv", root / "table.csv")


def test_a_form_of_flat_pictures_is_refused(root: Path) -> None:
    from compete.building.plan import plan_build

    for form, rule in (("png", "volume/form"), ("runs", "volume/form"), ("coco", "challenge/task-mismatch")):
        with pytest.raises(CompeteError) as caught:
            plan_build(load_challenge(write_volumes(root, submission={"form": form})))
        assert rule in [one.rule for one in caught.value.findings]


@pytest.mark.parametrize(
    ("values", "named", "said"),
    [
        ([0, 7], {"background": 0, "class_7": 7}, "give the classes their names"),
        ([1, 2, 255], {"class_1": 1, "class_2": 2, "class_255": 255}, "ignore: 255"),
        ([0], {"background": 0, "class_1": 1}, "give"),
        ([3], {"class_3": 3, "background": 0}, "give"),
        (list(range(100)), None, ""),
    ],
)
def test_pictures_of_labels_are_proposed_too(
    tmp_path: Path, values: list[int], named: dict[str, int] | None, said: str
) -> None:
    pixels = np.resize(np.array(values, dtype=np.uint8), (20, 20))
    for number in range(3):
        Image.fromarray(pixels + np.uint8(number)).save(tmp_path / f"{number}.png")
        Image.fromarray(pixels).save(tmp_path / f"m{number}.png")
    rows = [f"{number},{number}.png,m{number}.png" for number in range(3)]
    (tmp_path / "table.csv").write_text("\n".join(["id,file,mask", *rows]))
    found = sketch_dataset("csv", tmp_path / "table.csv")
    assert (found["values"].value if "values" in found else None) == named
    if named:
        assert said in found["values"].reason
        assert ("masks" in found, found["mask"].value) == (False, "mask")


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    maps, ((name, rule, message, _),) = read_volumes([str(tmp_path / "gone.nii")], [Grid(LABELS.shape, AFFINE)])
    assert (maps, name, rule) == (None, "gone.nii", "volume/damaged")
    assert "No such file" in message
