"""Images: pixels stay, everything else goes, and what is broken is found out."""

from __future__ import annotations

import io
import os
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from compete.building.journal import Draft
from compete.building.media import MEDIA_RULES, PIXELS, clean_files, clean_image, gathered
from compete.building.media.jpeg import orientation_exif
from compete.png import SIGNATURE

SECRET = b"a secret that nobody may read"


def photograph(mode: str = "RGB", width: int = 203, height: int = 151, seed: int = 0) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin(x / 17 + y / 11), 128 + 90 * np.cos(x / 7), y * 255 / height]
    noise = np.random.default_rng(seed).normal(0, 12, (height, width, 3))
    return Image.fromarray((np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str, **settings) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def rules(found) -> list[str]:
    return [finding.rule for finding in found.findings]


def chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def names(data: bytes) -> list[bytes]:
    found, at = [], len(SIGNATURE)
    while at < len(data):
        found.append(data[at + 4 : at + 8])
        at += 12 + struct.unpack(">I", data[at : at + 4])[0]
    return found


PNG_PICTURES = {
    "1": lambda: photograph("1"),
    "L": lambda: photograph("L"),
    "LA": lambda: photograph("LA"),
    "RGB": photograph,
    "RGBA": lambda: photograph("RGBA"),
    "P": lambda: photograph().quantize(37),
    "I;16": lambda: Image.fromarray(np.random.default_rng(1).integers(0, 1 << 16, (50, 70), np.uint16)),
}


@pytest.mark.parametrize("mode", PNG_PICTURES)
def test_a_png_keeps_its_pixels_and_loses_all_else(mode):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode(), zip=False)
    text.add_itxt("Author", SECRET.decode())
    settings = {"pnginfo": text, "dpi": (72, 72), "icc_profile": SECRET}
    if mode == "P":
        settings["transparency"] = bytes(range(37))
    data = encoded(PNG_PICTURES[mode](), "PNG", **settings) + SECRET
    cleaned = clean_image(data, "a.png")
    assert SECRET not in cleaned.data
    assert set(names(cleaned.data)) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
    before, after = opened(data), opened(cleaned.data)
    assert (after.mode, after.size) == (before.mode, before.size) == (cleaned.mode, (cleaned.width, cleaned.height))
    assert after.tobytes() == before.tobytes()
    assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
    assert rules(cleaned) == ["image/trailing-bytes"]


def test_where_a_program_cuts_the_pixels_of_a_png_is_not_told():
    whole = clean_image(encoded(photograph(), "PNG")).data
    assert names(whole) == [b"IHDR", b"IDAT", b"IEND"]
    at = whole.index(b"IDAT")
    pixels = whole[at + 4 : -16]
    cut = b"".join(chunk(b"IDAT", pixels[start : start + 100]) for start in range(0, len(pixels), 100))
    assert clean_image(whole[: at - 4] + cut + chunk(b"IEND", b"")).data == whole


def test_sixteen_bit_colours_are_not_reduced():
    rows = np.random.default_rng(2).integers(0, 256, (5, 1 + 7 * 6), np.uint8)
    rows[:, 0] = 0
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 5, 16, 2, 0, 0, 0))
    data = SIGNATURE + header + chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b"")
    assert clean_image(data).data == data


def test_an_animated_png_keeps_its_first_frame():
    data = encoded(photograph(), "PNG", save_all=True, append_images=[photograph(seed=seed) for seed in (1, 2)])
    cleaned = clean_image(data, "a.png")
    assert names(cleaned.data) == [b"IHDR", b"IDAT", b"IEND"]
    assert opened(cleaned.data).tobytes() == photograph().tobytes()
    assert [(finding.rule, finding.severity) for finding in cleaned.findings] == [("image/frames", "note")]


def test_an_orientation_of_a_png_is_told():
    data = encoded(photograph(), "PNG", exif=orientation_exif(6))
    assert rules(clean_image(data)) == ["image/orientation"]


def test_a_damaged_png_is_found_at_every_byte():
    data = encoded(photograph(width=40, height=30), "PNG")
    for at in range(0, len(data), 7):
        flipped = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        assert set(rules(clean_image(flipped))) <= {"image/damaged", "image/unsupported"}
        assert rules(clean_image(flipped)), at
        assert set(rules(clean_image(data[:at]))) <= {"image/damaged", "image/unsupported"}
        assert rules(clean_image(data[:at])), at


def header_of(width: int, height: int, kind: int = 2) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))


