"""Bundles of images: every task and form, what is public and what is hidden, and that the two never meet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from compete.building.parts import TRAIN_PART
from compete.building.pipeline import rehearse_bundle, write_bundle
from compete.building.plan import Plan, plan_build
from compete.building.starter import write_challenge
from compete.bundle import open_bundle, verify_bundle
from compete.challenge import load_challenge
from compete.errors import ChallengeError
from compete.files import files_below
from compete.hidden import unpack_truth
from compete.png import class_png, png_bytes
from metrics.masks import Masks
from tests.building.scenes import FORMS, HIGH, METRICS, NAMES, SEED, WIDE, Make, N, write_scenes
from tests.conftest import ROOT


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write images, their annotations and a challenge."""
    return partial(write_scenes, tmp_path)


def build(root: Path, out: Path) -> Path:
    """Build without the trial, which scoring brings, and check the bundle's manifests."""
    write_bundle(plan_build(load_challenge(root)), out, workers=1)
    assert verify_bundle(out) == []
    return out


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def content(path: Path) -> Any:
    return json.loads(path.read_bytes())


@pytest.mark.parametrize(("task", "form"), FORMS)
def test_every_task_and_form_builds(make: Make, tmp_path: Path, task: str, form: str) -> None:
    bundle = build(make(task, "  group: site\n  subgroups: [site]\n", form=form), tmp_path / "out")
    terms = open_bundle(bundle).terms
    assert (terms.form, terms.target, terms.of_images) == (form, (), True)
    names = {path.relative_to(bundle).as_posix() for path in files_below(bundle)}
    names = {name for name in names if not name.endswith(".png")}
    told = {"challenge.json", "train.csv", "train_groups.csv", "test.csv", "train_truth.npz", "README.md"}
    told |= {terms.sample_name}
    hidden = {"solution.csv", "ids.csv", "key", "truth.npz", "private-manifest.json"}
    if task != "semantic_segmentation":
        told |= {"test.json", "train_panoptic.json" if task.startswith("panoptic") else "train.json"}
        hidden |= {"truth.json"}
    assert names == {"manifest.json", *(f"public/{name}" for name in told), *(f"private/{name}" for name in hidden)}
    solution = table(bundle / "private/solution.csv")
    assert list(solution[0]) == ["id", "width", "height", "Usage", "group", "site"]
    assert {(row["width"], row["height"]) for row in solution} == {(str(WIDE), str(HIGH))}
    shown = ["id", "file", "width", "height", *(["site"] if task.startswith("semantic") else [])]
    assert list(table(bundle / "public/test.csv")[0]) == list(table(bundle / "public/train.csv")[0]) == shown
    guide = (bundle / "public/README.md").read_text()
    assert terms.sample_name in guide
    assert "`fish`" in guide


@pytest.mark.parametrize("task", list(METRICS))
def test_public_bytes_do_not_depend_on_hidden_labels(make: Make, tmp_path: Path, task: str) -> None:
    """Two builds that differ only in what the test images hold give the same public folder."""
    plan = plan_build(load_challenge(make(task)))
    write_bundle(plan, tmp_path / "one", workers=1)
    write_bundle(with_other_hidden_labels(plan), tmp_path / "other", workers=1)
    one, other = ({path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in
                   files_below(tmp_path / name)} for name in ("one", "other"))  # fmt: skip
    assert one["private/truth.npz"] != other["private/truth.npz"]
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name] and not name.startswith("private/")] == []


def with_other_hidden_labels(plan: Plan) -> Plan:
    """The plan with the labels of the test images handed on to the next of them."""
    hidden = np.flatnonzero(plan.part != TRAIN_PART)
    order = np.arange(len(plan.part))
    order[hidden] = np.roll(hidden, 1)
    names = plan.dataset.items.index.to_numpy()
    moved = dict(zip(names[order], names, strict=True))
    labels = plan.dataset.labels.assign(item=plan.dataset.labels["item"].map(moved))
    maps = plan.dataset.maps
    return replace(plan, dataset=replace(plan.dataset, labels=labels, maps=None if maps is None else maps.take(order)))


