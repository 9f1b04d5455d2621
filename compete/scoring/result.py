"""What scoring one submission gives: tidy scores, and where they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Optional

from compete.errors import Finding
from metrics.frozen import dataclass

FORMAT = 1


@dataclass(frozen=True)
class Score:
    """One number: a metric on one part of the items, overall or in one subgroup.

    Attributes:
        metric: text that parses back to the metric, or the name of a combination.
        part: ``public``, ``private`` or ``train``.
        group: empty for all items of the part, else ``column=value``.
        value: the score; None where it is not defined (0/0).
        low: lower end of the interval; None where there is none.
        high: upper end of the interval.
        n: items scored.
    """

    metric: str
    part: str
    group: str
    value: Optional[float]
    low: Optional[float]
    high: Optional[float]
    n: int


@dataclass(frozen=True)
class Result:
    """The scores of one submission and their provenance.

    Attributes:
        submission: file name and digests.
        challenge: name, version and digest of the terms.
        solution: digest of the truth that was used.
        versions: of this code, numpy and Python.
        metrics: one record a metric: text, direction, bounds; the first one ranks.
        scores: all scores, the ranking metric first.
        findings: warnings and notes about the submission.
        settings: how it was asked for: ``on``, ``draws`` and ``public``.
    """

    submission: Mapping[str, Any]
    challenge: Mapping[str, str]
    solution: str
    versions: Mapping[str, str]
    metrics: tuple[Mapping[str, Any], ...]
    scores: tuple[Score, ...]
    findings: tuple[Finding, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        """The metric that ranks."""
        return str(self.metrics[0]["name"])

    def overall(self, part: str) -> Optional[Score]:
        """The ranking score of one part; None where the part has no items."""
        found = (score for score in self.scores if score.part == part and not score.group)
        return next((score for score in found if score.metric == self.metric), None)

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON data; undefined scores are null."""
        return {
            "format": FORMAT,
            "challenge": dict(self.challenge),
            "submission": dict(self.submission),
            "solution": self.solution,
            "versions": dict(self.versions),
            "settings": dict(self.settings),
            "metrics": [dict(metric) for metric in self.metrics],
            "scores": [asdict(score) for score in self.scores],
            "findings": [finding.as_dict() for finding in self.findings],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Result:
        """The result that plain JSON data tell.

        Raises:
            KeyError, TypeError, ValueError: they are not what ``as_dict`` gives.
        """
        if content["format"] != FORMAT:
            raise ValueError(f"a result of format {content['format']!r}")
        return cls(
            submission=content["submission"],
            challenge=content["challenge"],
            solution=content["solution"],
            versions=content["versions"],
            metrics=tuple(content["metrics"]),
            scores=tuple(Score(**one) for one in content["scores"]),
            findings=tuple(Finding(**{**one, "items": tuple(one["items"])}) for one in content["findings"]),
            settings=content["settings"],
        )

    def _repr_html_(self) -> str:
        from compete.scoring.glance import result_html  # a scoring run never shows itself

        return result_html(self)


def shown(value: Optional[float]) -> str:
    """A score as a reader wants to see it: four digits after the point, or the word *undefined*."""
    if value is None:
        return "undefined"
    return f"{value:.4f}" if abs(value) < 1e5 else f"{value:.4g}"


def interval_text(score: Score) -> str:
    """The interval of a score for a reader; empty where there is none."""
    return "" if score.low is None or score.high is None else f"{_short(score.low)} – {_short(score.high)}"


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.4g}"


def defined(value: float) -> Optional[float]:
    """A float for JSON: nan, which JSON cannot say, becomes None."""
    return None if math.isnan(value) else float(value)
