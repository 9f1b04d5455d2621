"""The phases of a CodaBench competition: when each begins and ends, as its unpacker reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from compete.errors import Finding

Record = Mapping[Any, Any]

QUOTE = "write it in quotes, in UTC: '2027-01-31 12:00:00'"


def phase_moment(value: Any) -> datetime | None:
    """When a phase begins or ends, as CodaBench takes it: a time without quotes becomes midnight, a zone is dropped.

    Raises:
        ValueError, TypeError, OverflowError: CodaBench breaks over it.
    """
    from dateutil import parser  # type: ignore[import-untyped]

    if not value:
        return None
    if isinstance(value, date):
        return datetime.combine(value, time())
    moment: datetime = parser.parse(value).replace(tzinfo=None)
    return moment


def date_faults(phases: Sequence[Record]) -> Iterator[Finding]:
    """Dates that cannot be read, that are missing, or that do not follow each other; with the traps among them."""
    read: list[tuple[datetime | None, datetime | None]] = []
    for number, phase in enumerate(phases):
        moments: list[datetime | None] = []
        for name in ("start", "end"):
            moment, findings = _one(phase.get(name), f"phases.{number}.{name}")
            yield from findings
            moments.append(moment)
        if not phase.get("start"):
            yield Finding("codabench/dates", "the phase has no start", f"phases.{number}.start", hint=QUOTE)
        read.append((moments[0], moments[1]))
    for number in range(1, len(phases)):
        (_, end), (start, _) = read[number - 1], read[number]
        where = f"phases.{number}.start"
        if not phases[number - 1].get("end"):
            message = f"phase {number - 1} has no end, and another phase comes after it"
            yield Finding("codabench/dates", message, f"phases.{number - 1}.end", hint="give it an end")
        elif end and start and start <= end:
            what = "at the moment" if start == end else "before"
            message = f"phase {number} starts {what} phase {number - 1} ends, as CodaBench reads the dates"
            yield Finding("codabench/dates", f"{message}: {start} and {end}", where, hint="let a minute lie between")


def _one(value: Any, where: str) -> tuple[datetime | None, list[Finding]]:
    """A moment, and what is to be said of how it is written."""
    try:
        moment = phase_moment(value)
    except (ValueError, TypeError, OverflowError):
        return None, [Finding("codabench/dates", f"{value!r} cannot be read as a date", where, hint=QUOTE)]
    if isinstance(value, datetime) and (value.time() != time() or value.utcoffset()):
        message = f"{value} stands without quotes, so CodaBench takes it for {moment}"
        return moment, [Finding("codabench/unquoted-time", message, where, hint=QUOTE, severity="warning")]
    if moment and isinstance(value, str) and _zoned(value):
        message = f"{value} has a time zone, which CodaBench drops: it takes {moment} UTC"
        return moment, [Finding("codabench/time-zone", message, where, hint=QUOTE, severity="warning")]
    return moment, []


def _zoned(text: str) -> bool:
    """Whether a date has a zone other than UTC."""
    from dateutil import parser

    return bool(parser.parse(text).utcoffset())
