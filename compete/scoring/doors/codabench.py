"""The door that CodaBench calls: ``python3 score.py /app/input /app/output``; Python 3.9, numpy, no network.

Reads ``ref/`` (a bundle, and ``codabench.json``: which part is told, in which columns) and ``res/`` (the submission),
and writes ``scores.json`` and ``detailed_results.html``. Of a refused submission no ``scores.json`` is written.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

from compete.bundle import Bundle, open_bundle
from compete.errors import OK, CompeteError, Finding, SubmissionError
from compete.markup import Html, element, joined, page_of, table_of, wide
from compete.scoring.bounded import Limits
from compete.scoring.doors.unpacked import submission_among
from compete.scoring.grading import bounded_result, grade
from compete.scoring.result import Result, interval_text, shown

ASKED = "codabench.json"
SCORES, PAGE = "scores.json", "detailed_results.html"

APART = ("metadata", "metadata.yaml")
"""What CodaBench puts beside a submission, or takes for its command."""

LARGEST = 1e10
"""CodaBench keeps twenty digits, ten of them behind the point; a score from here on is dropped without a word."""

UNNAMED = re.compile(r"\Atable\b")
"""How places begin in a submission that was given as bytes."""

MEMORY, SECONDS = 8192, 480.0
"""Megabytes and seconds that scoring may take, unless ``codabench.json`` says otherwise; CodaBench itself stops after
600 seconds, and then without a reason."""


def main(words: Optional[Sequence[str]] = None) -> int:
    """Score what lies below the first folder, and write below the second.

    Args:
        words: the two folders; None takes them from the command line.

    Returns:
        The exit code: 0, or 3 where the submission is refused, or 1 where the organizers are at fault.
    """
    given, out = map(Path, sys.argv[1:] if words is None else words)
    asked: dict[str, Any] = json.loads((given / "ref" / ASKED).read_text(encoding="utf-8"))
    try:
        bundle = open_bundle(given / "ref")
        result = _scored(bundle, given / "res", asked)
        scores, notes = _in_columns(result, asked)
    except CompeteError as fault:
        error = _placed(fault, given / "res")
        sys.stderr.write(f"{error}\n")
        _write(out / PAGE, _refusal(error))
        return error.exit_code
    _write(out / SCORES, json.dumps(scores, sort_keys=True, indent=2, allow_nan=False) + "\n")
    if asked["part"] == "public":
        _write(out / PAGE, _details(result, notes))
        sys.stdout.write("".join(f"{name}: {value!r}\n" for name, value in scores.items()))
    else:
        _write(out / PAGE, _hidden(bundle))
        sys.stdout.write("scored\n")
    return OK


def _scored(bundle: Bundle, folder: Path, asked: Mapping[str, Any]) -> Result:
    """The result of the submission, in a child process under limits where the system can."""
    submission = submission_among(folder, bundle.terms, APART)
    public = asked["part"] == "public"
    work = partial(grade, bundle, submission, public=public, draws=None if public else 0)  # there nobody sees intervals
    limits = Limits(int(asked.get("memory", MEMORY)), float(asked.get("seconds", SECONDS)))
    name = submission.name if isinstance(submission, Path) else bundle.terms.sample_name
    return bounded_result(work, limits, name) if limits and hasattr(os, "fork") else work()


def _in_columns(result: Result, asked: Mapping[str, Any]) -> tuple[dict[str, float], list[Finding]]:
    """The numbers of the leaderboard's columns, and what is said of columns that stay empty.

    Raises:
        SubmissionError: the first column, which ranks, has no number that CodaBench can keep. A number that it cannot
            keep would leave a row half filled, and put it at the top where the highest score wins.
    """
    known = {(one.metric, one.group): one.value for one in result.scores if one.part == asked["part"]}
    scores: dict[str, float] = {}
    notes = []
    for place, column in enumerate(asked["columns"]):
        value = known.get((column["metric"], column["group"]))
        if value is not None and abs(value) < LARGEST:
            scores[column["key"]] = value
            continue
        if (column["metric"], column["group"]) not in known and place:
            continue  # a small subgroup, of which nothing is told
        rule = "submission/undefined-score" if value is None else "submission/too-large-score"
        what = "is not defined for these predictions (0/0)" if value is None else f"is {value:g}, which cannot be kept"
        finding = Finding(rule, f"{column['label']} {what}", severity="warning" if place else "error")
        if not place:
            raise SubmissionError("submission refused: it cannot be ranked", [finding])
        notes.append(finding)
    return scores, notes


def _placed(error: CompeteError, folder: Path) -> CompeteError:
    """The same error with places as the sender knows them, without the platform's folders."""
    prefix = f"{folder}{os.sep}"
    found = [replace(one, where=UNNAMED.sub("what was sent", one.where.replace(prefix, ""))) for one in error.findings]
    return type(error)(error.message.partition(":")[0], found)


def _refusal(error: CompeteError) -> str:
    """The page of a submission without scores."""
    if not isinstance(error, SubmissionError):
        about = "This lies with the organizers: please tell them."
        return str(page_of("Not scored", element("p", about), _told(error.findings)))
    about = "Nothing was scored and nothing stands on the leaderboard. Mend what is said here and send the file again."
    return str(page_of("Submission refused", element("p", about), _told(error.findings)))


def _told(findings: Sequence[Finding]) -> Html:
    """Findings as a list: where and what, examples, the cure, and the rule."""
    return element("ul", *(element("li", _entry(finding.shown())) for finding in findings))


def _entry(finding: Finding) -> Html:
    where = [element("code", finding.where), " "] if finding.where else []
    more = ["…"] if finding.count > len(finding.items) > 0 else []
    items = [": ", joined([*(element("code", item) for item in finding.items), *more], ", ")] if finding.items else []
    kind = element("span", finding.severity, class_=finding.severity)
    cure = element("br"), finding.hint
    return element(
        "p", *where, finding.message, *items, *cure * bool(finding.hint), element("br"), kind, " ", finding.rule
    )


def _details(result: Result, notes: Sequence[Finding]) -> str:
    """The page of a submission with all that its sender may know."""
    found = [*result.findings, *notes]
    told = [element("h2", "What was noticed"), _told(found)] if found else []
    about = result.submission
    facts = f"{about['file'] or 'the submission'}: {about['rows']:,} rows, SHA-256 {about['sha256']}"
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    return str(page_of("Scores", element("p", facts), _score_table(result), *told, element("p", versions)))


def _score_table(result: Result) -> Html:
    head = ("metric", "subgroup", "score", "95 % interval", "items")
    rows = [(one.metric, one.group, shown(one.value), interval_text(one), f"{one.n:,}") for one in result.scores]
    return wide(table_of("scores on the public items", head, rows, numbers=(2, 3, 4)), "scores")


def _hidden(bundle: Bundle) -> str:
    """The page where scores are not told yet."""
    return str(page_of("Scored", element("p", f"{bundle.terms.title}: the organizers will tell the scores.")))


def _write(path: Path, text: str) -> None:
    """Write a file in one step, so that the platform finds it whole or not at all."""
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(text.encode("utf-8", "replace"))
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
