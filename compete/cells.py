"""Files in the cells of a table: for platforms that take CSV alone, one row an item.

A submission of images that is JSON or an archive becomes a table whose cells hold what was said of each image, and
back, without a change of any number or pixel. The hidden truth of a whole bundle, too, can be spread over the rows of a
solution. Standard library alone: participants run this file as it is (``python to_csv.py submission.json``).
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

Rows = list[list[str]]

CELLS = {
    ("coco", "boxes"): ("predictions",),
    ("coco", "masks"): ("predictions",),
    ("coco", "points"): ("predictions",),
    ("png", "label_maps"): ("image",),
    ("png", "segments"): ("image", "segments"),
    ("nifti", "label_maps"): ("image",),
}
"""The columns beside the id, by form and kind of the terms; forms that are CSV already are not here.

``predictions``: a JSON list of COCO results, without ``image_id``. ``image``: the bytes of the file in base64.
``segments``: a JSON list, the image's ``segments_info``.
"""

ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
"""What Python raises of a zip that is damaged, encrypted, or packed in a way that it does not know."""

INDEX, IMAGE, LIST, SEGMENTS = "panoptic.json", "image_id", "annotations", "segments_info"
PNG_START, GZIP_START, TIFF_STARTS = b"\x89PNG", b"\x1f\x8b", (b"II*\0", b"MM\0*")
EPOCH = (1980, 1, 1, 0, 0, 0)
LONGEST = (1 << 31) - 1
"""Characters that a cell may have."""


TRUTH_COLUMN = "packed_truth"
"""The column of a solution that holds the truth as it was built."""

PERFECT = "perfect"
"""The submission that is right everywhere, among the files of the packed truth."""

BLANK = frozenset(
    (
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    )
)  # fmt: skip
"""Cells in which pandas sees nothing."""

_WHOLE, _NUMBER = re.compile(r"[+-]?\d+"), re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


class CellError(ValueError):
    """A file or table that does not hold what it should; the text says which row and why."""


def rows_of_file(content: bytes, form: str, kind: str, ids: Sequence[str]) -> Rows:
    """The rows of a submission that is no table: the id, and what was said of the image.

    Args:
        content: the bytes of the JSON file or the zip.
        form: as in the terms.
        kind: as in the terms.
        ids: the images in the order of ``test.csv``.

    Raises:
        CellError: if the file is no such submission.
    """
    if form == "coco":
        said: dict[str, list[Any]] = {name: [] for name in ids}
        for result in _listed(_json(content, "the file"), "the file"):
            name = _named(result, ids)
            said[name].append({key: value for key, value in result.items() if key != IMAGE})
        return [[name, _text(said[name])] for name in ids]
    files = _members(content)
    index = files.pop(INDEX, None)
    rows = [[name, base64.b64encode(_file_of(name, files)).decode("ascii")] for name in ids]
    if kind != "segments":
        return rows
    said = {name: [] for name in ids}
    for entry in _listed(_json(index or b"", INDEX).get(LIST), INDEX):
        said[_named(entry, ids)] = entry.get(SEGMENTS)
    return [[*row, _text(said[row[0]])] for row in rows]


def file_of_rows(rows: Iterable[Sequence[str]], form: str, kind: str, ids: Sequence[str]) -> bytes:
    """The submission that rows were made of; see ``rows_of_file``.

    Args:
        rows: an id and its cells each; an id may stand once, and must be one of ``ids``.
        form: as in the terms.
        kind: as in the terms.
        ids: the images in the order of ``test.csv``; those that have no row are left out.

    Raises:
        CellError: if a cell does not hold what it should.
    """
    number = {name: place for place, name in enumerate(ids, 1)}
    ordered = sorted(rows, key=lambda row: number[row[0]])
    if form == "coco":
        told = ((row[0], _json(row[1].encode(), f"the row of {row[0]}")) for row in ordered)
        results = [
            {IMAGE: number[name], **_record(result, name)} for name, said in told for result in _listed(said, name)
        ]
        return json.dumps(results, separators=(",", ":")).encode()
    members, listed = {}, []
    for row in ordered:
        content = _decoded(row)
        file = row[0] + _suffix(content, form)
        members[file] = content
        if kind == "segments":
            said = _json(row[2].encode(), f"the row of {row[0]}")
            listed.append({IMAGE: number[row[0]], "file_name": file, SEGMENTS: _listed(said, row[0])})
    if kind == "segments":
        members[INDEX] = json.dumps({LIST: listed}, separators=(",", ":")).encode()
    return zipped_members(members)


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def table_rows(content: bytes) -> Rows:
    """The rows of a table of ours, the names of its columns first; a cell may be of any length."""
    with long_cells():
        return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


@contextmanager
def long_cells() -> Iterator[None]:
    """The csv module refuses cells above 128 KiB unless told otherwise, for the whole process."""
    limit = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def packed_files(files: Mapping[str, bytes]) -> str:
    """Files as one text of letters, digits, ``+``, ``/`` and ``=``."""
    return base64.b64encode(zlib.compress(zipped_members(files))).decode("ascii")


def truth_cells(packed: str, count: int) -> list[str]:
    """A text of ``packed_files`` spread over a number of cells, each of which says its place.

    Args:
        packed: the text.
        count: how many cells to fill, one or more.
    """
    step = -(-len(packed) // count)
    return [f"{place}:{packed[place * step : (place + 1) * step]}" for place in range(count)]


def truth_of_cells(cells: Iterable[str]) -> dict[str, bytes]:
    """The files that ``truth_cells`` spread, in whatever order the cells come.

    Raises:
        CellError: if a cell is missing or changed.
    """
    try:
        placed = dict(sorted((int(place), text) for place, _, text in (cell.partition(":") for cell in cells)))
        packed = "".join(placed.values())
        if list(placed) != list(range(len(placed))):
            raise CellError("the solution lacks rows")
        with zipfile.ZipFile(io.BytesIO(zlib.decompress(base64.b64decode(packed, validate=True)))) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (ValueError, zlib.error, zipfile.BadZipFile, AttributeError, EOFError):
        raise CellError("the solution is not as it was exported; export it again and upload it whole") from None


def plain_text(text: str) -> str:
    """What is left of a cell's text when pandas has read it and it is written again.

    >>> [plain_text(text) for text in ("007", "NA", "1e3", "TRUE", "cat")]
    ['7', '', '1000', 'True', 'cat']
    """
    bare = text.strip()
    if text in BLANK:
        return ""
    if _WHOLE.fullmatch(bare):
        return str(int(bare))
    if _NUMBER.fullmatch(bare):
        return number_text(float(bare))
    return "True" if text in _TRUE else "False" if text in _FALSE else text


def number_text(number: float) -> str:
    """A number that pandas may have read beside an empty cell: without a point where it is whole."""
    return str(int(number)) if number.is_integer() else repr(number)


def zipped_members(members: Mapping[str, bytes]) -> bytes:
    """An archive whose members are not packed; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, content)
    return out.getvalue()


