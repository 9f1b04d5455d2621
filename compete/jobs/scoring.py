"""The jobs around a submission: validate, score, score again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.errors import CompeteError, Finding, UsageError, fatal

if TYPE_CHECKING:
    from compete.scoring.bounded import Limits
    from compete.scoring.result import Result


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
