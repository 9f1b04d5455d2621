"""Before the split: a look at every image, which images show the same, and a plan in which those stay together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from compete.audits.duplicate_findings import cut_findings, findings_of_duplicates
from compete.audits.duplicates import Duplicates, Link, components, find_duplicates, strongest
from compete.audits.looks import Looks, look_findings, looks_of
from compete.building.normal import normal_of, normalize_findings
from compete.building.plan import Plan, plan_build
from compete.building.scaled import scaled_duplicates
from compete.dataset import Dataset
from compete.errors import DatasetError, Finding, fatal
from compete.terms import IMAGE_TASKS

Progress = Callable[[str, int, int], None]
LOOKS = "looks"
"""The file beside the draft that keeps what was seen."""


def surveyed(
    plan: Plan,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    draft: Path | None = None,
    cluster: str = "",
) -> Plan:
    """Look at the images of a plan, and plan anew with those together that show the same.

    Args:
        plan: as it was planned without a look at the images; one of tables, or surveyed already, comes back as it is.
        workers: processes; default one a core.
        progress: told what is being done, how far it is, and how much there is.
        draft: the folder that is being filled, beside which looks are kept for the case that the build is killed.
        cluster: the address of a Dask scheduler whose workers look instead.

    Returns:
        The plan with the looks, and with what is to be told of the images among its findings.

    Raises:
        DatasetError: if an image cannot be taken, or the data cannot be split with such items together.
    """
    if plan.file is None or plan.looks is not None:
        return plan
    looks, duplicates, told = look_at(plan, workers=workers, progress=progress, draft=draft, cluster=cluster)
    if fatal(told):
        raise DatasetError("some images cannot be published", told)
    dataset, kept = plan.dataset, np.arange(len(looks))
    dropped: dict[int, int] = {}
    if plan.challenge.data.duplicates == "drop" and plan.challenge.task not in IMAGE_TASKS:
        dropped = copies_with_equal_labels(plan, duplicates)
        kept = np.setdiff1d(kept, np.array(list(dropped), dtype=np.int64))
        dataset = without(dataset, kept) if dropped else dataset
    linked = _linked_pairs(plan, duplicates, kept)
    if len(linked) or dropped:
        plan = _planned_anew(plan, dataset, linked, told)
    links = _links_of_kept(duplicates.links, dropped, kept)
    findings = [*plan.findings, *told, *cut_findings(plan, links)]
    return replace(plan, looks=looks.take(kept), links=tuple(links), findings=tuple(findings))


def look_at(
    plan: Plan,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    draft: Path | None = None,
    cluster: str = "",
) -> tuple[Looks, Duplicates, list[Finding]]:
    """Look at the images of a plan, find those that show the same, and say what is to be told of both.

    The looks come back without marks.
    """
    assert plan.file is not None
    journal = draft.parent / LOOKS if draft else None
    looks = looks_of(
        plan.file,
        names=_names(plan),
        workers=workers,
        progress=_told(progress, "images"),
        cluster=cluster,
        journal=journal,
    )
    told = [*look_findings(looks), *normalize_findings(plan.challenge, looks)]
    if fatal(told):
        return looks, Duplicates((), np.arange(len(looks))), told
    comparing = _told(progress, "likely duplicates")
    whole, looks = [looks], looks.without_marks()  # the search holds the only marks, and lets go of them
    duplicates = find_duplicates(plan.file, whole.pop(), workers=workers, progress=comparing, cluster=cluster)
    if normal := normal_of(plan.challenge, looks):
        scaling, names = _told(progress, "scaled images"), _names(plan)
        duplicates = scaled_duplicates(
            plan.file, looks, normal, duplicates, names=names, workers=workers, progress=scaling
        )
    return looks, duplicates, [*told, *findings_of_duplicates(plan, duplicates, _names(plan))]


def image_name(path: str) -> str:
    """What a finding calls an item's image: its file with the folder it is in, which alone may tell two apart."""
    return "/".join(path.replace(os.sep, "/").split("/")[-2:])  # a Path of each would keep all their parts


def _names(plan: Plan) -> list[str]:
    """What findings call the images; made when it is asked for, as nothing of it is needed while copies are found."""
    return [image_name(path) for path in plan.file or ()]


def copies_with_equal_labels(plan: Plan, duplicates: Duplicates) -> dict[int, int]:
    """The rows of exact copies that say the same as one with an earlier id, and the row of that one."""
    exact = [(link.first, link.second) for link in duplicates.links if link.exact]
    copies = sorted({row for pair in exact for row in pair}, key=lambda row: str(plan.dataset.items.index[row]))
    first = components(len(duplicates.component), exact)
    labels = list(plan.target.values())
    dropped: dict[int, int] = {}
    kept: dict[int, list[int]] = {}
    for row in copies:
        before = kept.setdefault(int(first[row]), [])
        same = next((other for other in before if all(column[row] == column[other] for column in labels)), None)
        if same is None:
            before.append(row)
        else:
            dropped[row] = same
    return dropped


def _links_of_kept(links: Sequence[Link], dropped: Mapping[int, int], kept: np.ndarray[Any, Any]) -> list[Link]:
    """The links between the places of kept rows; a copy that is dropped leaves its own to that which is kept."""
    place = dict(zip(kept.tolist(), range(len(kept)), strict=True))
    place |= {row: place[other] for row, other in dropped.items()}
    return strongest((place[link.first], place[link.second], link.kind) for link in links)


def without(dataset: Dataset, kept: np.ndarray[Any, Any]) -> Dataset:
    """The dataset with some of its rows; of a task whose items have labels and nothing else."""
    items = dataset.items.iloc[kept]
    labels = dataset.labels[dataset.labels["item"].isin(items.index)].reset_index(drop=True)
    lines = [dataset.lines[row] for row in kept.tolist()] if len(dataset.lines) else ()
    return replace(dataset, items=items, labels=labels, lines=lines)


def _linked_pairs(plan: Plan, duplicates: Duplicates, kept: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which of the kept rows are linked, shape (k, 2); every component is joined, whatever of it was dropped."""
    if plan.challenge.data.duplicates == "keep":
        return np.empty((0, 2), np.int64)
    component = duplicates.component[kept]
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    pairs = np.stack((first[inverse], np.arange(len(kept))), axis=1)
    linked: np.ndarray[Any, Any] = pairs[pairs[:, 0] != pairs[:, 1]]
    return linked


def _planned_anew(plan: Plan, dataset: Dataset, linked: np.ndarray[Any, Any], told: Sequence[Finding]) -> Plan:
    """The plan with linked items together; what others found of it before is kept."""
    try:
        again = plan_build(plan.challenge, dataset, linked)
    except DatasetError as error:
        raise DatasetError(error.message, [*error.findings, *told]) from None
    findings = [finding for finding in plan.findings if not finding.rule.startswith("split/")]
    findings += [finding for finding in again.findings if finding.rule.startswith("split/")]
    anew = {field.name: getattr(again, field.name) for field in fields(Plan)}
    return replace(plan, **{**anew, "findings": tuple(findings)})


def _told(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(what, done, total)) if progress else None
