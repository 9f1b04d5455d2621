"""What a person sees: results on stdout, talk on stderr, or one JSON document."""

from __future__ import annotations

from compete.show.building import audited, built, checked, converted, started, verified
from compete.show.catalog import explained, listed
from compete.show.exporting import checked_export, exported
from compete.show.importing import imported
from compete.show.ranking import ranked
from compete.show.recommending import asker, recommended
from compete.show.reporting import reported
from compete.show.scoring import demonstrated, rescored, scored, validated
from compete.show.terminal import document, failed, next_step, print_findings, print_table, progress, talker

__all__ = [
    "asker",
    "audited",
    "built",
    "checked",
    "checked_export",
    "converted",
    "demonstrated",
    "document",
    "explained",
    "exported",
    "failed",
    "imported",
    "listed",
    "next_step",
    "print_findings",
    "print_table",
    "progress",
    "ranked",
    "recommended",
    "reported",
    "rescored",
    "scored",
    "started",
    "talker",
    "validated",
    "verified",
]
