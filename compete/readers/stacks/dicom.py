"""DICOM files: what the header says of the picture, and by what a patient is known without telling who it is."""

from __future__ import annotations

import hashlib
import logging
import math
import mmap
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.readers.stacks.address import AGAIN, DAMAGED, StackFault, Window
from compete.readers.stacks.tiff import FAULTS, PIXELS

PREAMBLE, MARK = 128, b"DICM"
SUFFIXES = (".dcm", ".dicom", ".ima")
HEAD = 4096
"""Bytes at the beginning that tell whether a file is DICOM."""
DEFLATED = b"1.2.840.10008.1.2.1.99"
INSTALLED = "pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg"
"""What reads nearly all that is packed."""
_BY_ALL = "raised by all available plugins:"
"""After these words pydicom says what each of those that unpack pixels had to say."""
UNPACKED = 1 << 30
"""Bytes of a packed file after it was unpacked."""
FRAMES = 1 << 16
SHOWN = ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT", "PALETTE COLOR")
"""What the values of a pixel may mean."""

IDENTITY = ("PatientID", "PatientName", "OtherPatientIDs", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
            "AccessionNumber", "StudyID", "FrameOfReferenceUID", "PatientBirthDate", "StudyDate", "InstitutionName",
            "ReferringPhysicianName", "StationName", "DeviceSerialNumber")  # fmt: skip
"""What is looked for in names and columns that would be published."""
READ = ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "PhotometricInterpretation", "BitsAllocated",
        "BitsStored", "HighBit", "PixelRepresentation", "WindowCenter", "WindowWidth", "VOILUTFunction",
        "RescaleSlope", "RescaleIntercept", "Modality", "ViewPosition", "BodyPartExamined", "ImageLaterality",
        "Laterality", "PatientSex", "PatientAge", "PixelSpacing", "ImagerPixelSpacing", "SliceThickness",
        "BurnedInAnnotation", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
        "TransferSyntaxUID", *IDENTITY)  # fmt: skip
WORDS = {"modality": "Modality", "view": "ViewPosition", "body_part": "BodyPartExamined", "sex": "PatientSex"}
"""Columns of items and the words of DICOM that they hold."""

_AGE = re.compile(r"(\d{3})Y\Z")


@dataclass(frozen=True)
class Dicom:
    """What a DICOM file says of its pictures.

    Attributes:
        frames: how many there are; 0 of a file without pictures.
        height: pixels.
        width: pixels.
        samples: 1, or 3 of colours.
        bits: of a value.
        syntax: how its pixels are packed, by the number of the standard.
        window: what a screen shows first; None where the file does not say.
        slope: of values that mean something, such as Hounsfield units.
        intercept: to be added to them.
        patient: by what all pictures of a patient are known, and nothing else; empty where the file names none.
        study: the same of a study.
        series: the same of a series.
        words: columns of items that tell nothing of who it was.
        burned: whether names are said to stand in the pixels themselves.
        identity: everything that tells who it was; to be looked for, never to be kept.
    """

    frames: int
    height: int
    width: int
    samples: int
    bits: int
    syntax: str
    window: Window | None
    slope: float
    intercept: float
    patient: str
    study: str
    series: str
    words: dict[str, str]
    burned: bool
    identity: frozenset[str]


def is_dicom(head: bytes) -> bool:
    """Whether a file begins as DICOM does: by the mark behind its preamble, or with elements that only DICOM has.

    >>> is_dicom(bytes(128) + b"DICM"), is_dicom(b"plain text"), is_dicom(bytes(400))
    (True, False, False)
    """
    return head[PREAMBLE : PREAMBLE + 4] == MARK or _bare(head)


def _bare(head: bytes) -> bool:
    """Whether a file without a preamble begins with three elements of group 8 in ascending order, as old ones do."""
    at, before, found = 0, -1, 0
    while found < 3 and at + 8 <= len(head):
        group, element = struct.unpack_from("<HH", head, at)
        if group != 8 or element <= before:
            return False
        kind = head[at + 4 : at + 6]
        explicit = kind.isalpha() and kind.isupper()
        size = struct.unpack_from("<H", head, at + 6)[0] if explicit else struct.unpack_from("<I", head, at + 4)[0]
        if explicit and kind in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC", b"UR"):
            return found > 0
        if size > 1 << 12:
            return found > 1
        at, before, found = at + 8 + size, element, found + 1
    return found == 3


