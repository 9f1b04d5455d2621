"""Do the tests notice a wrong line? ``python benchmarks/reliability/mutants.py [--count 12] [MODULE ...]``.

In a copy of the code one thing at a time is made wrong: a comparison, an operator, a number, a condition. Then the
tests of that module run. A mutant that no test notices is printed with its line; some of them change nothing that
anybody could see, and count all the same. Without ``--count`` every mutant is tried, which takes a night.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 180
"""Seconds that the tests of a mutant may take; one that loops for ever is noticed, too."""

SCORING = "tests/scoring/"
TABLES = tuple(f"{SCORING}test_{name}.py" for name in ("table", "numerals", "matching", "submission", "corpus"))
TESTS: dict[str, tuple[str, ...]] = {
    "compete/bundle.py": ("tests/test_bundle.py", "tests/test_bundle_parts.py", f"{SCORING}test_tampering.py"),
    "compete/files.py": ("tests/test_files.py",),
    "compete/hidden.py": ("tests/test_hidden.py",),
    **{f"compete/scoring/{name}.py": TABLES for name in ("source", "scanning", "header", "table", "spans")},
    **{f"compete/scoring/{name}.py": TABLES for name in ("digits", "numerals", "matching", "submission", "causes")},
    **{
        f"compete/scoring/{name}.py": (f"{SCORING}test_json_text.py", f"{SCORING}test_json_rows.py")
        for name in ("json_text", "json_rows", "json_numbers", "json_faults", "json_layout")
    },
    **{
        f"compete/scoring/{name}.py": (f"{SCORING}test_archives.py", f"{SCORING}test_tar.py")
        for name in ("archives", "archive_names", "archive_bytes", "zip_directory", "tar_headers")
    },
    **{f"compete/scoring/{name}.py": (f"{SCORING}test_pictures.py", f"{SCORING}test_png_runs.py") for name in ("png",)},
    **{f"compete/scoring/{name}.py": (f"{SCORING}test_tiff.py",) for name in ("tiff", "tiff_packing")},
    **{
        f"metrics/{name}.py": ("tests/metrics/test_golden.py", "tests/metrics/test_oracles.py", f"metrics/{name}.py")
        for name in ("classification", "confusion", "probability", "ranking", "regression")
    },
    "metrics/matching.py": ("tests/metrics/test_matching.py", "tests/metrics/test_detection_oracle.py"),
    "metrics/run_lengths.py": ("tests/metrics/test_run_lengths.py",),
}
"""The core, and the tests that must notice: those of the module's own behaviour, not the whole suite."""

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One wrong line.

    Attributes:
        module: path below the root.
        line: counted from 1.
        change: what was made of what.
        text: the whole module with it.
    """

    module: str
    line: int
    change: str
    text: str


def swapped(node: ast.AST) -> ast.AST | None:
    """The node made wrong; None where this is no place for it."""
    wrong: ast.AST | None = None
    match node:
        case ast.Compare(left=left, ops=[first, *others], comparators=right) if type(first) in COMPARISONS:
            wrong = ast.Compare(left, [COMPARISONS[type(first)](), *others], right)
        case ast.BoolOp(op=operator, values=values):
            wrong = ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            wrong = operand
        case ast.BinOp(left=one, op=operator, right=other) if type(operator) in OPERATORS:
            wrong = ast.BinOp(one, OPERATORS[type(operator)](), other)
        case ast.Constant(value=bool(value)):
            wrong = ast.Constant(not value)
        case ast.Constant(value=int(value)):
            wrong = ast.Constant(value + 1)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            wrong = ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse)
    return wrong


def mutants_of(module: str) -> Iterator[Mutant]:
    """Every mutant of what the functions of a module do; what stands outside of them are names and texts."""
    source = (ROOT / module).read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    bodies = [node for function in functions for part in function.body for node in ast.walk(part)]
    for node in dict.fromkeys(bodies):
        # Text within text is not told apart by its place.
        if isinstance(node, ast.JoinedStr) or (wrong := swapped(node)) is None or node.lineno != node.end_lineno:
            continue
        line, first, last = lines[node.lineno - 1].encode(), node.col_offset, node.end_col_offset
        was, text = line[first:last].decode(), f"({ast.unparse(ast.fix_missing_locations(wrong))})"
        new = line[:first].decode() + text + line[last:].decode()
        whole = "".join([*lines[: node.lineno - 1], new, *lines[node.lineno :]])
        try:
            compile(whole, module, "exec")
        except SyntaxError:  # a number within an f-string, say
            continue
        yield Mutant(module, node.lineno, f"{was} -> {text[1:-1]}", whole)


def noticed(folder: Path, mutant: Mutant | None, tests: Sequence[str]) -> bool:
    """Whether the tests fail, run in a copy of the code that holds the mutant, if any."""
    place = folder / (mutant.module if mutant else "compete/version.py")
    kept = place.read_text(encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:faulthandler", *tests]
    surroundings = {**os.environ, "CI": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    try:
        place.write_text(mutant.text if mutant else kept, encoding="utf-8")
        done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(kept, encoding="utf-8")
    return done.returncode != 0


def tried(folder: Path, module: str, count: int) -> tuple[int, int]:
    """Print what of a module nobody noticed; how many mutants were tried, and how many were noticed."""
    tests = TESTS[module]
    if noticed(folder, None, tests):
        sys.exit(f"the tests of {module} fail as it is: {' '.join(tests)}")
    found = list(mutants_of(module))
    chosen = random.Random(module).sample(found, min(count or len(found), len(found)))
    killed = 0
    for mutant in sorted(chosen, key=lambda one: one.line):
        if noticed(folder, mutant, tests):
            killed += 1
        else:
            print(f"    {module}:{mutant.line}  {mutant.change}", flush=True)
    print(f"{module:36}{len(chosen):>5}{killed:>9}{killed / len(chosen):>7.0%}", flush=True)
    return len(chosen), killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"one of {', '.join(TESTS)}")
    parser.add_argument("--count", type=int, default=0, help="mutants of each module, drawn at random; all if 0")
    given = parser.parse_args()
    print(f"{'module':36}{'tried':>5}{'noticed':>9}{'share':>7}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "copy")
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "build", "__pycache__"))
        sums = [tried(folder, module, given.count) for module in given.modules or TESTS]
    count, killed = (sum(column) for column in zip(*sums, strict=True))
    print(f"{'all':36}{count:>5}{killed:>9}{killed / count:>7.0%}")


if __name__ == "__main__":
    main()
