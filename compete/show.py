"""What a person sees: results on stdout, talk on stderr, or one JSON document."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from compete.errors import AT_FAULT, OK, CompeteError, Finding, SubmissionError

if TYPE_CHECKING:
    from rich.console import Console

    from compete.audits import Audited
    from compete.building.plan import Outcome
    from compete.building.starter import Started
    from compete.demos import Demonstrated
    from compete.jobs import Rescored, Validated, Verdict
    from compete.scoring.result import Result

Progress = Callable[[str, int, int], None]
WIDE = 116
"""Columns of a terminal that shows public and private scores side by side."""
MARKS = {"error": "error", "warning": "warning", "note": "note"}
STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def console(*, err: bool = False) -> Console:
    """A terminal writer that neither wraps nor colours in a pipe."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(stderr=err, width=None if stream.isatty() else 200, soft_wrap=True, highlight=False, markup=False)


def document(content: Any) -> None:
    """Print one JSON document; what the terminal's encoding, or any, cannot hold is spelt as JSON spells it."""
    unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json_module.dumps(content, indent=2, ensure_ascii=not unicode, allow_nan=False) + "\n"
    # A file name that is not UTF-8 comes as lone surrogates, which no encoding takes.
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    sys.stdout.flush()


def plain(text: str) -> str:
    """A text with control characters spelt out, so that no file's content can steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)


def print_findings(items: Iterable[Finding], *, err: bool = True) -> None:
    """Print findings, one block each: place, severity, rule, message, examples, cure."""
    out = console(err=err)
    for finding in items:
        out.print(f"  {MARKS[finding.severity]:8}", style=STYLES[finding.severity], end="")
        lines = plain(str(finding)).split("\n")
        out.print(lines[0])
        for line in lines[1:]:
            out.print(f"          {line.strip()}", style="dim")


def failed(error: CompeteError, *, json: bool) -> None:
    """Print what a person must mend."""
    if json:
        found = [finding.as_dict() for finding in error.findings]
        document({"error": error.message, "exit_code": error.exit_code, "findings": found})
        return
    console(err=True).print(plain(error.message), style="bold")
    print_findings(sorted(error.findings, key=lambda finding: finding.severity != "error"))  # what stops comes first
    rules = list(dict.fromkeys(finding.rule for finding in error.findings if finding.severity == "error"))
    if rules:
        console(err=True).print(f"  more: compete explain {rules[0]}", style="dim")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table on stdout."""
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, column in enumerate(columns):
        grid.add_column(column, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(plain(cell) for cell in row))
    out = console()
    out.print(grid, soft_wrap=False) if sys.stdout.isatty() else out.print(grid)


def next_step(*commands: str) -> None:
    """Print what one would type next."""
    out = console(err=True)
    for place, command in enumerate(commands):
        out.print(f"{'next:' if place == 0 else '     '} {command}", style="dim")


def talker(*, quiet: bool) -> Callable[[str], None]:
    """A function that tells what is being done, on stderr."""
    if quiet:
        return lambda _: None
    return lambda text: console(err=True).print(text)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Show how far long work has come, when somebody is looking at a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console(err=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield advance


def started(made: Started, *, json: bool) -> None:
    """Show a new challenge and why each of its lines is what it is."""
    if json:
        document({"challenge": str(made.path), "choices": [list(choice) for choice in made.choices]})
        return
    console().print(f"wrote {made.path}")
    print_table(["field", "value", "because"], [list(choice) for choice in made.choices])
    next_step(f"compete check {made.path.parent}", f"compete build {made.path.parent} -o {made.path.parent}-bundle")


def checked(report: Outcome, *, json: bool) -> None:
    """Show what a build would do."""
    if json:
        document(report.as_dict())
        return
    summary(report.parts, report.balance)
    print_findings(report.findings, err=False)
    console().print("nothing stands in the way of a build")
    next_step(f"compete build {report.path} -o BUNDLE")


def audited(report: Audited, *, json: bool) -> int:
    """Show what is wrong with the data, the gravest first; the exit code says whether a build would be refused."""
    number = {severity: sum(one.severity == severity for one in report.findings) for severity in MARKS}
    code = report.fault if number["error"] else OK
    if json:
        document({**report.as_dict(), "exit_code": code})
        return code
    print_findings(report.findings, err=False)
    told = ", ".join(f"{count} {severity}{'s' if count != 1 else ''}" for severity, count in number.items())
    console().print(f"{report.name}: {report.items:,} items, {told}")
    rules = list(dict.fromkeys(one.rule for one in report.findings))
    if report.of_bundle:
        again = f'compete audit {report.path} --accept-leak RULE --because "…"'
        first = f"give participants {report.path}/public, and nothing else" if code == OK else again
    else:
        first = f"compete build {report.path} -o BUNDLE" if code == OK else f"compete check {report.path}"
    next_step(*(f"compete explain {rule}" for rule in rules[:1]), first)
    return code


def summary(parts: Sequence[Sequence[str]], balance: Sequence[Sequence[str]]) -> None:
    """Print the sizes of the parts, and each class's share in them."""
    print_table(["part", "items", "groups", "share"], parts, right=(1, 2, 3))
    if balance:
        print_table(["label", "train", "public", "private"], balance, right=(1, 2, 3))


def built(result: Outcome, *, json: bool, quiet: bool = False) -> None:
    """Show a finished bundle."""
    if json:
        document(result.as_dict())
        return
    if quiet:
        print_findings(finding for finding in result.findings if finding.severity == "warning")
        return
    console().print(f"built {result.path}")
    summary(result.parts, result.balance)
    print_findings(result.findings, err=False)
    next_step(
        f"compete verify {result.path}",
        f"compete score {result.path} {result.path}/public/{result.sample}",
        f"give participants {result.path}/public, and nothing else",
    )


def converted(out: Path, images: int, findings: Sequence[Finding], *, json: bool) -> None:
    """Show what was written in another format, and what that format cannot hold."""
    if json:
        document({"path": str(out), "images": images, "findings": [finding.as_dict() for finding in findings]})
        return
    print_findings(findings)
    console().print(f"{out}: {images:,} images")
    next_step(f"compete init DIR --from auto:{out}")


def verified(bundle: Path, found: Sequence[Finding], *, json: bool) -> None:
    """Show whether a bundle is as it was built."""
    intact = all(finding.severity == "note" for finding in found)
    if json:
        document({"bundle": str(bundle), "intact": intact, "findings": [finding.as_dict() for finding in found]})
    elif intact:
        console().print(f"{bundle}: every file is as it was built")
        print_findings(found, err=False)
    if not intact:
        from compete.errors import BundleError

        if json:
            raise SystemExit(BundleError.exit_code)
        raise BundleError(f"{bundle} is not as it was built", found)


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


def scored(verdicts: Sequence[Verdict], *, json: bool) -> int:
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


def listed(what: str, rows: Any, *, json: bool) -> None:
    """Show a list of what there is."""
    if json or isinstance(rows, dict):
        document(rows)
        return
    if rows:
        print_table(list(rows[0]), [[str(cell) for cell in row.values()] for row in rows])
    next_step("compete explain NAME")


def explained(content: dict[str, str], *, json: bool) -> None:
    """Show what a metric or a rule is."""
    if json:
        document(content)
        return
    out = console()
    out.print(content["name"], style="bold")
    for key, text in content.items():
        if key not in ("name", "text"):
            indent = " " * 13
            lines = wrap(text, 107, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
            out.print(f"  {key + ':':10} " + "\n".join(lines)[13:])
    out.print("\n" + content["text"])
