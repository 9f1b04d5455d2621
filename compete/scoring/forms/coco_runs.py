"""Masks of objects in CSV, one row an object: ``id,class,rle,score`` with COCO's compressed run lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Union

import numpy as np

from compete.bundle import ID
from compete.errors import EXAMPLES, Finding
from compete.scoring.forms.boxes import expected, scores_of
from compete.scoring.forms.object_runs import read_masks
from compete.scoring.forms.tables import (
    CLASS,
    RUNS,
    SCORE,
    RowReport,
    Rows,
    as_table,
    class_text,
    id_of,
    number_text,
)
from compete.scoring.images import Images
from compete.scoring.source import excerpt
from compete.scoring.spans import Array
from compete.scoring.submission import Submission
from compete.terms import Terms
from metrics.masks import Masks
from metrics.objects import Objects
from metrics.run_lengths import FAULTS, FINE

_ENCODE = "encode the mask with pycocotools.mask.encode, and write counts.decode()"
_PAIRS = "these are starts and lengths; this challenge wants COCO's compressed run lengths: pycocotools.mask.encode"


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read masks, any number of rows an image; see `compete.scoring.forms.read_images_submission`."""
    return read_masks(source, terms, images, name, _masks)


def write(record: Objects, terms: Terms, images: Images) -> bytes:
    """One row for each mask that a submission should predict."""
    objects = expected(record)
    if objects.mask is None:
        raise ValueError("these objects have no masks")
    ids, label = images.ids.column.tolist(), class_text(objects.category, terms.classes)
    raw, bounds = objects.mask.text.tobytes().decode("ascii"), objects.mask.start.tolist()
    texts = [raw[low:high] for low, high in zip(bounds, bounds[1:])]  # noqa: RUF007
    cells = {CLASS: label, RUNS: texts, SCORE: [number_text(score) for score in scores_of(objects)]}
    named = [ids[image] for image in objects.image.tolist()]
    return as_table((ID, *terms.columns), zip(named, *(cells[column] for column in terms.columns)))


def _masks(rows: Rows, row: Array, images: Images) -> Optional[tuple[Masks, list[Finding]]]:
    """Masks from compressed run lengths."""
    place, texts = rows.image[row], rows.table.columns[RUNS].take(row).tolist()
    plain = [text if text.isascii() else "~" for text in texts]
    masks = Masks.from_compressed(plain, images.height[place], images.width[place])
    report = RowReport(rows.table, lambda one: id_of(images, int(rows.image[one])))
    for code in sorted(set(masks.faults.tolist()) - {FINE}):
        wrong = np.flatnonzero(masks.faults == code)
        first = texts[int(wrong[0])]
        hint = _PAIRS if " " in first and first.replace(" ", "").isdigit() else _ENCODE
        shown = [excerpt(texts[one]) for one in wrong[:EXAMPLES].tolist()]
        message = f"{{results}} with a mask that {FAULTS[code]}"
        report.tell("run-length", message, row[wrong], shown.__getitem__, hint)
    if report.findings:
        rows.findings.extend(report.findings)
        return None
    hint = "leave out rows without a pixel; they count as false alarms"
    message = "{results} with a mask that has no pixel"
    report.tell("empty-mask", message, row[masks.area == 0], None, hint, severity="warning")
    return masks, report.findings
