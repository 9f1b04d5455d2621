"""Places by their names alone: what is a path of this machine, what is an address, and how one is written as the other.

A place is a ``Path``. One whose first part is a scheme, ``s3:/bucket/folder``, is an address; it is joined and taken
apart as every path is. Paths of this machine are absolute wherever they could be taken for one.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path, PurePath

Stamp = tuple[int, ...]
"""Numbers by which a change of a file is seen: of this machine size and two times, of others size and tag."""

UNLISTED = ("http", "https")
"""Schemes that cannot tell which files there are."""
ALONE = ("memory",)
"""Schemes whose files only the process that made them can see."""

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:\Z")


def place_of(folder: Path, text: str) -> Path:
    """The place that a text names.

    Args:
        folder: what paths are relative to.
        text: a path, or an address.

    >>> place_of(Path("/data"), "s3://bucket/a").as_posix(), place_of(Path("/"), "file:///a/b").as_posix()
    ('s3:/bucket/a', '/a/b')
    """
    found = _ADDRESS.match(text)
    if found and found[1] in {"file", "local"}:
        text = text[found.end() :]
    elif found:
        return Path(f"{found[1]}:", *filter(None, text[found.end() :].split("/")))
    return Path(os.path.realpath(folder / text))  # unlike resolve(), it bears links that go round in a circle


def is_remote(place: PurePath | str) -> bool:
    """Whether a place is an address.

    >>> is_remote("s3:/bucket/a"), is_remote("/data/s3:/a"), is_remote("a.png")
    (True, False, False)
    """
    text = place if isinstance(place, str) else place.as_posix()
    return bool(_SCHEME.match(text.partition("/")[0]))


def scheme_of(place: PurePath) -> str:
    """How an address begins, without the colon."""
    return place.parts[0].rstrip(":")


def is_listed(place: PurePath) -> bool:
    """Whether the storage of an address can tell which files there are."""
    return scheme_of(place) not in UNLISTED


def is_bare(place: PurePath) -> bool:
    """Whether an address names a kind of storage and nothing in it, as the folder around a bucket does.

    >>> is_bare(Path("s3:")), is_bare(Path("s3:/bucket")), is_bare(Path("/data"))
    (True, False, False)
    """
    return is_remote(place) and len(place.parts) < 2


def address_of(place: PurePath | str) -> str:
    """How people write a place.

    >>> address_of("s3:/bucket/a"), address_of("/data/a")
    ('s3://bucket/a', '/data/a')
    """
    if not is_remote(place):
        return str(place)
    scheme, _, rest = Path(place).as_posix().partition("/")
    return f"{scheme}//{rest}"


def joined(root: Path, name: str) -> Path:
    """A file below a folder by its name there, or by its address where that begins with the folder's.

    >>> joined(Path("s3:/bucket/a"), "s3://bucket/a/b.png") == joined(Path("s3:/bucket/a"), "b.png")
    True
    """
    begin = f"{address_of(root)}/"
    return root / (name[len(begin) :] if is_remote(root) and name.startswith(begin) else name)


def resolved(place: PurePath | str) -> str:
    """A place without links and without ``..``, as text."""
    return posixpath.normpath(Path(place).as_posix()) if is_remote(place) else os.path.realpath(place)
