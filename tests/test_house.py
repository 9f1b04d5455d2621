"""The shape of the house: which way imports run, how long files are, what a name may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for name in ("compete", "metrics") for path in (ROOT / name).rglob("*.py"))
SCRIPTS = sorted(path for name in ("tests", "benchmarks", "challenges") for path in (ROOT / name).rglob("*.py"))

FLOORS = {
    "cells": 0,
    "disk": 0,
    "errors": 0,
    "personal": 0,
    "table": 0,
    "tasks": 0,
    "threads": 0,
    "version": 0,
    "files": 1,
    "formats": 1,
    "markup": 1,
    "nifti": 1,
    "png": 1,
    "sources": 1,
    "terms": 1,
    "cluster": 1,
    "engine": 2,
    "challenge": 2,
    "dataset": 3,
    "bundle": 3,
    "hidden": 3,
    "audits": 4,
    "building": 4,
    "exporters": 4,
    "importers": 4,
    "leaderboard": 4,
    "readers": 4,
    "recommending": 4,
    "scoring": 4,
    "reports": 5,
    "jobs": 6,
    "demos": 7,
    "catalogs": 8,
    "show": 8,
    "cli": 9,
    "__main__": 10,
}
"""Each room's floor; an import may only go down, or stay inside its room."""

WINGS = [
    {"audits", "building", "importers", "readers", "recommending"},
    {"leaderboard", "scoring"},
    {"exporters"},
]
"""Rooms that stand side by side; those of one set may know each other."""

LIGHT = [
    "metrics",
    "compete/scoring",
    "compete/nifti",
    *(f"compete/{name}.py" for name in ("bundle", "cells", "disk", "errors", "files", "hidden")),
    *(f"compete/{name}.py" for name in ("markup", "png", "tasks", "terms")),
]
LIGHT_LIBRARIES = {"numpy", "metrics", "compete"}


def room_of(module: str) -> str:
    """The room of a module of ours: the second part of its dotted name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def dotted(path: Path) -> str:
    """The module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function; a name stands behind its package."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} relative import"
            found.add(node.module or "")
            if node.module == "compete":
                found.update(f"compete.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_arrow_runs_up_and_wings_do_not_meet(path: Path) -> None:
    here = dotted(path)
    if here.startswith("metrics"):
        assert not {name for name in imports(path) if name.split(".")[0] == "compete"}
        return
    room = room_of(here)
    if not room:
        return  # the package itself holds the version and lazy doors
    for name in imports(path):
        other = room_of(name) if name.startswith("compete.") else ""
        if not other or other == room:
            continue
        together = any({room, other} <= wing for wing in WINGS)
        assert FLOORS[other] < FLOORS[room] or together, f"{here} imports {name}"


@pytest.mark.parametrize("path", SOURCES + SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    if path in SOURCES:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                doc = (first.end_lineno or 0) - first.lineno + 1 if is_doc else 0
                length = (node.end_lineno or 0) - node.lineno + 1 - doc
                assert length <= 40, f"{path.name}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_public_function_bears_a_modules_name(path: Path) -> None:
    modules = {source.stem for source in path.parent.glob("*.py")} | {folder.name for folder in path.parent.iterdir()}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not names & modules


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_those_of_the_field(path: Path) -> None:
    forbidden = {"utils", "util", "helper", "helpers", "manager", "base", "process", "gt", "dets", "preds", "answers"}
    assert path.stem not in forbidden
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & (forbidden | {"df"})


def light_files() -> list[Path]:
    """The files that a platform's container runs."""
    places = [ROOT / name for name in LIGHT]
    return [path for place in places for path in ([place] if place.suffix else sorted(place.rglob("*.py")))]


@pytest.mark.parametrize("path", light_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_scoring_path_is_light(path: Path) -> None:
    """Numpy and the standard library at the top; a challenge's own metric may ask for pandas when it is called."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    top = {name for name in _top_imports(tree) if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name.split(".")[0] for name in top} <= LIGHT_LIBRARIES
    rooms = {room_of(name) for name in imports(path) if name.startswith("compete.")}
    ground = {"bundle", "cells", "disk", "errors", "files", "hidden", "markup", "png", "tasks", "terms", "version"}
    assert rooms <= {"", "scoring", "nifti", *ground}


def _top_imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["score", "--help"], ["list", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    script = (
        "import sys\nsys.argv = ['compete', *sys.argv[1:]]\nfrom compete.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert stop.code == 0, stop.code\n"
        "heavy = {'pandas', 'sklearn', 'pyarrow', 'numpy', 'PIL', 'jsonschema', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
