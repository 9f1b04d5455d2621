"""Attacks on the folder: files that do not belong there, links, times, modes, holes."""

from __future__ import annotations

import os
import re
import stat
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from compete.audits.gate.entries import Entry
from compete.audits.gate.folder import Folder
from compete.bundle import CREDITS, ID, SAMPLE, TERMS, TEST, TEST_JSON, TRAIN, TRAIN_GROUPS, TRAIN_JSON, TRAIN_TRUTH
from compete.dataset import counted
from compete.errors import Finding
from compete.files import EPOCH

PLAIN = {TERMS, TRAIN, TEST, TRAIN_GROUPS, SAMPLE, CREDITS, "README.md", "croissant.json", "metric.py", "LICENSE"}
"""Files that any bundle may hold."""
OF_IMAGES = {TRAIN_JSON, TEST_JSON, TRAIN_TRUTH, "train_panoptic.json"}
"""Files that bundles of images may hold as well."""
PICTURES, LABEL_PICTURES = (".jpg", ".png", ".nii.gz"), (".png", ".nii.gz")
LEFTOVER = re.compile(
    r"(\A|/)(\.git|\.svn|\.hg|\.bzr|__MACOSX|__pycache__|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini"
    r"|\.idea|\.vscode|\._[^/]*|[^/]*(~|\.(bak|orig|swp|tmp|old|rej|pyc)))(/|\Z)",
    re.IGNORECASE,
)
BLOCK = 512
"""Bytes of the blocks in which a file's room is counted."""


def strays(folder: Folder) -> Iterator[Finding]:
    """Is every file one that a bundle may hold, and in the manifest?"""
    wanted = _wanted_names(folder)
    hint = "remove it, or build the bundle again: what is in no list might tell anything"
    kinds: dict[str, list[str]] = {}
    tests = folder.test_ids
    for entry in folder.entries:
        if LEFTOVER.search(entry.name):
            kinds.setdefault("leak/leftover", []).append(entry.name)
        elif not entry.is_folder and entry.name not in wanted and not _is_page(entry.name):
            about = _names_a_test_item(entry.name, tests)
            kinds.setdefault("leak/file-of-test-item" if about else "leak/unknown-file", []).append(entry.name)
        elif not entry.is_folder and entry.name not in folder.listed:
            kinds.setdefault("leak/unknown-file", []).append(entry.name)
    messages = {
        "leak/leftover": "left from a program, with what was there before",
        "leak/unknown-file": "in no list of what a bundle holds",
        "leak/file-of-test-item": "of a test item, and not its image",
    }
    for rule, names in kinds.items():
        message = f"{counted(len(names), 'file or folder', 'files or folders')} {messages[rule]}"
        yield Finding(rule, message, "public", tuple(names[:3]), hint, count=len(names))


def links(folder: Folder) -> Iterator[Finding]:
    """Is every entry a plain file or folder, with one name?"""
    odd = [entry.name for entry in folder.entries if not _is_plain(entry)]
    if odd:
        message = f"{counted(len(odd), 'link, pipe or file', 'links, pipes or files')} with a second name elsewhere"
        hint = "copy the files; a link tells where the private original is"
        yield Finding("leak/link", message, "public", tuple(odd[:3]), hint, count=len(odd))


def times(folder: Folder) -> Iterator[Finding]:
    """Have all entries the same time, mode and owner?"""
    if folder.reach.draft:
        return
    hint = "build the bundle again, or copy it with its times (cp -p, rsync -a)"
    odd = [entry.name for entry in folder.entries if entry.status.st_mtime_ns != EPOCH * 10**9]
    if odd:
        message = f"{counted(len(odd), 'file or folder tells', 'files or folders tell')} the time of writing"
        yield Finding("leak/time-of-file", message, "public", tuple(odd[:3]), hint, count=len(odd))
    owners = {(entry.status.st_uid, entry.status.st_gid) for entry in folder.entries}
    modes = {0o755 if stat.S_ISDIR(state.st_mode) else 0o644: stat.S_IMODE(state.st_mode)
             for state in (entry.status for entry in folder.entries)}  # fmt: skip
    odd = [entry.name for entry in folder.entries if not _has_usual_mode(entry)]
    if odd or len(owners) > 1:
        who = counted(len(odd) or len(modes), "file or folder has", "files or folders have")
        message = f"{who} another mode or owner"
        yield Finding("leak/mode-of-file", message, "public", tuple(odd[:3]), hint, count=len(odd))


def attributes(folder: Folder) -> Iterator[Finding]:
    """Has a file attributes that most programs do not show?"""
    if not hasattr(os, "listxattr"):
        return
    ours = ("user.",)
    odd = []
    for name in folder.files.names:
        try:
            found = os.listxattr(f"{folder.public}{os.sep}{name}", follow_symlinks=False)
        except OSError:  # this file system knows none
            return
        odd += [name] * any(text.startswith(ours) for text in found)
    if odd:
        message = f"{counted(len(odd), 'file has', 'files have')} extended attributes"
        hint = "remove them (setfattr -x), or build the bundle again"
        yield Finding("leak/attributes", message, "public", tuple(odd[:3]), hint, count=len(odd))


