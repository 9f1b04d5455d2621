"""Label images: a zip with ``ID.png`` or ``ID.tif`` for each image, whose pixels are the numbers of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Optional, Union

import numpy as np

from compete.errors import EXAMPLES, Finding, SubmissionError, fatal
from compete.files import zip_bytes
from compete.png import SIGNATURE, png_bytes
from compete.scoring.archive_bytes import open_bytes
from compete.scoring.archives import CAPS, Archive, Member, open_archive
from compete.scoring.causes import unknown_id_cause
from compete.scoring.forms.tables import ids_shown
from compete.scoring.images import Images
from compete.scoring.matching import lookup
from compete.scoring.pictures import PictureContent, read_pictures
from compete.scoring.source import counted, excerpt, shown_name
from compete.scoring.spans import Array, column_of
from compete.scoring.submission import Submission
from compete.scoring.tiff import MAGIC
from compete.terms import Terms
from metrics.label_maps import LabelMaps

SUFFIX = ".png"
SUFFIXES = (SUFFIX, ".tif", ".tiff")
"""How the names of label images may end; their first bytes tell what they are."""

MEMBERS = 100
"""Members of an archive beyond one an image that are looked at, so that they can be told."""


def read(source: Union[str, Path, bytes], terms: Terms, images: Images, name: str = "") -> Submission:
    """Read a zip of label images, or of one image its picture; see `compete.scoring.forms.read_images_submission`."""
    content = PictureContent(classes=tuple(sorted(terms.class_ids)))
    sizes = list(zip(images.height.tolist(), images.width.tolist()))
    if images.n == 1 and (single := _single(source, content, name)) is not None:
        shown, (raw, digest) = shown_name(source, name), single
        maps, findings = read_pictures([(shown, raw)], sizes, content)
        return label_submission(shown, maps, _about_ignored(findings, terms), 1, digest)
    with open_archive(source, SUFFIXES, replace(CAPS, members=2 * images.n + MEMBERS), name) as archive:
        members, findings = members_of_images(archive, images, SUFFIXES, "picture")
        known = [place for place, member in enumerate(members) if member is not None]
        pictures = [(one.name, partial(archive.read, one)) for one in members if one is not None]
        maps, told = read_pictures(pictures, [sizes[place] for place in known], content, archive.name)
        findings += [*_about_ignored(told, terms), *archive.warnings]
        return label_submission(archive.name, maps, findings, len(archive.members), archive.reader.sha256())


def write(record: LabelMaps, terms: Terms, images: Images) -> bytes:
    """A zip with one PNG an image; pixels of no class get the first one."""
    known = np.array(terms.class_ids)
    members: dict[str, bytes] = {}
    for place, name in enumerate(images.ids.column.tolist()):
        array = record.array(place)
        members[name + SUFFIX] = png_bytes(np.where(np.isin(array, known), array, known[0]))
    return zip_bytes(members)


def _single(source: Union[str, Path, bytes], content: PictureContent, name: str) -> Optional[tuple[bytes, str]]:
    """The bytes of a file that is a picture itself, and its fingerprint; None for another."""
    reader = open_bytes(source, CAPS, shown_name(source, name))
    try:
        first = reader.at(0, len(SIGNATURE))
        if first != SIGNATURE and first[:4] not in MAGIC:
            return None
        return reader.at(0, content.size + 1), reader.sha256()
    finally:
        reader.close()


def label_submission(
    name: str, maps: Optional[LabelMaps], findings: Sequence[Finding], rows: int, digest: str
) -> Submission:
    """The predictions, or what is wrong with them.

    Raises:
        SubmissionError: there are none, or a finding is an error.
    """
    if maps is None or fatal(findings):
        raise SubmissionError(f"submission refused: {name}", findings)
    return Submission(maps, tuple(findings), rows, digest)


def members_of_images(
    archive: Archive, images: Images, suffixes: Sequence[str], what: str
) -> tuple[list[Optional[Member]], list[Finding]]:
    """The member of each image by its name, None where there is none; and what is wrong with the names.

    Args:
        archive: whose members all end in one of the suffixes.
        images: those that are wanted.
        suffixes: the usual one first; where one ends as another does, the longer one first.
        what: what a member is.
    """
    found: list[Optional[Member]] = [None] * images.n
    stems = [_stem(member.name, suffixes) for member in archive.members]
    place = lookup(column_of(stems), images.ids)
    unknown, twice = [], []
    for member, image in zip(archive.members, place.tolist()):
        if image < 0:
            unknown.append(member.name)
        elif found[image] is not None:
            twice.append(member.name)
        else:
            found[image] = member
    findings = []
    if unknown:
        sample = images.ids.column.part(0, 3).tolist()
        shown = [_stem(name, suffixes) for name in unknown[:EXAMPLES]]
        hint = unknown_id_cause(shown, lambda text: images.ids.find(text) >= 0, sample, ".zip")
        hint = f"call each file by the id of its image and {' or '.join(suffixes[:2])}; {hint}"
        message = f"{counted(len(unknown), what)} whose name is no test image"
        findings.append(_named("submission/unknown-id", message, unknown, archive.name, hint))
    if twice:
        message = f"{counted(len(twice), what)} of an image that has one already, with another ending"
        findings.append(_named("submission/repeated-id", message, twice, archive.name, f"send one {what} an image"))
    return found, findings + _missing(found, images, archive.name, what)


def _stem(name: str, suffixes: Sequence[str]) -> str:
    """The name of a member without its ending."""
    ending = next((one for one in suffixes if name.lower().endswith(one)), "")
    return name[: len(name) - len(ending)]


def _named(rule: str, message: str, names: Sequence[str], where: str, hint: str) -> Finding:
    shown = tuple(excerpt(name, 80) for name in names[:EXAMPLES])
    return Finding(rule, message, where, shown, hint, count=len(names))


def _missing(found: Sequence[Optional[Member]], images: Images, where: str, what: str) -> list[Finding]:
    missing: Array = np.array([place for place, one in enumerate(found) if one is None], dtype=np.int64)
    if not len(missing):
        return []
    message, hint = f"{counted(len(missing), 'test image')} of {images.n:,} without a {what}", "predict every image"
    return [Finding("submission/missing-id", message, where, ids_shown(images, missing), hint, count=len(missing))]


def _about_ignored(findings: Sequence[Finding], terms: Terms) -> list[Finding]:
    """What is told, with a word on the value of the truth that is no class."""
    ignored = terms.ignore_value
    if ignored is None or ignored in terms.class_ids:
        return list(findings)
    said = f"{ignored} marks what is not scored, in the truth only: predict a class for every pixel"
    about = "picture/unknown-class"
    return [replace(one, hint=f"{one.hint}; {said}") if one.rule == about else one for one in findings]
