"""From a challenge to a bundle: plan, write beside, test, and only then take the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from compete.building.guide import participants_guide
from compete.building.plan import Outcome, Plan
from compete.building.samples import image_sample_bytes
from compete.building.scenes import hidden_truth_bytes, write_scenes
from compete.building.tables import sample_bytes, solution_bytes, write_tables
from compete.bundle import SOLUTION, TERMS, is_bundle, write_manifests
from compete.errors import BundleError, Finding, UsageError, fatal
from compete.files import canonical_json, whole_folder, write_file
from compete.formats import FOLDERS

Progress = Callable[[str, int, int], None]
Trial = Callable[..., Sequence[Finding]]
"""Told the terms, the solution, the sample submission, the file of the challenge's own metric, and of images the truth
as it is compiled in ``truth.npz``; all but the terms and the file as bytes."""


def write_bundle(
    plan: Plan,
    out: Path,
    *,
    force: bool = False,
    workers: int | None = None,
    trial: Trial | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Write the bundle that was planned; it appears whole or not at all.

    Where a build of the same challenge into the same place was killed, the images that it had done are not done again.

    Args:
        plan: what to write.
        out: the folder to make.
        force: replace an earlier bundle there.
        workers: processes for images; default one a core.
        trial: scores known predictions against the finished draft; its errors stop the build.
        progress: told what is being done, how far it is, and how much there is.

    Raises:
        DatasetError: if an image cannot be taken.
        BundleError: if the trial fails.
        UsageError: if the output is there already, or would lie inside the folder of class folders.
    """
    _refuse_inside(plan, out)
    with whole_folder(out, force=force, ours=is_bundle, label=_label(plan)) as root:
        findings = list(plan.findings)
        if plan.file is not None:
            from compete.building.pictures import write_pictures

            plan, told = write_pictures(plan, root, workers=workers, progress=progress)
            findings += told
        write_tables(plan, root)
        truth = [write_scenes(plan, root)] if plan.terms.of_images else []
        _write_rest(plan, root)
        write_manifests(root, challenge_sha256=plan.challenge.sha256)
        if trial:
            solution, sample = root / "private" / SOLUTION, root / "public" / plan.terms.sample_name
            own = root / "public" / "metric.py"
            findings += _passed(trial(plan.terms, solution.read_bytes(), sample.read_bytes(), own, *truth))
    return Outcome(out, tuple(findings), plan.parts, plan.balance, plan.terms.sample_name)


def rehearse_bundle(
    plan: Plan, *, workers: int | None = None, trial: Trial | None = None, progress: Progress | None = None
) -> list[Finding]:
    """Do all that may stop a build, and keep nothing: open the images, try the scoring in memory.

    Args:
        plan: what would be written.
        workers: processes for images; default one a core.
        trial: as for ``write_bundle``.
        progress: told what is being done, how far it is, and how much there is.

    Returns:
        All findings of the build.

    Raises:
        CompeteError: as ``write_bundle``, but for the output.
    """
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
    return findings


def _label(plan: Plan) -> str:
    """By what a killed build of the same images is known; empty for tables, which are made anew in seconds."""
    if plan.file is None:
        return ""
    from compete.building.pictures import picture_label

    return picture_label(plan)


def _write_rest(plan: Plan, root: Path) -> None:
    """Terms, pages, the challenge's own metric, the key, and last the guide, which describes what is there."""
    folder, public = plan.challenge.folder, root / "public"
    write_file(public / TERMS, canonical_json(plan.terms.as_dict()))
    write_file(root / "private" / "key", plan.key.hex().encode() + b"\n")
    for name, path in plan.challenge.pages:
        write_file(public / "pages" / f"{name}.md", (folder / path).read_bytes())
    if own := plan.challenge.score.own:
        write_file(public / "metric.py", (folder / own[0]).read_bytes())
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
