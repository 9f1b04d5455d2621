"""What the results of a Label Studio annotation are: objects, answers about the whole image, and what is neither.

Every result about a region repeats the region's place, and all of one region share its ``id`` (``Result.serialize`` in
HumanSignal's ``web/libs/editor``). So a class may stand in another result than the shape (``<Rectangle>`` beside
``<Labels>``), and an answer with a place, or with the ``id`` of a shape, is about that shape and not about the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from compete.readers.formats.label_studio_shapes import KINDS, OTHERS
from compete.readers.gathering import word_of

CLASS = "labels"
"""The type of a result that names the class of a shape drawn without one."""
PLACES = frozenset({"x", "y", "points", "rle", "vertices"})
"""Keys of a value that is about a part of the image."""
SHAPES = {
    frozenset({"x", "y", "width", "height"}): "rectanglelabels", frozenset({"points"}): "polygonlabels",
    frozenset({"x", "y", "radiusX", "radiusY"}): "ellipselabels", frozenset({"rle"}): "brushlabels",
}  # fmt: skip
"""What a value with these keys is, as the type of a result with a class."""
ANSWERS = frozenset({"choices", "taxonomy", "rating", "number"})
"""Types of results that say something of the image in a word or a number."""

Result = Mapping[str, Any]


class Sorted(NamedTuple):
    """The results of an annotation, each with its place.

    Attributes:
        shapes: objects, and shapes that can be none.
        choices: name of the question -> what was chosen for the whole image.
        others: what becomes neither, by what it is.
    """

    shapes: list[tuple[str, Result]]
    choices: dict[str, list[str]]
    others: list[tuple[str, str]]


def sorted_results(results: Iterable[tuple[str, Result]]) -> Sorted:
    """Tell objects from answers; a class that stands beside its shape is joined with it."""
    found = Sorted([], {}, [])
    placed = [(place, one, type_of(one)) for place, one in results]
    named = {_id(one) for _, one, kind in placed if kind == CLASS} - {""}
    drawn = {_id(one): one for _, one, kind in placed if _id(one) and (kind in KINDS or kind in OTHERS)}
    for place, one, kind in placed:
        if kind in OTHERS and _id(one) in named:
            continue
        if kind == CLASS and (shape := _classed(one, drawn.get(_id(one), {}))):
            found.shapes.append((place, shape))
        elif kind in KINDS or kind in OTHERS:
            found.shapes.append((place, one))
        elif _is_of_region(one) or _id(one) in drawn:
            found.others.append((f"{kind or 'result'} of a shape", place))
        elif kind in ANSWERS and word_of(one.get("from_name")):
            found.choices[word_of(one.get("from_name"))] = chosen(kind, one)
        else:
            found.others.append((kind or "result", place))
    return found


def type_of(result: Result) -> str:
    """The type of a result, in small letters."""
    return word_of(result.get("type")).lower()


def chosen(kind: str, result: Result) -> list[str]:
    """The words of an answer; of a taxonomy each way through its tree, with slashes."""
    value = result.get("value")
    given = value.get(kind) if isinstance(value, dict) else None
    listed = given if isinstance(given, list) else [given]
    words = ["/".join(map(word_of, one)) if isinstance(one, list) else word_of(one) for one in listed]
    return list(filter(None, words))


def _id(result: Result) -> str:
    return word_of(result.get("id"))


def _is_of_region(result: Result) -> bool:
    value = result.get("value")
    return isinstance(value, dict) and bool(PLACES & value.keys())


def _classed(result: Result, shape: Result) -> dict[str, Any] | None:
    """The object of a class and the shape that it belongs to; None where there is no shape with an area."""
    own, other = result.get("value"), shape.get("value")
    if not isinstance(own, dict):
        return None
    value = {**other, **own} if isinstance(other, dict) else own
    kind = next((kind for keys, kind in SHAPES.items() if keys <= value.keys()), "")
    return {**shape, **result, "type": kind, "value": value} if kind else None
