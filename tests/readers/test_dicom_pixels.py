"""Pictures of DICOM files against values worked out by hand, and files that are broken or lie about their size."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    RLELossless,
)

from compete.building.media import clean_image, read_image
from compete.readers.stacks.address import StackFault, Window
from compete.readers.stacks.contents import read_content
from compete.readers.stacks.dicom import dicom_of, is_dicom
from compete.readers.stacks.dicom_pixels import picture_of, picture_of_bytes, picture_of_file, windowed
from tests.readers.dicom_files import dicom, file_bytes, slice_of

RAMP = np.arange(120, dtype=np.uint16).reshape(10, 12)


def shown(data: pydicom.Dataset, window: str = "file", frame: int = 0) -> np.ndarray:
    return picture_of(io.BytesIO(file_bytes(data)), frame, window)[0]


def fault_of(raw: bytes) -> StackFault:
    with pytest.raises(StackFault) as caught:
        picture_of_bytes(raw)
    return caught.value


def test_values_are_rescaled_and_cut_to_the_window() -> None:
    """PS3.3 C.11.2.1.2.1, worked by hand: y = ((x - (c - 0.5)) / (w - 1) + 0.5) × 255."""
    data = dicom(pixels=RAMP, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=20, WindowWidth=101)
    value = RAMP * 2.0 - 100
    expected = np.clip(((value - 19.5) / 100 + 0.5) * 255, 0, 255)
    np.testing.assert_array_equal(shown(data), np.rint(expected))
    assert (value[0, 0], shown(data)[0, 0], shown(data)[-1, -1]) == (-100, 0, 255)


def test_windows_agree_with_pydicoms_own() -> None:
    for shape in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        data = dicom(pixels=slice_of(3), VOILUTFunction=shape, RescaleIntercept=0, WindowCenter=1100, WindowWidth=300,
                     BitsStored=12, HighBit=11)  # fmt: skip
        theirs = pydicom.pixels.apply_voi_lut(slice_of(3).astype(np.float64), data) * (255 / 4095)
        assert np.abs(shown(data).astype(float) - theirs).max() <= 1, shape


def test_a_window_of_one_value_is_a_step() -> None:
    assert windowed(np.array([0.0, 1.0]), Window(1, 1, "LINEAR")).tolist() == [0, 255]


def test_the_smallest_value_of_monochrome1_is_white() -> None:
    upright, turned = (shown(dicom(pixels=RAMP, WindowCenter=-964, WindowWidth=121, PhotometricInterpretation=kind))
                       for kind in ("MONOCHROME2", "MONOCHROME1"))  # fmt: skip
    np.testing.assert_array_equal(turned, 255 - upright)
    deep = shown(dicom(pixels=RAMP, BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1"), "none")
    np.testing.assert_array_equal(deep, 4095 - RAMP)


def test_values_without_a_window_stay_as_they_are_stored() -> None:
    np.testing.assert_array_equal(shown(dicom(pixels=RAMP), "none"), RAMP)
    signed = RAMP.astype(np.int16) - 60
    np.testing.assert_array_equal(shown(dicom(pixels=signed), "none"), signed.astype(int) + 32768)
    small = shown(dicom(pixels=RAMP.astype(np.uint8), WindowCenter=None))
    assert small.dtype == np.uint8
    np.testing.assert_array_equal(small, RAMP)


def test_the_first_of_several_windows_counts() -> None:
    one = shown(dicom(pixels=RAMP, WindowCenter=-1000, WindowWidth=50))
    many = shown(dicom(pixels=RAMP, WindowCenter=[-1000, 5], WindowWidth=[50, 7]))
    np.testing.assert_array_equal(one, many)
    bad = shown(dicom(pixels=RAMP, WindowCenter=-1000, WindowWidth=0))
    np.testing.assert_array_equal(bad, RAMP)  # a window without width is none


def test_windows_of_enhanced_files_stand_in_groups() -> None:
    data = dicom(pixels=np.stack([RAMP, RAMP]), WindowCenter=None, WindowWidth=None, RescaleSlope=None,
                 RescaleIntercept=None)  # fmt: skip
    inner, scale, group = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    inner.WindowCenter, inner.WindowWidth = 60, 121
    scale.RescaleSlope, scale.RescaleIntercept = 1, 0
    group.FrameVOILUTSequence, group.PixelValueTransformationSequence = [inner], [scale]
    data.SharedFunctionalGroupsSequence = [group]
    expected = np.rint(np.clip(((RAMP - 59.5) / 120 + 0.5) * 255, 0, 255))
    np.testing.assert_array_equal(shown(data, frame=1), expected)
    del data.SharedFunctionalGroupsSequence
    other = deepcopy(group)
    other.FrameVOILUTSequence[0].WindowCenter = 0
    data.PerFrameFunctionalGroupsSequence = [other, group]
    np.testing.assert_array_equal(shown(data, frame=1), expected)
    assert shown(data, frame=0)[0, 0] == 129  # the value 0 lies in the middle, and half a step above


def test_a_table_of_greys_is_taken() -> None:
    table = pydicom.Dataset()
    table.LUTDescriptor, table.LUTData = [120, 0, 8], list(range(119, -1, -1))
    table.add_new((0x0028, 0x3006), "US", list(range(119, -1, -1)))
    data = dicom(pixels=RAMP, WindowCenter=None, RescaleSlope=None, RescaleIntercept=None, VOILUTSequence=[table])
    np.testing.assert_array_equal(shown(data), 119 - RAMP)


def test_colours_and_palettes_become_rgb() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (10, 12, 3), dtype=np.uint8)
    np.testing.assert_array_equal(shown(dicom(pixels=colours)), colours)
    palette = dicom(pixels=(RAMP % 4).astype(np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for place, name in enumerate(("Red", "Green", "Blue")):
        levels = np.array([0, 100, 200, 255], dtype=np.uint16) * (place + 1) // 3
        setattr(palette, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 16])
        setattr(palette, f"{name}PaletteColorLookupTableData", (levels * 257).astype("<u2").tobytes())
    assert shown(palette)[0, 3].tolist() == [85, 170, 255]


@pytest.mark.parametrize("kind", ["rle", "deflated", "big", "jpeg2000", "jpeg"])
def test_packed_pixels_are_unpacked(kind: str) -> None:
    data = dicom(pixels=slice_of(1).astype(np.uint8 if kind == "jpeg" else np.uint16), WindowCenter=None)
    plain = np.frombuffer(data.PixelData, np.uint8 if kind == "jpeg" else np.uint16).reshape(10, 12)
    if kind == "rle":
        data.compress(RLELossless, generate_instance_uid=False)
    elif kind == "deflated":
        data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    elif kind == "big":
        data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        data.PixelData = plain.astype(">u2").tobytes()
    else:
        out = io.BytesIO()
        image = Image.fromarray(plain)
        image.save(out, "JPEG", quality=95) if kind == "jpeg" else image.save(out, "JPEG2000", no_jp2=True)
        data.PixelData = encapsulate([out.getvalue()])
        data["PixelData"].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if kind == "jpeg" else JPEG2000Lossless
    found = picture_of_bytes(file_bytes(data))[0]
    assert np.abs(found.astype(int) - plain).max() <= (12 if kind == "jpeg" else 0)


def packed_as(syntax: str, pixels: bytes) -> pydicom.Dataset:
    """A file whose values have 12 bits, and whose packed pixels are these bytes."""
    data = dicom(BitsStored=12, HighBit=11)
    data.PixelData = encapsulate([pixels])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = syntax
    return data


def test_packed_pixels_of_a_depth_that_nothing_reads_are_not_called_damaged() -> None:
    fault = fault_of(file_bytes(packed_as(JPEGExtended12Bit, b"\xff\xd8\xff\xd9")))
    assert (fault.rule, "more bits" in fault.message) == ("image/no-decoder", True)
    assert "pylibjpeg" in fault.hint


def test_packed_pixels_that_are_damaged_are_told_in_the_words_of_what_unpacks_them() -> None:
    fault = fault_of(file_bytes(packed_as(JPEG2000Lossless, b"\xff\x4f\xff\x51no picture")))
    assert fault.rule == "image/damaged"
    assert "plugins" not in fault.message


def test_what_is_drawn_over_the_picture_is_left_out() -> None:
    data = dicom(pixels=RAMP)
    data.add_new((0x6000, 0x0010), "US", 10)
    data.add_new((0x6000, 0x0011), "US", 12)
    data.add_new((0x6000, 0x3000), "OW", b"\xff" * 16)
    np.testing.assert_array_equal(shown(data, "none"), RAMP)
    marked = RAMP | 0xF000  # and what older files draw in the bits above
    np.testing.assert_array_equal(shown(dicom(pixels=marked, BitsStored=12, HighBit=11), "none"), RAMP)


def test_nothing_but_pixels_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(dicom()))
    for data in (clean_image(path.read_bytes(), "a.dcm").data, read_image(f"{path}#frame=0.png")[0]):
        assert data.startswith(b"\x89PNG")
        kinds, at = [], 8
        while at < len(data):
            size = struct.unpack_from(">I", data, at)[0]
            kinds.append(data[at + 4 : at + 8])
            at += 12 + size
        assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
    cleaned = clean_image(path.read_bytes(), "a.dcm")
    assert [one.message for one in cleaned.findings] == [
        "the DICOM was written as PNG (8 bits, the file's window 40 wide 400, rescaled × 1 + -1024)"
    ]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "more pixels than are taken": ({"Rows": 65535, "Columns": 65535}, "image/too-large", "65,535 × 65,535"),
    "more frames than are taken": ({"NumberOfFrames": 10**9}, "image/too-large", "1,000,000,000 frames"),
    "more than is there": ({"Rows": 9000, "Columns": 9000}, "image/damaged", "240 bytes of pixels and declares"),
    "frames that are not there": ({"NumberOfFrames": 60000}, "image/damaged", "240 bytes of pixels and declares"),
    "a strange kind": ({"PhotometricInterpretation": "ARGB"}, "image/unsupported", "kind that is not shown"),
    "too many bits": ({"BitsAllocated": 64, "BitsStored": 64}, "image/unsupported", "64 bits"),
    "bits elsewhere": ({"BitsStored": 12, "HighBit": 15}, "image/unsupported", "lowest bits"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_shown_is_refused_before_it_is_unpacked(case: str) -> None:
    more, rule, said = REFUSED[case]
    fault = fault_of(file_bytes(dicom(**more)))
    assert (fault.rule, said in fault.message) == (rule, True), fault.message


def test_no_picture_and_no_dicom() -> None:
    data = dicom()
    del data.PixelData
    assert fault_of(file_bytes(data)).rule == "image/unsupported"
    for raw in (b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(300), bytes(128) + b"DICN" + bytes(200)):
        assert fault_of(raw).message.startswith("it is no DICOM file")
    assert not is_dicom(b"\x08\0\x05\0CS\x0a\0ISO_IR 100" + b"\x08\0\x05\0CS\x02\0xx")  # elements that do not ascend


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dicom()
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    raw = file_bytes(data)
    start = 144 + struct.unpack_from("<I", raw, 140)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = raw[:start] + packer.compress(bytes(64 << 20)) + packer.flush()
    monkeypatch.setattr("compete.readers.stacks.dicom.UNPACKED", 32 << 20)
    assert fault_of(bomb).message == "it unpacks to more than 32 MiB"
    assert fault_of(raw[: start + 9]).rule == "image/damaged"


def test_truncated_files_are_refused_whatever_is_missing(tmp_path: Path) -> None:
    raw = file_bytes(dicom())
    for size in (*range(0, len(raw) - 1, 97), len(raw) - 1):
        (tmp_path / "a.dcm").write_bytes(raw[:size])
        with pytest.raises(StackFault):
            picture_of_file(str(tmp_path / "a.dcm"), 0, "file")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_shown_or_refused(data: st.DataObject) -> None:
    rle = data.draw(st.booleans())
    raw = bytearray(file_bytes(dicom(pixels=np.stack([RAMP, RAMP])), rle=rle, preamble=data.draw(st.booleans()) or rle))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.sampled_from([b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0", b"SQ\0\0", b"\0", b"9e9"]))
        raw[at : at + len(piece)] = piece
    with suppress(StackFault):
        picture_of_bytes(bytes(raw))
    with suppress(StackFault):
        dicom_of(io.BytesIO(bytes(raw)))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.dcm").write_bytes(bytes(raw))
        from compete.readers.stacks.address import Address

        with suppress(StackFault):
            read_content(Address(str(Path(folder) / "a.dcm"), {"frame": "1"}))
