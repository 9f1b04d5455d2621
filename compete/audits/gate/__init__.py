"""The leak gate: every attack of the checklist on a finished bundle, and what is decided about what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compete.audits import Audited
from compete.bundle import accept_leaks, accepted_leaks, open_bundle
from compete.errors import Finding, LeakError, UsageError, fatal

if TYPE_CHECKING:
    from compete.audits.duplicates import Link
    from compete.audits.gate.folder import Folder, Reach
    from compete.audits.gate.verdicts import Probe
    from compete.audits.look import Look

Progress = Callable[[str, int, int], None]


def audit_bundle(root: Path, reach: Reach | None = None, *, progress: Progress | None = None) -> list[Finding]:
    """Attack a bundle in every way of the checklist, with ``public/`` alone; the truth says what succeeds.

    Args:
        root: the bundle, with its private half.
        reach: how much is looked at; None thoroughly.
        progress: told how many attacks are done, and of how many.

    Returns:
        What tells too much, in the order of the checklist; what is sure first, then what was measured against chance.

    Raises:
        BundleError: it is no whole bundle.
    """
    from compete.audits.gate.folder import Reach, open_folder
    from compete.audits.gate.reading import nothing_collected

    with nothing_collected():
        return _once(_attacked(open_folder(Path(root), reach or Reach()), progress))


def _attacked(whole: Folder, progress: Progress | None) -> list[Finding]:
    """Make every attack, and judge what was measured."""
    from compete.audits.gate.checks import CHECKS, NEXT, SOME, WHOLE
    from compete.audits.gate.folder import drawn_from
    from compete.audits.gate.verdicts import Probe, judged, told

    some = drawn_from(whole)
    folders = {WHOLE: whole, SOME: some, NEXT: some if some is whole else drawn_from(whole, in_a_row=True)}
    findings: list[Finding] = []
    probes: list[tuple[Folder, Probe]] = []
    for done, check in enumerate(CHECKS, 1):
        for folder in {id(folders[name]): folders[name] for name in check.of}.values():
            for found in check.attack(folder):
                if isinstance(found, Probe):
                    probes.append((folder, found))
                else:
                    findings.append(found)
        if progress:
            progress("attacks", done, len(CHECKS))
    return [*findings, *told(some, judged(probes))]


def guard(
    root: Path,
    *,
    accepted: Mapping[str, str],
    granted: Mapping[str, str] | None = None,
    reach: Reach | None = None,
    progress: Progress | None = None,
) -> list[Finding]:
    """Attack a bundle, and let it pass only if what is found is accepted; that is recorded in the private manifest.

    Args:
        root: the bundle, with its private half.
        accepted: why, by rule.
        granted: the same of what the challenge itself asks for, whether it is found or not.
        reach: how much is looked at; None thoroughly.
        progress: told how many attacks are done, and of how many.

    Raises:
        UsageError: a rule was accepted under which nothing was found.
        LeakError: an error is left.
    """
    found = audit_bundle(root, reach, progress=progress)
    accepted = {one.rule: granted[one.rule] for one in found if granted and one.rule in granted} | dict(accepted)
    findings = decided(found, accepted)
    if fatal(findings):
        raise LeakError("the bundle would tell what it must hide", findings)
    if accepted:
        accept_leaks(root, accepted)
    return findings


def guard_build(
    root: Path,
    looks: Sequence[Look],
    links: Sequence[Link] | None,
    *,
    accepted: Mapping[str, str],
    granted: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Finding]:
    """Attack a bundle that is still being built, with what the build has seen of its images.

    All that is sure is looked for in all files; statistics are made of at most 2,000 items, and traces of compression
    looked for in as many images as have 20 million pixels together; what that can find is told as a note.

    Args:
        root: the draft, with its manifests.
        looks: what the build has seen of images; empty of tables.
        links: which of these show the same; None where nobody has compared them.
        accepted: why, by rule.
        granted: the same of what the challenge itself asks for, whether it is found or not.
        workers: processes for images of which nothing is known.
        progress: told how many attacks are done, and of how many.

    Raises:
        UsageError: a rule was accepted under which nothing was found.
        LeakError: an error is left.
    """
    reach = _reach_of_draft(looks, links, workers)
    return guard(root, accepted=accepted, granted=granted, reach=reach, progress=progress)


def audit_draft(root: Path, *, workers: int | None = None) -> list[Finding]:
    """Attack a bundle of tables that is not to be kept, as ``guard_build`` would, and decide nothing.

    Args:
        root: the draft, with its manifests.
        workers: processes for images; None one a core.
    """
    return audit_bundle(root, _reach_of_draft((), None, workers))


def _reach_of_draft(looks: Sequence[Look], links: Sequence[Link] | None, workers: int | None) -> Reach:
    from compete.audits.gate.folder import Reach

    return Reach(2_000, 200, 20_000_000, 32, workers=workers, draft=True, looks=looks, links=links)


def audited_bundle(
    root: Path, accepted: Mapping[str, str], *, workers: int | None = None, progress: Progress | None = None
) -> Audited:
    """Attack a finished bundle; what is accepted, now or earlier, becomes a note.

    Args:
        root: the bundle, with its private half.
        accepted: why, by rule; recorded in the private manifest.
        workers: processes for images; None one a core.
        progress: told how many attacks are done, and of how many.

    Raises:
        BundleError: it is no whole bundle.
        UsageError: a rule was accepted under which nothing was found.
    """
    from compete.audits.gate.folder import Reach

    found = decided(audit_bundle(root, Reach(workers=workers), progress=progress), accepted)
    if accepted:
        accept_leaks(root, accepted)
    earlier = {rule: why for rule, why in accepted_leaks(root).items() if rule not in accepted}
    findings = [_accepted(one, earlier[one.rule]) if one.rule in earlier else one for one in found]
    terms = open_bundle(root).terms
    return Audited(terms.name, root, terms.train + terms.test, tuple(findings), of_bundle=True)


def decided(findings: Sequence[Finding], accepted: Mapping[str, str]) -> list[Finding]:
    """The findings of a gate, those that are accepted as notes.

    Args:
        findings: of the gate.
        accepted: why, by rule.

    Raises:
        UsageError: a rule was accepted under which nothing was found.
    """
    found = {finding.rule for finding in findings}
    if unknown := sorted(set(accepted) - found):
        message = f"nothing was found under {', '.join(unknown)}"
        hint = "accept only what a build or an audit has told"
        raise UsageError("nothing was decided", [Finding("leak/not-found", message, hint=hint)])
    return [_accepted(one, accepted[one.rule]) if one.rule in accepted else one for one in findings]


def _accepted(finding: Finding, reason: str) -> Finding:
    return replace(finding, severity="note", message=f"{finding.message}; accepted: {reason}", hint="")


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Findings of one rule and place told once, the graver first."""
    order = {"error": 0, "warning": 1, "note": 2}
    kept: dict[tuple[str, str, str], Finding] = {}
    for finding in sorted(findings, key=lambda one: order[one.severity]):
        kept.setdefault((finding.rule, finding.where, finding.message), finding)
    return list(kept.values())
