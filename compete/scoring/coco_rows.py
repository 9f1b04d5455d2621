"""COCO results that are all written alike, as json.dump writes them, read with numpy: no result becomes an object."""

from __future__ import annotations

from typing import Optional

from compete.scoring.coco_columns import CATEGORY, CONTENT, IMAGE, SCORE, Columns, Shapes
from compete.scoring.json_layout import REAL, TEXT, WHOLE, Path, read_layout
from compete.scoring.json_rows import read_rows
from compete.scoring.source import Source

BOX: tuple[Path, ...] = tuple((CONTENT["boxes"], side) for side in range(4))
SIZE: tuple[Path, ...] = ((CONTENT["masks"], "size", 0), (CONTENT["masks"], "size", 1))
POINTS = CONTENT["points"]
COUNTS: Path = (CONTENT["masks"], "counts")
_BLANK = b" \t\n\r"


def alike_columns(source: Source, kind: str, points: int = 0) -> Optional[Columns]:
    """Read results that are surely plain and written alike; None where they are not, for another reader.

    Plain is what `coco_typed.plain_columns` calls so; run lengths must be compressed.

    Args:
        source: the file.
        kind: ``boxes``, ``masks`` or ``points``.
        points: how many keypoints an object has.
    """
    bounds = list_bounds(source)
    if bounds is None:
        return None
    content = _content(kind, points)
    needed: dict[Path, str] = {(IMAGE,): WHOLE, (CATEGORY,): WHOLE, (SCORE,): REAL, **content}
    beside = dict.fromkeys(() if kind == "boxes" else BOX, REAL)
    layout = read_layout(source.buffer, *bounds, {**beside, **needed})
    if layout is None or set(layout.path) not in (needed.keys(), needed.keys() | beside.keys()):
        return None
    rows = read_rows(source.buffer, *bounds, layout, (COUNTS,))
    if rows is None:
        return None
    image, category, score = (rows.numbers((key,))[0] for key in (IMAGE, CATEGORY, SCORE))
    if kind == "masks":
        shapes = Shapes(rows.texts(COUNTS), rows.numbers(*SIZE).T)
        return Columns(image, category, score, shapes=shapes)
    return Columns(image, category, score, rows.numbers(*content).T)


def _content(kind: str, points: int) -> dict[Path, str]:
    """What a result predicts: where it stands, in order, and what it is."""
    if kind == "masks":
        return {**dict.fromkeys(SIZE, WHOLE), COUNTS: TEXT}
    return dict.fromkeys(BOX if kind == "boxes" else [(POINTS, place) for place in range(3 * points)], REAL)


def list_bounds(source: Source) -> Optional[tuple[int, int]]:
    """Where the first object of a list starts and the list's closing bracket stands; None where it is no such list."""
    begin = _first_of(source, source.begin)
    end = source.end - 1
    while end > begin and source.buffer[end] in _BLANK:
        end -= 1
    if bytes(source.buffer[[begin, end]]) != b"[]":
        return None
    begin = _first_of(source, begin + 1)
    return (begin, end) if begin < end and source.buffer[begin] == ord("{") else None


def _first_of(source: Source, begin: int) -> int:
    """Where the next byte stands that is no white space."""
    while begin < source.end and source.buffer[begin] in _BLANK:
        begin += 1
    return begin
