"""Boxes in CSV, one row a box: ``id,class,x,y,width,height,score``."""

from __future__ import annotations

from pathlib import Path
from typing import Union

from compete.bundle import ID
from compete.scoring.forms.boxes import box_cells, boxes_of, expected, scores_of
from compete.scoring.forms.tables import SIZE, as_table, class_text, images_without_rows, number_text, read_rows
from compete.scoring.images import Images
from compete.scoring.source import Caps
from compete.scoring.submission import Submission
from compete.terms import Terms
from metrics.objects import Objects


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read boxes, any number of rows an image; see `compete.scoring.forms.read_images_submission`."""
    caps = Caps(size=SIZE, rows=terms.most_objects * images.n)
    rows = read_rows(source, terms, images, name, caps, once=False)
    objects = boxes_of(rows, rows.table, rows.image, terms, images)
    warnings = [*rows.findings, *images_without_rows(rows, images, "nothing is predicted in them")]
    return Submission(objects, tuple(warnings), rows.table.rows, rows.sha256)


def write(record: Objects, terms: Terms, images: Images) -> bytes:
    """One row for each box that a submission should predict."""
    objects = expected(record)
    ids = images.ids.column.tolist()
    told = zip(
        objects.image.tolist(),
        class_text(objects.category, terms.classes),
        box_cells(objects, terms),
        scores_of(objects),
    )
    rows = ((ids[image], label, *map(number_text, box), number_text(score)) for image, label, box, score in told)
    return as_table((ID, *terms.columns), rows)
