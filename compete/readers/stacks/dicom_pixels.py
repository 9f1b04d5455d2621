"""Pictures of DICOM files as a screen shows them: rescaled, windowed, and black where there is nothing."""

from __future__ import annotations

import io
import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.readers.stacks.address import AGAIN, DAMAGED, UNSUPPORTED, StackFault, Window, window_of
from compete.readers.stacks.dicom import SHOWN, dicom_of, readable, told

if TYPE_CHECKING:
    from compete.readers.stacks.dicom import Dicom

Array = np.ndarray[Any, Any]


def picture_of_file(path: str, frame: int, window: str) -> Array:
    """The picture of a frame of a file, as ``picture_of`` gives it.

    Raises:
        StackFault: it cannot be shown.
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        if file.seek(0, 2) == 0:
            raise StackFault(DAMAGED, "it is empty", AGAIN)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return picture_of(view, frame, window)[0]


def picture_of_bytes(data: bytes) -> tuple[Array, int, str]:
    """The first picture of a file, how many there are, and how it was made, in words.

    Raises:
        StackFault: it cannot be shown.
    """
    found, header = picture_of(io.BytesIO(data), 0, "file")
    return found, header.frames, shown_how(header, "file")


def shown_how(header: Dicom, window: str) -> str:
    """How pictures were made of values, in words."""
    if header.samples > 1:
        return "colours as they are"
    scale = (
        "" if (header.slope, header.intercept) == (1, 0) else f", rescaled × {header.slope:g} + {header.intercept:g}"
    )
    if window not in ("file", "none"):
        centre, width = window.split(":")
        return f"8 bits, window {centre} wide {width}{scale}"
    if window == "file" and header.window:
        return f"8 bits, the file's window {header.window.centre:g} wide {header.window.width:g}{scale}"
    return f"{8 if header.bits <= 8 else 16} bits, values as stored"


def picture_of(view: Any, frame: int, window: str) -> tuple[Array, Dicom]:
    """A frame as a screen shows it.

    Grey values are rescaled by the file's slope and intercept and cut to the window (DICOM PS3.3, C.11.1 and C.11.2) to
    8 bits. Without a window they stay as they are stored, in 8 or 16 bits; signed ones are moved up by half their range
    so that none is below 0. MONOCHROME1, whose smallest value is white, is turned round. Colours become RGB of 8 bits.
    What a file draws over its picture (overlays) is left out.

    Args:
        view: an open file.
        frame: from 0.
        window: ``file``, ``none``, or ``centre:width`` of rescaled values.

    Returns:
        Shape (height, width) or (height, width, 3), unsigned, 8 or 16 bits; and the header.

    Raises:
        StackFault: it cannot be shown.
    """
    header = dicom_of(view, frame)
    if not header.frames:
        raise StackFault("image/no-picture", "it holds no picture", "leave such files out")
    if frame >= header.frames:
        raise StackFault("image/plane", f"it has no frame {frame}; it has {header.frames}", "say another in data.view")
    with told(view) as pydicom:
        view.seek(0)
        data = pydicom.dcmread(view, force=True)
        _refuse(data, header)
        raw = _decoded(data, frame)
        if header.samples > 1:
            return _eight_bits(raw), header
        if str(data.PhotometricInterpretation).upper() == "PALETTE COLOR":
            return _eight_bits(pydicom.pixels.apply_color_lut(raw, data)), header
        return _grey(raw, data, header, window), header


def _refuse(data: Any, header: Dicom) -> None:
    """What cannot be shown, and what is declared but not there, before anything is decoded."""
    meaning = str(data.get("PhotometricInterpretation", "")).upper()
    if meaning not in SHOWN:
        raise StackFault(UNSUPPORTED, "its pixels are of a kind that is not shown", "write grey or RGB")
    if "PixelData" not in data:
        raise StackFault(UNSUPPORTED, "it has no pixels, or such as are no whole numbers", "write whole numbers")
    if data.BitsAllocated not in (1, 8, 16) or not 1 <= header.bits <= min(int(data.BitsAllocated), 16):
        raise StackFault(UNSUPPORTED, f"its values have {header.bits} bits in {data.BitsAllocated}", "write 16 bits")
    if data.get("HighBit", header.bits - 1) != header.bits - 1:
        raise StackFault(UNSUPPORTED, "its values do not stand in their lowest bits", AGAIN)
    syntax = _syntax(data)
    if missing := readable(str(syntax)):
        message = f"its pixels are packed as {syntax.name}, which is not read here"
        raise StackFault("image/no-decoder", message, f"{missing}; or unpack it with dcmdjpeg, gdcmconv or dcm2niix")
    many = header.frames * header.height * header.width * header.samples * int(data.BitsAllocated) // 8
    size = len(data.PixelData)
    if not syntax.is_compressed and size < many and meaning != "YBR_FULL_422":
        raise StackFault(DAMAGED, f"it holds {size:,} bytes of pixels and declares {many:,}", AGAIN)
    if syntax.is_compressed and (header.frames > size or size > 2 * many + (1 << 20)):
        raise StackFault(DAMAGED, "its packed pixels do not fit what it declares", AGAIN)


def _syntax(data: Any) -> Any:
    """How the pixels are packed; of a file without a preamble as its elements are written."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if not hasattr(data, "file_meta"):
        data.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" not in data.file_meta:
        implicit = data.original_encoding[0]
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return data.file_meta.TransferSyntaxUID


