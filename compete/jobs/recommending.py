"""The job of choosing metrics: what fits a challenge, and a warning where the chosen one does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compete.building.plan import Plan
    from compete.challenge import Challenge
    from compete.errors import Finding
    from compete.recommending import Recommendation
    from compete.recommending.fingerprint import Ask


def recommend(path: Path, *, ask: Ask | None = None) -> Recommendation:
    """Say which metrics fit a challenge, why, and what to beware of.

    Args:
        path: ``challenge.yaml``, or its folder.
        ask: asks a person what neither the challenge nor its data tell; None assumes it.

    Raises:
        ChallengeError: the challenge is at fault, or does not fit the data.
        DatasetError: the data cannot be read, or lack a column that the fingerprint names.
        SystemFault: if the disk or a permission forbids reading.
    """
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge
    from compete.readers import read_dataset
    from compete.recommending import recommended
    from compete.scoring.measures import metric_findings

    challenge = load_challenge(path)
    dataset = read_dataset(challenge)

    def refuse(changed: Challenge) -> Sequence[Finding]:
        return metric_findings(plan_build(changed, dataset).terms)

    return recommended(challenge, dataset, refuse=refuse, ask=ask)


def metric_warnings(plan: Plan) -> list[Finding]:
    """Warnings where the metric that ranks is one that the problem's fingerprint advises against."""
    from compete.recommending import advised_against

    return advised_against(plan.challenge, plan.dataset)
