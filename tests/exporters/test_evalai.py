"""EvalAI exports: the scores that its worker gets, what participants see of them, and what its importer refuses."""

from __future__ import annotations

import ast
import datetime
import io
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compete.bundle import open_bundle
from compete.errors import BundleError, fatal
from compete.exporters import Competition, check_export, export_competition
from compete.exporters.columns import columns_of
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from tests.conftest import ROOT, Made
from tests.exporters.evalai_worker import evaluated
from tests.exporters.exported import exported_of, same_bytes, tree
from tests.exporters.small import TERMS, ready

GOLDEN = Path(__file__).parent / "golden/evalai.yaml"
PYTHON = os.environ.get("COMPETE_LIGHT_PYTHON", sys.executable)
PLACE = "challenge/annotations/test.zip"


def expected(bundle: Path, submission: Path) -> dict[str, dict[str, float]]:
    """What `compete score` says, in the columns of the leaderboards."""
    told: dict[str, dict[str, float]] = {}
    for score in grade(open_bundle(bundle), submission, draws=0).scores:
        label = f"{score.metric} [{score.group}]" if score.group else score.metric
        if score.value is not None:
            told.setdefault(score.part, {})[label] = score.value
    return told


@dataclass(frozen=True)
class Ready:
    """A small competition and its export."""

    competition: Competition
    export: Path


@pytest.fixture(scope="module")
def reef(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """The reef, exported once."""
    folder = tmp_path_factory.mktemp("reef")
    competition = ready(folder / "bundle")
    export_competition(competition, "evalai", folder / "export")
    return Ready(competition, folder / "export")


@pytest.mark.parametrize("name", ["penguins", "digit-scenes"])
def test_the_worker_gets_the_scores_of_compete_score(make: Callable[[str], Made], tmp_path: Path, name: str) -> None:
    made = make(name)
    exported_of(made, "evalai", tmp_path / "export")
    perfect = tmp_path / f"perfect{made.baseline.suffix}"
    perfect.write_bytes(perfect_submission(open_bundle(made.bundle)))
    for submission in (made.baseline, perfect):
        told = evaluated(tmp_path / "export", submission, tmp_path / "worker", python=PYTHON)
        assert (told.status, told.stderr) == ("finished", "")
        want = expected(made.bundle, submission)
        for part, row in told.rows.items():
            ours = {label: want[part][label] for label in row}
            assert row == (ours if sys.executable == PYTHON else pytest.approx(ours, rel=1e-12))
        assert set(told.rows) == {"public", "private"}


def test_every_column_has_its_number(reef: Ready, tmp_path: Path) -> None:
    config = yaml.safe_load((reef.export / "challenge/challenge_config.yaml").read_text(encoding="utf-8"))
    perfect = tmp_path / "perfect.csv"
    perfect.write_bytes(reef.competition.perfect)
    told = evaluated(reef.export, perfect, tmp_path / "worker")
    for board, split in zip(config["leaderboard"], config["dataset_splits"], strict=True):
        assert list(told.rows[split["codename"]]) == board["schema"]["labels"]
        assert board["schema"]["default_order_by"] == columns_of(reef.competition, split["codename"])[0].label
    visible = [split["visibility"] for split in config["challenge_phase_splits"]]
    assert visible == [3, 1]


def test_participants_see_public_scores_alone(reef: Ready, tmp_path: Path) -> None:
    sample = reef.competition.bundle.public / "sample_submission.csv"
    told = evaluated(reef.export, sample, tmp_path / "worker")
    seen = told.answer["submission_result"]
    assert {score["part"] for score in seen["scores"]} == {"public"}
    assert "solution" not in seen
    hidden = {repr(one["value"]) for one in told.answer["submission_metadata"]["scores"] if one["part"] == "private"}
    shown = {repr(score["value"]) for score in seen["scores"]}
    assert hidden - shown
    assert not any(value in told.stdout for value in hidden - shown)
    assert "f1_macro: " in told.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id,kind\ni000,coral\n", ["79 test items of 80 without a row", "submission/missing-id"]),
        (b"", ["5ac84fb7.csv", "submission/"]),
    ],
)
def test_a_refused_submission_says_why_and_leaves_no_row(
    reef: Ready, tmp_path: Path, content: bytes, words: list[str]
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content)
    told = evaluated(reef.export, bad, tmp_path / "worker")
    assert (told.status, told.rows, told.answer) == ("failed", {}, {})
    assert all(word in told.stderr for word in words)
    assert "Traceback" not in told.stderr
    assert str(tmp_path) not in told.stderr