PIXEL_CHUNK = chunk(b"IDAT", zlib.compress(bytes(4)))
END_CHUNK = chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "chunks",
    [
        b"",
        END_CHUNK,
        PIXEL_CHUNK + header_of(1, 1) + END_CHUNK,
        header_of(1, 1) + END_CHUNK,
        header_of(1, 1) * 2 + PIXEL_CHUNK + END_CHUNK,
        header_of(1, 1) + PIXEL_CHUNK + chunk(b"tEXt", b"a") + PIXEL_CHUNK + END_CHUNK,
        header_of(1, 1) + chunk(b"CgBI", b"abcd") + PIXEL_CHUNK + END_CHUNK,
        header_of(1, 1) + PIXEL_CHUNK + chunk(b"PLTE", b"abc") + END_CHUNK,
        header_of(9, 9) + PIXEL_CHUNK + END_CHUNK,
        header_of(0, 9) + PIXEL_CHUNK + END_CHUNK,
        header_of(1, 1, kind=9) + PIXEL_CHUNK + END_CHUNK,
    ],
)
def test_a_png_of_wrong_structure_is_damaged(chunks):
    assert rules(clean_image(SIGNATURE + chunks)) == ["image/damaged"]


def test_random_changes_never_crash():
    chance = random.Random(7)
    for kind, settings in (
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("TIFF", {}),
    ):
        data = bytearray(encoded(photograph(width=64, height=48), kind, **settings))
        for _ in range(120):
            changed = bytearray(data)
            for _ in range(chance.randrange(1, 6)):
                changed[chance.randrange(len(data))] = chance.randrange(256)
            cleaned = clean_image(bytes(changed[: chance.choice([len(data), chance.randrange(len(data))])]))
            assert bool(cleaned.data) == ("error" not in {finding.severity for finding in cleaned.findings})
            if cleaned.data:
                assert opened(cleaned.data).size == (cleaned.width, cleaned.height)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded():
    side = int(PIXELS**0.5) + 1
    for width, height in ((side, side), (60000, 60000)):
        bomb = SIGNATURE + header_of(width, height) + chunk(b"IDAT", zlib.compress(bytes(100))) + END_CHUNK
        assert rules(clean_image(bomb)) == ["image/too-large"]


REWRITTEN = {
    "GIF": lambda: photograph().quantize(20),
    "BMP": photograph,
    "WEBP": lambda: photograph("RGBA"),
    "TIFF": photograph,
    "TIFF of 16 bits": PNG_PICTURES["I;16"],
    "TIFF of 32 bits": lambda: Image.fromarray(np.arange(600, dtype=np.int32).reshape(20, 30) * 100),
    "TIFF of 1 bit": lambda: photograph("1"),
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_other_formats_are_written_as_png(name):
    kind = name.split()[0]
    settings = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(REWRITTEN[name](), kind, **settings)
    cleaned = clean_image(data, f"a.{kind.lower()}")
    assert cleaned.suffix == ".png"
    assert [(finding.rule, finding.severity) for finding in cleaned.findings] == [("image/rewritten", "note")]
    before, after = opened(data), opened(cleaned.data)
    assert np.array_equal(
        np.asarray(before.convert("I" if "bits" in name else "RGBA")),
        np.asarray(after.convert("I" if "bits" in name else "RGBA")),
    )
    assert set(names(cleaned.data)) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def test_a_transparent_gif_stays_transparent_and_an_animated_one_is_told():
    image = photograph().quantize(20)
    data = encoded(
        image, "GIF", transparency=3, save_all=True, append_images=[photograph(seed=1).quantize(20)], comment=SECRET
    )
    cleaned = clean_image(data, "a.gif")
    assert sorted((finding.rule, finding.severity) for finding in cleaned.findings) == [
        ("image/frames", "warning"),
        ("image/rewritten", "note"),
    ]
    assert opened(cleaned.data).convert("RGBA").tobytes() == opened(data).convert("RGBA").tobytes()
    assert SECRET not in cleaned.data


def test_a_turned_webp_is_written_upright():
    data = encoded(photograph(), "WEBP", lossless=True, exif=orientation_exif(6))
    assert opened(clean_image(data).data).tobytes() == ImageOps.exif_transpose(opened(data)).tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"<html>not found</html>",
        b"%PDF-1.7",
        encoded(photograph("CMYK"), "TIFF"),
        encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"),
        encoded(Image.fromarray(np.full((4, 4), 70000, np.int32)), "TIFF"),
        encoded(photograph(), "PPM"),
    ],
    ids=["html", "pdf", "cmyk", "float", "32 bits", "ppm"],
)
def test_what_cannot_be_taken_is_refused(data):
    cleaned = clean_image(data, "a.tif")
    assert rules(cleaned) == ["image/unsupported"]
    assert cleaned.data == b""


