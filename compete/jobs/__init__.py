"""The jobs of organizers and participants, wired from the wings; the command line and notebooks call these."""

from __future__ import annotations

from compete.jobs.building import (
    audit,
    audit_challenge,
    build,
    check_challenge,
    convert,
    decisions_of,
    start_challenge,
    verify,
)
from compete.jobs.scoring import Rescored, Validated, Verdict, limits_of, rescore, score, score_many, validate

__all__ = [
    "Rescored",
    "Validated",
    "Verdict",
    "audit",
    "audit_challenge",
    "build",
    "check_challenge",
    "convert",
    "decisions_of",
    "limits_of",
    "rescore",
    "score",
    "score_many",
    "start_challenge",
    "validate",
    "verify",
]
