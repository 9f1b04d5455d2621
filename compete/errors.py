"""What is said about files: one record for every fault, and one exception for each person who must mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

OK, AT_FAULT, USAGE, REFUSED, LEAK, SYSTEM, BUG = 0, 1, 2, 3, 4, 5, 70
"""Exit codes: fine; challenge, dataset or bundle at fault; usage; submission refused; leak gate; disk; bug."""

EXAMPLES = 3
"""How many offending items a finding shows a reader."""


@dataclass(frozen=True)
class Finding:
    """One thing said about a file: what is wrong, where, with which items, and how to mend it.

    Attributes:
        rule: stable text such as ``submission/unknown-id``; ``compete explain RULE`` tells more.
        message: one sentence with numbers, in the reader's words.
        where: file, or ``file:line`` or ``file:line:column``; empty where there is no place.
        items: the offending items, the first few; never a hidden label.
        hint: the likely cause and the cure.
        severity: ``error`` refuses or stops, ``warning`` is told and goes on, ``note`` informs.
        count: how many items are concerned; 0 where counting makes no sense.
    """

    rule: str
    message: str
    where: str = ""
    items: tuple[str, ...] = ()
    hint: str = ""
    severity: str = "error"
    count: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain JSON data."""
        return asdict(self) | {"items": list(self.items)}

    def shown(self) -> Finding:
        """The same finding with no more items than a reader wants to see."""
        return replace(self, items=self.items[:EXAMPLES])

    def _repr_html_(self) -> str:
        from html import escape

        told = [f"<b>{escape(self.severity)}</b> <code>{escape(self.rule)}</code>"]
        told += [f"<code>{escape(self.where)}</code>"] if self.where else []
        items = ", ".join(f"<code>{escape(item)}</code>" for item in self.items[:EXAMPLES])
        more = ", …" if max(self.count, len(self.items)) > EXAMPLES else ""
        told += [escape(self.message) + (f": {items}{more}" if items else "")]
        return f"<div>{' · '.join(told)}{f'<br><i>{escape(self.hint)}</i>' if self.hint else ''}</div>"

    def __str__(self) -> str:
        items = ", ".join(self.items[:EXAMPLES]) + (", …" if max(self.count, len(self.items)) > EXAMPLES else "")
        place = f"{self.where}  " if self.where else ""
        text = f"{place}{self.rule}  {self.message}" + (f": {items}" if self.items else "")
        return text + (f"\n    {self.hint}" if self.hint else "")


class CompeteError(Exception):
    """Something that a person must mend; its findings say what, where and how."""

    exit_code: ClassVar[int] = AT_FAULT

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        self.message = message
        self.findings = tuple(findings)
        super().__init__(message)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {finding}" for finding in self.findings)])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.findings)


class ChallengeError(CompeteError):
    """The organizer must mend ``challenge.yaml``."""


class DatasetError(CompeteError):
    """The organizer must mend the data."""


class BundleError(CompeteError):
    """The bundle is not whole, or not one of ours; build it again."""


class LeakError(CompeteError):
    """The bundle would tell what it must hide."""

    exit_code = LEAK


class SubmissionError(CompeteError):
    """The participant must mend the submission."""

    exit_code = REFUSED


class UsageError(CompeteError):
    """The command was called in a way that it does not know."""

    exit_code = USAGE


class SystemFault(CompeteError):  # noqa: N818  (a fault of the machine, named for what it is)
    """Disk, permission or network stopped the work."""

    exit_code = SYSTEM


def fatal(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop the work."""
    return tuple(finding for finding in findings if finding.severity == "error")
