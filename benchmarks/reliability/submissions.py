"""What graders do with bad submissions: ours through its door, pandas-based grading and COCO evaluators beside it.

Every file of the own corpus (`tests/scoring/corpus.py`), and of the shared one where ``COMPETE_REAL_DATA`` has it as a
neighbour, is sent to each grader that takes its kind. Ours is a process of its own each time, ``python -m
compete.scoring.program`` with its limits on, so its seconds and memory are those of the whole process, Python and
numpy included. A peer is loaded once and forked for each file; its seconds are those of the file alone. Whoever needs
more than 20 seconds is killed. Usage::

    python benchmarks/reliability/submissions.py [--every 10] [--ours]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HANG = 20.0
SECONDS, MEGABYTES = 2.0, 300.0
"""What a refusal may cost."""

PEERS = {
    "pandas": {"T", "N", "P", "Z", "tables", "archives"},
    "pandas, run lengths": {"R"},
    "Pillow": {"M", "pictures"},
    "pycocotools": {"D", "S", "COCO results"},
    "faster-coco-eval": {"D", "S", "COCO results"},
}
"""Graders as people write them, and the families that each can take; see ``peers.py``."""

GOOD = ("accept", "same_as", "warn")
"""What is expected of files that must be scored; one that is not counts as lost."""

ORDER = [
    *("T", "N", "P", "R", "D", "S", "Z", "M", "tables", "forms of images", "COCO results", "pictures", "archives"),
    "worst cases",
]
SIDE, QUICK_SIDE = 4096, 1024
"""Pixels of a side of the pictures that cost the most."""


@dataclass(frozen=True)
class Fate:
    """What became of one file.

    Attributes:
        outcome: ``scored``, ``refused``, ``traceback`` or ``hang``.
        scores: what was said, as text; empty unless it was scored.
        seconds: of CPU.
        megabytes: at the most.
    """

    outcome: str
    scores: str
    seconds: float
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take one file of so many")
    parser.add_argument("--ours", action="store_true", help="leave out the peers")
    parser.add_argument("--quick", action="store_true", help="the same as --every 10")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cases = written("corpus", Path(folder) / "corpus")
        worst = written("worst", Path(folder) / "worst", str(QUICK_SIDE if asked.quick else SIDE))
        chosen = cases[:: 10 if asked.quick else asked.every] + worst
        print(f"{'':22}{'':18}{'files':>6}{'bad':>5}{'refused':>9}{'traceback':>11}{'hang':>6}{'wrong':>7}", end="")
        print(f"{'up':>4}{'right':>7}{'lost':>6}{'p99 CPU':>10}{'worst':>9}{'peak':>9}", flush=True)
        ours = fates_of([], chosen)
        told("compete", chosen, ours)
        for peer, families in {} if asked.ours else PEERS.items():
            sent = [case for case in chosen if case["family"] in families]
            told(peer, sent, fates_of([peer], sent))


def written(module: str, folder: Path, *words: str) -> list[dict[str, str]]:
    """Have a corpus written, and read its list."""
    folder.mkdir()
    subprocess.run([sys.executable, "-m", f"tests.scoring.{module}", str(folder), *words], cwd=ROOT, check=True)
    cases: list[dict[str, str]] = json.loads((folder / "cases.json").read_text())
    return cases


def fates_of(peer: Sequence[str], cases: Sequence[Mapping[str, str]]) -> dict[str, Fate]:
    """What becomes of the files, and of the valid ones that they are compared with, by path."""
    files: dict[str, str] = {}
    for case in cases:
        files.update(dict.fromkeys(filter(None, (case["file"], case["valid"])), case["bundle"]))
    if not peer:
        return {file: ours(bundle, file) for file, bundle in files.items()}
    command = [sys.executable, str(Path(__file__).with_name("peers.py")), *peer]
    done = subprocess.run(command, input=json.dumps(list(files.items())), stdout=subprocess.PIPE, text=True, check=True)
    return {file: Fate(**fate) for file, fate in zip(files, json.loads(done.stdout.splitlines()[-1]), strict=True)}


def ours(bundle: str, file: str) -> Fate:
    """Our program on one file, in a process of its own."""
    command = [sys.executable, "-m", "compete.scoring.program", bundle, file, "--limit-time", str(HANG)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err)
        code, seconds, megabytes = ended(child.pid, HANG + 10)
        child.returncode = code
        out.seek(0)
        err.seek(0)
        raw, trouble = out.read(), err.read()
    content: dict[str, Any] = json.loads(raw) if code in (0, 3) else {}
    rules = {one["rule"] for one in content.get("findings", [])}
    outcome = {0: "scored", 3: "refused"}.get(code, "traceback")
    if "submission/too-slow" in rules:
        outcome = "hang"
    elif trouble or "submission/crashed" in rules or (outcome == "refused" and not clear(content["findings"])):
        outcome = "traceback"
    return Fate(outcome, scores_of(content.get("scores", [])), seconds, megabytes)


def clear(findings: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every fault has a rule, a place, a sentence and a cure."""
    fatal = [one for one in findings if one["severity"] == "error"]
    return bool(fatal) and all(one["rule"] and one["where"] and one["message"] and one["hint"] for one in fatal)


