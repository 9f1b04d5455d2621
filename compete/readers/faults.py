"""Faults of many objects, gathered by kind so that each kind is told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from compete.dataset import counted, excerpt
from compete.errors import EXAMPLES, Finding


class Kind(NamedTuple):
    """How a kind of fault is told: its rule, its words for one and for many, the cure, and how bad it is."""

    rule: str
    one: str
    many: str
    hint: str
    severity: str = "error"


@dataclass
class Faults:
    """What was found so far.

    Attributes:
        source: the file that findings name.
        kinds: how each kind is told.
        found: the offending items of each kind.
    """

    source: str
    kinds: Mapping[str, Kind]
    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, item: str) -> None:
        """Note one fault."""
        self.found.setdefault(kind, []).append(item)

    def findings(self, hints: Mapping[str, str] | None = None) -> list[Finding]:
        """One finding a kind, errors and warnings in the order of ``kinds``.

        Args:
            hints: better cures for some kinds, from a look at all of them.
        """
        told = []
        for name, kind in self.kinds.items():
            items = self.found.get(name, [])
            if items:
                examples = tuple(excerpt(item, 80) for item in items[:EXAMPLES])
                hint = (hints or {}).get(name) or kind.hint
                message = counted(len(items), kind.one, kind.many)
                told.append(Finding(kind.rule, message, self.source, examples, hint, kind.severity, len(items)))
        return told
