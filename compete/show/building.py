"""How a challenge and its bundle look at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compete.errors import OK, Finding
from compete.show.terminal import MARKS, console, document, next_step, print_findings, print_table

if TYPE_CHECKING:
    from compete.audits import Audited
    from compete.building.plan import Outcome
    from compete.building.starter import Started


def started(made: Started, *, json: bool) -> None:
    """Show a new challenge and why each of its lines is what it is."""
    if json:
        document({"challenge": str(made.path), "choices": [list(choice) for choice in made.choices]})
        return
    console().print(f"wrote {made.path}")
    print_table(["field", "value", "because"], [list(choice) for choice in made.choices])
    next_step(f"compete check {made.path.parent}", f"compete build {made.path.parent} -o {made.path.parent}-bundle")


def checked(report: Outcome, *, json: bool) -> None:
    """Show what a build would do."""
    if json:
        document(report.as_dict())
        return
    summary(report.parts, report.balance)
    print_findings(report.findings, err=False)
    console().print("nothing stands in the way of a build")
    next_step(f"compete build {report.path} -o BUNDLE")


def audited(report: Audited, *, json: bool, page: Path | None = None) -> int:
    """Show what is wrong with the data, the gravest first; the exit code says whether a build would be refused."""
    number = {severity: sum(one.severity == severity for one in report.findings) for severity in MARKS}
    code = report.fault if number["error"] else OK
    if json:
        document({**report.as_dict(), "exit_code": code})
        return code
    print_findings(report.findings, err=False)
    told = ", ".join(f"{count} {severity}{'s' if count != 1 else ''}" for severity, count in number.items())
    console().print(f"{report.name}: {report.items:,} items, {told}")
    rules = list(dict.fromkeys(one.rule for one in report.findings))
    if report.of_bundle:
        again = f'compete audit {report.path} --accept-leak RULE --because "…"'
        first = f"give participants {report.path}/public, and nothing else" if code == OK else again
    else:
        first = f"compete build {report.path} -o BUNDLE" if code == OK else f"compete check {report.path}"
    look = [f"open {page} in a browser; it needs no network"] if page else []
    next_step(*look, *(f"compete explain {rule}" for rule in rules[:1]), first)
    return code


def summary(parts: Sequence[Sequence[str]], balance: Sequence[Sequence[str]]) -> None:
    """Print the sizes of the parts, and each class's share in them."""
    print_table(["part", "items", "groups", "share"], parts, right=(1, 2, 3))
    if balance:
        print_table(["label", "train", "public", "private"], balance, right=(1, 2, 3))


def built(result: Outcome, *, json: bool, quiet: bool = False) -> None:
    """Show a finished bundle."""
    if json:
        document(result.as_dict())
        return
    if quiet:
        print_findings(finding for finding in result.findings if finding.severity == "warning")
        return
    console().print(f"built {result.path}")
    summary(result.parts, result.balance)
    print_findings(result.findings, err=False)
    next_step(
        f"compete verify {result.path}",
        f"compete score {result.path} {result.path}/public/{result.sample}",
        f"give participants {result.path}/public, and nothing else",
    )


def converted(out: Path, images: int, findings: Sequence[Finding], *, json: bool) -> None:
    """Show what was written in another format, and what that format cannot hold."""
    if json:
        document({"path": str(out), "images": images, "findings": [finding.as_dict() for finding in findings]})
        return
    print_findings(findings)
    console().print(f"{out}: {images:,} images")
    next_step(f"compete init DIR --from auto:{out}")


def verified(bundle: Path, found: Sequence[Finding], *, json: bool) -> None:
    """Show whether a bundle is as it was built."""
    intact = all(finding.severity == "note" for finding in found)
    if json:
        document({"bundle": str(bundle), "intact": intact, "findings": [finding.as_dict() for finding in found]})
    elif intact:
        console().print(f"{bundle}: every file is as it was built")
        print_findings(found, err=False)
    if not intact:
        from compete.errors import BundleError

        if json:
            raise SystemExit(BundleError.exit_code)
        raise BundleError(f"{bundle} is not as it was built", found)
