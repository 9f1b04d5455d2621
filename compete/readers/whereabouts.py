"""Where images lie that annotations or a table only name: in the folder in which most of the names are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, compress
from pathlib import Path

from compete.readers.annotations import Annotations
from compete.readers.pictures import Pictures, can_be_path
from compete.sources import AT_ONCE, is_bare, is_file, is_remote, joined, subfolders
from compete.sources.places import is_listed

MOST_FOLDERS = 200
"""Folders that are looked into for images, on each of two levels."""
LOOKED_FOR, LOOKED_FOR_AFAR = 500, 20
"""Names, taken evenly from all, that are looked for in a folder of this machine, and of another."""


@dataclass(frozen=True)
class Home:
    """A folder that holds images.

    Attributes:
        folder: the folder.
        found: how many of the names that were looked for are there.
        looked: how many names were looked for.
        outside: the folder of the annotations, where the images lie outside it.
        elsewhere: how many of them are in other folders that were looked into.
    """

    folder: Path
    found: int
    looked: int
    outside: str = ""
    elsewhere: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of them are there."""
        return self.found == self.looked

    @property
    def reason(self) -> str:
        """Why it is proposed."""
        some = "they" if self.whole else f"{self.found} of {self.looked} looked for"
        return f"{some} are there" + (f", outside {self.outside}" if self.outside else "")


def evenly(names: Sequence[str], most: int) -> list[str]:
    """So many of the names at most, the first among them.

    >>> evenly(["a", "b", "c", "d", "e"], 3)
    ['a', 'c', 'e']
    """
    return list(names[:: max(1, -(-len(names) // most))])


def fullest_folder(names: Sequence[str], folders: Iterable[Path]) -> Home | None:
    """The folder that holds most of the files, the first of several; None where none holds any.

    Args:
        names: paths relative to the folder that is looked for; what is absolute, or no path, is in no folder.
        folders: the likeliest first.

    Raises:
        SystemFault: storage cannot be reached, or wants credentials.
    """
    best, everywhere = Home(Path(), 0, 0), 0
    for folder in folders:
        looked = _looked_for(names, folder)
        found = len(files_in(folder, looked))
        everywhere += found
        if found > best.found:
            best = Home(folder, found, len(looked))
        if best.found and best.whole:
            break
    return replace(best, elsewhere=everywhere - best.found) if best.found else None


def files_in(folder: Path, names: Sequence[str]) -> list[str]:
    """Those of the names that are files in a folder; over a network they are asked for at once."""
    if not is_remote(folder):
        return [name for name in names if _is_there(folder, name)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(compress(names, pool.map(lambda name: _is_there(folder, name), names)))


def home_near(path: Path, names: Sequence[str], *first: Path) -> Home | None:
    """The folder of images beside or below annotations or, if none of them is there, below the folder above.

    What lies above may belong to another project whose images have the same names, as cameras count them: so it is
    looked at only where the annotations' own folder holds not one.

    Args:
        path: the annotations.
        names: of the images.
        first: folders to look into before.
    """
    beside, above = path.parent, path.parent.parent
    if own := fullest_folder(names, chain(first, around(beside))):
        return own
    home = fullest_folder(names, around(above))
    return replace(home, outside=beside.name) if home else None


def around(folder: Path) -> Iterator[Path]:
    """A folder and those in it, two levels down; none of an address that names no storage."""
    if not is_bare(folder):
        yield folder
        for pattern in ("*/", "*/*/"):
            yield from subfolders(folder, pattern, MOST_FOLDERS)


def any_there(names: Sequence[str], root: Path) -> bool:
    """Whether any of the images is where its path says; of many that are missing, some are looked for."""
    return any(_is_there(root, name) for name in _looked_for(names, root))


def found_by_name(annotated: Annotations) -> Annotations:
    """The same images with the paths that they have below their folder, for annotations made on another machine.

    They stay as they are where none is found, two of the images would be one file, or nobody can list the files.
    """
    if is_remote(annotated.root) and not is_listed(annotated.root):
        return annotated
    pictures = Pictures(annotated.root)
    known = {name: found for name in annotated.file if pictures.has(found := pictures.find(name))}
    if not known or len(set(known.values())) < len(known):
        return annotated
    return replace(annotated, file=[known.get(name, name) for name in annotated.file])


def _looked_for(names: Sequence[str], folder: Path) -> list[str]:
    return evenly(names, LOOKED_FOR_AFAR if is_remote(folder) else LOOKED_FOR)


def _is_there(folder: Path, name: str) -> bool:
    return can_be_path(name) and not Path(name).is_absolute() and is_file(joined(folder, name))
