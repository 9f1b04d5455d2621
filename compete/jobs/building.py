"""The jobs around a bundle: start a challenge, check, audit, build, convert, verify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compete.errors import ChallengeError, Finding, UsageError, fatal
from compete.jobs.recommending import metric_warnings

if TYPE_CHECKING:
    from compete.audits import Audited
    from compete.audits.duplicates import Link
    from compete.audits.look import Look
    from compete.building.plan import Outcome, Plan
    from compete.building.starter import Started

Progress = Callable[[str, int, int], None]


def start_challenge(folder: Path, source: str, *, task: str = "", force: bool = False) -> Started:
    """Write a first ``challenge.yaml``; see ``compete.building.starter``."""
    from compete.building.starter import write_challenge

    return write_challenge(folder, source, task=task, force=force)


def check_challenge(
    path: Path,
    *,
    accepted: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "",
) -> Outcome:
    """Say what a build would do, and what is wrong: all that a build does, and nothing is kept.

    Finished images alone are not attacked, since there are none before the build.

    Args:
        path: ``challenge.yaml``, or its folder.
        accepted: leaks that the build will be told to accept, and why.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at images: ``dask:ADDRESS``, or the cores of this machine.

    Raises:
        CompeteError: as ``build``, but for the output.
    """
    from compete.audits.gate import guard_build
    from compete.building.pipeline import rehearse_bundle, with_looks
    from compete.building.plan import Outcome
    from compete.cluster import cluster_of
    from compete.scoring.trial import try_scoring

    def gate(root: Path, looks: Sequence[Look], links: Sequence[Link] | None) -> list[Finding]:
        return guard_build(root, looks, links, accepted=accepted or {}, workers=workers, progress=progress)

    cluster = cluster_of(engine)
    plan = with_looks(_planned(path), workers=workers, progress=progress, cluster=cluster)
    findings = rehearse_bundle(plan, workers=workers, trial=try_scoring, gate=gate, progress=progress, cluster=cluster)
    return Outcome(path, (*findings, *metric_warnings(plan)), plan.parts, plan.balance, plan.terms.sample_name)


def build(
    path: Path,
    out: Path,
    *,
    force: bool = False,
    accepted: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "",
) -> Outcome:
    """Build a bundle, try its scoring and attack it before it is kept.

    Args:
        path: ``challenge.yaml``, or its folder.
        out: the bundle to make; it appears whole or not at all.
        force: replace an earlier bundle there.
        accepted: leaks that are accepted, and why; recorded in the private manifest.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at images: ``dask:ADDRESS``, or the cores of this machine, which write them in any case.

    Raises:
        CompeteError: as ``check_challenge``, and if the output is there or the trial fails.
        LeakError: if the bundle would tell what it must hide, and that is not accepted.
        UsageError: if a leak is accepted that was not found.
    """
    from compete.audits.gate import guard_build
    from compete.building.pipeline import write_bundle
    from compete.cluster import cluster_of
    from compete.scoring.trial import try_scoring

    def gate(root: Path, looks: Sequence[Look], links: Sequence[Link] | None) -> list[Finding]:
        return guard_build(
            root, looks, links, accepted=accepted or {}, granted=granted, workers=workers, progress=progress
        )

    cluster, plan = cluster_of(engine), _planned(path)
    granted = {"leak/overlap": "`data.duplicates: keep`"} if plan.challenge.data.duplicates == "keep" else {}
    return write_bundle(
        plan,
        out,
        force=force,
        workers=workers,
        trial=try_scoring,
        gate=gate,
        progress=progress,
        cluster=cluster,
    )


def audit(
    path: Path,
    *,
    accepted: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "",
) -> Audited:
    """Say what is wrong with the data of a challenge, or what a finished bundle tells that it should not.

    Args:
        path: a challenge, or a bundle.
        accepted: leaks of a bundle that are accepted, and why; recorded in its private manifest.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at the images of a challenge: ``dask:ADDRESS``, or the cores of this machine.

    Raises:
        CompeteError: as ``audit_challenge``; of a bundle if it is not whole.
        UsageError: if leaks of a challenge are accepted, or such as were not found.
    """
    from compete.bundle import is_bundle

    if not is_bundle(path):
        if accepted:
            hint = "accept leaks when you build, or of a bundle"
            finding = Finding("usage/accept-leak", "a challenge has no leaks to accept", str(path), hint=hint)
            raise UsageError("nothing was decided", [finding])
        return audit_challenge(path, workers=workers, progress=progress, engine=engine)
    if engine:
        hint = "an engine looks at the images of a challenge; leave --engine out"
        raise UsageError("nothing was audited", [Finding("engine/unknown", "a bundle is audited here", hint=hint)])
    from compete.audits.gate import audited_bundle

    return audited_bundle(path, accepted or {}, workers=workers, progress=progress)


def decisions_of(rules: Sequence[str], reasons: Sequence[str]) -> dict[str, str]:
    """Accepted leaks with their reasons.

    Raises:
        UsageError: a rule has no reason, a reason no rule, or a rule is accepted twice.
    """
    twice = [rule for rule, number in Counter(rules).items() if number > 1]
    if len(rules) != len(reasons):
        from compete.dataset import counted

        leaks, whys = counted(len(rules), "leak is", "leaks are"), counted(len(reasons), "reason", "reasons")
        message = f"{leaks} accepted with {whys}"
    elif empty := [rule for rule, reason in zip(rules, reasons, strict=True) if not reason.strip()]:
        message = f"the reason for {empty[0]} is empty"
    elif twice:
        message = f"{twice[0]} is accepted twice"
    else:
        return dict(zip(rules, reasons, strict=True))
    hint = 'say for each rule once: --accept-leak RULE --because "…"'
    raise UsageError("nothing was decided", [Finding("usage/accept-leak", message, hint=hint)])


def audit_challenge(
    path: Path, *, workers: int | None = None, progress: Progress | None = None, engine: str = ""
) -> Audited:
    """Say everything that is wrong with the data of a challenge, as far as it can be read.

    What the readers, the split and the images themselves tell is gathered with what the audits find; of tables also
    what the gate would stop a build for.

    Args:
        path: ``challenge.yaml``, or its folder.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at images: ``dask:ADDRESS``, or the cores of this machine.

    Raises:
        ChallengeError: the file itself is at fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    from compete.audits.dataset import audit_data
    from compete.challenge import load_challenge
    from compete.cluster import cluster_of

    cluster = cluster_of(engine)
    return audit_data(load_challenge(path), path, workers=workers, progress=progress, cluster=cluster)


