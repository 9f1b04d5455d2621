"""Jobs that write reports: what a competition holds, and what audits found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.errors import Finding, UsageError

if TYPE_CHECKING:
    from compete.audits import Audited
    from compete.audits.traces import Traces
    from compete.reports.contents import Contents

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Reported:
    """A report that was written.

    Attributes:
        path: the HTML file.
        for_participants: whether it tells only what these may know.
        items: how many items it tells of.
        size: bytes of the file.
        facts: the numbers that open it: name, value and what else is to be said.
    """

    path: Path
    for_participants: bool
    items: int
    size: int
    facts: tuple[tuple[str, str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        whom = "participants" if self.for_participants else "organizer"
        facts = [dict(zip(("name", "value", "note"), fact, strict=True)) for fact in self.facts]
        return {"report": str(self.path), "for": whom, "items": self.items, "bytes": self.size, "facts": facts}


def report_data(
    subject: Path,
    out: Path,
    *,
    for_participants: bool = False,
    reference: Path | None = None,
    force: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Reported:
    """Write a data report as one HTML file.

    Args:
        subject: a challenge, or a bundle.
        out: the file; it appears whole or not at all.
        for_participants: tell what ``public/`` holds, and nothing else.
        reference: a table of a population to compare the data with.
        force: replace an earlier file.
        workers: processes for the images of a challenge; None one a core.
        progress: told what is being done, how far it is, and how much there is.

    Raises:
        UsageError: the file is there, a copy for participants is asked of a challenge, or the reference tells nothing
            of the data.
        CompeteError: the challenge cannot be planned, or the bundle is not as it was built.
    """
    from compete.jobs.showing import refuse_taken
    from compete.reports.data import data_page, facts_of
    from compete.reports.occurrences import occurrences_of
    from compete.reports.page import write_report
    from compete.reports.representing import attributes_of, read_references

    refuse_taken(out, force=force)
    contents = _contents(subject, for_participants, workers, progress)
    references = read_references(reference, list(attributes_of(contents))) if reference else ()
    page = data_page(contents, references)
    write_report(out, page, force=force)
    facts = tuple((fact.name, fact.value, fact.note) for fact in facts_of(contents, occurrences_of(contents)))
    return Reported(out, contents.for_participants, contents.n, len(page.encode()), facts)


def _contents(subject: Path, for_participants: bool, workers: int | None, progress: Progress | None) -> Contents:
    """What a challenge or a bundle holds, as far as the reader may know it."""
    from compete.bundle import TERMS, open_bundle
    from compete.reports.contents import contents_of_bundle, contents_of_plan

    if (subject / "public" / TERMS).is_file() or (subject / TERMS).is_file():
        bundle = open_bundle(subject)
        # The private half of what participants shall read is not even opened.
        bundle = open_bundle(bundle.public) if for_participants else bundle
        return contents_of_bundle(bundle, for_participants=for_participants)
    if for_participants:
        hint = "build it first: compete build CHALLENGE -o BUNDLE"
        finding = Finding("report/for-participants", "this is no bundle", str(subject), hint=hint)
        raise UsageError("nothing was written", [finding])
    from compete.building.pipeline import with_looks
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge

    return contents_of_plan(with_looks(plan_build(load_challenge(subject)), workers=workers, progress=progress))


def report_audit(
    subject: Path,
    out: Path | None,
    *,
    accepted: Mapping[str, str] | None = None,
    force: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "",
) -> Audited:
    """Audit a challenge or a bundle, as ``audit`` does, and write what was found as one HTML file.

    Args:
        subject: a challenge, or a bundle.
        out: the file; it appears whole or not at all. None writes none.
        accepted: leaks of a bundle that are accepted, and why.
        force: replace an earlier file.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at the images of a challenge.

    Raises:
        CompeteError: as ``audit``.
        UsageError: also if the file is there.
    """
    from compete.bundle import is_bundle
    from compete.jobs.building import audit
    from compete.jobs.showing import refuse_taken

    refuse_taken(out, force=force)
    if out is None:
        return audit(subject, accepted=accepted, workers=workers, progress=progress, engine=engine)
    from compete.reports.audit import audit_page
    from compete.reports.page import write_report

    contents: Contents | None
    if is_bundle(subject) or accepted:
        audited = audit(subject, accepted=accepted, workers=workers, progress=progress, engine=engine)
        contents, looks = _bundle_material(subject, workers)
    else:
        audited, contents, looks = _audited_challenge(subject, workers, progress, engine)
    write_report(out, audit_page(audited, contents, looks), force=force)
    return audited


def _audited_challenge(
    path: Path, workers: int | None, progress: Progress | None, engine: str
) -> tuple[Audited, Contents | None, Traces | None]:
    """What audits find in a challenge, and what they looked at."""
    from compete.audits.dataset import audit_material
    from compete.challenge import load_challenge
    from compete.cluster import cluster_of
    from compete.reports.contents import contents_of_plan

    cluster = cluster_of(engine)
    audited, material = audit_material(load_challenge(path), path, workers=workers, progress=progress, cluster=cluster)
    return audited, contents_of_plan(material.plan) if material.plan else None, material.looks


def _bundle_material(path: Path, workers: int | None) -> tuple[Contents, Traces | None]:
    """What a bundle holds, and what its image files tell."""
    from compete.audits.looks import looks_of
    from compete.audits.traces import traces_of
    from compete.bundle import open_bundle
    from compete.reports.contents import contents_of_bundle

    contents = contents_of_bundle(open_bundle(path), for_participants=False)
    looks = None if contents.files is None else traces_of(looks_of(contents.files, workers=workers))
    return contents, looks