def test_a_score_that_is_not_defined_ranks_nobody(tmp_path: Path) -> None:
    """EvalAI would take a missing score for 0, which wins where lower is better."""
    competition = ready(tmp_path / "bundle", terms=replace(TERMS, metric="matthews_corrcoef"))
    export_competition(competition, "evalai", tmp_path / "export")
    told = evaluated(tmp_path / "export", competition.bundle.public / "sample_submission.csv", tmp_path / "worker")
    assert (told.status, told.rows) == ("failed", {})
    assert told.stderr.startswith("matthews_corrcoef is not defined for these predictions")


def test_private_labels_are_in_the_annotations_alone(tmp_path: Path) -> None:
    held = []
    for seed in (1, 2):
        export_competition(ready(tmp_path / f"bundle{seed}", seed=seed), "evalai", tmp_path / f"{seed}")
        held.append(tree(tmp_path / f"{seed}"))
    differ = {name for name in held[0] if held[0][name] != held[1].get(name)}
    assert differ == {PLACE, "challenge_config.zip", "export.json"}


def test_the_same_bundle_gives_the_same_bytes(reef: Ready, tmp_path: Path) -> None:
    export_competition(reef.competition, "evalai", tmp_path / "again")
    held = tree(reef.export)
    assert same_bytes(held, tree(tmp_path / "again"))
    assert not any(str(reef.export.parent).encode() in content for content in held.values())
    with zipfile.ZipFile(reef.export / "challenge_config.zip") as opened:
        assert {info.external_attr >> 16 for info in opened.infolist()} == {0o100644}


def test_an_export_is_as_it_was(penguins: Made, tmp_path: Path) -> None:
    """A change of the golden file is a change of what organizers get: look whether EvalAI still takes it."""
    exported_of(penguins, "evalai", tmp_path / "export")
    with zipfile.ZipFile(tmp_path / "export/challenge_config.zip") as opened:
        golden = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
        assert yaml.safe_load(opened.read("challenge_config.yaml")) == golden["challenge_config.yaml"]
        assert opened.namelist() == golden["members"]
        script = zipfile.ZipFile(io.BytesIO(opened.read("evaluation_script.zip")))
    assert [name for name in script.namelist() if not name.startswith("program/")] == golden["script"]
    assert check_export(tmp_path / "export", "evalai") == []


def test_what_evalai_cannot_hold_is_told(tmp_path: Path) -> None:
    competition = ready(tmp_path / "bundle", terms=replace(TERMS, title="long " * 30))
    none = {**competition.best, "scores": [{**one, "value": None} for one in competition.best["scores"]]}
    with pytest.raises(BundleError) as refused:
        export_competition(replace(competition, best=none), "evalai", tmp_path / "export")
    assert {one.rule for one in refused.value.findings} == {"evalai/too-long", "evalai/unrankable"}
    assert not (tmp_path / "export").exists()


Config = dict[str, Any]


@pytest.fixture
def accepted(reef: Ready) -> dict[str, bytes]:
    """The files of a configuration that EvalAI takes."""
    held = tree(reef.export / "challenge")
    held["evaluation_script.zip"] = script("from .main import evaluate\n", "def evaluate(a, b, c, **more): return {}\n")
    return held