@pytest.mark.parametrize("task", list(METRICS))
def test_no_private_byte_is_public(make: Make, tmp_path: Path, task: str) -> None:
    """Names of the organizer's files, people, the seed, the key and digests of private files are searched for."""
    bundle = build(make(task), tmp_path / "out")
    public = b"".join(path.read_bytes() for path in files_below(bundle / "public"))
    public += (bundle / "manifest.json").read_bytes()
    secrets = [SEED, (bundle / "private/key").read_text().strip(), str(tmp_path), "canary"]
    assert [text for text in secrets if text.encode() in public] == []
    assert b"annotations" not in (bundle / "public/test.csv").read_bytes()
    hidden = {row["id"] for row in table(bundle / "private/solution.csv")}
    shown = {path.stem for path in (bundle / "public" / "train_masks").glob("*.png")}
    assert not hidden & shown


@pytest.mark.parametrize("task", ["detection", "instance_segmentation", "keypoints"])
def test_coco_files_and_compiled_truth_tell_the_same(make: Make, tmp_path: Path, task: str) -> None:
    bundle = build(make(task), tmp_path / "out")
    test, solution = content(bundle / "public/test.json"), table(bundle / "private/solution.csv")
    assert "annotations" not in test
    assert [image["id"] for image in test["images"]] == list(range(1, len(solution) + 1))
    assert [image["file_name"] for image in test["images"]] == [f"test/{row['id']}.png" for row in solution]
    train = content(bundle / "public/train.json")
    rows = table(bundle / "public/train.csv")
    assert [image["id"] for image in train["images"]] == list(range(len(solution) + 1, N + 1))
    assert [image["file_name"] for image in train["images"]] == [row["file"] for row in rows]
    for file, coco, first in (
        ("private/truth.npz", content(bundle / "private/truth.json"), 1),
        ("public/train_truth.npz", train, len(solution) + 1),
    ):
        truth = unpack_truth((bundle / file).read_bytes(), file)
        assert (truth.images, truth.categories) == (len(coco["images"]), 3)
        objects = coco["annotations"]
        assert (truth.image + first).tolist() == [one["image_id"] for one in objects]
        assert [3 * code + 1 for code in truth.category.tolist()] == [one["category_id"] for one in objects]
        assert truth.box.tolist() == [one["bbox"] for one in objects]
        assert truth.area.tolist() == [one["area"] for one in objects]
        assert truth.crowd.tolist() == [bool(one["iscrowd"]) for one in objects]
        assert_special(task, truth, objects)


def assert_special(task: str, truth: Any, objects: list[Any]) -> None:
    """Masks or points of the compiled truth are those of the COCO file."""
    if task == "keypoints":
        assert truth.points.reshape(len(objects), -1).tolist() == [one["keypoints"] for one in objects]
        assert truth.sigmas.tolist() == [0.05, 0.1]
    elif task == "instance_segmentation":
        texts = [one["segmentation"]["counts"] for one in objects]
        told = Masks.from_compressed(texts, HIGH, WIDE)
        assert [one["segmentation"]["size"] for one in objects] == [[HIGH, WIDE]] * len(objects)
        for bitmap, again, one in zip(truth.mask.bitmaps(), told.bitmaps(), objects, strict=True):
            assert np.array_equal(bitmap, again)
            left, top, side, _ = one["bbox"]
            wanted = np.zeros((HIGH, WIDE), dtype=bool)
            wanted[top : top + side, left : left + side] = True
            assert np.array_equal(bitmap, wanted)
    else:
        assert truth.mask is None
        assert truth.points is None
        assert "segmentation" not in objects[0]


def source_of(bundle: Path) -> dict[str, str]:
    return {row["id"]: row["source_id"] for row in table(bundle / "private/ids.csv")}


