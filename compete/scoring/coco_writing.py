"""Write objects as COCO results, such as a perfect submission made from a truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from compete.scoring.coco_columns import CATEGORY, CONTENT, IMAGE, SCORE
from compete.scoring.images import Images
from compete.scoring.spans import Array
from compete.terms import Terms
from metrics.objects import Objects


def as_coco(objects: Objects, terms: Terms, images: Images) -> bytes:
    """COCO results that say what some objects are.

    Crowds, ignored objects and objects without a visible point are left out, for as truth they ask for no prediction.
    Numbers are written so that they read back to the bit.

    Args:
        objects: predictions, or truth, which gets the score 1.
        terms: the challenge; its ``kind`` says what is written.
        images: the images that the objects number.

    Returns:
        JSON text, one result a line.
    """
    wanted = np.ones(objects.count, dtype=bool)
    for unwanted in (objects.crowd, objects.ignore):
        if unwanted is not None:
            wanted &= ~unwanted
    if terms.kind == "points" and objects.points is not None and objects.score is None:
        wanted &= (objects.points[..., 2] > 0).any(axis=1)
    kept = objects.take(np.flatnonzero(wanted))
    score = np.ones(kept.count) if kept.score is None else kept.score
    number = np.array(terms.class_ids, dtype=np.int64)[kept.category]
    rows = zip(images.number[kept.image].tolist(), number.tolist(), as_content(kept, terms.kind), score.tolist())
    key = CONTENT[terms.kind]
    lines = [json.dumps({IMAGE: one, CATEGORY: label, key: held, SCORE: sure}) for one, label, held, sure in rows]
    return b"[" + ",\n ".join(lines).encode("ascii") + b"]\n"


def as_content(objects: Objects, kind: str) -> list[Any]:
    """What each object is, as COCO writes it: a box, run lengths with their size, or keypoints in one list."""
    if kind == "masks":
        return _runs(objects)
    value = objects.box if kind == "boxes" else objects.points
    if value is None:
        raise ValueError(f"these objects have no {kind}")
    flat: Array = value.reshape(len(value), int(np.prod(value.shape[1:])))
    return [[int(one) if one.is_integer() else one for one in row] for row in flat.tolist()]


def _runs(objects: Objects) -> list[dict[str, Any]]:
    """The masks of objects as run lengths."""
    mask = objects.mask
    if mask is None:
        raise ValueError("these objects have no masks")
    text = mask.text.tobytes().decode("ascii")
    parts = [text[low:high] for low, high in zip(mask.start[:-1].tolist(), mask.start[1:].tolist())]
    sizes = zip(mask.height.tolist(), mask.width.tolist())
    return [{"size": list(size), "counts": part} for size, part in zip(sizes, parts)]
