"""How an export, and the check of one, look at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compete.errors import AT_FAULT, OK, Finding, fatal
from compete.show.terminal import console, document, next_step, print_findings

if TYPE_CHECKING:
    from compete.exporters import Exported


def exported(made: Exported, *, json: bool) -> None:
    """Show a finished export, what the platform cannot hold, and what to do next."""
    if json:
        document(made.as_dict())
        return
    console().print(f"wrote {made.path} for {made.platform}: upload {made.path / made.handover.upload}")
    print_findings(made.handover.findings)
    for number, step in enumerate(made.handover.steps, 1):
        console().print(f"  {number}. {step}")
    next_step(f"compete check {made.path} --platform {made.platform}")


def checked_export(path: Path, platform: str, found: Sequence[Finding], *, json: bool) -> int:
    """Show what a platform would refuse or mistreat; the exit code says whether it would refuse."""
    code = AT_FAULT if fatal(found) else OK
    if json:
        told = [finding.as_dict() for finding in found]
        document({"path": str(path), "platform": platform, "exit_code": code, "findings": told})
        return code
    print_findings(found, err=False)
    if code:
        console().print(f"{platform} would not take {path}")
        next_step(f"compete explain {fatal(found)[0].rule}")
        return code
    warned = sum(finding.severity == "warning" for finding in found)
    what = "" if not warned else ", but mistreat it" if warned == 1 else f", but mistreat it in {warned} ways"
    console().print(f"{platform} would take {path}{what}")
    if warned:
        next_step(f"compete explain {next(one.rule for one in found if one.severity == 'warning')}")
    return code
