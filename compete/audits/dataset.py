"""All that is wrong with the data of a challenge: told by readers, split and images, and found by audits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from compete.audits import AUDITS, Audited
from compete.audits.traces import Traces, traces_of
from compete.challenge import Challenge
from compete.dataset import Dataset
from compete.errors import ChallengeError, DatasetError, Finding, fatal

if TYPE_CHECKING:
    from compete.building.plan import Plan

Progress = Callable[[str, int, int], None]
ORDER = ("error", "warning", "note")


@dataclass(frozen=True, eq=False)
class Material:
    """What audits looked at.

    Attributes:
        plan: of the bundle that would be built; None where none can be.
        looks: what the image files tell; None where there are none, or nobody could look.
    """

    plan: Plan | None = None
    looks: Traces | None = None


def audit_data(
    challenge: Challenge,
    path: Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str = "",
) -> Audited:
    """Gather what can be told of the data, as far as it can be read; see ``audit_material``."""
    return audit_material(challenge, path, workers=workers, progress=progress, cluster=cluster)[0]


def audit_material(
    challenge: Challenge,
    path: Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str = "",
) -> tuple[Audited, Material]:
    """Gather what can be told of the data, as far as it can be read, with what was looked at.

    Args:
        challenge: what the organizer wrote.
        path: where, as the organizer named it.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        cluster: the address of a Dask scheduler whose workers look at the images instead.

    Raises:
        SystemFault: if the disk or a permission forbids reading.
    """
    from compete.readers import read_dataset

    try:
        dataset = read_dataset(challenge)
    except DatasetError as unreadable:
        return Audited(challenge.name, path, 0, _ordered([*challenge.findings, *unreadable.findings])), Material()
    dataset, material, findings = _surveyed(challenge, dataset, workers, progress, cluster)
    findings += audit_dataset(challenge, dataset, material.looks, progress)
    findings += _refused(material.plan, workers)
    return Audited(challenge.name, path, len(dataset.items), _ordered(findings)), material


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Each finding once, the gravest first."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: ORDER.index(one.severity)))


def _surveyed(
    challenge: Challenge, dataset: Dataset, workers: int | None, progress: Progress | None, cluster: str
) -> tuple[Dataset, Material, list[Finding]]:
    """The data as they would be built, what their files tell, and what the split and a look at the files say."""
    from compete.audits.looks import looks_of
    from compete.building.plan import plan_build
    from compete.building.survey import surveyed

    told = [*challenge.findings, *dataset.findings]
    files = dataset.items[challenge.data.file].tolist() if challenge.data.file else None
    try:
        plan = surveyed(plan_build(challenge, dataset), workers=workers, progress=progress, cluster=cluster)
    except (ChallengeError, DatasetError) as unfit:
        # What stops a build does not stop the audits: whatever can be looked at is.
        looks = None if files is None else traces_of(looks_of(files, workers=workers, cluster=cluster))
        return dataset, Material(None, looks), [*told, *unfit.findings]
    looks = None if plan.looks is None else traces_of(plan.looks)
    return plan.dataset, Material(plan, looks), [*told, *plan.findings]


def _refused(plan: Plan | None, workers: int | None) -> list[Finding]:
    """What the gate would stop a build of tables for, as warnings: it is decided there."""
    from compete.audits.gate import audit_draft
    from compete.building.pipeline import draft_of_tables, is_of_tables

    if plan is None or not is_of_tables(plan):
        return []
    with draft_of_tables(plan) as root:
        stopping = fatal(audit_draft(root, workers=workers))
    return [replace(one, severity="warning", message=f"{one.message}; the build stops at this") for one in stopping]


def audit_dataset(
    challenge: Challenge, dataset: Dataset, looks: Traces | None, progress: Progress | None = None
) -> list[Finding]:
    """Run every audit.

    Args:
        challenge: what the organizer wrote.
        dataset: its items and labels.
        looks: what the image files tell; None where there are none.
        progress: told how many audits are done, and of how many.
    """
    findings: list[Finding] = []
    for number, module in enumerate(AUDITS.values(), 1):
        findings += import_module(module).audit(challenge, dataset, looks)
        if progress:
            progress("audits", number, len(AUDITS))
    return findings
