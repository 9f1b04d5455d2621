"""Building a bundle of photographs, beside the usual steps by hand: time of the whole process, children included.

Run ``python benchmarks/bench_build.py [--sizes 1000 5000] [--repeats 3]``. Both sides start as a fresh process and take
turns; the CPU of processes that outlive the one that started them (the server of workers) is counted too. By hand is
what scripts for competitions do, image by image: Pillow's verify and load, SHA-256, imagehash.phash, all pairs in a
nested loop, copyfile, and a zip with deflate. Ours is ``compete build``: every file decoded and proven whole, eight
symmetries hashed, marks for shifted views, pairs confirmed on pixels, split by group, metadata stripped, opaque names,
scoring tried, the bundle attacked by the leak gate, and all of it forced to the disk. Two more lines are the same with
one worker, as the other side has one, and without the gate. The last line is the least that proves and publishes a
photograph, in place of ours: read it, SHA-256, Pillow's fastest decode of the whole file, write it; nothing hashed,
compared, split, scored or attacked. No build with this decoder can be ahead of it. Every run writes to a new folder,
and none is removed before the end: file systems are slow to make files where many were just removed. The photographs
are drawn here: 640 × 480, about 67 KB.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.side_by_side import Contest, compare

WIDE, HIGH = 640, 480
LAYERS = ((5, 60.0), (20, 25.0), (80, 12.0), (320, 7.0))
"""How many random patches there are across a photograph, and how strong they are."""
NOISE, QUALITY = 4.0, 85
FRESH = "new-folder-in:"
"""How a command names a folder that is to be new in each run, before the folder in which it is made."""
GOALS = {1000: 8.0, 5000: 10.0}


def photograph(seed: int) -> Image.Image:
    """Patches of all sizes with some noise: as smooth and as rough as photographs are."""
    random = np.random.default_rng(seed)
    pixels = np.full((HIGH, WIDE, 3), 120.0, np.float32)
    for across, strength in LAYERS:
        patches = random.normal(0, strength, (across * 3 // 4 + 1, across, 3)).astype(np.float32)
        for colour in range(3):
            # Colours follow the brightness, as they mostly do.
            layer = patches[..., 0] * 0.8 + patches[..., colour] * 0.4
            resized = Image.fromarray(layer).resize((WIDE, HIGH), Image.Resampling.BICUBIC)
            pixels[..., colour] += np.asarray(resized)
    pixels += random.normal(0, NOISE, (HIGH, WIDE, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_photographs(folder: Path, count: int) -> Path:
    """A challenge on photographs in three folders of classes."""
    for number in range(count):
        path = folder / "images" / ("fish", "crab", "eel")[number % 3] / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        photograph(number).save(path, quality=QUALITY)
    text = (
        "name: photographs\ntitle: Photographs\ntask: classification\ndata: {reader: folder, path: images}\n"
        "split: {test: 0.4, public: 0.3, seed: 0f1e2d3c4b5a6978}\nscore: {metric: accuracy}\n"
    )
    (folder / "challenge.yaml").write_text(text)
    return folder


def by_hand(folder: Path, out: Path) -> None:
    import imagehash

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    digests, hashes, paths = {}, [], sorted(folder.rglob("*.jpg"))
    for path in paths:
        with Image.open(path) as image:
            image.verify()
        with Image.open(path) as image:
            image.load()
            hashes.append(imagehash.phash(image))
        digests[hashlib.sha256(path.read_bytes()).hexdigest()] = path
    near = [(one, other) for other in range(len(hashes)) for one in range(other) if hashes[one] - hashes[other] <= 4]
    for number, path in enumerate(paths):
        shutil.copyfile(path, out / f"{number:05}.jpg")
    with zipfile.ZipFile(out / "images.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(out.glob("*.jpg")):
            archive.write(path, path.name)
    print(len(digests), len(near))


def at_least(folder: Path, out: Path) -> None:
    out.mkdir()
    digests = set()
    for number, path in enumerate(sorted(folder.rglob("*.jpg"))):
        content = path.read_bytes()
        digests.add(hashlib.sha256(content).hexdigest())
        with Image.open(io.BytesIO(content)) as image:
            image.draft("L", (WIDE // 8, HIGH // 8))
            image.load()
        (out / f"{number:05}.jpg").write_bytes(content)
    print(len(digests))


def without_gate(folder: Path, out: Path) -> None:
    from compete.building.pipeline import write_bundle
    from compete.building.plan import plan_build
    from compete.challenge import load_challenge
    from compete.scoring.trial import try_scoring

    write_bundle(plan_build(load_challenge(folder)), out, force=True, trial=try_scoring)


SIDES = {"--by-hand": by_hand, "--without-gate": without_gate, "--at-least": at_least}


def run_with_orphans(words: Sequence[str]) -> None:
    """Run a command, and wait for all processes that it leaves, so that what they used is counted as ours."""
    if sys.platform == "linux":
        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)
    subprocess.run([_fresh(word) for word in words], check=True)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _fresh(word: str) -> str:
    return f"{tempfile.mkdtemp(dir=word.removeprefix(FRESH))}/out" if word.startswith(FRESH) else word


def contests(folder: Path, count: int, repeats: int) -> list[Contest]:
    challenge = write_photographs(folder / "challenge", count)
    size = np.mean([path.stat().st_size for path in challenge.rglob("*.jpg")]) / 1000
    counted = [sys.executable, __file__, "--counted", sys.executable]
    fresh = f"{FRESH}{folder}"
    build = [*counted, "-m", "compete", "build", str(challenge), "-o", fresh]
    # The command asks for one thread before numpy is loaded; this script has loaded it by then.
    alone = [*counted[:-1], "env", "OPENBLAS_NUM_THREADS=1", sys.executable]
    bare = [*alone, __file__, "--without-gate", str(challenge), fresh]
    least = [*counted, __file__, "--at-least", str(challenge), fresh]
    peer = [*counted, __file__, "--by-hand", str(challenge), fresh]
    name, note = f"{count:,} photographs", f"{size:.0f} KB each"
    return [
        Contest(name, build, peer, GOALS.get(count, 0.0), repeats, note=note),
        Contest(f"{name}, one worker", [*build, "--workers", "1"], peer, GOALS.get(count, 0.0), repeats, note=note),
        Contest(f"{name}, no gate", bare, peer, GOALS.get(count, 0.0), repeats, note=note),
        Contest(f"{name}, the least", least, peer, GOALS.get(count, 0.0), repeats, note=note),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--repeats", type=int, default=3)
    side, *words = sys.argv[1:] or [""]
    if side == "--counted":
        run_with_orphans(words)
        return
    if side in SIDES:
        SIDES[side](*map(Path, words))
        return
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for count in given.sizes for line in contests(Path(folder) / str(count), count, given.repeats)]
        compare("compete build, beside the steps by hand", lines)


if __name__ == "__main__":
    main()
