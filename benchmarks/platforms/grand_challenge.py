"""The evaluation container of an export, run as grand-challenge runs one, with jobs as its own templates write them.

    python3.11 -m venv VENV, and into it numpy==1.26.4       (what the container's requirements.txt names)
    python -m benchmarks.platforms.grand_challenge VENV/bin/python BUNDLE SUBMISSION...

The platform runs containers without network and without root, with an input that can only be read. So does this, in a
new root without Docker (`unshare`; on Linux, as root): the folder of the container at /opt/app, its input, output and
ground truth where they are there. Each submission is scored in both phases, and, where that can be, as the outputs of
an algorithm, in files named as grand-challenge-forge 0.7.5 names them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import uuid
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.platforms.ours import Exported, exported, perfect_of, shown

NEW_ROOT = """
set -e
root=$(mktemp -d); mount -t tmpfs none $root; cd $root
mkdir -p usr lib lib64 bin proc tmp input output opt/app opt/ml/input/data/ground_truth
mount -t tmpfs none $root/tmp
for name in usr lib lib64 bin; do [ -e /$name ] && mount --rbind -o ro /$name $root/$name; done
for name in $PREFIXES; do mkdir -p $root$name; mount --rbind $name $root$name; done
for bind in $APP:/opt/app $INPUT:/input $TRUTH:/opt/ml/input/data/ground_truth; do
  mount --bind ${bind%%:*} $root${bind##*:}; mount -o remount,bind,ro $root${bind##*:}
done
mount --bind $OUTPUT $root/output; chmod 777 $root/output $root/tmp
mount --rbind /proc $root/proc; mount -o remount,ro $root
cd $root/opt/app
exec chroot $root /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups \
  /usr/bin/env -i PYTHONUNBUFFERED=1 PATH=/usr/bin:/bin bash -c 'cd /opt/app && exec "$@"' x "$@"
"""
PARTS = ("public", "private")


def main(python: str, bundle: Path, submissions: list[Path]) -> None:
    """Export a bundle, and score submissions with the container's program."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        ours = exported(bundle, "grand-challenge", Path(scratch, "export"))
        for path in [*submissions, perfect_of(ours, Path(scratch))]:
            for part in PARTS:
                want = ours.file_score(path, part)
                shown(f"{ours.name} {path.name}", run(python, ours, uploaded(path), part), want, part)
                if jobs := outputs(ours, path) if want is not None else {}:
                    shown(f"{ours.name} {path.name}, jobs", run(python, ours, jobs, part), want, part)


def run(python: str, ours: Exported, given: dict[str, bytes], part: str) -> float | None:
    """The ranking score that a phase tells; None where the container ends with a fault."""
    phases = json.loads((ours.folder / "phases.json").read_text(encoding="utf-8"))["phases"]
    settings = phases[PARTS.index(part)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, content in given.items():
            (folder / "input" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "input" / name).write_bytes(content)
        (folder / "output").mkdir()
        with tarfile.open(ours.folder / settings["ground_truth"]) as archive:
            archive.extractall(folder / "truth", filter="data")
        told = subprocess.run(
            [python, "-c", "import sys; print(sys.prefix, sys.base_prefix)"], capture_output=True, text=True, check=True
        )
        places = {"APP": ours.folder / "evaluation", "INPUT": folder / "input", "OUTPUT": folder / "output"}
        environment = {**os.environ, **{key: str(place) for key, place in places.items()}}
        environment |= {"TRUTH": str(folder / "truth"), "PREFIXES": told.stdout.strip()}
        subprocess.run(["chmod", "-R", "o+rX", scratch], check=True)
        command = ["unshare", "-mn", "--propagation", "private", "bash", "-c", NEW_ROOT, "x", python, "evaluate.py"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"    exit code {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1][:200]}")
            return None
        value: Any = json.loads((folder / "output/metrics.json").read_text(encoding="utf-8"))
    for key in settings["score_jsonpath"].split("."):
        value = value[key]
    return float(value)


def uploaded(path: Path) -> dict[str, bytes]:
    """What the platform puts into /input of an upload: a table under one name, or what a zip holds."""
    listed = {"inputs.json": b"[]"}
    if path.suffix == ".csv":
        return {**listed, "predictions.csv": path.read_bytes()}
    if path.suffix != ".zip":
        return {**listed, path.name: path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        return {**listed, **{name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}}


def outputs(ours: Exported, path: Path) -> dict[str, bytes]:
    """A submission as the outputs of an algorithm, a job an item; none where it cannot be taken apart so."""
    terms = ours.terms
    if terms["form"] not in ("csv", "coco"):
        return {}
    with (ours.bundle / "public/test.csv").open(encoding="utf-8", newline="") as file:
        items = [row["id"] for row in csv.DictReader(file)]
    given: dict[str, Any] = {item: [] for item in items}
    if terms["form"] == "coco":
        for one in json.loads(path.read_text(encoding="utf-8")):
            given[items[one.pop("image_id") - 1]].append(one)
    else:
        for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))):
            given[row.pop("id")] = row
    files, jobs = {}, []
    for item, value in given.items():
        key = str(uuid.uuid4())
        files[f"{key}/output/result.json"] = json.dumps(value).encode()
        jobs.append({"pk": key, "status": "Succeeded", **_sockets(item)})
    return {**files, "predictions.json": json.dumps(jobs[::-1]).encode(), "inputs.json": b"[]"}


def _sockets(item: str) -> dict[str, Any]:
    """Inputs and outputs of a job, as the templates list them."""
    scan = {"slug": "scan", "relative_path": "images/scan", "kind": "Image", "super_kind": "Image"}
    result = {"slug": "result", "relative_path": "result.json", "kind": "Anything", "super_kind": "Value"}
    empty = {"file": None, "image": None, "value": None}
    return {
        "inputs": [{**empty, "image": {"name": f"{item}.png"}, "interface": scan}],
        "outputs": [{**empty, "value": {"some_key": "some_value"}, "interface": result}],
    }


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(word) for word in sys.argv[3:]])
