"""Images that show the same: copies of files, the same pixels, nearly the same pictures, shifted views of one scene."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compete.audits.look_columns import CLEANED, PIXELS, READ, Looks, packed
from compete.audits.looks import LONGER, Look, full_pixels, small_picture
from compete.audits.near import near_pairs
from compete.audits.sight import in_sight
from compete.audits.views import likeness, shared_in_rows
from compete.engine import Progress, give_back_memory, map_shards
from compete.sources import workers_for

if TYPE_CHECKING:
    from compete.audits.marks import Grey

ALIKE = 6
"""Bits in which the hashes of nearly the same pictures may differ."""
SMALLEST = 32
"""Pixels of the shorter side of the small picture below which only equal ones are the same: less tells too little."""
OVERLAP = 0.14
"""The share of the picture that two views must have in common to be looked at, a pixel of the shift forgiven."""
TELLING = 4
"""Marks that each picture must have where two views overlap: one thing on a blank ground may be in many scenes."""
ASPECT = 0.05
"""By how much the aspect of two pictures of one scene may differ."""
FEW, LONE = 500, 0.02
"""If there are more pairs, and more an image, that share a single mark, none of them is looked at. Pairs that share one
by chance grow with the square of the images, those of one scene do not, so hardly one would be found."""
MOST = 64
"""So many pairs an image are looked at, at most, the likeliest first."""
SHARD = 512
"""Pairs that a worker is asked for at once."""
HELD = 256
"""Small pictures that a worker keeps at hand."""

KINDS = ("file", "content", "pixels", "near", "turned", "view")
"""Why two images are linked, the strongest first."""

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


class Link(NamedTuple):
    """Two images that show the same.

    Attributes:
        first: the row of the one.
        second: the row of the other, which is larger.
        kind: ``file`` equal bytes; ``content`` equal bytes without metadata; ``pixels`` equal pixels; ``near`` nearly
            the same picture; ``turned`` that, but turned or mirrored; ``view`` a shifted view or a crop of one scene.
    """

    first: int
    second: int
    kind: str

    @property
    def exact(self) -> bool:
        """Whether the two have the same pixels."""
        return self.kind in KINDS[:3]


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Which images show the same.

    Attributes:
        links: sorted; of many equal images each is linked to the first.
        component: for every image the row of the first image that it is linked with, directly or through others.
        unseen: likely pairs that were too many to be looked at.
    """

    links: tuple[Link, ...]
    component: Rows
    unseen: int = 0


class _Likely(NamedTuple):
    """A pair to look at: rows, the symmetry of the second, by what it is to be moved, and how likely it is."""

    first: int
    second: int
    way: int
    down: int
    right: int
    rank: int


def find_duplicates(
    paths: Sequence[str],
    looks: Sequence[Look],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str = "",
) -> Duplicates:
    """Find images that show the same; likely pairs are found by digests, hashes and marks, and proven on pixels.

    Args:
        paths: the files, which are read again where pixels must be compared.
        looks: of each file; one that could not be taken is linked with nothing, nor is one that
            shows nothing.
        workers: processes; default one a core.
        progress: told how many likely pairs are done, and of how many.
        cluster: the address of a Dask scheduler whose workers compare instead.
    """
    looks = packed(looks)
    links = _equal(looks, "sha256", "file")
    links += _equal(looks, "cleaned", "content", known=links)
    links += _equal_pixels(paths, looks, links, workers, cluster)
    compared = looks.seen & ~looks.flat & (np.minimum(*_small_sizes(looks)) >= SMALLEST)
    compared[[link.second for link in links]] = False
    likely, unseen = _likely(looks, np.flatnonzero(compared))
    give_back_memory()
    tasks = [(paths[one.first], paths[one.second], one) for one in likely]
    compare, workers = in_sight(_same_scenes, cluster, 2), workers_for(paths, workers)
    same = map_shards(compare, tasks, workers=workers, shard=SHARD, progress=progress, cluster=cluster)
    links += _strongest(one for one, found in zip(likely, same, strict=True) if found)
    links.sort()
    return Duplicates(tuple(links), components(len(looks), ((link.first, link.second) for link in links)), unseen)


