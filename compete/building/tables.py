"""The tables of a bundle: what participants see, and the solution that they do not."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from compete.building.contract import size_columns
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
    """The sample submission: a constant prediction, made of the training labels alone."""
    _, train, test = ordered_rows(plan)
    columns = dict(zip(plan.terms.columns, constant_prediction(plan, train), strict=True))
    return table_bytes({ID: plan.id[test].tolist(), **{name: [value] * len(test) for name, value in columns.items()}})


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
    """The group and the subgroups of items."""
    group: dict[str, Column] = {} if plan.group is None else {GROUP: plan.group[rows].tolist()}
    return {**group, **{name: values[rows].tolist() for name, values in plan.subgroup.items()}}


def _ids(plan: Plan, rows: np.ndarray) -> dict[str, Column]:
    part = np.array(["train", "public", "private"], dtype=object)[plan.part[rows]]
    source = plan.dataset.items.index.to_numpy()[rows]
    return {ID: plan.id[rows].tolist(), "source_id": source.tolist(), "part": part.tolist()}


def constant_prediction(plan: Plan, train: np.ndarray) -> list[str]:
    """What one would send knowing only how the training labels are distributed: one text a prediction column.

    The most frequent label; the share of each class; the mean of each target, held inside the declared range.
    """
    terms, targets = plan.terms, [values[train] for values in plan.target.values()]
    if terms.kind == "score":
        return ["0"] * len(terms.columns)
    if terms.task == "regression":
        means = [float(values.astype(float).mean()) for values in targets]
        low, high = (-np.inf if terms.low is None else terms.low), (np.inf if terms.high is None else terms.high)
        return [format(min(max(mean, low), high), ".6g") for mean in means]
    if terms.task == "multilabel":
        shares = [float((values == "1").mean()) for values in targets]
        return [str(int(share >= 0.5)) if terms.kind == "flag" else format(share, ".6f") for share in shares]
    counts = [int((targets[0] == name).sum()) for name in terms.classes]
    if terms.kind == "label":
        return [terms.classes[int(np.argmax(counts))]]
    return _shares(counts) if terms.distribution else [format(counts[-1] / sum(counts), ".6f")]


def _shares(counts: Sequence[int], digits: int = 6) -> list[str]:
    """Shares that sum to exactly one as they are written: the largest takes the rounding."""
    unit = 10**digits
    parts = [count * unit // sum(counts) for count in counts]
    parts[int(np.argmax(counts))] += unit - sum(parts)
    return [f"{part // unit}.{part % unit:0{digits}d}" for part in parts]
