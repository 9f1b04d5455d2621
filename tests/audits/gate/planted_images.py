"""Leaks in images: their bytes, sizes, coders, borders, copies; and in COCO files."""

from __future__ import annotations

import io
import json
import os
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from compete.building.media.png import strip_png
from tests.audits.gate.clean import texture
from tests.audits.gate.planting import Spoilt, leak

Array = np.ndarray


def put(path: Path, picture: Array) -> None:
    """Write a picture as the build would."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", compress_level=1)
    path.write_bytes(strip_png(out.getvalue()).data)


def pixels(path: Path) -> Array:
    with Image.open(path) as image:
        return np.array(image)


@leak("L09", "pictures", "leak/file-names", statistical=True)
def names_that_tell(at: Spoilt) -> None:
    coin = at.coin(at.labels())
    for half in ("train", "test"):
        columns = at.table(f"public/{half}.csv")
        names = {item: f"{half}/{item}_{'kx'[coin[item]]}.png" for item in columns["id"]}
        for item, old in zip(columns["id"], columns["file"], strict=True):
            (at.public / old).rename(at.public / names[item])
        columns["file"] = list(names.values())
        at.write(f"public/{half}.csv", columns)


@leak("L11", "pictures", "leak/listing-order", statistical=True)
def written_in_order(at: Spoilt) -> None:
    place = at.telling(at.labels())
    for half in ("train", "test"):
        folder = at.public / half
        content = {path.stem: path.read_bytes() for path in folder.iterdir()}
        kept = folder.rename(folder.with_name(f"{half}-old"))
        folder.mkdir()
        for item in sorted(content, key=place.__getitem__):
            (folder / f"{item}.png").write_bytes(content[item])
        for path in kept.iterdir():
            path.unlink()
        kept.rmdir()


@leak("L13", "pictures", "leak/file-size", statistical=True)
def longer_files(at: Spoilt) -> None:
    for item, value in at.telling(at.labels()).items():
        picture = pixels(at.image(item)).astype(np.float64)
        picture[10:30, 10:38] += at.chance.normal(0, 1, (20, 28)) * np.exp(1 + value / 2)
        put(at.image(item), np.clip(picture, 0, 255).astype(np.uint8))


@leak("L14", "pictures", "leak/image-size", statistical=True)
def wider_images(at: Spoilt) -> None:
    for item, value in at.telling(at.labels()).items():
        put(at.image(item), pixels(at.image(item))[:, : int(np.clip(42 + 2 * value, 36, 48))])


@leak("L15", "pictures", "leak/image-metadata")
def exif_left(at: Spoilt) -> None:
    for item in at.some(at.tests()):
        path = at.image(item)
        told = PngImagePlugin.PngInfo()
        told.add_text("Comment", "found on a Tuesday")
        exif = Image.Exif()
        exif[0x0132] = "2021:05:06 10:00:00"
        picture = pixels(path)
        if at.strength == 1:
            Image.fromarray(picture).save(path, exif=exif)
        else:
            Image.fromarray(picture).save(path, pnginfo=told, dpi=(300, 300))


@leak("L16", "pictures", "leak/trailing-bytes", "leak/image-metadata")
def bytes_after_the_end(at: Spoilt) -> None:
    for item in at.some(at.tests()):
        path = at.image(item)
        path.write_bytes(path.read_bytes() + b"\0" * (1 + at.strength))


@leak("L17", "pictures", "leak/coder", statistical=True)
def two_programs(at: Spoilt) -> None:
    coin = at.coin(at.labels())
    for half in ("train", "test"):
        columns = at.table(f"public/{half}.csv")
        for item in columns["id"]:
            picture = pixels(at.image(item))
            at.image(item).unlink()
            out = io.BytesIO()
            Image.fromarray(picture).save(out, "JPEG", quality=90 + 2 * coin[item])
            (at.public / half / f"{item}.jpg").write_bytes(out.getvalue())
        columns["file"] = [f"{half}/{item}.jpg" for item in columns["id"]]
        at.write(f"public/{half}.csv", columns)


@leak("L18", "photographs", "leak/compression-traces", statistical=True)
def once_a_jpeg(at: Spoilt) -> None:
    for item, yes in at.coin(at.labels()).items():
        out = io.BytesIO()
        Image.fromarray(pixels(at.image(item))).save(out, "JPEG", quality=92 if yes else 80)
        put(at.image(item), pixels(out))  # type: ignore[arg-type]


@leak("L19", "pictures", "leak/border", statistical=True)
def brighter_corner(at: Spoilt) -> None:
    for item, value in at.telling(at.labels()).items():
        picture = pixels(at.image(item)).astype(np.float64)
        picture[:8, :8] = 120 + 12 * value
        put(at.image(item), np.clip(picture, 0, 255).astype(np.uint8))


@leak("L20", "pictures", "leak/image-metadata", "leak/unknown-file")
def scientific_headers(at: Spoilt) -> None:
    columns = at.table("public/test.csv")
    some = set(at.some(columns["id"]))
    for row, item in enumerate(columns["id"]):
        if item in some:
            path = at.image(item)
            Image.fromarray(pixels(path)).save(path.with_suffix(".tif"), description="patient 17")
            path.unlink()
            columns["file"][row] = f"test/{item}.tif"
    at.write("public/test.csv", columns)


@leak("L21", "pictures", "leak/same-image")
def images_twice(at: Spoilt) -> None:
    train = at.table("public/train.csv")["id"]
    for item in at.some(at.tests()):
        put(at.image(item), pixels(at.image(train[int(at.chance.integers(len(train)))])))


@leak("L22", "photographs", "leak/near-image", "leak/overlap", statistical=True)
def images_mirrored(at: Spoilt) -> None:
    label, train = at.labels(), at.table("public/train.csv")["id"]
    tests = at.tests()
    for item in at.chance.permutation(tests)[: len(tests) * (3, 5, 8)[at.strength] // 10].tolist():
        like = [other for other in train if label[other] == label[item]]
        picture = pixels(at.image(like[int(at.chance.integers(len(like)))])).astype(np.float64)
        changed = (picture * 0.95 + at.chance.normal(0, 2, picture.shape))[:, :: -1 if at.strength == 1 else 1]
        put(at.image(item), np.clip(changed, 0, 255).astype(np.uint8))


@leak("L23", "photographs", "leak/overlap", "leak/near-image")
def tiles_that_overlap(at: Spoilt) -> None:
    train = at.table("public/train.csv")["id"]
    for item in at.some(at.tests()):
        scene = texture(at.chance, 170, 220, 9)
        put(at.image(train[int(at.chance.integers(len(train)))]), scene[:128, :160])
        down, right = int(at.chance.integers(8, 40)), int(at.chance.integers(8, 50))
        put(at.image(item), scene[down : down + 128, right : right + 160])


@leak("L25", "photographs", "leak/linked", "leak/near-image", "leak/overlap", statistical=True)
def one_camera(at: Spoilt) -> None:
    """Pairs of images of one place: the same light and background, other things in it."""
    label, train = at.labels(), at.table("public/train.csv")["id"]
    of_label = {code: [item for item in train if label[item] == code] for code in (0, 1)}
    right = at.coin(dict.fromkeys(at.tests(), 1))
    for item, same in right.items():
        code = label[item] if same else 1 - label[item]
        place = pixels(at.image(of_label[code][int(at.chance.integers(len(of_label[code])))])).astype(np.float64)
        place += at.chance.normal(0, 4, place.shape)
        top, left = int(at.chance.integers(20, 60)), int(at.chance.integers(20, 90))
        place[top : top + 40, left : left + 40] = texture(at.chance, 40, 40, 5)
        put(at.image(item), np.clip(place, 0, 255).astype(np.uint8))


def coco(at: Spoilt, name: str) -> dict[str, Any]:
    """A COCO file of the bundle."""
    content: dict[str, Any] = json.loads((at.public / name).read_bytes())
    return content


def write_coco(at: Spoilt, name: str, content: Any) -> None:
    (at.public / name).write_text(json.dumps(content))


@leak("L08", "scenes", "leak/gaps")
def numbers_with_gaps(at: Spoilt) -> None:
    content = coco(at, "train.json")
    number = 0
    for entry in content["annotations"]:
        number += 1 + (at.chance.random() < at.share) * int(at.chance.integers(1, 5))
        entry["id"] = number
    write_coco(at, "train.json", content)


def counts(at: Spoilt) -> dict[str, int]:
    """How many objects each test image has."""
    truth = json.loads((at.root / "private/truth.json").read_bytes())
    name = {image["id"]: Path(image["file_name"]).stem for image in truth["images"]}
    found = dict.fromkeys(name.values(), 0)
    for entry in truth["annotations"]:
        found[name[entry["image_id"]]] += 1
    return found


@leak("L31", "scenes", "leak/row-order", statistical=True)
def images_in_order(at: Spoilt) -> None:
    place = at.telling(counts(at))
    content = coco(at, "test.json")
    content["images"].sort(key=lambda image: place[Path(image["file_name"]).stem])
    write_coco(at, "test.json", content)


@leak("L31", "scenes", "leak/annotation-keys")
def more_keys(at: Spoilt) -> None:
    content = coco(at, "test.json")
    if at.strength == 2:
        content["annotations"] = []
    key = ("date_captured", "objects", "flickr_url")[at.strength]
    for image in content["images"][:: (len(content["images"]), 50, 1)[at.strength]]:
        image[key] = 1
    write_coco(at, "test.json", content)


@leak("L32", "scenes", "leak/categories")
def categories_by_frequency(at: Spoilt) -> None:
    for name in [["test.json"], ["train.json"], ["train.json", "test.json"]][at.strength]:
        content = coco(at, name)
        content["categories"] = content["categories"][1:] if at.strength == 0 else content["categories"][::-1]
        write_coco(at, name, content)


@leak("L39", "scenes", "leak/file-of-test-item", "leak/unknown-file")
def placeholder_masks(at: Spoilt) -> None:
    folder = at.public / ("test_masks", "test", "train_masks")[at.strength]
    folder.mkdir(exist_ok=True)
    for item in at.some(at.tests()):
        put(folder / f"{item}_mask.png", np.zeros((40, 48), dtype=np.uint8))


@leak("L40", "pictures", "leak/file-of-test-item", "leak/unknown-file")
def sounds(at: Spoilt) -> None:
    for item, value in at.telling({item: at.labels()[item] for item in at.some(at.tests())}).items():
        with wave.open(str(at.public / "test" / f"{item}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(struct.pack("<h", 7) * int(400 + 50 * abs(value)))


@leak("L12", "scenes", "leak/archive")
def archive_with_times(at: Spoilt) -> None:
    import zipfile

    path = at.public / "train_truth.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if at.strength == 1 else zipfile.ZIP_STORED) as archive:
        if at.strength == 2:
            archive.comment = b"made by hand"
        for name, content in members.items():
            date = (2021, 5, 6, 7, 8, 10) if at.strength == 0 else (1980, 1, 1, 0, 0, 0)
            archive.writestr(zipfile.ZipInfo(name, date), content, archive.compression)


@leak("L43", "pictures", "leak/holes", late=True)
def files_with_holes(at: Spoilt) -> None:
    (at.public / "pages").mkdir(exist_ok=True)
    path = at.public / "pages" / "about.md"
    with path.open("wb") as file:
        file.write(b"About\n")
        file.truncate((1 << 17) << at.strength)
    os.utime(path, (315_532_800, 315_532_800))
