"""Run a door of scoring under an audit hook: ``python -m tests.scoring.audited FD DOOR``, command lines on stdin.

Everything that Python tells its auditors, here or in a child, is written to the file descriptor, one JSON list a line.
"""

from __future__ import annotations

import json
import os
import sys


def watch(descriptor: int) -> None:
    """Tell every event from now on."""

    def told(event: str, values: tuple[object, ...]) -> None:
        os.write(descriptor, json.dumps([event, [repr(value) for value in values[:3]]]).encode() + b"\n")

    sys.addaudithook(told)


def exit_code(door: str, words: list[str]) -> int:
    """The exit code of one command."""
    if door == "program":
        from compete.scoring.program import main as program

        return program(words)
    from compete.cli import main

    sys.argv = ["compete", *words]
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


if __name__ == "__main__":
    lines = json.load(sys.stdin)
    watch(int(sys.argv[1]))
    sys.exit(json.dumps([exit_code(sys.argv[2], words) for words in lines]))
