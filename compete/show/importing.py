"""What was carried over from another platform, and what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compete.show.terminal import document, next_step, print_findings, print_table

if TYPE_CHECKING:
    from compete.importers import Imported


def imported(report: Imported, *, json: bool) -> None:
    """Show what became of a competition."""
    if json:
        document(report.as_dict())
        return
    print_table(["carried over", "as"], report.carried)
    print_findings(report.findings, err=False)
    next_step(f"look at {report.path}/challenge.yaml", f"compete check {report.path}")