def test_label_images_keep_their_values(make: Make, tmp_path: Path) -> None:
    root = make("semantic_segmentation")
    bundle, own = build(root, tmp_path / "out"), source_of(tmp_path / "out")
    for half, rows, masks in (
        ("private/truth.npz", table(bundle / "private/solution.csv"), "private/masks"),
        ("public/train_truth.npz", table(bundle / "public/train.csv"), "public/train_masks"),
    ):
        truth = unpack_truth((bundle / half).read_bytes(), half)
        for place, row in enumerate(rows):
            wanted = np.asarray(Image.open(root / "labels" / f"{own[row['id']]}.png"))
            with Image.open(bundle / masks / f"{row['id']}.png") as image:
                assert image.mode == "P"
                assert np.array_equal(np.asarray(image), wanted)
            assert np.array_equal(truth.array(place), wanted)


def test_segments_keep_their_numbers(make: Make, tmp_path: Path) -> None:
    root = make("panoptic_segmentation")
    bundle, own = build(root, tmp_path / "out"), source_of(tmp_path / "out")
    solution, told = table(bundle / "private/solution.csv"), content(bundle / "private/truth.json")
    source = {Path(one["file_name"]).stem: one for one in content(root / "panoptic.json")["annotations"]}
    truth = unpack_truth((bundle / "private/truth.npz").read_bytes(), "truth.npz")
    assert truth.things.tolist() == [True, True, True, False]
    for place, (row, one) in enumerate(zip(solution, told["annotations"], strict=True)):
        assert (one["image_id"], one["file_name"]) == (place + 1, f"{row['id']}.png")
        wanted = {(part["id"], part["category_id"]) for part in source[own[row["id"]]]["segments_info"]}
        assert {(part["id"], part["category_id"]) for part in one["segments_info"]} == wanted
        with Image.open(bundle / "private/masks" / one["file_name"]) as image:
            assert np.array_equal(np.asarray(image)[..., 0], truth.maps.array(place))


@pytest.mark.parametrize(("task", "form"), FORMS)
def test_the_sample_is_complete_and_constant(make: Make, tmp_path: Path, task: str, form: str) -> None:
    bundle = build(make(task, form=form, **({"coordinates": "xyxy"} if form == "rows" else {})), tmp_path / "out")
    terms, ids = open_bundle(bundle).terms, [row["id"] for row in table(bundle / "private/solution.csv")]
    path = bundle / "public" / terms.sample_name
    if form == "coco":
        results = content(path)
        assert [one["image_id"] for one in results] == list(range(1, len(ids) + 1))
        assert len({json.dumps({**one, "image_id": 0}) for one in results}) == 1
        assert results[0]["category_id"] in terms.class_ids
        assert_inside(results[0], task)
    elif form == "png":
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        listed = json.loads(members.pop("panoptic.json", b"{}"))
        assert len(listed.get("annotations", ids)) == len(ids)
        assert sorted(members) == sorted(f"{name}.png" for name in ids)
        assert len(set(members.values())) == 1
        with Image.open(io.BytesIO(next(iter(members.values())))) as image:
            assert image.size == (WIDE, HIGH)
    else:
        rows = table(path)
        assert tuple(rows[0]) == ("id", *terms.columns)
        assert [row.pop("id") for row in rows] == ids
        assert len({json.dumps(row) for row in rows}) == 1
        assert_table_row(rows[0], form, task)


def assert_inside(result: dict[str, Any], task: str) -> None:
    """The box, the mask or the points lie inside the image."""
    if task == "instance_segmentation":
        (bitmap,) = Masks.from_compressed([result["segmentation"]["counts"]], HIGH, WIDE).bitmaps()
        rows, columns = np.nonzero(bitmap)
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    elif task == "keypoints":
        assert len(result["keypoints"]) == 6
    else:
        left, top, width, height = result["bbox"]
        assert 0 <= left < left + width <= WIDE
        assert 0 <= top < top + height <= HIGH


