"""The tables of a bundle: what participants see, and the solution that they do not."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compete.building.contract import size_columns
from compete.building.kinds import room_of
from compete.building.parts import PRIVATE_PART, TRAIN_PART
from compete.building.plan import Plan
from compete.bundle import (
    GROUP,
    ID,
    PRIVATE,
    PUBLIC,
    SAMPLE,
    SOLUTION,
    TEST,
    TRAIN,
    TRAIN_GROUPS,
    USAGE,
)
from compete.files import write_file

Column = Sequence[str]


def write_tables(plan: Plan, root: Path) -> None:
    """Write every table of the bundle, each in the order of its opaque ids, which tells nothing."""
    order, train, test = ordered_rows(plan)
    public, private = root / "public", root / "private"
    write_file(public / TRAIN, table_bytes(_shown(plan, train, "train") | _targets(plan, train)))
    if belonging := _belonging(plan, train):
        write_file(public / TRAIN_GROUPS, table_bytes({ID: plan.id[train].tolist(), **belonging}))
    write_file(public / TEST, table_bytes(_shown(plan, test, "test")))
    if not plan.terms.of_images:
        write_file(public / SAMPLE, sample_bytes(plan))
    write_file(private / SOLUTION, solution_bytes(plan))
    write_file(private / "ids.csv", table_bytes(_ids(plan, order)))


def solution_bytes(plan: Plan) -> bytes:
    """The solution: ids, labels, usage, group and subgroups of the test items."""
    _, _, test = ordered_rows(plan)
    usage = np.where(plan.part[test] == PRIVATE_PART, PRIVATE, PUBLIC).tolist()
    told = _sizes(plan, test) if plan.terms.of_images else _targets(plan, test)
    return table_bytes({ID: plan.id[test].tolist(), **told, USAGE: usage, **_belonging(plan, test)})


def sample_bytes(plan: Plan) -> bytes:
    """The sample submission: what one would send knowing only how the training labels are distributed."""
    _, train, test = ordered_rows(plan)
    return table_bytes({ID: plan.id[test].tolist(), **room_of(plan.terms.kind).sample(plan, train, test)})


def ordered_rows(plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All rows, those of train and those of the test, in the order of their opaque ids."""
    order = np.argsort(plan.id.astype(str), kind="stable")
    return order, order[plan.part[order] == TRAIN_PART], order[plan.part[order] != TRAIN_PART]


def table_bytes(columns: dict[str, Column]) -> bytes:
    """A table as CSV: UTF-8, commas, one newline a row, quotes only where they are needed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def _shown(plan: Plan, rows: np.ndarray, folder: str) -> dict[str, Column]:
    """What participants see of an item beside its label."""
    columns: dict[str, Column] = {ID: plan.id[rows].tolist()}
    if plan.file is not None:
        columns["file"] = [f"{folder}/{plan.public_name(row)}" for row in rows.tolist()]
    if plan.terms.of_images:
        columns |= _sizes(plan, rows)
    for name in plan.features:
        columns[name] = plan.dataset.items[name].to_numpy()[rows].tolist()
    return columns


def _sizes(plan: Plan, rows: np.ndarray) -> dict[str, Column]:
    """The pixels of images; of volumes also where they lie."""
    return {name: plan.dataset.items[name].to_numpy()[rows].tolist() for name in size_columns(plan.terms)}


def _targets(plan: Plan, rows: np.ndarray) -> dict[str, Column]:
    return {name: values[rows].tolist() for name, values in plan.target.items()}


def _belonging(plan: Plan, rows: np.ndarray) -> dict[str, Column]:
    """The group and the subgroups of items, and what metrics look at beside the truth."""
    group: dict[str, Column] = {} if plan.group is None else {GROUP: plan.group[rows].tolist()}
    items = plan.dataset.items
    beside: dict[str, Column] = {name: items[name].to_numpy()[rows].tolist() for name in plan.terms.beside}
    return {**group, **beside, **{name: values[rows].tolist() for name, values in plan.subgroup.items()}}


def _ids(plan: Plan, rows: np.ndarray) -> dict[str, Column]:
    part = np.array(["train", "public", "private"], dtype=object)[plan.part[rows]]
    source = plan.dataset.items.index.to_numpy()[rows]
    return {ID: plan.id[rows].tolist(), "source_id": source.tolist(), "part": part.tolist()}
