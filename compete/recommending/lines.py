"""Advice as lines for ``challenge.yaml``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import metrics
from compete.challenge import Challenge
from compete.recommending.advice import Advice
from compete.tasks import KINDS, TASKS

if TYPE_CHECKING:
    from compete.challenge import Scoring, Submission


def kind_for(challenge: Challenge, advice: Sequence[Advice]) -> str:
    """What submissions must hold for all of the metrics; empty where the task says it, or nothing need be said."""
    if challenge.task not in ("classification", "multilabel"):
        return ""
    needed = frozenset().union(*(metrics.parse(one.metric).needed for one in advice))
    kinds = [kind for kind in TASKS[challenge.task].kinds if needed <= KINDS[kind].views]
    declared = challenge.submission.kind
    kind = kinds[0] if kinds else ""
    if declared and needed <= KINDS["flag" if declared == "label" else declared].views:
        return ""
    return "" if kind in ("label", "flag") and not declared else "label" if kind == "flag" else kind


def with_advice(challenge: Challenge, advice: Sequence[Advice]) -> Challenge:
    """The challenge as it would be with the advice in it: ranked by the first metric, the others beside."""
    score: Scoring = challenge.score
    changed = replace(
        score, metric=advice[0].metric, also=tuple(one.metric for one in advice[1:]), greater_is_better=None
    )
    kind = kind_for(challenge, advice)
    submission: Submission = challenge.submission
    if kind:
        submission = replace(submission, kind=kind, columns=(), range=None)
    return replace(challenge, score=changed, submission=submission)


def lines_of(challenge: Challenge, advice: Sequence[Advice]) -> list[str]:
    """The lines that replace those of the same keys."""
    first, *others = (spelt_metric(one.metric) for one in advice)
    lines = ["score:", f"  metric: {first}", f"  also: [{', '.join(others)}]"]
    if challenge.score.greater_is_better is not None:
        lines.append("  # take greater_is_better away: these metrics know their direction")
    if kind := kind_for(challenge, advice):
        lines += ["submission:", f"  kind: {kind}"]
        further = [key for key in ("columns", "range") if getattr(challenge.submission, key)]
        lines += [f"  # take {' and '.join(further)} away: they are of another kind"] if further else []
    return lines


def spelt_metric(text: str) -> str:
    """A metric's name as YAML writes it: in quotes where it has options."""
    return json.dumps(text) if "(" in text else text
