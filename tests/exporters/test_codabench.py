"""CodaBench exports: what stands in them, what they give away, and the scores that they lead to."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from compete.bundle import open_bundle
from compete.errors import BundleError, UsageError
from compete.exporters import export_competition
from compete.exporters.codabench_checks import check
from compete.files import write_file
from compete.jobs.exporting import competition_of, export_bundle
from compete.scoring.doors.codabench import main as score_as_codabench
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from tests.conftest import Made, Run
from tests.exporters import codabench_worker as worker
from tests.exporters.small import TERMS, ready, reef, write_reef

GOLDEN = Path(__file__).parent / "golden"
PYTHON = os.environ.get("COMPETE_LIGHT_PYTHON", sys.executable)
DATES = {"start": "2027-03-01", "end": "2027-06-01T12:30"}


def archive(name: str, content: bytes) -> bytes:
    """A submission as it is sent."""
    if name.endswith(".zip"):
        return content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(name, content)
    return out.getvalue()


def members(path: Path) -> dict[str, bytes]:
    """The files of an archive."""
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def expected(made: Made, competition: Path, part: str, submission: bytes) -> dict[str, float]:
    """What `compete score` says, in the leaderboard's columns."""
    asked = json.loads(members(competition / f"reference_{part}.zip")["codabench.json"])
    result = grade(open_bundle(made.bundle), submission, draws=0)
    told = {(one.metric, one.group): one.value for one in result.scores if one.part == part}
    values = {column["key"]: told.get((column["metric"], column["group"])) for column in asked["columns"]}
    return {key: value for key, value in values.items() if value is not None}


