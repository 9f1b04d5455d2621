"""Label pictures: exact for every kind, depth and filter, and refused for the right reason."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.scoring.pictures import PICTURE_RULES, PictureContent, read_picture, read_pictures
from compete.scoring.png import ADAM7, GREY, PALETTE, RGB, PngFault, unwrap_png
from compete.scoring.png_filters import unfilter

ANY = PictureContent()
IDS = PictureContent(segments=True)
TWO = PictureContent(classes=(0, 1))
DEPTHS = [(GREY, 1), (GREY, 2), (GREY, 4), (GREY, 8), (GREY, 16), (PALETTE, 1), (PALETTE, 4), (PALETTE, 8), (RGB, 8)]


def chunk(name, payload=b""):
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def predicted(row, above, step, kind):
    """The bytes that a filter subtracts, one by one, as the specification words it."""
    out = []
    for place in range(len(row)):
        left = int(row[place - step]) if place >= step else 0
        corner = int(above[place - step]) if place >= step else 0
        top = int(above[place])
        near = min(
            (abs(top - corner), 0, left), (abs(left - corner), 1, top), (abs(left + top - 2 * corner), 2, corner)
        )
        out.append((0, left, top, (left + top) // 2, near[2])[kind])
    return np.array(out, dtype=np.int64)


def packed_rows(values, kind, depth, filters):
    """Filtered rows of one pass, as bytes."""
    if kind == RGB:
        rows = (
            np.stack([values & 255, values >> 8 & 255, values >> 16], axis=-1).astype(np.uint8).reshape(len(values), -1)
        )
    elif depth == 16:
        rows = values.astype(">u2").view(np.uint8).reshape(len(values), -1)
    else:
        bits = np.unpackbits(values.astype(np.uint8)[..., None], axis=2)[:, :, 8 - depth :]
        rows = np.packbits(bits.reshape(len(values), -1), axis=1)
    step = max(1, depth * (3 if kind == RGB else 1) // 8)
    above, out = np.zeros(rows.shape[1], dtype=np.uint8), b""
    for row, one in zip(rows, filters, strict=False):
        out += bytes([one]) + ((row - predicted(row, above, step, one)) % 256).astype(np.uint8).tobytes()
        above = row
    return out


def png(values, kind=GREY, depth=8, filters=None, *, interlaced=False, extra=b"", colours=256):
    """A PNG of these values, written as the specification says."""
    height, width = values.shape
    filters = [k % 5 for k in range(height)] if filters is None else filters
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    parts = [values[top::down, left::across] for left, top, across, down in passes]
    raw = b"".join(packed_rows(part, kind, depth, filters) for part in parts if part.size)
    head = struct.pack(">2I5B", width, height, depth, kind, 0, 0, interlaced)
    palette = chunk(b"PLTE", bytes(3 * min(colours, 1 << depth))) if kind == PALETTE else b""
    body = chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + extra + body + chunk(b"IEND")


def values_of(random, height, width, kind, depth, flat):  # noqa: PLR0917
    """Noise, or the few large regions of a label picture."""
    top = 1 << (24 if kind == RGB else depth)
    if not flat:
        return random.integers(0, top, (height, width))
    grid = random.integers(0, top, (1 + height // 5, 1 + width // 7))
    return np.kron(grid, np.ones((5, 7), dtype=np.int64))[:height, :width]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(1, 23), st.integers(1, 23), st.sampled_from(DEPTHS), st.booleans(), st.booleans()
)
def test_every_kind_depth_and_filter_is_exact(seed, height, width, kind_depth, interlaced, flat):  # noqa: PLR0917
    random = np.random.default_rng(seed)
    kind, depth = kind_depth
    values = values_of(random, height, width, kind, depth, flat)
    data = png(values, kind, depth, random.integers(0, 5, height).tolist(), interlaced=interlaced)
    content = IDS if kind == RGB else ANY
    read, findings = read_picture(data, (height, width), content)
    assert not findings
    np.testing.assert_array_equal(read, values)
    with Image.open(io.BytesIO(data)) as picture:
        seen = np.asarray(picture).astype(np.int64)
    if kind == RGB:
        np.testing.assert_array_equal(seen @ [1, 256, 65536], read)
    elif (kind == GREY and depth >= 8) or kind == PALETTE:
        np.testing.assert_array_equal(seen, read)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_filters_between_long_stretches_of_simple_rows(step):
    random = np.random.default_rng(step)
    kinds = np.array([2] * 70 + [4, 2, 3] + [1, 2, 0] * 30 + [3, 4, 4] + [2] * 5)
    rows = random.integers(0, 256, (len(kinds), 1 + 6 * step), dtype=np.uint8)
    rows[:, 0] = kinds
    above, wanted = np.zeros(6 * step, dtype=np.int64), []
    for row in rows:
        out = np.zeros(6 * step, dtype=np.int64)
        for place in range(6 * step):
            out[place] = (row[1 + place] + predicted(out, above, step, row[0])[place]) % 256
        wanted.append(out)
        above = out
    np.testing.assert_array_equal(unfilter(rows, step), wanted)


def saved(image, **options):
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def test_what_pillow_writes_is_read():
    random = np.random.default_rng(4)
    pictures, wanted = [], []
    for number in range(5):
        values = values_of(random, 40, 50, RGB, 8, True)
        rgb = np.stack([values & 255, values >> 8 & 255, values >> 16], -1).astype(np.uint8)
        pictures.append((f"{number}.png", saved(Image.fromarray(rgb))))
        wanted.append(values)
    small = values_of(random, 7, 9, GREY, 16, True)
    pictures.append(("grey.png", saved(Image.fromarray(small.astype(np.uint16)))))
    maps, findings = read_pictures(pictures, [(40, 50)] * 5 + [(7, 9)], IDS)
    assert not findings
    for number, values in enumerate([*wanted, small]):
        np.testing.assert_array_equal(maps.array(number), values)


MASK = np.zeros((48, 64), dtype=np.int64)
MASK[10:30, 20:40] = 1
PLAIN = png(MASK)
HALF = PLAIN[: len(PLAIN) // 2]


def frames():
    first, second = Image.fromarray((MASK * 0).astype(np.uint8)), Image.fromarray(MASK.astype(np.uint8))
    return saved(first, save_all=True, append_images=[second])


def bomb(width, height, depth=1):
    head = struct.pack(">2I5B", width, height, depth, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND")


def exif(orientation):
    return chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0" + struct.pack("<2HI2H", 0x0112, 3, 1, orientation, 0) + bytes(4))


def changed(place, byte):
    return PLAIN[:place] + bytes([byte]) + PLAIN[place + 1 :]


def with_body(raw):
    place = PLAIN.index(b"IDAT") - 4
    return PLAIN[:place] + chunk(b"IDAT", raw) + chunk(b"IEND")


RAW = zlib.decompress(PLAIN[PLAIN.index(b"IDAT") + 4 : -16])
BLUR = MASK * 255
BLUR[9, 20:40], BLUR[30, 20:40], BLUR[10:30, 19] = 30, 97, 180
JPEG = io.BytesIO()
Image.fromarray(MASK.astype(np.uint8)).save(JPEG, "JPEG")
BAD = {
    "size": ("picture/size", png(MASK[::2, ::2])),
    "turned by hand": ("picture/size", png(MASK.T.copy())),
    "30000 x 30000": ("picture/size", bomb(30000, 30000)),
    "2**31 - 1": ("picture/size", bomb(2**31 - 1, 2**31 - 1, 8)),
    "rgb": ("picture/kind", png(MASK, RGB)),
    "alpha": ("picture/kind", saved(Image.fromarray(MASK.astype(np.uint8)).convert("LA"))),
    "rgb and alpha": ("picture/kind", saved(Image.fromarray(MASK.astype(np.uint8)).convert("RGBA"))),
    "frames": ("picture/animated", frames()),
    "orientation": ("picture/turned", png(MASK, extra=exif(3))),
    "odd orientation": ("picture/turned", png(MASK, extra=chunk(b"eXIf", b"odd"))),
    "class 7": ("picture/unknown-class", png(MASK * 7)),
    "0 1 255": ("picture/unknown-class", png(np.where(MASK, MASK, 255 * (np.arange(64) < 3)))),
    "16 bit": ("picture/unknown-class", png(MASK * 65535, depth=16)),
    "blurred": ("picture/soft-edges", png(BLUR)),
    "jpeg": ("picture/not-png", JPEG.getvalue()),
    "svg": ("picture/not-png", b"<svg xmlns=..."),
    "empty": ("picture/not-png", b""),
    "tiff": ("picture/damaged", b"II*\0" + bytes(30)),
    "text transfer": ("picture/not-png", PLAIN.replace(b"\r\n", b"\n")),
    "half": ("picture/damaged", HALF),
    "no end": ("picture/damaged", PLAIN[:-12]),
    "header sum": ("picture/damaged", changed(30, 1)),
    "pixel sum": ("picture/damaged", changed(len(PLAIN) - 20, 77)),
    "no pixels": ("picture/damaged", PLAIN[:33] + chunk(b"IEND")),
    "no palette": ("picture/damaged", png(MASK, PALETTE).replace(chunk(b"PLTE", bytes(768)), b"")),
    "short palette": ("picture/damaged", png(MASK * 9, PALETTE, colours=4)),
    "unknown chunk": ("picture/damaged", png(MASK, extra=chunk(b"ABCD", b"x"))),
    "second header": ("picture/damaged", png(MASK, extra=PLAIN[8:33])),
    "header late": ("picture/damaged", PLAIN[:8] + chunk(b"tEXt", b"a\0b") + PLAIN[8:]),
    "pixels apart": ("picture/damaged", PLAIN[:-12] + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT") + chunk(b"IEND")),
    "depth 3": ("picture/damaged", bomb(64, 48, 3)),
    "no rows": ("picture/damaged", bomb(64, 0)),
    "more pixels": ("picture/damaged", with_body(zlib.compress(RAW + b"\0"))),
    "fewer pixels": ("picture/damaged", with_body(zlib.compress(RAW[:-1]))),
    "much more": ("picture/damaged", with_body(zlib.compress(bytes(1 << 24)))),
    "not packed": ("picture/damaged", with_body(RAW)),
    "empty body": ("picture/damaged", with_body(b"")),
    "cut body": ("picture/damaged", with_body(zlib.compress(RAW)[:-9])),
    "filter 5": ("picture/damaged", with_body(zlib.compress(b"\5" + RAW[1:]))),
}


@pytest.mark.parametrize(("rule", "data"), BAD.values(), ids=BAD)
def test_bad_pictures_are_refused_for_the_right_reason(rule, data):
    read, findings = read_picture(data, (48, 64), TWO, "m.png")
    assert read is None
    told = {finding.rule: finding for finding in findings}
    assert rule in told
    assert told[rule].where == "m.png"
    assert told[rule].hint
    assert str(told[rule]).replace("\n", "").isprintable()
    assert all(name in PICTURE_RULES for name in told)


ODD = {
    "plain": (None, PLAIN),
    "1 bit": (None, png(MASK, depth=1)),
    "palette": (None, png(MASK, PALETTE)),
    "interlaced": (None, png(MASK, interlaced=True)),
    "long text": (None, png(MASK, extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 22))))),
    "upright": (None, png(MASK, extra=exif(1))),
    "two chunks": (None, PLAIN[: PLAIN.index(b"IDAT") - 4] + chunk(b"IDAT", zlib.compress(RAW)[:9])
                   + chunk(b"IDAT", zlib.compress(RAW)[9:]) + chunk(b"IEND")),
    "white": ("picture/white", png(MASK * 255)),
    "16 bit": ("picture/deep", png(MASK, depth=16)),
    "transparent": ("picture/transparent", png(MASK, extra=chunk(b"tRNS", b"\0\1"))),
    "trailing": ("picture/trailing-bytes", PLAIN + b"PK\3\4"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "data"), ODD.values(), ids=ODD)
def test_odd_pictures_are_read_like_the_plain_one(rule, data):
    read, findings = read_picture(data, (48, 64), TWO)
    np.testing.assert_array_equal(read, MASK)
    assert [finding.rule for finding in findings] == ([rule] if rule else [])
    assert all(finding.severity != "error" for finding in findings)


def test_all_faults_of_all_pictures_are_told_at_once(tmp_path: Path):
    (tmp_path / "good.png").write_bytes(PLAIN)
    pictures = [(f"small{k}.png", png(MASK[:5])) for k in range(200)]
    pictures += [
        ("good.png", tmp_path / "good.png"),
        ("lost.png", tmp_path / "lost.png"),
        ("seven.png", lambda: png(MASK * 7)),
    ]
    maps, findings = read_pictures(pictures, [(48, 64)] * 203, TWO, "masks.zip")
    assert maps is None
    assert {one.rule: one.count for one in findings} == {
        "picture/size": 200, "picture/unreadable": 1, "picture/unknown-class": 1
    }  # fmt: skip
    assert findings[0].where == "masks.zip/small0.png"
    assert findings[0].items[:2] == ("small0.png", "small1.png")


def test_none_at_all_is_no_label_map():
    assert read_pictures([], [], TWO) == (None, [])


def test_a_picture_of_any_size_has_a_limit():
    read, findings = read_picture(bomb(9000, 9000), None, ANY)
    assert read is None
    assert [finding.rule for finding in findings] == ["picture/size"]
    assert read_picture(PLAIN, None, PictureContent(size=50))[1][0].rule == "picture/size"


def test_many_tiny_chunks_end():
    with pytest.raises(PngFault, match="chunk is broken"):
        unwrap_png(PLAIN[:33] + chunk(b"tEXt") * 70_000 + PLAIN[33:], (GREY,), None, 1 << 20)


def test_batches_join_without_a_seam(monkeypatch):
    monkeypatch.setattr("compete.scoring.picture_runs.ROOM", 2000)
    random = np.random.default_rng(9)
    wanted = [values_of(random, 20, 30, GREY, 8, True) for _ in range(8)]
    maps, _ = read_pictures([(str(k), png(one)) for k, one in enumerate(wanted)], None, ANY)
    for k, one in enumerate(wanted):
        np.testing.assert_array_equal(maps.array(k), one)


def shared() -> Path:
    given_ = os.environ.get("COMPETE_REAL_DATA", "")
    return Path(given_).parent / "corpus" if given_ else Path("/nonexistent")


def cases():
    manifest = shared() / "manifest.json"
    listed = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [case for case in listed if case["family"] == "M"]


@pytest.mark.real_data
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_shared_corpus(case):
    about = json.loads((shared() / "truth.json").read_text("utf-8"))["mask"]
    left, top, right, bottom = about["box"]
    truth, _ = read_picture((shared() / "mask_gt.png").read_bytes(), (about["h"], about["w"]), TWO)
    wanted = np.zeros((about["h"], about["w"]), dtype=np.int64)
    wanted[top:bottom, left:right] = 1
    np.testing.assert_array_equal(truth, wanted)
    valid, _ = read_picture((shared() / "M/M000.png").read_bytes(), truth.shape, TWO)
    read, findings = read_picture((shared() / case["path"]).read_bytes(), truth.shape, TWO, case["id"])
    if read is None:
        assert case["expect"] in ("reject", "either")
        assert any(finding.severity == "error" and finding.hint for finding in findings)
    else:
        assert case["expect"] != "reject"
        np.testing.assert_array_equal(read, valid)