def components(count: int, pairs: Iterable[Sequence[int]]) -> Rows:
    """For every row the first row that it is connected with, shape (count,)."""
    above: dict[int, int] = {}

    def first_of(row: int) -> int:
        first = row
        while first in above:
            first = above[first]
        while row != first:  # shorten the way for whoever comes next
            above[row], row = first, above[row]
        return first

    for one, other in pairs:
        low, high = sorted((first_of(one), first_of(other)))
        if low != high:
            above[high] = low
    found = np.arange(count)
    for row in above:
        found[row] = first_of(row)
    return found


def _equal(looks: Looks, field: str, kind: str, known: Sequence[Link] = ()) -> list[Link]:
    """Links to the first image with the same digest, but for those that are linked already."""
    first: dict[bytes, int] = {}
    linked = {link.second for link in known}
    found = []
    digests = getattr(looks, field)
    bit = {"sha256": READ, "cleaned": CLEANED}[field]
    rows = np.flatnonzero((looks.given & bit != 0) & ~looks.refused & ~looks.flat)
    for row in _repeated(digests, rows):
        begin = first.setdefault(digests[row].tobytes(), row)
        if begin != row and row not in linked:
            found.append(Link(begin, row, kind))
    return found


def _repeated(digests: np.ndarray[Any, Any], rows: Rows) -> list[int]:
    """Those rows, in order, whose digest begins as that of another: nearly all of them are equal."""
    begin = np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()[rows]
    ordered = np.sort(begin)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    found: list[int] = rows[np.isin(begin, again)].tolist()
    return found


def _equal_pixels(
    paths: Sequence[str], looks: Looks, known: Sequence[Link], workers: int | None, cluster: str
) -> list[Link]:
    """Images of the same small picture whose pixels, decoded in full, are the same."""
    alone = (looks.given & PIXELS != 0) & ~looks.flat
    alone[[link.second for link in known]] = False
    groups: dict[bytes, list[int]] = {}
    for row in _repeated(looks.pixels, np.flatnonzero(alone)):
        groups.setdefault(looks.pixels[row].tobytes(), []).append(row)
    rows = [row for group in groups.values() if len(group) > 1 for row in group]
    work = in_sight(_pixel_digests, cluster)
    workers = workers_for(paths, workers)
    digests = map_shards(work, [paths[row] for row in rows], workers=workers, shard=32, cluster=cluster)
    first: dict[bytes, int] = {}
    found = []
    for row, digest in zip(rows, digests, strict=True):
        if digest and first.setdefault(digest, row) != row:
            found.append(Link(first[digest], row, "pixels"))
    return found


def _pixel_digests(paths: Sequence[str]) -> list[bytes]:
    found = []
    for path in paths:
        pixels = full_pixels(path)
        about = b"" if pixels is None else repr((pixels.shape, pixels.dtype.str)).encode() + pixels.tobytes()
        found.append(hashlib.sha256(about).digest() if about else b"")
    return found


def _likely(looks: Looks, rows: Rows) -> tuple[list[_Likely], int]:
    """Pairs of rows that may show the same, in order, and how many more there were."""
    found = [*_alike(looks, rows), *_sharing(looks, rows)]
    found = [one for one in found if _comparable(looks, one)]
    most = MOST * len(rows)
    unseen = max(len(found) - most, 0)
    if unseen:
        found = sorted(found, key=lambda one: one.rank)[:most]
    return sorted(found), unseen


def _alike(looks: Looks, rows: Rows) -> list[_Likely]:
    """Pairs whose hashes are near in one of the eight symmetries."""
    count = len(rows)
    pairs = near_pairs(looks.hashes[rows].T.ravel(), ALIKE)
    pairs = pairs[pairs[:, 0] < count]
    found: dict[tuple[int, int], _Likely] = {}
    for one, other in pairs.tolist():
        way, place = divmod(other, count)
        if place != one:
            # A turned picture is compared by turning the row of which the turned hash was taken.
            pair = int(rows[one]), int(rows[place])
            found.setdefault((min(pair), max(pair)), _Likely(*pair, way, 0, 0, 0))
    return list(found.values())