def test_a_suffix_that_does_not_fit_the_content_is_told():
    assert rules(clean_image(encoded(photograph(), "PNG"), "a.jpg")) == ["image/suffix"]
    assert rules(clean_image(encoded(photograph(), "JPEG"), "a.JPEG")) == []
    assert rules(clean_image(encoded(photograph(), "JPEG"))) == []


def test_files_are_cleaned_in_order_with_one_time_and_one_mode(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    contents = [encoded(photograph(seed=seed), "PNG" if seed % 2 else "JPEG") for seed in range(6)]
    contents[2] = contents[2][:-100]
    contents[4] += b"tail"
    contents[5] += b"tails"
    sources = [tmp_path / f"{row}.{'png' if row % 2 else 'jpg'}" for row in range(6)]
    for source, content in zip(sources, contents, strict=True):
        source.write_bytes(content)
        source.chmod(0o600)
    sources.append(tmp_path / "missing.png")
    os.mkfifo(tmp_path / "pipe.png")
    sources.append(tmp_path / "pipe.png")
    steps = []
    old = os.umask(0o077)
    try:
        done = clean_files(
            list(map(str, sources)),
            [f"item{row}" for row in range(8)],
            Draft(out, {}),
            names=[source.name for source in sources],
            progress=lambda *step: steps.append(step),
        )
    finally:
        os.umask(old)
    assert [file and file.path for file in done.files] == [
        "item0.jpg", "item1.png", None, "item3.png", "item4.jpg", "item5.png", None, None,
    ]  # fmt: skip
    assert [(finding.rule, finding.items, finding.count) for finding in done.findings] == [
        ("image/damaged", ("2.jpg",), 1),
        ("image/trailing-bytes", ("4.jpg", "5.png"), 2),
        ("image/unreadable", ("missing.png", "pipe.png"), 2),
    ]
    assert steps == [(8, 8)]
    for file in filter(None, done.files):
        status = (out / file.path).stat()
        assert (status.st_mtime, status.st_mode & 0o777, status.st_size) == (315532800, 0o644, file.size)
    assert sorted(path.name for path in out.iterdir()) == [file.path for file in done.files if file]


def test_many_files_are_the_same_from_one_process_and_from_two(tmp_path):
    source = tmp_path / "a.png"
    source.write_bytes(encoded(photograph(width=20, height=20), "PNG"))
    seen = []
    for workers in (1, 2):
        out = tmp_path / str(workers) / "out"
        out.mkdir(parents=True)
        done = clean_files([str(source)] * 300, [f"{row:03}" for row in range(300)], Draft(out, {}), workers=workers)
        seen.append([(file.path, file.sha256) for file in done.files if file])
    assert seen[0] == seen[1]
    assert len(seen[0]) == 300


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    source = tmp_path / "a.png"
    source.write_bytes(encoded(photograph(), "PNG"))
    with pytest.raises(FileNotFoundError) as told:
        clean_files([str(source)], ["nowhere/a"], Draft(tmp_path, {}))
    assert told.value.filename == str(tmp_path / "nowhere" / "a.png")


def test_every_rule_is_explained_and_findings_of_one_kind_are_told_once():
    found = [
        *clean_image(b"", "a.jpg").findings,
        *clean_image(b"x", "b.jpg").findings,
        *clean_image(b"", "c.jpg").findings,
    ]
    told = gathered(found)
    assert [(finding.rule, finding.items) for finding in told] == [
        ("image/damaged", ("a.jpg", "c.jpg")),
        ("image/unsupported", ("b.jpg",)),
    ]
    assert {finding.rule for finding in told} <= set(MEDIA_RULES)
    assert told[0].message == "2 images: The image is damaged: it is empty"
    assert "explain" not in told[0].hint


def test_images_damaged_in_several_ways_are_told_with_each_way_and_its_number():
    cut = encoded(photograph(), "JPEG")[:-40]
    (told,) = gathered(
        finding for name, data in (("a", b""), ("b", cut), ("c", cut)) for finding in clean_image(data, name).findings
    )
    ends, empty = (clean_image(data, "d").findings[0].message for data in (cut, b""))
    reasons = [message.removeprefix("the image is damaged: ") for message in (ends, empty)]
    assert told.message == f"3 images: The image is damaged: {reasons[0]} (2); {reasons[1]} (1)"
    assert told.items == ("a", "b", "c")


@pytest.mark.real_data
def test_real_photographs_are_whole(real_data: Path):
    paths = [path for path in sorted(real_data.rglob("*")) if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    assert paths
    for path in paths:
        data = path.read_bytes()
        cleaned = clean_image(data, path.name)
        assert "error" not in {finding.severity for finding in cleaned.findings}, (path, cleaned.findings)
        assert opened(cleaned.data).tobytes() == opened(data).tobytes()
