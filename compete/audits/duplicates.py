"""Images that show the same: copies of files, the same pixels, nearly the same pictures, shifted views of one scene."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from compete.audits.look_columns import CLEANED, PIXELS, READ, Looks, Pictures, packed
from compete.audits.looks import LONGER, Look, full_pixels, small_picture
from compete.audits.near import crowd_of, near_blocks
from compete.audits.sight import in_sight
from compete.audits.views import likeliest, likeness, shared_and_left
from compete.audits.votes import marks_within
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
MOST, OF_MANY, MANY = 64, 4, 1 << 20
"""So many pairs an image are looked at, at most, the likeliest of each first; of many images, which have more pairs
than the last of these numbers together, so many as the second."""
MET, FEWEST = 1 << 26, 16
"""Pairs of alike hashes that are looked at in all, roughly, where pictures crowd; but so many of each hash."""
SHARD = 512
"""Pairs that a worker is asked for at once."""
HELD = 256
"""Small pictures that a worker keeps at hand."""

KINDS = ("file", "content", "pixels", "near", "turned", "view")
"""Why two images are linked, the strongest first."""

Rows = np.ndarray[tuple[int], np.dtype[np.int64]]
Sizes = np.ndarray[tuple[int, int], np.dtype[np.int64]]
"""Width and height, one row a picture."""


class Link(NamedTuple):
    """Two images that show the same.

    Attributes:
        first: the row of the one.
        second: the row of the other, which is larger.
        kind: ``file`` equal bytes; ``content`` equal bytes without metadata; ``pixels`` equal pixels; ``near`` nearly
            the same picture; ``turned`` that, but turned or mirrored; ``view`` a shifted view of one scene.
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
        common: images and marks that are like so many others that they were left aside.
    """

    links: tuple[Link, ...]
    component: Rows
    unseen: int = 0
    common: int = 0


class _Likely(NamedTuple):
    """Pairs to look at: rows, the symmetry of the second, by what it is to be moved, and how likely each is.

    One pair as plain numbers, or many as columns.
    """

    first: Any
    second: Any
    way: Any
    down: Any
    right: Any
    rank: Any

    def taken(self, rows: Any) -> _Likely:
        """Some rows of the columns."""
        return _Likely(*(column[rows] for column in self))


_Task = tuple[str, str, _Likely]


@dataclass(frozen=True, eq=False)
class _Tasks(Sequence[_Task]):
    """Pairs to look at with their files, each made when it is asked for: there may be millions."""

    paths: Sequence[str]
    likely: _Likely

    def __len__(self) -> int:
        return len(self.likely.first)

    @overload
    def __getitem__(self, row: int) -> _Task: ...
    @overload
    def __getitem__(self, row: slice) -> _Tasks: ...
    def __getitem__(self, row: int | slice) -> _Task | _Tasks:
        if isinstance(row, slice):
            return _Tasks(self.paths, self.likely.taken(row))
        one = _Likely(*(int(column[row]) for column in self.likely))
        return self.paths[one.first], self.paths[one.second], one

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)  # a worker needs these files' names and no others


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
    compared = looks.seen & ~looks.flat & (np.minimum(*_small_sizes(looks.width, looks.height)) >= SMALLEST)
    compared[[link.second for link in links]] = False
    rows = _by_content(looks, np.flatnonzero(compared))
    pictures, sizes = looks.pictures(rows), np.stack((looks.width[rows], looks.height[rows]), axis=1)
    count = len(looks)
    del looks  # the marks of a million images, of which there is a copy now
    likely, unseen, common = _likely(pictures, sizes.astype(np.int64))
    likely = _of_rows(likely, rows)
    del pictures
    give_back_memory()
    compare, workers = in_sight(_same_scenes, cluster, 2), workers_for(paths, workers)
    tasks = _Tasks(paths, likely)
    same = map_shards(compare, tasks, workers=workers, shard=SHARD, progress=progress, cluster=cluster)
    proven = (tasks[row][2] for row in np.flatnonzero(same).tolist())
    links = strongest((*links, *((one.first, one.second, _kind(one)) for one in proven)))
    component = components(count, ((link.first, link.second) for link in links))
    return Duplicates(tuple(links), component, unseen, common)


def united(one: Duplicates, other: Duplicates) -> Duplicates:
    """What either search has found among the same images."""
    links = strongest((*one.links, *other.links))
    component = components(len(one.component), (link[:2] for link in links))
    return Duplicates(tuple(links), component, one.unseen + other.unseen, one.common + other.common)


def strongest(links: Iterable[tuple[int, int, str]]) -> list[Link]:
    """One link a pair, by the strongest reason, sorted; the rows of a pair may come in either order."""
    kinds: dict[tuple[int, int], str] = {}
    for one, other, kind in links:
        pair = min(one, other), max(one, other)
        if one != other:
            kinds[pair] = min(kinds.get(pair, kind), kind, key=KINDS.index)
    return sorted(Link(*pair, kind) for pair, kind in kinds.items())


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


def _by_content(looks: Looks, rows: Rows) -> Rows:
    """The rows in an order that only what images show tells, so that the order of a table changes nothing."""
    shown, published = (np.ascontiguousarray(one[:, :8]).view("<u8").ravel() for one in (looks.pixels, looks.cleaned))
    ordered: Rows = rows[np.lexsort((published[rows], shown[rows]))]
    return ordered


def _of_rows(likely: _Likely, rows: Rows) -> _Likely:
    """The same pairs of the rows where these pictures stand, in the order of the rows."""
    likely = likely._replace(first=rows[likely.first], second=rows[likely.second])
    return likely.taken(np.lexsort(likely[::-1]))


def _likely(pictures: Pictures, sizes: Sizes) -> tuple[_Likely, int, int]:
    """Pairs of pictures that may show the same; how many more there were, and what was left aside."""
    count = len(sizes)
    alike, crowded = _alike(pictures)
    sharing, unlikely, common = _sharing(pictures)
    found = _Likely(*map(np.concatenate, zip(alike, sharing, strict=True)))
    found = found.taken(_comparable(pictures, sizes, found))
    most = min(MOST * count, max(MANY, OF_MANY * count))
    rank = np.where(found.rank == 0, np.iinfo(np.int16).min, found.rank)  # alike all over is likelier than any marks
    kept = likeliest(found.first, found.second, rank, most)
    unseen = int(np.count_nonzero(~kept)) + unlikely
    return found.taken(kept), unseen, crowded + common


def _alike(pictures: Pictures) -> tuple[_Likely, int]:
    """Pairs whose hashes are near in one of the eight symmetries, and how many images have too many of these."""
    count = len(pictures.counts)
    crowd = crowd_of(8 * count, MET, FEWEST)
    found = [np.empty((0, 2), np.int64)]
    for pairs in near_blocks(pictures.hashes.T.ravel(), ALIKE, crowd):
        first, second = pairs.min(axis=1), pairs.max(axis=1)
        found.append(np.stack((first, second), axis=1)[first < count])
    one, (way, place) = (whole := np.concatenate(found))[:, 0], np.divmod(whole[:, 1], max(count, 1))
    low, high = np.minimum(one, place), np.maximum(one, place)
    order = np.lexsort((way, one, high, low))
    order = order[(low != high)[order]]
    order = order[np.append(True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0))[: len(order)]]
    # A turned picture is compared by turning the row of which the turned hash was taken.
    nothing = np.zeros(len(order), np.int16)
    return _Likely(one[order], place[order], way[order].astype(np.int16), nothing, nothing, nothing), crowd.common


def _sharing(pictures: Pictures) -> tuple[_Likely, int, int]:
    """Pairs that share marks, of those that share one only no more than are worth it; and what was too much."""
    lone = max(FEW, LONE * len(pictures.counts))  # by far most of them are of two scenes
    shared, left = shared_and_left(pictures.counts, pictures.places, pictures.around, lone=lone)
    down, right = shared.shift.T.astype(np.int16)
    way, rank = np.zeros(len(down), np.int16), -shared.votes.astype(np.int16)
    return _Likely(shared.first, shared.second, way, down, right, rank), left.pairs, left.marks


def _comparable(pictures: Pictures, sizes: Sizes, likely: _Likely) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which pairs of pictures have one aspect, once the second is turned, and overlap enough, once it is moved."""
    one, other, shift = likely.first, likely.second, np.stack((likely.down, likely.right), axis=1)
    width, height = sizes.T
    turned = likely.way >= 4
    across, down = np.where(turned, height[other], width[other]), np.where(turned, width[other], height[other])
    ratio = width[one] * down / np.maximum(height[one] * across, 1)
    wide, high = _small_sizes(width, height)
    size = np.stack((high[one], wide[one]), axis=1)
    overlap = (1 - np.abs(shift) / size).prod(axis=1)
    fit: np.ndarray[Any, np.dtype[np.bool_]] = (np.abs(ratio - 1) <= ASPECT) & (overlap >= OVERLAP)
    asked = np.flatnonzero(fit & (likely.rank != 0))
    for picture, by in ((one, -shift), (other, shift)):
        within = marks_within(pictures.counts, pictures.places, picture[asked], by[asked], size[asked])
        fit[asked[within < TELLING]] = False
    return fit


def _small_sizes(width: Rows, height: Rows) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Widths and heights of the small pictures, as the look tells them."""
    longer = np.maximum(np.maximum(width, height), 1)
    scale = np.minimum(1.0, LONGER / longer)
    return np.maximum(1, np.rint(width * scale)), np.maximum(1, np.rint(height * scale))


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


def _kind(likely: _Likely) -> str:
    return "turned" if likely.way else "view" if likely.rank else "near"
