"""CVAT's XML 1.1, for images and for videos, translated.

Corners are pixels with 0 at the border of the image, so the width of a box is the difference of its corners (as CVAT's
own exporter to COCO takes it, ``cvat/apps/dataset_manager/bindings.py``). Of the people whom the file names (owner,
assignee) nothing is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compete.dataset import excerpt
from compete.errors import Finding
from compete.readers.annotations import Annotations
from compete.readers.formats.cvat_shapes import OBJECTS, OTHERS, Drawn, drawn, object_of
from compete.readers.formats.cvat_tracks import Frames, Seen, frames_of, name_of, seen_in
from compete.readers.gathering import FILE_RULE, Gathering, whole_size
from compete.readers.images import is_image_name
from compete.readers.json_file import refusal
from compete.readers.listing import listed_files
from compete.readers.pictures import Pictures
from compete.readers.shapes import Entry
from compete.readers.xml_file import Node, read_xml

USUAL = "annotations.xml"
_NODE = re.compile(r"<circle\b[^>]*>")
_LINE = re.compile(r"<line\b[^>]*>")
Size = tuple[int, int] | None


@dataclass
class _Reading:
    """A file while it is read.

    Attributes:
        name: of the file.
        gathering: what was read so far.
        pictures: the images that are there.
        meta: the element of that name.
        tracks: of a video.
    """

    name: str
    gathering: Gathering
    pictures: Pictures
    meta: Node | None = None
    tracks: list[Node] = field(default_factory=list)


def read_cvat(path: Path, images: Path | None = None, where: str = "") -> Annotations:
    """Read CVAT's XML, for images or for videos.

    Tags of an image become its column ``tag``, subsets its column ``split``. Polylines, points and cuboids are left
    out and told. A box or ellipse that is turned keeps its outline, and its box is the one around that.

    Args:
        path: the file, or the folder that holds it.
        images: the folder of the images; else they are looked for beside and below the file.
        where: the place in challenge.yaml that names the file.

    Raises:
        DatasetError: if there is none, with one finding for every fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    file = _file_in(path, where)
    root = images or file.parent
    reading = _Reading(file.name, Gathering(file.name, root), Pictures(root, where))
    elements = read_xml(file, FILE_RULE, where)
    first = next(elements)
    if first.tag != "annotations":
        raise refusal(FILE_RULE, f"its root is <{excerpt(first.tag)}>, not <annotations>", f"{file.name}:{first.line}")
    for element in elements:
        if element.tag == "meta":
            reading.meta = element
            _take_labels(element, reading.gathering)
        elif element.tag == "image":
            _take_image(element, reading)
        elif element.tag == "track":
            reading.tracks.append(element)
    if reading.tracks:
        _take_tracks(reading)
    return reading.gathering.annotations()


def _file_in(path: Path, where: str) -> Path:
    """The file itself, or the one XML file of a folder."""
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.xml"))
    if path / USUAL in found:
        return path / USUAL
    if len(found) != 1:
        hint = "name the file that CVAT wrote"
        raise refusal(FILE_RULE, f"{path.name} holds {len(found)} XML files", where, hint)
    return found[0]


def _below(node: Node, tag: str) -> Iterator[Node]:
    """Every element of a name in another, however deep."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.tag == tag:
            yield one
        waiting += reversed(one.children)


def _take_labels(meta: Node, gathering: Gathering) -> None:
    """The classes that the task declares, and the keypoints of skeletons."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    drawings = {}
    for label in _below(meta, "label"):
        name, parent = label.word("name"), label.word("parent")
        if parent:
            parts[parent].append(name)
        elif name not in gathering.labels:
            gathering.labels.append(name)
            drawings[name] = label.word("svg")
    for name, svg in drawings.items():
        nodes = {_attribute(one, "data-node-id"): _attribute(one, "data-label-name") for one in _NODE.findall(svg)}
        names = [part for part in nodes.values() if part in parts[name]]
        if sorted(names) != sorted(parts[name]):
            names = parts[name]
        place = {node: names.index(part) + 1 for node, part in nodes.items() if part in names}
        ends = [(_attribute(one, "data-node-from"), _attribute(one, "data-node-to")) for one in _LINE.findall(svg)]
        if names and len(set(names)) == len(names):
            lines = tuple((place[one], place[other]) for one, other in ends if one in place and other in place)
            gathering.points[name] = (tuple(names), lines)


