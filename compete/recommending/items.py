"""The items of the fingerprint: what is asked of a problem, whom it concerns, and what is assumed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IMAGE, PIXELS, BOXES, MASKS = "image", "pixels", "boxes", "masks"
"""The problem categories of Metrics Reloaded: image-level classification (ImLC; a row of a table is an image without
pixels), semantic segmentation (SemS), object detection (ObD) and instance segmentation (InS)."""

TITLES = {
    IMAGE: "classification of whole items (ImLC)",
    PIXELS: "semantic segmentation (SemS)",
    BOXES: "object detection (ObD)",
    MASKS: "instance segmentation (InS)",
    "": "none of Metrics Reloaded",
}

CATEGORIES = {
    "classification": IMAGE,
    "multilabel": IMAGE,
    "multioutput": IMAGE,
    "semantic_segmentation": PIXELS,
    "detection": BOXES,
    "keypoints": BOXES,
    "instance_segmentation": MASKS,
    "panoptic_segmentation": MASKS,
}
"""Problem category by task (subprocess S1); tasks that are not named here are no classification of anything."""


@dataclass(frozen=True)
class Item:
    """One question about a problem.

    Attributes:
        key: what ``fingerprint:`` in ``challenge.yaml`` calls it.
        number: what Metrics Reloaded calls it.
        question: asked of people; empty where only the data or the challenge can answer.
        choices: the answers there are; none for yes or no.
        assumed: the answer where nobody gave one.
        tasks: tasks that it is asked of; none for all of its categories.
        categories: problem categories that it concerns.
    """

    key: str
    number: str
    question: str
    choices: tuple[str, ...]
    assumed: Any
    categories: tuple[str, ...]
    tasks: tuple[str, ...] = ()

    def concerns(self, task: str) -> bool:
        """Whether a task has this item."""
        return CATEGORIES.get(task, "") in self.categories and (not self.tasks or task in self.tasks)


ALL = (IMAGE, PIXELS, BOXES, MASKS)
OBJECTS = (BOXES, MASKS)
DRAWN = (PIXELS, BOXES, MASKS)

ITEMS = (
    Item("boundaries", "FP2.1", "Do exact outlines matter, or are shapes complex?", (), True, (PIXELS, MASKS)),
    Item("volume", "FP2.2", "Is the area or volume of structures used later on?", (), False, (PIXELS,)),
    Item("centres", "FP2.3", "Are centres, or centre lines of tubes, used later on, and outlines not?", (), False,
         DRAWN),
    Item("localisation", "FP2.4", "How exactly must an object be placed?", ("position", "rough", "exact"), "rough",
         OBJECTS, ("detection", "instance_segmentation")),
    Item("severity", "FP2.5", "Which errors are worse?", ("equal", "misses", "false_alarms", "ordered"), "equal",
         (IMAGE, PIXELS)),
    Item("costs", "FP2.5", "", (), (), (IMAGE,), ("classification",)),
    Item("equal_classes", "FP2.5", "Does a rare class count as much as a frequent one?", (), True, (IMAGE,)),
    Item("outliers", "FP2.5.6", "How do false pixels far away count?", ("distance", "contour", "existence"), "contour",
         (PIXELS,)),
    Item("tolerance", "FP2.5.7", "", (), 0.0, (PIXELS,)),
    Item("decision", "FP2.6", "How do scores become decisions?", ("argmax", "optimised", "none"), "argmax",
         (IMAGE,), ("classification", "multilabel")),
    Item("target", "FP2.6", "", (), (), (IMAGE, BOXES, MASKS)),
    Item("threshold", "FP2.6", "", (), None, (IMAGE,)),
    Item("calibration", "FP2.7", "Are probabilities used as such, so that 0.8 must mean 8 of 10?", (), False,
         (IMAGE,), ("classification", "multilabel")),
    Item("small", "FP3.1", "", (), False, DRAWN),
    Item("varied", "FP3.2", "", (), False, DRAWN),
    Item("tubular", "FP3.3", "", (), False, (PIXELS, MASKS)),
    Item("touching", "FP3.5", "Do objects of one class touch or overlap?", (), False, DRAWN),
    Item("imbalanced", "FP4.1", "", (), False, ALL),
    Item("representative", "FP4.2", "Are classes as frequent as where the model is to be used?", (), True, (IMAGE,)),
    Item("raters_disagree", "FP4.3.1", "Do two annotators differ much?", (), False, ALL),
    Item("reference_outliers", "FP4.3.2", "May the reference hold pixels far from what they mark?", (), False,
         (PIXELS,)),
    Item("dependent", "FP4.5", "", (), False, ALL),
    Item("empty_reference", "FP4.6", "", (), False, DRAWN),
    Item("scores", "FP5", "Do submissions say how sure they are?", (), True, (IMAGE,),
         ("classification", "multilabel")),
)  # fmt: skip
"""Every item that decides something here, in the order of the paper."""

ITEM = {item.key: item for item in ITEMS}
