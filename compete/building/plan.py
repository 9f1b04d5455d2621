"""What a build will do, decided before a byte is written: parts, ids, columns, terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.building.asked import asked_findings
from compete.building.contract import feature_findings, name_findings, range_findings, terms_of
from compete.building.discretion import personal_findings
from compete.building.identity import derived_key, file_name_findings, opaque_ids, repeated, secret_key, seed_findings
from compete.building.parts import TRAIN_PART, Pairs, divide
from compete.building.scene_terms import coverage_findings, depth_findings, form_findings, image_terms
from compete.building.wording import Wording, wording_of
from compete.challenge import Challenge
from compete.dataset import Dataset, feature_columns, group_values, subgroup_values
from compete.errors import ChallengeError, DatasetError, Finding, fatal
from compete.nifti import without_suffix
from compete.readers import read_dataset
from compete.terms import IMAGE_TASKS, Terms

if TYPE_CHECKING:
    from compete.audits.duplicates import Link
    from compete.audits.look_columns import Looks

Texts = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass(frozen=True)
class Outcome:
    """What a build did, or would do.

    Attributes:
        path: the bundle that was written, or the challenge that was looked at.
        findings: warnings and notes, of the data, the split and the trial.
        parts: rows for people: part, items, groups, share.
        balance: rows for people: label, share in train, public, private.
        sample: the name of the sample submission.
    """

    path: Path
    findings: tuple[Finding, ...]
    parts: tuple[tuple[str, ...], ...]
    balance: tuple[tuple[str, ...], ...]
    sample: str

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {
            "path": str(self.path),
            "parts": [list(row) for row in self.parts],
            "balance": [list(row) for row in self.balance],
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True)
class Plan:
    """A build before it is written; row ``i`` of every array is the dataset's item ``i``.

    Attributes:
        challenge: what the organizer asked for.
        dataset: the items and labels.
        terms: what participants and scoring are told.
        key: what opaque names are made with.
        id: opaque ids, shape (n,).
        part: 0 train, 1 public, 2 private, shape (n,).
        target: label columns as text; none of images, whose truth is in the dataset.
        group: opaque group names, or None.
        subgroup: subgroup columns as text.
        features: names of the columns that participants see.
        file: paths of the items' files: of the source, and below the bundle once they are written; None for tables.
        findings: warnings and notes.
        parts: rows for people: part, items, groups, share.
        balance: rows for people: label, share in train, public, private.
        looks: what was seen of each item's file, in order, without marks; None before anybody looked, and of tables.
        links: which of these show the same; None before anybody compared them.
    """

    challenge: Challenge
    dataset: Dataset
    terms: Terms
    key: bytes
    id: Texts
    part: np.ndarray[tuple[int], np.dtype[np.int8]]
    target: Mapping[str, Texts]
    group: Texts | None
    subgroup: Mapping[str, Texts]
    features: tuple[str, ...]
    file: Sequence[str] | None
    findings: tuple[Finding, ...]
    parts: tuple[tuple[str, ...], ...]
    balance: tuple[tuple[str, ...], ...]
    looks: Looks | None = None
    links: tuple[Link, ...] | None = None

    def public_name(self, row: int) -> str:
        """The name of an item's file in the bundle, without its folder."""
        assert self.file is not None
        name = Path(self.file[row]).name
        return f"{self.id[row]}{name[len(without_suffix(name)) :]}"


def plan_build(challenge: Challenge, dataset: Dataset | None = None, linked: Pairs | None = None) -> Plan:
    """Read the data of a challenge and decide everything about its bundle.

    Args:
        challenge: what the organizer wrote.
        dataset: its data, if they are read already.
        linked: pairs of items that show the same and are not to be cut apart, as rows, shape (k, 2).

    Raises:
        DatasetError: if the data cannot be read, or not be split as asked.
        ChallengeError: if names or classes do not fit together.
    """
    dataset = read_dataset(challenge) if dataset is None else dataset
    key = secret_key(challenge)
    target = _targets(challenge, dataset)
    wording, told = wording_of(challenge, dataset, target)
    findings = [*challenge.findings, *dataset.findings, *seed_findings(challenge), *told]
    group = _texts(group_values(dataset, challenge.data.group)) if challenge.data.group else None
    division = divide(challenge, dataset, target, group, derived_key(key, "split"), linked=linked)
    findings += division.findings
    if fatal(division.findings):
        raise DatasetError("the data cannot be split as asked", findings)
    terms = _terms(challenge, dataset, wording, train=int((division.part == TRAIN_PART).sum()))
    features = feature_columns(challenge, dataset)
    findings += [*name_findings(challenge, terms, features), *feature_findings(challenge, features)]
    findings += personal_findings(challenge, dataset, features)
    findings += [*range_findings(challenge, target), *form_findings(challenge, terms, dataset)]
    findings += [*coverage_findings(challenge, dataset), *depth_findings(challenge, dataset)]
    findings += asked_findings(challenge, terms)
    if fatal(findings):
        raise ChallengeError("the challenge does not fit the data", findings)
    return Plan(
        challenge=challenge,
        dataset=dataset,
        terms=terms,
        key=key,
        id=_public_ids(challenge, dataset, key),
        part=division.part,
        target=target,
        group=None if group is None else opaque_ids(derived_key(key, "group"), group),
        subgroup={one.name: _texts(subgroup_values(dataset, one)) for one in challenge.data.subgroups},
        features=features,
        file=_files(challenge, dataset),
        findings=tuple(findings),
        parts=division.parts,
        balance=division.balance,
    )


def _terms(challenge: Challenge, dataset: Dataset, wording: Wording, *, train: int) -> Terms:
    test = len(dataset.items) - train
    if challenge.task in IMAGE_TASKS:
        return image_terms(challenge, dataset, train=train, test=test)
    return terms_of(challenge, wording.classes, vars(wording), train=train, test=test)


def _texts(values: Any) -> Texts:
    """A column as an array of text."""
    return np.asarray(values, dtype=object)


def _targets(challenge: Challenge, dataset: Dataset) -> dict[str, Texts]:
    """The label columns as they will be written, and gains; numbers lose the blanks around them."""
    names = [*challenge.data.label, *([challenge.data.gain] if challenge.data.gain else [])]
    columns = {name: _texts(dataset.items[name]) for name in names}
    if challenge.task in ("classification", "multioutput", "text"):
        return columns
    return {name: _texts([text.strip() for text in values]) for name, values in columns.items()}


def _files(challenge: Challenge, dataset: Dataset) -> list[str] | None:
    return list(dataset.items[challenge.data.file]) if challenge.data.file else None


def _public_ids(challenge: Challenge, dataset: Dataset, key: bytes) -> Texts:
    """Opaque ids, or the organizer's own where the challenge keeps them.

    Raises:
        DatasetError: if two items would get one id, or an image would be named by an id that is no name of a file.
    """
    own = dataset.items.index.tolist()
    kept = challenge.data.ids == "keep"
    if kept and challenge.data.file and (bad := file_name_findings(own, challenge.where("data.ids"))):
        raise DatasetError("the images cannot be named by their ids", bad)
    ids = _texts(own) if kept else opaque_ids(derived_key(key, "id"), own)
    if twice := repeated(ids.tolist()):
        finding = Finding(
            "dataset/repeated-id", f"{len(twice)} ids occur twice", items=tuple(twice[:3]), count=len(twice)
        )
        raise DatasetError("the items cannot be told apart", [finding])
    return ids
