"""Metrics as text: how options are read from it and written to it, and what a misspelt name may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from metrics.inputs import MetricError

OPTION = re.compile(r"""\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|\[[^\[\]]*\]|[^,"()=\[\]]+?)\s*(,|$)""")
ENTRY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|[^,"()=\[\]]+?)\s*(?:,|$)""")


def read_call(text: str) -> tuple[str, dict[str, Any]]:
    """The name and the options of ``name`` or ``name(option=value, …)``.

    Raises:
        MetricError: the text is neither.
    """
    match = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", text, flags=re.DOTALL)
    if match is None:
        raise MetricError(f"cannot read the metric {text!r}; write it as name or name(option=value)")
    inside = (match.group(2) or "").strip()
    options: dict[str, Any] = {}
    place = 0
    while place < len(inside):
        found = OPTION.match(inside, place)
        if found is None or found.group(1) in options:
            raise MetricError(f"cannot read the options of {text!r}; write each once, as option=value")
        options[found.group(1)] = read_value(found.group(2))
        place = found.end()
    return match.group(1), options


def written(value: Any) -> str:
    """A value as `read_value` reads it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if not isinstance(value, str):
        return repr(value)
    if re.fullmatch(r"[^\W\d][\w\- ]*(?<! )", value) and read_value(value) == value:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_value(text: str) -> Any:
    """A written value: a number, true, false, null, a quoted text, a list in brackets, else the text itself."""
    if text.startswith("["):
        return _entries(text[1:-1].strip())
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    known = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in known:
        return known[text.lower()]
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)([eE][+-]?[0-9]+)?", text):
        return float(text)
    return text


def _entries(text: str) -> tuple[Any, ...]:
    """The values of a list, as they stand between its brackets."""
    found, place = [], 0
    while place < len(text):
        entry = ENTRY.match(text, place)
        if entry is None:
            raise MetricError(f"cannot read the list [{text}]; write its entries with commas between them")
        found.append(read_value(entry.group(1)))
        place = entry.end()
    return tuple(found)


def allowed_list(value: Any, limit: Any, where: str) -> tuple[Any, ...]:
    """An option that is a list: numbers within a closed range where there is one, else names.

    Args:
        value: a list, or its only entry.
        limit: lowest and highest number allowed, or None for a list of names.
        where: what to call the option in a message.

    Raises:
        MetricError: an entry is no number, out of range, or no name.
    """
    if value is None:
        return ()
    entries = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if limit is None:
        if not all(isinstance(entry, str) and entry for entry in entries) or len(set(entries)) < len(entries):
            raise MetricError(f"{where} must be a list of names, each once, as in [one, other]")
        return entries
    for entry in entries:
        number = isinstance(entry, (int, float)) and not isinstance(entry, bool)
        if not number or not float(limit[0]) <= entry <= float(limit[1]):
            told = f"{written(limit[0])} and {written(limit[1])}"
            raise MetricError(f"{where} must be a list of numbers between {told}, as in [2, 1]")
    return tuple(map(float, entries))


def named_place(name: Any, known: Sequence[Any]) -> int:
    """The place of a name; one that was typed as a number may be a text of figures.

    >>> named_place(3, ["2", "3"])
    1

    Raises:
        MetricError: none is named so; tells the nearest.
    """
    found = name if name in known else str(name)
    if found not in known:
        raise MetricError(f"no category is named {name!r}{nearest(str(name), map(str, known))}")
    return known.index(found)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names that look most like a misspelt one, as the end of a message."""
    import difflib

    near = difflib.get_close_matches(name.lower(), list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""
