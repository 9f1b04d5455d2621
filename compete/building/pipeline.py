"""From a challenge to a bundle: plan, write beside, test, and only then take the name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from compete.building.credits import write_credits
from compete.building.guide import participants_guide
from compete.building.journal import take_up
from compete.building.label_files import label_targets
from compete.building.plan import Outcome, Plan
from compete.building.samples import image_sample_bytes
from compete.building.scenes import hidden_truth_bytes, write_scenes
from compete.building.tables import sample_bytes, solution_bytes, write_tables
from compete.bundle import SOLUTION, TERMS, Listed, is_bundle, write_manifests
from compete.disk import forced_meanwhile
from compete.engine import give_back_memory
from compete.errors import BundleError, Finding, UsageError, fatal
from compete.files import canonical_json, whole_folder, write_file
from compete.formats import FOLDERS

Progress = Callable[[str, int, int], None]
Trial = Callable[..., Sequence[Finding]]
"""Told the terms, the solution, the sample submission, the file of the challenge's own metric, and of images the truth
as it is compiled in ``truth.npz``; all but the terms and the file as bytes."""

Gate = Callable[..., Sequence[Finding]]
"""Told the finished draft, the looks at its images, and which of these show the same; raises LeakError if the draft
tells what it must hide."""


def write_bundle(
    plan: Plan,
    out: Path,
    *,
    force: bool = False,
    workers: int | None = None,
    trial: Trial | None = None,
    gate: Gate | None = None,
    progress: Progress | None = None,
    cluster: str = "",
) -> Outcome:
    """Write the bundle that was planned; it appears whole or not at all.

    Where a build of the same challenge into the same place was killed, the images and label images that it had done are
    not done again.

    Args:
        plan: what to write.
        out: the folder to make.
        force: replace an earlier bundle there.
        workers: processes for images; default one a core.
        trial: scores known predictions against the finished draft; its errors stop the build.
        gate: attacks the finished draft.
        progress: told what is being done, how far it is, and how much there is.
        cluster: the address of a Dask scheduler whose workers look at the images; they are written here.

    Raises:
        DatasetError: if an image cannot be taken.
        BundleError: if the trial fails.
        LeakError: if the gate finds what is not accepted.
        UsageError: if the output is there already, or would lie inside the folder of class folders.
    """
    _refuse_inside(plan, out)
    with whole_folder(out, force=force, ours=is_bundle, label=_label(plan)) as root:
        plan = with_looks(plan, root, workers=workers, progress=progress, cluster=cluster)
        plan, told, truth, listed = _write_items(plan, root, workers=workers, progress=progress)
        with forced_meanwhile(root, len(listed)):
            findings = [*plan.findings, *told]
            _write_rest(plan, root)
            write_manifests(root, challenge_sha256=plan.challenge.sha256, known=listed)
            if trial:
                solution, sample = root / "private" / SOLUTION, root / "public" / plan.terms.sample_name
                own = root / "public" / "metric.py"
                findings += _passed(trial(plan.terms, solution.read_bytes(), sample.read_bytes(), own, *truth))
            seen, about = (plan.looks or (), plan.links), (plan.parts, plan.balance, plan.terms.sample_name)
            del plan, listed, truth  # the gate looks at the draft, and needs the room
            give_back_memory()
            if gate:
                findings += gate(root, *seen)
    return Outcome(out, tuple(findings), *about)


def with_looks(
    plan: Plan,
    root: Path | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    cluster: str = "",
) -> Plan:
    """The plan after a look at its images, with those together that show the same; without images as it is.

    Args:
        plan: what would be written.
        root: the draft, beside which looks are kept for the case that the build is killed; None keeps none.
        workers: processes; default one a core.
        progress: told what is being done, how far it is, and how much there is.
        cluster: the address of a Dask scheduler whose workers look instead.

    Raises:
        DatasetError: if an image cannot be taken.
    """
    if plan.file is None:
        return plan
    from compete.building.survey import surveyed

    return surveyed(plan, workers=workers, progress=progress, draft=root, cluster=cluster)


def rehearse_bundle(
    plan: Plan,
    *,
    workers: int | None = None,
    trial: Trial | None = None,
    gate: Gate | None = None,
    progress: Progress | None = None,
    cluster: str = "",
) -> list[Finding]:
    """Do all that may stop a build, and keep nothing: open the images, try the scoring, attack the tables.

    Args:
        plan: what would be written.
        workers: processes for images; default one a core.
        trial: as for ``write_bundle``.
        gate: as for ``write_bundle``; of images there is no draft that it could attack.
        progress: told what is being done, how far it is, and how much there is.
        cluster: as for ``write_bundle``.

    Returns:
        All findings of the build.

    Raises:
        CompeteError: as ``write_bundle``, but for the output.
    """
    plan = with_looks(plan, workers=workers, progress=progress, cluster=cluster)
    findings = list(plan.findings)
    if plan.file is not None:
        from compete.building.pictures import try_pictures

        findings += try_pictures(plan, workers=workers, progress=progress)
    if trial:
        own = plan.challenge.score.own
        file = plan.challenge.folder / (own[0] if own else "metric.py")
        truth = [hidden_truth_bytes(plan)] if plan.terms.of_images else []
        sample = image_sample_bytes(plan) if plan.terms.of_images else sample_bytes(plan)
        findings += _passed(trial(plan.terms, solution_bytes(plan), sample, file, *truth))
    if gate and is_of_tables(plan):
        with draft_of_tables(plan) as root:
            findings += gate(root, (), None)
    return findings


def is_of_tables(plan: Plan) -> bool:
    """Whether a bundle holds tables alone, and no files of items."""
    return plan.file is None and not plan.terms.of_images


@contextmanager
def draft_of_tables(plan: Plan) -> Iterator[Path]:
    """A bundle of tables as it would be built, in a place that is nobody else's and gone afterwards.

    Args:
        plan: what would be written, of tables alone.
    """
    with TemporaryDirectory(prefix="compete-") as folder:
        root = Path(folder)
        write_tables(plan, root)
        _write_rest(plan, root)
        write_manifests(root, challenge_sha256=plan.challenge.sha256)
        yield root


def _label(plan: Plan) -> str:
    """By what a killed build of the same images is known; empty for tables, which are made anew in seconds."""
    if plan.file is None:
        return ""
    from compete.building.pictures import picture_label

    return picture_label(plan)


def _write_items(
    plan: Plan, root: Path, *, workers: int | None, progress: Progress | None
) -> tuple[Plan, list[Finding], list[bytes], dict[str, Listed]]:
    """Images, tables and truth: the plan with the files' new names, what was found, the truth compiled, the digests."""
    draft = take_up(root, _resumable(plan))
    told: list[Finding] = []
    listed: dict[str, Listed] = {}
    if plan.file is not None:
        from compete.building.pictures import write_pictures

        plan, told, listed = write_pictures(plan, draft, workers=workers, progress=progress)
    write_tables(plan, root)
    truth = [write_scenes(plan, draft, workers=workers, progress=progress)] if plan.terms.of_images else []
    return plan, told, truth, listed


