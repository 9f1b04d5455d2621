"""JSON files as annotation tools write them: read whole, and refused in one way."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from compete.errors import EXAMPLES, DatasetError, Finding
from compete.files import system_fault
from compete.sources import address_of, read_whole

LISTED = 100
"""Files below a folder that are looked at to name some of them."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escape of JSON that may be one half of a letter, which no file can hold without the other."""


def read_json(path: Path, rule: str, where: str = "") -> Any:
    """Read a JSON file.

    Args:
        path: the file.
        rule: of the finding on what is no JSON, such as ``dataset/coco-file``.
        where: the place in challenge.yaml that names the file.

    Raises:
        DatasetError: if there is none, or it is no JSON in UTF-8.
        SystemFault: if the disk or a permission forbids reading.
    """
    raw = read_raw(path, where)
    try:
        content = json.loads(raw, parse_constant=_refuse_constant)
        _refuse_halves(raw, content)
    except RecursionError:
        raise refusal(rule, "the JSON is nested too deeply", path.name, "") from None
    except UnicodeDecodeError:
        raise refusal(rule, "this is not UTF-8 text", path.name, "save the JSON as UTF-8") from None
    except ValueError as error:
        line = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        message = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        hint = "is the file whole? write it again with the program that made it"
        raise refusal(rule, f"this is not JSON: {message}", f"{path.name}{line}", hint) from None
    return content


def read_raw(path: Path, where: str = "") -> bytes:
    """The bytes of a file of annotations.

    Raises:
        DatasetError: if there is none; the hint names files of its kind beside it.
        SystemFault: if the disk or a permission forbids reading.
    """
    try:
        return read_whole(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        what = "is a folder" if path.is_dir() else "does not exist"
        message = f"{address_of(path)!r} {what}"
        raise refusal("dataset/missing-file", message, where, _nearby(path)) from None
    except OSError as error:
        raise system_fault(error) from error


def _nearby(path: Path) -> str:
    """What might have been meant: the JSON files in a folder, or the files of a kind beside one that is missing."""
    if path.is_dir():
        inside = sorted(str(other.relative_to(path)) for other in islice(path.rglob("*.json"), LISTED))
        return f"name one of its files: {', '.join(inside[:EXAMPLES])}" if inside else "it holds no JSON file"
    beside = (
        sorted(other.name for other in path.parent.glob(f"*{path.suffix or '.json'}")) if path.parent.is_dir() else ()
    )
    return f"in its folder are: {', '.join(beside[:5])}" if beside else "paths are relative to challenge.yaml"


def refusal(rule: str, message: str, where: str, hint: str = "") -> DatasetError:
    """The error that stops the reading of annotations."""
    return DatasetError("the annotations cannot be read", [Finding(rule, message, where, hint=hint)])


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _refuse_halves(raw: bytes, content: Any) -> None:
    """Refuse halves of letters, as cutting a text in UTF-16 leaves them: no table, file or path can hold them."""
    if not _HALF.search(raw):
        return
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"\\u{ord(error.object[error.start]):04x} is half a letter") from None