def scores_of(scores: Sequence[Mapping[str, Any]]) -> str:
    """Scores as text that is equal where every bit is."""
    return json.dumps([[one["metric"], one["part"], one["group"], one["value"]] for one in scores]) if scores else ""


def ended(child: int, most: float) -> tuple[int, float, float]:
    """Wait for a child, kill it if it takes too long; its exit code, CPU seconds and megabytes."""
    deadline = time.monotonic() + most
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            megabytes = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
            return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, megabytes
        if time.monotonic() > deadline:
            os.kill(child, 9)
        time.sleep(0.005)


def verdict(case: Mapping[str, str], fates: Mapping[str, Fate], named: Mapping[str, str]) -> str:
    """``wrong`` where a score is given that must not be, else ``right`` or what happened instead."""
    fate, expect = fates[case["file"]], case["expect"]
    if fate.outcome != "scored":
        return "refused" if fate.outcome == "refused" else fate.outcome
    if expect.startswith("reject"):
        return "wrong"
    other = named[expect[8:]] if expect.startswith("same_as:") else case["valid"]
    alike = expect in ("accept", "either") or expect.startswith("same_as:")
    return "wrong" if alike and fate.scores != fates[other].scores else "right"


def higher(case: Mapping[str, str], fates: Mapping[str, Fate]) -> bool:
    """Whether a file that must be refused got a better score than the valid one."""
    first, second = (json.loads(fates[case[key]].scores or "[]") for key in ("file", "valid"))
    pairs = zip(first, second)  # noqa: B905  (a peer may say less)
    sign = {"log_loss": -1, "rmse": -1}
    return any(None not in (one[3], two[3]) and sign.get(one[0], 1) * (one[3] - two[3]) > 0 for one, two in pairs)


def told(grader: str, cases: Sequence[Mapping[str, str]], fates: Mapping[str, Fate]) -> None:
    """Print a line a family, and one of all."""
    families = defaultdict(list)
    for case in cases:
        families[case["family"]].append(case)
    named = {case["name"]: case["file"] for case in cases}
    for family in [one for one in ORDER if one in families]:
        line(grader, family, families[family], fates, named)
    line(grader, "all", cases, fates, named)


def line(
    grader: str, family: str, cases: Sequence[Mapping[str, str]], fates: Mapping[str, Fate], named: Mapping[str, str]
) -> None:
    """Print the numbers of one grader and family; costs are those of the files that it does not score."""
    verdicts = [verdict(case, fates, named) for case in cases]
    count = {word: verdicts.count(word) for word in ("refused", "traceback", "hang", "wrong", "right")}
    up = sum(one == "wrong" and higher(case, fates) for one, case in zip(verdicts, cases, strict=True))
    bad = [fates[case["file"]] for case in cases if fates[case["file"]].outcome != "scored"]
    seconds, peak = [fate.seconds for fate in bad] or [0.0], max([fate.megabytes for fate in bad] or [0.0])
    nearly = statistics.quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else seconds[0]
    lost = sum(fates[case["file"]].outcome != "scored" for case in cases if case["expect"].startswith(GOOD))
    must = sum(case["expect"].startswith("reject") for case in cases)
    over = "  OVER" if grader == "compete" and (max(seconds) > SECONDS or peak > MEGABYTES) else ""
    print(f"{grader:22}{family:18}{len(cases):>6}{must:>5}{count['refused']:>9}{count['traceback']:>11}", end="")
    print(f"{count['hang']:>6}{count['wrong']:>7}{up:>4}{count['right']:>7}{lost:>6}", end="")
    print(f"{nearly:>8.2f} s{max(seconds):>7.2f} s{peak:>6.0f} MB{over}", flush=True)


if __name__ == "__main__":
    main()