def assert_table_row(row: dict[str, str], form: str, task: str) -> None:
    if form == "rows":
        assert float(row["left"]) < float(row["right"]) <= WIDE
    elif form == "strings":
        name, score, *box = row["PredictionString"].split(" ")
        assert (name in NAMES, float(score), len(box)) == (True, 0.5, 4)
    elif task == "semantic_segmentation":
        assert row == {"class": "water", "rle": f"1 {WIDE * HIGH}"}
    elif form == "coco_runs":
        assert not row["rle"].isdigit()
        assert Masks.from_compressed([row["rle"]], HIGH, WIDE).area[0] > 0
    else:
        runs = list(map(int, row["rle"].split()))
        assert all(1 <= start <= WIDE * HIGH for start in runs[::2])
        assert len(set(runs[1::2])) == 1


def test_a_class_of_several_words_is_refused_in_strings(make: Make) -> None:
    root = make("detection", form="strings")
    text = (root / "coco.json").read_text().replace('"eel"', '"moray eel"')
    (root / "coco.json").write_text(text)
    with pytest.raises(ChallengeError) as caught:
        plan_build(load_challenge(root))
    (error,) = [finding for finding in caught.value.findings if finding.severity == "error"]
    assert (error.rule, error.items) == ("challenge/class-in-words", ("moray eel",))


def test_groups_stay_whole_and_classes_are_spread(make: Make) -> None:
    plan = plan_build(load_challenge(make("detection", "  group: site\n")))
    assert plan.group is not None
    parts = {(group, part) for group, part in zip(plan.group.tolist(), plan.part.tolist(), strict=True)}
    assert len(parts) == 5
    plan = plan_build(load_challenge(make("detection")))
    assert [row[0] for row in plan.balance] == list(NAMES)
    assert any(finding.rule == "split/balance" for finding in plan.findings)


def test_a_rehearsal_tries_the_truth_that_a_build_writes(make: Make, tmp_path: Path) -> None:
    tried: list[tuple[Any, ...]] = []

    def trial(*told: Any) -> list[Any]:
        tried.append(told)
        return []

    plan = plan_build(load_challenge(make("instance_segmentation")))
    checked = rehearse_bundle(plan, workers=1, trial=trial)
    built = write_bundle(plan, tmp_path / "out", workers=1, trial=trial)
    assert tuple(checked) == built.findings
    (terms, *first), (again, *second) = tried
    assert (terms, first[:2], first[3]) == (again, second[:2], second[3])
    assert first[3] == (tmp_path / "out/private/truth.npz").read_bytes()


@pytest.mark.parametrize("most", [1, 255, 256, 65535])
def test_class_png_is_read_back_by_others(most: int) -> None:
    values = np.random.default_rng(1).integers(0, most + 1, (9, 7))
    values[0, 0] = most
    with Image.open(io.BytesIO(class_png(values, most))) as image:
        assert image.size == (7, 9)
        assert np.array_equal(np.asarray(image), values)
    assert class_png(values, most) == class_png(values, most)


def test_segment_png_is_read_back_by_others() -> None:
    values = np.random.default_rng(1).integers(0, 1 << 24, (9, 7))
    with Image.open(io.BytesIO(png_bytes(values, segments=True))) as image:
        pixels = np.asarray(image).astype(np.int64)
    assert np.array_equal(pixels @ np.array([1, 256, 65536]), values)


@pytest.mark.parametrize("task", ["detection", "instance_segmentation", "keypoints", "panoptic_segmentation"])
def test_a_started_challenge_builds(make: Make, tmp_path: Path, task: str) -> None:
    root = make(task)
    file = root / ("panoptic.json" if task.startswith("panoptic") else "coco.json")
    started = write_challenge(tmp_path / "begun", f"coco:{file}", task=task)
    assert ("data.subgroups", "site") in [(field, value) for field, value, _ in started.choices]
    bundle = build(started.path.parent, tmp_path / "out")
    assert open_bundle(bundle).terms.metric == METRICS[task]


@pytest.mark.parametrize("task", list(METRICS))
def test_a_form_to_fill_in_is_a_sound_challenge(tmp_path: Path, task: str) -> None:
    started = write_challenge(tmp_path / "begun", "", task=task)
    assert load_challenge(started.path).task == task


