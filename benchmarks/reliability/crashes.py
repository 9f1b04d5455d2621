"""A build that is killed a thousand times: ``python benchmarks/reliability/crashes.py``, or with ``--quick``.

Kills at every step that changes the disk (of a build, and of one that takes up what another left), at random times,
and of whole commands with two worker processes. After each the bundle is verified, and the build is started again:
it must be the same bytes as one that was never killed, with nothing left beside it. Then the disk fails at every step,
many build into one place at once, and long builds are killed at random times, to see how much is done twice, and what
it costs. ``--images 100000`` runs one such long build alone.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from compete.bundle import verify_bundle  # noqa: E402
from tests.building.faults import IMAGES, KINDS, LABELLED, started, tree, write_challenge  # noqa: E402

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
    """How many images and label images a killed build had begun to write."""
    folders = [f"public/{name}" for name in ("train", "test", "train_masks")] + ["private/masks"]
    places = [draft / out.name / folder for draft in out.parent.glob(f".{out.name}.making-*") for folder in folders]
    return sum(1 for place in places if place.is_dir() for _ in os.scandir(place))


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
        labels = [
            pool.submit(trials, folder, what, "--kind", "labels", "--every", str(2 * every))
            for what in ("kills", "twice")
        ]
        print("| killed | kills | whole old | whole new | none yet | BAD | left over | most done twice |")
        print("|---|---|---|---|---|---|---|---|")
        total = told_of_kills("at every step", steps.result())
        total += told_of_kills("at every step of one that resumes", twice.result())
        total += told_of_kills("at random times", times.result())
        pieces = KINDS["labels"] * IMAGES
        total += told_of_kills("at every second step, with label images", labels[0].result(), pieces)
        total += told_of_kills("at every second step of one that resumes", labels[1].result(), pieces)
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


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds, seconds of CPU with its workers, and megabytes of its largest process."""

    wall: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.wall:.0f} s, {self.cpu:.1f} s of CPU, {self.memory:.0f} MB"


def cost_of(*words: str) -> Cost:
    """Run a command to its end."""
    begin = time.monotonic()
    child = subprocess.Popen(words, env=PATH, **SILENT)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return Cost(time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def resume(folder: Path, kind: str, items: int, kills: int) -> None:
    """Kill a long build when random shares of its files are written, also at the end, and count what is done twice."""
    folder = folder / f"long-{kind}"
    root, out = write_scenes(folder / "reef", items, kind), folder / "place" / "out"
    whole, pieces, chance = cost_of(*command_of(root, folder / "whole")), KINDS[kind] * items, random.Random(6)
    wanted = manifest(folder / "whole")
    shares = [(number + chance.random()) / kills for number in range(kills)]
    print(f"\nA build of {items:,} {'images with label ' * (kind == 'labels')}images: {whole}.\n")
    print("| killed at | written | done twice | to finish | same bytes |")
    print("|---|---|---|---|---|")
    for share in [*shares, 1.0]:
        child = subprocess.Popen(command_of(root, out), env=PATH, **SILENT)
        while child.poll() is None and images_in(out) < share * pieces:
            time.sleep(0.1)
        time.sleep(chance.uniform(0, 1))
        child.send_signal(signal.SIGKILL)
        if child.wait() != -signal.SIGKILL:
            print(f"| {share:.1%} | it came to its end first | | | |", flush=True)
            continue
        begun = images_in(out)
        journal = next(out.parent.glob(".out.making-*/journal"))
        with journal.open("rb") as notes:  # the same file is gone on with, and can be read when it has no name any more
            noted = sum(len(line) > 1 for line in notes)
            cost = cost_of(*command_of(root, out))
            again = begun + sum(len(line) > 1 for line in notes) - pieces
        same = manifest(out) == wanted and verify_bundle(out) == []
        told = f"{noted:,} of {pieces:,} | {max(0, again)} ({max(0, again) / pieces:.3%})"
        print(f"| {begun / pieces:.1%} | {told} | {cost} | {same} |", flush=True)
        subprocess.run(["rm", "-r", str(out.parent)], check=True)


def write_scenes(root: Path, items: int, kind: str) -> Path:
    """A challenge on small pictures, JPEG and PNG in turn, no two alike; or on larger ones with label images."""
    write_challenge(root, "Reef", images=0)
    high, wide = (48, 64) if kind == "images" else (192, 256)
    y, x = np.mgrid[:high, :wide]
    rows = ["id,file,mask"]
    for number in range(items):
        chance = np.random.default_rng(number)
        across, down = chance.uniform(3, 12, 2) * high / 48
        waves = np.sin(x / across + y / down)
        path = root / "images" / ("fish", "crab")[number % 7 > 2] / f"{number:07}.{('jpg', 'png')[number % 2]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.stack([128 + 60 * waves, 128 - 60 * waves, 255.0 * y / high], -1) + chance.normal(
            0, 6, (high, wide, 3)
        )
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        if kind == "labels":
            rows.append(f"{path.stem},{path.relative_to(root).as_posix()},labels/{path.stem}.png")
            label = root / "labels" / f"{path.stem}.png"
            label.parent.mkdir(exist_ok=True)
            Image.fromarray(np.digitize(waves, [-0.5, 0.5]).astype(np.uint8)).save(label)
    if kind == "labels":
        (root / "table.csv").write_text("\n".join(rows) + "\n")
        text = (root / "challenge.yaml").read_text().replace("classification", "semantic_segmentation")
        text = text.replace("reader: folder, path: images", LABELLED).replace("accuracy", "miou")
        (root / "challenge.yaml").write_text(text)
    return root


def manifest(bundle: Path) -> Sequence[bytes]:
    """Both manifests, which name the digest of every file."""
    return [(bundle / name).read_bytes() for name in ("manifest.json", "private/private-manifest.json")]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fifty kills instead of a thousand")
    parser.add_argument("--images", type=int, help="of a long build, which is then run alone")
    parser.add_argument("--labels", type=int, help="images with label images of a long build, which is then run alone")
    given = parser.parse_args()
    long = {"images": given.images, "labels": given.labels}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not any(long.values()):
            kill(folder, quick=given.quick)
            fail(folder, quick=given.quick)
            crowd(folder, quick=given.quick)
            long = {"images": 1_000, "labels": 300} if given.quick else {"images": 5_000, "labels": 1_000}
        for kind, items in long.items():
            if items:
                resume(folder, kind, items, 2 if given.quick else 4)


if __name__ == "__main__":
    main()
