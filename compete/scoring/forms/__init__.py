"""The forms in which predictions of images may be written: COCO results, tables in CSV, label pictures and volumes.

Each form is a file with the same two doors: ``read(source, terms, images, name) -> Submission`` brings what was sent
into the solution's order of images, or refuses it with all its faults; ``write(record, terms, images) -> bytes``
writes a submission that says what a record says. One line a form in ``FORMS``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from compete.scoring.images import Images
    from compete.scoring.submission import Submission
    from compete.terms import Terms

FORMS = {
    ("coco", "boxes"): "results",
    ("coco", "masks"): "results",
    ("coco", "points"): "results",
    ("rows", "boxes"): "rows",
    ("strings", "boxes"): "strings",
    ("runs", "masks"): "object_runs",
    ("coco_runs", "masks"): "coco_runs",
    ("runs", "label_maps"): "label_runs",
    ("png", "label_maps"): "label_pngs",
    ("png", "segments"): "segment_pngs",
    ("nifti", "label_maps"): "volumes",
}
"""The file that reads a form of what a submission predicts; see `compete.terms.IMAGE_TASKS`."""


def read_images_submission(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read predictions of images strictly, in the form that the challenge asks for.

    The order of rows, results or members changes nothing: objects come out by image, class and falling score.

    Args:
        source: path of the file, or its bytes.
        terms: the challenge; its ``form`` and ``kind`` say what the file is.
        images: the images to predict, in the solution's order.
        name: how findings call the file; its path by default.

    Returns:
        Predictions, whose values are ``Objects``, ``LabelMaps`` or ``Segments`` of the ``metrics`` package. A category
        is its place in the terms' classes; a pixel of a label image is the class's number.

    Raises:
        SubmissionError: the submission is refused; every fault that can be told is among the findings.
        UsageError: there is no such file, or it is a folder.
        SystemFault: the file cannot be read.
    """
    read: Submission = _form(terms).read(source, terms, images, name)
    return read


def as_submission(record: Any, terms: Terms, images: Images) -> bytes:
    """A submission that says what a record says, such as a perfect one made from a truth.

    Crowds and objects that a truth ignores are left out; pixels that it does not score get the first class.

    Args:
        record: ``Objects``, ``LabelMaps`` or ``Segments``, as the challenge's ``kind`` asks for; objects without a
            score get 1.
        terms: the challenge.
        images: the images that the record numbers.
    """
    written: bytes = _form(terms).write(record, terms, images)
    return written


def _form(terms: Terms) -> Any:
    return import_module(f"{__name__}.{FORMS[terms.form, terms.kind]}")
