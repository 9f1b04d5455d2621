"""What one sees of a submission beside the truth: one module a kind of prediction."""

from __future__ import annotations

from importlib import import_module

from compete.reports.page import Section
from compete.reports.views.records import Seen, View

VIEWS = {
    "classification": "classes:view_classes",
    "multilabel": "classes:view_labels",
    "regression": "numbers:view_numbers",
    "detection": "objects:view_objects",
    "instance_segmentation": "objects:view_objects",
    "keypoints": "objects:view_objects",
    "semantic_segmentation": "maps:view_maps",
    "panoptic_segmentation": "maps:view_segments",
}
"""Where the sections of a task are made; of all others the scores and the worst items are shown."""


def sections_of(seen: Seen) -> list[Section]:
    """The sections that tell of truth and predictions, the worst items last."""
    found: list[Section] = []
    if seen.terms.task in VIEWS:
        module, name = VIEWS[seen.terms.task].split(":")
        view: View = getattr(import_module(f"compete.reports.views.{module}"), name)
        found = view(seen)
    from compete.reports.views.worst import view_worst

    return [*found, *view_worst(seen)]
