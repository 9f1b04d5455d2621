"""Pictures taken within seconds of each other, by dates in columns, in EXIF or in names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compete.audits.names import file_column, stems_of
from compete.audits.targets import special_columns, units_of
from compete.challenge import Challenge
from compete.dataset import Dataset, excerpt, parsed_date, time_values
from compete.errors import Finding
from compete.table import Table, factorized

SECONDS = 10.0
"""Two pictures that are not further apart are of one burst."""
FEWEST = 5
MORE = 5.0
"""How many times as many short gaps as evenly spread pictures would have."""
EDITED = re.compile(
    r"modif|creat|updat|upload|import|export|crawl|pars|interpret|identif|annotat|classif", re.IGNORECASE
)
"""Columns that tell when a record was worked on, not when the picture was taken."""
MIDNIGHT = "00:00:00"
"""What is written where only the day is known."""
IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_]?([01]\d)[-_]?([0-3]\d)[-_T ]+([0-2]\d)[-_.h]?([0-5]\d)[-_.m]?([0-5]\d)(?!\d)"
)


def audit(challenge: Challenge, dataset: Dataset, looks: Any) -> list[Finding]:
    """Bursts in time that the declared groups do not keep together; of what is no picture, nobody knows."""
    column = file_column(challenge, dataset)
    if not column:
        return []
    names = [str(text).rpartition("/")[2] for text in dataset.items[column]]
    unit = units_of(challenge, dataset)
    for source, texts in _sources(challenge, dataset, looks):
        moments = _moments(dataset, texts)
        known = np.flatnonzero(~np.isnan(moments))
        if len(known) < 2 * FEWEST:
            continue
        order = known[np.argsort(moments[known], kind="stable")]
        time = moments[order]
        close = np.diff(time) <= SECONDS
        span = max(float(time[-1] - time[0]), SECONDS)
        expected = (len(time) - 1) * -np.expm1(-SECONDS * len(time) / span)
        if close.sum() < FEWEST or close.sum() < MORE * expected:
            continue
        apart = close & (unit[order[1:]] != unit[order[:-1]])
        if apart.sum() >= FEWEST:
            return [_finding(challenge, names, source, order=order, close=close, apart=apart)]
    return []


def _finding(challenge: Challenge, names: Sequence[str], source: str, *, order: Any, close: Any, apart: Any) -> Finding:
    """The bursts, the largest first; ``apart`` says between which neighbours a group ends."""
    burst = np.concatenate([[0], np.cumsum(~close)])
    count = np.bincount(burst)
    many = np.unique(burst[1:][apart])
    items = int(count[many].sum())
    message = f"{items:,} items were taken within {SECONDS:.0f} seconds of another ({len(many):,} bursts, by {source})"
    told = []
    for number in many[np.argsort(-count[many], kind="stable")][:3]:
        rows = order[burst == number]
        told.append(f"{excerpt(names[rows[0]])} to {excerpt(names[rows[-1]])} ({len(rows)} pictures)")
    hint = "pictures of one burst are nearly one picture: number the bursts in a column and name it in `data.group`"
    return Finding("audit/burst", message, challenge.where("data.group"), tuple(told), hint, "warning", items)


def _sources(challenge: Challenge, dataset: Dataset, looks: Any) -> Iterator[tuple[str, Sequence[str]]]:
    """Where times may stand: what it is called, and one text an item."""
    special = special_columns(challenge)
    for name in dataset.items.columns:
        if name not in special and not EDITED.search(name):
            yield f"column {excerpt(name)!r}", dataset.items[name].astype(str).tolist()
    if looks is not None:
        yield "EXIF", list(looks.taken)
    named = [IN_NAME.search(stem) for stem in stems_of(challenge, dataset)]
    if named:
        yield "file name", ["{}-{}-{} {}:{}:{}".format(*found.groups()) if found else "" for found in named]


def _moments(dataset: Dataset, texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """Seconds since 1970, nan where a text tells no second; all nan where few do."""
    codes, distinct = factorized(np.array([text.strip() for text in texts], dtype=object))
    second = ["" if MIDNIGHT in text else (parsed_date(text) or {}).get("second", "") for text in distinct]
    exact = np.array([text != "" for text in second], dtype=bool)
    out = np.full(len(texts), np.nan)
    # Where no second is told but 00, moments are known to the minute.
    if not {*second} - {"", "00"} or exact[codes].mean() < 0.2:
        return out
    table = Dataset(Table({"time": distinct[exact]}), Table({}))
    value = np.full(len(distinct), np.nan)
    value[exact] = time_values(table, "time")
    return value[codes]
