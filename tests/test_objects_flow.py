"""Objects in drawn images from challenge.yaml to the score: what errors cost, keypoints, panoptic outputs of models."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import metrics
from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.scoring.grading import grade
from metrics.error_types import ERRORS
from metrics.segments import Segments
from tests.building.scenes import METRICS, write_scenes


def build(tmp_path: Path, task: str, form: str, also: str = "") -> Path:
    """A bundle of scenes whose challenge tells further metrics too."""
    root = write_scenes(tmp_path, task, "  group: site\n  subgroups: [site]\n", form=form)
    path, ranks = root / "challenge.yaml", f"metric: {METRICS[task]}"
    path.write_text(path.read_text().replace(ranks, f"{ranks}, also: [{also}]"))
    write_bundle(plan_build(load_challenge(root)), tmp_path / "bundle", workers=1)
    return tmp_path / "bundle"


def scored(bundle: Path, sent: bytes, draws: int = 0) -> dict[tuple[str, str], Any]:
    rows = grade(open_bundle(bundle), sent, draws=draws).scores
    return {(one.metric, one.part): one for one in rows if one.group in (None, "", "all")}


def images_of(bundle: Path, truth: dict[str, Any], part: str) -> list[int]:
    """The numbers of the images of one half."""
    with (bundle / "private/solution.csv").open(newline="") as file:
        usage = {row["id"]: row["Usage"].lower() for row in csv.DictReader(file)}
    return [image["id"] for image in truth["images"] if usage[Path(image["file_name"]).stem] == part]


def objects_of(entries: list[dict[str, Any]], images: list[int], categories: list[int]) -> metrics.Objects:
    here = [one for one in entries if one["image_id"] in images]
    return metrics.Objects(
        len(images),
        len(categories),
        [images.index(one["image_id"]) for one in here],
        [categories.index(one["category_id"]) for one in here],
        box=np.array([one["bbox"] for one in here], dtype=float).reshape(-1, 4),
        crowd=[bool(one.get("iscrowd")) for one in here],
        score=[one["score"] for one in here] if here and "score" in here[0] else None,
    )


def test_what_errors_cost_is_told_from_the_challenge(tmp_path: Path) -> None:
    names = [f"lost_box_ap(error={error})" for error in ERRORS]
    bundle = build(tmp_path, "detection", "coco", ", ".join(f'"{name}"' for name in names))
    truth = json.loads((bundle / "private/truth.json").read_bytes())
    categories, random, sent = [one["id"] for one in truth["categories"]], np.random.default_rng(1), []
    for one in truth["annotations"]:
        for _ in range(random.integers(0, 4)):
            kind = int(random.choice(categories)) if random.random() < 0.3 else one["category_id"]
            box = [float(side) for side in np.maximum(np.add(one["bbox"], random.integers(-3, 4, size=4)), 1)]
            sent.append(
                {"image_id": one["image_id"], "category_id": kind, "bbox": box, "score": round(random.random(), 6)}
            )
    told = scored(bundle, json.dumps(sent).encode(), draws=30)
    for part in ("public", "private"):
        images = images_of(bundle, truth, part)
        sides = [objects_of(entries, images, categories) for entries in (truth["annotations"], sent)]
        values = [told[name, part].value for name in names]
        assert values == pytest.approx([metrics.parse(name)(*sides) for name in names], abs=1e-12)
        assert sum(value > 0 for value in values) >= 4
        assert all(told[name, part].low <= told[name, part].high for name in names)


def test_keypoints_score_as_pycocotools_does(tmp_path: Path) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    bundle = build(tmp_path, "keypoints", "coco", '"keypoint_ap(iou_to=0.5)", keypoint_ar')
    truth, random, sent = json.loads((bundle / "private/truth.json").read_bytes()), np.random.default_rng(2), []
    for one in truth["annotations"]:
        for _ in range(random.integers(0, 3)):
            point = np.array(one["keypoints"], dtype=float).reshape(-1, 3)
            point[:, :2] = np.clip(point[:, :2] + random.normal(size=(len(point), 2)), 0, 27)
            entry = {"image_id": one["image_id"], "category_id": one["category_id"], "score": round(random.random(), 6)}
            sent.append(entry | {"keypoints": point.ravel().round(3).tolist()})
    told = scored(bundle, json.dumps(sent).encode())
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        found = known.loadRes([dict(one) for one in sent])
        for part in ("public", "private"):
            run = COCOeval(known, found, "keypoints")
            run.params.kpt_oks_sigmas = np.array([0.05, 0.1])
            run.params.imgIds = images_of(bundle, truth, part)
            run.evaluate()
            run.accumulate()
            run.summarize()
            ours = [told[name, part].value for name in ("keypoint_ap", "keypoint_ap(iou_to=0.5)", "keypoint_ar")]
            assert ours == pytest.approx(run.stats[[0, 1, 5]], abs=1e-12)
            assert 0 < ours[0] < 1


def test_panoptic_outputs_of_models_score_as_in_the_library(tmp_path: Path) -> None:
    bundle = build(tmp_path, "panoptic_segmentation", "png")
    truth, random = json.loads((bundle / "private/truth.json").read_bytes()), np.random.default_rng(4)
    categories = [one["id"] for one in truth["categories"]]
    maps, infos, sent, archive = {}, {}, [], io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for one in truth["annotations"]:
            shown = np.asarray(Image.open(bundle / "private/masks" / one["file_name"]))[..., 0].astype(np.int32)
            output = np.where(random.random(shown.shape) < 0.2, 0, shown)  # 0: of no segment, as Mask2Former leaves it
            info = [
                {"id": segment["id"], "category_id": segment["category_id"], "isthing": True, "score": 0.9, "area": 7}
                for segment in one["segments_info"]
                if (output == segment["id"]).any()
            ]
            if len(info) > 2:
                info[0]["category_id"] = categories[0]
            maps[one["image_id"]], infos[one["image_id"]] = (shown, output), (one["segments_info"], info)
            picture, colour = io.BytesIO(), np.stack([output, output * 0, output * 0], axis=-1).astype(np.uint8)
            Image.fromarray(colour).save(picture, "PNG")
            file.writestr(one["file_name"], picture.getvalue())
            sent.append({"image_id": one["image_id"], "file_name": one["file_name"], "segments_info": info})
        listed = {"images": truth["images"], "categories": truth["categories"], "annotations": sent}
        file.writestr("panoptic.json", json.dumps(listed))  # as Detectron2's evaluator writes it
    told = scored(bundle, archive.getvalue())
    things = [bool(one.get("isthing", 1)) for one in truth["categories"]]
    for part in ("public", "private"):
        here = images_of(bundle, truth, part)
        sides = [
            Segments.from_segments_info(
                [maps[one][side] for one in here], [infos[one][side] for one in here], categories, things
            )
            for side in (0, 1)
        ]
        value = told["panoptic_quality", part].value
        assert value == pytest.approx(metrics.get("panoptic_quality")(*sides), abs=1e-12)
        assert 0 < value < 1
