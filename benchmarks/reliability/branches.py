"""Which branches of the core the tests take: ``python benchmarks/reliability/branches.py [TESTS ...]``.

Runs the tests of readers, scoring, metrics, bundle and files, and prints for each of them which share of its branches
is taken, then every module below 95 %. Forked children and started programs count too. It takes a quarter of an hour on
a quiet machine; with TESTS (a file, say) less is run, and modules of which nothing is run are not printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GOAL = 0.95

CORE = {
    "compete/readers/": "readers",
    "compete/scoring/": "scoring",
    "compete/nifti/": "volumes",
    "compete/bundle.py": "bundle",
    "compete/hidden.py": "bundle",
    "compete/files.py": "files",
    "compete/png.py": "files",
    "metrics/": "metrics",
}
"""How the places of the core begin, and what the table calls them."""

WHOLE = [
    *("tests/readers", "tests/scoring", "tests/metrics", "metrics", "tests/building/test_rehearsal.py"),
    *("tests/building/test_pipeline.py", "tests/building/test_volumes.py", "tests/building/test_same_bytes.py"),
    *(f"tests/test_{name}.py" for name in ("bundle", "bundle_parts", "files", "other_systems", "hidden", "png")),
    *(f"tests/test_{name}.py" for name in ("rescoring", "federated_flow", "image_challenge", "cli")),
]
UNFIT = ("tests/scoring/test_pure.py", "tests/test_cli.py::test_no_permission", "tests/test_cli.py::test_a_full_disk")
"""Tests that notice the files which the measuring itself writes."""

FORKED = "tests/scoring/test_bounded.py"
"""Tests whose children end at once, and must be told to note before what they did; for all others that is too slow."""

SETTINGS = """[run]
branch = true
parallel = true
concurrency = multiprocessing,thread
patch = {patch}
data_file = {folder}/data
source =
    {root}/compete
    {root}/metrics
disable_warnings = no-data-collected,module-not-imported,module-not-measured,dynamic-conflict
"""


def measure(folder: Path, tests: Sequence[str], patch: str) -> None:
    """Run tests and note the branches that they take."""
    settings = folder / "settings"
    settings.write_text(SETTINGS.format(patch=patch, folder=folder, root=ROOT))
    left_out = [word for name in UNFIT for word in ("--deselect", name)]
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-q"]
    command += ["-p", "no:cacheprovider", "-p", "no:faulthandler", *left_out, *tests]
    surroundings = {**os.environ, "CI": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=ROOT, env=surroundings, check=False)  # what fails is told, and takes branches too


def modules(folder: Path) -> dict[str, dict[str, Any]]:
    """Of each module of the core how much there is, and how much was taken."""
    for words in (["combine", "-q", str(folder)], ["json", "-q", "-o", str(folder / "report.json")]):
        command = [sys.executable, "-m", "coverage", words[0], f"--rcfile={folder / 'settings'}", *words[1:]]
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    report = json.loads((folder / "report.json").read_text())
    found = {Path(name).as_posix(): one["summary"] for name, one in report["files"].items()}
    return {name: one for name, one in sorted(found.items()) if name.startswith(tuple(CORE)) and one["num_statements"]}


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def told(found: dict[str, dict[str, Any]], *, whole: bool) -> bool:
    """Print the tables, of all modules or of those that were run; whether all parts of the core reach the goal."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, one in found.items():
        part = next(part for begin, part in CORE.items() if name.startswith(begin))
        sums[part].update({key: one[key] for key in ("num_branches", "covered_branches", "num_statements")})
        sums[part]["covered_lines"] += one["covered_lines"]
    print(f"\n{'':12}{'branches':>10}{'taken':>8}{'lines':>9}{'run':>8}")
    reached = True
    for part, one in sums.items():
        branches = share(one["covered_branches"], one["num_branches"])
        lines = share(one["covered_lines"], one["num_statements"])
        print(f"{part:12}{one['num_branches']:>10}{branches:>8.1%}{one['num_statements']:>9}{lines:>8.1%}")
        reached = reached and branches >= GOAL
    print("\nmodules below the goal")
    for name, one in found.items():
        taken = one["covered_branches"] + one["covered_lines"]
        both = share(taken, one["num_branches"] + one["num_statements"])
        if both < GOAL and (whole or taken):
            print(f"  {name:52}{both:>7.1%}")
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tests", nargs="*", metavar="TESTS", help="files or folders of tests in place of all")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(folder, given.tests or WHOLE, "subprocess")
        if not given.tests:
            measure(folder, [FORKED], "_exit, subprocess")
        sys.exit(not told(modules(folder), whole=not given.tests))


if __name__ == "__main__":
    main()
