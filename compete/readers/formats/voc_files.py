"""Pascal VOC's XML files and lists, translated.

Where a box begins depends on who wrote it. The challenge's own files (those whose ``source/annotation`` is PASCAL VOC)
count pixels from 1 and name the last pixel of the box (VOC2012 development kit, section 4.2), so that 1 to 10 are ten
pixels. The tools that write this format today do not: LabelImg, CVAT, datumaro and Roboflow write the two corners as
they were drawn, 0 at the border of the image, and take the difference for the width. So corners are taken as they
are, but for files that say they are the challenge's own, where one is taken from left and top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.annotations import Annotations
from compete.readers.formats.roboflow_names import source_column
from compete.readers.gathering import FILE_RULE, Gathering, several, whole_size
from compete.readers.json_file import refusal
from compete.readers.listing import contents, lines_of, listed_files, part_of
from compete.readers.pictures import Pictures
from compete.readers.shapes import Entry, Point, boxed, finite, outlined, turned_box
from compete.readers.whereabouts import MOST_FOLDERS
from compete.readers.xml_file import Node, read_xml

OWN = "PASCAL VOC"
"""How the challenge's own files begin to name their source."""
LISTS = ("ImageSets/Main", "ImageSets/Segmentation", "ImageSets/Layout", "ImageSets/Action")
WHOLE = "trainval"
PARTS = ("train", "val", "valid", "test", WHOLE)
LONGEST_LIST = 1 << 26
COORDINATES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class _Sheet:
    """One XML file.

    Attributes:
        name: of the file, relative to the folder.
        elements: the children of its root.
    """

    name: str
    elements: tuple[Node, ...]

    def word(self, *tags: str) -> str:
        """The text of an element, found by the names on the way to it; blank where there is none."""
        return Node("annotation", 1, {}, list(self.elements)).word(*tags)


