"""The terms of a competition: what a submission must hold and how it is scored; ``public/challenge.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Optional

from compete.tasks import TASKS

FLAT_TASKS = tuple(TASKS)
"""Tasks whose items are rows of a table; of all others an item is an image."""

IMAGE_TASKS = {
    "detection": ("boxes", ("coco", "rows", "strings")),
    "instance_segmentation": ("masks", ("coco", "runs", "coco_runs")),
    "keypoints": ("points", ("coco",)),
    "semantic_segmentation": ("label_maps", ("png", "runs", "nifti")),
    "panoptic_segmentation": ("segments", ("png",)),
}
"""What a submission to each task holds, and the forms in which it may be written, the usual one first.

``coco``: a JSON list of results. ``rows``: CSV, one row a box. ``strings``: CSV with ``id,PredictionString``. ``runs``:
CSV with run lengths, starts and lengths as on Kaggle. ``coco_runs``: CSV with COCO's compressed ones. ``png``: a zip of
label images, for panoptic segmentation with ``panoptic.json`` beside them. ``nifti``: a zip of label volumes; the form
where images are volumes, and there alone.
"""

FEDERATED_METRICS = ("lvis_box_ap", "lvis_mask_ap", "open_images_ap")
"""Metrics that know that not every class was looked for in every image; all others are given the objects alone."""

FLAT_METRICS = ("boundary_f",)
"""Metrics of label images that are of two dimensions alone, and not of volumes."""

TAXONOMY_METRICS = (
    "accuracy_at_level",
    "hierarchical_fbeta",
    "hierarchical_precision",
    "hierarchical_recall",
    "tree_distance",
)
"""Metrics that look at the tree in which the classes stand, ``data.taxonomy``."""

NO_VALUE = "missing"
"""What a subgroup is called where the item's cell is blank; a combination leaves it out."""

LARGEST_VALUE = 1e100
"""The largest value, known or predicted: the sum of the squares of larger ones would soon be beyond all numbers."""

SAMPLE_STEM = "sample_submission"
FORMAT = 1
"""The version of the format that this code reads and writes."""


@dataclass(frozen=True)
class Combined:
    """One number made of a metric's values in the groups of a subgroup column.

    Attributes:
        name: what the leaderboard calls it.
        metric: the metric's text, such as ``recall_at_specificity(specificity=0.95)``.
        over: the subgroup column; items without a value in it are left out.
        by: ``mean``, ``geometric_mean``, ``harmonic_mean``, ``minimum``, ``maximum`` or ``worst``.
    """

    name: str
    metric: str
    over: str
    by: str


@dataclass(frozen=True)
class Named:
    """A metric with a short name for the leaderboard.

    Attributes:
        name: what the leaderboard calls it.
        metric: the metric's text, or an expression.
    """

    name: str
    metric: str


