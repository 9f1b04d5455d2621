"""What a person sees: results on stdout, talk on stderr, or one JSON document."""

from __future__ import annotations

from compete.show.building import audited, built, checked, converted, started, verified
from compete.show.catalog import explained, listed
from compete.show.scoring import demonstrated, rescored, scored, validated
from compete.show.terminal import document, failed, next_step, print_findings, print_table, progress, talker

__all__ = [
    "audited",
    "built",
    "checked",
    "converted",
    "demonstrated",
    "document",
    "explained",
    "failed",
    "listed",
    "next_step",
    "print_findings",
    "print_table",
    "progress",
    "rescored",
    "scored",
    "started",
    "talker",
    "validated",
    "verified",
]