def read_dicom(path: str) -> Dicom:
    """What the header of a file says; no pixel is read.

    Raises:
        StackFault: it is no DICOM file, is broken, or pydicom is not installed.
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        if file.seek(0, 2) == 0:
            raise StackFault(DAMAGED, "it is empty", AGAIN)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return dicom_of(view)


def dicom_of(view: Any, frame: int = 0) -> Dicom:
    """What the header of an open file says.

    Args:
        view: a file, or its bytes as one; it never gives more than there is, whatever a header declares.
        frame: the one whose window and rescaling are told.

    Raises:
        StackFault: it is no DICOM file, is broken, or pydicom is not installed.
    """
    with told(view) as pydicom:
        data = pydicom.dcmread(view, stop_before_pixels=True, force=True, specific_tags=list(READ))
        return _header(data, frame)


@contextmanager
def told(view: Any) -> Iterator[Any]:
    """The library, for a file that unpacks to no more than is taken; what it says of bad bytes comes out as a fault."""
    try:
        import pydicom
        import pydicom.config
        from pydicom.errors import BytesLengthException, InvalidDicomError
    except ImportError:
        hint = "install it: pip install 'compete[dicom]'"
        raise StackFault("image/no-pydicom", "DICOM files are read with pydicom, which is not here", hint) from None
    view.seek(0)
    head = view.read(HEAD)
    if not is_dicom(head):
        raise StackFault(DAMAGED, "it is no DICOM file: neither its preamble nor its first elements are", AGAIN)
    if DEFLATED in head[:1024]:
        _refuse_bomb(view, head)
    view.seek(0)
    log = logging.getLogger("pydicom")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)  # it writes to the terminal, and values of the file with it
    try:
        with warnings.catch_warnings(), pydicom.config.disable_value_validation():
            warnings.simplefilter("ignore")
            yield pydicom
    except (InvalidDicomError, BytesLengthException) as error:
        raise StackFault(DAMAGED, f"it cannot be read: {_words(error)}", AGAIN) from None
    except RecursionError:
        raise StackFault(DAMAGED, "its elements are nested too deeply", AGAIN) from None
    except FAULTS as error:
        if "does not support" in str(error):  # a kind of packing is known, but not each of its depths
            message = "its pixels are packed with more bits than what reads them here can take"
            raise StackFault(
                "image/no-decoder", message, f"{INSTALLED}; or unpack it with dcmdjpeg or gdcmconv"
            ) from None
        raise StackFault(DAMAGED, f"it cannot be read: {_words(error)}", AGAIN) from None
    finally:
        log.setLevel(before)


def _words(error: BaseException) -> str:
    """The library's words without values of the file, which may tell who it was."""
    said = str(error).partition(_BY_ALL)[2].partition(":")[2] or str(error)
    text = re.split(r"[\"'(:.]| received", " ".join(said.split()))[0]
    return text[:80].strip() or type(error).__name__


def _refuse_bomb(view: Any, head: bytes) -> None:
    """Unpack a packed file as far as is taken, and forget it."""
    start = PREAMBLE + 16 + (struct.unpack_from("<I", head, PREAMBLE + 12)[0] if len(head) > PREAMBLE + 16 else 0)
    view.seek(start)
    inflate, size = zlib.decompressobj(-15), 0
    try:
        while block := view.read(1 << 16):
            while block and size <= UNPACKED:
                size += len(inflate.decompress(block, 1 << 20))
                block = inflate.unconsumed_tail
    except zlib.error:
        raise StackFault(DAMAGED, "its packed elements are broken", AGAIN) from None
    if size > UNPACKED:
        raise StackFault("image/too-large", f"it unpacks to more than {UNPACKED >> 20} MiB", "unpack it, and cut it")


