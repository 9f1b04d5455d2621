"""Plain COCO annotation files as objects: what other tools load as truth, in their order of images and categories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, Optional, Union

import numpy as np

from compete.errors import DatasetError, Finding, fatal
from compete.scoring.coco_checks import places_of
from compete.scoring.coco_columns import CATEGORY, CONTENT, IMAGE, Columns, join_shapes
from compete.scoring.coco_content import AREA, CROWD, LIST, Content, Table, alike_content
from compete.scoring.coco_report import Report
from compete.scoring.images import Images
from compete.scoring.json_text import collection_paused, load_json
from compete.scoring.matching import vocabulary
from compete.scoring.source import Caps, Source, counted
from compete.scoring.spans import Array
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.objects import Objects

if TYPE_CHECKING:
    from pathlib import Path

_HINT = "a COCO annotation file is an object with the lists images, annotations and categories"


@dataclass(frozen=True, eq=False)
class CocoTruth:
    """The content of a COCO annotation file.

    Attributes:
        objects: the annotations in the file's order; images and categories are numbered as below.
        number: ``id`` of each image, ascending, int64, shape (images,).
        height: pixels, int32, shape (images,).
        width: pixels, int32, shape (images,).
        class_ids: ``id`` of each category, ascending.
        classes: their names.
    """

    objects: Objects
    number: Array
    height: Array
    width: Array
    class_ids: tuple[int, ...]
    classes: tuple[str, ...]


def read_truth_json(source: Union[Source, str, Path, bytes], kind: str, name: str = "") -> CocoTruth:
    """Read a COCO annotation file: images, categories, annotations; whatever else stands there is not read.

    Args:
        source: path of the file, its bytes, or a source that `load_json` made.
        kind: ``boxes``, ``masks`` or ``points``: what the objects shall hold. Keypoints come with their boxes.
        name: how findings call the file; its path by default.

    Returns:
        The annotations. Their area is the one annotated; where any has none, those of its boxes or masks count.

    Raises:
        DatasetError: it is no such file, names an image or category that it does not list, or holds a shape that
            is none.
    """
    loaded = source if isinstance(source, Source) else load_json(source, Caps(), name)
    try:
        content = alike_content(loaded, kind) or _typed(loaded, kind) or _plain(loaded, kind)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as fault:
        _refuse(loaded, f"this cannot be read as COCO annotations ({type(fault).__name__}: {fault})", _HINT)
    number, height, width = content.images[np.argsort(content.images[:, 0], kind="stable")].T
    classes = dict(sorted(content.categories))
    known = np.array(list(classes), dtype=np.int64)
    if not len(number) or not len(known):
        _refuse(loaded, "no image or no category is listed", _HINT)
    if (number[1:] == number[:-1]).any() or len(known) < len(content.categories):
        _refuse(loaded, "an id of an image or category stands twice", "number images and categories each once")
    images = Images(vocabulary([]), number, height.astype(np.int32), width.astype(np.int32))
    image = _known(loaded, content.table.image, number, "image")
    category = _known(loaded, content.table.category, known, "category")
    try:
        objects = _objects(loaded, content.table, (image, category), images, len(known))
    except MetricError as fault:
        _refuse(loaded, str(fault), "mend the annotation")
    return CocoTruth(objects, number, images.height, images.width, tuple(known.tolist()), tuple(classes.values()))


def _refuse(source: Source, message: str, hint: str) -> NoReturn:
    finding = Finding("dataset/coco-file", message, source.name, hint=hint)
    raise DatasetError(f"{source.name} cannot be used", [finding])


def _known(source: Source, value: Array, known: Array, what: str) -> Array:
    """The place of each number; refuses unknown ones."""
    place = places_of(value, known)
    if len(place) and place.min() < 0:
        count = counted(int(np.count_nonzero(place < 0)), "annotation")
        _refuse(source, f"{count} of an unlisted {what}", f"list every {what}, or drop these annotations")
    return place


def _objects(source: Source, table: Table, places: tuple[Array, Array], images: Images, categories: int) -> Objects:
    """Objects of annotations whose images and categories are known."""
    mask = None
    if table.shapes is not None:
        from compete.scoring.coco_masks import checked_segmentations, masks_in_order

        columns = Columns(table.image, table.category, np.zeros(len(table.image)), shapes=table.shapes)
        report = Report(source, key=LIST)
        found = checked_segmentations(columns, places[0], images, report, np.inf)
        mask = masks_in_order(found, np.flatnonzero(found.good))
        _refuse_reported(source, report)
    area = None if np.isnan(table.area).any() else table.area
    return Objects(images.n, categories, *places, table.box, mask, table.points, area=area, crowd=table.crowd)


def _refuse_reported(source: Source, report: Report) -> None:
    """Refuse a file whose shapes were found wrong."""
    if fatal(report.findings):
        told = [replace(one, rule=f"dataset/{one.rule.partition('/')[2]}") for one in fatal(report.findings)]
        raise DatasetError(f"{source.name} cannot be used", told)


def _plain(source: Source, kind: str) -> Content:
    """Read with Python's ``json``."""
    with collection_paused():
        document = json.loads(bytes(source.buffer.data[source.begin : source.end]))
    each = document[LIST]
    images = [[one[key] for key in ("id", "height", "width")] for one in document["images"]]
    shapes = None
    if kind == "masks":
        from compete.scoring.coco_shapes import exact_shapes

        report = Report(source, key=LIST)
        missing = np.zeros(len(each), dtype=bool)
        values = [one[CONTENT[kind]] for one in each]
        shapes = exact_shapes(np.arange(len(each)), values, missing, report)[0]
        _refuse_reported(source, report)
    table = Table(
        np.array([one[IMAGE] for one in each], dtype=np.int64),
        np.array([one[CATEGORY] for one in each], dtype=np.int64),
        np.array([one.get(AREA) for one in each], dtype=np.float64),
        np.array([one.get(CROWD, 0) for one in each], dtype=np.int64) != 0,
        None if kind == "masks" else _rows([one[CONTENT["boxes"]] for one in each], 4),
        _points([one[CONTENT[kind]] for one in each]) if kind == "points" else None,
        shapes,
    )
    categories = [(one["id"], one["name"]) for one in document["categories"]]
    return Content(np.array(images, dtype=np.int64).reshape(-1, 3), table, categories)


