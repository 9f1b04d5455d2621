"""What can be seen in the files of images beyond a look: how they were packed, and traces of how they were before."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.building.media.jpeg import ADOBE, FRAMES, SCAN, Damaged, exif_orientation, strip_jpeg
from compete.building.media.png import strip_png
from compete.png import SIGNATURE

if TYPE_CHECKING:
    from compete.audits.look import Look

Array = np.ndarray[Any, Any]
HEAD = 8_192
"""Bytes at the beginning of a file that tell how it was packed."""
DEEP = 160
"""Pixels of a side of what is looked at for traces of compression."""
MODES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (0, 3))
"""Frequencies of a block whose steps are looked for."""
SEQUENTIAL, GREY_FIRST = {0xC0, 0xC1}, (b"\x01", b"\x01\x02\x03")
"""Frames of JPEGs that store row after row, and components of which the first is surely the brightness."""
REACH = 24
"""Steps of a frequency to each side that are counted."""
STEPS = (1, 2, 4, 8, 16)
"""Strengths of a frequency by which what an image shows is described."""
SMALLEST = 24
"""Pixels of a side below which there are no blocks to compare."""


def fault_of(path: Path, look: Look) -> str:
    """What a file holds beside its pixels, as the end of a sentence; empty where nothing is odd.

    Args:
        path: the file.
        look: at this very file.
    """
    if look.kind == "NIFTI":
        return _volume_fault(path.read_bytes())
    if look.refused:
        return f"cannot be taken: {look.findings[0].message}"
    return "" if look.sha256 == look.cleaned else _difference(path.read_bytes(), look)


def _difference(data: bytes, look: Look) -> str:
    """How a file differs from what would be published of it."""
    if look.kind not in {"JPEG", "PNG"}:
        return "is no JPEG, PNG or NIfTI"
    try:
        stripped = strip_jpeg(data) if look.kind == "JPEG" else strip_png(data)
    except Damaged as error:
        return f"is damaged: {error}"
    if stripped.trailing:
        return "has bytes after its end"
    return "holds metadata" if look.size != look.published else "is not in its plain form"


def coder_of(path: Path) -> str:
    """A name for how a file was packed: tables, sampling, progressive or not; the kind of PNG."""
    with path.open("rb") as file:
        data = file.read(HEAD)
        if data[:3] == b"\xff\xd8\xff" and b"\xff\xda" not in data:
            data += file.read()
    if data[:3] == b"\xff\xd8\xff":
        return _jpeg_coder(data)
    if data.startswith(SIGNATURE) and len(data) > 33:
        return _png_coder(data)
    return "NIfTI" if data[:2] == b"\x1f\x8b" else _sound(data)


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


def _volume_fault(data: bytes) -> str:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            header = file.read(352)
    except (OSError, EOFError, zlib.error):
        return "is damaged"
    told = [header[4:38], header[148:228], header[228:252], header[328:344], header[348:352]]
    odd = any(any(text) for text in told) or data[3] != 0 or any(data[4:8])
    return "holds metadata" if odd else ""


def _sound(data: bytes) -> str:
    """Of a WAV file its rate; for all others nothing."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE" and len(data) >= 44:
        return f"WAV {int.from_bytes(data[24:28], 'little')}"
    return ""


def traces_of(paths: Sequence[str]) -> list[tuple[Array, Array] | None]:
    """Traces of compression in images as ``compression_traces`` tells them; None of what cannot be decoded."""
    return [None if (grey := _grey(path)) is None else compression_traces(grey) for path in paths]


def _grey(path: str) -> Array | None:
    """The brightness of an image in eight bits: of a JPEG as it is stored, so that colours need no decoding."""
    from PIL import Image

    try:
        data = _upper_rows(Path(path).read_bytes())
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as image:
            warnings.simplefilter("ignore")
            if image.format == "JPEG":
                image.draft("L", image.size)
            if image.mode.startswith(("I", "F")):
                deep = np.asarray(image, dtype=np.float64)
                return (deep / 257 if deep.max(initial=0) > 255 else deep).clip(0, 255).astype(np.uint8)
            return np.asarray(image.convert("L").crop((0, 0, min(image.width, DEEP), min(image.height, DEEP))))
    except (OSError, SyntaxError, ValueError):
        return None


