"""What becomes of images: cleaned, written, or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from compete.challenge.records import Normalize
from compete.errors import Finding

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Cleaned:
    """An image as it may be published, or why it may not.

    Attributes:
        data: JPEG, PNG or NIfTI without metadata; empty where an error was found.
        suffix: ``.jpg``, ``.png`` or ``.nii.gz``; empty where an error was found.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words: ``RGB``, ``L``, ``P``, ``CMYK``, ``I;16``, …; of volumes in numpy's.
        findings: what was found; each bears the image's name.
        picture: what was seen when it was proven whole, of a JPEG in grey and small; None of volumes.
        kind: of the file, in Pillow's words; NIFTI of volumes.
        sha256: of the data, 32 bytes, where it is known.
    """

    data: bytes
    suffix: str
    width: int
    height: int
    mode: str
    findings: tuple[Finding, ...] = ()
    picture: Image.Image | None = field(default=None, repr=False, compare=False)
    kind: str = field(default="", compare=False)
    sha256: bytes = field(default=b"", repr=False, compare=False)


class Normal(NamedTuple):
    """What all images of a bundle are made.

    Attributes:
        settings: size and encoder.
        mode: what a pixel is: ``L`` or ``RGB``.
    """

    settings: Normalize
    mode: str


class Published(NamedTuple):
    """What will be published of an image that was proven whole before.

    Attributes:
        sha256: of the cleaned image, 32 bytes; of the source where images are scaled and encoded anew.
        kind: of the source, in Pillow's words.
        suffix: of the cleaned image.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words.
        size: bytes of the cleaned image.
        normal: what all images are made; None where they are published as they are.
    """

    sha256: bytes
    kind: str
    suffix: str
    width: int
    height: int
    mode: str
    size: int
    normal: Normal | None = None


@dataclass(frozen=True, slots=True)
class CleanedFile:
    """A file that was written.

    Attributes:
        path: where it stands below the draft, with the suffix of its content; the source where nothing was written.
        sha256: of what was written, in hex.
        size: bytes written.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words.
    """

    path: str
    sha256: str
    size: int
    width: int
    height: int
    mode: str


@dataclass(frozen=True)
class CleanedFiles:
    """What became of many images.

    Attributes:
        files: one an image, in order; None where an error was found and nothing written.
        findings: in order of the images; findings of one kind are told once, with their number.
    """

    files: tuple[CleanedFile | None, ...]
    findings: tuple[Finding, ...]
