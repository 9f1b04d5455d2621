"""The terminal itself: tables, findings, progress, one JSON document."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from compete.errors import CompeteError, Finding

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[str, int, int], None]
MARKS = {"error": "error", "warning": "warning", "note": "note"}
STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def console(*, err: bool = False) -> Console:
    """A terminal writer that neither wraps nor colours in a pipe."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else 200
    return Console(stderr=err, width=width, soft_wrap=True, highlight=False, markup=False, emoji=False)


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
