"""A challenge's own metric: ``metric.py:score``, called as Kaggle calls it."""

from __future__ import annotations

import math
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from compete.errors import BundleError, Finding, SubmissionError

OwnMetric = Callable[[Any, Any, str], float]
FILE = "metric.py"


def load_own_metric(path: Path, text: str) -> OwnMetric:
    """Load the function that ``metric.py:NAME`` names from a file.

    Args:
        path: the bundle's ``metric.py``, or the organizer's own file.
        text: the metric's text, of which the function's name is used.

    Raises:
        BundleError: if the file cannot be run, or has no such function.
    """
    name = text.partition(":")[2]
    if not path.is_file():
        raise _broken(FILE, "the file is missing")
    # Not imported: that would leave a __pycache__ in the bundle, with a path of this machine in it.
    module = sys.modules["own_metric"] = ModuleType("own_metric")
    module.__file__ = str(path)
    try:
        exec(compile(path.read_bytes(), FILE, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except (Exception, SystemExit) as error:  # whatever the organizer's code does, the reader gets a place and a kind
        # No label has been handed over yet, so its words may be repeated.
        words = f"{type(error).__name__} when it is loaded: {error}".splitlines()[0]
        raise _broken(_place(error), f"it stops with {words}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise _broken(FILE, f"it has no function {name}")
    return function  # type: ignore[no-any-return]  # what a file of the organizer holds cannot be known


def own_score(function: OwnMetric, solution: Mapping[str, Any], submission: Mapping[str, Any], row_id: str) -> float:
    """Call the metric with two tables that hold the same items in the same order; of images a row is an object.

    Args:
        function: ``score(solution, submission, row_id_column_name)``.
        solution: id and label columns, each of one length.
        submission: id and prediction columns, each of one length.
        row_id: name of the id column.

    Raises:
        SubmissionError: if the metric raises ``ParticipantVisibleError``.
        BundleError: if it fails in another way, or does not answer with a number; its words are not repeated, because
            they might hold a hidden label.
    """
    import pandas as pd

    try:
        value = float(function(pd.DataFrame(dict(solution)), pd.DataFrame(dict(submission)), row_id))
    except (Exception, SystemExit) as error:  # the organizer's code, see above
        if type(error).__name__ == "ParticipantVisibleError":
            finding = Finding("submission/own-metric", str(error), FILE)
            raise SubmissionError("submission refused by the challenge's own metric", [finding]) from None
        raise _broken(_place(error), f"it stops with {type(error).__name__}") from None
    if math.isinf(value):
        raise _broken(FILE, "it answers with infinity")
    return value


def _place(error: BaseException) -> str:
    """File and line of the organizer's code at which it stopped."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    if isinstance(error, SyntaxError) and error.filename == FILE and error.lineno:
        lines = [error.lineno]
    return f"{FILE}:{lines[-1]}" if lines else FILE


def _broken(where: str, what: str) -> BundleError:
    hint = "score(solution, submission, row_id_column_name) gets two pandas tables and returns a number"
    return BundleError("the challenge's own metric failed", [Finding("trial/own-metric", what, where, hint=hint)])
