"""The evaluation of grand-challenge: reads /input, writes /output/metrics.json, and exits with 1 where it refuses."""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compete.exporters.shipped.algorithm_jobs import JobError, read_jobs, submission_of
from compete.exporters.shipped.scored import Outcome, score_file

HERE = Path(__file__).resolve().parent
INPUT, OUTPUT, TRUTH = Path("/input"), Path("/output"), Path("/opt/ml/input/data/ground_truth")

JOBS, PREDICTIONS, LISTED = "predictions.json", "predictions.csv", "inputs.json"
"""What the platform puts into /input: the jobs of an algorithm, an uploaded table, and a list of what there is."""


def main(source: Path = INPUT, target: Path = OUTPUT, truth: Path = TRUTH) -> int:
    """Score what the participant sent.

    Args:
        source: what grand-challenge hands over; it is not written to.
        target: gets ``metrics.json``, which is not there where the submission is refused.
        truth: the unpacked ground truth, which also says which part its phase is scored on.

    Returns:
        The exit code. What is on stderr explains it; participants are shown its last line.
    """
    about = json.loads((HERE / "columns.json").read_text(encoding="utf-8"))
    part = json.loads((truth / "phase.json").read_text(encoding="utf-8"))["part"]
    with tempfile.TemporaryDirectory() as folder:
        try:
            submission = _submission(source, Path(folder), truth, about["ending"])
        except JobError as error:
            return _refused(Outcome(refusal=f"submission refused\n{error}"))
        outcome = score_file(HERE / "program", truth / "bundle", submission, {part: about["columns"][part]})
    if outcome.refusal:
        return _refused(outcome)
    metrics = _metrics(outcome, part, about["columns"][part])
    (target / "metrics.json").write_text(json.dumps(metrics, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return 0


def _refused(outcome: Outcome) -> int:
    """Say why there are no scores, the most important line last."""
    sys.stderr.write(f"{outcome.fault}\n" if outcome.fault else "")
    title, *lines = outcome.refusal.splitlines()
    faults = [line for line in lines if not line.startswith("    ")]
    last = f"{title}: {faults[0]}" if faults else title
    more = f" (and {len(faults) - 1} more, see the log)" if len(faults) > 1 else ""
    sys.stderr.write("\n".join([*lines, f"{last}{more}"]) + "\n")
    return 1


def _submission(source: Path, folder: Path, truth: Path, ending: str) -> Path:
    """The file to score: the one that was sent, or one made of all that was."""
    if (source / JOBS).is_file() and (jobs := read_jobs(source / JOBS)):
        content = submission_of(jobs, source, truth / "bundle")
        made = folder / f"submission{ending}"
        made.write_bytes(content)
        return made
    if (source / PREDICTIONS).is_file():
        return source / PREDICTIONS
    sent = sorted(path for path in source.rglob("*") if path.is_file() and path != source / LISTED)
    if not sent:
        raise JobError("there is no file in the submission")
    fitting = [path for path in sent if path.suffix.lower() in (ending, ".zip")]
    if len(fitting) == 1 and len(sent) == 1:
        return fitting[0]
    return _zipped(source, sent, folder / "submission.zip")


def _zipped(source: Path, sent: list[Path], target: Path) -> Path:
    """An archive of files that the platform has unpacked, as the participant had made it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sent:
            archive.write(path, path.relative_to(source).as_posix())
    return target


def _metrics(outcome: Outcome, part: str, columns: list[Mapping[str, str]]) -> Mapping[str, Any]:
    """What the leaderboard reads: a number a column, and half the width of its interval where it has one."""
    values = outcome.values[part]
    spans = {
        (one["metric"], one["group"]): (one["high"] - one["low"]) / 2
        for one in outcome.result["scores"]
        if one["part"] == part and one["low"] is not None
    }
    errors = {column["label"]: spans.get((column["metric"], column["group"])) for column in columns}
    return {
        "aggregates": dict(values),
        "errors": {label: span for label, span in errors.items() if span is not None},
        "items": next(one["n"] for one in outcome.result["scores"] if one["part"] == part and not one["group"]),
    }


if __name__ == "__main__":
    sys.exit(main())
