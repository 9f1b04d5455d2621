"""TIFF label images: exact for every kind, order and packing, and refused for the right reason, at little cost."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.errors import SubmissionError
from compete.files import zip_bytes
from compete.png import png_bytes
from compete.scoring.forms import read_images_submission
from compete.scoring.pictures import PICTURE_RULES, PictureContent, read_picture, read_pictures
from compete.scoring.tiff import TiffFault, read_tiff
from compete.scoring.tiff_packing import unpacked
from tests.scoring.form_images import IDS, SIZES, some_images, terms_of
from tests.scoring.tiff_files import (
    DEFLATE,
    LONG,
    LONG8,
    LZW,
    OLD_DEFLATE,
    PACK,
    PACKBITS,
    SHORT,
    lzw,
    packbits,
    tiff,
)

TWO = PictureContent(classes=(0, 1))
ANY = PictureContent()
LIMIT = 1 << 22


def values_of(random, height, width, depth, flat):
    top = 1 << min(depth, 31)
    if not flat:
        return random.integers(0, top, (height, width))
    grid = random.integers(0, top, (1 + height // 5, 1 + width // 7))
    return np.kron(grid, np.ones((5, 7), dtype=np.int64))[:height, :width]


@st.composite
def variants(draw):
    """Options of a file."""
    depth = draw(st.sampled_from([1, 2, 4, 8, 16, 32]))
    packing = draw(st.sampled_from(sorted(PACK)))
    differs = depth >= 8 and packing in (LZW, DEFLATE, OLD_DEFLATE)
    cut = draw(st.sampled_from([{}, {"rows": 1}, {"rows": 7}, {"tile": (16, 16)}, {"tile": (32, 64)}]))
    return {
        "depth": depth,
        "packing": packing,
        "order": draw(st.sampled_from("<>")),
        "big": draw(st.booleans()),
        "differences": differs and draw(st.booleans()),
        "meaning": 3 if depth <= 8 and draw(st.booleans()) else 1,
        **cut,
    }


def pillow_reads(variant):
    """Pillow knows no big-endian BigTIFF, no big-endian 32 bits without a sign, and not every palette."""
    big_endian = variant["order"] == ">"
    return not (big_endian and (variant["big"] or variant["depth"] == 32))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40), st.booleans(), variants())
def test_every_variant_is_exact(seed, height, width, flat, variant):
    values = values_of(np.random.default_rng(seed), height, width, variant["depth"], flat)
    data = tiff(values, **variant)
    read = read_tiff(data, (height, width), LIMIT)
    np.testing.assert_array_equal(read.pixels, values)
    assert read.depth == variant["depth"]
    if pillow_reads(variant):
        with Image.open(io.BytesIO(data)) as picture:
            seen = np.asarray(picture).astype(np.int64)
        stretched = {2: 85, 4: 17}.get(variant["depth"], 1) if variant["meaning"] == 1 else 1
        np.testing.assert_array_equal(seen, values * stretched)


PILLOW = ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits")


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    kind=st.sampled_from(["1", "L", "P", "I;16", "I"]),
    packing=st.sampled_from(PILLOW),
    flat=st.booleans(),
    differences=st.booleans(),
)
def test_what_pillow_writes_is_read(seed, size, kind, packing, flat, differences):  # noqa: PLR0917
    depth = {"1": 1, "I;16": 16, "I": 32}.get(kind, 8)
    values = values_of(np.random.default_rng(seed), *size, depth, flat)
    plain = values.astype({"I;16": np.uint16, "I": np.int32}.get(kind, np.uint8))
    image = Image.fromarray(plain * 255).convert("1") if kind == "1" else Image.fromarray(plain)
    if kind == "P":
        image = Image.frombytes("P", image.size, plain.tobytes())
        image.putpalette(list(range(256)) * 3)
    file = io.BytesIO()
    predictor = {317: 2} if differences and packing in PILLOW[1:4] and depth >= 8 else {}
    image.save(file, "TIFF", compression=packing, tiffinfo=predictor)
    np.testing.assert_array_equal(read_tiff(file.getvalue(), size, LIMIT).pixels, values)


@pytest.mark.parametrize("full", [4093, 4094, 4095, 4096])
@pytest.mark.parametrize("many", [2, 256])
def test_lzw_of_every_length_and_fullness_is_exact(full, many):
    random = np.random.default_rng(full)
    raw = random.integers(0, many, 30_000).astype(np.uint8)
    for size in [*range(1, 40), *range(250, 262), *range(505, 520), 4000, 30_000]:
        packed = memoryview(lzw(raw[:size].tobytes(), full))
        np.testing.assert_array_equal(unpacked(packed, LZW, size), raw[:size])


def test_one_long_run_is_exact():
    raw = np.full(3_000_000, 7, dtype=np.uint8)
    np.testing.assert_array_equal(unpacked(memoryview(lzw(raw.tobytes())), LZW, len(raw)), raw)
    np.testing.assert_array_equal(unpacked(memoryview(packbits(raw.tobytes())), PACKBITS, len(raw)), raw)


def plain_packbits(packed, most):
    """Head by head, as the specification words it."""
    out, place = b"", 0
    while place < len(packed) and len(out) < most:
        head = packed[place]
        many = head + 1 if head < 128 else int(head > 128)
        part = packed[place + 1 : place + 1 + many]
        if len(part) < many:
            return None
        out += part * (257 - head if head > 128 else 1)
        place += 1 + many
    return out


@pytest.mark.parametrize("size", [3, 64, 1 << 14])
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=9) | st.binary(max_size=300).map(packbits), max_size=9), st.integers(1, 5000))
def test_packbits_is_read_head_by_head(monkeypatch, size, parts, most):
    monkeypatch.setattr("compete.scoring.tiff_packing.BYTES", size)
    packed = b"".join(parts)
    found = unpacked(memoryview(packed), PACKBITS, most)
    assert (None if found is None else found.tobytes()) == plain_packbits(packed, most)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from([LZW, DEFLATE, PACKBITS]), st.integers(1, 5000))
def test_packed_noise_is_bounded_and_never_raises(packed, packing, most):
    for data in (packed, b"\x80" + packed, b"\x80\x00" + packed):
        raw = unpacked(memoryview(data), packing, most)
        assert raw is None or len(raw) <= most + 128


MASK = np.zeros((48, 64), dtype=np.int64)
MASK[10:30, 20:40] = 1
PLAIN_FILE = tiff(MASK)
COLOURS = np.stack([MASK] * 3, axis=-1).astype(np.uint8)


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "TIFF", **options)
    return file.getvalue()


def looped(data):
    """A file whose first page says that it is followed by itself."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    end = start + 2 + 12 * count
    return data[:end] + struct.pack("<I", start) + data[end + 4 :]


