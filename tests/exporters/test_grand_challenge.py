"""grand-challenge exports: what the container writes, what it is given, and what the platform would refuse."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from compete.bundle import open_bundle
from compete.errors import BundleError, fatal
from compete.exporters import Competition, check_export, export_competition
from compete.exporters.grand_challenge import key_of
from compete.exporters.tarballs import write_tarball
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from tests.conftest import Made
from tests.exporters.exported import exported_of, same_bytes, small_competition, tree
from tests.exporters.small import TERMS, ready
from tests.scoring.every_form import FORMS

PYTHON = os.environ.get("COMPETE_LIGHT_PYTHON", sys.executable)
RUN = "import sys; sys.path.insert(0, sys.argv[1]); import evaluate; from pathlib import Path; "
RUN += "sys.exit(evaluate.main(*map(Path, sys.argv[2:])))"


@dataclass(frozen=True)
class Ran:
    """What a container left: its exit code, what participants are shown, all it said, and the metrics."""

    code: int
    shown: str
    err: str
    metrics: dict[str, Any] | None


def ran(export: Path, part: str, given: dict[str, bytes], folder: Path) -> Ran:
    """Run the container's program, in an interpreter that finds no module of this checkout.

    Args:
        export: the export.
        part: of the phase whose ground truth is unpacked.
        given: the files below ``/input``.
        folder: a new one.
    """
    source, target, truth = (folder / name for name in ("input", "output", "truth"))
    target.mkdir(parents=True)
    for name, content in {"inputs.json": b"[]", **given}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    with tarfile.open(export / f"ground_truth_{part}.tar.gz") as archive:
        archive.extractall(truth, filter="data")
    words = [str(export / "evaluation"), str(source), str(target), str(truth)]
    done = subprocess.run([PYTHON, "-B", "-I", "-c", RUN, *words], cwd=folder, capture_output=True, text=True)
    place = target / "metrics.json"
    shown = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
    return Ran(done.returncode, shown, done.stderr, json.loads(place.read_bytes()) if place.is_file() else None)


def uploaded(name: str, content: bytes) -> dict[str, bytes]:
    """How the platform hands over what was uploaded: a table by one name, an archive unpacked."""
    if name.endswith(".csv"):
        return {"predictions.csv": content}
    if not name.endswith(".zip"):
        return {name: content}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def expected(bundle: Path, submission: bytes, part: str) -> dict[str, float]:
    """What `compete score` says, by the keys of the metrics."""
    scores = grade(open_bundle(bundle), submission, draws=0).scores
    named = {f"{one.metric} [{one.group}]" if one.group else one.metric: one for one in scores if one.part == part}
    return {key_of(label): one.value for label, one in named.items() if one.value is not None}


def as_measured(metrics: dict[str, Any] | None, want: dict[str, float]) -> bool:
    """Whether the numbers are those of `compete score`, bit for bit where it is the same interpreter."""
    assert metrics
    ours = {key: want[key] for key in metrics["aggregates"]}
    return bool(metrics["aggregates"] == (ours if sys.executable == PYTHON else pytest.approx(ours, rel=1e-12)))


@pytest.mark.parametrize("name", ["penguins", "digit-scenes-semantic"])
def test_the_container_writes_the_scores_of_compete_score(
    make: Callable[[str], Made], tmp_path: Path, name: str
) -> None:
    made = make(name)
    exported_of(made, "grand-challenge", tmp_path / "export")
    submission = made.baseline.read_bytes()
    for part in ("public", "private"):
        told = ran(tmp_path / "export", part, uploaded(made.baseline.name, submission), tmp_path / part)
        assert (told.code, told.err) == (0, "")
        assert as_measured(told.metrics, expected(made.bundle, submission, part))


@dataclass(frozen=True)
class Ready:
    """A small competition and its export."""

    competition: Competition
    export: Path


@pytest.fixture(scope="module")
def reef(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """The reef, exported once."""
    folder = tmp_path_factory.mktemp("reef")
    competition = ready(folder / "bundle", terms=replace(TERMS, draws=20))
    export_competition(competition, "grand-challenge", folder / "export")
    return Ready(competition, folder / "export")


def test_paths_of_the_phases_lead_to_numbers(reef: Ready, tmp_path: Path) -> None:
    phases = json.loads((reef.export / "phases.json").read_text(encoding="utf-8"))["phases"]
    for phase, part in zip(phases, ("public", "private"), strict=True):
        told = ran(reef.export, part, {"predictions.csv": reef.competition.perfect}, tmp_path / part)
        assert told.metrics
        assert phase["ground_truth"] == f"ground_truth_{part}.tar.gz"
        paths = [phase["score_jsonpath"], *(column["path"] for column in phase["extra_results_columns"])]
        for path in [*paths, phase["score_error_jsonpath"]]:
            first, _, last = path.partition(".")
            assert isinstance(told.metrics[first][last], float)
        assert len(paths) == len(told.metrics["aggregates"])


def jobs(given: dict[str, Any], *, named: str = "{}.png") -> dict[str, bytes]:
    """What the platform hands over of an algorithm's runs, the last item first."""
    listed, files = [], {}
    for number, (item, value) in enumerate(reversed(given.items())):
        socket = {"slug": "result", "relative_path": "result.json", "super_kind": "Value"}
        image = {"file": None, "value": None, "image": {"name": named.format(item)}, "interface": {"slug": "scan"}}
        output = {"file": None, "image": None, "value": None, "interface": socket}
        listed.append({"pk": f"job-{number}", "inputs": [image], "outputs": [output], "status": "Succeeded"})
        files[f"job-{number}/output/result.json"] = json.dumps(value).encode()
    return {"predictions.json": json.dumps(listed).encode(), **files}


