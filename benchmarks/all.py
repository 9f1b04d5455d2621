"""Every claim of speed and reliability, one script after the other: ``make bench``, or quickly with ``--quick``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
QUICK = {"bench_cli.py": ["--rows", "1000", "--repeats", "3"], "bench_reading.py": ["--rows", "100000"]}


def main() -> None:
    """Run each benchmark in a process of its own, so that none warms the memory of the next."""
    quick = "--quick" in sys.argv[1:]
    scripts = [*HERE.glob("bench_*.py"), *(HERE / "reliability" / name for name in ("submissions.py", "crashes.py"))]
    scripts.append(HERE / "graders" / "__main__.py")
    for script in sorted(scripts):
        options = QUICK.get(script.name, ["--quick"]) if quick else []
        print(f"\n=== {script.name}", flush=True)
        subprocess.run([sys.executable, str(script), *options], check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()
