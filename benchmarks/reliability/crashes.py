"""A build that is killed a thousand times: ``python benchmarks/reliability/crashes.py``, or with ``--quick``.

Kills at every step that changes the disk (of a build, and of one that takes up what another left), at random times,
and of whole commands with two worker processes. After each the bundle is verified, and the build is started again:
it must be the same bytes as one that was never killed, with nothing left beside it. Then the disk fails at every step,
many build into one place at once, and a long build is killed at random times, to see how much is done twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.building.faults import IMAGES, started, tree, write_challenge  # noqa: E402

FAULTS = ROOT / "tests" / "building" / "faults.py"
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
PATH = {**os.environ, "PYTHONPATH": str(ROOT)}
Trials = list[dict[str, Any]]


def trials(folder: Path, *words: str) -> Trials:
    """Run trials of ``faults.py`` in a process and a folder of their own."""
    place = folder / "-".join(words).replace("/", "-")
    place.mkdir()
    command = [sys.executable, str(FAULTS), words[0], str(place), *words[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=PATH, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def command_of(challenge: Path, out: Path) -> list[str]:
    """A build on the command line, with two workers."""
    return [sys.executable, "-m", "compete", "build", str(challenge), "-o", str(out), "--force", "-q", "--workers", "2"]


def whole_commands(folder: Path, count: int) -> Trials:
    """Kill commands at random times; their workers must follow."""
    folder = folder / "commands"
    images, chance, found = 700, random.Random(4), []
    root, out = write_challenge(folder / "reef", "Reef", images=images), folder / "place" / "out"
    begin = time.monotonic()
    subprocess.run(command_of(root, folder / "whole"), check=True, env=PATH, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    wanted = tree(folder / "whole")
    for _ in range(count):
        child = subprocess.Popen(command_of(root, out), env=PATH, **SILENT)
        time.sleep(chance.uniform(0, seconds))
        child.send_signal(signal.SIGKILL)
        code = child.wait()
        state = ("new" if tree(out) == wanted else "BAD") if out.exists() else "none"
        done = images_in(out)
        second = started(root, out)[1]()
        then = "new" if tree(out) == wanted else "BAD"
        left = sum(path != out for path in out.parent.iterdir())
        redone = 0 if state == "new" else max(0, done + second["cleaned"] - images)
        found.append({"code": code, "state": state, "then": then, "left_then": left, "redone": redone})
        if chance.random() < 0.7:
            subprocess.run(["rm", "-r", str(out)], check=True)
    return found


def images_in(out: Path) -> int:
    """How many images a killed build had begun to write."""
    return sum(1 for path in out.parent.glob(f".{out.name}.making-*/{out.name}/public/t*/*.*"))


def told_of_kills(name: str, found: Trials, images: int = IMAGES) -> int:
    """Print what kills left, as a line of a table; the number of kills."""
    found = [one for one in found if one["code"] == -signal.SIGKILL]
    states = Counter(one["state"] for one in found)
    bad = states["BAD"] + sum(one["then"] != "new" for one in found)
    left, redone = sum(one["left_then"] for one in found), max(one["redone"] for one in found)
    cells = [name, len(found), states["old"], states["new"], states["none"], bad, left, f"{redone} of {images}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return len(found)


def kill(folder: Path, *, quick: bool) -> None:
    """A thousand kills, or fifty."""
    every, count, commands = (13, 12, 3) if quick else (1, 500, 40)
    with ThreadPoolExecutor(2) as pool:
        steps = pool.submit(trials, folder, "kills", "--every", str(every))
        twice = pool.submit(trials, folder, "twice", "--every", str(every))
        times = pool.submit(trials, folder, "times", "--count", str(count))
        print("| killed | kills | whole old | whole new | none yet | BAD | left over | most done twice |")
        print("|---|---|---|---|---|---|---|---|")
        total = told_of_kills("at every step", steps.result())
        total += told_of_kills("at every step of one that resumes", twice.result())
        total += told_of_kills("at random times", times.result())
    total += told_of_kills("whole commands, 2 workers", whole_commands(folder, commands), images=700)
    print(f"\n{total} kills\n")


def fail(folder: Path, *, quick: bool) -> None:
    """Let the disk fail at every step."""
    print("| disk says | steps | exit 5 with the place | old bundle | new one | BAD | left over |")
    print("|---|---|---|---|---|---|---|")
    for number in ("EIO",) if quick else ("EIO", "ENOSPC", "EROFS"):
        found = trials(folder, "errors", "--errno", number, "--every", "29" if quick else "1")
        named = sum(one["code"] == 5 and all(place.endswith("/out") for _, place in one["told"]) for one in found)
        states = Counter(one["state"] for one in found)
        bad, left = states["BAD"] + states["none"], sum(one["left"] for one in found)
        print(f"| {number} | {len(found)} | {named} | {states['old']} | {states['new']} | {bad} | {left} |", flush=True)


def crowd(folder: Path, *, quick: bool) -> None:
    """Let eight build into one place at once; in every second round four are killed."""
    found = trials(folder, "crowd", "--count", "4" if quick else "50")
    codes = Counter(code for one in found for code in one["codes"])
    told = sorted({rule for one in found for rule in one["told"]})
    wrong = sum((one["state"], one["then"], one["left_then"]) != ("new", "new", 0) for one in found)
    lone = sum(not one["force"] and one["codes"].count(0) != 1 for one in found)
    print(
        f"\n8 builds at once, {len(found)} rounds: {codes[0]} built, {codes[2]} refused ({', '.join(told)}), ", end=""
    )
    print(f"{codes[-signal.SIGKILL]} killed, {sum(codes.values()) - codes[0] - codes[2] - codes[-9]} ended otherwise;")
    print(f"rounds that did not end with one whole bundle alone: {wrong}; without --force and not one winner: {lone}")


def cpu_of(*words: str) -> float:
    """Seconds of CPU of a command and its workers."""
    child = subprocess.Popen(words, env=PATH, **SILENT)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return used.ru_utime + used.ru_stime


def resume(folder: Path, images: int, kills: int) -> None:
    """Kill a long build when a random share of its images is done, and count what is done twice."""
    folder = folder / "long"
    root, out = write_photographs(folder / "reef", images), folder / "place" / "out"
    whole = cpu_of(*command_of(root, folder / "whole"))
    wanted = manifest(folder / "whole")
    shares = sorted(random.Random(6).uniform(0, 1) for _ in range(kills - 1))
    print(f"\nA build of {images:,} images takes {whole:.1f} s of CPU.\n")
    print("| killed at | done twice | CPU to finish | same bytes |")
    print("|---|---|---|---|")
    for share in [*shares, 1.0]:
        child = subprocess.Popen(command_of(root, out), env=PATH, **SILENT)
        done = 0
        while child.poll() is None and (done := images_in(out)) < share * images:
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        done = images_in(out)
        noted = sum(journal.read_bytes().count(b"}\n") for journal in out.parent.glob(".out.making-*/journal"))
        used = cpu_of(*command_of(root, out))
        same = manifest(out) == wanted
        print(f"| {done / images:.1%} | {done - noted} of {images:,} | {used:.1f} s | {same} |", flush=True)
        subprocess.run(["rm", "-r", str(out.parent)], check=True)


def write_photographs(root: Path, images: int) -> Path:
    """A challenge on JPEGs of 320 x 240 pixels, of which there are a hundred under many names."""
    write_challenge(root, "Reef", images=0)
    y, x = np.mgrid[:240, :320]
    for number in range(images):
        path = root / "images" / ("fish", "crab")[number % 2] / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number >= 100:
            path.hardlink_to(path.with_name(f"{number % 100:06}.jpg"))
            continue
        waves = [128 + 90 * np.sin(x / (7 + number) + y / 11), 128 + 90 * np.cos(x / 7), y * 1.0]
        noise = np.random.default_rng(number).normal(0, 12, (240, 320, 3))
        Image.fromarray((np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return root


def manifest(bundle: Path) -> Sequence[bytes]:
    """Both manifests, which name the digest of every file."""
    return [(bundle / name).read_bytes() for name in ("manifest.json", "private/private-manifest.json")]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fifty kills instead of a thousand")
    parser.add_argument("--images", type=int, default=0, help="of the long build; default 5,000, or 1,000")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kill(folder, quick=given.quick)
        fail(folder, quick=given.quick)
        crowd(folder, quick=given.quick)
        resume(folder, given.images or (1_000 if given.quick else 5_000), 2 if given.quick else 4)


if __name__ == "__main__":
    main()
