"""Commands without root's rights: ``python permission.py FOLDER``; all is loaded while root still may."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from compete.cli import main


def call(*words: str | Path) -> None:
    """Run one command and print its exit code."""
    sys.argv = ["compete", *map(str, words)]
    try:
        main()
    except SystemExit as stop:
        print("exit", stop.code, flush=True)


if __name__ == "__main__":
    here = Path(sys.argv[1])
    call("build", here / "penguins", "-o", here / "open")
    call("score", here / "open", here / "open" / "public" / "sample_submission.csv")
    call("score", here / "open", here / "nowhere.csv")
    print("--- without rights", flush=True)
    if os.geteuid() == 0:
        os.seteuid(65534)
    call("build", here / "penguins", "-o", here / "locked" / "out")
    call("score", here / "open", here / "secret.csv")
