"""What can be seen of one image file: structure, size, border, a small copy, traces of how it was packed."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from compete.audits.hashes import hashes_of_symmetries
from compete.audits.marks import Marks, marks_of
from compete.building.media.jpeg import Damaged, exif_orientation, strip_jpeg
from compete.building.media.png import strip_png
from compete.png import SIGNATURE

Array = np.ndarray[Any, Any]
SMALL = 32
"""Pixels of a side of the small copy."""
LONG = 128
"""Pixels that the longer side of the picture in which views are compared has, about."""
BORDER = 8
"""Pixels of a border strip."""
DEEP = 160
"""Pixels of a side of what is looked at for traces of compression."""
MODES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (0, 3))
"""Frequencies of a block whose steps are looked for."""
REACH = 24
"""Steps of a frequency to each side that are counted."""


class Seen(NamedTuple):
    """What was seen of a file.

    Attributes:
        why: what is wrong with its structure; empty where nothing is.
        coder: how it was packed: tables, sampling, progressive or not; the kind of PNG.
        size: bytes.
        width: pixels.
        height: pixels.
        mode: what a pixel is.
        pixels: digest of the decoded picture and its size; empty where it was not decoded.
        hashes: perceptual hashes as it is, and turned and mirrored in the seven other ways, shape (8,).
        marks: conspicuous places, by which views of one scene are found.
        thumb: a grey copy of 8 × 8, shape (64,).
        border: brightness and spread of the whole, of border strips and corners, shape (18,).
        traces: of compression, where they were asked for.
    """

    why: str
    coder: str
    size: int
    width: int
    height: int
    mode: str
    pixels: str = ""
    hashes: Array | None = None
    marks: Marks | None = None
    thumb: Array | None = None
    border: Array | None = None
    traces: Array | None = None


def see_files(tasks: Sequence[tuple[str, bool]]) -> list[Seen]:
    """Look at some files.

    Args:
        tasks: a path, and whether traces of compression are wanted.
    """
    found, small, picture = [], [], []
    for path, deep in tasks:
        seen, *copies = see(Path(path).read_bytes(), deep=deep)
        found.append(seen)
        small += copies[:1]
        picture += copies[1:]
    if not small:
        return found
    made = iter(zip(hashes_of_symmetries(np.stack(small)).T, marks_of(picture), strict=True))
    return [one if one.thumb is None else _with(one, *next(made)) for one in found]


def _with(seen: Seen, hashes: Array, marks: Marks) -> Seen:
    return seen._replace(hashes=hashes, marks=marks)


def picture_of(path: Path) -> Array:
    """A grey copy of an image of about 128 pixels, as views are compared in."""
    from PIL import Image

    with Image.open(path, formats=["JPEG", "PNG"]) as image:
        _draft(image)
        return _copies(_grey(image))[1]


Sight = tuple[Seen] | tuple[Seen, Array, Array]
"""What was seen, and of pictures the copies of 32 and of about 128 pixels, from which hashes and marks are made."""


def see(data: bytes, *, deep: bool = False) -> Sight:
    """Look at one file.

    Args:
        data: its bytes.
        deep: look for traces of compression too, which takes a decoding in full.
    """
    try:
        if data[:3] == b"\xff\xd8\xff":
            stripped = strip_jpeg(data)
            why = _difference(len(data), len(stripped.data), stripped.trailing, data == stripped.data)
            return _looked_at(data, why, _jpeg_coder(data), "JPEG", deep=deep)
        if data.startswith(SIGNATURE):
            stripped = strip_png(data)
            why = _difference(len(data), len(stripped.data), stripped.trailing, data == stripped.data)
            return _looked_at(data, why, _png_coder(data), "PNG", deep=deep)
    except Damaged as error:
        return (Seen(f"is damaged: {error}", "", len(data), 0, 0, ""),)
    if data[:2] == b"\x1f\x8b":
        return (_volume(data),)
    return (Seen("is no JPEG, PNG or NIfTI", _sound(data), len(data), 0, 0, ""),)


def _difference(size: int, clean: int, trailing: int, same: bool) -> str:
    if same:
        return ""
    if trailing:
        return "has bytes after its end"
    return "holds metadata" if size != clean else "is not in its plain form"


def _looked_at(data: bytes, why: str, coder: str, kind: str, *, deep: bool) -> Sight:
    try:
        (width, height, mode), grey = _decoded(data, kind, smaller=True)
        full = grey if grey.shape == (height, width) or not deep else _decoded(data, kind, smaller=False)[1]
    except (OSError, SyntaxError, ValueError) as error:
        return (Seen(f"cannot be decoded: {type(error).__name__}", coder, len(data), 0, 0, ""),)
    digest = hashlib.blake2b(grey.tobytes(), digest_size=16, key=f"{width} {height} {mode}".encode()).hexdigest()
    small, picture = _copies(grey)
    thumb = small.reshape(8, SMALL // 8, 8, SMALL // 8).mean(axis=(1, 3)).astype(np.uint8).ravel()
    traces = compression_traces(full) if deep else None
    about = None, None, thumb, _border(picture, max(1, width // picture.shape[1])), traces
    return Seen(why, coder, len(data), width, height, mode, digest, *about), small, picture


def _decoded(data: bytes, kind: str, *, smaller: bool) -> tuple[tuple[int, int, str], Array]:
    """Width, height and mode of a picture, and its grey, if wanted of a JPEG no larger than is needed."""
    from PIL import Image

    with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=[kind]) as image:
        warnings.simplefilter("ignore")
        about = image.width, image.height, image.mode
        if smaller:
            _draft(image)
        return about, _grey(image)


def _draft(image: Any) -> None:
    """Let a JPEG be decoded smaller."""
    scale = 8
    while scale > 1 and max(image.width, image.height) // scale < LONG:
        scale //= 2
    if image.format == "JPEG" and scale > 1:
        image.draft("L", (image.width // scale, image.height // scale))


def _grey(image: Any) -> Array:
    """The picture in eight bits of grey."""
    if image.mode.startswith(("I", "F")):
        deep = np.asarray(image, dtype=np.float64)
        return (deep / 257 if deep.max(initial=0) > 255 else deep).clip(0, 255).astype(np.uint8)
    return np.asarray(image.convert("L"))


def _copies(grey: Array) -> tuple[Array, Array]:
    from PIL import Image

    whole = Image.fromarray(grey)
    small = np.asarray(whole.resize((SMALL, SMALL), Image.Resampling.BOX))
    share = max(1, round(max(grey.shape) / LONG))
    picture = grey if share == 1 else np.asarray(whole.reduce(share))
    return small, picture


def _border(grey: Array, scale: int) -> Array:
    """Brightness and spread of the whole, of the strips at its four sides, and of its corners."""
    deep = max(1, min(BORDER // scale, *(side // 3 for side in grey.shape)))
    strips = [grey[:deep], grey[-deep:], grey[:, :deep], grey[:, -deep:]]
    corners = [grey[:deep, :deep], grey[:deep, -deep:], grey[-deep:, :deep], grey[-deep:, -deep:]]
    told = []
    for one in (grey, *strips, *corners):
        values = one.astype(np.float32).ravel()
        mean = float(values.mean())
        told += [mean, max(0.0, float(values @ values) / len(values) - mean * mean) ** 0.5]
    return np.array(told)


def _jpeg_coder(data: bytes) -> str:
    """A digest of all that tells with what, and how finely, a JPEG was written."""
    told, at = [], 2
    while at + 4 <= len(data):
        code, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if code in {0xDA, 0xD9}:
            break
        content = data[at + 4 : at + 2 + length]
        # Of a frame the size is left out; it is looked at by itself.
        told.append(bytes([code]) + (content[:1] + content[5:] if 0xC0 <= code <= 0xCF and code != 0xC4 else content))
        if code == 0xE1:
            told[-1] = b"orientation %d" % exif_orientation(content[6:])
        if code == 0xC4:
            told[-1] = b"standard" if len(content) > 100 or content[17:18] == b"\x00" else b"tables"
        at += 2 + length
    return "JPEG " + hashlib.blake2b(b"\0".join(told), digest_size=6).hexdigest()


def _png_coder(data: bytes) -> str:
    """Depth, colours, interlacing, the order of palette and pixels, and the packer's own header."""
    depth, colour, _, _, interlaced = struct.unpack_from("BBBBB", data, 24)
    place = data.find(b"IDAT")
    return f"PNG {depth} {colour} {interlaced} {data[place + 4 : place + 6].hex()} {b'tRNS' in data[:place]}"


