"""Say things about results of a COCO file: how many, the first ones by number, and where the first stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Optional, Protocol

import numpy as np

from compete.errors import EXAMPLES, Finding
from compete.scoring.json_text import Elements, place, text_of
from compete.scoring.source import Source, counted, excerpt
from compete.scoring.spans import Array


class Teller(Protocol):
    """Whatever faults of predictions can be told to: a report about results, or about rows of a table."""

    def tell(
        self,
        rule: str,
        message: str,
        rows: Array,
        shown: Optional[Callable[[int], str]],
        hint: str,
        *,
        severity: str = "error",
    ) -> None:
        """Make one finding of all predictions with one fault; see `Report.tell`."""


class Report:
    """What was found so far about a file of results.

    The text and the places in it are looked for when the first finding is made, for most files never need them.

    Args:
        source: the file.
        text: its text, if known.
        key: under which the list of results stands; empty where it is the whole file.
    """

    def __init__(self, source: Source, text: Optional[str] = None, key: str = "") -> None:
        self.source = source
        self.findings: list[Finding] = []
        self._key = key
        self._elements = None if text is None else Elements(text, key)

    def where(self, row: int) -> str:
        """``file:line:column`` of a result, counted from 0."""
        if self._elements is None:
            self._elements = Elements(text_of(self.source), self._key)
        return place(self.source.name, self._elements.text, self._elements.start(row))

    def tell(
        self,
        rule: str,
        message: str,
        rows: Array,
        shown: Optional[Callable[[int], str]],
        hint: str,
        *,
        severity: str = "error",
    ) -> None:
        """Make one finding of all results with one fault; none where there is none.

        Args:
            rule: its name, without ``submission/``.
            message: the sentence; ``{results}`` is how many.
            rows: places of the results in the file's list, ascending, shape (k,).
            shown: what to show of the result that ``rows[k]`` names, given k; None for its place alone.
            hint: the likely cause and the cure.
            severity: as of `Finding`.
        """
        if not len(rows):
            return
        items = tuple(
            f"{self._key or 'results'}[{row}]" + (f": {shown(k)}" if shown else "")
            for k, row in enumerate(rows[:EXAMPLES].tolist())
        )
        # Not format: the message may quote the file.
        said = message.replace("{results}", counted(len(rows), self._key.rstrip("s") or "result"), 1)
        where = self.where(int(rows[0]))
        self.findings.append(Finding(f"submission/{rule}", said, where, items, hint, severity, count=len(rows)))

    def tell_file(self, rule: str, message: str, hint: str, severity: str = "error", items: Sequence[str] = ()) -> None:
        """Make one finding about the file as a whole."""
        self.findings.append(Finding(f"submission/{rule}", message, self.source.name, tuple(items), hint, severity))


def quoted(value: Any) -> str:
    """A decoded value as a short text that a terminal may show."""
    text = json.dumps(_shortened(value, 3), ensure_ascii=False)
    return excerpt(text, 60).strip("'") if len(text) <= 60 else excerpt(text[:60], 60).strip("'") + " …"


def _shortened(value: Any, depth: int) -> Any:
    """The beginning of a value."""
    kind = type(value)
    if kind is str:
        return value[:60]
    if kind is int:
        return value if abs(value) < 1 << 64 else "a very long number"
    if kind is list:
        return [_shortened(one, depth - 1) for one in value[:6]] if depth else "…"
    if kind is dict:
        first = list(value.items())[:4]
        return {key[:20]: _shortened(one, depth - 1) for key, one in first} if depth else "…"
    return value


def numbers_shown(value: Array) -> str:
    """A few numbers in brackets."""
    return (
        "[" + ", ".join(f"{one:.6g}" for one in np.ravel(value)[:6].tolist()) + (", …" if value.size > 6 else "") + "]"
    )
