"""Data wherever they are: files of this machine, and addresses such as ``s3://bucket/folder`` that fsspec reads.

Places are named as ``compete.sources.places`` says, and an address is opened by the functions here alone. Data of this
machine cost no import of fsspec.
"""

from __future__ import annotations

import io
import os
import posixpath
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from compete.errors import ChallengeError, Finding, SystemFault
from compete.sources.places import ALONE, Stamp, address_of, is_bare, is_listed, is_remote, joined, place_of, resolved
from compete.sources.remote import OF_ONE_FILE, failures, file_system, stamp_from, told, try_again
from compete.sources.rules import SOURCE_RULES

__all__ = [
    "SOURCE_RULES", "Stamp", "address_of", "files_below", "files_there", "is_bare", "is_file", "is_folder", "is_remote",
    "joined", "opened", "place_of", "read_ahead", "read_stamped", "read_whole", "remembered", "require_sight",
    "resolved", "stamp_at", "stamp_of", "stamps_of", "subfolders", "threads_for", "workers_for",
]  # fmt: skip

AT_ONCE = 16
"""Files that are asked for at once over a network, where most of the time is spent waiting."""
_LISTED: ContextVar[dict[str, dict[str, Stamp]] | None] = ContextVar("listed", default=None)
"""The files below remote folders that were listed, while they are remembered."""


def is_file(place: Path) -> bool:
    """Whether a file is there.

    Raises:
        SystemFault: storage cannot be reached, or wants credentials.
    """
    return _kind(place) == "file" if is_remote(place) else place.is_file()


def is_folder(place: Path) -> bool:
    """Whether a folder is there; of what cannot be listed, nobody knows, so it is taken to be there.

    Raises:
        SystemFault: storage cannot be reached, or wants credentials.
    """
    if not is_remote(place):
        return place.is_dir()
    return not is_listed(place) or _kind(place) == "directory"


@contextmanager
def remembered() -> Iterator[None]:
    """List each remote folder once, as long as this lasts; what changes meanwhile is not seen."""
    token = _LISTED.set({})
    try:
        yield
    finally:
        _LISTED.reset(token)


def subfolders(folder: Path, pattern: str, most: int) -> list[Path]:
    """Folders below a folder that fit ``*/`` or ``*/*/``, sorted, so many at most; none of what cannot be listed.

    Raises:
        SystemFault: storage cannot be reached, or wants credentials.
    """
    if not is_remote(folder):
        return sorted(islice(folder.glob(pattern), most))
    if is_bare(folder) or not is_listed(folder):
        return []
    found = [folder]
    for _ in range(pattern.count("/")):
        found = sorted(inner for outer in found for inner in _folders_in(outer))[:most]
    return found


def _folders_in(folder: Path) -> list[Path]:
    system, path = file_system(folder)
    try:
        with told(folder):
            entries = try_again(lambda: system.ls(path, detail=True))
    except OF_ONE_FILE:  # there is no such folder, or others may look into it
        return []
    names = [str(one["name"]).rstrip("/").rpartition("/")[2] for one in entries if one["type"] == "directory"]
    return [folder / name for name in names if name and not name.startswith(".")]


def files_below(folder: Path) -> dict[str, Stamp]:
    """The files below a remote folder by their paths relative to it, sorted; none where there is no such folder.

    Raises:
        ChallengeError: nobody can tell which files there are.
        SystemFault: there is no such bucket, it may not be listed, or it cannot be reached.
    """
    listed = _LISTED.get()
    if listed is None:
        return _list_below(folder)
    name = resolved(folder)
    if name not in listed:
        listed[name] = _list_below(folder)
    return listed[name]


def _list_below(folder: Path) -> dict[str, Stamp]:
    if not is_listed(folder):
        hint = "name the images in a table or a file of annotations"
        finding = Finding("source/no-listing", "this cannot tell which files there are", address_of(folder), hint=hint)
        raise ChallengeError("the data cannot be read", [finding])
    system, path = file_system(folder)
    with told(folder, whole=True):
        found = system.find(path, detail=True)
    begin = path.rstrip("/") + "/"
    below = {name[len(begin) :]: stamp_from(about) for name, about in found.items() if name.startswith(begin)}
    return {name: below[name] for name in sorted(below) if name and not name.endswith("/")}


def files_there(root: Path, paths: Sequence[str]) -> set[str]:
    """Those of the resolved paths, all below a folder, that are files; of what cannot be listed, all."""
    if not is_remote(root):
        return {path for path in paths if Path(path).is_file()}
    if not is_listed(root):
        return set(paths)
    top = resolved(root)
    return {f"{top}/{name}" for name in files_below(root)}


def stamps_of(paths: Iterable[str]) -> dict[str, Stamp]:
    """The stamps of files as they are now; none of those that are not there, or whose storage does not tell.

    Raises:
        SystemFault: storage cannot be reached.
    """
    stamps: dict[str, Stamp] = {}
    folders: dict[str, list[str]] = {}
    for path in paths:
        if is_remote(path):
            folders.setdefault("/".join(path.split("/")[:2]), []).append(path)
        else:
            try:
                stamps[path] = stamp_at(Path(path))
            except OSError:  # it is told when it is read
                continue
    for some in folders.values():
        root = Path(posixpath.commonpath([posixpath.dirname(path) for path in some]))
        if is_listed(root):
            known = files_below(root)
            begin = len(root.as_posix()) + 1
            stamps |= {path: known[path[begin:]] for path in some if path[begin:] in known}
    return stamps


