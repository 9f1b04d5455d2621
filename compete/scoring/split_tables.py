"""Scoring where the parts of a solution stand in a column ``split``, as Hugging Face's competitions keep them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Optional

from compete.bundle import SOLUTION, TRUTH, USAGE, Bundle
from compete.cells import table_rows, table_text
from compete.errors import Finding, SubmissionError
from compete.scoring.bounded import Limits
from compete.scoring.frames import own_metric_folder
from compete.scoring.result import Result
from compete.terms import Terms

SPLIT = "split"
OWN = "own_metric.py"
"""The challenge's own metric, where ``metric.py`` is the platform's name for something else."""

LIMITS = Limits(8192, 1800.0)
PARTS = ("public", "private")

Scores = dict[str, float]


def split_scores(
    terms: Mapping[str, Any], folder: Path, submission: Path, *, limits: Optional[Limits] = LIMITS
) -> tuple[Scores, Scores]:
    """Every measure on all public and on all private items, bit for bit as ``compete score`` tells them.

    Args:
        terms: the content of ``challenge.json``.
        folder: holds ``solution.csv`` with a column ``split``, of images ``truth.npz``, and ``own_metric.py`` where the
            challenge has a metric of its own.
        submission: the participant's file.
        limits: of memory and time; None for none.

    Returns:
        Public and private scores by name, with the same names in both; nan for what is not defined (0/0).

    Raises:
        SubmissionError: the submission is refused, or the score that ranks is not defined.
    """
    from compete.scoring.grading import bounded_result, grade
    from compete.scoring.truth import truth_of

    known = Terms.from_dict(dict(terms))
    packed = (folder / TRUTH).read_bytes() if (folder / TRUTH).is_file() else None
    truth = truth_of(known, _with_usage((folder / SOLUTION).read_bytes()), packed=packed)
    own = (folder / OWN).read_bytes() if (folder / OWN).is_file() else None
    with own_metric_folder(own) as public:
        work = partial(grade, Bundle(public, None, known, ""), submission, draws=0, truth=truth)
        result = bounded_result(work, limits, submission.name) if limits and hasattr(os, "fork") else work()
    shown, hidden = (_by_name(result, part) for part in PARTS)
    if math.isnan(shown[result.metric]) or math.isnan(hidden[result.metric]):
        message = f"{result.metric} is not defined for these predictions (0/0), so they cannot be ranked"
        raise SubmissionError("submission refused", [Finding("submission/undefined-score", message, submission.name)])
    return shown, hidden


def _by_name(result: Result, part: str) -> Scores:
    """The scores of a part by measure."""
    found = {one.metric: one.value for one in result.scores if one.part == part and not one.group}
    names = [str(record["name"]) for record in result.metrics]
    values = {name: found.get(name) for name in names}
    return {name: math.nan if value is None else value for name, value in values.items()}


def _with_usage(content: bytes) -> bytes:
    """The solution as a bundle has it."""
    head, *rows = table_rows(content)
    place = head.index(SPLIT)
    head[place] = USAGE
    for row in rows:
        row[place] = row[place].capitalize()
    return table_text(head, rows)