def trees(folder: Path) -> dict[str, bytes]:
    """What stands below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["penguins", "digit-scenes-panoptic"])
def test_the_worker_gets_the_scores_of_compete_score(make: Callable[[str], Made], tmp_path: Path, name: str) -> None:
    """In an interpreter that holds no more than the image does; nothing is written but the output."""
    made = make(name)
    export_bundle(made.bundle, "codabench", tmp_path / "export", **DATES)
    worker.unpacked(tmp_path / "export", tmp_path / "competition")
    sent = archive(f"mine{made.baseline.suffix}", made.baseline.read_bytes())
    for phase, part in enumerate(("public", "private")):
        root = tmp_path / part
        run = worker.run_submission(tmp_path / "competition", phase, sent, root, python=PYTHON)
        assert (run.code, run.err) == (0, "")
        want = expected(made, tmp_path / "competition", part, made.baseline.read_bytes())
        assert run.scores == (want if sys.executable == PYTHON else pytest.approx(want, rel=1e-12))
        assert set(trees(root / "scoring/output")) == {"scores.json", "detailed_results.html"}
        assert set(trees(root / "scoring/program")) == set(members(tmp_path / "competition/scoring_program.zip"))
        told = [f"{key}: {value!r}" for key, value in run.scores.items()] if part == "public" else ["scored"]
        assert sorted(run.out.splitlines()) == sorted(told)


LOCKED = """
mount --bind {output} {output} && mount -o remount,bind,ro / || exit 75
touch {program}/x 2>/dev/null && exit 76
exec "$@"
"""
"""A command of a shell in namespaces of its own: all can only be read but the output; there is no network there."""


def test_it_runs_without_network_on_a_file_system_that_can_only_be_read(penguins: Made, tmp_path: Path) -> None:
    export_bundle(penguins.bundle, "codabench", tmp_path / "export", **DATES)
    worker.unpacked(tmp_path / "export", tmp_path / "competition")
    sent = archive("mine.csv", penguins.baseline.read_bytes())
    root = tmp_path / "app"
    command = LOCKED.format(output=root / "scoring/output", program=root / "scoring/program")
    around = ("unshare", "-rnm", "sh", "-c", command, "sh")
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rnm", "true"], capture_output=True).returncode:
        pytest.skip("namespaces are not to be had here")
    run = worker.run_submission(tmp_path / "competition", 0, sent, root, python=PYTHON, around=around)
    assert (run.code, run.err) == (0, "")
    want = expected(penguins, tmp_path / "competition", "public", penguins.baseline.read_bytes())
    assert run.scores == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("name", ["diabetes", "digit-scenes"])
def test_both_phases_give_the_scores_of_compete_score(make: Callable[[str], Made], tmp_path: Path, name: str) -> None:
    made = make(name)
    export_bundle(made.bundle, "codabench", tmp_path / "export", **DATES)
    worker.unpacked(tmp_path / "export", tmp_path / "competition")
    bundle = open_bundle(made.bundle)
    sample = (bundle.public / bundle.terms.sample_name).read_bytes()
    for part in ("public", "private"):
        reference = tmp_path / part / "ref"
        with zipfile.ZipFile(tmp_path / f"competition/reference_{part}.zip") as archived:
            archived.extractall(reference)
        submissions = [made.baseline.read_bytes()]
        submissions += [sample, perfect_submission(bundle)] if part == "private" else []
        for number, submission in enumerate(submissions):
            given, out = tmp_path / f"{part}{number}", tmp_path / f"{part}{number}/out"
            write_file(given / f"res/predictions{made.baseline.suffix}", submission)
            reference = reference.rename(given / "ref")
            out.mkdir()
            assert score_as_codabench([str(given), str(out)]) == 0
            scores = json.loads((out / "scores.json").read_text(encoding="utf-8"))
            assert scores == expected(made, tmp_path / "competition", part, submission)


def test_an_export_is_as_it_was(penguins: Made, tmp_path: Path) -> None:
    """A change of the golden files is a change of what organizers get: look whether CodaBench still takes it."""
    export_bundle(penguins.bundle, "codabench", tmp_path / "export", **DATES)
    held = members(tmp_path / "export/competition.zip")
    golden = yaml.safe_load((GOLDEN / "codabench.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(held["competition.yaml"]) == golden["competition.yaml"]
    inside = {
        name: sorted(zipfile.ZipFile(io.BytesIO(content)).namelist())
        for name, content in held.items()
        if name.endswith(".zip") and name not in ("scoring_program.zip", "starting_kit.zip")
    }
    assert sorted(held) == golden["members"]
    assert inside == golden["inside"]


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    competition = ready(tmp_path / "bundle")
    for out in ("one", "two"):
        export_competition(competition, "codabench", tmp_path / out)
    assert trees(tmp_path / "one") == trees(tmp_path / "two")
    with zipfile.ZipFile(tmp_path / "one/competition.zip") as opened:
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in opened.infolist()} == {0o100644}
    assert str(tmp_path).encode() not in b"".join(trees(tmp_path / "one").values())


def test_private_labels_are_in_the_private_reference_alone(tmp_path: Path) -> None:
    held = []
    for seed in (1, 2):
        export_competition(ready(tmp_path / f"bundle{seed}", seed=seed), "codabench", tmp_path / f"{seed}")
        held.append(members(tmp_path / f"{seed}/competition.zip"))
    differ = {name for name in held[0] if held[0][name] != held[1].get(name)}
    assert differ == {"reference_private.zip"}
    solution = members(tmp_path / "1/competition.zip")["reference_public.zip"]
    assert b"private/solution.csv" in solution


def test_the_final_phase_follows_and_hides(tmp_path: Path) -> None:
    export_bundle(write_reef(tmp_path / "bundle"), "codabench", tmp_path / "export", **DATES)
    first, last = worker.unpacked(tmp_path / "export", tmp_path / "competition")["phases"]
    assert (first["start"], first["end"], last["start"]) == (
        "2027-03-01 00:00:00", "2027-06-01 12:30:00", "2027-06-01 12:31:00",
    )  # fmt: skip
    assert last["auto_migrate_to_this_phase"]
    assert last["hide_output"]
    assert last["hide_score_output"]
    assert not first["auto_migrate_to_this_phase"]
    assert min(phase["max_submissions"] for phase in (first, last)) > 0


@pytest.mark.parametrize("usage", ["Public", "Private"])
def test_one_part_makes_one_phase(tmp_path: Path, usage: str) -> None:
    write_reef(tmp_path / "bundle", solution={**reef(), "Usage": [usage] * 80})
    export_bundle(tmp_path / "bundle", "codabench", tmp_path / "export", **DATES)
    content = worker.unpacked(tmp_path / "export", tmp_path / "competition")
    (phase,) = content["phases"]
    assert phase["end"] == "2027-06-01 12:30:00"
    assert phase["hide_output"] == (usage == "Private")
    assert not phase["auto_migrate_to_this_phase"]
    assert check(tmp_path / "export") == []


def test_columns_have_keys_that_fit(tmp_path: Path) -> None:
    long = {**reef(), "site": [f"a very long name of a place {place % 2}" for place in range(80)]}
    write_reef(tmp_path / "bundle", solution=long)
    export_bundle(tmp_path / "bundle", "codabench", tmp_path / "export")
    board = worker.unpacked(tmp_path / "export", tmp_path / "competition")["leaderboards"][0]
    keys = [column["key"] for column in board["columns"]]
    assert len(set(keys)) == len(keys) == 6
    assert max(map(len, keys)) == 36
    assert [column["index"] for column in board["columns"]] == list(range(6))
    assert [column["hidden"] for column in board["columns"]] == [False] * 4 + [True] * 2
    guide = (tmp_path / "export/README.md").read_text(encoding="utf-8")
    assert "f1_macro [site=a very long name of a place 1]" in guide
    assert check(tmp_path / "export") == []


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        (replace(TERMS, title="long " * 60), "codabench/title"),
        (
            replace(TERMS, metric="mean_error", task="regression", kind="value", classes=(), also=()),
            "codabench/unrankable",
        ),
    ],
)
def test_what_codabench_cannot_hold_is_told(tmp_path: Path, terms: object, rule: str) -> None:
    competition = ready(tmp_path / "bundle")
    none = {**competition.best, "scores": [{**one, "value": None} for one in competition.best["scores"]]}
    asked = replace(
        competition,
        bundle=replace(competition.bundle, terms=terms),
        best=none if rule.endswith("unrankable") else competition.best,
    )
    with pytest.raises(BundleError) as refused:
        export_competition(asked, "codabench", tmp_path / "export")
    assert {one.rule for one in refused.value.findings if one.severity == "error"} == {rule}
    assert not (tmp_path / "export").exists()


def test_dates_are_read_or_refused(tmp_path: Path) -> None:
    write_reef(tmp_path / "bundle")
    competition = competition_of(tmp_path / "bundle", start="2027-01-01T02:00+02:00", end="2027-02-01")
    assert (competition.opens.isoformat(), competition.dated) == ("2027-01-01T00:00:00", True)
    for start, end in (("soon", ""), ("2027-02-01", "2027-01-01"), ("2027-02-01", "2027-02-01")):
        with pytest.raises(UsageError) as refused:
            competition_of(tmp_path / "bundle", start=start, end=end)
        assert refused.value.findings[0].rule == "export/dates"


def test_a_program_is_run_and_predicts(tmp_path: Path) -> None:
    export_bundle(write_reef(tmp_path / "bundle"), "codabench", tmp_path / "export")
    worker.unpacked(tmp_path / "export", tmp_path / "competition")
    kit = members(tmp_path / "competition/starting_kit.zip")
    sent = archive("predict.py", kit["program/predict.py"])
    run = worker.run_submission(tmp_path / "competition", 0, sent, tmp_path / "good", python=PYTHON)
    sample = (tmp_path / "bundle/public/sample_submission.csv").read_bytes()
    told = grade(open_bundle(tmp_path / "bundle"), sample).overall("public")
    assert run.scores is not None
    assert told is not None
    assert run.scores["f1_macro"] == told.value
    broken = archive("predict.py", b"raise SystemExit(7)")
    run = worker.run_submission(tmp_path / "competition", 0, broken, tmp_path / "bad", python=PYTHON)
    assert run.code == 3
    assert run.scores is None
    assert "submission/no-predictions" in run.err
    assert "submission/no-predictions" in run.page
    assert "stopped with exit code 7" in (tmp_path / "bad/predicting/log").read_text(encoding="utf-8")


def test_the_commands_export_and_check(run: Run, tmp_path: Path) -> None:
    write_reef(tmp_path / "bundle")
    out = tmp_path / "export"
    answer = run("export", tmp_path / "bundle", "codabench", "-o", out, "--start", "2027-01-01", "--end", "2027-02-01")
    assert answer.code == 0
    assert f"compete check {out} --platform codabench" in answer.err
    assert run("export", tmp_path / "bundle", "codabench", "-o", out).code == 2
    again = run("export", tmp_path / "bundle", "codabench", "-o", out, "--force", "--json")
    assert json.loads(again.out)["findings"][0]["rule"] == "export/dates"
    assert run("check", out, "--platform", "codabench").code == 0
    assert json.loads(run("check", out, "--platform", "codabench", "--json").out)["findings"] == []
    near = run("export", tmp_path / "bundle", "codabnch", "-o", tmp_path / "other")
    assert near.code == 2
    assert "did you mean codabench?" in near.err
    assert run("export", tmp_path, "codabench", "-o", tmp_path / "other").code == 1
    assert run("check", tmp_path / "nothing", "--platform", "codabench").code == 2
    (tmp_path / "bundle/private/solution.csv").write_text("id\n", encoding="utf-8")
    changed = run("export", tmp_path / "bundle", "codabench", "-o", tmp_path / "other")
    assert changed.code == 1
    assert "bundle/changed" in changed.err
    assert not (tmp_path / "other").exists()


def test_the_public_half_alone_is_not_exported(run: Run, tmp_path: Path) -> None:
    write_reef(tmp_path / "bundle")
    answer = run("export", tmp_path / "bundle/public", "codabench", "-o", tmp_path / "export")
    assert answer.code == 1
    assert "bundle/no-solution" in answer.err
