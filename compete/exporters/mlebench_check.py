"""What MLE-bench's registry, its preparation or its medals would stumble over in a competition folder."""

from __future__ import annotations

import ast
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from compete.errors import Finding
from compete.exporters.archive import Content
from compete.exporters.documents import function_of, mapping_of, python_of
from compete.exporters.solution_check import read_plain_table

CONFIGURATION = "config.yaml"
SUMMED = (".csv", ".json", ".jsonl", ".parquet", ".bson")
"""Endings of the files whose checksums are compared, where they lie directly in a half."""

NEEDED = ("id", "name", "competition_type", "description", "dataset", "grader", "preparer")
PREPARED = ["raw", "public", "private"]
POINTER = b"version https://git-lfs"


def check_path(path: Path) -> list[Finding]:
    """All that is wrong with a competition folder, or with those below an export."""
    if (path / CONFIGURATION).is_file():
        return _check_competition(path, None)
    configurations = path.glob(f"mlebench/competitions/*/{CONFIGURATION}")
    below = sorted(found.parent for found in configurations if found.is_file())
    if not below:
        hint = "give mlebench/competitions/ID, or the folder that `compete export` wrote"
        return [Finding("mlebench/folder", f"there is no {CONFIGURATION}", str(path), hint=hint)]
    return [finding for one in below for finding in _check_competition(one, path / "data" / one.name)]


def _check_competition(folder: Path, data: Path | None) -> list[Finding]:
    conf, findings = mapping_of(folder / CONFIGURATION, "mlebench/config")
    if conf is None:
        return findings
    findings = [Finding("mlebench/config", fault, CONFIGURATION) for fault in _faults(conf, folder)]
    grader = conf.get("grader")
    if isinstance(grader, dict):
        findings += _function_findings(folder, grader.get("grade_fn"), "grader.grade_fn")
    findings += _function_findings(folder, conf.get("preparer"), "preparer")
    findings += _leaderboard_findings(folder / "leaderboard.csv")
    return findings + _checksum_findings(folder / "checksums.yaml", data)


def _faults(conf: Mapping[str, Any], folder: Path) -> list[str]:
    faults = [f"{key} is missing" for key in NEEDED if conf.get(key) is None]
    for key in ("id", "name", "competition_type", "description", "preparer"):
        value = conf.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            faults.append(f"{key} is {value!r}; it must be text, so put it in quotes")
    name = folder.resolve().name
    if isinstance(conf.get("id"), str) and conf["id"] != name:
        faults.append(f"id is {conf['id']!r}, and the folder is called {name!r}; they must be the same")
    if "." in name:
        faults.append(f"the folder's name {name!r} has a dot, at which the registry cuts it")
    description = conf.get("description")
    if isinstance(description, str) and description:
        file = folder / PurePosixPath(description).name
        if PurePosixPath(description).parent.as_posix() != f"mlebench/competitions/{name}" or not file.is_file():
            faults.append(f"description {description!r} is no file; write mlebench/competitions/{name}/description.md")
        elif not file.read_bytes().strip():
            faults.append(f"{file.name} is empty")
    return faults + _dataset_faults(conf.get("dataset")) + _grader_faults(conf.get("grader"))


def _dataset_faults(dataset: Any) -> list[str]:
    if dataset is None:
        return []
    if not isinstance(dataset, dict):
        return ["dataset must hold answers and sample_submission"]
    faults = [f"dataset.{key} is missing" for key in ("answers", "sample_submission") if not dataset.get(key)]
    endings = {"answers": (".csv", ".jsonl"), "sample_submission": (".csv",), "gold_submission": (".csv",)}
    for key, allowed in endings.items():
        value = dataset.get(key)
        if value and (not isinstance(value, str) or PurePosixPath(value).suffix not in allowed):
            faults.append(f"dataset.{key} is {value!r}; it must end in {' or '.join(allowed)}")
    if str(dataset.get("answers", "")).endswith(".jsonl") and not dataset.get("gold_submission"):
        faults.append("dataset.gold_submission is missing: answers in .jsonl cannot serve as a submission")
    return faults


def _grader_faults(grader: Any) -> list[str]:
    if grader is None:
        return []
    if not isinstance(grader, dict) or set(grader) != {"name", "grade_fn"}:
        return ["grader must hold name and grade_fn, and nothing else"]
    return [] if isinstance(grader["name"], str) and grader["name"] else ["grader.name must be text"]