def script(opening: str, main: str, **more: str) -> bytes:
    """An evaluation script as a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in {"__init__.py": opening, "main.py": main, **more}.items():
            archive.writestr(name, text)
    return out.getvalue()


def rules_of(folder: Path, held: dict[str, bytes], change: Callable[[Config], object] | None = None) -> set[str]:
    """The rules that a changed configuration breaks, with a star at those that refuse it."""
    if change:
        config = yaml.safe_load(held["challenge_config.yaml"])
        change(config)
        held = {**held, "challenge_config.yaml": yaml.safe_dump(config, sort_keys=False).encode()}
    path = folder / "challenge.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    found = check_export(path, "evalai")
    assert all(finding.message and finding.where for finding in found)
    return {finding.rule + "*" * bool(fatal([finding])) for finding in found}


def phase(**values: Any) -> Callable[[Config], object]:
    """A change of the phase; None takes a key out."""

    def change(config: Config) -> None:
        config["challenge_phases"][0].update(values)
        config["challenge_phases"][0] = {k: v for k, v in config["challenge_phases"][0].items() if v is not None}

    return change


REFUSED: dict[str, tuple[Callable[[Config], object], str]] = {
    "no title": (lambda c: c.pop("title"), "evalai/missing-key"),
    "a title of numbers": (lambda c: c.update(title=2026), "evalai/field"),
    "a long title": (lambda c: c.update(title="x" * 101), "evalai/field"),
    "no phase splits": (lambda c: c.pop("challenge_phase_splits"), "evalai/missing-key"),
    "a page that is not there": (lambda c: c.update(description="templates/none.html"), "evalai/missing-file"),
    "a page elsewhere": (lambda c: c.update(description="../description.html"), "evalai/missing-file"),
    "a page of another kind": (lambda c: c.update(description="challenge_config.yaml"), "evalai/missing-file"),
    "a script that is no zip": (lambda c: c.update(evaluation_script="templates/phase.html"), "evalai/missing-file"),
    "a logo that is no picture": (lambda c: c.update(image="templates/phase.html"), "evalai/missing-file"),
    "one time in quotes": (
        lambda c: c.update(end_date=datetime.datetime(2099, 1, 1)), "evalai/dates",  # noqa: DTZ001
    ),
    "a day": (phase(start_date=datetime.date(2026, 1, 1), end_date=datetime.date(2027, 1, 1)), "evalai/field"),
    "an end before the start": (lambda c: c.update(end_date="1999-01-01 00:00:00"), "evalai/dates"),
    "no labels": (lambda c: c["leaderboard"][0]["schema"].pop("labels"), "evalai/missing-key"),
    "an order by nothing": (
        lambda c: c["leaderboard"][0]["schema"].update(default_order_by="none"), "evalai/leaderboard",
    ),
    "a leaderboard without id": (lambda c: c["leaderboard"][0].pop("id"), "evalai/missing-key"),
    "a phase without id": (phase(id=None), "evalai/missing-key"),
    "a phase without codename": (phase(codename=None), "evalai/missing-key"),
    "a codename of numbers": (phase(codename=5), "evalai/field"),
    "no limits": (phase(max_submissions=None, max_submissions_per_month=None), "evalai/field"),
    "annotations that are not there": (phase(test_annotation_file="none.zip"), "evalai/missing-file"),
    "public and restricted": (
        phase(is_submission_public=True, is_restricted_to_select_one_submission=True), "evalai/phase",
    ),
    "a question without a type": (
        phase(submission_meta_attributes=[{"name": "a", "description": "b"}]), "evalai/missing-key",
    ),
    "a choice of nothing": (
        phase(submission_meta_attributes=[{"name": "a", "description": "b", "type": "radio"}]), "evalai/field",
    ),
    "a codename twice": (lambda c: c["dataset_splits"][1].update(codename="public"), "evalai/twice"),
    "a stranger": (lambda c: c["challenge_phase_splits"][0].update(dataset_split_id="1"), "evalai/stranger"),
    "an unknown visibility": (lambda c: c["challenge_phase_splits"][0].update(visibility=4), "evalai/field"),
    "five tags": (lambda c: c.update(tags=list("abcde")), "evalai/field"),
    "an unknown domain": (lambda c: c.update(domain="XX"), "evalai/field"),
    "a prize without description": (lambda c: c.update(prizes=[{"rank": 1, "amount": "9USD"}]), "evalai/missing-key"),
    "a sponsor without address": (lambda c: c.update(sponsors=[{"name": "a"}]), "evalai/missing-key"),
    "phases that are no list": (lambda c: c.update(challenge_phases={"a": 1}), "evalai/shape"),
    "an unknown Python": (lambda c: c.update(worker_python_version="3.12"), "evalai/field"),
    "a flag that is a word": (lambda c: c.update(published="perhaps"), "evalai/field"),
}  # fmt: skip
"""Changes that EvalAI's own importer refuses, run against it."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_importer_refuses_is_told(accepted: dict[str, bytes], tmp_path: Path, name: str) -> None:
    change, rule = REFUSED[name]
    assert f"{rule}*" in rules_of(tmp_path, accepted, change)


