"""An answer to one item of the fingerprint: what it is, who gave it, and by what it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SAID, MEASURED, ASKED, ASSUMED = "said", "measured", "asked", "assumed"
"""Who answered: ``challenge.yaml``, the data, a person just now, nobody."""


@dataclass(frozen=True)
class Reply:
    """What is known of one item.

    Attributes:
        value: the answer: true or false, a word, a number, or pairs.
        source: ``said``, ``measured``, ``asked`` or ``assumed``.
        because: by what it is known; numbers where it was measured.
    """

    value: Any
    source: str
    because: str

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {"value": plain_value(self.value), "source": self.source, "because": self.because}


Replies = Mapping[str, Reply]


def plain_value(value: Any) -> Any:
    """A value as JSON has it: pairs are objects, other tuples lists."""
    if isinstance(value, tuple):
        pairs = bool(value) and all(
            isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str) for entry in value
        )
        return dict(value) if pairs else [plain_value(entry) for entry in value]
    return value


def measured(value: Any, because: str) -> Reply:
    """An answer that the data or the challenge's other lines give."""
    return Reply(value, MEASURED, because)
