"""Pictures and volumes inside files, and DICOM, as images that anybody reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from compete.building.media.png import strip_png
from compete.building.media.wholeness import Refused, opened
from compete.nifti.header import VolumeFault
from compete.readers.stacks.address import Address, StackFault

if TYPE_CHECKING:
    from PIL import Image


def read_inside(address: Address) -> tuple[bytes, os.stat_result]:
    """The picture or volume at an address as a file of its own, and the status of the file it is in.

    Raises:
        OSError: it cannot be read.
        Refused: there is no such picture, or it cannot be taken.
    """
    from compete.readers.stacks.contents import read_content

    found = os.stat(address.file)  # noqa: PTH116  (beside os.fstat of plain images)
    try:
        return read_content(address), found
    except StackFault as fault:
        raise Refused(fault.rule, fault.message) from None
    except VolumeFault as fault:
        raise Refused(fault.faults[0][0], fault.faults[0][1]) from None


def write_dicom_as_png(data: bytes, pixels: int) -> tuple[bytes, Image.Image, int, str]:
    """The first picture of a DICOM file as PNG; nothing of its elements survives, because none is copied.

    Args:
        data: the file's bytes.
        pixels: of the largest image that is taken.

    Returns:
        The PNG, the picture, how many frames the file holds, and how values became grey levels.

    Raises:
        Refused: it cannot be shown.
    """
    from compete.readers.stacks.contents import png_of
    from compete.readers.stacks.dicom_pixels import picture_of_bytes

    try:
        values, frames, how = picture_of_bytes(data)
    except StackFault as fault:
        raise Refused(fault.rule, fault.message) from None
    written = strip_png(png_of(values)).data
    with opened(written, "PNG", pixels) as picture:
        picture.load()
        return written, picture, frames, how