def test_outputs_of_an_algorithm_become_a_table(reef: Ready, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(reef.competition.perfect.decode())))
    given = {row["id"]: row["kind"] for row in rows}
    for number, some in enumerate((given, {item: {"kind": kind} for item, kind in given.items()})):
        told = ran(reef.export, "private", jobs(some, named="{}.nii.gz"), tmp_path / str(number))
        assert (told.code, told.err) == (0, "")
        assert as_measured(told.metrics, expected(reef.competition.bundle.root, reef.competition.perfect, "private"))


def test_outputs_of_an_algorithm_become_results(make: Callable[[str], Made], tmp_path: Path) -> None:
    made = make("digit-scenes")
    exported_of(made, "grand-challenge", tmp_path / "export")
    bundle = open_bundle(made.bundle)
    with (bundle.public / "test.csv").open(encoding="utf-8") as file:
        items = [row["id"] for row in csv.DictReader(file)]
    submission = perfect_submission(bundle)
    given: dict[str, Any] = {item: [] for item in items}
    for result in json.loads(submission):
        given[items[result.pop("image_id") - 1]].append(result)
    told = ran(tmp_path / "export", "private", jobs(given), tmp_path / "run")
    assert (told.code, told.err) == (0, "")
    assert as_measured(told.metrics, expected(made.bundle, submission, "private"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"predictions.csv": b"id,kind\ni000,coral\n"}, "79 test items of 80 without a row"),
        ({}, "there is no file in the submission"),
        ({"a.txt": b"hello"}, "a.txt"),
        (jobs({"nobody": "coral"}), "called after no test item: nobody.png"),
        (jobs({"i000": "coral"}), "79 test items of 80 without a row"),
        (
            {**jobs({"i000": "coral"}), "job-0/output/result.json": b"{"},
            "result.json of job job-0 is no JSON",
        ),
    ],
)
def test_a_refused_submission_says_why_in_its_last_line(
    reef: Ready, tmp_path: Path, given: dict[str, bytes], words: str
) -> None:
    told = ran(reef.export, "public", given, tmp_path / "run")
    assert (told.code, told.metrics) == (1, None)
    assert told.shown.startswith("submission refused")
    assert words in told.shown
    assert "Traceback" not in told.err


