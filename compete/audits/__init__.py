"""Audits: what is wrong with a dataset, and what a finished bundle tells that it should not.

Each module of ``AUDITS`` has ``audit(challenge, dataset, looks) -> list[Finding]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compete.errors import AT_FAULT, LEAK, Finding

AUDITS = {
    "spelling": "compete.audits.spelling",
    "classes": "compete.audits.classes",
    "blanks": "compete.audits.blanks",
    "columns": "compete.audits.columns",
    "rows": "compete.audits.rows",
    "objects": "compete.audits.objects",
    "names": "compete.audits.names",
    "groups": "compete.audits.groups",
    "bursts": "compete.audits.bursts",
    "support": "compete.audits.support",
    "shortcuts": "compete.audits.shortcuts",
}
"""Name -> module. A new audit is a file and a line here."""


@dataclass(frozen=True)
class Audited:
    """What audits found in the data of a challenge.

    Attributes:
        name: of the challenge.
        path: of the challenge.
        items: how many there are; 0 where the data could not be read.
        findings: the gravest first.
        of_bundle: whether a finished bundle was attacked.
    """

    name: str
    path: Path
    items: int
    findings: tuple[Finding, ...]
    of_bundle: bool = False

    @property
    def fault(self) -> int:
        """The exit code of an error among the findings."""
        return LEAK if self.of_bundle else AT_FAULT

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        found = [finding.as_dict() for finding in self.findings]
        subject = "bundle" if self.of_bundle else "challenge"
        return {subject: self.name, "path": str(self.path), "items": self.items, "findings": found}

    def _repr_html_(self) -> str:
        from compete.markup import findings_table, wide

        caption = f"{self.name}: {self.items:,} items, {len(self.findings)} findings"
        return wide(findings_table(self.findings, caption), caption).text
