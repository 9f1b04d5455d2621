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
from compete.jobs.exporting import check_export, export_bundle
from compete.jobs.importing import take_over
from compete.jobs.ranking import rank_teams
from compete.jobs.recommending import metric_warnings, recommend
from compete.jobs.reporting import Reported, report_audit, report_data
from compete.jobs.scoring import Rescored, Validated, Verdict, limits_of, rescore, score, score_many, validate
from compete.jobs.showing import is_for_participants, refuse_taken, report_leaderboard, report_scores

__all__ = [
    "Reported",
    "Rescored",
    "Validated",
    "Verdict",
    "audit",
    "audit_challenge",
    "build",
    "check_challenge",
    "check_export",
    "convert",
    "decisions_of",
    "export_bundle",
    "is_for_participants",
    "limits_of",
    "metric_warnings",
    "rank_teams",
    "recommend",
    "refuse_taken",
    "report_audit",
    "report_data",
    "report_leaderboard",
    "report_scores",
    "rescore",
    "score",
    "score_many",
    "start_challenge",
    "take_over",
    "validate",
    "verify",
]
