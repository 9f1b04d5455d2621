"""The scoring program, run in a process of its own, and what it says put into a leaderboard's columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REFUSED = 3
"""The exit code for a submission that the participant must mend."""

NOT_TOLD = "scoring failed for a reason that lies with the organizers; please tell them"


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes:
        values: by part, the numbers of the columns that are defined, by their labels.
        result: all that scoring says; empty where it refused.
        refusal: why there are no scores, for whoever sent the file; empty where there are.
        fault: what the organizers must mend, for them alone.
    """

    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""
    fault: str = ""


def score_file(
    program: Path, bundle: Path, submission: Path, columns: Mapping[str, Sequence[Mapping[str, str]]]
) -> Outcome:
    """Score a submission with the program that stands beside.

    Args:
        program: the folder of ``compete`` and ``metrics``.
        bundle: the folder of the truth.
        submission: the file.
        columns: by part, records of ``label``, ``metric`` and ``group``, the ranking one first; of parts that are not
            here nothing is told.
    """
    words = [] if "private" in columns else ["--public"]
    command = [sys.executable, "-B", "-m", "compete.scoring.program", str(bundle), str(submission), *words]
    paths = [str(program), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(  # noqa: S603  (our own program)
        command, cwd=program, env=environment, capture_output=True, text=True, check=False
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Outcome(refusal=NOT_TOLD, fault=done.stderr)
    if done.returncode == REFUSED:
        return Outcome(refusal=_refusal(told, submission))
    if done.returncode:
        return Outcome(refusal=NOT_TOLD, fault=_refusal(told, submission))
    values = {part: _values(told, part, asked) for part, asked in columns.items()}
    undefined = sorted({asked[0]["metric"] for part, asked in columns.items() if asked[0]["label"] not in values[part]})
    if undefined:
        return Outcome(refusal=f"{undefined[0]} is not defined for these predictions (0/0), so they cannot be ranked")
    return Outcome(values, told)


def public_view(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the participant may know of a result: nothing of the private part, and no digest of the truth."""
    return {
        "challenge": result["challenge"],
        "submission": result["submission"],
        "metrics": result["metrics"],
        "scores": [score for score in result["scores"] if score["part"] == "public"],
        "findings": [one for one in result["findings"] if not one["rule"].startswith("score/")],
    }


def lines_of(result: Mapping[str, Any]) -> list[str]:
    """The public part of a result for a reader, a line a finding and a line a score."""
    view = public_view(result)
    told = [_line(finding) for finding in view["findings"]]
    for score in view["scores"]:
        name = f"{score['metric']} [{score['group']}]" if score["group"] else score["metric"]
        value = "undefined" if score["value"] is None else repr(score["value"])
        told.append(f"{name}: {value} ({score['n']} items)")
    return told


def _values(result: Mapping[str, Any], part: str, asked: Sequence[Mapping[str, str]]) -> dict[str, float]:
    """The numbers of one part that are defined; a platform takes neither null nor nan."""
    found = {(one["metric"], one["group"]): one["value"] for one in result["scores"] if one["part"] == part}
    values = {column["label"]: found.get((column["metric"], column["group"])) for column in asked}
    return {label: value for label, value in values.items() if value is not None}


def _refusal(told: Mapping[str, Any], submission: Path) -> str:
    """What a program that gave no scores says, without the folder in which the platform keeps the file."""
    lines = [told["error"], *(_line(finding) for finding in told["findings"])]
    return "\n".join(lines).replace(f"{submission.parent}/", "")


def _line(finding: Mapping[str, Any]) -> str:
    """A finding as text."""
    items = ", ".join(finding["items"][:3]) + (", ..." if max(finding["count"], len(finding["items"])) > 3 else "")
    place = f"{finding['where']}: " if finding["where"] else ""
    text = f"{place}{finding['message']}{f': {items}' if items else ''} ({finding['rule']})"
    return text + (f"\n    {finding['hint']}" if finding["hint"] else "")