def test_the_development_phase_knows_no_private_label(tmp_path: Path) -> None:
    held = []
    for seed in (1, 2):
        export_competition(ready(tmp_path / f"bundle{seed}", seed=seed), "grand-challenge", tmp_path / f"{seed}")
        held.append(tree(tmp_path / f"{seed}"))
    differ = {name for name in held[0] if held[0][name] != held[1].get(name)}
    assert differ == {"ground_truth_private.tar.gz", "export.json"}


def test_the_same_bundle_gives_the_same_bytes(reef: Ready, tmp_path: Path) -> None:
    export_competition(reef.competition, "grand-challenge", tmp_path / "again")
    assert same_bytes(tree(reef.export), tree(tmp_path / "again"))
    with tarfile.open(reef.export / "ground_truth_public.tar.gz") as archive:
        owners = {(one.uid, one.gid, one.uname, one.mode, one.mtime) for one in archive}
        assert all(one.isfile() for one in archive)
    assert owners == {(0, 0, "", 0o644, 315532800)}
    assert not any(str(reef.export.parent).encode() in content for content in tree(reef.export).values())


def test_the_container_is_built_without_root_and_for_the_platform(reef: Ready) -> None:
    lines = (reef.export / "evaluation/Dockerfile").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("FROM --platform=linux/amd64 ")
    assert "USER user" in lines
    copied = {word for line in lines if line.startswith("COPY") for word in line.split()[2:-1]}
    assert all((reef.export / "evaluation" / name).exists() for name in copied)
    assert {"program", "evaluate.py", "scored.py", "algorithm_jobs.py", "columns.json"} <= copied
    assert (reef.export / "evaluation/requirements.txt").read_text(encoding="utf-8") == "numpy==1.26.4\n"
    assert check_export(reef.export, "grand-challenge") == []
    tried = (reef.export / "evaluation/do_test_run.sh").read_text(encoding="utf-8")
    assert "$HERE/../ground_truth_public.tar.gz" in tried
    for script in sorted((reef.export / "evaluation").glob("*.sh")):
        assert subprocess.run(["bash", "-n", script]).returncode == 0


def test_what_grand_challenge_cannot_hold_is_told(reef: Ready, tmp_path: Path) -> None:
    none = {**reef.competition.best, "scores": [{**one, "value": None} for one in reef.competition.best["scores"]]}
    with pytest.raises(BundleError) as refused:
        export_competition(replace(reef.competition, best=none), "grand-challenge", tmp_path / "export")
    assert {one.rule for one in refused.value.findings} == {"grand-challenge/unrankable"}


@pytest.mark.parametrize(
    ("label", "key"),
    [("box_ap(iou_to=0.5)", "box_ap_iou_to_0_5"), ("f1 [site=a.b]", "f1_site_a_b"), ("äöü 1", "äöü_1")],
)
def test_keys_hold_no_dots(label: str, key: str) -> None:
    assert key_of(label) == key


def saved_image(path: Path, *, user: str = "user", architecture: str = "amd64", images: int = 1) -> Path:
    """What docker save writes, as far as the platform looks at it."""
    digest = "a" * 64
    config = {"architecture": architecture, "config": {"User": user}}
    manifest = [{"Config": f"blobs/sha256/{digest}"}] * images
    members = {"manifest.json": manifest, f"blobs/sha256/{digest}": config}
    return write_tarball(path, {name: json.dumps(content).encode() for name, content in members.items()})


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ({}, set()),
        ({"user": "1000:1000"}, set()),
        ({"user": "root"}, {"grand-challenge/root"}),
        ({"user": ""}, {"grand-challenge/root"}),
        ({"user": "0:0"}, {"grand-challenge/root"}),
        ({"architecture": "arm64"}, {"grand-challenge/processor"}),
        ({"images": 2}, {"grand-challenge/image"}),
    ],
)
def test_images_that_would_be_refused_are_told(tmp_path: Path, settings: dict[str, Any], rules: set[str]) -> None:
    path = saved_image(tmp_path / "evaluation.tar.gz", **settings)
    found = check_export(path, "grand-challenge")
    assert {one.rule for one in found} == rules == {one.rule for one in fatal(found)}


