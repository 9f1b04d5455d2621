"""The jobs of organizers and participants, wired from the wings; the command line and notebooks call these."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.errors import ChallengeError, CompeteError, Finding, SystemFault, UsageError, errors

if TYPE_CHECKING:
    from compete.building.pipeline import Built
    from compete.building.starter import Started
    from compete.scoring.result import Result

    __all__ = ["Built", "Started"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Checked:
    """What a build of a challenge would do."""

    challenge: Path
    findings: tuple[Finding, ...]
    parts: tuple[tuple[str, ...], ...]
    balance: tuple[tuple[str, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON data."""
        return {
            "challenge": str(self.challenge),
            "parts": [list(row) for row in self.parts],
            "balance": [list(row) for row in self.balance],
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True)
class Validated:
    """A submission that would be scored."""

    bundle: Path
    file: Path
    rows: int
    findings: tuple[Finding, ...]

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
class Demonstrated:
    """A demo that ran: where everything is, and the scores of its baseline."""

    challenge: Path
    bundle: Path
    verdicts: tuple[Verdict, ...]


def start_challenge(folder: Path, source: str, *, task: str = "", force: bool = False) -> Started:
    """Write a first ``challenge.yaml``; see ``compete.building.starter``."""
    from compete.building.starter import write_challenge

    return write_challenge(folder, source, task=task, force=force)


def check_challenge(path: Path) -> Checked:
    """Say what a build would do, and what is wrong.

    Raises:
        ChallengeError: if ``challenge.yaml`` is at fault.
        DatasetError: if the data are.
    """
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge
    from compete.scoring.measures import metric_findings

    plan = plan_build(load_challenge(path))
    found = metric_findings(plan.terms)
    if errors(found):
        raise ChallengeError("the challenge asks for what cannot be scored", found)
    return Checked(path, (*plan.findings, *found), plan.parts, plan.balance)


