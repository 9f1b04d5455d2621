"""A small bundle and a good submission of every task and form, written by hand, for what must hold for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from compete.bundle import write_manifests
from compete.files import canonical_json, write_file, zip_bytes
from compete.hidden import pack_truth
from compete.scoring.forms import as_submission
from compete.scoring.images import Images
from compete.terms import Terms
from metrics.label_maps import LabelMaps
from metrics.objects import Objects
from tests.scoring.bundles import table, write_small_bundle
from tests.scoring.every_kind import KINDS, long_rows
from tests.scoring.form_images import random_boxes, random_maps, random_masks, random_segments, some_images, terms_of
from tests.scoring.tiff_files import PACK, tiff

IMAGES = some_images()
AFFINE = np.array([[-0.7, 0, 0, 90.5], [0, 0.7, 0, -126], [0, 0, 2.5, -72.25]])
VOLUMES = replace(IMAGES, depth=np.array([3, 2, 1, 4], dtype=np.int32), affine=np.stack([AFFINE] * IMAGES.n))
METRICS = {
    "boxes": "box_ap", "masks": "mask_ap", "points": "keypoint_ap", "label_maps": "miou", "segments": "panoptic_quality"
}  # fmt: skip
N = 60
IDS = [f"café {number:02}" for number in range(N)]
CHANCE = np.random.default_rng(17)
SITE, USAGE = CHANCE.choice(["a", "b"], N), CHANCE.choice(["Public", "Private"], N)


@dataclass(frozen=True)
class Form:
    """One way in which predictions may be written.

    Attributes:
        terms: of the challenge.
        write: writes its bundle below a folder.
        good: a valid submission.
    """

    terms: Terms
    write: Callable[[Path], Path]
    good: bytes

    @property
    def suffix(self) -> str:
        """The ending of a submission's name."""
        return Path(self.terms.sample_name).suffix


def write_image_bundle(
    root: Path, terms: Terms, images: Images, truth: Any, more: Mapping[str, Sequence[Any]] | None = None
) -> Path:
    """A bundle of images whose truth is a record; by turns an image is public and private."""
    ids = images.ids.column.tolist()
    listed = {"id": ids, "width": images.width.tolist(), "height": images.height.tolist(), **(more or {})}
    if images.depth is not None and images.affine is not None:
        texts = [" ".join(map(repr, numbers)) for numbers in images.affine.reshape(images.n, -1).tolist()]
        listed |= {"depth": images.depth.tolist(), "affine": texts}
    public = {name: listed[name] for name in listed if name not in (more or {})}
    usage = [("Public", "Private")[place % 2] for place in range(images.n)] if images.n > 1 else ["Private"]
    write_file(root / "public" / "challenge.json", canonical_json(replace(terms, test=images.n).as_dict()))
    write_file(root / "public" / "test.csv", table(public))
    write_file(root / "private" / "solution.csv", table({**listed, "Usage": usage}))
    write_file(root / "private" / "truth.npz", pack_truth(truth))
    write_manifests(root, challenge_sha256="0" * 64)
    return root


def image_form(form: str, kind: str, truth: Any, predicted: Any, images: Images = IMAGES, **more: Any) -> Form:
    """A form of predictions of images."""
    terms = replace(terms_of(form, kind, **more), metric=METRICS[kind], draws=20, smallest_subgroup=1)
    write = lambda root: write_image_bundle(root, terms, images, truth)  # noqa: E731
    return Form(terms, write, as_submission(predicted, terms, images))


def in_tiff(maps: LabelMaps) -> bytes:
    """An archive of label images as TIFF, each packed in another way."""
    ids, ways = IMAGES.ids.column.tolist(), [*PACK]
    return zip_bytes({
        f"{name}.tif": tiff(maps.array(place), packing=ways[place % len(ways)], rows=3)
        for place, name in enumerate(ids)
    })  # fmt: skip


def random_volumes(chance: np.random.Generator) -> LabelMaps:
    """Volumes of the sizes of `VOLUMES`."""
    return LabelMaps.from_arrays([chance.integers(0, 3, grid.shape) for grid in VOLUMES.grids()])


def table_form(
    task: str, kind: str, true: Mapping[str, Any], sent: Mapping[str, Any], metric: str, **more: Any
) -> Form:
    """A form of predictions in one row an item."""
    terms = Terms(
        "t", "T", "1", task, tuple(true), kind, tuple(sent), metric, draws=20, smallest_subgroup=1, subgroups=("site",),
        **more,
    )  # fmt: skip
    solution = {"id": IDS, **true, "Usage": USAGE, "site": SITE}
    return Form(terms, lambda root: write_small_bundle(root, terms, solution), table({"id": IDS, **sent}))


