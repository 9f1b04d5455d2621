"""Whether a submission still gets the scores that a result says it got."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compete.errors import Finding, UsageError
from compete.files import system_fault
from compete.scoring.result import Result, Score

RESCORING_RULES = {
    "result/unreadable": (
        "The file is not a result of `compete score --json`.",
        "Give the file that `compete score BUNDLE SUBMISSION --json > RESULT.json` wrote, whole and unchanged.",
    ),
    "result/other-submission": (
        "The result is of another submission.",
        "The digest of the file is not the one in the result. Score the file that was sent in.",
    ),
    "result/other-challenge": (
        "The result is of another challenge, version or solution.",
        "The digests in the result are not those of this bundle. Use the bundle that the result was made with.",
    ),
    "result/other-score": (
        "A score is not the one in the result.",
        "The same submission and bundle must give the same bits. Where the versions of compete or numpy differ from "
        "those in the result, use those; else the result was changed, or this is a bug.",
    ),
    "result/other-version": (
        "The result was made with other versions.",
        "Scores are promised to be the same to the last bit for the same versions only; they are compared anyhow.",
    ),
}


def read_results(path: Path) -> list[Result]:
    """The results that a file holds: one, or several that were scored in one call.

    Raises:
        UsageError: if it holds none.
        SystemFault: if it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise system_fault(error) from error
    try:
        content = json.loads(raw)
        found = content.get("results", [content])
        return [Result.from_dict(one) for one in found if "refused" not in one]
    except (ValueError, KeyError, TypeError, AttributeError):
        finding = Finding("result/unreadable", "this is no result", str(path), hint="see: compete score --json")
        raise UsageError("nothing was compared", [finding]) from None


def differences(recorded: Result, fresh: Result) -> list[Finding]:
    """What a fresh result says otherwise than a recorded one.

    Args:
        recorded: as it was.
        fresh: the same submission scored again, asked for in the same way.

    Returns:
        Errors for digests and scores, a note for versions; empty where all is the same, bit for bit.
    """
    findings = []
    for rule, what, one, other in (
        ("other-submission", "the submission", recorded.submission, fresh.submission),
        ("other-challenge", "the challenge", recorded.challenge, fresh.challenge),
        ("other-challenge", "the solution", {"sha256": recorded.solution}, {"sha256": fresh.solution}),
    ):
        if changed := _changed(one, other):
            findings.append(Finding(f"result/{rule}", f"{what} is another", items=changed, count=len(changed)))
    before, now = _by_name(recorded), _by_name(fresh)
    moved = tuple(name for name in {**before, **now} if before.get(name) != now.get(name))
    if moved:
        name = moved[0]
        message = f"{len(moved)} of {len(now)} scores differ; {name}: {before.get(name)} then, {now.get(name)} now"
        findings.append(Finding("result/other-score", message, items=moved, count=len(moved)))
    if changed := _changed(recorded.versions, fresh.versions):
        shown = tuple(f"{name} {recorded.versions.get(name)} → {fresh.versions.get(name)}" for name in changed)
        severity = "note" if not findings else "warning"
        findings.append(Finding("result/other-version", "other versions", items=shown, severity=severity))
    return findings


def _changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys whose values differ; the name of a file is no part of what it holds."""
    return tuple(key for key in sorted({*one, *other} - {"file"}) if one.get(key) != other.get(key))


def _by_name(result: Result) -> dict[str, tuple[Any, ...]]:
    def name(score: Score) -> str:
        return " ".join(word for word in (score.metric, score.part, score.group) if word)

    return {name(score): (score.value, score.low, score.high, score.n) for score in result.scores}
