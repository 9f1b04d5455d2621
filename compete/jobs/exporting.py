"""Jobs of the organizer who takes a bundle to a platform."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from compete.errors import Finding, UsageError

if TYPE_CHECKING:
    from compete.exporters import Competition, Exported


def export_bundle(
    bundle: Path, platform: str, out: Path, *, start: str = "", end: str = "", force: bool = False
) -> Exported:
    """Write what a platform imports: one folder, with the files to upload and a README that says how.

    Args:
        bundle: a whole bundle.
        platform: a name in ``compete.exporters.PLATFORMS``.
        out: the folder to make; it appears whole or not at all.
        start: when submissions begin, as ISO 8601 writes it; UTC unless it says otherwise. Empty for at once.
        end: when they end.
        force: replace an earlier export there.

    Raises:
        UsageError: no platform is called so, a date cannot be read, or the output is there.
        BundleError: the bundle is not whole, or the platform cannot express the challenge.
    """
    from compete.exporters import export_competition, exporter_of

    exporter_of(platform)
    return export_competition(competition_of(bundle, start=start, end=end), platform, out, force=force)


def check_export(path: Path, platform: str) -> list[Finding]:
    """What a platform would refuse or silently mistreat in an export, whoever wrote it.

    Args:
        path: the folder that ``export_bundle`` wrote, or the file that would be uploaded.
        platform: a name in ``compete.exporters.PLATFORMS``.

    Raises:
        UsageError: no platform is called so, or there is nothing at the path.
    """
    from compete import exporters

    return exporters.check_export(path, platform)


def competition_of(path: Path, *, start: str = "", end: str = "") -> Competition:
    """A bundle with all that exporters need to know of it.

    Raises:
        BundleError: the bundle is not whole.
        UsageError: a date cannot be read, or the end is not after the start.
    """
    from compete.exporters import CLOSES, OPENS, Competition, whole_bundle
    from compete.scoring.grading import grade
    from compete.scoring.perfect import perfect_submission

    opens, closes = _moment(start, "--start", OPENS), _moment(end, "--end", CLOSES)
    if closes - opens < timedelta(minutes=1):
        finding = Finding("export/dates", f"it would end {closes} and start {opens}", hint="--end is after --start")
        raise UsageError("nothing was exported", [finding])
    bundle = whole_bundle(path)
    sample = grade(bundle, bundle.public / bundle.terms.sample_name, draws=0)
    perfect = perfect_submission(bundle)
    best = grade(bundle, perfect, draws=0).as_dict()
    return Competition(bundle, sample.as_dict(), perfect, best, opens, closes, dated=bool(start and end))


def _moment(text: str, option: str, otherwise: datetime) -> datetime:
    """A moment in UTC without a zone."""
    if not text:
        return otherwise
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        hint = "write 2027-01-31, or 2027-01-31T12:00; a moment without a zone is UTC"
        raise UsageError("nothing was exported", [Finding("export/dates", f"{option} {text}", hint=hint)]) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
