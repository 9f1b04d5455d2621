"""Tar archives that are packed with gzip: the same files give the same bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from compete.exporters.archive import Content
from compete.files import EPOCH


def write_tarball(target: Path, members: Mapping[str, Content]) -> Path:
    """Write a ``.tar.gz`` in the order of its names, whose files belong to nobody and have one time.

    Args:
        target: the file to make.
        members: bytes, or files to copy, by their names in the archive.

    Returns:
        The target.
    """
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in sorted(members.items()):
            info = tarfile.TarInfo(name)
            info.mtime, info.mode = EPOCH, 0o644
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
                continue
            info.size = content.stat().st_size
            with content.open("rb") as file:
                archive.addfile(info, file)
    return target
