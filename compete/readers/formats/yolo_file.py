"""YOLO folders: images, a text file of labels for each, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from compete.dataset import Category, class_order, counted, excerpt
from compete.engine import cores
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotations import Annotations
from compete.readers.faults import Faults, Kind
from compete.readers.formats.dota_lines import is_about, turned_line, turned_object
from compete.readers.formats.roboflow_names import source_column
from compete.readers.formats.yolo_config import CLASS_LISTS, RULE, Config, parts_of, read_config, root_of
from compete.readers.formats.yolo_lines import LineError, in_pixels, parsed_line
from compete.readers.headers import Header, read_headers
from compete.readers.images import is_image_name
from compete.readers.json_file import refusal
from compete.readers.listing import contents, lines_of, listed_files, unprintable_names

MOST_BYTES = 1 << 26
"""A file of labels with more is none."""
IMAGES = "images"
LABELS = ("labels", "labeltxt", "annotations")
"""How the folder of labels that stands beside a folder ``images`` may be called, in small letters."""

KINDS = {
    "malformed": Kind(
        RULE, "line is no object", "lines are no objects",
        "a line is `class x y width height` or `class x1 y1 x2 y2 x3 y3 …`: numbers between blanks, with decimal "
        "points; a pose needs `kpt_shape` in data.yaml"),
    "class": Kind(
        RULE, "line does not begin with the number of a class", "lines do not begin with the number of a class",
        "classes are counted from 0 in the order of `names`"),
    "fraction": Kind(
        RULE, "line has coordinates that are no fractions of the image",
        "lines have coordinates that are no fractions of the image",
        "divide x and widths by the image's width, y and heights by its height; pixels and percent are no fractions"),
    "unknown-class": Kind(
        "dataset/unknown-category", "line has the number of a class without a name",
        "lines have numbers of classes without a name",
        "add the names to data.yaml, or mend the numbers: the first class is 0"),
    "stray": Kind(
        "dataset/unknown-image", "file of labels has no image", "files of labels have no images",
        "its labels would be lost: add the image under the same name, or remove the file"),
    "twice": Kind(
        "dataset/repeated-id", "file of labels belongs to several images", "files of labels belong to several images",
        "images of one name and different endings share it: rename or remove one of them"),
    "two-parts": Kind(
        "dataset/given-split", "image is in two parts of the published split",
        "images are in two parts of the published split", "the first is taken, in the order train, val, test",
        "warning"),
    "confidence": Kind(
        RULE, "line ends with a confidence, as predictions do", "lines end with a confidence, as predictions do",
        "are these the results of a model? they are taken as the truth", "warning"),
    "polygon": Kind(
        "dataset/mixed-shapes", "polygon stands among boxes", "polygons stand among boxes",
        "for detection each counts by the box around it; for instance segmentation the boxes lack their polygons",
        "warning"),
    "unlabelled": Kind(
        "dataset/no-label-file", "image has no file of labels", "images have no file of labels",
        "it counts as an image without objects; an empty file would say so for certain", "warning"),
}  # fmt: skip


def read_yolo(path: Path, where: str = "", pictures: Path | None = None) -> Annotations:
    """Read a folder of images with YOLO labels.

    Args:
        path: the folder, or the data.yaml or Darknet's obj.data in it, whose ``path`` may name the folder.
        where: the place in challenge.yaml that names it.
        pictures: the folder of images; None for the same.

    Raises:
        DatasetError: if it is none.
        SystemFault: if the disk or a permission forbids reading.
    """
    folder = root_of(path) if path.is_file() else path
    pictures = pictures or folder
    files = listed_files(folder, where)
    images = [name for name in (files if pictures == folder else listed_files(pictures, where)) if is_image_name(name)]
    if not images:
        hint = "expected: images, and for each a file of labels with the same name in a folder `labels` beside them"
        raise refusal(RULE, f"{pictures.name} holds no images", where or pictures.name, hint)
    config = read_config(folder, files, path if path.is_file() else None)
    findings = [*config.findings, *unprintable_names(images, folder.name)]
    if fatal(findings):
        raise DatasetError("the annotations cannot be read", findings)
    faults = Faults(folder.name, KINDS)
    partner = _partners(images, files, faults)
    _strays(partner, config, files, faults)
    columns, lost = _columns(folder, config, files, images)
    for name in lost:
        faults.add("two-parts", name)
    headers = read_headers([str(pictures / name) for name in images])
    reading = _Reading(folder, config, faults)
    reading.read(images, partner, headers)
    findings += [*faults.findings(), *reading.unnamed()]
    size = [(one.width, one.height) if not one.fault else None for one in headers]
    return Annotations(
        folder.name, range(len(images)), images, size, columns, reading.categories, reading.objects, pictures,
        reading.places, tuple(findings),
    )  # fmt: skip


def label_names(image: str) -> list[str]:
    """Where the labels of an image may be, the usual place first; folders in small letters.

    Each folder ``images`` of the path may have ``labels`` beside it, as Ultralytics looks; Darknet keeps both in one.

    >>> label_names("train/images/a.b.png")[:4]
    ['train/labels/a.b', 'train/labeltxt/a.b', 'train/annotations/a.b', 'train/images/a.b']
    >>> label_names("a.png")
    ['a', 'labels/a', 'labeltxt/a', 'annotations/a']
    """
    path = PurePosixPath(image)
    folders = [folder.lower() for folder in path.parent.parts]
    found = []
    for place in reversed([place for place, folder in enumerate(folders) if folder == IMAGES]):
        found += ["/".join([*folders[:place], labels, *folders[place + 1 :], path.stem]) for labels in LABELS]
    alone = "/".join([*folders, path.stem])
    return [*found, alone, *(f"{labels}/{alone}" for labels in LABELS)]


def _partners(images: Sequence[str], files: Sequence[str], faults: Faults) -> dict[str, str]:
    """The file of labels of each image that has one."""
    texts = {}
    for name in files:
        path = PurePosixPath(name)
        if path.suffix.lower() == ".txt":
            texts["/".join([*(folder.lower() for folder in path.parent.parts), path.stem])] = name
    partner = {}
    for image in images:
        found = next((texts[name] for name in label_names(image) if name in texts), None)
        if found is None:
            faults.add("unlabelled", image)
        else:
            partner[image] = found
    seen: set[str] = set()
    for name in partner.values():
        if name in seen:
            faults.add("twice", name)
        seen.add(name)
    return partner


def _strays(partner: Mapping[str, str], config: Config, files: Sequence[str], faults: Faults) -> None:
    """Say which files look like labels of images that are not there."""
    taken = set(partner.values())
    homes = {PurePosixPath(name).parent for name in taken}
    lists = {name.split("/")[-1] for paths in config.paths.values() for written in paths
             for name in [written.replace("\\", "/")]}  # fmt: skip
    for name in files:
        path = PurePosixPath(name)
        about = path.name.lower() in CLASS_LISTS or path.name.lower().startswith("readme") or path.name in lists
        at_home = path.parent in homes or path.parent.name.lower() in LABELS[:2]
        if path.suffix.lower() == ".txt" and name not in taken and at_home and not about:
            faults.add("stray", name)


def _columns(
    folder: Path, config: Config, files: Sequence[str], images: Sequence[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """What paths tell of the images: the part of the published split, and the source of Roboflow's copies."""
    parts, twice = parts_of(folder, config, files, images)
    columns = {"split": parts} if any(parts) else {}
    return columns | source_column(images), twice


