"""What a platform would refuse of a ``metric.py``, read without being run."""

from __future__ import annotations

import ast
from pathlib import Path

from compete.errors import Finding
from compete.exporters.documents import function_of, python_of

FIRST = ("solution", "submission", "row_id_column_name")
VISIBLE = "ParticipantVisibleError"


def metric_findings(path: Path, function: str) -> list[Finding]:
    """What Kaggle's validation of a metric notebook stops at, or participants would suffer from.

    Args:
        path: the file.
        function: the name that the platform calls, ``score``.
    """
    tree, findings = python_of(path, "kaggle/metric")
    if tree is None:
        return findings
    found = function_of(tree, function)
    if not found:
        hint = f"def {function}({', '.join(FIRST)}) -> float"
        return [Finding("kaggle/metric", f"there is no function {function}", path.name, hint=hint)]
    where = f"{path.name}:{found.lineno}"
    findings = [Finding("kaggle/metric", fault, where) for fault in _signature_faults(found)]
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if VISIBLE not in names:
        hint = f"define class {VISIBLE}(Exception) and raise it for what participants must mend"
        message = "participants are shown the words of no error, so a bad file is refused without a reason"
        findings.append(Finding("kaggle/metric", message, path.name, hint=hint, severity="warning"))
    return findings


def _signature_faults(function: ast.FunctionDef) -> list[str]:
    """What is wrong with the arguments, their annotations, the result and the words about it."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    faults = []
    if tuple(one.arg for one in named[: len(FIRST)]) != FIRST:
        faults.append(f"the first arguments must be {', '.join(FIRST)}, in this order")
    bare = [one.arg for one in (*named, *arguments.kwonlyargs) if one.annotation is None]
    if bare:
        faults.append(f"every argument needs an annotation: {', '.join(bare)}")
    if arguments.vararg or arguments.kwarg:
        faults.append("Kaggle fills in arguments by name; leave out * and **")
    if function.returns is None:
        faults.append("the result needs an annotation: -> float")
    return faults if ast.get_docstring(function) else [*faults, "it has no docstring, which hosts are shown"]
