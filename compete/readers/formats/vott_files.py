"""VoTT's exports, translated.

Places are pixels with 0 at the border of the image. A region with several tags is one object of each class, as in
VoTT's own exports (``src/providers/export/csv.ts``). In its CSV right is left plus width, so the width is the
difference of the corners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding
from compete.readers.annotations import Annotations
from compete.readers.delimited import read_delimited
from compete.readers.gathering import FILE_RULE, Gathering, several, whole_size, word_of
from compete.readers.json_file import read_json, refusal
from compete.readers.listing import PARTS
from compete.readers.pictures import Pictures, parts_of
from compete.readers.shapes import Entry, boxed, finite, outlined

HEADER = ("image", "xmin", "ymin", "xmax", "ymax", "label")
ENDINGS = ("-export.json", "-export.csv", "-asset.json")
OTHERS = {"POINT": "point", "POLYLINE": "polyline"}
NOT_VISITED = 0


class _Reading:
    """What was read so far."""

    def __init__(self, name: str, root: Path, where: str) -> None:
        self.gathering = Gathering(name, root)
        self.pictures = Pictures(root, where)
        self.unseen: list[str] = []
        self.part = ""

    def image(self, reference: str, size: tuple[int, int] | None, place: str, video: str = "") -> int | None:
        """The number of an image."""
        file, parts = self.pictures.find(reference), parts_of(reference)
        cells = {"video": video, "split": self.part}
        shown = {name: text for name, text in cells.items() if text}
        return self.gathering.add_image(
            file if self.pictures.has(file) else parts[-1] if parts else "", size, place, shown
        )


def read_vott(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read exports of VoTT.

    Assets that nobody has visited are left out; those visited without a region are images in which there is nothing.
    Several exports in one folder, such as ``train-export.json``, are parts of a split.

    Args:
        path: a file, or the folder with the exports or with the files of assets.
        images: the folder of the images; else they are looked for beside and below.
        where: the place in challenge.yaml that names the file.

    Raises:
        DatasetError: if there is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    files = _files(path, where)
    reading = _Reading(path.name, images or (path if path.is_dir() else path.parent), where)
    names = [file.name.rpartition("-")[0] for file in files]
    for file, name in zip(files, names, strict=True):
        reading.part = PARTS.get(name.lower(), "")
        try:
            _take_table(file, reading) if file.suffix.lower() == ".csv" else _take_json(file, reading)
        except DatasetError as error:
            if len(files) == 1:
                raise
            reading.gathering.unreadable(error)
    if not several(names) or not all(PARTS.get(name.lower()) for name in names):
        for cells in reading.gathering.cells:
            cells.pop("split", None)
    if reading.unseen:
        count = len(reading.unseen)
        message = counted(
            count, "asset was never visited and is left out", "assets were never visited and are left out"
        )
        told = tuple(map(excerpt, reading.unseen[:EXAMPLES]))
        finding = Finding("dataset/not-annotated", message, path.name, told, "", "warning", count)
        reading.gathering.findings.append(finding)
    return reading.gathering.annotations()


def _files(path: Path, where: str) -> list[Path]:
    """The exports, those of one kind: VoTT writes the same several times."""
    if not path.is_dir():
        return [path]
    for ending in ENDINGS:
        found = sorted(file for file in path.iterdir() if file.name.lower().endswith(ending))
        if found:
            return found
    raise refusal(FILE_RULE, f"{path.name} holds no export of VoTT", where, "such as train-export.json")


def _take_json(file: Path, reading: _Reading) -> None:
    """An export with all assets, or the file of one."""
    content = read_json(file, FILE_RULE)
    assets = content.get("assets") if isinstance(content, dict) else None
    if isinstance(assets, dict):
        known = list(assets.items())
    elif isinstance(content, dict) and isinstance(content.get("asset"), dict):
        known = [("", content)]
    else:
        raise refusal(FILE_RULE, "there is neither `assets` nor `asset`", file.name, "export as VoTT JSON")
    tags = content.get("tags")
    for tag in tags if isinstance(tags, list) else []:
        name = word_of(tag.get("name")) if isinstance(tag, dict) else ""
        if name not in reading.gathering.labels:
            reading.gathering.labels.append(name)
    for key, one in known:
        _take_asset(one, f"{file.name} {key}".strip(), reading)


def _take_asset(entry: Any, place: str, reading: _Reading) -> None:
    asset = entry.get("asset", entry) if isinstance(entry, dict) else None
    if not isinstance(asset, dict):
        reading.gathering.faults.add("image-name", place)
        return
    given = entry.get("regions")
    regions = given if isinstance(given, list) else []
    if asset.get("state") == NOT_VISITED and not regions:
        reading.unseen.append(word_of(asset.get("name")) or place)
        return
    size, parent = asset.get("size"), asset.get("parent")
    known = whole_size(size.get("width"), size.get("height")) if isinstance(size, dict) else None
    video = word_of(parent.get("name")) if isinstance(parent, dict) else ""
    image = reading.image(word_of(asset.get("name")) or word_of(asset.get("path")), known, place, video)
    for at, region in enumerate(regions if image is not None else []):
        _take_region(region, f"{place} regions[{at}]", image or 0, reading.gathering)


def _take_region(region: Any, place: str, image: int, gathering: Gathering) -> None:
    if not isinstance(region, dict):
        gathering.faults.add("shape", place)
        return
    kind, tags = word_of(region.get("type")), region.get("tags")
    if kind in OTHERS:
        gathering.leave_out(OTHERS[kind], place)
    elif not isinstance(tags, list) or not tags:
        gathering.leave_out("region without tag", place)
    else:
        entry = _polygon(region.get("points")) if kind == "POLYGON" else _box(region.get("boundingBox"))
        for tag in tags:
            gathering.add_object(image, tag, place, entry)


def _box(given: Any) -> Entry | None:
    numbers = (
        finite(*(given.get(key) for key in ("left", "top", "width", "height"))) if isinstance(given, dict) else None
    )
    return None if numbers is None else {"bbox": numbers}


def _polygon(given: Any) -> Entry | None:
    points = given if isinstance(given, list) else []
    if not all(isinstance(point, dict) for point in points):
        return None
    numbers = finite(*(point.get(axis) for point in points for axis in "xy"))
    return None if numbers is None else outlined([list(zip(numbers[::2], numbers[1::2], strict=True))])


def _take_table(file: Path, reading: _Reading) -> None:
    """The CSV, which has no row for an image in which there is nothing."""
    table = read_delimited(file)
    absent = [name for name in HEADER if name not in table.columns]
    if absent:
        raise refusal(
            FILE_RULE, f"the table has no column {absent[0]!r}", file.name, f"VoTT writes {', '.join(HEADER)}"
        )
    reading.gathering.findings += table.findings
    numbers: dict[str, int | None] = {}
    for line, row in _rows(table.columns, table.lines):
        place = f"{file.name}:{line}"
        if row["image"] not in numbers:
            numbers[row["image"]] = reading.image(row["image"], None, place)
        corners, image = finite(*(row[name] for name in HEADER[1:5])), numbers[row["image"]]
        if image is not None:
            reading.gathering.add_object(image, row["label"], place, boxed(*corners) if corners else None)


def _rows(columns: Mapping[str, Any], lines: Any) -> Iterator[tuple[int, dict[str, str]]]:
    for place, line in enumerate(lines):
        yield int(line), {name: str(columns[name][place]) for name in HEADER}
