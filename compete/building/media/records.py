"""What becomes of images: cleaned, written, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compete.errors import Finding


@dataclass(frozen=True)
class Cleaned:
    """An image as it may be published, or why it may not.

    Attributes:
        data: JPEG or PNG without metadata; empty where an error was found.
        suffix: ``.jpg`` or ``.png``; empty where an error was found.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words: ``RGB``, ``L``, ``P``, ``CMYK``, ``I;16``, …
        findings: what was found; each bears the image's name.
    """

    data: bytes
    suffix: str
    width: int
    height: int
    mode: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class CleanedFile:
    """A file that was written.

    Attributes:
        target: where it stands, with the suffix of its content.
        sha256: of what was written, in hex.
        size: bytes written.
        width: pixels.
        height: pixels.
        mode: what a pixel is, in Pillow's words.
    """

    target: Path
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