def _resumable(plan: Plan) -> list[str]:
    """The files of which a journal is kept, as paths below the bundle without suffix."""
    if plan.file is None:
        return []
    from compete.building.pictures import picture_targets

    return [*picture_targets(plan), *label_targets(plan)]


def _write_rest(plan: Plan, root: Path) -> None:
    """Terms, pages, the challenge's own metric, the key, and last the guide, which describes what is there."""
    folder, public = plan.challenge.folder, root / "public"
    write_file(public / TERMS, canonical_json(plan.terms.as_dict()))
    write_file(root / "private" / "key", plan.key.hex().encode() + b"\n")
    for name, path in plan.challenge.pages:
        write_file(public / "pages" / f"{name}.md", (folder / path).read_bytes())
    if own := plan.challenge.score.own:
        write_file(public / "metric.py", (folder / own[0]).read_bytes())
    write_credits(plan, root)
    write_file(public / "README.md", participants_guide(plan.terms, public).encode())


def _refuse_inside(plan: Plan, out: Path) -> None:
    data = plan.challenge.data
    if data.reader in FOLDERS and out.resolve().is_relative_to(plan.challenge.locate(data.path).resolve()):
        hint = "choose a place outside the folder of images with -o"
        finding = Finding("output/inside-data", "this lies inside the folder of images", str(out), hint=hint)
        raise UsageError("nothing was written", [finding])


def _passed(findings: Sequence[Finding]) -> list[Finding]:
    if fatal(findings):
        raise BundleError("the finished bundle failed its own trial, so it was not kept", findings)
    return list(findings)
