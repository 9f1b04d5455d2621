"""TIFF stacks and OME-TIFF: planes as images, stacks as volumes, and files that are broken or lie about their size."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.building.media import clean_image, read_image
from compete.building.media.volumes import strip_volume
from compete.challenge import load_challenge
from compete.dataset import Dataset
from compete.errors import DatasetError, Finding
from compete.nifti.header import VolumeFault, header_of
from compete.readers import read_dataset, recognise_dataset, sketch_dataset
from compete.readers.stacks.address import Address, StackFault, stack_address
from compete.readers.stacks.contents import picture_size, read_content, volume_said
from compete.readers.stacks.tiff import read_planes, read_stack
from tests.readers.annotated_files import SAMPLES, as_json
from tests.readers.tiff_files import DEEP, HIGH, WIDE, values_of, write_ome, write_sample, write_volumes

VIEW = "view: {z: middle, t: last, c: 1}, group: stack"


def read(root: Path, more: str = VIEW, path: str = "data") -> Dataset:
    (root / "challenge.yaml").write_text(
        f"name: cells\ntitle: b\ntask: classification\ndata: {{reader: tiff, path: {path}, label: folder, {more}}}\n"
        "split: {seed: 0123456789abcdef}\nscore: {metric: accuracy}\n"
    )
    return read_dataset(load_challenge(root))


def refused(root: Path, more: str = VIEW) -> dict[str, Finding]:
    with pytest.raises(DatasetError) as caught:
        read(root, more)
    return {one.rule: one for one in caught.value.findings if one.severity == "error"}


def pixels(path: str) -> np.ndarray:
    """The pixels that would be published."""
    with Image.open(io.BytesIO(clean_image(read_image(path)[0]).data)) as image:
        return np.asarray(image)


def test_the_sample_is_read_as_expected(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    assert as_json(read(tmp_path)) == json.loads((SAMPLES / "tiff" / "expected.json").read_text())


def test_the_sample_is_recognised_and_a_challenge_proposed(tmp_path: Path) -> None:
    name, reason = recognise_dataset(write_sample(tmp_path / "data"))
    assert name == "tiff", reason
    assert "dead/a.ome.tif with 2 t × 3 c × 4 z" in reason
    proposed = sketch_dataset("tiff", tmp_path / "data")
    assert proposed["view"].value == {"c": "first", "t": "first", "z": "middle"}
    assert [one.value for one in proposed["group"]] == ["stack"]


def test_the_plane_that_was_asked_for_is_published(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    first, second, third = read(tmp_path).items["file"]
    np.testing.assert_array_equal(pixels(first), values_of(1, 2, 3, 4)[1, 1, 2])
    np.testing.assert_array_equal(pixels(second), values_of(2, 2, 4, 3)[1, 2, 1])
    np.testing.assert_array_equal(pixels(third), values_of(3, 4)[2])


def test_channels_have_names_and_axes_a_largest_value(tmp_path: Path) -> None:
    write_ome(tmp_path / "data/a/x.ome.tif", values_of(1, 2, 4), "CZYX")
    write_ome(tmp_path / "data/b/y.ome.tif", values_of(2, 2, 4), "CZYX")
    first = read(tmp_path, "view: {z: max, c: GFP}").items["file"].iloc[0]
    assert first.endswith("x.ome.tif#c=1,z=max.png")
    np.testing.assert_array_equal(pixels(first), values_of(1, 2, 4)[1].max(axis=0))
    fault = refused(tmp_path, "view: {z: max, c: Cy5}")["image/plane"]
    assert "it has no c 'Cy5'; there are 2" in fault.items[0]


def test_each_plane_is_an_item_and_a_stack_stays_together(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    found = read(tmp_path, "view: {z: each, t: first, c: first}, group: stack")
    assert len(found.items) == 12
    assert found.items["stack"].nunique() == 3
    assert found.items.index[0] == "a.ome.tif#t=0,c=0,z=0"
    fault = refused(tmp_path, "view: {z: each, t: first, c: first}")["dataset/cut-apart"]
    assert fault.message == "3 files have items in several groups"


def test_nobody_guesses_which_plane_is_meant(tmp_path: Path) -> None:
    write_sample(tmp_path / "data")
    fault = refused(tmp_path, "view: {z: first}")["image/several-planes"]
    assert fault.message == "2 files cannot be taken"
    assert fault.items[0] == "a.ome.tif: it holds 2 t × 3 c × 4 z"
    assert fault.hint == "say which are meant: data.view: {t: middle, c: middle}"


def test_flat_files_need_no_view(tmp_path: Path) -> None:
    for name in ("a/x.tif", "b/y.tif"):
        (tmp_path / "data" / name).parent.mkdir(parents=True)
        tifffile.imwrite(tmp_path / "data" / name, values_of(1, kind=np.uint8), metadata=None)
    assert [Path(file).name for file in read(tmp_path, "group: stack").items["file"]] == ["x.tif", "y.tif"]
    windowed = read(tmp_path, "view: {window: [100, 50]}").items["file"].iloc[0]
    expected = np.clip((values_of(1, kind=np.uint8) - 100.0) / 50 + 0.5, 0, 1) * 255
    np.testing.assert_array_equal(pixels(windowed), np.rint(expected))


def test_tables_may_name_planes_and_say_a_view(tmp_path: Path) -> None:
    write_ome(tmp_path / "x.ome.tif", values_of(1, 4), "ZYX")
    (tmp_path / "t.csv").write_text("file,label\nx.ome.tif#z=0.png,a\nx.ome.tif#z=3.png,b\nx.ome.tif,a\n")
    (tmp_path / "challenge.yaml").write_text(
        "name: a\ntitle: b\ntask: classification\ndata: {path: t.csv, file: file, label: label, view: {z: middle}}\n"
        "split: {seed: 0123456789abcdef}\nscore: {metric: accuracy}\n"
    )
    found = read_dataset(load_challenge(tmp_path))
    assert [Path(file).name.partition("#")[2] for file in found.items["file"]] == ["z=0.png", "z=3.png", "z=2.png"]
    assert "dataset/repeated-file" not in {one.rule for one in found.findings}
    assert len({pixels(file).tobytes() for file in found.items["file"]}) == 3
    (tmp_path / "t.csv").write_text("file,label\nx.ome.tif#z=0.png,a\nx.ome.tif#z=0.png,b\ny.tif#z=1.png,a\n")
    with pytest.raises(DatasetError) as caught:
        read_dataset(load_challenge(tmp_path))
    assert {one.rule for one in caught.value.findings} >= {"dataset/repeated-file", "dataset/missing-file"}
    (tmp_path / "t.csv").write_text("file,label\nx.ome.tif,a\nx.ome.tif#z=0.png,b\n")
    text = (tmp_path / "challenge.yaml").read_text().replace("z: middle", "z: 9")
    (tmp_path / "challenge.yaml").write_text(text)
    with pytest.raises(DatasetError, match="some images cannot be read"):
        read_dataset(load_challenge(tmp_path))


def test_folders_and_annotations_may_say_a_view(tmp_path: Path) -> None:
    write_ome(tmp_path / "data/a/x.ome.tif", values_of(1, 4), "ZYX")
    write_ome(tmp_path / "data/b/y.ome.tif", values_of(2, 4), "ZYX")
    said = "name: a\ntitle: b\ntask: {}\ndata: {{reader: {}, path: {}, view: {{z: max}}}}\n"
    said += "split: {{seed: 0123456789abcdef}}\n"
    (tmp_path / "challenge.yaml").write_text(said.format("classification", "folder", "data") + "score: {metric: m}\n")
    found = read_dataset(load_challenge(tmp_path)).items["file"].tolist()
    assert [Path(file).name for file in found] == ["x.ome.tif#z=max.png", "y.ome.tif#z=max.png"]
    images = [{"id": 1, "file_name": "data/a/x.ome.tif", "width": WIDE, "height": HIGH}]
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4], "area": 16, "iscrowd": 0}
    coco = {"images": images, "annotations": [box], "categories": [{"id": 1, "name": "cell"}]}
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    (tmp_path / "challenge.yaml").write_text(said.format("detection", "coco", "coco.json") + "score: {metric: m}\n")
    found = read_dataset(load_challenge(tmp_path))
    assert Path(found.items["file"].iloc[0]).name == "x.ome.tif#z=max.png"
    assert "dataset/unlisted-image" not in {one.rule for one in found.findings}


@pytest.mark.parametrize("reader", ["masks", "tiff"])
def test_stacks_are_volumes_with_labels(tmp_path: Path, reader: str) -> None:
    write_volumes(tmp_path, 3, reader=reader)
    found = read_dataset(load_challenge(tmp_path))
    assert (found.volumes, found.findings) == (True, ())
    first = found.items.iloc[0]
    assert [first[name] for name in ("width", "height", "depth")] == [str(WIDE), str(HIGH), str(DEEP)]
    assert found.maps is not None
    assert found.maps.spacing is not None
    np.testing.assert_allclose(found.maps.spacing[0], [0.002, 0.0005, 0.0005])
    area = found.labels[found.labels["item"] == found.items.index[0]].set_index("label")["area"]
    assert area.to_dict() == {"background": 768.0, "cell": 68.0, "nucleus": 4.0}


def test_volumes_are_published_as_nifti_with_their_values(tmp_path: Path) -> None:
    write_volumes(tmp_path, 3, reader="tiff")
    file = read_dataset(load_challenge(tmp_path)).items["file"].iloc[0]
    inside = stack_address(file)
    assert inside is not None
    data, header, _ = strip_volume(read_image(file)[0])
    assert (header.shape, header.frames) == ((DEEP, HIGH, WIDE), 2)
    assert data.startswith(b"\x1f\x8b")
    raw = read_content(inside)
    values = np.frombuffer(raw, np.uint16, offset=header_of(raw, labels=False).start)
    np.testing.assert_array_equal(
        values.reshape(2, DEEP, HIGH, WIDE), read_planes(inside.file, {"z": "all", "c": "all"})
    )
    assert volume_said(inside).shape == header.shape
    assert b"DAPI" not in raw


def test_a_challenge_on_volumes_is_proposed_with_dice(tmp_path: Path) -> None:
    write_volumes(tmp_path, 3)
    assert recognise_dataset(tmp_path / "data")[0] == "masks"
    proposed = sketch_dataset("masks", tmp_path / "data")
    assert proposed["view"].value == {"c": "first", "z": "all"}
    assert proposed["values"].value == {"background": 0, "class_1": 1, "class_2": 2}
    assert proposed["metrics"].value == {"semantic_segmentation": "dice_per_image(background=0)"}


def test_labels_of_another_size_or_with_fractions_are_refused(tmp_path: Path) -> None:
    write_volumes(tmp_path, 4)
    write_ome(tmp_path / "data/labels/cell-00.ome.tif", np.zeros((DEEP - 1, HIGH, WIDE), np.uint8), "ZYX")
    write_ome(tmp_path / "data/labels/cell-01.ome.tif", np.full((DEEP, HIGH, WIDE), 0.5, np.float32), "ZYX")
    tifffile.imwrite(tmp_path / "data/labels/cell-02.ome.tif", np.zeros((DEEP, HIGH, WIDE, 3), np.uint8))
    with pytest.raises(DatasetError) as caught:
        read_dataset(load_challenge(tmp_path))
    told = {one.rule: one for one in caught.value.findings}
    assert "it has 14 × 12 × 4 voxels, the image has 14 × 12 × 5" in told["volume/size"].items[0]
    assert "with a fraction, such as 0.5" in told["volume/not-whole"].items[0]
    assert "colours" in told["volume/kind"].items[0]


@pytest.mark.parametrize(
    ("values", "more", "rule"),
    [
        (np.zeros((HIGH, WIDE), np.float32), {}, "image/unsupported"),
        (np.full((HIGH, WIDE), -1, np.int16), {}, "image/unsupported"),
        (np.zeros((HIGH, WIDE), np.complex64), {}, "image/unsupported"),
        (np.zeros((HIGH, WIDE, 3), np.uint16), {"photometric": "rgb"}, "image/unsupported"),
    ],
)
def test_values_that_no_png_holds_need_a_window(tmp_path: Path, values: np.ndarray, more: dict, rule: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", values, **more)
    with pytest.raises(StackFault) as caught:
        read_content(Address(str(tmp_path / "a.tif"), {}))
    assert caught.value.rule == rule
    if values.dtype.kind in "fi":
        assert read_content(Address(str(tmp_path / "a.tif"), {"window": "0:1"})).startswith(b"\x89PNG")


@pytest.mark.parametrize("packing", ["zlib", "lzma", "packbits", "lzw"])
@pytest.mark.parametrize("tiled", [False, True])
def test_packed_planes_are_unpacked(tmp_path: Path, packing: str, tiled: bool) -> None:
    values = values_of(5, 3, kind=np.uint8)
    path = tmp_path / "a.tif"
    if packing == "lzw":
        frames = [Image.fromarray(one) for one in values]
        frames[0].save(path, compression="tiff_lzw", save_all=True, append_images=frames[1:])
    elif packing == "packbits":
        frames = [Image.fromarray(one) for one in values]
        frames[0].save(path, compression="packbits", save_all=True, append_images=frames[1:])
    else:
        about = {"tile": (16, 16)} if tiled else {}
        tifffile.imwrite(path, values, compression=packing, photometric="minisblack", metadata=None, **about)
    for place in range(3):
        np.testing.assert_array_equal(read_planes(str(path), {"z": str(place)})[0, 0], values[place])


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values_of(1, 2), compression="zlib", photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        offset, tag = page.tags["StripOffsets"].valueoffset, page.tags["StripByteCounts"].valueoffset
    bomb = zlib.compress(bytes(8 << 20), 9)
    raw = bytearray(path.read_bytes())
    raw[offset : offset + 4] = len(raw).to_bytes(4, "little")
    raw[tag : tag + 4] = len(bomb).to_bytes(4, "little")
    path.write_bytes(bytes(raw) + bomb)
    with pytest.raises(StackFault, match="unpacks to more than a plane"):
        read_planes(str(path), {"z": "0"})


def test_giant_sizes_are_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    for name, side in (("ImageWidth", 1 << 30), ("ImageLength", (1 << 31) - 1)):
        tifffile.imwrite(path, values_of(1), metadata=None)
        with tifffile.TiffFile(path, mode="r+b") as file:
            tag = file.pages[0].tags[name]
        raw = bytearray(path.read_bytes())
        size = {3: 2, 4: 4}[int(tag.dtype)]
        raw[tag.valueoffset : tag.valueoffset + size] = min(side, (1 << 8 * size) - 1).to_bytes(size, "little")
        path.write_bytes(bytes(raw))
        with pytest.raises(StackFault) as caught:
            read_planes(str(path), {})
        assert caught.value.rule in ("image/too-large", "image/damaged")
        with pytest.raises((StackFault, VolumeFault)):
            read_content(Address(str(path), {"z": "all"}, ".nii"))


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        (b"<?xml version", b"<!DOCTYPE a []", "declares entities"),
        (b"</Pixels>", b"</Pixets>", "not XML|cannot be read"),
        (b'SizeZ="4"', b'SizeZ="9"', "plane 8 is not there"),
    ],
)
def test_odd_ome_xml_is_refused(tmp_path: Path, find: bytes, put: bytes, said: str) -> None:
    path = tmp_path / "a.ome.tif"
    write_ome(path, values_of(1, 4), "ZYX", compression="zlib")
    raw = path.read_bytes()
    assert find in raw
    path.write_bytes(raw.replace(find, put.ljust(len(find)), 1))
    with pytest.raises(StackFault, match=said):
        read_planes(str(path), {"z": str(read_stack(str(path)).sides["z"] - 1)})


def test_planes_in_other_files_are_refused(tmp_path: Path) -> None:
    write_ome(tmp_path / "a.ome.tif", values_of(1, 2), "ZYX")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        text = file.pages[0].description
    part = '<TiffData IFD="0" FirstZ="0" PlaneCount="1"><UUID FileName="../../b.ome.tif">urn:uuid:1</UUID></TiffData>'
    begin, end = text.index("<TiffData"), text.index("</Pixels>")
    other = text[:begin] + part * 3 + text[end:]
    tifffile.imwrite(
        tmp_path / "c.ome.tif", values_of(1, 2), description=other, metadata=None, photometric="minisblack"
    )
    with pytest.raises(StackFault, match=r"planes are in several files, such as b\.ome\.tif"):
        read_stack(str(tmp_path / "c.ome.tif"))


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path / "data")
    monkeypatch.setitem(sys.modules, "tifffile", None)
    assert refused(tmp_path)["image/no-tifffile"].hint == "install it: pip install 'compete[tiff]'"


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_read_or_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.ome.tif")
        kind = data.draw(st.sampled_from(["ome", "packed", "imagej", "plain"]))
        if kind == "imagej":
            tifffile.imwrite(path, values_of(1, 2, 3), imagej=True, metadata={"axes": "ZCYX", "unit": "um"})
        elif kind == "plain":
            tifffile.imwrite(path, values_of(1, 3), photometric="minisblack", metadata=None)
        else:
            write_ome(path, values_of(1, 2, 3), "CZYX", **({"compression": "zlib"} if kind == "packed" else {}))
        raw = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(0, min(len(raw) - 1, 1500)))
            piece = data.draw(st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"9e9", b"\x01", b"\xff", b"II"]))
            raw[at : at + len(piece)] = piece
        path.write_bytes(bytes(raw[: data.draw(st.integers(8, len(raw)))]))
        for choice, ending in (({"z": "1", "c": "0"}, ".png"), ({"z": "all", "c": "all"}, ".nii")):
            address = Address(str(path), choice, ending)
            with suppress(StackFault, VolumeFault):
                read_content(address)
            with suppress(StackFault):
                picture_size(address)