def _json(content: bytes, where: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise CellError(f"{where} is not JSON") from None


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise CellError(f"{where} is not a JSON list")
    return value


def _record(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CellError(f"the row of {name} lists what is no JSON object")
    return value


def _named(entry: Any, ids: Sequence[str]) -> str:
    """The id of the image that an entry is about; images are numbered from 1 in the order of ``test.csv``."""
    number = entry.get(IMAGE) if isinstance(entry, dict) else None
    if not isinstance(number, int) or not 1 <= number <= len(ids):
        raise CellError(f"{IMAGE} {number!r} is no test image")
    return ids[number - 1]


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _members(content: bytes) -> dict[str, bytes]:
    """The files of an archive by their names without folders."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
            return {PurePosixPath(name).name: archive.read(name) for name in names}
    except ZIP_DAMAGE:
        raise CellError("the file is no zip") from None


def _file_of(name: str, files: Mapping[str, bytes]) -> bytes:
    for suffix in (".png", ".tif", ".tiff", ".nii.gz", ".nii"):
        if name + suffix in files:
            return files[name + suffix]
    raise CellError(f"the archive has no file of {name}")


def _decoded(row: Sequence[str]) -> bytes:
    try:
        return base64.b64decode(row[1], validate=True)
    except ValueError:
        raise CellError(f"the row of {row[0]} does not hold a file in base64") from None


def _suffix(content: bytes, form: str) -> str:
    if form == "nifti":
        return ".nii.gz" if content.startswith(GZIP_START) else ".nii"
    return ".tif" if content.startswith(TIFF_STARTS) else ".png"


def main(words: Sequence[str]) -> int:
    """Write ``submission.csv`` from a JSON file or zip; ``test.csv`` and ``challenge.json`` lie beside this file."""
    if len(words) not in (1, 2):
        sys.stderr.write("python to_csv.py SUBMISSION [submission.csv]\n")
        return 2
    here = Path(__file__).resolve().parent
    terms = json.loads((here / "challenge.json").read_text(encoding="utf-8"))
    form, kind = terms["form"], terms["kind"]
    ids = [row[0] for row in table_rows((here / "test.csv").read_bytes())[1:]]
    try:
        rows = rows_of_file(Path(words[0]).read_bytes(), form, kind, ids)
    except CellError as error:
        sys.stderr.write(f"{words[0]}: {error}\n")
        return 3
    target = Path(words[1] if len(words) == 2 else "submission.csv")
    target.write_bytes(table_text(("id", *CELLS[form, kind]), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
