"""Exporters: one file a platform, each with ``export(competition, folder)``, ``inexpressible`` and ``check``.

Each module of ``PLATFORMS`` has three doors:

- ``inexpressible(competition) -> list[Finding]``: what keeps the challenge from the platform, and what would help; no
  finding of severity ``error`` means that it can be exported.
- ``export(competition, folder) -> Handover``: write into an empty folder that exists; what is private may only stand in
  files that the platform keeps to itself.
- ``check(path) -> list[Finding]``: what the platform would refuse or silently mistreat, whoever wrote the export.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from compete.bundle import Bundle, open_bundle, verify_bundle
from compete.errors import BundleError, Finding, UsageError, fatal
from compete.files import canonical_json, files_below, sha256_of, whole_folder
from compete.version import __version__

PLATFORMS = {
    "codabench": "compete.exporters.codabench",
    "huggingface": "compete.exporters.huggingface",
    "kaggle": "compete.exporters.kaggle",
    "mlebench": "compete.exporters.mlebench",
    "evalai": "compete.exporters.evalai",
    "grand-challenge": "compete.exporters.grand_challenge",
    "plain": "compete.exporters.plain",
}
"""Name of the platform -> module. A new platform is a file and a line here."""

RECORD = "export.json"
"""What stands in every export of ours: platform, challenge, and the SHA-256 of each file."""

FORMAT = 1

OPENS, CLOSES = datetime(2000, 1, 1), datetime(2099, 1, 1)  # noqa: DTZ001  (platforms drop the zone and take UTC)
"""When a competition without dates begins and ends; not today, or the same bundle would give other bytes tomorrow."""


@dataclass(frozen=True, eq=False)
class Competition:
    """What an exporter is given.

    Attributes:
        bundle: whole, and as it was built.
        sample: the sample submission scored without intervals, as ``Result.as_dict`` tells it: under ``metrics`` one
            record a measure, the ranking one first (name, greater_is_better, low, high), and under ``scores`` one
            record for each metric, part and group.
        perfect: a submission that is right everywhere, as bytes; as private as the solution itself.
        best: the perfect submission scored in the same way.
        opens: when submissions begin, in UTC, without a zone.
        closes: when they end, and private scores are told.
        dated: whether these two were chosen by the organizer; else they stand for *at once* and *not for a long time*.
    """

    bundle: Bundle
    sample: Mapping[str, Any]
    perfect: bytes
    best: Mapping[str, Any]
    opens: datetime = OPENS
    closes: datetime = CLOSES
    dated: bool = False

    @property
    def private(self) -> Path:
        """The organizer's folder."""
        assert self.bundle.private
        return self.bundle.private

    @property
    def measures(self) -> list[Mapping[str, Any]]:
        """One record a measure, the ranking one first."""
        return list(self.sample["metrics"])

    def groups(self, part: str) -> list[str]:
        """The subgroups whose scores are told on a part, as ``column=value``, in the order of the scores."""
        told = (score["group"] for score in self.sample["scores"] if score["part"] == part)
        return [group for group in dict.fromkeys(told) if group]


@dataclass(frozen=True)
class Handover:
    """What an exporter leaves.

    Attributes:
        upload: the file or folder to give to the platform, below the export.
        steps: what the organizer does next, one command or sentence each, in order.
        findings: what the platform cannot hold, as warnings and notes.
    """

    upload: str
    steps: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Exported:
    """A finished export: where it is, for which platform, and what the exporter left to say."""

    platform: str
    path: Path
    handover: Handover

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        found = [finding.as_dict() for finding in self.handover.findings]
        upload = str(self.path / self.handover.upload)
        return {
            "platform": self.platform,
            "path": str(self.path),
            "upload": upload,
            "steps": list(self.handover.steps),
            "findings": found,
        }


class Exporter(Protocol):
    """The doors of a platform's module."""

    def inexpressible(self, competition: Competition) -> list[Finding]:
        """What keeps the challenge from the platform."""

    def export(self, competition: Competition, folder: Path) -> Handover:
        """Write into an empty folder."""

    def check(self, path: Path) -> list[Finding]:
        """What the platform would refuse or mistreat."""


def exporter_of(platform: str) -> Exporter:
    """The module of a platform.

    Raises:
        UsageError: no platform is called so.
    """
    if platform not in PLATFORMS:
        close = get_close_matches(platform.lower().replace("_", "-"), PLATFORMS, 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(PLATFORMS)}"
        finding = Finding("export/unknown-platform", f"no platform is called {platform!r}", hint=hint)
        raise UsageError("nothing was exported", [finding])
    return cast("Exporter", import_module(PLATFORMS[platform]))


def whole_bundle(path: Path) -> Bundle:
    """Open a bundle of which both halves are there and as they were built.

    Raises:
        BundleError: it is none, it was not built yet, its private half is missing, or a byte is changed.
    """
    bundle = open_bundle(path)
    if not bundle.private:
        hint = "give the whole bundle, not its public half"
        finding = Finding("bundle/no-solution", "there is no private/ beside it", str(path), hint=hint)
        raise BundleError("nothing was exported", [finding])
    bundle.solution()
    if faults := fatal(verify_bundle(bundle.root)):
        raise BundleError("a bundle that is not as it was built is not exported", faults)
    return bundle


def export_competition(competition: Competition, platform: str, out: Path, *, force: bool = False) -> Exported:
    """Write the export of a platform; it appears whole or not at all.

    Args:
        competition: the bundle, and what its scoring says of known submissions.
        platform: a name in ``PLATFORMS``.
        out: the folder to make.
        force: replace an earlier export there.

    Raises:
        UsageError: no platform is called so, or the folder is there.
        BundleError: the platform cannot express the challenge.
    """
    exporter = exporter_of(platform)
    found = exporter.inexpressible(competition)
    if fatal(found):
        raise BundleError(f"{platform} cannot hold this challenge", found)
    with whole_folder(out, force=force, ours=is_export) as folder:
        handover = exporter.export(competition, folder)
        listed = {path.relative_to(folder).as_posix(): sha256_of(path)[0] for path in files_below(folder)}
        terms = competition.bundle.terms
        challenge = {"name": terms.name, "version": terms.version, "sha256": competition.bundle.terms_sha256}
        about = {"format": FORMAT, "builder": f"compete {__version__}", "platform": platform, "challenge": challenge}
        (folder / RECORD).write_bytes(canonical_json({**about, "files": listed}))
    told = (*(finding for finding in found if finding not in handover.findings), *handover.findings)
    return Exported(platform, out, Handover(handover.upload, handover.steps, told))


def is_export(folder: Path) -> bool:
    """Whether the folder was written by ``compete export``, so that it may be replaced."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and str(content.get("builder", "")).startswith("compete ")


def check_export(path: Path, platform: str) -> list[Finding]:
    """What a platform would refuse or silently mistreat in an export, whoever wrote it.

    Raises:
        UsageError: no platform is called so, or there is nothing at the path.
    """
    exporter = exporter_of(platform)
    if not path.exists():
        finding = Finding("export/nothing-there", "there is no such file or folder", str(path))
        raise UsageError("nothing was checked", [finding])
    return exporter.check(path)