def read_voc(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read a folder of Pascal VOC files.

    An image is found by the name of its XML file, else by the name that the file gives. ``difficult`` objects are
    ignored when scoring; pose, truncated and occluded are not read.

    Args:
        path: the folder with the XML files in it or below it.
        images: the folder of the images; else they are looked for below ``path``.
        where: the place in challenge.yaml that names the folder.

    Raises:
        DatasetError: if there is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    names = [name for name in listed_files(path, where) if name.lower().endswith(".xml")]
    if not names:
        hint = "name the folder that holds the folders Annotations and JPEGImages"
        raise refusal(FILE_RULE, f"{path.name} holds no XML file", where, hint)
    gathering = Gathering(path.name, images or path)
    pictures = Pictures(gathering.root, where)
    sheets, files, renamed, own = [], [], [], 0
    for name in names:
        sheet = _sheet(path, name, gathering)
        if sheet is None:
            continue
        file, given = _picture(sheet, pictures), Path(sheet.word("filename").replace("\\", "/")).name
        if given and Path(file).stem != Path(given).stem:
            renamed.append(f"{name} says {given}")
        sheets.append(sheet)
        files.append(file)
    columns = _columns(path, [sheet.name for sheet in sheets], files)
    for row, (sheet, file) in enumerate(zip(sheets, files, strict=True)):
        size = whole_size(sheet.word("size", "width"), sheet.word("size", "height"))
        image = gathering.add_image(file, size, sheet.name, {name: cells[row] for name, cells in columns.items()})
        own += _from_one(sheet)
        if image is not None:
            _add_objects(sheet, image, gathering)
    gathering.findings += _notes(path, renamed, own, len(sheets))
    return gathering.annotations()


def _sheet(path: Path, name: str, gathering: Gathering) -> _Sheet | None:
    """One file; None where it cannot be read, which is noted."""
    try:
        root, *elements = read_xml(path / name, FILE_RULE)
        if root.tag != "annotation":
            message = f"its root is <{excerpt(root.tag)}>, not <annotation>"
            raise refusal(FILE_RULE, message, f"{Path(name).name}:{root.line}")
    except DatasetError as error:
        gathering.unreadable(error)
        return None
    return _Sheet(name, tuple(elements))


def _picture(sheet: _Sheet, pictures: Pictures) -> str:
    """The image of a file: the one of its name, else the one that it names."""
    folder, given = sheet.word("folder"), sheet.word("filename").replace("\\", "/")
    return pictures.find_stem(sheet.name) or pictures.find(f"{folder}/{given}" if "/" not in given else given) or given


def _from_one(sheet: _Sheet) -> bool:
    """Whether pixels are counted from 1, and the last one belongs to the box."""
    return sheet.word("source", "annotation").upper().startswith(OWN)


def _add_objects(sheet: _Sheet, image: int, gathering: Gathering) -> None:
    first = 1 if _from_one(sheet) else 0
    for element in sheet.elements:
        if element.tag != "object":
            continue
        place = f"{sheet.name}:{element.line}"
        for part in element.all("part"):
            gathering.leave_out(f"part {part.word('name')}", f"{sheet.name}:{part.line}")
        entry = _entry(element, first)
        if entry and element.word("difficult").lower() in ("1", "true"):
            entry["ignore"] = 1
        gathering.add_object(image, element.word("name"), place, entry)


def _entry(element: Node, first: int) -> Entry | None:
    """The box of an object, and the polygon that some tools write beside it."""
    polygon, turned, box = (element.child(tag) for tag in ("polygon", "robndbox", "bndbox"))
    if turned:  # of roLabelImg: the centre, the sides, and an angle in radians
        numbers = finite(*(turned.word(tag) for tag in ("cx", "cy", "w", "h", "angle")))
        if numbers is None or min(numbers[2:4]) < 0:
            return None
        return turned_box((numbers[0], numbers[1]), numbers[2], numbers[3], math.degrees(numbers[4]))
    corners = finite(*(box.word(tag) for tag in COORDINATES)) if box else None
    if polygon:
        ring = _ring(polygon)
        return None if ring is None else outlined([ring])
    if corners is None:
        return None
    left, top, right, bottom = corners
    return boxed(left - first, top - first, right, bottom)


def _ring(polygon: Node) -> list[Point] | None:
    """The corners of a polygon as Roboflow writes them: x1, y1, x2, y2 and so on."""
    named = {child.tag: child.text for child in polygon.children}
    count = sum(tag.startswith("x") for tag in named)
    numbers = finite(*(named.get(f"{axis}{place}") for place in range(1, count + 1) for axis in "xy"))
    return None if numbers is None else list(zip(numbers[::2], numbers[1::2], strict=True))


def _columns(path: Path, names: list[str], files: list[str]) -> dict[str, list[str]]:
    """What lists and folders say of the images: the part of a published split, the folder, and Roboflow's source."""
    columns = source_column(files)
    listed = dict(_listed(path))
    split = [listed.get(Path(name).stem, "") or part_of(name) or part_of(file)
             for name, file in zip(names, files, strict=True)]  # fmt: skip
    folder = [Path(file).parent.as_posix() for file in files]
    return columns | ({"split": split} if any(split) else {}) | ({"folder": folder} if several(folder) else {})


def _listed(path: Path) -> Iterator[tuple[str, str]]:
    """The stem of each image with the part of the split that it is listed in; the most telling list comes last."""
    homes = (path, *sorted(islice(path.glob("*/"), MOST_FOLDERS)))
    folder = next((home / name for home in homes for name in LISTS if (home / name).is_dir()), None)
    if folder is None:
        return
    for part in (WHOLE, *(part for part in PARTS if part != WHOLE)):
        place = folder / f"{part}.txt"
        if place.is_file():
            for line in lines_of(contents(place, LONGEST_LIST)):
                words = line.split()
                if words:
                    yield Path(words[0]).name, "val" if part == "valid" else part


def _notes(path: Path, renamed: list[str], own: int, count: int) -> list[Finding]:
    """What a reader of the dataset should know beside faults."""
    findings = []
    if renamed:
        message = counted(len(renamed), "XML file names", "XML files name") + " another image than the one of its name"
        hint = "the image that bears the XML file's name is taken"
        told = tuple(excerpt(one, 80) for one in renamed[:EXAMPLES])
        findings.append(Finding("dataset/other-name", message, path.name, told, hint, "warning", len(renamed)))
    if own:
        message = f"{own} of {count} files are of the VOC challenge itself: pixels are counted from 1, and boxes begin"
        findings.append(Finding("dataset/pixel-origin", f"{message} one pixel earlier", path.name, severity="note"))
    masks = [name for name in ("SegmentationClass", "SegmentationObject") if (path / name).is_dir()]
    if masks:
        message = f"label images in {' and '.join(masks)} are not read"
        hint = "data.masks names a folder of label images, for semantic segmentation"
        findings.append(Finding("dataset/left-out", message, path.name, hint=hint, severity="note"))
    return findings