def holes(folder: Folder) -> Iterator[Finding]:
    """Has a file holes, so that it takes less room than its bytes?"""
    if folder.reach.draft or not hasattr(os, "SEEK_HOLE"):
        return
    odd = [entry.name for entry in folder.files if _has_hole(entry)]
    if odd:
        message = f"{counted(len(odd), 'file takes', 'files take')} less room on the disk than the bytes need"
        hint = "copy them without holes (cp --sparse=never)"
        yield Finding("leak/holes", message, "public", tuple(odd[:3]), hint, "warning", len(odd))


def _has_hole(entry: Entry) -> bool:
    """Whether a file has a hole; only where it takes fewer blocks than its bytes need is it opened."""
    status = entry.status
    if status.st_blocks * BLOCK >= status.st_size:
        return False
    with entry.path.open("rb") as file:
        return os.lseek(file.fileno(), 0, os.SEEK_HOLE) < status.st_size


def files_of_items(folder: Folder) -> Iterator[Finding]:
    """Has every item exactly one file?"""
    if not folder.file:
        return
    there = set(folder.files.names)
    missing = [name for name in folder.file if name not in there]
    count = Counter(folder.file)
    shared = [name for name, times_named in count.items() if times_named > 1]
    if missing or shared:
        message = f"{len(missing):,} items have no file, and {len(shared):,} files belong to several"
        names = tuple([*missing, *shared][:3])
        yield Finding("leak/files-of-items", message, "public", names, "build the bundle again", count=len(names))


def _wanted_names(folder: Folder) -> set[str]:
    """The names of all files that this bundle may hold."""
    names = {*PLAIN, folder.terms.sample_name, *folder.file}
    if folder.terms.of_images:
        masks = (f"train_masks/{item}{suffix}" for item in folder.train[ID] for suffix in LABEL_PICTURES)
        names |= {*OF_IMAGES, *masks}
    return {name for name in names if "/" not in name or name.endswith(PICTURES)}


def _is_page(name: str) -> bool:
    return bool(re.fullmatch(r"pages/[^/.][^/]*\.md", name))


def _names_a_test_item(name: str, tests: frozenset[str]) -> bool:
    file = Path(name).name
    return any(part in tests for part in {file, file.partition(".")[0], *re.split(r"[^\w]|_", file)})


def _is_plain(entry: Entry) -> bool:
    return entry.is_folder or (entry.is_file and entry.status.st_nlink == 1)


def _has_usual_mode(entry: Entry) -> bool:
    wanted = 0o755 if stat.S_ISDIR(entry.status.st_mode) else 0o644
    return stat.S_ISLNK(entry.status.st_mode) or stat.S_IMODE(entry.status.st_mode) == wanted


PATHS = re.compile(
    rb"(?:file://|(?<![\w.:/])(?:/home/|/Users/|/root/|/mnt/|/media/|/scratch/|/private/)"
    rb"|(?<![A-Za-z])[A-Za-z]:\\{1,2}\w[\w \-]+\\)"
    rb"[\w.\-/\\ ]{2,60}"
)
MARKS = (b"file://", b"/home/", b"/Users/", b"/root/", b"/mnt/", b"/media/", b"/scratch/", b"/private/", b":\\")
"""One of these is in all that ``PATHS`` finds; to look for them costs little."""


def private_paths(folder: Folder) -> Iterator[Finding]:
    """Does a text name a path of the organizer's machine?"""
    home = str(Path.home())
    exact = [home.encode()] if len(home) > 6 else []
    odd = []
    for entry in texts(folder):
        data = entry.path.read_bytes()
        if b"/" not in data and b"\\" not in data:
            continue
        if (any(mark in data for mark in MARKS) and PATHS.search(data)) or any(path in data for path in exact):
            odd.append(entry.name)
    if odd:
        message = f"{counted(len(odd), 'file names', 'files name')} a path, or an account, of the machine that made it"
        yield Finding("leak/private-path", message, "public", tuple(odd[:3]), "remove it", count=len(odd))


def texts(folder: Folder) -> Sequence[Entry]:
    """The files that people read, in which anything can stand: all but images."""
    ends = (".md", ".json", ".py", ".csv", ".txt", ".ipynb", ".html", ".yaml", ".yml")
    files = folder.files
    return [files[row] for row, name in enumerate(files.names) if name.lower().endswith(ends)]


def is_printable(data: bytes) -> bool:
    """Whether bytes are a text."""
    return not data.translate(None, string.printable.encode())
