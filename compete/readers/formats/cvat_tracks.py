"""Tracks of CVAT's XML for videos: which objects are in which frame."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from compete.readers.formats.cvat_shapes import OBJECTS, OTHERS, Drawn, between, drawn, joined_skeleton
from compete.readers.gathering import Gathering
from compete.readers.pictures import Pictures
from compete.readers.xml_file import Node

_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_LAST = re.compile(r"([0-9]{1,9})\Z", re.ASCII)


class Seen(NamedTuple):
    """An object in a frame; ``shape`` is None where nobody can tell what it looks like there."""

    frame: int
    label: str
    line: int
    shape: Drawn | None


class Frames(NamedTuple):
    """The frames that were annotated.

    Attributes:
        first: number of the first.
        last: number of the last; None where the file does not say.
        step: from one to the next.
        files: the image of each frame that lies there as a file.
    """

    first: int
    last: int | None
    step: int
    files: Mapping[int, str]

    def among(self, start: int, stop: int) -> list[int]:
        """The frames from one to before another that are annotated and lie there."""
        return [frame for frame in self.files if start <= frame < stop and self.holds(frame)]

    def holds(self, frame: int) -> bool:
        """Whether a frame is one of those that were annotated."""
        within = self.first <= frame and (self.last is None or frame <= self.last)
        return within and (frame - self.first) % self.step == 0


def frames_of(meta: Node | None, pictures: Pictures, names: Sequence[str]) -> Frames:
    """Which frames a task has, and which images they are.

    Args:
        meta: of the file.
        pictures: the images that are there.
        names: their paths.
    """
    held = [child for child in meta.children if child.tag in ("task", "job")] if meta else []
    words = {tag: held[0].word(tag) if held else "" for tag in ("start_frame", "stop_frame", "frame_filter")}
    first = int(words["start_frame"]) if _NUMBER.fullmatch(words["start_frame"]) else 0
    last = int(words["stop_frame"]) if _NUMBER.fullmatch(words["stop_frame"]) else None
    step = re.fullmatch(r"\s*step\s*=\s*([0-9]{1,9})\s*", words["frame_filter"])
    numbered: defaultdict[int, list[str]] = defaultdict(list)
    for name in names:
        found = _LAST.search(Path(name).stem)
        if found:
            numbered[int(found[1])].append(name)
    files = {frame: pictures.find_stem(name_of(frame)) or paths[0] * (len(paths) == 1)
             for frame, paths in sorted(numbered.items())}  # fmt: skip
    return Frames(
        first, last, max(int(step[1]), 1) if step else 1, {frame: file for frame, file in files.items() if file}
    )


def name_of(frame: int) -> str:
    """What CVAT calls the image of a frame.

    >>> name_of(12)
    'frame_000012.png'
    """
    return f"frame_{frame:06d}.png"


def seen_in(track: Node, frames: Frames, gathering: Gathering, name: str) -> Iterator[Seen]:
    """What a track shows, frame by frame; states outside the picture are nothing.

    Args:
        track: the element.
        frames: those that were annotated.
        gathering: told of shapes that are no objects.
        name: of the file, for findings.
    """
    label, states = track.attributes.get("label", ""), _states(track)
    for node in track.children:
        if node.tag in OTHERS and node.attributes.get("outside") != "1":
            gathering.leave_out(node.tag, f"{name}:{node.line}")
    ends: list[int | None] = [frame for frame, _, _ in states]
    for (frame, line, shape), end in zip(states, [*ends[1:], None], strict=False):
        if frame < 0:
            gathering.faults.add("shape", f"{name}:{line} (frame)")
        if frame < 0 or (shape is not None and shape.outside):
            continue
        yield Seen(frame, label, line, shape)
        stop = end if end is not None else frames.last + 1 if frames.last is not None else frame
        after = next((other for at, _, other in states if at == end), None)
        for middle in frames.among(frame + 1, stop):
            share = (middle - frame) / (end - frame) if end is not None else 0.0
            target = shape if end is None else after
            yield Seen(middle, label, line, between(shape, target, share) if shape and target else None)


def _states(track: Node) -> list[tuple[int, int, Drawn | None]]:
    """Frame, line and shape of each element of a track, by frame; the last of several in one frame counts."""
    points: defaultdict[str, list[Node]] = defaultdict(list)
    for inner in track.all("track"):
        for node in inner.all("points"):
            node.attributes["label"] = inner.attributes.get("label", "")
            points[node.attributes.get("frame", "")].append(node)
    found = {}
    for node in track.children:
        number = node.attributes.get("frame", "")
        if node.tag not in OBJECTS:
            continue
        frame = int(number) if _NUMBER.fullmatch(number) else -1
        shape = joined_skeleton(node, points[number]) if node.tag == "skeleton" else drawn(node)
        found[frame] = (frame, node.line, shape)
    return [found[frame] for frame in sorted(found)]