def _sharing(looks: Looks, rows: Rows) -> list[_Likely]:
    """Pairs that share marks; of those that share one only no more than are worth it."""
    chosen = np.zeros(len(looks), dtype=bool)
    chosen[rows] = True
    among = None if chosen.all() else np.repeat(chosen, looks.counts)
    lone = max(FEW, LONE * len(rows))  # by far most of them are of two scenes
    shared = shared_in_rows(looks.counts, looks.places, looks.around, among=among, lone=lone)
    columns = (shared.first, shared.second, shared.shift, shared.votes)
    return [
        _Likely(one, other, 0, down, right, -votes)
        for one, other, (down, right), votes in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _comparable(looks: Looks, likely: _Likely) -> bool:
    """Whether two pictures have the same aspect, once the other is turned, and overlap enough, once it is moved."""
    one, other = looks[likely.first], looks[likely.second]
    width, height = (other.height, other.width) if likely.way >= 4 else (other.width, other.height)
    ratio = one.width * height / max(one.height * width, 1)
    across, down = _small_size(one)
    overlap = (1 - abs(likely.right) / across) * (1 - abs(likely.down) / down)
    if abs(ratio - 1) > ASPECT or overlap < OVERLAP:
        return False
    shift = np.array([likely.down, likely.right])
    moved = ((one, -shift), (other, shift))
    return not likely.rank or all(_marks_within(look, by, (down, across)) >= TELLING for look, by in moved)


def _marks_within(look: Look, shift: np.ndarray[Any, Any], size: tuple[int, int]) -> int:
    """How many marks of a picture are still in it when they are moved."""
    place = look.marks.place + shift
    return int(((place >= 0) & (place < size)).all(axis=1).sum())


def _small_size(look: Look) -> tuple[int, int]:
    """Width and height of the small picture."""
    scale = min(1.0, LONGER / max(look.width, look.height))
    return max(1, round(look.width * scale)), max(1, round(look.height * scale))


def _small_sizes(looks: Looks) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Widths and heights of the small pictures, as ``_small_size`` tells them."""
    longer = np.maximum(np.maximum(looks.width, looks.height), 1)
    scale = np.minimum(1.0, LONGER / longer)
    return np.maximum(1, np.rint(looks.width * scale)), np.maximum(1, np.rint(looks.height * scale))


def _same_scenes(tasks: Sequence[tuple[str, str, _Likely]]) -> list[bool]:
    """Whether the pictures of likely pairs show one scene."""
    held: OrderedDict[str, Grey | None] = OrderedDict()

    def picture(path: str) -> Grey | None:
        if path not in held:
            held[path] = small_picture(path)
            if len(held) > HELD:
                held.popitem(last=False)
        held.move_to_end(path)
        return held[path]

    return [_same_scene(picture(one), picture(other), likely) for one, other, likely in tasks]


def _same_scene(one: Grey | None, other: Grey | None, likely: _Likely) -> bool:
    if one is None or other is None:
        return False
    other = _turned(other, likely.way)
    if one.shape != other.shape:
        one, other = _fitted(one, other)
    return likeness(one, other, likely.down, likely.right).same_scene


def _turned(picture: Grey, way: int) -> Grey:
    """A picture in one of the eight symmetries, in the order of ``hashes_of_symmetries``."""
    if way >= 4:
        picture = picture.T
    if way & 1:
        picture = picture[:, ::-1]
    if way & 2:
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def _fitted(one: Grey, other: Grey) -> tuple[Grey, Grey]:
    """Two pictures in the size of the smaller one."""
    from PIL import Image

    height, width = min(one.shape, other.shape, key=lambda shape: shape[0] * shape[1])

    def sized(picture: Grey) -> Any:
        return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))

    return sized(one), sized(other)


def _strongest(found: Iterable[_Likely]) -> list[Link]:
    """One link a pair, by the strongest reason."""
    kinds: dict[tuple[int, int], str] = {}
    for one in found:
        pair = min(one.first, one.second), max(one.first, one.second)
        kind = "turned" if one.way else "view" if one.rank else "near"
        kinds[pair] = min(kinds.get(pair, kind), kind, key=KINDS.index)
    return [Link(*pair, kind) for pair, kind in kinds.items()]
