"""From a challenge to a bundle: plan, write beside, test, and only then take the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.building.guide import participants_guide
from compete.building.plan import Plan, plan_build
from compete.building.tables import write_tables
from compete.bundle import TERMS, is_bundle, write_manifests
from compete.challenge import Challenge
from compete.errors import BundleError, Finding, fatal
from compete.files import canonical_json, whole_folder, write_file

Progress = Callable[[str, int, int], None]
Trial = Callable[[Path], Sequence[Finding]]


@dataclass(frozen=True)
class Built:
    """A bundle that was written.

    Attributes:
        path: the folder.
        findings: warnings and notes, of the data, the split and the trial.
        parts: rows for people: part, items, groups, share.
        balance: rows for people: label, share in train, public, private.
    """

    path: Path
    findings: tuple[Finding, ...]
    parts: tuple[tuple[str, ...], ...]
    balance: tuple[tuple[str, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {
            "bundle": str(self.path),
            "parts": [list(row) for row in self.parts],
            "balance": [list(row) for row in self.balance],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def build_bundle(
    challenge: Challenge,
    out: Path,
    *,
    force: bool = False,
    workers: int | None = None,
    trial: Trial | None = None,
    progress: Progress | None = None,
) -> Built:
    """Write the bundle of a challenge; it appears whole or not at all.

    Args:
        challenge: as read from ``challenge.yaml``.
        out: the folder to make.
        force: replace an earlier bundle there.
        workers: processes for images; default one a core.
        trial: scores known predictions against the finished draft; its errors stop the build.
        progress: told what is being done, how far it is, and how much there is.

    Raises:
        DatasetError: if the data cannot be read or split as asked.
        ChallengeError: if the challenge asks for what cannot be.
        BundleError: if the trial fails.
        UsageError: if the output is there already.
    """
    return write_bundle(plan_build(challenge), out, force=force, workers=workers, trial=trial, progress=progress)


def write_bundle(
    plan: Plan,
    out: Path,
    *,
    force: bool = False,
    workers: int | None = None,
    trial: Trial | None = None,
    progress: Progress | None = None,
) -> Built:
    """Write what was planned; see ``build_bundle``."""
    with whole_folder(out, force=force, ours=is_bundle) as root:
        findings = list(plan.findings)
        if plan.file is not None:
            from compete.building.pictures import write_pictures

            plan, told = write_pictures(plan, root, workers=workers, progress=progress)
            findings += told
        write_tables(plan, root)
        _write_rest(plan, root)
        write_manifests(root, challenge_sha256=plan.challenge.sha256)
        if trial:
            findings += _passed(trial(root))
    return Built(out, tuple(findings), plan.parts, plan.balance)


def _write_rest(plan: Plan, root: Path) -> None:
    """Terms, pages, the challenge's own metric, the key, and last the guide, which describes what is there."""
    folder, public = plan.challenge.folder, root / "public"
    write_file(public / TERMS, canonical_json(plan.terms.as_dict()))
    write_file(root / "private" / "key", plan.key.hex().encode() + b"\n")
    for name, path in plan.challenge.pages:
        write_file(public / "pages" / f"{name}.md", (folder / path).read_bytes())
    if own := plan.challenge.score.own:
        write_file(public / "metric.py", (folder / own[0]).read_bytes())
    write_file(public / "README.md", participants_guide(plan.terms, public).encode())


def _passed(findings: Sequence[Finding]) -> list[Finding]:
    if fatal(findings):
        raise BundleError("the finished bundle failed its own trial, so it was not kept", findings)
    return list(findings)
