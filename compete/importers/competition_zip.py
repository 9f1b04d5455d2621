"""The files of a competition's zip: those of folders in it, and those of zips in it, alike."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compete.cells import ZIP_DAMAGE
from compete.errors import DatasetError, Finding

MOST_BYTES = 1 << 31
"""Bytes that a file of the zip may unfold to."""

LEFT_BEHIND = ("__MACOSX", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class Files:
    """Some files of a zip.

    Attributes:
        archive: the zip.
        names: of the files by what they are called here; names that would lead elsewhere are left out.
    """

    archive: zipfile.ZipFile
    names: dict[str, str]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DatasetError: if it is damaged, locked or far too large.
        """
        try:
            info = self.archive.getinfo(self.names[name])
            if info.file_size > MOST_BYTES:
                raise _unreadable(name, f"it unfolds to {info.file_size:,} bytes")
            return self.archive.read(info)
        except ZIP_DAMAGE as error:
            raise _unreadable(name, str(error) or type(error).__name__) from None

    def text(self, name: str) -> str:
        """A file as text; what is not UTF-8 is read as Latin-1, as old bundles write."""
        raw = self.read(name)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def below(self, place: str) -> Files:
        """The files of a folder, or of a zip that lies there; none where there is neither."""
        place = PurePosixPath(place).as_posix()
        if place in self.names:
            return _opened(io.BytesIO(self.read(place)), place) if _is_zip(self.read(place)) else self._only(place)
        inside = f"{place}/"
        found = {name.removeprefix(inside): real for name, real in self.names.items() if name.startswith(inside)}
        return Files(self.archive, found)

    def _only(self, place: str) -> Files:
        return Files(self.archive, {PurePosixPath(place).name: self.names[place]})


def open_competition(path: Path) -> Files:
    """The files of a zip; of one whose files all lie in one folder, those of the folder.

    Raises:
        DatasetError: if it is none.
    """
    try:
        files = _opened(io.BytesIO(path.read_bytes()), path.name)
    except FileNotFoundError:
        raise _unreadable(str(path), "there is no such file") from None
    except IsADirectoryError:
        raise _unreadable(str(path), "it is a folder; give the zip") from None
    tops = {name.split("/")[0] for name in files.names}
    return files.below(tops.pop()) if len(tops) == 1 and all("/" in name for name in files.names) else files


def _opened(source: io.BytesIO, name: str) -> Files:
    try:
        archive = zipfile.ZipFile(source)
    except ZIP_DAMAGE as error:
        raise _unreadable(name, str(error) or type(error).__name__) from None
    infos = [info for info in archive.infolist() if not info.is_dir()]
    plain = {PurePosixPath(info.filename).as_posix(): info.filename for info in infos}
    return Files(archive, {name: real for name, real in sorted(plain.items()) if _is_wanted(name)})


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    leads_out = name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0]
    return not leads_out and not any(part in LEFT_BEHIND or part.startswith("._") for part in parts)


def _is_zip(raw: bytes) -> bool:
    return raw[:4] in (b"PK\3\4", b"PK\5\6")


def _unreadable(name: str, why: str) -> DatasetError:
    hint = "give the zip that was uploaded to CodaBench, or downloaded from it"
    return DatasetError(
        "nothing was imported", [Finding("import/unreadable", f"it cannot be read: {why}", name, hint=hint)]
    )
