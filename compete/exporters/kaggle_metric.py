"""``metric.py`` for Kaggle: one file that scores by itself, as a metric notebook takes it."""

from __future__ import annotations

from compete.exporters import Competition
from compete.exporters.packed import loader_text, ranking_score, terms_text
from compete.version import __version__

HEAD = '''"""{name} as the metric of the Kaggle competition "{title}".

Written by compete {version}; the score is bit for bit what `compete score` tells of the same predictions.
Needs numpy and pandas, and nothing that is not on Kaggle; no internet, no accelerator. The challenge's own terms and
the scoring program stand below; of the truth this file knows nothing.
"""

import base64
import importlib.abc
import importlib.util
import json
import lzma
import sys

import pandas as pd

TERMS = {terms}


class ParticipantVisibleError(Exception):
    """What a participant must mend. Kaggle shows the words of no other error to participants."""


def score(solution: pd.DataFrame, submission: pd.DataFrame, row_id_column_name: str) -> float:
    """{name}: {better} is better.

    Turn on "Pass complete submission" in the metric's settings: some metrics look at all predictions at once, and the
    score is exact to the last bit only then.

    Args:
        solution: rows of solution.csv as it was exported, of the public or of the private part; its last column holds
            the truth.
        submission: the participant's table in the form of sample_submission.csv.
        row_id_column_name: the column that names each row, "id".

    Returns:
        The score of the part that the solution's rows are of: a finite number from {low} to {high}.

    Raises:
        ParticipantVisibleError: the submission is refused, or its score is not defined (0/0).

    Examples:
        The sample submission scores {sample} on the public part, a perfect one {best}.
    """
    from compete.errors import SubmissionError
    from compete.scoring.frames import frame_score, told_briefly

    try:
        return frame_score(TERMS, solution, submission, row_id_column_name)
    except SubmissionError as refused:
        raise ParticipantVisibleError(told_briefly(refused)) from None
'''


def metric_file(competition: Competition) -> bytes:
    """The text of ``metric.py``."""
    measure = competition.measures[0]
    known = {
        "name": _plain(str(measure["name"])),
        "title": _plain(competition.bundle.terms.title),
        "version": __version__,
        "better": "higher" if measure["greater_is_better"] else "lower",
        "low": _bound(measure["low"]),
        "high": _bound(measure["high"]),
        "sample": ranking_score(competition.sample, "public"),
        "best": ranking_score(competition.best, "public"),
    }
    return (HEAD.format(**known, terms=terms_text(competition.bundle.terms)) + loader_text()).encode()


def _plain(text: str) -> str:
    """A text that may stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def _bound(number: float | None) -> str:
    return "any" if number is None else f"{number:g}"