@dataclass(frozen=True)
class Terms:
    """Everything that scoring must know of a challenge, and nothing that a participant may not.

    Attributes:
        name: the challenge's short name.
        title: one line for people.
        version: the organizer's version of the challenge.
        task: one of ``FLAT_TASKS`` or a key of ``IMAGE_TASKS``.
        target: label columns, as in ``train.csv`` and ``solution.csv``.
        kind: what the prediction columns hold, a key of ``compete.tasks.KINDS``; of images ``boxes``, ``masks``,
            ``points``, ``label_maps`` or ``segments``.
        columns: names of the prediction columns.
        metric: the metric that ranks: a name with options, a combination's name, an expression over such names, or
            ``metric.py:score``.
        classes: the closed set of labels, in the order of their codes; of two, the second is the positive one.
        also: further metrics.
        combine: combinations over subgroups.
        greater_is_better: direction of the challenge's own metric, or of an expression that does not tell it; None for
            all others.
        distribution: each row of probabilities sums to one.
        low: smallest value allowed; None where there is no limit.
        high: largest value allowed.
        subgroups: subgroup columns of ``solution.csv``.
        grouped: whether ``solution.csv`` names a group, inside which items are not independent.
        draws: bootstrap draws of an interval; 0 for none.
        smallest_subgroup: public scores do not show smaller ones.
        form: how a submission is written: ``csv`` with one row an item, ``rows`` with one row an entry of a list, or a
            form of ``IMAGE_TASKS``.
        class_ids: the number of each class in COCO files and label images, in the order of ``classes``.
        things: the classes that are counted one by one, in panoptic segmentation; the others are stuff.
        coordinates: boxes of CSV forms: ``xywh`` (left, top, width, height) or ``xyxy`` (left, top, right, bottom).
        points: names of the keypoints of an object.
        sigmas: how exactly each keypoint can be placed, as OKS takes it.
        ignore_value: value of label images that is not scored; None for none.
        most_objects: predictions allowed an image, entries a list, spans an item.
        federated: whether not every class was looked for in every image, or classes contain each other; what is known
            of that stands with the truth.
        parents: of classes that stand in a tree, the number of each node's parent, -1 at the top; the classes come
            first, in their order.
        taxa: names of the nodes that are no class.
        named: metrics with short names, by which ``metric``, ``also`` and expressions may call them.
        beside: columns beside the truth that metrics look at.
        separator: what parts the entries of a list.
        empty: whether an empty cell is an answer: no entry, no text, no span.
        gain: the column of how relevant each entry of a true list is; empty where all are alike.
        at: what each prediction column stands for: thresholds, quantiles or times, rising.
        classes_of: of several columns of classes, the classes of each.
        train: number of training items.
        test: number of test items.
        description: what it is about.
        license: under which the data may be used.
        authors: names.
        format: version of this format.
    """

    name: str
    title: str
    version: str
    task: str
    target: tuple[str, ...]
    kind: str
    columns: tuple[str, ...]
    metric: str
    classes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    combine: tuple[Combined, ...] = ()
    greater_is_better: Optional[bool] = None
    distribution: bool = False
    low: Optional[float] = None
    high: Optional[float] = None
    subgroups: tuple[str, ...] = ()
    grouped: bool = False
    draws: int = 1000
    smallest_subgroup: int = 20
    form: str = "csv"
    class_ids: tuple[int, ...] = ()
    things: tuple[str, ...] = ()
    coordinates: str = "xywh"
    points: tuple[str, ...] = ()
    sigmas: tuple[float, ...] = ()
    ignore_value: Optional[int] = None
    most_objects: int = 1000
    federated: bool = False
    parents: tuple[int, ...] = ()
    taxa: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    beside: tuple[str, ...] = ()
    separator: str = " "
    empty: bool = False
    gain: str = ""
    at: tuple[float, ...] = ()
    classes_of: tuple[tuple[str, ...], ...] = ()
    train: int = 0
    test: int = 0
    description: str = ""
    license: str = ""
    authors: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def of_images(self) -> bool:
        """Whether an item is an image with objects or a label image, not a row."""
        return self.task in IMAGE_TASKS

    @property
    def of_objects(self) -> bool:
        """Whether what is predicted of an image are objects, which can stand in rows of a table."""
        return self.kind in ("boxes", "masks", "points")

    def written(self, name: str) -> str:
        """The text of a metric that has a short name; any other text as it is."""
        return next((entry.metric for entry in self.named if entry.name == name), name)

    @property
    def sample_name(self) -> str:
        """The name of the sample submission, which tells the form of all others."""
        return SAMPLE_STEM + {"coco": ".json", "png": ".zip", "nifti": ".zip"}.get(self.form, ".csv")

    def as_dict(self) -> dict[str, Any]:
        """The terms as plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Terms:
        """Read the terms back.

        Raises:
            KeyError: if a key is unknown.
            TypeError: if one is missing or of another type.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(content) - known):
            raise KeyError(unknown[0])
        frozen = {key: tuple(value) for key, value in content.items() if isinstance(value, list)}
        values: dict[str, Any] = {**content, **frozen}
        values["combine"] = tuple(Combined(**entry) for entry in content.get("combine", ()))
        values["named"] = tuple(Named(**entry) for entry in content.get("named", ()))
        values["classes_of"] = tuple(map(tuple, content.get("classes_of", ())))
        return cls(**values)
