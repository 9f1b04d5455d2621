"""What is kept of one look at an image file, in a few hundred bytes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compete.audits.marks import Marks
from compete.errors import Finding, fatal


class Look(NamedTuple):
    """What one image file is and shows; a file that could not be taken has errors among its findings, and no picture.

    Attributes:
        sha256: of the file, 32 bytes; empty if it could not be read.
        cleaned: SHA-256 of what would be published, 32 bytes; empty where the file was refused, and of volumes, which
            are packed anew only when they are written.
        size: bytes of the file.
        published: bytes of what would be published.
        suffix: of what would be published.
        kind: of the file: JPEG, PNG, GIF, BMP, WEBP, TIFF or NIFTI; empty where nobody knows.
        mode: what a pixel is, in Pillow's words.
        width: pixels.
        height: pixels.
        pixels: a digest of the size, mode and small picture; images with the same pixels have the same, 16 bytes.
        hashes: perceptual hashes of the eight symmetries as in ``hashes_of_symmetries``, eight little-endian uint64.
        places: rows and columns of the marks of the small picture, two uint8 a mark.
        around: hash of what is around each mark, a little-endian uint64 a mark.
        thumbnail: 8 × 8 grey levels, row by row, uint8.
        border: of top, bottom, left and right the mean and the standard deviation of the 8 outer pixels of the small
            picture, then the means of its corners; 12 uint8.
        tables: a digest of a JPEG's quantisation tables and sampling; 0 for other kinds.
        taken: the earliest date that EXIF tells, such as ``2021:06:30 11:22:33``; never published.
        findings: what is to be told of the image; each bears its name.
    """

    sha256: bytes = b""
    cleaned: bytes = b""
    size: int = 0
    published: int = 0
    suffix: str = ""
    kind: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    pixels: bytes = b""
    hashes: bytes = b""
    places: bytes = b""
    around: bytes = b""
    thumbnail: bytes = b""
    border: bytes = b""
    tables: int = 0
    taken: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether there is a picture to compare with others."""
        return bool(self.thumbnail)  # which stays when hashes are no longer needed

    @property
    def flat(self) -> bool:
        """Whether the picture is one grey level all over, as a blank frame is; two of these have nothing in common."""
        return bool(self.thumbnail) and len(set(self.thumbnail)) == 1 and not any(self.border[1:8:2])

    @property
    def refused(self) -> bool:
        """Whether the file cannot be taken."""
        return bool(fatal(self.findings))

    @property
    def marks(self) -> Marks:
        """The marks of the small picture."""
        place = np.frombuffer(self.places, np.uint8).reshape(-1, 2).astype(np.int16)
        return Marks(place, np.frombuffer(self.around, "<u8").astype(np.uint64))
