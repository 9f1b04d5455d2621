"""Files of exports that anybody may have written: JSON, YAML and Python, read without being trusted."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import yaml

from compete.errors import Finding

Found = list[Finding]


def mapping_of(path: Path, rule: str) -> tuple[dict[str, Any] | None, Found]:
    """A file of keys and values, or why it is none.

    Args:
        path: ends in ``.json``, or holds YAML.
        rule: of the finding.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except UnicodeDecodeError:
        return None, [Finding(rule, "this is not text in UTF-8", path.name)]
    except RecursionError:
        return None, [Finding(rule, "this is nested too deeply to be read", path.name)]
    except json.JSONDecodeError as error:
        return None, [Finding(rule, f"this is no JSON: {error.msg}", f"{path.name}:{error.lineno}:{error.colno}")]
    except (yaml.YAMLError, ValueError, AttributeError) as error:  # the last is PyYAML's of what is no date
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        return None, [Finding(rule, f"this cannot be read: {problem}", path.name + place)]
    if not isinstance(content, dict):
        return None, [Finding(rule, "it holds no keys with values", path.name)]
    return content, []


def python_of(path: Path, rule: str) -> tuple[ast.Module | None, Found]:
    """The tree of a Python file, which is not run, or why there is none."""
    try:
        return ast.parse(path.read_bytes()), []
    except SyntaxError as error:
        where = f"{path.name}:{error.lineno}" if error.lineno else path.name
        return None, [Finding(rule, f"this is no Python: {error.msg}", where)]
    except (ValueError, RecursionError, MemoryError) as error:
        return None, [Finding(rule, f"this is no Python: {str(error) or 'it is nested too deeply'}", path.name)]


def function_of(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    """The function of a module that has a name; the last one where several have."""
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return found[-1] if found else None