def with_bytes(data, place, raw):
    return data[:place] + raw + data[place + len(raw) :]


CLEARS = int("100000000" * 800, 2).to_bytes(900, "big")
RESTARTS = int(("100000000" + "000000000") * 3072 + "0" * (-18 * 3072 % 8), 2).to_bytes(-(-18 * 3072 // 8), "big")
BAD = {
    "size": ("picture/size", tiff(MASK[::2, ::2])),
    "turned by hand": ("picture/size", tiff(MASK.T)),
    "a million a side": ("picture/size", tiff(MASK, change={256: (LONG, [10**6]), 257: (LONG, [10**6])})),
    "rgb": ("picture/kind", saved(Image.fromarray(COLOURS))),
    "alpha": ("picture/kind", saved(Image.fromarray(COLOURS).convert("RGBA"))),
    "cmyk": ("picture/kind", saved(Image.fromarray(COLOURS).convert("CMYK"))),
    "floating point": ("picture/kind", saved(Image.fromarray(MASK.astype(np.float32)))),
    "64 bits": ("picture/kind", tiff(MASK, change={258: (SHORT, [64])})),
    "signed": ("picture/kind", tiff(np.where(MASK, 255, 0), change={339: (SHORT, [2])})),
    "complex": ("picture/kind", tiff(MASK, change={339: (SHORT, [6])})),
    "white is zero": ("picture/kind", tiff(MASK, meaning=0)),
    "transparency mask": ("picture/kind", tiff(MASK, meaning=4)),
    "jpeg inside": ("picture/kind", saved(Image.fromarray(MASK.astype(np.uint8)), compression="jpeg")),
    "fax": ("picture/kind", saved(Image.fromarray(MASK > 0), compression="group4")),
    "unknown packing": ("picture/kind", tiff(MASK, change={259: (SHORT, [777])})),
    "bits reversed": ("picture/kind", tiff(MASK, change={266: (SHORT, [2])})),
    "predictor 3": ("picture/kind", tiff(MASK, packing=LZW, change={317: (SHORT, [3])})),
    "differences of bits": ("picture/kind", tiff(MASK, 1, packing=LZW, change={317: (SHORT, [2])})),
    "two pages": ("picture/animated", saved(Image.fromarray(MASK > 0), save_all=True,
                                            append_images=[Image.fromarray(MASK > 0)])),
    "a loop of pages": ("picture/animated", looped(PLAIN_FILE)),
    "next page nowhere": ("picture/animated", tiff(MASK, last=0xFFFFFFFF)),
    "orientation": ("picture/turned", tiff(MASK, change={274: (SHORT, [6])})),
    "class 7": ("picture/unknown-class", tiff(MASK * 7)),
    "16 bits": ("picture/unknown-class", tiff(MASK * 65_535, 16)),
    "32 bits": ("picture/unknown-class", tiff(MASK * (2**32 - 1), 32)),
    "blurred": ("picture/soft-edges", tiff(np.where(MASK, 255 - np.arange(64) % 4, 0))),
    "magic alone": ("picture/damaged", b"II*\0"),
    "text transfer": ("picture/damaged", PLAIN_FILE[:2000]),
    "entries beyond": ("picture/damaged", with_bytes(PLAIN_FILE, 4, struct.pack("<I", 2**32 - 1))),
    "entries in the header": ("picture/damaged", with_bytes(PLAIN_FILE, 4, bytes(4))),
    "BigTIFF of other places": ("picture/damaged", with_bytes(tiff(MASK, big=True), 4, b"\4")),
    "BigTIFF of 2**60 entries": ("picture/damaged", with_bytes(tiff(MASK, big=True), 16 + MASK.size, b"\xff" * 8)),
    "no width": ("picture/damaged", tiff(MASK, drop=(256,))),
    "no meaning": ("picture/damaged", tiff(MASK, drop=(262,))),
    "no strips": ("picture/damaged", tiff(MASK, drop=(273,))),
    "no sizes of strips": ("picture/damaged", tiff(MASK, drop=(279,))),
    "width 0": ("picture/damaged", tiff(MASK, change={256: (SHORT, [0])})),
    "width a fraction": ("picture/damaged", tiff(MASK, change={256: (12, [64.0])})),
    "two widths": ("picture/damaged", tiff(MASK, change={256: (SHORT, [64, 64])})),
    "depths that differ": ("picture/damaged", tiff(MASK, change={258: (SHORT, [8, 16])})),
    "strips of no row": ("picture/damaged", tiff(MASK, change={278: (SHORT, [0])})),
    "too many strips": ("picture/damaged", tiff(MASK, change={278: (SHORT, [1])})),
    "too few strips": ("picture/damaged", tiff(MASK, rows=16, change={278: (SHORT, [48])})),
    "strip beyond": ("picture/damaged", tiff(MASK, change={273: (LONG, [2**31])})),
    "strip of 16 exabytes": ("picture/damaged", tiff(MASK, big=True, change={279: (LONG8, [2**64 - 1])})),
    "strip over the header": ("picture/damaged", tiff(MASK, change={273: (LONG, [0])})),
    "strips share bytes": ("picture/damaged", tiff(MASK, rows=24, change={273: (LONG, [8, 8])})),
    "strip too short": ("picture/damaged", tiff(MASK, change={279: (LONG, [3071])})),
    "strip too long": ("picture/damaged", tiff(MASK, change={279: (LONG, [3073])})),
    "strips and tiles": ("picture/damaged", tiff(MASK, tile=(16, 16), change={273: (LONG, [8])})),
    "tiles of no width": ("picture/damaged", tiff(MASK, tile=(16, 16), change={322: (SHORT, [0])})),
    "tiles too large": ("picture/damaged", tiff(MASK, tile=(48, 64), change={322: (LONG, [1 << 20])})),
    "no tile height": ("picture/damaged", tiff(MASK, tile=(16, 16), drop=(323,))),
    "LZW of clears": ("picture/damaged", tiff(MASK, packing=LZW, more={0: CLEARS})),
    "LZW of short tables": ("picture/damaged", tiff(MASK, packing=LZW, more={0: RESTARTS})),
    "LZW too long": ("picture/damaged", tiff(MASK, packing=LZW, more={0: lzw(bytes(3073))})),
    "LZW too short": ("picture/damaged", tiff(MASK, packing=LZW, more={0: lzw(bytes(3071))})),
    "LZW of old": ("picture/damaged", tiff(MASK, packing=LZW, more={0: b"\0\1" + bytes(99)})),
    "LZW first a string": ("picture/damaged", tiff(MASK, packing=LZW, more={0: b"\x80\x40\xff\xff\xff"})),
    "deflate bomb": ("picture/damaged", tiff(MASK, packing=DEFLATE, more={0: zlib.compress(bytes(1 << 24))})),
    "deflate cut": ("picture/damaged", tiff(MASK, packing=DEFLATE, more={0: zlib.compress(bytes(3072))[:-2]})),
    "deflate noise": ("picture/damaged", tiff(MASK, packing=DEFLATE, more={0: b"noise"})),
    "packbits cut": ("picture/damaged", tiff(MASK, packing=PACKBITS, more={0: b"\x7f" + bytes(40)})),
    "packbits run cut": ("picture/damaged", tiff(MASK, packing=PACKBITS, more={0: b"\x81"})),
    "packbits idle": ("picture/damaged", tiff(MASK, packing=PACKBITS, more={0: b"\x80" * 100_000})),
    "packbits too long": ("picture/damaged", tiff(MASK, packing=PACKBITS, more={0: b"\x82\0" * 25})),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "data"), BAD.values(), ids=BAD)
def test_bad_tiffs_are_refused_for_the_right_reason(rule, data):
    tracemalloc.start()
    read, findings = read_picture(data, (48, 64), TWO, "m.tif")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read is None
    assert [finding.rule for finding in findings] == [rule]
    assert findings[0].where == "m.tif"
    assert findings[0].hint
    assert str(findings[0]).replace("\n", "").isprintable()
    assert rule in PICTURE_RULES
    assert most < 4 * len(data) + (1 << 21)


def test_an_entry_twice_is_refused():
    data = PLAIN_FILE
    place = data.index(struct.pack("<2H", 258, SHORT))
    with pytest.raises(TiffFault, match="there twice"):
        read_tiff(with_bytes(data, place, struct.pack("<H", 257)), (48, 64), LIMIT)


@settings(max_examples=300, deadline=None)
@given(st.data(), variants())
def test_any_changed_byte_is_refused_or_read_with_one_finding(data, variant):
    whole = tiff(MASK % (1 << variant["depth"]), **variant)
    place = data.draw(st.integers(4, len(whole) - 1))
    other = data.draw(st.sampled_from([
        whole[:place],
        with_bytes(whole, place, bytes([data.draw(st.integers(0, 255))])),
        with_bytes(whole, min(place, len(whole) - 4), data.draw(st.binary(min_size=4, max_size=4))),
    ]))  # fmt: skip
    read, findings = read_picture(other, (48, 64), ANY)
    assert (read is None) == (len(findings) == 1)


ODD = {
    "plain": (None, PLAIN_FILE),
    "1 bit": (None, tiff(MASK, 1)),
    "signed": (None, tiff(MASK, change={339: (SHORT, [2])})),
    "white": ("picture/white", tiff(MASK * 255)),
    "16 bits": ("picture/deep", tiff(MASK, 16, order=">")),
    "32 bits": ("picture/deep", tiff(MASK, 32)),
    "last strip padded": (None, tiff(np.pad(MASK, ((0, 2), (0, 0))), rows=10, change={257: (SHORT, [48])})),
    "LZW without an end": (None, tiff(MASK, packing=LZW, more={0: lzw(MASK.astype(np.uint8).tobytes())[:-1]})),
    "metadata": (None, tiff(MASK, change={270: (2, [b"i"] * 1), 330: (LONG, [0])})),
}


@pytest.mark.parametrize(("rule", "data"), ODD.values(), ids=ODD)
def test_odd_tiffs_are_read_like_the_plain_one(rule, data):
    read, findings = read_picture(data, (48, 64), TWO)
    np.testing.assert_array_equal(read, MASK)
    assert [finding.rule for finding in findings] == ([rule] if rule else [])


def test_segments_are_png_alone():
    _, findings = read_picture(PLAIN_FILE, (48, 64), PictureContent(segments=True))
    assert [finding.rule for finding in findings] == ["picture/not-png"]


def test_a_tiff_of_any_size_has_a_limit():
    _, findings = read_picture(tiff(MASK, change={256: (LONG, [1 << 15]), 257: (LONG, [1 << 15])}), None, ANY)
    assert [finding.rule for finding in findings] == ["picture/size"]


def test_png_and_tiff_in_one_folder():
    pictures = [("a.png", png_bytes(MASK)), ("b.tif", tiff(MASK, 16)), ("c.tif", tiff(MASK * 70_000, 32))]
    maps, _ = read_pictures(pictures, None, ANY)
    for place, factor in enumerate((1, 1, 70_000)):
        np.testing.assert_array_equal(maps.array(place), MASK * factor)


IMAGES = some_images()
TERMS = terms_of("png", "label_maps")
VALUES = [np.arange(high * wide).reshape(high, wide) % 3 for high, wide in SIZES]


def members(**more):
    names = [f"{one}{ending}" for one, ending in zip(IDS, (".tif", ".png", ".TIFF", ".tiff"), strict=True)]
    made = [png_bytes(value) if name.endswith("png") else tiff(value, packing=PACKBITS)
            for name, value in zip(names, VALUES, strict=True)]  # fmt: skip
    return zip_bytes({**dict(zip(names, made, strict=True)), **more})


def test_a_submission_of_both_reads_as_one_of_png():
    plain = zip_bytes({f"{one}.png": png_bytes(value) for one, value in zip(IDS, VALUES, strict=True)})
    one, other = (read_images_submission(data, TERMS, IMAGES) for data in (plain, members()))
    assert one.canonical_sha256() == other.canonical_sha256()


def test_two_pictures_of_one_image_are_refused():
    with pytest.raises(SubmissionError) as refused:
        read_images_submission(members(**{"img_0001.png": png_bytes(VALUES[0])}), TERMS, IMAGES)
    assert [(one.rule, one.items) for one in refused.value.findings] == [("submission/repeated-id", ("img_0001.png",))]


def test_a_tiff_alone_is_a_submission_of_one_image():
    alone = some_images(IDS[:1], SIZES[:1])
    read = read_images_submission(tiff(VALUES[0], order=">", big=True), TERMS, alone)
    np.testing.assert_array_equal(read.values.array(0), VALUES[0])


def test_a_broken_tiff_is_told_with_its_place():
    with pytest.raises(SubmissionError) as refused:
        read_images_submission(members(**{"img_0001.tif": tiff(VALUES[0])[:900]}), TERMS, IMAGES, "sent.zip")
    assert [(one.rule, one.where) for one in refused.value.findings] == [("picture/damaged", "sent.zip/img_0001.tif")]