def _header(data: Any, frame: int) -> Dicom:
    frames, height, width, samples = (
        _whole(data.get(name), default)
        for name, default in (("NumberOfFrames", 1), ("Rows", 0), ("Columns", 0), ("SamplesPerPixel", 1))
    )
    pictured = height > 0 and width > 0 and "PhotometricInterpretation" in data
    if pictured and (height * width > PIXELS or not 1 <= frames <= FRAMES or samples not in (1, 3)):
        message = f"it claims {frames:,} frames of {width:,} × {height:,} pixels; {PIXELS:,} pixels are taken"
        raise StackFault("image/too-large", message, "cut it, or scale it down")
    identity = frozenset(text for name in IDENTITY for text in _texts(data.get(name)) if len(text) > 3)
    shared = _shared(data, frame)
    study, series = (_known(_text(data.get(f"{name}InstanceUID"))) for name in ("Study", "Series"))
    return Dicom(
        frames=max(frames, 1) if pictured else 0, height=height, width=width, samples=samples,
        bits=_whole(data.get("BitsStored"), 8),
        syntax=str(getattr(data.file_meta, "TransferSyntaxUID", "") if hasattr(data, "file_meta") else ""),
        window=_window(shared), slope=_number(shared.get("RescaleSlope"), 1.0),
        intercept=_number(shared.get("RescaleIntercept"), 0.0),
        patient=_known(_text(data.get("PatientID"))), study=study, series=series, words=_about(data),
        burned=_text(data.get("BurnedInAnnotation")).upper() == "YES", identity=identity,
    )  # fmt: skip


def _shared(data: Any, frame: int) -> Any:
    """Window and rescaling: of the file, or of a frame, where an enhanced file says them there."""
    import pydicom

    found = pydicom.Dataset()
    names = ("WindowCenter", "WindowWidth", "VOILUTFunction", "RescaleSlope", "RescaleIntercept")
    groups = [data, *data.get("SharedFunctionalGroupsSequence", [])[:1],
              *data.get("PerFrameFunctionalGroupsSequence", [])[frame : frame + 1]]  # fmt: skip
    for group in groups:
        inner = [group] if group is data else [
            one for key in ("FrameVOILUTSequence", "PixelValueTransformationSequence") for one in group.get(key, [])[:1]
        ]  # fmt: skip
        for one in inner:
            for name in names:
                if name in one and name not in found:
                    found[name] = one[name]
    return found


def _window(data: Any) -> Window | None:
    """The first window; None where there is none, or it is none."""
    centre, width = (_first(data.get(name)) for name in ("WindowCenter", "WindowWidth"))
    shape = _text(data.get("VOILUTFunction")).upper() or "LINEAR"
    if centre is None or width is None or not 0 < width < 1e9 or shape not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        return None
    return Window(centre, width, shape)


def _first(value: Any) -> float | None:
    values = value if isinstance(value, (list, tuple)) or hasattr(value, "__iter__") else [value]
    for one in values:
        number = _number(one, float("nan"))
        return None if math.isnan(number) else number
    return None


def _number(value: Any, default: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return default
    return number if abs(number) < 1e12 else default


def _whole(value: Any, default: int) -> int:
    number = _number(value, float(default))
    return int(number)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip("\0 ")


def _texts(value: Any) -> list[str]:
    """A value and its parts, as somebody might write them into a name."""
    text = _text(value)
    return [text, *re.split(r"[\^\\]", text)] if text else []


def _known(text: str) -> str:
    """By what something is known without telling what it is called."""
    return (
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, person=b"compete").hexdigest() if text else ""
    )


def _about(data: Any) -> dict[str, str]:
    """What the picture is of, and nothing on who it is."""
    cells = {name: _text(data.get(word))[:32] for name, word in WORDS.items()}
    cells["laterality"] = _text(data.get("ImageLaterality"))[:2] or _text(data.get("Laterality"))[:2]
    age = _AGE.match(_text(data.get("PatientAge")))
    cells["age"] = str(min(int(age[1]), 90)) if age else ""
    spacing = data.get("PixelSpacing") or data.get("ImagerPixelSpacing")
    cells["spacing"] = " ".join(_text(one) for one in spacing)[:40] if spacing and len(spacing) == 2 else ""
    return {name: text if text.isprintable() else "" for name, text in cells.items()}


def readable(syntax: str) -> str:
    """What must be installed for pixels that are packed so; empty where nothing is missing.

    Args:
        syntax: the number of the transfer syntax.
    """
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    if not syntax:
        return ""
    try:
        decoder = get_decoder(UID(syntax))
    except (NotImplementedError, ValueError):
        return "another program: nothing here reads it"
    if decoder.is_available:
        return ""
    return INSTALLED
