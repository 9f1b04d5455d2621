"""The door that platforms call: ``python -m compete.scoring.program BUNDLE SUBMISSION``; needs numpy alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, Optional

from compete.bundle import open_bundle
from compete.errors import OK, CompeteError

MEMORY = 8192
"""Megabytes that a submission may use on a platform, unless told otherwise."""

SECONDS = 1800.0
"""Seconds that it may take there."""


def main(words: Optional[list[str]] = None) -> int:
    """Score one submission and print the result as JSON; a refusal is printed as JSON too.

    Args:
        words: the command line; None takes the process's own.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="compete.scoring.program", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("submission", type=Path)
    parser.add_argument("--on", default="test", help="test, or train for out-of-fold predictions")
    parser.add_argument("--public", action="store_true", help="leave out the private part")
    parser.add_argument("--limit-memory", type=int, default=MEMORY, help="megabytes a submission may use; 0: any")
    parser.add_argument("--limit-time", type=float, default=SECONDS, help="seconds it may take; 0: any")
    asked = parser.parse_args(words)
    try:
        from compete.scoring.bounded import Limits
        from compete.scoring.grading import bounded_result, grade

        work = partial(grade, open_bundle(asked.bundle), asked.submission, on=asked.on, public=asked.public)
        limits = Limits(asked.limit_memory, asked.limit_time)
        result = bounded_result(work, limits, str(asked.submission)) if limits and hasattr(os, "fork") else work()
    except CompeteError as error:
        found = [finding.as_dict() for finding in error.findings]
        _write({"error": error.message, "exit_code": error.exit_code, "findings": found})
        return error.exit_code
    _write(result.as_dict())
    return OK


def _write(content: dict[str, Any]) -> None:
    """Print JSON in ASCII, which no locale and no file name can break."""
    sys.stdout.write(json.dumps(content, sort_keys=True, indent=2, allow_nan=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