def _attribute(element: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', element)
    return found[1] if found else ""


def _take_image(element: Node, reading: _Reading) -> None:
    given, gathering = element.attributes, reading.gathering
    size = whole_size(given.get("width"), given.get("height"))
    tags = sorted({tag.attributes.get("label", "") for tag in element.all("tag")} - {""})
    cells = {"split": given.get("subset", ""), "task": given.get("task_id", "")}
    name = f"{cells['split']}/{given.get('name', '')}"  # projects keep the images of each subset apart
    file = reading.pictures.find(name)
    columns = {name: text for name, text in cells.items() if text}
    choices = {"tag": tags} if tags else {}
    image = gathering.add_image(file, size, f"{reading.name}:{element.line}", columns, choices)
    if image is None:
        return
    for node in element.children:
        place = f"{reading.name}:{node.line}"
        if node.tag in OBJECTS:
            label = node.attributes.get("label", "")
            gathering.add_object(image, label, place, _entry(drawn(node), label, size, gathering))
        elif node.tag in OTHERS:
            gathering.leave_out(node.tag, place)


def _entry(shape: Drawn | None, label: str, size: Size, gathering: Gathering) -> Entry | None:
    """The object of a shape; a skeleton that no task declares names the keypoints of its class."""
    if shape is None:
        return None
    if shape.kind == "skeleton" and label.strip() not in gathering.points:
        gathering.points[label.strip()] = (shape.names, ())
    return object_of(shape, size, gathering.points.get(label.strip(), ((), ()))[0])


def _take_tracks(reading: _Reading) -> None:
    """The frames of a video, those without objects too, and what is in each."""
    gathering, name = reading.gathering, reading.name
    if len({track.attributes.get("task_id", "") for track in reading.tracks}) > 1:
        hint = "export each task by itself: several videos have frames of the same number"
        raise refusal(FILE_RULE, "the tracks belong to several tasks", name, hint)
    paths = filter(is_image_name, listed_files(gathering.root))
    frames = frames_of(reading.meta, reading.pictures, list(paths))
    seen: dict[int, list[Seen]] = defaultdict(list)
    for track in reading.tracks:
        for one in seen_in(track, frames, gathering, name):
            seen[one.frame].append(one)
    outer = next(_below(reading.meta, "original_size"), None) if reading.meta else None
    size = whole_size(outer.word("width"), outer.word("height")) if outer else None
    video = reading.meta.word("source") if reading.meta else ""
    for frame in sorted({*seen, *(at for at in frames.files if frames.holds(at))}):
        file = frames.files.get(frame) or name_of(frame)
        image = gathering.add_image(file, size, f"frame {frame}", {"video": video, "frame": str(frame)})
        for one in seen[frame] if image is not None else ():
            place = f"{name}:{one.line} (frame {frame})"
            gathering.add_object(image or 0, one.label, place, _entry(one.shape, one.label, size, gathering))
    _tell_absent(seen, frames, gathering)


def _tell_absent(seen: dict[int, list[Seen]], frames: Frames, gathering: Gathering) -> None:
    """Say how to get the frames of a video as images."""
    absent = [frame for frame in sorted(seen) if frame not in frames.files]
    if absent:
        message = f"{len(absent):,} annotated frames are not there as images"
        hint = "export with images, or write them: ffmpeg -i VIDEO -vsync 0 -start_number 0 images/frame_%06d.png"
        told = tuple(map(name_of, absent[:3]))
        gathering.findings.append(
            Finding("dataset/video-frames", message, gathering.name, told, hint, "warning", len(absent))
        )
