"""Panoptic segmentation: a zip with a PNG of segment numbers for each image, and ``panoptic.json`` beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn, Optional, Union

import numpy as np

from compete.errors import EXAMPLES, Finding, SubmissionError, fatal
from compete.files import zip_bytes
from compete.png import png_bytes
from compete.scoring.archive_names import plain_name
from compete.scoring.archives import CAPS, Archive, Member, open_archive
from compete.scoring.coco_columns import CATEGORY, IMAGE
from compete.scoring.coco_panoptic import FILE, LIST, SEGMENTS, PanopticFiles, read_panoptic_json
from compete.scoring.forms.label_pngs import MEMBERS, SUFFIX
from compete.scoring.forms.tables import id_of
from compete.scoring.images import Images
from compete.scoring.pictures import PictureContent, read_pictures
from compete.scoring.source import counted, excerpt
from compete.scoring.spans import Array
from compete.scoring.submission import Submission
from compete.terms import Terms
from metrics.label_maps import LabelMaps
from metrics.panoptic import Segments

INDEX = "panoptic.json"
"""The file that says of which class each segment is."""

OTHER_INDEX = "predictions.json"
"""What Detectron2 and Mask2Former call it."""


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read a zip of segments; see `compete.scoring.forms.read_images_submission`."""
    caps = replace(CAPS, members=2 * images.n + MEMBERS)
    with open_archive(source, (SUFFIX, ".json"), caps, name) as archive:
        index = _index_member(archive)
        said, findings = _index(archive, index, terms, images)
        maps, told = _maps(archive, said, images)
        findings += [*told, *archive.warnings]
        if maps is not None:
            findings += _disagreements(maps, said, images, archive.name, index.name)
        if maps is None or fatal(findings):
            _refuse(archive.name, findings)
        things = np.array([one in terms.things for one in terms.classes])
        segments = Segments(maps, said.image, said.segment, said.category, things)
        return Submission(segments, tuple(findings), len(archive.members), archive.reader.sha256())


def _index_member(archive: Archive) -> Member:
    """The file that says what the segments are, by either of its names.

    Raises:
        SubmissionError: there is none.
    """
    named = {member.name: member for member in archive.members}
    found = named.get(INDEX) or named.get(OTHER_INDEX)
    if found is None:
        message, hint = f"the archive has no {INDEX}", "it says of which class each segment is; put it beside the PNG"
        _refuse(archive.name, [Finding("submission/missing-member", message, archive.name, hint=hint)])
    return found


def write(record: Segments, terms: Terms, images: Images) -> bytes:
    """A zip with one PNG an image and ``panoptic.json``."""
    members: dict[str, bytes] = {}
    listed = []
    number, start = np.array(terms.class_ids), record.start.tolist()
    for place, name in enumerate(images.ids.column.tolist()):
        members[name + SUFFIX] = png_bytes(record.maps.array(place), segments=True)
        own = slice(start[place], start[place + 1])
        pairs = zip(record.segment[own].tolist(), number[record.category[own]].tolist())
        held = [{"id": segment, CATEGORY: category} for segment, category in pairs]
        listed.append({IMAGE: int(images.number[place]), FILE: name + SUFFIX, SEGMENTS: held})
    members[INDEX] = json.dumps({LIST: listed}, separators=(",", ":")).encode() + b"\n"
    return zip_bytes(members)


def _refuse(name: str, findings: Sequence[Finding]) -> NoReturn:
    raise SubmissionError(f"submission refused: {name}", findings)


def _index(archive: Archive, index: Member, terms: Terms, images: Images) -> tuple[PanopticFiles, list[Finding]]:
    """What ``panoptic.json`` says, and whether it and the archive name the same files."""
    place = f"{archive.name}/{index.name}"
    said, warnings = read_panoptic_json(archive.read(index), terms, images, place)
    held = {member.name for member in archive.members}
    wanted = {plain_name(one) for one in said.file}
    missing = [one for one in said.file if plain_name(one) not in held]
    extra = sorted(held - wanted - {index.name})
    findings = list(warnings)
    if missing:
        hint = f"put every PNG that {index.name} names as file_name into the archive, under that name"
        if {one.rpartition("/")[2] for one in missing} <= held:
            hint = "write file_name without the folder"
        what = f"{counted(len(missing), 'file')} that {index.name} names and the archive lacks"
        findings.append(_named("submission/missing-member", what, missing, place, hint))
    if extra:
        what = f"{counted(len(extra), 'file')} that {index.name} does not name"
        hint = "leave out what is not read, or name it as file_name of its image"
        findings.append(_named("archive/unexpected-member", what, extra, archive.name, hint))
    if fatal(findings):
        _refuse(archive.name, findings)
    return said, findings


def _named(rule: str, message: str, names: Sequence[str], where: str, hint: str) -> Finding:
    shown = tuple(excerpt(name, 80) for name in names[:EXAMPLES])
    return Finding(rule, message, where, shown, hint, count=len(names))


def _maps(archive: Archive, said: PanopticFiles, images: Images) -> tuple[Optional[LabelMaps], list[Finding]]:
    """The segment of each pixel, in the solution's order of images."""
    members = {member.name: member for member in archive.members}
    pictures = [(one, partial(archive.read, members[plain_name(one)])) for one in said.file]
    sizes = list(zip(images.height.tolist(), images.width.tolist()))
    return read_pictures(pictures, sizes, PictureContent(segments=True), archive.name)


def _disagreements(maps: LabelMaps, said: PanopticFiles, images: Images, where: str, index: str) -> list[Finding]:
    """Segments that only the PNG has, or only ``panoptic.json``."""
    image = np.repeat(np.arange(maps.images), np.diff(maps.start))
    key = image << 32 | maps.value.astype(np.int64)
    painted = np.unique(key[(maps.value != 0) & np.append(True, key[1:] != key[:-1])])
    listed = said.image.astype(np.int64) << 32 | said.segment
    findings = []
    unlisted = np.setdiff1d(painted, listed, assume_unique=True)
    if len(unlisted):
        message = f"{counted(len(unlisted), 'segment')} with pixels that {index} does not list"
        hint = "list every id of the PNG in segments_info of its image: id = red + 256 green + 65,536 blue"
        if np.isin(_exchanged(unlisted), listed).all():
            hint = "red and blue are exchanged (OpenCV writes blue first): save the picture as RGB"
        shown = _shown(unlisted, images)
        findings.append(Finding("submission/unlisted-segment", message, where, shown, hint, count=len(unlisted)))
    empty = np.setdiff1d(listed, painted, assume_unique=True)
    if len(empty):
        message = f"{counted(len(empty), 'segment')} of {index} without a pixel in the PNG"
        hint = "take segments that others cover whole out of segments_info"
        shown, place = _shown(empty, images), f"{where}/{index}"
        findings.append(Finding("submission/empty-segment", message, place, shown, hint, count=len(empty)))
    return findings


def _exchanged(key: Array) -> Array:
    """The same images and segments, had red and blue changed places."""
    return key & ~0xFFFFFF | (key & 0xFF) << 16 | key & 0xFF00 | key >> 16 & 0xFF


def _shown(key: Array, images: Images) -> tuple[str, ...]:
    first = key[:EXAMPLES].tolist()
    return tuple(f"{excerpt(id_of(images, one >> 32))}: {one & 0xFFFFFFFF}" for one in first)
