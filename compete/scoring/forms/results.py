"""COCO results, as one of the forms."""

from __future__ import annotations

from pathlib import Path
from typing import Union

from compete.scoring.coco import caps_of, read_results
from compete.scoring.coco_writing import as_coco
from compete.scoring.forms.omissions import left_out
from compete.scoring.images import Images
from compete.scoring.json_text import load_json
from compete.scoring.submission import Submission
from compete.terms import Terms
from metrics.objects import Objects


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read a JSON list of results; see `compete.scoring.coco.read_results`."""
    loaded = load_json(source, caps_of(terms, images), name)
    digest = loaded.sha256()
    objects, warnings = read_results(loaded, terms, images)
    omissions = left_out(objects.image, images, loaded.name, "result", "nothing is predicted in them")
    return Submission(objects, (*warnings, *omissions), objects.count, digest)


def write(record: Objects, terms: Terms, images: Images) -> bytes:
    """A JSON list of results; see `compete.scoring.coco_writing.as_coco`."""
    return as_coco(record, terms, images)
