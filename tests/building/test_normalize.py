"""``data.normalize``: one size and one encoder for all images, what is annotated scaled with them, the past gone."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete import jobs
from compete.audits.gate import pictures
from compete.audits.gate.folder import Reach, open_folder
from compete.audits.gate.seen import coder_of
from compete.audits.gate.verdicts import LEVEL, judged
from compete.building.media import clean_image, strip_again
from compete.building.media.normalizing import NORMALIZE_RULES, scaled_size
from compete.building.media.records import Normal, Published
from compete.building.pipeline import with_looks, write_bundle
from compete.building.plan import plan_build
from compete.challenge import load_challenge
from compete.challenge.records import Normalize
from compete.errors import ChallengeError, DatasetError, Finding
from compete.files import files_below
from compete.readers import read_dataset
from tests.audits.gate.clean import texture
from tests.building.scenes import HIGH, WIDE, write_scenes

TEXT = "name: reef\ntitle: Reef\ntask: classification\ndata: {{reader: folder, path: images{more}}}\n"
TEXT += "split: {{test: 0.5, public: 0.5, seed: 0f1e2d3c4b5a6978}}\nscore: {{metric: accuracy, draws: 5}}\n"


def written(root: Path, normalize: str) -> Path:
    """Say in a challenge what all images are made."""
    more = f", normalize: {normalize}" if normalize else ""
    (root / "challenge.yaml").write_text(TEXT.format(more=more))
    return root


def built(root: Path, out: Path, workers: int = 1) -> tuple[Path, list[Finding]]:
    """The bundle of a challenge, and what was told; nothing attacks it."""
    outcome = write_bundle(plan_build(load_challenge(root)), out, workers=workers)
    return out, list(outcome.findings)


def published(bundle: Path) -> list[Path]:
    return [path for half in ("train", "test") for path in sorted((bundle / "public" / half).iterdir())]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Images of many formats, modes and sizes, one of them turned by its EXIF orientation."""
    chance = np.random.default_rng(4)
    for number in range(24):
        wide, high = (200 + number, 150) if number % 3 else (150, 220)
        image = Image.fromarray(chance.integers(0, 256, (8, 6, 3)).astype(np.uint8)).resize((wide, high))
        folder = tmp_path / "images" / ("fish", "crab")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        kinds: list[tuple[str, str, dict[str, Any]]] = [
            ("RGB", "jpg", {"quality": 90}), ("RGB", "png", {}), ("P", "gif", {}), ("CMYK", "jpg", {"quality": 70}),
            ("RGBA", "png", {}), ("L", "png", {}), ("1", "png", {}), ("RGB", "webp", {"quality": 50}),
        ]  # fmt: skip
        mode, suffix, settings = kinds[number % len(kinds)]
        image.convert(mode).save(folder / f"{number}.{suffix}", **settings)
    turned = Image.new("RGB", (240, 180), "white")
    turned.paste("black", (0, 0, 240, 90))
    exif = Image.Exif()
    exif[0x0112] = 6  # the left side is up
    turned.save(tmp_path / "images" / "fish" / "turned.jpg", quality=95, exif=exif)
    return tmp_path