TAKEN: dict[str, tuple[Callable[[Config], object], set[str]]] = {
    "as it is": (lambda _: None, set()),
    "both times without quotes": (
        lambda c: c.update(
            start_date=datetime.datetime(2026, 1, 1), end_date=datetime.datetime(2027, 1, 1)  # noqa: DTZ001
        ), set(),
    ),
    "numbers in quotes": (phase(max_submissions="5", max_submissions_per_day="5.0"), set()),
    "flags as YAML 1.1 has them": (lambda c: c.update(published="yes", enable_forum="off"), set()),
    "no logo": (lambda c: c.pop("image"), set()),
    "another key": (lambda c: c.update(our_own_note="hello"), set()),
    "a slip of the pen": (lambda c: c.update(leaderbord_description="x"), {"evalai/ignored"}),
    "no annotations": (phase(test_annotation_file=None), {"evalai/no-annotation"}),
    "an old worker": (lambda c: c.update(worker_python_version="3.7"), {"evalai/old-worker"}),
    "metadata without a direction": (
        lambda c: c["leaderboard"][0]["schema"]["metadata"]["f1_macro"].pop("sort_ascending"), {"evalai/order"},
    ),
    "a split that nobody uses": (
        lambda c: c["dataset_splits"].append({"id": 9, "name": "a", "codename": "b"}), {"evalai/unused"},
    ),
    "a long prize": (
        lambda c: c.update(prizes=[{"rank": 1, "amount": "9USD", "description": "x" * 26}]), {"evalai/ignored"},
    ),
}  # fmt: skip
"""Changes that EvalAI's own importer takes, run against it, with the warnings that are told all the same."""


@pytest.mark.parametrize("name", TAKEN)
def test_what_the_importer_takes_is_not_refused(accepted: dict[str, bytes], tmp_path: Path, name: str) -> None:
    change, rules = TAKEN[name]
    assert rules_of(tmp_path, accepted, change) == rules


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip", "unpacked"),
        (script("", "def evaluate(): ...\n"), "does not offer evaluate"),
        (script("from .main import evaluate\n", "def evaluates(): ...\n"), "no function evaluate"),
        (script("from .main import evaluate\n", "def evaluate(:\n"), "read as Python"),
        (script("from .main import *\n", "def evaluate(): ...\n", **{"requirements.txt": "numpy>=2\n"}), "numpy 2"),
    ],
)
def test_a_script_that_cannot_be_loaded_is_told(
    accepted: dict[str, bytes], tmp_path: Path, content: bytes, words: str
) -> None:
    assert rules_of(tmp_path, {**accepted, "evaluation_script.zip": content}) == {"evalai/script"}
    (finding,) = check_export(tmp_path / "challenge.zip", "evalai")
    assert words in finding.message


def test_archives_that_are_none_are_told(accepted: dict[str, bytes], tmp_path: Path) -> None:
    nested = {f"challenge/{name}": content for name, content in accepted.items()}
    assert rules_of(tmp_path, nested) == {"evalai/no-config*"}
    assert rules_of(tmp_path, {**accepted, "../evil": b""}) == {"evalai/unsafe-path*"}
    two = {**accepted, "challenge_config.yml": accepted["challenge_config.yaml"]}
    assert rules_of(tmp_path, two) == {"evalai/two-configs*"}
    assert rules_of(tmp_path, {**accepted, "challenge_config.yaml": b"title: [\n"}) == {"evalai/yaml*"}
    assert rules_of(tmp_path, {**accepted, "challenge_config.yaml": b"- a\n"}) == {"evalai/yaml*"}
    (tmp_path / "none.zip").write_bytes(b"hello")
    assert [one.rule for one in check_export(tmp_path / "none.zip", "evalai")] == ["evalai/not-a-zip"]


@pytest.mark.parametrize("path", sorted((ROOT / "compete/exporters/shipped").glob("*.py")), ids=lambda path: path.name)
def test_shipped_scripts_need_python_39_and_nothing_else(path: Path) -> None:
    parsed = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    named = [node.module or "" for node in ast.walk(parsed) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(parsed) if isinstance(node, ast.Import) for alias in node.names]
    known = {name for name in named if name.split(".")[0] not in sys.stdlib_module_names}
    assert all(name.startswith("compete.exporters.shipped.") for name in known)


def test_a_folder_is_looked_at_as_its_zip_is(reef: Ready, tmp_path: Path) -> None:
    shutil.copytree(reef.export / "challenge", tmp_path / "challenge")
    (tmp_path / "challenge/templates/phase.html").unlink()
    assert [one.rule for one in check_export(tmp_path / "challenge", "evalai")] == ["evalai/missing-file"]
    assert check_export(reef.export, "evalai") == []
