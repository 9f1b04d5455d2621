"""Importers: one file a platform, each with ``read(source, folder, out) -> Imported``, which writes a challenge.

What ``read`` writes into ``folder`` (which exists and is empty) is a challenge that ``compete build`` takes: a
``challenge.yaml``, tables below ``data/``, perhaps a ``metric.py``. The folder gets the name ``out`` when all is done,
so paths to what stays where it is are relative to that. What could not be carried over is told as findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from compete.errors import Finding, UsageError
from compete.files import canonical_json, whole_folder

IMPORTERS = {
    "codabench": "compete.importers.codabench",
    "kaggle": "compete.importers.kaggle",
}
"""Name of the platform -> module. A new importer is a file and a line here."""

RECORD = "import.json"
"""What stands beside an imported challenge: where it is from, what was carried over, and what was not."""

CHALLENGE = "challenge.yaml"


@dataclass(frozen=True)
class Imported:
    """A challenge made of an existing competition.

    Attributes:
        platform: where it is from.
        path: the folder of the challenge.
        carried: what was taken over, and as what.
        findings: what could not be carried over, as warnings and notes.
    """

    platform: str
    path: Path
    carried: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {
            "platform": self.platform,
            "challenge": str(self.path / CHALLENGE),
            "carried": dict(self.carried),
            "findings": [finding.as_dict() for finding in self.findings],
        }


class Importer(Protocol):
    """The door of a platform's module."""

    def read(self, source: Path, folder: Path, out: Path) -> Imported:
        """Write a challenge into an empty folder that will be called ``out``."""


def import_competition(source: Path, platform: str, out: Path, *, force: bool = False) -> Imported:
    """Make a challenge of an existing competition; it appears whole or not at all.

    Args:
        source: what the platform has of it: a folder or an archive.
        platform: a name in ``IMPORTERS``.
        out: the folder to make.
        force: replace an earlier import there.

    Raises:
        UsageError: no importer is called so, there is nothing at the source, or the folder is there.
        DatasetError: the source is no competition, or one that cannot be rebuilt.
    """
    if platform not in IMPORTERS:
        close = get_close_matches(platform.lower(), IMPORTERS, 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(IMPORTERS)}"
        finding = Finding("import/unknown-platform", f"nothing is imported from {platform!r}", hint=hint)
        raise UsageError("nothing was imported", [finding])
    if not source.exists():
        raise UsageError("nothing was imported", [Finding("import/nothing-there", "there is none", str(source))])
    importer = cast("Importer", import_module(IMPORTERS[platform]))
    with whole_folder(out, force=force, ours=is_import) as folder:
        imported = importer.read(source, folder, out)
        record = imported.as_dict()
        record["challenge"] = CHALLENGE
        (folder / RECORD).write_bytes(canonical_json(record))
    return imported


def is_import(folder: Path) -> bool:
    """Whether the folder was written by ``compete import``, so that it may be replaced."""
    return (folder / RECORD).is_file() and (folder / CHALLENGE).is_file()
