"""The terms of tasks whose items are images: classes, their numbers, forms and what a submission's columns are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import metrics
from compete.building.contract import common_terms
from compete.challenge import Challenge
from compete.dataset import Category, Coverage, Dataset, counted
from compete.errors import EXAMPLES, Finding
from compete.terms import FEDERATED_METRICS, FLAT_METRICS, IMAGE_TASKS, Terms
from metrics.expressions import named_in

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
    form = submission.form or ("nifti" if dataset.volumes else forms[0])
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
        "federated": dataset.coverage is not None,
    }
    return Terms(**common_terms(challenge, train=train, test=test), **special)


def form_findings(challenge: Challenge, terms: Terms, dataset: Dataset) -> list[Finding]:
    """Say which form cannot hold what is predicted, and which classes cannot be written in it.

    Blanks part the words of a PredictionString; volumes and flat pictures are each sent as what they are.
    """
    place = challenge.where("submission.form")
    if dataset.volumes != (terms.form == "nifti"):
        message = f"the images are {'volumes' if dataset.volumes else 'flat pictures'}, and the form is {terms.form}"
        return [Finding("volume/form", message, place, hint="remove the line: the images decide")]
    parted = tuple(name for name in terms.classes if terms.form == "strings" and len(name.split()) > 1)
    if not parted:
        return []
    message = f"{counted(len(parted), 'class has a blank', 'classes have blanks')} in their names"
    hint = "write form: rows or form: coco, or rename the categories"
    return [Finding("challenge/class-in-words", message, place, parted[:EXAMPLES], hint, count=len(parted))]


def depth_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which metrics are of flat pictures, where the images are volumes."""
    if not dataset.volumes:
        return []
    flat = [(metric.name, place) for metric, place in _asked(challenge) if metric.base in FLAT_METRICS]
    hint = "score volumes by nsd, which has a tolerance too"
    return [
        Finding("volume/metric", f"{name} is of flat pictures, and the images are volumes", place, hint=hint)
        for name, place in flat
    ]


def coverage_findings(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Say which metrics do not fit what is known of the classes that were looked for in each image."""
    if challenge.task not in IMAGE_TASKS:
        return []
    coverage, rule = dataset.coverage or Coverage(), "challenge/coverage"
    asked = list(_asked(challenge))
    findings = []
    for metric, place in asked:
        if metric.options.get("frequency", "all") != "all" and coverage.frequency is None:
            message = f"nobody said how frequent the classes are, as {metric.name} must know"
            hint = "say it as LVIS does: frequency r, c or f of each category"
            findings.append(Finding(rule, message, place, hint=hint))
    if coverage.absent is None:
        unfit = {metric.name: place for metric, place in asked if metric.base in FEDERATED_METRICS}
        message = "scores as if every class had been looked for in every image, because the data do not say otherwise"
        hint = "give the lists of what is absent (neg_category_ids, image-level labels), or take another metric"
    else:
        unfit = {metric.name: place for metric, place in asked if metric.base not in FEDERATED_METRICS}
        message = "counts what is found of classes that nobody looked for as false alarms"
        hint = f"the data say which classes were looked for in each image; {', '.join(FEDERATED_METRICS)} heed it"
    if unfit:
        name, place = next(iter(unfit.items()))
        told = Finding(rule, f"{name} {message}", place, tuple(unfit)[:EXAMPLES], hint, "warning", len(unfit))
        findings.append(told)
    return findings


def _asked(challenge: Challenge) -> Iterator[tuple[metrics.Metric, str]]:
    """The metrics that the challenge names, each with its place; what is no metric is told elsewhere."""
    score = challenge.score
    places = [("score", "metric"), *(("score", "also", place) for place in range(len(score.also)))]
    places += [("score", "combine", place, "metric") for place in range(len(score.combine))]
    texts = [score.metric, *score.also, *(entry.metric for entry in score.combine)]
    for text, place in zip(texts, places, strict=True):
        try:
            named = [metrics.parse(name) for name in named_in(score.written(text))]
        except metrics.MetricError:
            continue
        yield from ((metric, challenge.where(*place)) for metric in named)


def _columns(form: str, task: str, coordinates: str, categories: Sequence[Category]) -> tuple[str, ...]:
    """The prediction columns of forms in CSV; none of the others."""
    if form == "rows":
        return ("class", *CORNERS[coordinates], "score")
    if form == "strings":
        return ("PredictionString",)
    if form in ("runs", "coco_runs"):
        one = len(categories) == (2 if task == "semantic_segmentation" else 1)
        score = () if task == "semantic_segmentation" else ("score",)
        return (*(() if one else ("class",)), "rle", *score)
    return ()


def _sigmas(challenge: Challenge, points: Sequence[str]) -> tuple[float, ...]:
    """How exactly each keypoint can be placed: as declared, else COCO's for its 17, else the same for all."""
    if challenge.data.sigmas or not points:
        return challenge.data.sigmas
    return tuple(sigma / 10 for sigma in PERSON) if len(points) == len(PERSON) else (USUAL_SIGMA,) * len(points)
