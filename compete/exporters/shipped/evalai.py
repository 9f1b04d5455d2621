"""EvalAI's door: its worker calls ``evaluate`` for each submission, in its own process."""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from compete.exporters.shipped.scored import lines_of, public_view, score_file

HERE = Path(__file__).resolve().parent


def evaluate(
    test_annotation_file: str, user_submission_file: str, phase_codename: str, **kwargs: Any
) -> dict[str, Any]:
    """Score a submission.

    Args:
        test_annotation_file: the archive of the truth.
        user_submission_file: what the participant sent.
        phase_codename: not used; there is one phase.
        kwargs: what EvalAI knows of the submission; not used.

    Returns:
        The columns of each split, with what the participant may know and what only the host may. Of a refused
        submission nothing: EvalAI then takes it as failed, and shows the participant what was written to stderr.
    """
    columns = json.loads((HERE / "columns.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(test_annotation_file) as archive:
            archive.extractall(folder)
        outcome = score_file(HERE / "program", Path(folder), Path(user_submission_file), columns)
    if outcome.refusal:
        sys.stderr.write(outcome.refusal + "\n")
        if outcome.fault and sys.__stderr__:  # the worker's own log, which participants do not see
            sys.__stderr__.write(outcome.fault + "\n")
        return {}
    sys.stdout.write("\n".join(lines_of(outcome.result)) + "\n")
    return {
        "result": [{part: dict(values)} for part, values in outcome.values.items()],
        "submission_result": public_view(outcome.result),
        "submission_metadata": dict(outcome.result),
    }
