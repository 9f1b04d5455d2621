"""How a leaderboard is made: which submissions count, and how public scores are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from compete.errors import Finding, UsageError

WAYS = ("best", "last", "selected")
LEVEL, POWER = 0.05, 0.8


@dataclass(frozen=True)
class Policy:
    """The organizer's choices.

    Attributes:
        counting: which submission of a team counts: ``best`` in public, ``last``, or ``selected`` (of several the one
            that is best in private, as on Kaggle); empty for ``selected`` where somebody selected one, else ``best``.
        deadline: what comes later does not count.
        per_day: submissions of a team that count a day, by UTC; 0 for any number.
        in_all: submissions of a team that count; 0 for any number.
        ladder: ``none``, ``step`` or ``free``.
        ladder_step: by how much a public score must improve to be shown, where the ladder has a fixed step.
        step: what public scores are rounded to at least; never finer than 1 / √items.
        public: tell only what participants may see.
        draws: bootstrap leaderboards; 0 for none.
        difference: a difference of scores for which to say how many items it needs; 0 for none.
    """

    counting: str = ""
    deadline: datetime | None = None
    per_day: int = 0
    in_all: int = 0
    ladder: str = "none"
    ladder_step: float = 0.0
    step: float = 0.0
    public: bool = False
    draws: int = 2000
    difference: float = 0.0

    def __post_init__(self) -> None:
        if self.counting not in ("", *WAYS):
            raise unknown_option("count", self.counting, f"one of {', '.join(WAYS)}")


def policy_of(
    *,
    counting: str = "",
    deadline: str = "",
    per_day: int = 0,
    in_all: int = 0,
    ladder: str = "",
    step: float = 0.0,
    public: bool = False,
    draws: int | None = None,
    difference: float = 0.0,
) -> Policy:
    """The policy that the words of a command line ask for.

    Args:
        counting: see `Policy`.
        deadline: ISO 8601; UTC where it names no zone.
        per_day: see `Policy`.
        in_all: see `Policy`.
        ladder: ``free``, or a step; empty for none.
        step: see `Policy`.
        public: see `Policy`.
        draws: see `Policy`; None for 2,000.
        difference: see `Policy`.

    Raises:
        UsageError: an option cannot be understood.
    """
    moment = None
    if deadline:
        moment = moment_of(deadline)
        if moment is None:
            raise unknown_option("deadline", deadline, "a date and time such as 2025-03-31T23:59Z")
    kind, height = _ladder(ladder)
    for name, value in (("round", step), ("difference", difference)):
        if not (math.isfinite(value) and value >= 0):
            raise unknown_option(name, f"{value}", "a number from 0")
    return Policy(
        counting, moment, per_day, in_all, kind, height, step, public, 2000 if draws is None else draws, difference
    )


def moment_of(text: str) -> datetime | None:
    """A moment in UTC; None where the text is none.

    >>> moment_of("2025-03-31T20:00+02:00").isoformat()
    '2025-03-31T18:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _ladder(text: str) -> tuple[str, float]:
    if not text:
        return "none", 0.0
    if text == "free":
        return "free", 0.0
    try:
        height = float(text)
    except ValueError:
        height = math.nan
    if not (math.isfinite(height) and height > 0):
        raise unknown_option("ladder", text, "free, or a step such as 0.01")
    return "step", height


def unknown_option(name: str, value: str, hint: str) -> UsageError:
    """The refusal of an option's value."""
    return UsageError("nothing was ranked", [Finding("rank/option", f"--{name} {value}", hint=hint)])
