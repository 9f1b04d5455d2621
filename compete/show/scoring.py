"""How scores and refusals look at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compete.errors import AT_FAULT, OK, SubmissionError
from compete.show.terminal import console, document, failed, next_step, plain, print_findings, print_table

if TYPE_CHECKING:
    from compete.demos import Demonstrated
    from compete.jobs import Rescored, Validated, Verdict
    from compete.scoring.result import Result


WIDE = 116
"""Columns of a terminal that shows public and private scores side by side."""


def validated(report: Validated, *, json: bool) -> None:
    """Show that a submission would be scored."""
    if json:
        document(report.as_dict())
        return
    console().print(f"{report.file}: {report.rows:,} rows, fit to be scored")
    print_findings(report.findings, err=False)
    if report.on == "train":
        next_step(f"compete score {report.bundle} {report.file} --on train")
    elif (report.bundle / "private").is_dir():
        next_step(f"compete score {report.bundle} {report.file}")
    else:
        next_step("send it to the organizer, who has the solution")


def scored(verdicts: Sequence[Verdict], *, json: bool, report: Path | None = None) -> int:
    """Show scores and refusals; the exit code is that of the gravest fault."""
    errors = [verdict.error for verdict in verdicts if verdict.error]
    if len(verdicts) == 1 and errors and not isinstance(errors[0], SubmissionError):
        raise errors[0]
    if json:
        documents = [verdict.as_dict() for verdict in verdicts]
        document(documents[0] if len(documents) == 1 else {"results": documents})
    elif len(verdicts) == 1 and verdicts[0].result:
        _one_result(verdicts[0].result, verdicts[0].path)
    else:
        _many_results(verdicts)
    if report and not json:
        next_step(f"open {report} in a browser")
    return max((error.exit_code for error in errors), default=OK)


def rescored(found: Sequence[Rescored], *, json: bool) -> int:
    """Show whether submissions still get the scores of a record."""
    if json:
        documents = [one.as_dict() for one in found]
        document(documents[0] if len(documents) == 1 else {"results": documents})
    else:
        for one in found:
            told = f"the same {len(one.result.scores)} scores, bit for bit" if one.same else "NOT as recorded"
            console().print(f"{plain(str(one.path))}  {told}")
            print_findings(one.findings, err=False)
    return OK if all(one.same for one in found) else AT_FAULT


def _one_result(result: Result, path: Path) -> None:
    """Show public and private scores side by side, or one after the other where the terminal is narrow."""
    console().print(f"{result.challenge['name']} {result.challenge['version']}  {path}")
    parts = list(dict.fromkeys(score.part for score in result.scores))
    if console().width >= WIDE:
        _score_table(result, parts)
    else:
        for part in parts:
            _score_table(result, [part])
    print_findings(result.findings, err=False)


def _score_table(result: Result, parts: Sequence[str]) -> None:
    """A row for each metric and group, three columns for each part."""
    from compete.scoring.result import interval_text, shown

    found = {(score.metric, score.group, score.part): score for score in result.scores if score.part in parts}
    measures = [record["name"] for record in result.metrics]
    rows, last = [], ""
    for metric, group in sorted(dict.fromkeys(key[:2] for key in found), key=lambda key: measures.index(key[0])):
        cells: list[str] = []
        for part in parts:
            score = found.get((metric, group, part))
            cells += [shown(score.value), interval_text(score), f"{score.n:,}"] if score else ["", "", ""]
        rows.append([metric if metric != last else "", group or "all", *cells])
        last = metric
    head = [name for part in parts for name in (part, "95 % interval", "items")]
    print_table(["metric", "group", *head], rows, right=range(2, 2 + len(head)))


def _many_results(verdicts: Sequence[Verdict]) -> None:
    from compete.scoring.result import interval_text, shown

    rows = []
    for verdict in verdicts:
        for part in ("public", "private", "train"):
            score = verdict.result.overall(part) if verdict.result else None
            if score:
                rows.append([str(verdict.path), part, score.metric, shown(score.value), interval_text(score)])
    if rows:
        print_table(["submission", "part", "metric", "score", "95 % interval"], rows, right=(3, 4))
    for verdict in verdicts:
        if verdict.error:
            failed(verdict.error, json=False)


def demonstrated(shown_demo: Demonstrated, *, json: bool) -> None:
    """Show the scores of a demo's baseline, and what to try next."""
    if json:
        document({"bundle": str(shown_demo.bundle), "results": [verdict.as_dict() for verdict in shown_demo.verdicts]})
        return
    for verdict in shown_demo.verdicts:
        scored([verdict], json=False)
    next_step(
        f"look at {shown_demo.challenge}/challenge.yaml",
        f"compete verify {shown_demo.bundle}",
        "compete init DIR --from csv:YOUR_TABLE.csv",
    )