def stamp_at(place: Path) -> Stamp:
    """The stamp of a file as it is now.

    Raises:
        OSError: it is not there, or its storage does not tell.
        SystemFault: storage cannot be reached.
    """
    if not is_remote(place):
        return stamp_of(_file_of(place).stat())
    if not is_listed(place):
        raise OSError(f"nobody knows whether {address_of(place)} has changed")
    system, path = file_system(place)
    with told(place):
        return stamp_from(try_again(lambda: system.info(path)))


def stamp_of(found: os.stat_result) -> Stamp:
    """By what a change of a file of this machine is seen."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def read_whole(place: Path | str, most: int | None = None) -> bytes:
    """The bytes of a file.

    Args:
        place: the file.
        most: so many bytes at most.

    Raises:
        OSError: it is not there, or may not be read.
        SystemFault: storage cannot be reached, or wants credentials.
    """
    if not is_remote(place):
        with Path(place).open("rb") as file:
            return file.read(-1 if most is None else most)
    system, path = file_system(Path(place))
    with told(place):
        if most is None:
            return bytes(try_again(lambda: system.cat_file(path)))
        try:
            return bytes(system.cat_file(path, start=0, end=most))
        except OF_ONE_FILE:
            raise
        except failures():  # an empty file has no first byte, which storage takes for a fault
            return bytes(try_again(lambda: system.cat_file(path)))[:most]


def read_stamped(place: str, largest: int, *, stamped: bool = True) -> tuple[bytes, Stamp] | int:
    """The bytes of a remote file and its stamp; or its size alone, if it has more bytes than that.

    Args:
        place: the file.
        largest: bytes that are taken.
        stamped: ask for the stamp, which is a question more; else it is empty.

    Raises:
        OSError: it is not there, or may not be read.
        SystemFault: storage cannot be reached, or wants credentials.
    """
    if not (stamped and is_listed(Path(place))):  # over HTTP nobody may know size or tag
        data = read_whole(place, largest + 1)
        return (data, ()) if len(data) <= largest else len(data)
    system, path = file_system(Path(place))
    with told(place):
        about = try_again(lambda: system.info(path))
        if about["type"] != "file":
            raise IsADirectoryError(f"{path} is a folder")
        if about["size"] > largest:
            return int(about["size"])
        return bytes(try_again(lambda: system.cat_file(path))), stamp_from(about)


@contextmanager
def opened(place: Path | str, most: int | None = None) -> Iterator[BinaryIO]:
    """Open a file; one of another machine is read whole, or so many bytes of it.

    Raises:
        OSError: it is not there, or may not be read.
        SystemFault: storage cannot be reached, or wants credentials.
    """
    if is_remote(place):
        yield io.BytesIO(read_whole(place, most))
        return
    with Path(place).open("rb") as file:
        yield file


@contextmanager
def read_ahead(paths: Sequence[str], read: Callable[[str], Any]) -> Iterator[Callable[[str], Any]]:
    """A function that reads the paths one after the other as the given one does; addresses are asked for ahead.

    Args:
        paths: in the order in which they will be read.
        read: reads one.
    """
    if not any(map(is_remote, paths)):
        yield read
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        left = iter(paths)
        coming = deque((path, pool.submit(read, path)) for path in islice(left, AT_ONCE))

        def next_one(path: str) -> Any:
            asked, answer = coming.popleft()
            assert asked == path, "paths are read in their order"
            coming.extend((another, pool.submit(read, another)) for another in islice(left, 1))
            return answer.result()

        try:
            yield next_one
        finally:
            for _, answer in coming:
                answer.cancel()


def workers_for(paths: Sequence[str], workers: int | None) -> int | None:
    """How many processes may read the paths: one where no other process sees them."""
    return 1 if any(map(_is_alone, paths[:1])) else workers


def threads_for(paths: Sequence[str], usual: int) -> int:
    """How many threads read the paths at once."""
    return max(usual, AT_ONCE) if any(map(is_remote, paths)) else usual


def require_sight(paths: Iterable[str]) -> None:
    """On a worker of a cluster: stop if it does not see the files that it is to read.

    Raises:
        SystemFault: a file is not there.
    """
    blind = [path for path in paths if (_is_alone(path) if is_remote(path) else not _file_of(Path(path)).exists())]
    if blind:
        message = f"the worker on {socket.gethostname()} does not see {len(blind)} of the files it is asked for"
        hint = "put the data on storage that all machines share under one path, or name them as s3://bucket/folder"
        items = tuple(map(address_of, blind[:3]))
        raise SystemFault(
            "the work was stopped", [Finding("source/not-shared", message, "", items, hint, count=len(blind))]
        )


def _file_of(place: Path) -> Path:
    """The file that a place of this machine is, or is in: what follows a # may name a picture inside it."""
    return place if "#" not in place.name or place.exists() else place.with_name(place.name.partition("#")[0] or "#")


def _is_alone(path: str) -> bool:
    return is_remote(path) and path.partition(":")[0] in ALONE


def _kind(place: Path) -> str:
    """What stands at an address: ``file``, ``directory``, or nothing."""
    system, path = file_system(place)
    try:
        with told(place):
            return str(try_again(lambda: system.info(path))["type"])
    except FileNotFoundError:
        return ""
