"""Names of pictures inside files: ``stack.ome.tif#z=3,c=0.png`` is the picture at the place z = 3, c = 0 of the stack.

Everything that works with paths of images works with such names too: they end as what is read from them does, ``.png``
for a picture and ``.nii`` for a volume. Tables may hold them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

PICTURE, VOLUME = ".png", ".nii"
ALL, MAX = "all", "max"
"""All of an axis, as volumes have it; and the largest value along it."""

DAMAGED, UNSUPPORTED = "image/damaged", "image/unsupported"
AGAIN = "write it again with the program that made it, and compare sizes"

_ADDRESS = re.compile(
    r"(?P<file>.+)#(?P<choice>(?:(?:z|t|c|frame)=(?:[0-9]{1,6}|0-[0-9]{1,2}|all|max)|window=(?:file|none|[-+0-9.e]+:[+0-9.e]+)|,)*)"
    r"(?P<kind>\.png|\.nii)"
)


@dataclass(frozen=True)
class Address:
    """A picture or volume inside a file.

    Attributes:
        file: the path of the file.
        choice: axis -> place on it, ``max`` or ``all``, of channels in files of their own ``0-1``; and ``window``:
            ``file``, ``none`` or ``centre:width``.
        kind: ``.png`` of a picture, ``.nii`` of a volume.
    """

    file: str
    choice: Mapping[str, str]
    kind: str = PICTURE

    def __str__(self) -> str:
        return f"{self.file}#{','.join(f'{key}={value}' for key, value in self.choice.items())}{self.kind}"


class StackFault(Exception):  # noqa: N818  (a fault of a file, as in compete.nifti)
    """What is wrong with a file: rule, message and cure."""

    def __init__(self, rule: str, message: str, hint: str = "") -> None:
        super().__init__(rule, message, hint)
        self.rule, self.message, self.hint = rule, message, hint


class Window(NamedTuple):
    """The values that a screen shows from black to white.

    Attributes:
        centre: the value in the middle.
        width: how many values from black to white.
        shape: as DICOM calls the curve: ``LINEAR``, ``LINEAR_EXACT`` or ``SIGMOID``.
    """

    centre: float
    width: float
    shape: str = "LINEAR_EXACT"


def stack_address(path: str) -> Address | None:
    """What a path names inside a file; None of a path that names a file.

    >>> str(stack_address("a/b.tif#z=3,c=0.png")), stack_address("a/b.tif"), stack_address("a#1.png")
    ('a/b.tif#z=3,c=0.png', None, None)
    """
    found = _ADDRESS.fullmatch(path)
    if not found:
        return None
    parts = [part for part in found["choice"].split(",") if part]
    return Address(found["file"], dict(part.split("=", 1) for part in parts), found["kind"])


def file_of(path: str) -> str:
    """The file that a path is of, or in.

    >>> file_of("a/b.tif#z=3.png"), file_of("a/b.tif")
    ('a/b.tif', 'a/b.tif')
    """
    found = stack_address(path) if "#" in path else None
    return found.file if found else path


def window_of(text: str) -> Window | None:
    """A window that ``centre:width`` says; None of ``file`` and ``none``.

    Raises:
        StackFault: it is no window.

    >>> window_of("40:400"), window_of("none")
    (Window(centre=40.0, width=400.0, shape='LINEAR_EXACT'), None)
    """
    if text in ("", "file", "none"):
        return None
    try:
        centre, width = (float(part) for part in text.split(":"))
    except ValueError:
        width = 0.0
    if not 0 < width < 1e9:
        raise StackFault("image/window", f"{text} is no window", "write its centre and width: window: [40, 400]")
    return Window(centre, width)
