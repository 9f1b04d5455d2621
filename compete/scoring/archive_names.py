"""The names of an archive's members: what each may look like, and which of them get in each other's way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from compete.errors import EXAMPLES, Finding
from compete.scoring.source import counted, excerpt

COMPONENT = 255
PATH = 1024
DEPTH = 16
"""Bytes of a name, bytes of a whole path, and folders one inside the other: what common file systems hold."""

DRIVE = re.compile(r"[A-Za-z]:")
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)")
JUNK = re.compile(r"(?i)(^|/)(__MACOSX/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$|\.gitkeep$)")

_TOLD = (
    ("archive/escaping-name", "outside the archive's own folder", "zip the files themselves, not their full paths"),
    (
        "archive/odd-name",
        "with a name that some systems cannot hold or do not show",
        "use letters, digits, dots, dashes and underscores, in names of up to 255 bytes",
    ),
    ("archive/same-name", "with a name that another has, up to case and accents", "give each file its own name, once"),
)


def plain_name(path: str) -> str:
    """The one spelling of a name: accents composed, no slash at the end."""
    return unicodedata.normalize("NFC", path.rstrip("/"))


def is_junk(path: str) -> bool:
    """Whether an operating system left the file there unasked."""
    return JUNK.search(path) is not None


def name_faults(paths: Sequence[str], folders: Sequence[bool], where: str) -> list[Finding]:
    """Every fault of the names of an archive.

    Args:
        paths: the names as they are written, with ``/`` between folders.
        folders: whether each is a folder.
        where: how findings call the archive.
    """
    escaping = [path for path in paths if _escapes(path)]
    odd = [path for path in paths if not _escapes(path) and _is_odd(path)]
    bad = {*escaping, *odd}
    same = list(_same([(path, folder) for path, folder in zip(paths, folders) if path not in bad]))
    return [fault(*told[:2], names, where, told[2]) for told, names in zip(_TOLD, (escaping, odd, same)) if names]


def fault(
    rule: str, what: str, paths: Sequence[str], where: str, hint: str = "", *, severity: str = "error"
) -> Finding:
    """One finding about members of an archive."""
    shown = tuple(excerpt(path, 80) for path in paths[:EXAMPLES])
    return Finding(rule, f"{counted(len(paths), 'member')} {what}", where, shown, hint, severity, len(paths))


def _escapes(path: str) -> bool:
    return path.startswith("/") or "\\" in path or ".." in path.split("/") or DRIVE.match(path) is not None


def _is_odd(path: str) -> bool:
    bare = path[:-1] if path.endswith("/") else path
    if len(bare) > PATH or bare.count("/") >= DEPTH:
        return True
    return any(_is_odd_part(part) for part in bare.split("/"))


def _is_odd_part(part: str) -> bool:
    if not part or part != part.strip() or part.endswith(".") or RESERVED.match(part):
        return True
    return not part.isprintable() or len(part.encode("utf-8", "surrogatepass")) > COMPONENT


def _same(members: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """Names that are taken: a file by another or by a folder, a folder by one in another spelling."""
    files: set[str] = set()
    spelled: dict[str, str] = {}
    for path, folder in members:
        name = plain_name(path)
        parts = name.split("/")
        parents = ["/".join(parts[:count]) for count in range(1, len(parts) + folder)]
        taken = not folder and _key(name) in files
        spellings = [spelled.setdefault(_key(parent), parent) for parent in parents]
        if spellings != parents or taken:
            yield path
        if not folder:
            files.add(_key(name))
    for path, folder in members:
        if not folder and _key(plain_name(path)) in spelled:
            yield path


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
