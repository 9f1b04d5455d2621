"""Archives that exports hold: the same files give the same bytes, and large ones are never in memory at once."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from compete.files import files_below

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member."""

PACKED = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".gif", ".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".parquet", ".npz")
)
"""Endings of files that packing does not make smaller."""

Content = bytes | Path
"""What a member holds: bytes, or the file that they are copied from."""


def write_zip(target: Path, members: Mapping[str, Content]) -> Path:
    """Write an archive in the order of its names.

    Args:
        target: the file to make.
        members: bytes, or files to copy, by their names in the archive.

    Returns:
        The target.
    """
    with target.open("wb") as file:
        _write(file, members)
    return target


def zipped(members: Mapping[str, Content]) -> bytes:
    """An archive as bytes, in the order of its names."""
    out = io.BytesIO()
    _write(out, members)
    return out.getvalue()


def _write(out: IO[bytes], members: Mapping[str, Content]) -> None:
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(members.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system, info.external_attr = 3, (0o100644) << 16
            info.compress_type = zipfile.ZIP_STORED if Path(name).suffix.lower() in PACKED else zipfile.ZIP_DEFLATED
            if isinstance(content, bytes):
                archive.writestr(info, content)
                continue
            info.file_size = content.stat().st_size  # so that a large member gets the fields of a large one
            with content.open("rb") as source, archive.open(info, "w") as member:
                shutil.copyfileobj(source, member, 1 << 20)


def members_of(folder: Path, prefix: str = "") -> dict[str, Path]:
    """The files below a folder by their names in an archive, which begin with a prefix such as ``public/``."""
    return {prefix + path.relative_to(folder).as_posix(): path for path in files_below(folder)}