def build(
    path: Path,
    out: Path,
    *,
    force: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Built:
    """Build a bundle, and try its scoring before it is kept.

    Raises:
        CompeteError: as ``check_challenge``, and if the output is there or the trial fails.
    """
    from compete.building.pipeline import write_bundle
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge
    from compete.scoring.measures import metric_findings
    from compete.scoring.trial import try_bundle

    plan = plan_build(load_challenge(path))
    found = metric_findings(plan.terms)
    if errors(found):
        raise ChallengeError("the challenge asks for what cannot be scored", found)
    return write_bundle(plan, out, force=force, workers=workers, trial=try_bundle, progress=progress)


def verify(path: Path) -> list[Finding]:
    """Every file of a bundle that is not as it was built."""
    from compete.bundle import verify_bundle

    return verify_bundle(path)


def validate(bundle: Path, submission: Path, *, on: str = "test") -> Validated:
    """Read and align a submission as scoring does, and stop there.

    Raises:
        SubmissionError: with everything that is wrong.
    """
    from compete.bundle import open_bundle
    from compete.scoring.grading import check_submission

    read = check_submission(open_bundle(bundle), submission, on=on)
    return Validated(bundle, submission, read.rows, read.warnings)


def score_many(
    bundle: Path,
    submissions: Sequence[Path],
    *,
    on: str = "test",
    public: bool = False,
    draws: int | None = None,
    workers: int | None = None,
) -> list[Verdict]:
    """Score submissions on all cores; one that is refused does not stop the others.

    Args:
        bundle: a built bundle, or its public half.
        submissions: files.
        on: ``test``, or ``train`` for out-of-fold predictions.
        public: leave out what participants may not see.
        draws: bootstrap draws; None as the challenge says.
        workers: processes; None one a core.

    Returns:
        One verdict a submission, in their order.
    """
    grade_one = partial(_verdict, bundle=bundle, on=on, public=public, draws=draws)
    if len(submissions) == 1:
        return [grade_one(submissions[0])]
    from compete.engine import map_shards

    return map_shards(partial(_verdicts, grade_one), submissions, workers=workers, shard=8)


def score(bundle: Path | str, submission: Path | str, *, on: str = "test") -> Result:
    """Score one submission, for notebooks.

    Raises:
        SubmissionError: if it is refused.
    """
    from compete.bundle import open_bundle
    from compete.scoring.grading import grade

    return grade(open_bundle(bundle), Path(submission), on=on)


def _verdicts(grade_one: Callable[[Path], Verdict], paths: Iterable[Path]) -> list[Verdict]:
    return [grade_one(path) for path in paths]


def _verdict(path: Path, *, bundle: Path, on: str, public: bool, draws: int | None) -> Verdict:
    from compete.bundle import open_bundle
    from compete.errors import SubmissionError
    from compete.scoring.grading import grade

    opened = open_bundle(bundle)
    try:
        return Verdict(path, grade(opened, path, on=on, public=public, draws=draws))
    except SubmissionError as error:
        return Verdict(path, error=error)


def gallery() -> dict[str, Path]:
    """The challenges that come along, by name."""
    here = Path(__file__).parent
    folder = next(place for place in (here / "gallery", here.parent / "challenges") if place.is_dir())
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/challenge.yaml"))}


def run_demo(name: str, out: Path | None, *, force: bool = False, say: Callable[[str], None]) -> Demonstrated:
    """Copy a challenge of the gallery, make its data, build it, train its baseline and score that.

    Raises:
        UsageError: if there is no such challenge, or the output is there already.
    """
    from compete.files import whole_folder

    known = gallery()
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        raise UsageError("no such demo", [Finding("usage/unknown-name", f"no challenge is called {name!r}", hint=hint)])
    target = out or Path(f"demo-{name}")
    ours = Path.is_dir if _is_demo(target) else lambda _: False
    with whole_folder(target, force=force, ours=ours) as draft:
        folder = draft / name
        shutil.copytree(known[name], folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
        say(f"1. make the data            python {target / name}/make_data.py")
        _run(folder, "make_data.py")
        say(f"2. build the competition    compete build {target / name} -o {target}/bundle")
        build(folder, draft / "bundle")
        say(f"3. train a baseline         python {target / name}/baseline.py {target}/bundle/public -o {target}/baseline.csv")
        _run(folder, "baseline.py", str((draft / "bundle/public").absolute()), "-o", str((draft / "baseline.csv").absolute()))
    say(f"4. score it                 compete score {target}/bundle {target}/baseline.csv\n")
    verdicts = score_many(target / "bundle", [target / "baseline.csv"])
    return Demonstrated(target / name, target / "bundle", tuple(verdicts))


def _is_demo(target: Path) -> bool:
    """Whether a folder is an earlier demo of ours: a bundle beside a challenge of the gallery."""
    from compete.bundle import is_bundle

    return is_bundle(target / "bundle") and any((target / name / "challenge.yaml").is_file() for name in gallery())


def _run(folder: Path, script: str, *words: str) -> None:
    """Run a script of the gallery with this Python."""
    done = subprocess.run(  # noqa: S603  (our own script, run by our own interpreter)
        [sys.executable, script, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SystemFault(f"{script} failed", [Finding("usage/script", last, str(folder / script))])


def list_things(what: str) -> Any:
    """Rows for ``compete list``.

    Raises:
        UsageError: if there is no such list.
    """
    from compete.catalogs import LISTS

    if what not in LISTS:
        close = get_close_matches(what, LISTS, 1)
        hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(LISTS)}"
        raise UsageError("no such list", [Finding("usage/unknown-name", f"nothing to list is called {what!r}", hint=hint)])
    return LISTS[what]()


def explain(name: str) -> dict[str, str]:
    """What a metric or a rule is, for ``compete explain``.

    Raises:
        UsageError: if nothing is called so.
    """
    from compete.catalogs import explanation

    return explanation(name)


