"""The scoring program that a platform receives: our own files, found by following their imports."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

WHOLE = ("metrics", "compete/scoring")
"""Packages that are shipped whole, because they load parts of themselves by name."""

ROOT = Path(__file__).parents[2]
"""The folder in which our packages lie."""

INITIAL = "__init__.py"
ENDINGS = (".py", ".json", ".typed")


@cache
def program_files() -> dict[str, bytes]:
    """The files that score a submission on Python 3.9 with numpy alone, by their places below the program's folder.

    Returns:
        ``metrics/`` and ``compete/scoring/`` whole, and of the rest of ``compete`` what they import, at whatever depth.
        Treat it as frozen.
    """
    names = [path for package in WHOLE for path in _files_of(ROOT / package)]
    found: dict[str, bytes] = {}
    while names:
        path = names.pop()
        name = path.relative_to(ROOT).as_posix()
        if name in found:
            continue
        found[name] = path.read_bytes()
        names += [] if path.suffix != ".py" else _imported(path, found[name])
    return dict(sorted(found.items()))


def _files_of(folder: Path) -> list[Path]:
    """The files of a package that are its source."""
    found = (path for path in folder.rglob("*") if path.suffix in ENDINGS)
    return [path for path in found if "__pycache__" not in path.parts]


def _imported(path: Path, source: bytes) -> list[Path]:
    """The files of ours that a file imports, with the packages that they lie in.

    Of ``compete/__init__.py`` nothing is followed: its doors to the jobs open only when somebody asks for them.
    """
    found: list[Path] = []
    if path == ROOT / "compete" / INITIAL:
        return [ROOT / "compete/version.py"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [file for alias in node.names for file in _files_named(alias.name)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            each = (f"{node.module}.{alias.name}" for alias in node.names)
            found += [file for name in (node.module, *each) for file in _files_named(name)]
    return found


def _files_named(name: str) -> list[Path]:
    """The file of a module of ours, and the ``__init__.py`` of every package above it; none for any other."""
    parts = name.split(".")
    if parts[0] not in ("compete", "metrics"):
        return []
    place = ROOT.joinpath(*parts)
    file = place / INITIAL if place.is_dir() else place.with_suffix(".py")
    if not file.is_file():
        return []
    return [file, *(ROOT.joinpath(*parts[:depth]) / INITIAL for depth in range(1, len(parts)))]