def _volume(data: bytes) -> Seen:
    import gzip
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            header = file.read(352)
    except (OSError, EOFError, zlib.error):
        return Seen("is damaged", "", len(data), 0, 0, "")
    width, height = struct.unpack_from("<2h", header, 42) if len(header) == 352 else (0, 0)
    told = [header[4:38], header[148:228], header[228:252], header[328:344], header[348:352]]
    odd = any(any(text) for text in told) or data[3] != 0 or any(data[4:8])
    return Seen("holds metadata" if odd else "", "NIfTI", len(data), width, height, "")


def _sound(data: bytes) -> str:
    """Of a WAV file its rate and length; for all others nothing."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE" and len(data) >= 44:
        return f"WAV {int.from_bytes(data[24:28], 'little')}"
    return ""


def compression_traces(grey: Array) -> Array:
    """Traces that a JPEG leaves in pixels, however they were stored later: steps of frequencies, edges of blocks.

    Args:
        grey: shape (height, width).

    Returns:
        Numbers, the same many for every picture.

    Source: Fan and de Queiroz, Identification of bitmap compression history (IEEE TIP, 2003).
    """
    part = grey[: min(len(grey), DEEP) // 8 * 8, : min(grey.shape[1], DEEP) // 8 * 8].astype(np.float32)
    if min(part.shape) < 16:
        return np.zeros(len(MODES) * REACH + 16, dtype=np.float32)
    blocks = part.reshape(len(part) // 8, 8, -1, 8).transpose(0, 2, 1, 3).reshape(-1, 8, 8)
    cosines = _block_cosines()
    coefficients = cosines @ (blocks - 128) @ cosines.T
    combs = [_comb(coefficients[:, row, column]) for row, column in MODES]
    return np.concatenate([*combs, _edges(part)]).astype(np.float32)


def _comb(values: Array) -> Array:
    """How regular the gaps between the values of a frequency are: the spectrum of their histogram."""
    count = np.bincount(np.rint(values).astype(np.int64).clip(-REACH, REACH) + REACH, minlength=2 * REACH + 1)
    count[[0, -1]] = 0
    spectrum = np.abs(np.fft.rfft(count))
    share: Array = spectrum[1:] / max(float(spectrum[0]), 1.0)
    return share


def _edges(part: Array) -> Array:
    """How much pixels differ from the next at each place of a block, along both axes."""
    found = []
    for picture in (part, part.T):
        step = np.abs(np.diff(picture, axis=1)).mean(axis=0)
        mean = [step[offset::8].mean() for offset in range(8)]
        found += [one / max(float(step.mean()), 1e-6) for one in mean]
    return np.array(found)


@lru_cache(maxsize=1)
def _block_cosines() -> Array:
    frequency, place = np.arange(8)[:, None], np.arange(8)[None, :]
    matrix = np.cos(np.pi * frequency * (2 * place + 1) / 16) / 2
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)