@pytest.mark.parametrize(
    ("normalize", "encoder"),
    [("{longest: 60, encoder: png}", "PNG"), ("{size: [64, 48], encoder: jpeg, quality: 85}", "JPEG")],
)
def test_all_images_get_one_kind_of_size_and_one_encoder(
    mixed: Path, tmp_path: Path, normalize: str, encoder: str
) -> None:
    bundle, _ = built(written(mixed, normalize), tmp_path / "bundle")
    files = published(bundle)
    assert len(files) == 25
    assert len({coder_of(path) for path in files}) == 1
    upright = 0
    for path in files:
        with Image.open(path) as image:
            assert (image.format, image.mode) == (encoder, "RGB")
            assert image.size == (64, 48) if "size" in normalize else max(image.size) == 60
            right = np.asarray(image)[:, image.width // 2 + 3 :].mean()
            upright += int(right < 5 and np.asarray(image)[:, : image.width // 2 - 3].mean() > 250)
        assert clean_image(path.read_bytes()).data == path.read_bytes()
    assert upright == 1


def test_grey_images_stay_grey_and_the_same_bytes_come_again(mixed: Path, tmp_path: Path) -> None:
    for path in files_below(mixed / "images"):
        with Image.open(path) as image:
            image.convert("L").save(path.with_suffix(".png"))
        if path.suffix != ".png":
            path.unlink()
    root = written(mixed, "{longest: 60, encoder: jpeg}")
    one, _ = built(root, tmp_path / "one", workers=1)
    two, _ = built(root, tmp_path / "two", workers=2)
    assert [path.read_bytes() for path in files_below(one)] == [path.read_bytes() for path in files_below(two)]
    assert {Image.open(io.BytesIO(path.read_bytes())).mode for path in published(one)} == {"L"}


def test_what_was_transparent_hides_nothing() -> None:
    secret = Image.new("RGBA", (40, 40), (200, 10, 10, 0))
    file = io.BytesIO()
    secret.save(file, "PNG")
    data = file.getvalue()
    normal = Normal(Normalize(None, 20, "png", 90), "RGB")
    known = Published(hashlib.sha256(data).digest(), "PNG", "", 0, 0, "", 0, normal)
    shown = np.asarray(Image.open(io.BytesIO(strip_again(data, known, "a").data)))
    assert (shown == 255).all()
    (finding,) = strip_again(data + b"\0", known, "a").findings
    assert finding.rule == "image/changed"


def normalized_scenes(tmp_path: Path, task: str, normalize: str) -> Path:
    root = write_scenes(tmp_path, task)
    text = (root / "challenge.yaml").read_text()
    more = f"\n  normalize: {normalize}\n"
    (root / "challenge.yaml").write_text(text.replace("images: images\n", f"images: images{more}", 1))
    return root


@pytest.mark.parametrize("task", ["detection", "keypoints"])
def test_coordinates_are_scaled_with_their_images(tmp_path: Path, task: str) -> None:
    root = normalized_scenes(tmp_path, task, "{size: [18, 8], encoder: png}")
    challenge = load_challenge(root)
    new = read_dataset(challenge)
    old = read_dataset(load_challenge(write_scenes(tmp_path / "old", task)))
    assert set(zip(new.items["width"], new.items["height"], strict=True)) == {("18", "8")}
    across, down = (18, WIDE), (8, HIGH)
    factor = {"x": across, "width": across, "y": down, "height": down, "area": (18 * 8, WIDE * HIGH)}
    for name, (now, was) in factor.items():
        np.testing.assert_array_equal(new.labels[name].to_numpy(), old.labels[name].to_numpy() * now / was)
    if task == "keypoints":
        before, after = (np.array(one.labels["points"].tolist()).reshape(-1, 2, 3) for one in (old, new))
        np.testing.assert_array_equal(after, before * [18 / WIDE, 8 / HIGH, 1])
    assert [one.count for one in new.findings if one.rule == "image/scaled"] == [len(new.items)]
    assert jobs.convert(root, "coco", tmp_path / "converted")[0] == len(old.items)
    content = json.loads(next((tmp_path / "converted").rglob("*.json")).read_bytes())
    assert {(image["width"], image["height"]) for image in content["images"]} == {(WIDE, HIGH)}


def test_a_scaled_box_lies_where_the_scaled_pixels_are(tmp_path: Path) -> None:
    root = normalized_scenes(tmp_path, "detection", f"{{size: [{WIDE // 2}, {HIGH // 2}], encoder: png}}")
    content = json.loads((root / "coco.json").read_bytes())
    chance = np.random.default_rng(2)
    content["annotations"] = []
    for image in content["images"]:
        left, top = 2 * chance.integers(2, 7, 2)
        pixels = np.full((HIGH, WIDE), 255, dtype=np.uint8)
        pixels[top : top + 8, left : left + 12] = 0
        Image.fromarray(pixels).save(root / "images" / image["file_name"])
        box = [int(left), int(top), 12, 8]
        about = {"id": len(content["annotations"]), "category_id": 1, "area": 96, "iscrowd": 0}
        content["annotations"].append(about | {"image_id": image["id"], "bbox": box})
    (root / "coco.json").write_text(json.dumps(content))
    bundle, _ = built(root, tmp_path / "bundle")
    train = json.loads((bundle / "public" / "train.json").read_bytes())
    box_of = {one["image_id"]: one["bbox"] for one in train["annotations"]}
    for image in train["images"]:
        with Image.open(bundle / "public" / image["file_name"]) as picture:
            assert (image["width"], image["height"]) == picture.size == (WIDE // 2, HIGH // 2)
            dark = np.argwhere(np.asarray(picture) < 128)
        (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
        assert box_of[image["id"]] == [left, top, right - left, bottom - top]


@pytest.mark.parametrize("task", ["instance_segmentation", "semantic_segmentation", "panoptic_segmentation"])
def test_masks_are_not_scaled_but_may_keep_their_size(tmp_path: Path, task: str) -> None:
    root = normalized_scenes(tmp_path / "small", task, "{longest: 20, encoder: png}")
    with pytest.raises(DatasetError) as caught:
        plan_build(load_challenge(root))
    assert [one.rule for one in caught.value.findings if one.severity == "error"] == ["image/masks-unscaled"]
    root = normalized_scenes(tmp_path / "same", task, f"{{size: [{WIDE}, {HIGH}], encoder: png}}")
    _, findings = built(root, tmp_path / "bundle")
    kept = [one for one in findings if one.rule in NORMALIZE_RULES]
    assert [(one.rule, one.severity) for one in kept] == [("image/pixels-kept", "warning")]


def test_what_speaks_against_a_size_is_told(mixed: Path) -> None:
    findings = with_looks(
        plan_build(load_challenge(written(mixed, "{longest: 222, encoder: png}"))), workers=1
    ).findings
    told = {one.rule: one for one in findings if one.rule in NORMALIZE_RULES}
    assert told["image/enlarged"].count > 5
    assert "150 × 220" in told["image/enlarged"].items
    assert told["image/pixels-kept"].items == ("222 × 150",)
    deep = np.random.default_rng(1).integers(0, 1 << 16, (90, 90)).astype(np.uint16)
    Image.fromarray(deep).save(mixed / "images" / "fish" / "deep.png")
    with pytest.raises(DatasetError) as caught:
        with_looks(plan_build(load_challenge(mixed)), workers=1)
    assert [one.rule for one in caught.value.findings if one.severity == "error"] == ["image/deep"]


@pytest.mark.parametrize(
    ("normalize", "message"),
    [
        ("{encoder: png}", "says no size"), ("{size: [9, 9], longest: 9, encoder: png}", "contradict each other"),
        ("{longest: 9, encoder: png, quality: 3}", "no quality"), ("{longest: 9}", "encoder"),
        ("{longest: 7, encoder: png}", "8"), ("{size: [9], encoder: jpeg}", "size"),
        ("{longest: 9, encoder: gif}", "gif"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_at_its_place(mixed: Path, normalize: str, message: str) -> None:
    with pytest.raises(ChallengeError, match=message) as caught:
        load_challenge(written(mixed, normalize))
    assert caught.value.findings[0].where.startswith("challenge.yaml:4:")


@pytest.mark.parametrize(("wide", "high"), [(1, 10_000), (333, 77), (500, 500), (2, 3)])
def test_the_longer_side_is_exact_and_no_side_is_lost(wide: int, high: int) -> None:
    for longest in (8, 63, 500):
        size = scaled_size(Normalize(None, longest, "png", 90), wide, high)
        assert max(size) == longest
        assert min(size) == max(1, int(min(wide, high) * longest / max(wide, high) + 0.5))


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of one kind; those of the one class were saved with quality 90, those of the other with 92."""
    root, chance = tmp_path_factory.mktemp("compressed"), np.random.default_rng(3)
    for number in range(200):
        code = int(chance.integers(0, 2))
        folder = root / "images" / ("fish", "crab")[code]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(texture(chance, 96, 128, 9)).save(folder / f"{number}.jpg", quality=(90, 92)[code])
    return root


@pytest.mark.parametrize(
    ("normalize", "left"),
    [
        ("", {"leak/coder", "leak/file-size", "leak/compression-traces"}),
        ("{size: [128, 96], encoder: png}", {"leak/file-size", "leak/compression-traces"}),
        ("{longest: 64, encoder: jpeg}", set()),
    ],
)
def test_scaled_images_do_not_tell_how_they_were_saved(
    compressed: Path, tmp_path: Path, normalize: str, left: set[str]
) -> None:
    """The attacks of the gate: a new encoder alone leaves traces of two compressions, scaling does not."""
    bundle, _ = built(written(compressed, normalize), tmp_path / "bundle")
    folder = open_folder(bundle, Reach(workers=1))
    attacks = (pictures.coders, pictures.sizes, pictures.traces)
    probes = [(folder, probe) for attack in attacks for probe in attack(folder) if probe.rule != "leak/usage"]
    found = {verdict.probe.rule for verdict in judged(probes) if verdict.corrected <= LEVEL}
    assert found == left
