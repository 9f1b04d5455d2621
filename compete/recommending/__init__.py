"""Recommending: which metrics fit a problem, by the fingerprint of Metrics Reloaded, and which mislead.

Source: Maier-Hein and others, Nature Methods 21 (2024), p. 195, https://doi.org/10.1038/s41592-023-02151-z. What a
figure in the data must reach to count as small, uneven or long is ours, and stands beside the code that computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from compete.errors import Finding
from compete.recommending.advice import Advice, Walk, common_notes, with_pitfalls
from compete.recommending.agreement import exposed_raters
from compete.recommending.fingerprint import Fingerprint, as_lines, fingerprint_of
from compete.recommending.items import BOXES, IMAGE, MASKS, PIXELS

if TYPE_CHECKING:
    from pathlib import Path

    from compete.challenge import Challenge
    from compete.dataset import Dataset
    from compete.recommending.fingerprint import Ask

Refuse = Callable[["Challenge"], Sequence[Finding]]
"""Told a challenge, says which of its metrics cannot be computed; the place of each is its key."""


@dataclass(frozen=True)
class Recommendation:
    """The metrics that fit a challenge.

    Attributes:
        path: of the challenge.
        name: of the challenge.
        fingerprint: what is known of the problem.
        metrics: what ranks today, and what is told beside.
        advice: metrics that fit, the one to rank by first.
        lines: what to put into ``challenge.yaml`` in the place of the same keys.
        findings: what today's metric does wrong, and what no metric mends.
    """

    path: Path
    name: str
    fingerprint: Fingerprint
    metrics: tuple[str, ...]
    advice: tuple[Advice, ...]
    lines: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {
            "challenge": self.name,
            "fingerprint": self.fingerprint.as_dict(),
            "metrics": list(self.metrics),
            "advice": [one.as_dict() for one in self.advice],
            "lines": list(self.lines),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def recommended(
    challenge: Challenge, dataset: Dataset, *, refuse: Refuse = lambda _: (), ask: Ask | None = None
) -> Recommendation:
    """The metrics that fit a challenge, and why.

    Args:
        challenge: what it says of the problem counts before what the data tell.
        dataset: its data.
        refuse: says which metrics of a challenge cannot be computed; these are left out.
        ask: asks a person what neither the challenge nor the data tell; None assumes it.

    Raises:
        DatasetError: a column that the fingerprint names is not there.
    """
    from compete.recommending.lines import lines_of

    fingerprint = fingerprint_of(challenge, dataset, ask)
    walk = path_of(challenge, dataset, fingerprint)
    advice, left_out = _computable(challenge, with_pitfalls(walk.advice), refuse)
    lines = (*(lines_of(challenge, advice) if advice else ()), *as_lines(challenge, fingerprint))
    common = common_notes(fingerprint, grouped=bool(challenge.data.group))
    exposed = exposed_raters(challenge, dataset)
    found = (*warnings_of(challenge, fingerprint), *exposed, *left_out, *walk.notes, *common)
    current = (challenge.score.metric, *challenge.score.also)
    return Recommendation(challenge.path, challenge.name, fingerprint, current, advice, lines, found)


def path_of(challenge: Challenge, dataset: Dataset, fingerprint: Fingerprint) -> Walk:
    """The way through the decision tree of the problem's category."""
    if fingerprint.category == IMAGE:
        from compete.recommending.whole_items import whole_item_path

        return whole_item_path(fingerprint)
    if fingerprint.category == PIXELS:
        from compete.recommending.pixels import pixel_path
        from compete.recommending.structures import background

        return pixel_path(fingerprint, background(challenge, dataset))
    if fingerprint.category in (BOXES, MASKS):
        from compete.recommending.objects import object_path

        return object_path(fingerprint, _usual_side(challenge, dataset), dataset.coverage)
    from compete.recommending.other_tasks import other_path

    return other_path(challenge, dataset)


def advised_against(challenge: Challenge, dataset: Dataset) -> list[Finding]:
    """Warnings where the metric that ranks is one that the fingerprint advises against, by what is known of it.

    Labels of other annotators, which the fingerprint looks at, are told too where participants would see them.

    Raises:
        DatasetError: a column that the fingerprint names is not there.
    """
    return [*warnings_of(challenge, fingerprint_of(challenge, dataset)), *exposed_raters(challenge, dataset)]


def warnings_of(challenge: Challenge, fingerprint: Fingerprint) -> list[Finding]:
    """The warnings of a fingerprint about the metric that ranks; of one told beside it nobody is warned."""
    from compete.building.contract import bases_ranking
    from compete.recommending.discouraged import discouraged_by

    where = challenge.where("score.metric")
    beside = {text.partition("(")[0] for text in challenge.score.also}
    return [
        Finding(
            "score/advised-against",
            f"{name} ranks, and {case.why} ({fingerprint.because(*case.keys)})",
            where,
            hint=f"{case.instead}; compete recommend CHALLENGE tells more",
            severity="warning",
        )
        for name, case in discouraged_by(fingerprint, bases_ranking(challenge), beside)
    ]


def _computable(
    challenge: Challenge, advice: tuple[Advice, ...], refuse: Refuse
) -> tuple[tuple[Advice, ...], list[Finding]]:
    """The advice that can be computed for the challenge, and why the rest cannot."""
    from compete.recommending.lines import with_advice

    left_out: list[Finding] = []
    while advice:
        keys = {"score.metric": 0, **{f"score.also.{place}": place + 1 for place in range(len(advice) - 1)}}
        refused = {keys[found.where]: found for found in refuse(with_advice(challenge, advice)) if found.where in keys}
        if not refused:
            break
        left_out += [
            replace(found, rule="score/not-recommendable", where="", severity="note", message=f"{advice[place].metric} "
                    f"is left out: {found.message}") for place, found in refused.items()
        ]  # fmt: skip
        advice = tuple(one for place, one in enumerate(advice) if place not in refused)
    return advice, left_out


def _usual_side(challenge: Challenge, dataset: Dataset) -> float:
    """How many pixels long the side of an object is, in the median; 0 where there are none."""
    import numpy as np

    from compete.recommending.structures import structures_of

    structures = structures_of(challenge, dataset)
    return float(np.median(structures.side)) if structures is not None and len(structures) else 0.0