COLUMN = {"title": "a", "path": "aggregates.f1_macro", "order": "asc", "exclude_from_ranking": True}


@pytest.mark.parametrize(
    ("change", "rule", "refused"),
    [
        ({"title": "x" * 65}, "grand-challenge/settings", True),
        ({"score_default_sort": "descending"}, "grand-challenge/settings", True),
        ({"submissions_close_at": "1999-01-01 00:00:00Z"}, "grand-challenge/settings", True),
        ({"extra_results_columns": [{**COLUMN, "more": 1}]}, "grand-challenge/settings", True),
        ({"extra_results_columns": [{**COLUMN, "order": "up"}]}, "grand-challenge/settings", True),
        ({"extra_results_columns": [{**COLUMN, "title": 1}]}, "grand-challenge/settings", True),
        (
            {"extra_results_columns": [{**COLUMN, "exclude_from_ranking": False}]},
            "grand-challenge/ranked-column", False,
        ),
        ({"score_jsonpath": ""}, "grand-challenge/unranked", False),
        ({"submissions_limit_per_user_per_period": 0}, "grand-challenge/closed", False),
        ({"display_all_metrics": True}, "grand-challenge/all-metrics", False),
        ({"score_jsonpath": "aggregates.box_ap(iou_to=0.5)"}, "grand-challenge/path", True),
    ],
)  # fmt: skip
def test_settings_that_would_go_wrong_are_told(
    reef: Ready, tmp_path: Path, change: dict[str, Any], rule: str, refused: bool
) -> None:
    content = json.loads((reef.export / "phases.json").read_text(encoding="utf-8"))
    content["phases"] = [{**content["phases"][0], "extra_results_columns": [], **change}]
    (tmp_path / "phases.json").write_text(json.dumps(content), encoding="utf-8")
    metrics = {"aggregates": {"f1_macro": 0.5, "box_ap(iou_to=0.5)": 0.5}}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    found = check_export(tmp_path, "grand-challenge")
    assert {one.rule for one in found} == {rule}
    assert bool(fatal(found)) is refused


def test_of_images_the_packed_truth_is_what_must_differ(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export_competition(small_competition(FORMS["COCO boxes"], tmp_path), "grand-challenge", export)
    assert not fatal(check_export(export, "grand-challenge"))
    shutil.copy(export / "ground_truth_private.tar.gz", export / "ground_truth_public.tar.gz")
    assert [one.rule for one in fatal(check_export(export, "grand-challenge"))] == ["grand-challenge/private-data"]


def test_other_faults_of_an_export_are_told(reef: Ready, tmp_path: Path) -> None:
    export = tmp_path / "export"
    shutil.copytree(reef.export, export)
    shutil.copy(export / "ground_truth_private.tar.gz", export / "ground_truth_public.tar.gz")
    dockerfile = export / "evaluation/Dockerfile"
    dockerfile.write_text(dockerfile.read_text(encoding="utf-8").replace("USER user", ""), encoding="utf-8")
    assert {one.rule for one in fatal(check_export(export, "grand-challenge"))} == {
        "grand-challenge/private-data", "grand-challenge/root",
    }  # fmt: skip
    (export / "ground_truth_public.tar.gz").write_bytes(b"no archive")
    assert "grand-challenge/archive" in {one.rule for one in check_export(export, "grand-challenge")}
    (tmp_path / "empty").mkdir()
    assert [one.rule for one in check_export(tmp_path / "empty", "grand-challenge")] == ["grand-challenge/nothing"]