def _planned(path: Path) -> Plan:
    """The plan of a challenge whose metrics can be computed."""
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge
    from compete.scoring.measures import metric_findings

    challenge = load_challenge(path)
    plan = plan_build(challenge)
    found = [replace(finding, where=challenge.where(finding.where)) for finding in metric_findings(plan.terms)]
    if fatal(found):
        raise ChallengeError("the challenge asks for what cannot be scored", found)
    return replace(plan, findings=(*plan.findings, *found))


def convert(path: Path, writer: str, out: Path) -> tuple[int, list[Finding]]:
    """Write the images and objects of a challenge's data in another format.

    Args:
        path: ``challenge.yaml``, or its folder.
        writer: a name in ``compete.readers.writing.WRITERS``.
        out: the folder to make; it appears whole or not at all.

    Returns:
        How many images were written, and what the format cannot hold.

    Raises:
        UsageError: no format is called so, or the folder is there.
        CompeteError: the data cannot be read, or not be written so.
    """
    from compete.challenge import load_challenge
    from compete.files import whole_folder
    from compete.readers import read_dataset
    from compete.readers.writing import WRITERS, write_dataset

    if writer not in WRITERS:
        hint = f"one of {', '.join(WRITERS)}"
        raise UsageError("nothing was written", [Finding("usage/unknown-name", f"no writer is {writer!r}", hint=hint)])
    challenge = load_challenge(path)
    as_it_is = replace(challenge, data=replace(challenge.data, normalize=None))
    dataset = read_dataset(as_it_is)
    with whole_folder(out, ours=lambda _: False) as folder:
        findings = write_dataset(writer, dataset, folder)
    return len(dataset.items), [*dataset.findings, *findings]


def verify(path: Path) -> list[Finding]:
    """Every file of a bundle that is not as it was built, and as notes the leaks that were accepted."""
    from compete.bundle import accepted_leaks, verify_bundle

    accepted = accepted_leaks(path).items()
    notes = [Finding("leak/accepted", f"{rule} was accepted: {reason}", severity="note") for rule, reason in accepted]
    return [*verify_bundle(path), *notes]
