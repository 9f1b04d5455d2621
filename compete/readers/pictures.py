"""The images below a folder, found by whatever path the annotations know them."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from compete.readers.images import is_image_name
from compete.readers.listing import listed_files

_DRIVE = re.compile(r"\A(?:[A-Za-z]:|file:)+")
LONGEST = 255
"""Bytes of a name that disks take."""


class Pictures:
    """The images in a folder and below it; hidden ones are left out.

    Attributes:
        root: the folder that all paths are relative to.
    """

    def __init__(self, root: Path, where: str = "") -> None:
        self.root = root
        self._named: defaultdict[str, list[str]] = defaultdict(list)
        self._stems: defaultdict[str, list[str]] = defaultdict(list)
        self._paths = frozenset(filter(is_image_name, listed_files(root, where)))
        for path in sorted(self._paths):
            name = path.rpartition("/")[2]
            self._named[name.casefold()].append(path)
            self._stems[Path(name).stem].append(path)

    def find(self, reference: str) -> str:
        """The path of the image that a reference most likely means.

        Args:
            reference: a path of another machine, with slashes or backslashes, or an address.

        Returns:
            Of the images with the reference's name the one that shares most folders with it; where there is none, or
            two are as likely, the reference itself without its drive.
        """
        parts = parts_of(reference)
        name = parts[-1] if parts else ""
        known = self._named.get(name.casefold(), [])
        exact = [path for path in known if path.rpartition("/")[2] == name]
        return _nearest(exact or known, parts) or "/".join(parts)

    def has(self, path: str) -> bool:
        """Whether an image has this very path."""
        return path in self._paths

    def find_stem(self, reference: str) -> str:
        """The path of the image whose name without ending is that of a file; empty where there is none, or several."""
        *folders, name = reference.split("/")
        stem = Path(name).stem
        known = {path: Path(path).with_suffix("").as_posix() for path in self._stems.get(stem, [])}
        best = _nearest(list(known.values()), [*folders, stem])
        found = [path for path, short in known.items() if short == best]
        return found[0] if len(found) == 1 else ""


def parts_of(reference: str) -> list[str]:
    r"""The folders and the name that a reference spells.

    >>> parts_of("C:\\data\\a.png"), parts_of("/data/local-files/?d=set%2Fb.png"), parts_of("s3://x/c.jpg?key=1")
    (['data', 'a.png'], ['set', 'b.png'], ['c.jpg'])
    """
    path = reference.strip()
    try:
        address = urlsplit(path)
    except ValueError:
        address = urlsplit("")
    asked = parse_qs(address.query).get("d") if "local-files" in address.path else None
    if asked:
        path = asked[0]
    elif "://" in path:
        path = unquote(address.path)
    path = _DRIVE.sub("", path.replace("\\", "/"))
    return [part for part in path.split("/") if part not in ("", ".", "..")]


def can_be_path(path: str) -> bool:
    """Whether a text can be the path of a file: not blank, all of it shown, and no longer than disks take."""
    parts = path.split("/")
    whole = path.strip() and path.isprintable() and len(path) <= LONGEST * 8
    return bool(whole) and all(len(part.encode("utf-8", "surrogateescape")) <= LONGEST for part in parts)


def _nearest(paths: list[str], parts: list[str]) -> str:
    """The path that ends most like the parts; empty where none or several do."""
    shared = {path: _shared(path.split("/"), parts) for path in paths}
    most = max(shared.values(), default=0)
    best = [path for path, count in shared.items() if count == most]
    if "/".join(parts) in best:
        return "/".join(parts)
    return best[0] if len(best) == 1 else ""


def _shared(one: list[str], other: list[str]) -> int:
    """How many parts two paths have in common at their ends."""
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left.casefold() != right.casefold():
            break
        count += 1
    return count