def tables() -> dict[str, Form]:
    """Every kind of prediction in a table; scores are rounded, so that there are ties."""
    chance = np.random.default_rng(3)
    animal, flag, number = chance.choice(["cat", "dog", "owl"], N), chance.integers(0, 2, (2, N)), chance.normal(size=N)
    guess = np.where(chance.random(N) < 0.7, animal, "owl")
    share = chance.dirichlet([1, 1, 1], N).round(2)
    share[:, 2] = (1 - share[:, 0] - share[:, 1]).round(2)
    rough = (animal == "dog") * 0.25 + chance.random(N).round(1)
    pair = {"classes": ("other", "dog")}
    two = np.where(animal == "dog", "dog", "other")
    three = {"classes": ("cat", "dog", "owl")}
    return {
        "labels": table_form("classification", "label", {"label": animal}, {"label": guess}, "f1_macro", **three),
        "probabilities": table_form(
            "classification", "probability", {"label": animal}, dict(zip(three["classes"], share.T, strict=True)),
            "log_loss", also=("roc_auc_ovr", "accuracy"), distribution=True, **three,
        ),
        "scores": table_form(
            "classification", "score", {"label": two}, {"score": rough}, "roc_auc", also=("average_precision",), **pair
        ),
        "values": table_form(
            "regression", "value", {"value": number}, {"value": (number + chance.normal(size=N)).round(1)}, "rmse",
            also=("spearman",),
        ),
        "flags": table_form(
            "multilabel", "flag", {"x": flag[0], "y": flag[1]}, {"x": flag[0], "y": chance.integers(0, 2, N)},
            "f1_macro",
        ),
        **{name: table_form(*made[:5], **made[5]) for name, made in KINDS.items()},
        "rows of labels": list_rows_form(),
        "rows of flags": flag_rows_form(),
        "rows of spans": span_rows_form(),
    }  # fmt: skip


def flag_rows_form() -> Form:
    """Labels that hold, one a row; some items have none."""
    true, found = np.random.default_rng(8).integers(0, 2, (2, N, 3))
    made = table_form(
        "multilabel", "flag", dict(zip("xyz", true.T, strict=True)), {"label": [""] * N}, "f1_macro", form="rows",
        empty=True,
    )  # fmt: skip
    item, label = np.nonzero(found)
    return replace(made, good=table({"id": [IDS[one] for one in item], "label": ["xyz"[one] for one in label]}))


def span_rows_form() -> Form:
    """Spans, one a row, in any order; some items have none."""
    _, _, true, _, metric, _ = KINDS["spans"]
    made = table_form("spans", "spans", true, {"start": [0] * N, "end": [1] * N}, metric, form="rows", empty=True)
    chance = np.random.default_rng(9)
    item, first = chance.integers(0, N, 90), chance.integers(0, 30, 90)
    ends = {"start": first, "end": first + chance.integers(1, 9, 90)}
    return replace(made, good=table({"id": [IDS[one] for one in item], **ends}))


def list_rows_form() -> Form:
    """Ranked lists with one row a label."""
    item, columns = long_rows()
    _, _, true, _, metric, _ = KINDS["lists"]
    made = table_form("retrieval", "lists", true, {"docs": [""] * N, "score": [0] * N}, metric, form="rows")
    return replace(made, good=table({"id": [IDS[one] for one in item], **columns}))


def with_ties(record: Objects, chance: np.random.Generator) -> Objects:
    """The same objects with another class here and there, and scores of which many are equal."""
    category = np.where(chance.random(record.count) < 0.7, record.category, chance.integers(0, record.categories))
    return replace(record, category=category.astype(np.int32), score=chance.integers(1, 4, record.count) / 4)


def with_points(record: Objects, chance: np.random.Generator) -> Objects:
    """The same objects with two keypoints in each box."""
    left, top, width, height = record.box.T
    place = np.stack([left + width * 0.25, top + height * 0.5, left + width * 0.75, top + height * 0.5], axis=1)
    points = np.concatenate([place.reshape(-1, 2, 2), np.full((record.count, 2, 1), 2.0)], axis=2)
    return replace(record, points=points, area=width * height, sigmas=np.array([0.5, 0.5]))


def forms() -> dict[str, Form]:
    """Every form of every task, by a short name."""
    chance = np.random.default_rng(5)
    boxes, masks, maps = random_boxes(chance, 24), random_masks(chance, 16), random_maps(chance)
    segments, points = random_segments(chance), with_points(random_boxes(chance, 12), chance)
    ink, one = random_maps(chance, 2), random_masks(chance, 12, classes=1)
    swapped = replace(
        segments, category=np.where(np.arange(len(segments.category)) % 3, segments.category, 1).astype(np.int32)
    )
    box, mask, other = with_ties(boxes, chance), with_ties(masks, chance), random_maps(chance)
    runs = {"columns": ("rle",), "classes": ("paper", "ink")}
    animals = {"classes": ("cat",), "columns": ("rle", "score")}
    return tables() | {
        "COCO boxes": image_form("coco", "boxes", boxes, box),
        "COCO masks": image_form("coco", "masks", masks, mask),
        "COCO points": image_form(
            "coco", "points", points, with_ties(points, chance), points=("nose", "tail"), sigmas=(0.5, 0.5)
        ),
        "rows": image_form("rows", "boxes", boxes, box),
        "rows of corners": image_form("rows", "boxes", boxes, box, coordinates="xyxy"),
        "strings": image_form("strings", "boxes", boxes, box),
        "runs of objects": image_form("runs", "masks", masks, mask),
        "compressed runs of objects": image_form("coco_runs", "masks", masks, mask),
        "runs of one kind": image_form("runs", "masks", one, with_ties(one, chance), **animals),
        "runs of classes": image_form("runs", "label_maps", maps, other),
        "runs of one class": image_form("runs", "label_maps", ink, random_maps(chance, 2), **runs),
        "pictures": image_form("png", "label_maps", maps, other),
        "pictures in TIFF": replace(image_form("png", "label_maps", maps, other), good=in_tiff(other)),
        "volumes": image_form("nifti", "label_maps", random_volumes(chance), random_volumes(chance), VOLUMES),
        "segments": image_form("png", "segments", segments, swapped, things=("cat", "owl")),
    }


FORMS = forms()
