"""What is said of a report that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compete.show.terminal import console, document, next_step, plain, print_table

if TYPE_CHECKING:
    from compete.jobs.reporting import Reported


def reported(written: Reported, *, json: bool) -> None:
    """Show the numbers that open a report, where it is, and for whom it may be."""
    if json:
        document(written.as_dict())
        return
    whom = "participants may see it" if written.for_participants else "for the organizer alone: it tells hidden labels"
    print_table(["", "", ""], [list(fact) for fact in written.facts])
    console().print(plain(f"{written.path}: {written.items:,} items, {written.size / 1024:,.0f} KB, {whom}"))
    next_step(f"open {written.path} in a browser; it needs no network")
