"""The terms of tasks whose items are images: classes, their numbers, forms and what a submission's columns are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compete.building.contract import common_terms
from compete.challenge import Challenge
from compete.dataset import Category, Dataset, counted
from compete.errors import EXAMPLES, Finding
from compete.terms import IMAGE_TASKS, Terms

PERSON = (0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89)
"""Ten times the spread of the 17 points of a person, as COCO measured it: nose, eyes, ears, shoulders, elbows, wrists,
hips, knees, ankles."""
USUAL_SIGMA = 0.05

CORNERS = {"xywh": ("x", "y", "width", "height"), "xyxy": ("left", "top", "right", "bottom")}


def image_terms(challenge: Challenge, dataset: Dataset, *, train: int, test: int) -> Terms:
    """The terms of a challenge on images.

    Args:
        challenge: what the organizer wrote.
        dataset: its images, with their categories.
        train: number of training images.
        test: number of test images.
    """
    task, submission = challenge.task, challenge.submission
    kind, forms = IMAGE_TASKS[task]
    form = submission.form or forms[0]
    categories = dataset.categories
    points = categories[0].points if task == "keypoints" else ()
    special: dict[str, Any] = {
        "target": (),
        "kind": kind,
        "columns": _columns(form, task, submission.coordinates, categories),
        "classes": tuple(category.name for category in categories),
        "form": form,
        "class_ids": tuple(category.number for category in categories),
        "things": tuple(category.name for category in categories if category.thing and task.startswith("panoptic")),
        "coordinates": submission.coordinates,
        "points": points,
        "sigmas": _sigmas(challenge, points),
        "ignore_value": challenge.data.ignore,
        "most_objects": submission.most_objects,
    }
    return Terms(**common_terms(challenge, train=train, test=test), **special)


def form_findings(challenge: Challenge, terms: Terms) -> list[Finding]:
    """Say which classes cannot be written in the form of a submission: blanks part the words of a PredictionString."""
    parted = tuple(name for name in terms.classes if terms.form == "strings" and len(name.split()) > 1)
    if not parted:
        return []
    message = f"{counted(len(parted), 'class has a blank', 'classes have blanks')} in their names"
    hint = "write form: rows or form: coco, or rename the categories"
    place = challenge.where("submission.form")
    return [Finding("challenge/class-in-words", message, place, parted[:EXAMPLES], hint, count=len(parted))]


def _columns(form: str, task: str, coordinates: str, categories: Sequence[Category]) -> tuple[str, ...]:
    """The prediction columns of forms in CSV; none of the others."""
    if form == "rows":
        return ("class", *CORNERS[coordinates], "score")
    if form == "strings":
        return ("PredictionString",)
    if form == "runs":
        one = len(categories) == (2 if task == "semantic_segmentation" else 1)
        score = () if task == "semantic_segmentation" else ("score",)
        return (*(() if one else ("class",)), "rle", *score)
    return ()


def _sigmas(challenge: Challenge, points: Sequence[str]) -> tuple[float, ...]:
    """How exactly each keypoint can be placed: as declared, else COCO's for its 17, else the same for all."""
    if challenge.data.sigmas or not points:
        return challenge.data.sigmas
    return tuple(sigma / 10 for sigma in PERSON) if len(points) == len(PERSON) else (USUAL_SIGMA,) * len(points)