def _rows(values: Sequence[Sequence[float]], width: int) -> Array:
    """Lists of as many numbers each as one array."""
    if any(len(one) != width for one in values):
        raise ValueError(f"a list has not {width} numbers")
    return np.fromiter(chain.from_iterable(values), np.float64, width * len(values)).reshape(-1, width)


def _points(values: Sequence[Sequence[float]]) -> Array:
    """Keypoints, shape (n, k, 3); all objects have as many."""
    return (
        _rows(values, len(values[0]) if values else 0).reshape(len(values), -1, 3) if values else np.zeros((0, 17, 3))
    )


@lru_cache(maxsize=3)
def _decoders(kind: str) -> Optional[tuple[Any, Any, type, type[Exception]]]:
    """Decoders of the file and of its annotations, the type of run lengths, msgspec's error; None without msgspec."""
    from compete.scoring.coco_typed import installed_msgspec

    msgspec = installed_msgspec()
    if msgspec is None:
        return None
    box = tuple[float, float, float, float]
    runs: Any = msgspec.defstruct("Runs", [("size", tuple[int, int]), ("counts", Union[str, list[int]])], gc=False)
    held: list[Any] = [] if kind == "masks" else [("bbox", box)]
    held += [(CONTENT["masks"], Union[runs, list[list[float]]])] if kind == "masks" else []
    held += [(CONTENT["points"], list[float])] if kind == "points" else []
    plain = [(IMAGE, int), (CATEGORY, int), *held, (AREA, Optional[float], None), (CROWD, Union[bool, int], 0)]
    image: Any = msgspec.defstruct("Image", [("id", int), ("height", int), ("width", int)], gc=False)
    category: Any = msgspec.defstruct("Category", [("id", int), ("name", str)], gc=False)
    annotation: Any = msgspec.defstruct("Annotation", plain, gc=False)
    lists = [("images", list[image]), (LIST, msgspec.Raw), ("categories", list[category])]
    whole, part = msgspec.json.Decoder(msgspec.defstruct("File", lists)), msgspec.json.Decoder(list[annotation])
    return whole, part, runs, msgspec.DecodeError


def _typed(source: Source, kind: str) -> Optional[Content]:
    """Read with msgspec where it is installed; None where anything is unusual."""
    found = _decoders(kind)
    if found is None:
        return None
    from compete.scoring.coco_typed import slices

    whole, part, runs, error = found
    try:
        with collection_paused():
            document = whole.decode(source.buffer.data[source.begin : source.end])
            tables = [
                _typed_table(part.decode(piece), kind, runs) for piece in slices(memoryview(document.annotations))
            ]
    except (error, ValueError, OverflowError, RecursionError):
        return None
    images = np.array([(one.id, one.height, one.width) for one in document.images], dtype=np.int64).reshape(-1, 3)
    joined: dict[str, Any] = {}
    for field in fields(Table):
        columns = [getattr(table, field.name) for table in tables]
        known = [one for one in columns if one is not None]
        joined[field.name] = (
            None if not known else join_shapes(known) if field.name == "shapes" else np.concatenate(known)
        )
    return Content(images, Table(**joined), [(one.id, one.name) for one in document.categories])


def _typed_table(each: Sequence[Any], kind: str, runs: type) -> Table:
    """The columns of some annotations."""
    n = len(each)
    image, category = (np.fromiter(map(attrgetter(key), each), np.int64, n) for key in (IMAGE, CATEGORY))
    area = np.array(list(map(attrgetter(AREA), each)), dtype=np.float64)
    crowd = np.fromiter(map(attrgetter(CROWD), each), np.int64, n) != 0
    if kind == "masks":
        from compete.scoring.coco_typed import typed_shapes

        shapes = typed_shapes(runs, list(map(attrgetter(CONTENT[kind]), each)))[0]
        return Table(image, category, area, crowd, shapes=shapes)
    box = np.fromiter(chain.from_iterable(map(attrgetter("bbox"), each)), np.float64, 4 * n).reshape(n, 4)
    points = _points(list(map(attrgetter(CONTENT[kind]), each))) if kind == "points" else None
    return Table(image, category, area, crowd, box, points)