class _Reading:
    """One pass over the files of labels."""

    def __init__(self, folder: Path, config: Config, faults: Faults) -> None:
        self.folder, self.config, self.faults = folder, config, faults
        self.objects: list[dict[str, Any]] = []
        self.places: list[str] = []
        self.numbers: set[int] = set()
        self.words: set[str] = set()

    @property
    def names(self) -> dict[int, str]:
        """The classes that are named, or else the numbers that occur, and then the names that lines have."""
        names = dict(self.config.names) or {number: str(number) for number in self.numbers}
        new = class_order(self.words - set(names.values()))
        return names | dict(enumerate(new, start=max(names, default=-1) + 1))

    @property
    def categories(self) -> tuple[Category, ...]:
        """The classes, with their keypoints."""
        return replace(self.config, names=self.names).categories()

    def number_names(self) -> None:
        """Give the objects of lines that name their class its number."""
        number_of = {name: number for number, name in self.names.items()}
        for entry in self.objects if self.words else ():
            entry["category_id"] = number_of.get(entry["category_id"], entry["category_id"])

    def read(self, images: Sequence[str], partner: Mapping[str, str], headers: Sequence[Header]) -> None:
        """Read the labels of all images, several files at a time."""
        polygons = []
        with ThreadPoolExecutor(cores()) as pool:
            texts = pool.map(lambda name: self._text(partner.get(name)), images)
            for image, (name, text) in enumerate(zip(images, texts, strict=True)):
                for number, line in enumerate(text, 1):
                    if line.strip() and self._take(line, image, headers[image], f"{partner[name]}:{number}"):
                        polygons.append(self.places[-1])
        self.number_names()
        if 0 < len(polygons) < len(self.objects):
            for place in polygons:
                self.faults.add("polygon", place)

    def unnamed(self) -> list[Finding]:
        """Say that nobody named the classes."""
        if self.config.names or not self.numbers:
            return []
        message = counted(len(self.numbers), "class has no name", "classes have no names") + "; the numbers are taken"
        names = tuple(excerpt(str(number)) for number in sorted(self.numbers)[:EXAMPLES])
        hint = "put a data.yaml with `names: [cat, dog]` into the folder, or a classes.txt with one name a line"
        count = len(self.numbers)
        return [Finding("dataset/category", message, self.folder.name, names, hint, "warning", count)]

    def _text(self, name: str | None) -> list[str]:
        """The lines of a file of labels."""
        if name is None:
            return []
        data = contents(self.folder / name, MOST_BYTES + 1)
        return lines_of(data) if len(data) <= MOST_BYTES else ["a file of labels is not as large as this"]

    def _take(self, text: str, image: int, header: Header, place: str) -> bool:
        """Keep the object of a line, or say what is wrong with it; whether it is a polygon."""
        if turned := turned_line(text):
            if self.config.names and turned.name not in self.config.names.values():
                self.faults.add("unknown-class", f"{place}: {turned.name}")
                return False
            self.words.add(turned.name)
            self.objects.append(turned_object(turned, image))
            self.places.append(place)
            return True
        if is_about(text):
            return False
        try:
            line = parsed_line(text, self.config.shape)
        except LineError as error:
            self.faults.add(str(error), f"{place}: {text.strip()}")
            return False
        if self.config.names and line.category not in self.config.names:
            self.faults.add("unknown-class", f"{place}: {line.category}")
            return False
        if line.confidence:
            self.faults.add("confidence", place)
        self.numbers.add(line.category)
        self.objects.append(in_pixels(line, image, header.width, header.height))
        self.places.append(place)
        return bool(line.polygon)