def _upper_rows(data: bytes) -> bytes:
    """Of a JPEG that stores its rows one after the other only those that are looked at, so that no other is decoded.

    Its header says how many rows there are; decoders stop after so many. Of all other files, all.
    """
    at = 2 if data[:3] == b"\xff\xd8\xff" else len(data)
    while at + 10 < len(data) and data[at] == 0xFF and data[at + 1] not in {SCAN, ADOBE}:
        code, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if code in FRAMES:
            named = data[at + 10 : at + 2 + length : 3]
            if code in SEQUENTIAL and named in GREY_FIRST and int.from_bytes(data[at + 5 : at + 7], "big") > DEEP:
                return b"".join((data[: at + 5], DEEP.to_bytes(2, "big"), data[at + 7 :]))
            break
        at += 2 + length
    return data


def compression_traces(grey: Array) -> tuple[Array, Array]:
    """Traces that a JPEG leaves in pixels, however they were stored later: steps of frequencies, edges of blocks.

    Each is compared with the same four pixels further on, where no block begins: what an image shows knows nothing of
    blocks and is alike in both, so that only what a coder did to blocks is left.

    Args:
        grey: shape (height, width).

    Returns:
        The traces, and how strong the frequencies are beside the blocks, which describes what is shown; the same many
        numbers for every picture.

    Sources: Fan and de Queiroz, Identification of bitmap compression history (IEEE TIP, 2003); for the comparison
    Fridrich, Goljan and Hogea, Steganalysis of JPEG images (Information Hiding, 2002).
    """
    part = grey[: min(len(grey), DEEP) // 8 * 8, : min(grey.shape[1], DEEP) // 8 * 8].astype(np.float32)
    if min(part.shape) < SMALLEST:
        return np.zeros(len(MODES) * REACH + 8, np.float32), np.zeros(len(MODES) * (len(STEPS) + 1), np.float32)
    own, shifted = _coefficients(part[:-8, :-8]), _coefficients(part[4:-4, 4:-4])
    edges = _edges(part).reshape(2, 8)
    traces = [_combs(own) - _combs(shifted), (edges[:, 4:] - edges[:, :4]).ravel()]
    size = np.abs(shifted)
    content = [np.log1p(size.mean(axis=0)), *((size < step).mean(axis=0) for step in STEPS)]
    return np.concatenate(traces).astype(np.float32), np.concatenate(content).astype(np.float32)


def _coefficients(part: Array) -> Array:
    """How strong each frequency is in each block, shape (blocks, frequencies)."""
    blocks = part.reshape(len(part) // 8, 8, -1, 8).transpose(0, 2, 1, 3).reshape(-1, 64)
    found: Array = (blocks - 128) @ _block_cosines()
    return found


def _combs(coefficients: Array) -> Array:
    """How regular the gaps between the values of each frequency are: the spectra of their histograms."""
    width = 2 * REACH + 1
    values = np.rint(coefficients).astype(np.int64).clip(-REACH, REACH) + REACH
    counts = np.bincount((values + width * np.arange(len(MODES))).ravel(), minlength=width * len(MODES))
    counts = counts.reshape(len(MODES), width)
    counts[:, [0, -1]] = 0
    spectrum = np.abs(np.fft.rfft(counts))
    share: Array = spectrum[:, 1:] / np.maximum(spectrum[:, :1], 1.0)
    return share.ravel()


def _edges(part: Array) -> Array:
    """How much pixels differ from the next at each place of a block, along both axes."""
    found = []
    for step in (np.abs(np.diff(part, axis=1)).mean(axis=0), np.abs(np.diff(part, axis=0)).mean(axis=1)):
        total = np.append(step, 0).reshape(-1, 8).sum(axis=0)
        count = np.full(8, (len(step) + 1) // 8)
        count[-1] -= 1  # from the last place of the last block there is no step
        found.append(total / count / max(float(step.mean()), 1e-6))
    return np.concatenate(found)


@lru_cache(maxsize=1)
def _block_cosines() -> Array:
    """For each frequency that is looked at the pattern of a block that holds it alone, shape (64, frequencies)."""
    frequency, place = np.arange(8)[:, None], np.arange(8)[None, :]
    matrix = np.cos(np.pi * frequency * (2 * place + 1) / 16) / 2
    matrix[0] /= np.sqrt(2)
    return np.stack([np.outer(matrix[row], matrix[column]).ravel() for row, column in MODES], axis=1).astype(np.float32)
