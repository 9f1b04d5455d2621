"""The command line: each command reads its arguments, calls one job and shows what came of it."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from io import TextIOWrapper
from typing import Any, NoReturn

from compete import show
from compete.cli import exporting, importing, looking_up, organizing, ranking, recommending, reporting, scoring
from compete.cli.program import app
from compete.errors import BUG, OK, SYSTEM, USAGE, CompeteError

COMMANDS = (organizing, reporting, recommending, scoring, ranking, looking_up, exporting, importing)
"""The modules whose commands stand in the program."""
SELDOM = (200_000, 20, 20)
"""After how many new objects Python looks for garbage: loading modules makes a hundred thousand, and none is any."""


def main() -> NoReturn:
    """Run the command line; the only place that catches."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the work is spread over processes, not inside numpy
    gc.set_threshold(*SELDOM)
    atexit.register(gc.freeze)  # or Python would look through all of them once more as it leaves
    _open_mouth()
    try:
        code = app(prog_name="compete", standalone_mode=False) or OK
    except CompeteError as error:
        code = _told(error)
    except BrokenPipeError:  # the reader of our output has gone
        _silence()
        code = SYSTEM
    except OSError as error:
        from compete.files import system_fault

        code = _told(system_fault(error))
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _misused(error) if hasattr(error, "format_message") else _bug()
    sys.exit(code)


def _open_mouth() -> None:
    """Make the streams take any text, whatever the locale; a stream that the caller closed swallows it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence() -> None:
    """Let what stdout still holds go nowhere, so that leaving does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: CompeteError) -> int:
    """Say what a person must mend: on stderr, where stdout is what takes nothing."""
    try:
        show.failed(error, json="--json" in sys.argv)
    except OSError:
        _silence()
        show.failed(error, json=False)
    return error.exit_code


def _misused(error: Any) -> int:
    """Say what the command line does not know; ``error`` is one of the parser's own."""
    error.show()
    if "--json" in sys.argv:
        show.document({"error": error.format_message(), "exit_code": USAGE, "findings": []})
    return USAGE


def _bug() -> int:
    """Say that it is our fault."""
    traceback.print_exc()
    told = "This is a bug in compete, not in your data."
    print(f"\n{told} Please report the lines above.", file=sys.stderr)  # noqa: T201
    if "--json" in sys.argv:
        show.document({"error": told, "exit_code": BUG, "findings": []})
    return BUG
