"""The truth of images as one file of arrays: objects, label images or segments, as scoring wants them.

A bundle is built once and scored often, so what takes long to read (polygons, PNG files) is compiled at build time. The
file is an uncompressed ``.npz``: one member a field, ``mask.text`` for the field of a field, and ``kind``.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import numpy as np

from compete.errors import BundleError, Finding

KINDS = {
    "Objects": "metrics.objects",
    "Federated": "metrics.federated",
    "Masks": "metrics.masks",
    "LabelMaps": "metrics.label_maps",
    "Segments": "metrics.segments",
}
"""The records that may be kept, and where each is defined."""

NESTED = {"objects": "Objects", "mask": "Masks", "maps": "LabelMaps"}
"""Fields that are records themselves."""

KIND = "kind"
EPOCH = (1980, 1, 1, 0, 0, 0)

_LOCAL, _CENTRAL, _LAST = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_HEADER = struct.Struct("<4sHHHIIIIHH")
_END = struct.Struct("<4sHHHHIIH")


def pack_truth(record: Any) -> bytes:
    """A truth as bytes; the same truth gives the same bytes.

    Args:
        record: ``Objects``, ``Federated``, ``LabelMaps`` or ``Segments`` of the ``metrics`` package.

    Returns:
        The content of ``truth.npz``.
    """
    import zipfile  # takes long to load, and scoring does without: see `_members`

    out = io.BytesIO()
    arrays = {KIND: np.array(type(record).__name__), **dict(_fields(record, ""))}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, array in sorted(arrays.items()):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, member.getvalue())
    return out.getvalue()


def unpack_truth(raw: bytes, name: str) -> Any:
    """A truth that ``pack_truth`` wrote.

    Args:
        raw: the content of the file.
        name: how a finding calls the file.

    Raises:
        BundleError: if the bytes are not such a file.
    """
    try:
        arrays = dict(_members(raw))
        return _record(str(arrays.pop(KIND)[()]), arrays)
    except (ValueError, KeyError, TypeError, EOFError, AttributeError, struct.error):
        finding = Finding("bundle/changed", "this is not as it was built", name, hint="build the bundle again")
        raise BundleError("the bundle cannot be used", [finding]) from None


def _members(raw: bytes) -> Iterator[tuple[str, Any]]:
    """The arrays of a zip archive whose members stand one after the other, not compressed, as `pack_truth` writes them.

    Raises:
        ValueError: it is no such archive; also `struct.error`, where it ends too early.
    """
    at = count = 0
    while raw[at : at + 4] != _CENTRAL:
        magic, _, flags, method, _, checksum, size, plain, named, extra = _HEADER.unpack_from(raw, at)
        begin = at + _HEADER.size + named
        content, name = raw[begin : begin + plain], raw[at + _HEADER.size : at + _HEADER.size + named]
        if magic != _LOCAL or flags or method or extra or size != plain or zlib.crc32(content) != checksum:
            raise ValueError("not a member that was built")
        yield (
            name.decode("ascii").removesuffix(".npy"),
            np.lib.format.read_array(io.BytesIO(content), allow_pickle=False),
        )
        at, count = begin + size, count + 1
    end = len(raw) - _END.size
    if _END.unpack_from(raw, end) != (_LAST, 0, 0, count, count, end - at, at, 0):
        raise ValueError("the archive does not end as it was built")


def _fields(record: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Every field that holds something, with its dotted name."""
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            yield from _fields(value, f"{prefix}{field.name}.")
        elif value is not None:
            yield prefix + field.name, np.asarray(value)


def _record(kind: str, arrays: dict[str, Any]) -> Any:
    """A record from its fields; single numbers become numbers again."""
    values: dict[str, Any] = {}
    for name in {key.partition(".")[0] for key in arrays}:
        inner = {key.partition(".")[2]: array for key, array in arrays.items() if key.startswith(f"{name}.")}
        found = _record(NESTED[name], inner) if inner else arrays[name]
        values[name] = found.item() if isinstance(found, np.ndarray) and not found.ndim else found
    return getattr(import_module(KINDS[kind]), kind)(**values)
