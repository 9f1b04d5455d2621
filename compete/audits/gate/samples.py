"""Attacks on the sample submission and on archives: does the sample know more than the sizes of images?"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compete.audits.gate.folder import Folder
from compete.audits.gate.reading import read_table
from compete.bundle import AFFINE, DEPTH, HEIGHT, ID, TEST_JSON, WIDTH
from compete.errors import Finding
from compete.files import EPOCH
from compete.readers.label_cells import entries_of

FIRST_DATE = (1980, 1, 1, 0, 0, 0)
assert EPOCH == 315_532_800
"""What `EPOCH` is in an archive."""


def sample(folder: Folder) -> Iterator[Finding]:
    """Does the sample submission say the same of all items, or of all images of one size?

    Of an ordering, whose items have labels of their own, it must name them in one fixed order: sorted as text.
    """
    place = folder.public / folder.terms.sample_name
    if not place.is_file() or (place.suffix == ".csv" and not folder.terms.of_images and _is_constant(place)):
        return
    said = _said(folder)
    hint = "build the bundle again; the sample is then a constant made of the training labels"
    if said is None:
        yield Finding("leak/sample", "it cannot be read as a submission", place.name, hint=hint)
        return
    if folder.terms.task == "ordering":
        odd = [item for item, rows in said.items() if not _are_sorted(rows, folder.terms.separator)]
        message = f"it names the labels of {len(odd):,} items in another order than that of text"
    else:
        sizes = _sizes(folder)
        first: dict[Any, Any] = {}
        odd = [item for item, what in said.items() if first.setdefault(sizes.get(item), what) != what]
        message = f"its predictions differ between items that look the same: {len(odd):,} are not as the first"
    if odd:
        yield Finding("leak/sample", message, place.name, hint=hint, count=len(odd))


def _are_sorted(rows: list[tuple[str, ...]], separator: str) -> bool:
    """Whether every cell lists its entries in the order of text, spelt as the build spells them."""
    cells = [cell for row in rows for cell in row]
    return len(cells) == 1 and cells[0] == separator.join(sorted(entries_of(cells[0], separator)))


def _is_constant(place: Path) -> bool:
    """Whether all lines of a table say the same after their id, which is seen without taking them apart."""
    data = place.read_bytes()
    return b'"' not in data and len({line.partition(b",")[2] for line in data.rstrip(b"\n").split(b"\n")[1:]}) == 1


def archives(folder: Folder) -> Iterator[Finding]:
    """Do archives tell anything beside their content?"""
    for entry in folder.files:
        if not entry.name.endswith((".zip", ".npz")):
            continue
        try:
            with zipfile.ZipFile(entry.path) as archive:
                why = _odd(archive, entry.path.read_bytes())
        except zipfile.BadZipFile:
            why = ["is no archive"]
        if why:
            message = f"the archive {'; '.join(why)}"
            hint = "write archives with one time, one mode, in the order of names, and not packed"
            yield Finding("leak/archive", message, entry.name, hint=hint)


def _odd(archive: zipfile.ZipFile, data: bytes) -> list[str]:
    members = archive.infolist()
    names = [member.filename for member in members]
    offsets = [member.header_offset for member in members]
    checks = {
        "bears times": any(member.date_time != FIRST_DATE for member in members),
        "has comments": bool(archive.comment) or any(member.comment for member in members),
        "has extra fields": any(member.extra for member in members),
        "has members of different kinds": len({_kind(member) for member in members}) > 1,
        "is not in the order of names": names != sorted(names) or offsets != sorted(offsets),
        "holds a name twice": len(set(names)) < len(names),
        "is packed": any(member.compress_type != zipfile.ZIP_STORED for member in members),
        "has bytes before or after its members": len(data) != _expected_length(archive),
    }
    return [why for why, found in checks.items() if found]


def _kind(member: zipfile.ZipInfo) -> tuple[int, ...]:
    return member.external_attr, member.internal_attr, member.create_system, member.create_version, member.flag_bits


def _expected_length(archive: zipfile.ZipFile) -> int:
    """Bytes of an archive of stored members with nothing between them."""
    names = [len(member.filename.encode()) for member in archive.infolist()]
    return 22 + sum(member.compress_size for member in archive.infolist()) + sum(30 + 46 + 2 * name for name in names)


def _sizes(folder: Folder) -> dict[str, tuple[str, ...]]:
    """The size and place of each test image, which the sample may depend on; nothing of tables."""
    if not folder.terms.of_images:
        return {}
    columns = [folder.test[name] for name in (WIDTH, HEIGHT, DEPTH, AFFINE) if name in folder.test]
    return dict(zip(folder.test[ID], zip(*columns, strict=True), strict=True)) if columns else {}


def _said(folder: Folder) -> dict[str, Any] | None:
    """What the sample says of each test item; None where it cannot be read."""
    place = folder.public / folder.terms.sample_name
    try:
        if place.suffix == ".csv":
            table = read_table(place)
            said: dict[str, Any] = {}
            for item, *cells in zip(table[ID], *(table[name] for name in table if name != ID), strict=True):
                said.setdefault(item, []).append(tuple(cells))
            return said
        return (
            _said_in_json(folder, place.read_bytes()) if place.suffix == ".json" else _said_in_zip(place.read_bytes())
        )
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
        return None


def _said_in_json(folder: Folder, data: bytes) -> dict[str, Any]:
    images = json.loads((folder.public / TEST_JSON).read_bytes())["images"]
    own = dict(zip(folder.test["file"], folder.test[ID], strict=True))
    name = {image["id"]: own[image["file_name"]] for image in images}
    said: dict[str, Any] = {item: [] for item in name.values()}
    for result in json.loads(data):
        said[name[result.pop("image_id")]].append(result)
    return said


def _said_in_zip(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = {member.filename: archive.read(member) for member in archive.infolist()}
    return {name.partition(".")[0]: content for name, content in inside.items() if not name.endswith(".json")}
