"""Runs what a participant sent on the data, where that is a program; predictions that were sent count as they are.

Called by CodaBench: ``ingest.py DATA OUTPUT SENT``. A program is ``predict.py`` at the top of what was sent; it is run
as ``python3 predict.py DATA -o FILE`` and writes its predictions to FILE. No label of a test item is within its reach.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TextIO

PROGRAM = "predict.py"


def main() -> int:
    """Run the program, if there is one.

    Returns:
        The exit code; that of the program where it failed.
    """
    data, out, sent = map(Path, sys.argv[1:])
    if not (sent / PROGRAM).is_file():
        _say(f"no {PROGRAM}: what was sent counts as predictions")
        return 0
    sample = next(data.glob("sample_submission.*"))
    target = out / f"predictions{sample.suffix}"
    command = [sys.executable, "-B", str(sent / PROGRAM), str(data), "-o", str(target)]
    _say(f"running {PROGRAM}")
    done = subprocess.run(command, cwd=sent, check=False)  # noqa: S603  (that is what it is for; see the README)
    if done.returncode:
        target.unlink(missing_ok=True)
        _say(f"{PROGRAM} stopped with exit code {done.returncode}, so there are no predictions", sys.stderr)
        return done.returncode
    if not target.is_file():
        _say(f"{PROGRAM} ended well, but wrote no {target.name}", sys.stderr)
        return 1
    _say(f"{target.name}: {target.stat().st_size:,} bytes")
    return 0


def _say(line: str, stream: TextIO = sys.stdout) -> None:
    """A line of the log, before anything that comes after it."""
    stream.write(f"{line}\n")
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