def _function_findings(folder: Path, value: Any, key: str) -> list[Finding]:
    """Whether ``module:function`` names a function that can be called as MLE-bench does."""
    module, _, name = str(value or "").partition(":")
    start = f"mlebench.competitions.{folder.resolve().name}."
    if value is not None and not name:
        return [Finding("mlebench/config", f"{key} is {value!r}; write module:function", CONFIGURATION)]
    if not module.startswith(start):
        return []  # there is none, or it is a function of somebody else's
    path = folder.joinpath(*module.removeprefix(start).split(".")).with_suffix(".py")
    if not path.is_file():
        return [Finding("mlebench/config", f"{key} names {path.name}, which is not there", CONFIGURATION)]
    tree, findings = python_of(path, "mlebench/code")
    if tree is None:
        return findings
    fault, line = _code_fault(tree, name, preparer=key == "preparer")
    return [Finding("mlebench/code", fault, f"{path.name}:{line}" if line else path.name)] if fault else []


def _code_fault(tree: ast.Module, name: str, *, preparer: bool) -> tuple[str, int]:
    """Why a function could not be called, and its line; an empty text where it can."""
    found = function_of(tree, name)
    if not found:
        imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
        known = {alias.asname or alias.name for node in imports for alias in node.names}
        return ("" if name in known else f"there is no function {name}"), 0
    given = found.args
    arguments = [one.arg for one in (*given.posonlyargs, *given.args)]
    if preparer and arguments != PREPARED:
        fault = f"{name}({', '.join(arguments)}) must have the arguments raw, public, private, in this order"
        return fault, found.lineno
    if not preparer and not given.vararg and not len(arguments) - len(given.defaults) <= 2 <= len(arguments):
        return f"{name} is called with two arguments, submission and answers", found.lineno
    return "", 0


def _leaderboard_findings(path: Path) -> list[Finding]:
    """Medals and the direction follow from the column ``score``."""
    if not path.is_file():
        return [Finding("mlebench/leaderboard", "it is not there, so nothing can be prepared or graded", path.name)]
    if path.read_bytes().startswith(POINTER):
        message, hint = "this is a pointer of Git LFS, not the file itself", "git lfs pull"
        return [Finding("mlebench/leaderboard", message, path.name, hint=hint)]
    table, findings = read_plain_table(path, "mlebench/leaderboard")
    if table is None:
        return findings
    if "score" not in table.columns or not table.rows:
        return [Finding("mlebench/leaderboard", "it needs a column score, and one row or more", path.name)]
    try:
        fault, hint = _order_fault([float(cell) for cell in table.column("score")])
    except ValueError:
        return [Finding("mlebench/leaderboard", "a score is no number", path.name)]
    return [Finding("mlebench/leaderboard", fault, path.name, severity="warning", hint=hint)] if fault else []


def _order_fault(scores: list[float]) -> tuple[str, str]:
    """What is odd about the order of scores, and its cure; empty texts where nothing is."""
    if scores[0] == scores[-1]:
        return "the first score is the last, so higher is taken to be better", "add a worse score at the end"
    if sorted(scores, reverse=scores[0] > scores[-1]) != scores:
        return "scores are not sorted, so medals go by places that nobody earned", "sort it, best first"
    return "", ""


def _checksum_findings(path: Path, data: Path | None) -> list[Finding]:
    """Whether the checksums are there, and those of the data beside."""
    if not path.is_file():
        message = "it is not there: `mlebench prepare` writes it, and then proves nothing"
        return [Finding("mlebench/checksums", message, path.name, severity="note")]
    sums, _ = mapping_of(path, "mlebench/checksums")
    if not sums or set(sums) != {"zip", "public", "private"}:
        return [Finding("mlebench/checksums", "it must hold zip, public and private", path.name)]
    archive = data / f"{data.name}.zip" if data else None
    if archive is None or not archive.is_file():
        return []
    found = _sums_of(archive)
    wrong = [key for key in ("zip", "public", "private") if found.get(key) != sums[key]]
    if not wrong:
        return []
    message = f"checksums differ from those of data/{archive.parent.name}/{archive.name}"
    return [Finding("mlebench/checksums", message, path.name, tuple(wrong), hint="export again")]


def _sums_of(archive: Path) -> dict[str, Any]:
    """The checksums of what a zip of ours would be prepared to; nothing where it is no zip."""
    found: dict[str, Any] = {"zip": md5_of(archive)}
    try:
        with zipfile.ZipFile(archive) as opened:
            for half in ("public", "private"):
                names = [PurePosixPath(name) for name in opened.namelist()]
                own = [name for name in names if name.parent.as_posix() == half and name.suffix in SUMMED]
                read = {name.name: opened.read(name.as_posix()) for name in own}
                found[half] = {name: hashlib.md5(raw, usedforsecurity=False).hexdigest() for name, raw in read.items()}
    except (zipfile.BadZipFile, OSError):
        return {}
    return found


def md5_of(content: Content) -> str:
    """MD5 in hex, as MLE-bench compares it."""
    digest = hashlib.md5(usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(content)
        return digest.hexdigest()
    with content.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