@pytest.mark.parametrize("name", ["digit-scenes-semantic", "digit-scenes-panoptic"])
def test_the_gallery_draws_its_scenes_with_one_script(name: str) -> None:
    """A challenge is a folder that can be copied, so each has the script, and they must stay the same."""
    folder = ROOT / "challenges"
    assert (folder / name / "make_data.py").read_bytes() == (folder / "digit-scenes" / "make_data.py").read_bytes()


def coco_challenge(tmp_path: Path, task: str, images: Path, coco: dict[str, Any]) -> Path:
    """A challenge on a COCO file made here and images that lie elsewhere."""
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    (tmp_path / "challenge.yaml").write_text(
        f"name: real\ntitle: Real\ntask: {task}\ndata: {{reader: coco, path: coco.json, "
        f"images: {json.dumps(str(images.resolve()))}}}\nsplit: {{seed: {SEED}}}\nscore: {{metric: {METRICS[task]}}}\n"
    )
    return tmp_path


@pytest.mark.real_data
def test_real_boxes_of_blood_cells(real_data: Path, tmp_path: Path) -> None:
    """364 images; two of the 4,888 boxes have no area and are left out."""
    folder = real_data / "bccd" / "BCCD"
    names = ("RBC", "WBC", "Platelets")
    images, objects = [], []
    for number, path in enumerate(sorted((folder / "Annotations").glob("*.xml")), 1):
        root = ElementTree.parse(path).getroot()
        width, height = (int(root.findtext(f"size/{side}") or 0) for side in ("width", "height"))
        images.append({"id": number, "file_name": f"{path.stem}.jpg", "width": width, "height": height})
        for one in root.iter("object"):
            corners = [float(one.findtext(f"bndbox/{side}") or 0) for side in ("xmin", "ymin", "xmax", "ymax")]
            box = [*corners[:2], corners[2] - corners[0], corners[3] - corners[1]]
            code = names.index(one.findtext("name") or "") + 1
            objects.append({"id": len(objects), "image_id": number, "category_id": code, "bbox": box})
    categories = [{"id": code, "name": name} for code, name in enumerate(names, 1)]
    coco = {"images": images, "categories": categories, "annotations": objects}
    plan = plan_build(load_challenge(coco_challenge(tmp_path, "detection", folder / "JPEGImages", coco)))
    assert (len(plan.part), len(plan.dataset.labels)) == (364, 4886)
    counts = {finding.rule: finding.count for finding in plan.findings if finding.rule.startswith("dataset/")}
    assert counts["dataset/empty-object"] == 2
    assert set(counts) <= {"dataset/empty-object", "dataset/box-beyond", "dataset/repeated-object"}


@pytest.mark.real_data
def test_real_masks_of_nuclei(real_data: Path, tmp_path: Path) -> None:
    """40 images whose 1,069 masks are PNG files; the bundle's compiled truth has the pixels of each."""
    folder = real_data / "dsb2018" / "stage1_train"
    images, objects, pixels = [], [], []
    for number, path in enumerate(sorted(folder.glob("*/images/*.png")), 1):
        with Image.open(path) as image:
            width, height = image.size
        name = path.relative_to(folder).as_posix()
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for file in sorted((path.parents[1] / "masks").glob("*.png")):
            mask = np.asarray(Image.open(file).convert("L")) > 0
            borders = np.flatnonzero(np.diff(mask.ravel(order="F").astype(int), prepend=0))
            counts = np.diff([0, *borders.tolist(), mask.size]).tolist()
            size = {"size": [height, width], "counts": counts}
            objects.append({"id": len(objects), "image_id": number, "category_id": 1, "segmentation": size})
            pixels.append(int(mask.sum()))
    coco = {"images": images, "categories": [{"id": 1, "name": "nucleus"}], "annotations": objects}
    bundle = build(coco_challenge(tmp_path, "instance_segmentation", folder, coco), tmp_path / "out")
    found = [
        unpack_truth((bundle / name).read_bytes(), name) for name in ("private/truth.npz", "public/train_truth.npz")
    ]
    assert [truth.images for truth in found] == [12, 28]
    assert sorted(np.concatenate([truth.mask.area for truth in found]).tolist()) == sorted(pixels)
    assert len(pixels) == 1069
