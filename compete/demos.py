"""The gallery: challenges on real data that come along, and the whole main job on one of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from compete import jobs
from compete.errors import Finding, SystemFault, UsageError


@dataclass(frozen=True)
class Demonstrated:
    """A demo that ran: where everything is, and the scores of its baseline."""

    challenge: Path
    bundle: Path
    verdicts: tuple[jobs.Verdict, ...]


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
    from compete.bundle import open_bundle
    from compete.challenge import schema_text
    from compete.files import whole_folder, write_file

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
        write_file(folder / "challenge.schema.json", schema_text().encode())
        say(f"1. make the data           cd {target / name} && python make_data.py")
        _run(folder, "make_data.py")
        say(f"2. build the competition   compete build {target / name} -o {target / 'bundle'}")
        jobs.build(folder, draft / "bundle")
        sent = f"baseline{Path(open_bundle(draft / 'bundle').terms.sample_name).suffix}"
        say(f"3. train a baseline        cd {target / name} && python baseline.py ../bundle/public -o ../{sent}")
        _run(folder, "baseline.py", "../bundle/public", "-o", f"../{sent}")
    say(f"4. score it                compete score {target}/bundle {target}/{sent}\n")
    verdicts = jobs.score_many(target / "bundle", [target / sent])
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