def _decoded(data: Any, frame: int) -> Array:
    from pydicom.pixels.utils import pixel_array

    found: Array = pixel_array(data, index=frame)
    if found.ndim == 3 and found.shape[2] not in (3,):
        raise StackFault(UNSUPPORTED, f"its pixels have {found.shape[2]} values", "write grey or RGB")
    return found


def _eight_bits(raw: Array) -> Array:
    """Colours in 8 bits; those of palettes often have 16, of which the upper ones count."""
    if raw.dtype.itemsize == 1:
        return raw.astype(np.uint8, copy=False)
    return (raw >> 8).astype(np.uint8) if raw.max() > 255 else raw.astype(np.uint8)


def _grey(raw: Array, data: Any, header: Dicom, window: str) -> Array:
    from pydicom.pixels.processing import apply_modality_lut

    inverted = str(data.PhotometricInterpretation).upper() == "MONOCHROME1"
    asked = window_of(window) or (header.window if window == "file" else None)
    if asked is None and not (window == "file" and data.get("VOILUTSequence")):
        return _as_stored(raw, header.bits, inverted=inverted)
    if asked is None:
        shown = _by_table(raw, data)
    else:
        low = int(raw.min())
        stored: Array = np.arange(low, int(raw.max()) + 1)  # each value is shown once, and then looked up
        if data.get("ModalityLUTSequence"):
            level: Array = apply_modality_lut(stored.astype(raw.dtype), data)
        else:
            level = stored * header.slope + header.intercept
        shown = windowed(level.astype(np.float64), asked)[raw.astype(np.int64) - low]
    return 255 - shown if inverted else shown


def _as_stored(raw: Array, bits: int, *, inverted: bool) -> Array:
    """Values of 8 or 16 bits, those with a sign moved up by half their range; yes and no as white and black."""
    top = (1 << bits) - 1
    values = np.clip(raw.astype(np.int64) + (1 << (bits - 1) if raw.dtype.kind == "i" else 0), 0, top)
    values = top - values if inverted else values
    return (values * 255 if bits == 1 else values).astype(np.uint8 if bits <= 8 else np.uint16)


def _by_table(raw: Array, data: Any) -> Array:
    """Values as the file's own table of greys shows them, in 8 bits."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    values = apply_voi_lut(apply_modality_lut(raw, data), data, prefer_lut=True).astype(np.float64)
    top = (1 << min(int(data.VOILUTSequence[0].LUTDescriptor[2]), 16)) - 1
    shown: Array = np.clip(np.rint(values * (255 / max(top, 1))), 0, 255).astype(np.uint8)
    return shown


def windowed(values: Array, window: Window) -> Array:
    """Values as a screen shows them in a window, 0 to 255.

    Args:
        values: of any shape.
        window: its centre, width and curve.

    Source: DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3.

    >>> windowed(np.array([-160.0, 40, 240]), Window(40, 400)).tolist()
    [0, 128, 255]
    """
    centre, width, shape = window
    if shape == "SIGMOID":
        part = 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    elif shape == "LINEAR":
        part = (values - (centre - 0.5)) / (width - 1) + 0.5 if width > 1 else (values > centre - 0.5).astype(float)
    else:
        part = (values - centre) / width + 0.5
    shown: Array = np.rint(np.clip(part, 0, 1) * 255).astype(np.uint8)
    return shown
