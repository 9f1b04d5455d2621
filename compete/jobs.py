"""The jobs of organizers and participants, wired from the wings; the command line and notebooks call these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.errors import ChallengeError, CompeteError, Finding, UsageError, fatal

if TYPE_CHECKING:
    from compete.audits import Audited
    from compete.building.plan import Outcome, Plan
    from compete.building.starter import Started
    from compete.scoring.bounded import Limits
    from compete.scoring.result import Result

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Validated:
    """A submission that would be scored."""

    bundle: Path
    file: Path
    rows: int
    findings: tuple[Finding, ...]
    on: str = "test"

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        found = [finding.as_dict() for finding in self.findings]
        return {"submission": str(self.file), "valid": True, "rows": self.rows, "findings": found}


@dataclass(frozen=True)
class Verdict:
    """What became of one submission: a result, or the reason why there is none."""

    path: Path
    result: Result | None = None
    error: CompeteError | None = None

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        if self.result:
            return self.result.as_dict()
        assert self.error
        found = [finding.as_dict() for finding in self.error.findings]
        return {"submission": {"file": self.path.name}, "refused": self.error.message, "findings": found}


@dataclass(frozen=True)
class Rescored:
    """A submission that was scored again, and what differs from the record."""

    path: Path
    result: Result
    findings: tuple[Finding, ...]

    @property
    def same(self) -> bool:
        """Whether every digest and every score is the same, bit for bit."""
        return not fatal(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        found = [finding.as_dict() for finding in self.findings]
        return {"submission": self.path.name, "same": self.same, "findings": found, "result": self.result.as_dict()}


def start_challenge(folder: Path, source: str, *, task: str = "", force: bool = False) -> Started:
    """Write a first ``challenge.yaml``; see ``compete.building.starter``."""
    from compete.building.starter import write_challenge

    return write_challenge(folder, source, task=task, force=force)


def check_challenge(
    path: Path, *, workers: int | None = None, progress: Progress | None = None, engine: str = ""
) -> Outcome:
    """Say what a build would do, and what is wrong: all that a build does, and nothing is kept.

    Args:
        path: ``challenge.yaml``, or its folder.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at images: ``dask:ADDRESS``, or the cores of this machine.

    Raises:
        CompeteError: as ``build``, but for the output.
    """
    from compete.building.pipeline import rehearse_bundle, with_looks
    from compete.building.plan import Outcome
    from compete.cluster import cluster_of
    from compete.scoring.trial import try_scoring

    cluster = cluster_of(engine)
    plan = with_looks(_planned(path), workers=workers, progress=progress, cluster=cluster)
    findings = rehearse_bundle(plan, workers=workers, trial=try_scoring, progress=progress, cluster=cluster)
    return Outcome(path, tuple(findings), plan.parts, plan.balance, plan.terms.sample_name)


def build(
    path: Path,
    out: Path,
    *,
    force: bool = False,
    accepted: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "",
) -> Outcome:
    """Build a bundle, try its scoring and attack it before it is kept.

    Args:
        path: ``challenge.yaml``, or its folder.
        out: the bundle to make; it appears whole or not at all.
        force: replace an earlier bundle there.
        accepted: leaks that are accepted, and why; recorded in the private manifest.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at images: ``dask:ADDRESS``, or the cores of this machine, which write them in any case.

    Raises:
        CompeteError: as ``check_challenge``, and if the output is there or the trial fails.
        LeakError: if the bundle would tell what it must hide, and that is not accepted.
        UsageError: if a leak is accepted that was not found.
    """
    from compete.audits.gate import guard_build
    from compete.building.pipeline import write_bundle
    from compete.cluster import cluster_of
    from compete.scoring.trial import try_scoring

    def gate(root: Path, plan: Plan) -> list[Finding]:
        seen = plan.looks or (), plan.links
        return guard_build(root, *seen, accepted=accepted or {}, workers=workers, progress=progress)

    cluster = cluster_of(engine)
    plan = _planned(path)
    return write_bundle(
        plan, out, force=force, workers=workers, trial=try_scoring, gate=gate, progress=progress, cluster=cluster
    )


def audit(
    path: Path,
    *,
    accepted: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "",
) -> Audited:
    """Say what is wrong with the data of a challenge, or what a finished bundle tells that it should not.

    Args:
        path: a challenge, or a bundle.
        accepted: leaks of a bundle that are accepted, and why; recorded in its private manifest.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at the images of a challenge: ``dask:ADDRESS``, or the cores of this machine.

    Raises:
        CompeteError: as ``audit_challenge``; of a bundle if it is not whole.
        UsageError: if leaks of a challenge are accepted, or such as were not found.
    """
    from compete.bundle import is_bundle

    if not is_bundle(path):
        if accepted:
            hint = "accept leaks when you build, or of a bundle"
            finding = Finding("usage/accept-leak", "a challenge has no leaks to accept", str(path), hint=hint)
            raise UsageError("nothing was decided", [finding])
        return audit_challenge(path, workers=workers, progress=progress, engine=engine)
    if engine:
        hint = "an engine looks at the images of a challenge; leave --engine out"
        raise UsageError("nothing was audited", [Finding("engine/unknown", "a bundle is audited here", hint=hint)])
    from compete.audits.gate import audited_bundle

    return audited_bundle(path, accepted or {}, workers=workers, progress=progress)


def decisions_of(rules: Sequence[str], reasons: Sequence[str]) -> dict[str, str]:
    """Accepted leaks with their reasons.

    Raises:
        UsageError: a rule has no reason, or a reason no rule.
    """
    if len(rules) != len(reasons) or not all(reason.strip() for reason in reasons):
        hint = 'say for each: --accept-leak RULE --because "…"'
        message = f"{len(rules)} leaks are accepted with {len(reasons)} reasons"
        raise UsageError("nothing was decided", [Finding("usage/accept-leak", message, hint=hint)])
    return dict(zip(rules, reasons, strict=True))


def audit_challenge(
    path: Path, *, workers: int | None = None, progress: Progress | None = None, engine: str = ""
) -> Audited:
    """Say everything that is wrong with the data of a challenge, as far as it can be read.

    What the readers, the split and the images themselves tell is gathered with what the audits find.

    Args:
        path: ``challenge.yaml``, or its folder.
        workers: processes for images; None one a core.
        progress: told what is being done, how far it is, and how much there is.
        engine: who looks at images: ``dask:ADDRESS``, or the cores of this machine.

    Raises:
        ChallengeError: the file itself is at fault.
        SystemFault: if the disk or a permission forbids reading.
    """
    from compete.audits.dataset import audit_data
    from compete.challenge import load_challenge
    from compete.cluster import cluster_of

    cluster = cluster_of(engine)
    return audit_data(load_challenge(path), path, workers=workers, progress=progress, cluster=cluster)


def _planned(path: Path) -> Plan:
    """The plan of a challenge whose metrics can be computed."""
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge
    from compete.scoring.measures import metric_findings

    challenge = load_challenge(path)
    plan = plan_build(challenge)
    found = [replace(finding, where=challenge.where(finding.where)) for finding in metric_findings(plan.terms)]
    if fatal(found):
        raise ChallengeError("the challenge asks for what cannot be scored", found)
    return replace(plan, findings=(*plan.findings, *found))


def convert(path: Path, writer: str, out: Path) -> tuple[int, list[Finding]]:
    """Write the images and objects of a challenge's data in another format.

    Args:
        path: ``challenge.yaml``, or its folder.
        writer: a name in ``compete.readers.writing.WRITERS``.
        out: the folder to make; it appears whole or not at all.

    Returns:
        How many images were written, and what the format cannot hold.

    Raises:
        UsageError: no format is called so, or the folder is there.
        CompeteError: the data cannot be read, or not be written so.
    """
    from compete.challenge import load_challenge
    from compete.files import whole_folder
    from compete.readers import read_dataset
    from compete.readers.writing import WRITERS, write_dataset

    if writer not in WRITERS:
        hint = f"one of {', '.join(WRITERS)}"
        raise UsageError("nothing was written", [Finding("usage/unknown-name", f"no writer is {writer!r}", hint=hint)])
    challenge = load_challenge(path)
    as_it_is = replace(challenge, data=replace(challenge.data, normalize=None))
    dataset = read_dataset(as_it_is)
    with whole_folder(out, ours=lambda _: False) as folder:
        findings = write_dataset(writer, dataset, folder)
    return len(dataset.items), [*dataset.findings, *findings]


def verify(path: Path) -> list[Finding]:
    """Every file of a bundle that is not as it was built, and as notes the leaks that were accepted."""
    from compete.bundle import accepted_leaks, verify_bundle

    accepted = accepted_leaks(path).items()
    notes = [Finding("leak/accepted", f"{rule} was accepted: {reason}", severity="note") for rule, reason in accepted]
    return [*verify_bundle(path), *notes]


def validate(bundle: Path, submission: Path, *, on: str = "test") -> Validated:
    """Read and align a submission as scoring does, and stop there.

    Raises:
        SubmissionError: with everything that is wrong.
    """
    from compete.bundle import open_bundle
    from compete.scoring.grading import check_submission

    read = check_submission(open_bundle(bundle), submission, on=on)
    return Validated(bundle, submission, read.rows, read.warnings, on)


def score_many(
    bundle: Path,
    submissions: Sequence[Path],
    *,
    on: str = "test",
    public: bool = False,
    draws: int | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
) -> list[Verdict]:
    """Score submissions on all cores; one that is refused, or cannot be read, does not stop the others.

    Args:
        bundle: a built bundle, or its public half.
        submissions: files.
        on: ``test``, or ``train`` for out-of-fold predictions.
        public: leave out what participants may not see.
        draws: bootstrap draws; None as the challenge says.
        workers: processes; None one a core.
        limits: of memory and time; each submission is then scored in a process of its own, and one that hangs or
            crashes does not stop the others.

    Returns:
        One verdict a submission, in their order.
    """
    from compete.engine import cores, map_shards

    grade_some = partial(_verdicts, bundle=bundle, on=on, public=public, draws=draws, limits=limits)
    shard = max(1, min(64, len(submissions) // (4 * (workers or cores()))))
    return map_shards(grade_some, submissions, workers=workers, shard=shard)


def score(bundle: Path | str, submission: Path | str, *, on: str = "test") -> Result:
    """Score one submission, for notebooks.

    Raises:
        SubmissionError: if it is refused.
    """
    from compete.bundle import open_bundle
    from compete.scoring.grading import grade

    return grade(open_bundle(bundle), Path(submission), on=on)


def limits_of(memory: int, seconds: float) -> Limits | None:
    """Limits of megabytes and seconds; None where neither is limited."""
    from compete.scoring.bounded import Limits

    return Limits(memory, seconds) or None


def rescore(bundle: Path, submissions: Sequence[Path], recorded: Path) -> list[Rescored]:
    """Score submissions again as a recorded result was, and compare.

    Args:
        bundle: a built bundle, or its public half.
        submissions: files whose results the record holds, in their order.
        recorded: what ``compete score --json`` printed.

    Raises:
        UsageError: the record is none, or holds another number of results.
        CompeteError: a submission cannot be scored.
    """
    from compete.bundle import open_bundle
    from compete.scoring.grading import grade
    from compete.scoring.rescoring import differences, read_results

    results = read_results(recorded)
    if len(results) != len(submissions):
        message = f"{len(results)} results and {len(submissions)} submissions"
        hint = "give the submissions that were scored, in their order"
        raise UsageError("nothing was compared", [Finding("usage/other-count", message, str(recorded), hint=hint)])
    opened, found = open_bundle(bundle), []
    for path, one in zip(submissions, results, strict=True):
        asked = one.settings
        fresh = grade(opened, path, on=asked["on"], public=asked["public"], draws=asked["draws"])
        found.append(Rescored(path, fresh, tuple(differences(one, fresh))))
    return found


def _verdicts(
    paths: Sequence[Path], *, bundle: Path, on: str, public: bool, draws: int | None, limits: Limits | None
) -> list[Verdict]:
    """Score some submissions against a truth that is read once."""
    from compete.bundle import open_bundle
    from compete.scoring.grading import bounded_result, grade
    from compete.scoring.truth import read_truth

    opened = open_bundle(bundle)
    truth = read_truth(opened, on)
    verdicts = []
    for path in paths:
        work = partial(grade, opened, path, on=on, public=public, draws=draws, truth=truth)
        try:
            verdicts.append(Verdict(path, bounded_result(work, limits, str(path)) if limits else work()))
        except CompeteError as error:  # the bundle was read before, so whatever is wrong is wrong with this submission
            verdicts.append(Verdict(path, error=error))
    return verdicts
