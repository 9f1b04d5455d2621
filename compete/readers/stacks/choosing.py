"""Which pictures of a file are items, as ``data.view`` says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.stacks.address import ALL, MAX, PICTURE, VOLUME, Address, StackFault, window_of
from compete.readers.stacks.dicom import HEAD, Dicom, is_dicom, read_dicom
from compete.readers.stacks.tiff import SIGNATURES, Stack, read_stack
from compete.sources import read_whole

EACH = "each"
LIMITS = {"first": 0, "last": -1}
AXES = ("z", "t", "c", "frame")


def pictures_of_stack(path: str, stack: Stack, view: Mapping[str, str]) -> list[str]:
    """The pictures, or the one volume, of a TIFF file.

    Args:
        path: the file.
        stack: what it says of itself.
        view: axis -> ``first, middle, last, max, each``, a number, of channels also a name; ``z: all`` makes a volume,
            and ``c: all`` one with channels. Without a word the first is taken; ``window`` as of an address.

    Returns:
        Addresses; of a flat picture that nobody wants changed the path itself.

    Raises:
        StackFault: it has no such plane, or it holds several and nobody said which.
    """
    volume = view.get("z") == ALL
    window_of(view.get("window", ""))
    if not volume and not stack.sides and "window" not in view and not any(view.get(axis) == EACH for axis in AXES):
        return [path]
    silent = [axis for axis, many in stack.sides.items() if many > 1 and axis not in view]
    if silent:
        held = " × ".join(f"{many} {axis}" for axis, many in stack.sides.items())
        hint = "say which are meant: data.view: {" + ", ".join(f"{axis}: middle" for axis in silent) + "}"
        raise StackFault("image/several-planes", f"it holds {held}", hint)
    if not volume and view.get("c") == ALL:
        raise StackFault("image/plane", "a picture has one channel", "say c: each, or z: all for volumes")
    picked = {axis: list(_places(axis, view[axis], many, stack)) for axis, many in stack.sides.items() if axis in view}
    window = {"window": view["window"]} if "window" in view and not volume else {}
    return [
        str(Address(path, dict(zip(picked, place, strict=True)) | window, VOLUME if volume else PICTURE))
        for place in product(*picked.values())
    ]


def pictures_of_dicom(path: str, header: Dicom, view: Mapping[str, str]) -> list[str]:
    """The pictures of a DICOM file: every frame, unless ``frame`` says which.

    Raises:
        StackFault: it has no such frame.
    """
    said = view.get("frame", EACH)
    window = {"window": view["window"]} if view.get("window", "file") != "file" else {}
    window_of(view.get("window", ""))
    frames = range(header.frames) if said == EACH else [int(_place("frame", said, header.frames))]
    return [str(Address(path, {"frame": str(frame), **window})) for frame in frames]


def _places(axis: str, said: str, many: int, stack: Stack) -> Iterator[str]:
    if said == EACH:
        yield from map(str, range(many))
    elif said in (ALL, MAX):
        yield said
    elif axis == "c" and said in stack.channels:
        yield str(stack.channels.index(said))
    else:
        yield _place(axis, said, many)


def _place(axis: str, said: str, many: int) -> str:
    place = int(said) if said.isdecimal() else many // 2 if said == "middle" else LIMITS.get(said)
    if place is None or place >= many:
        message = f"it has no {axis} {said!r}; there are {many}, numbered from 0"
        raise StackFault("image/plane", message, "say another in data.view")
    return str(place % many)


def viewed(paths: Sequence[str], view: Sequence[tuple[str, str]]) -> list[str]:
    """What is seen of each file that a table names; the path of a file that is no stack stays as it is.

    Args:
        paths: files; a blank names none.
        view: as ``data.view`` says, where ``each`` takes the first, as a row is an item.

    Raises:
        DatasetError: a stack cannot be read, or has no such plane.
    """
    said = {axis: "first" if what == EACH else what for axis, what in view}
    if not said:
        return list(paths)
    seen, faults = [], StackFaults()
    for path in paths:
        with faults.noting(path):
            seen.append(_viewed(path, said) if path else "")
    if found := faults.findings(""):
        raise DatasetError("some images cannot be read", found)
    return seen


def _viewed(path: str, view: Mapping[str, str]) -> str:
    try:
        head = read_whole(path, HEAD)
    except OSError:
        return path  # that it is not there is told with all others
    if is_dicom(head):
        return pictures_of_dicom(path, read_dicom(path), {"frame": "first", **view})[0]
    if head[:4] in SIGNATURES:
        return pictures_of_stack(path, read_stack(path), view)[0]
    return path


class StackFaults:
    """What is wrong with files, gathered so that each rule is told once."""

    def __init__(self) -> None:
        self._told: dict[str, list[tuple[str, StackFault]]] = {}

    @contextmanager
    def noting(self, path: str) -> Iterator[None]:
        """Note a fault of a file instead of raising it."""
        try:
            yield
        except StackFault as fault:
            self._told.setdefault(fault.rule, []).append((Path(path).name, fault))

    def findings(self, source: str) -> list[Finding]:
        """One finding a rule, with the first few files."""
        found = []
        for rule, group in self._told.items():
            message = counted(len(group), "file cannot be taken", "files cannot be taken")
            items = tuple(excerpt(f"{name}: {fault.message}", 140) for name, fault in group[:EXAMPLES])
            found.append(Finding(rule, message, source, items, group[0][1].hint, count=len(group)))
        return found
