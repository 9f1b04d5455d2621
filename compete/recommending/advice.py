"""A piece of advice: a metric as ``challenge.yaml`` writes it, what it is for, why, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from compete.errors import Finding

if TYPE_CHECKING:
    from compete.recommending.fingerprint import Fingerprint


@dataclass(frozen=True)
class Advice:
    """One metric that fits a problem.

    Attributes:
        metric: its text, such as ``nsd(tolerance=2)``.
        role: what it stands for among the metrics: overlap, boundary, counting, ranking of scores, calibration …
        step: the subprocess of Metrics Reloaded that leads to it, such as S6; empty where none does.
        why: why it fits, in a sentence.
        pitfall: what to beware of.
    """

    metric: str
    role: str
    step: str
    why: str
    pitfall: str = ""

    @property
    def base(self) -> str:
        """The metric's name without options."""
        return self.metric.partition("(")[0]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {name: getattr(self, name) for name in ("metric", "role", "step", "why", "pitfall")}


@dataclass(frozen=True)
class Walk:
    """What a way through the decision tree came to.

    Attributes:
        advice: metrics, the one to rank by first.
        notes: what no metric can say: that the problem is better put otherwise, or what a metric does not see.
    """

    advice: tuple[Advice, ...]
    notes: tuple[Finding, ...] = ()


def note(message: str, hint: str = "") -> Finding:
    """Something that a metric alone does not mend."""
    return Finding("score/beyond-metrics", message, hint=hint, severity="note")


def with_pitfalls(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    """The advice with what the catalog says to beware of in each metric, after what is said here; each metric once."""
    found: dict[str, Advice] = {}
    for one in advice:
        known = " ".join(text for text in (one.pitfall, pitfall_of(one.metric)) if text)
        found.setdefault(one.metric, replace(one, pitfall=known))
    return tuple(found.values())


@cache
def pitfall_of(metric: str) -> str:
    """What to beware of in a metric, as the catalog says it."""
    import metrics

    return metrics.parse(metric).pitfalls


def common_notes(fingerprint: Fingerprint, *, grouped: bool) -> list[Finding]:
    """What is to be heeded whatever the metric is.

    Args:
        fingerprint: of the problem.
        grouped: whether ``data.group`` says which items hang together.
    """
    found = []
    if fingerprint["dependent"] and not grouped:
        hint = "name the column in data.group: it keeps them on one side of the split, and draws intervals by group"
        found.append(note("items hang together, and the challenge does not say which (FP4.5)", hint))
    if fingerprint["raters_disagree"]:
        text = reasons(fingerprint, "annotators disagree, so a score above their agreement means nothing",
                       "raters_disagree")  # fmt: skip
        found.append(note(text, "tell their agreement beside the scores, or let several label each item of the test"))
    return found


def reasons(fingerprint: Fingerprint, text: str, *keys: str) -> str:
    """A sentence, and behind it by what the items are known that it rests on."""
    told = fingerprint.because(*keys)
    return f"{text} ({told})" if told else text


def chosen(*found: Advice | None) -> Iterator[Advice]:
    """The advice that there is."""
    return (one for one in found if one is not None)
