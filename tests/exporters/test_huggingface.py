"""Hugging Face: what the export holds, what its metric computes when it is called, and what the check tells."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from compete.bundle import open_bundle
from compete.errors import BundleError, Finding
from compete.exporters import check_export, export_competition
from compete.jobs.exporting import competition_of
from compete.scoring.grading import grade
from tests.conftest import Made
from tests.exporters.exported import (
    exported_of,
    overall,
    run_alone,
    same_bytes,
    small_competition,
    tree,
    with_own_metric,
)
from tests.scoring.every_form import FORMS

LIGHT = os.environ.get("COMPETE_LIGHT_PYTHON", "")

AS_A_SPACE = """
import json, sys, types
from pathlib import Path
repository = Path(sys.argv[1])

class EntryNotFoundError(Exception):
    pass

def hf_hub_download(repo_id, filename, token, repo_type):
    assert (repo_id, token, repo_type) == ("org/private", "t", "dataset")
    if not (repository / filename).is_file():
        raise EntryNotFoundError(filename)
    return str(repository / filename)

hub, errors = types.ModuleType("huggingface_hub"), types.ModuleType("huggingface_hub.utils")
hub.hf_hub_download, errors.EntryNotFoundError = hf_hub_download, EntryNotFoundError
sys.modules.update({"huggingface_hub": hub, "huggingface_hub.utils": errors})
sys.path.append(str(repository))
import metric
answers = []
for name in sys.argv[2:]:
    params = types.SimpleNamespace(competition_id="org/private", token="t", team_id="team", submission_id=name)
    try:
        answers.append(metric.compute(params))
    except ValueError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""
"""What `competitions.compute_metrics` does with a custom metric."""


@pytest.fixture(scope="module")
def folder(make: Callable[[str], Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The penguins, exported."""
    out = tmp_path_factory.mktemp("huggingface") / "penguins"
    exported_of(make("penguins"), "huggingface", out)
    return out


@pytest.fixture
def changed(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may harm."""
    return Path(shutil.copytree(folder, tmp_path / "changed"))


def sent(repository: Path, **files: Path) -> list[str]:
    """Put submissions where the space puts them."""
    for name, path in files.items():
        (repository / "submissions").mkdir(exist_ok=True)
        shutil.copyfile(path, repository / "submissions" / f"team-{name}{path.suffix}")
    return list(files)


def told_by_score(bundle: Path, path: Path) -> dict[str, dict[str, float]]:
    values = overall(grade(open_bundle(bundle), path, draws=0))
    return {f"{part}_score": {name: math.nan if one is None else one for name, one in values[part].items()}
            for part in ("public", "private")}  # fmt: skip


def same(one: dict[str, dict[str, float]], other: dict[str, dict[str, float]]) -> bool:
    """Whether all numbers are alike, bit for bit, nan being nan."""
    return repr(one) == repr(other)


def test_the_export_holds_what_the_space_reads(folder: Path) -> None:
    assert sorted(name for name in tree(folder) if not name.startswith("data/")) == [
        "PUBLISH.md", "export.json", "publish.py", "repo/COMPETITION_DESC.md", "repo/DATASET_DESC.md", "repo/RULES.md",
        "repo/SUBMISSION_DESC.md", "repo/conf.json", "repo/metric.py", "repo/solution.csv", "repo/teams.json",
        "repo/user_team.json", "space/Dockerfile", "space/README.md",
    ]  # fmt: skip
    conf = json.loads((folder / "repo/conf.json").read_text())
    assert conf.pop("LOGO").startswith("data:image/png;base64,iVBOR")
    assert conf == {
        "COMPETITION_TYPE": "generic", "SUBMISSION_LIMIT": 5, "TIME_LIMIT": 1800, "SELECTION_LIMIT": 2,
        "HARDWARE": "cpu-basic", "END_DATE": "2099-01-01", "EVAL_HIGHER_IS_BETTER": 1, "SUBMISSION_ID_COLUMN": "id",
        "SUBMISSION_COLUMNS": "id,Species", "SUBMISSION_ROWS": 103, "EVAL_METRIC": "custom", "DATASET": "",
        "SUBMISSION_FILENAMES": ["submission.csv"], "SCORING_METRIC": "f1_macro",
    }  # fmt: skip
    assert (folder / "repo/solution.csv").read_text().splitlines()[0] == "id,Species,split,group,Sex,Island,year"
    assert check_export(folder, "huggingface") == check_export(folder / "repo", "huggingface") == []


def test_the_same_bundle_gives_the_same_bytes(make: Callable[[str], Made], folder: Path, tmp_path: Path) -> None:
    exported_of(make("penguins"), "huggingface", tmp_path / "again")
    assert same_bytes(tree(folder), tree(tmp_path / "again"))


def test_participants_get_the_public_half_and_no_more(penguins: Made, folder: Path) -> None:
    assert same_bytes(tree(folder / "data"), tree(penguins.bundle / "public"))
    pages = b"".join((folder / "repo" / name).read_bytes() for name in ("COMPETITION_DESC.md", "metric.py"))
    groups = {line.split(",")[3] for line in (folder / "repo/solution.csv").read_text().splitlines()[1:]}
    assert not [group for group in groups if group.encode() in pages]


@pytest.mark.parametrize(("hour", "last"), [("2027-02-01", "2027-02-01"), ("2027-02-01T12:00", "2027-02-02")])
def test_submissions_end_when_the_day_begins(penguins: Made, tmp_path: Path, hour: str, last: str) -> None:
    export_competition(competition_of(penguins.bundle, start="2027-01-01", end=hour), "huggingface", tmp_path / "out")
    assert json.loads((tmp_path / "out/repo/conf.json").read_text())["END_DATE"] == last


@pytest.mark.parametrize("python", [sys.executable, pytest.param(LIGHT, marks=pytest.mark.skipif(
    not LIGHT, reason="COMPETE_LIGHT_PYTHON names no interpreter with the oldest numpy"))])  # fmt: skip
def test_the_metric_computes_what_compete_score_does(
    penguins: Made, changed: Path, tmp_path: Path, python: str
) -> None:
    short = tmp_path / "short.csv"
    short.write_text("".join(penguins.baseline.read_text().splitlines(keepends=True)[:-1]))
    sample = changed / "data/sample_submission.csv"
    names = sent(changed / "repo", good=penguins.baseline, sample=sample, short=short)
    good, plain, refused, missing = run_alone(
        AS_A_SPACE, changed / "repo", *names, "nothing", python=python, folder=tmp_path
    )
    for found, path in ((good, penguins.baseline), (plain, sample)):
        wanted = told_by_score(penguins.bundle, path)
        assert found.keys() == wanted.keys()
        if python == sys.executable:
            assert same(found, wanted)
        for part, values in wanted.items():
            assert found[part] == pytest.approx(values, rel=1e-12, nan_ok=True)
    assert "submission/missing-id  1 test item of 103 without a row" in refused
    assert missing.startswith("the submission has none of the endings .csv, .zip")


def test_label_images_are_sent_as_they_are(tmp_path: Path) -> None:
    form = FORMS["pictures"]
    competition = small_competition(form, tmp_path)
    export_competition(competition, "huggingface", tmp_path / "out")
    (tmp_path / "sent.zip").write_bytes(form.good)
    names = sent(tmp_path / "out/repo", good=tmp_path / "sent.zip")
    (found,) = run_alone(AS_A_SPACE, tmp_path / "out/repo", *names, folder=tmp_path)
    assert same(found, told_by_score(competition.bundle.root, tmp_path / "sent.zip"))
    assert check_export(tmp_path / "out", "huggingface") == []


def test_a_metric_of_the_challenges_own_goes_along(tmp_path: Path) -> None:
    root = with_own_metric(tmp_path / "bundle")
    export_competition(competition_of(root), "huggingface", tmp_path / "out")
    names = sent(tmp_path / "out/repo", good=root / "public/sample_submission.csv")
    (found,) = run_alone(AS_A_SPACE, tmp_path / "out/repo", *names, folder=tmp_path)
    assert same(found, told_by_score(root, root / "public/sample_submission.csv"))


AS_THE_HUB = """
import json, os, runpy, sys, types
calls = []

class HfApi:
    def __init__(self, token):
        calls.append([token])

    def __getattr__(self, name):
        return lambda **words: calls.append([name, *(str(words[key]) for key in sorted(words) if key != "folder_path")])

hub = types.ModuleType("huggingface_hub")
hub.HfApi = HfApi
sys.modules["huggingface_hub"] = hub
os.environ["HF_TOKEN"], path = "hf_x", sys.argv[1]
sys.argv = [path, "org"]
runpy.run_path(path, run_name="__main__")
print(json.dumps(calls))
"""


def test_the_script_that_publishes_keeps_the_repository_private(folder: Path, tmp_path: Path) -> None:
    assert run_alone(AS_THE_HUB, folder / "publish.py", folder=tmp_path) == [
        ["hf_x"],
        ["create_repo", "True", "True", "org/penguins-private", "dataset"],
        ["create_repo", "True", "org/penguins", "dataset"],
        ["create_repo", "True", "True", "org/penguins", "space", "docker"],
        ["add_space_secret", "HF_TOKEN", "org/penguins", "hf_x"],
        ["add_space_secret", "COMPETITION_ID", "org/penguins", "org/penguins-private"],
        ["upload_folder", "org/penguins-private", "dataset"],
        ["upload_folder", "org/penguins", "dataset"],
        ["upload_folder", "org/penguins", "space"],
    ]


def found_in(path: Path) -> list[Finding]:
    return check_export(path, "huggingface")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("SUBMISSION_LIMIT", "5", "SUBMISSION_LIMIT is '5'"),
        ("SELECTION_LIMIT", None, "SELECTION_LIMIT is missing"),
        ("LOGO", None, "LOGO is missing"),
        ("END_DATE", "2027-01-31 12:00", "write a day"),
        ("END_DATE", 20270131, "write a day"),
        ("EVAL_HIGHER_IS_BETTER", "yes", "write 1 or 0"),
        ("COMPETITION_TYPE", "tabular", "COMPETITION_TYPE is 'tabular'"),
        ("SUBMISSION_COLUMNS", ["id"], "SUBMISSION_COLUMNS is ['id']"),
        ("SUBMISSION_FILENAMES", "submission.csv", "must be a list"),
        ("SCORING_METRIC", None, "SCORING_METRIC is missing"),
        ("SCORING_METRIC", "rank", "a column of the leaderboard itself"),
        ("EVAL_METRIC", "accuracy", "no function of sklearn.metrics"),
        ("EVAL_METRIC", "accuracy_score", "columns of the solution are no columns of a submission"),
        ("SUBMISSION_ID_COLUMN", "Id", "no column 'Id'"),
    ],
)
def test_each_trap_of_the_configuration_is_told(changed: Path, key: str, value: object, message: str) -> None:
    path = changed / "repo/conf.json"
    conf = {**json.loads(path.read_text()), key: value}
    path.write_text(json.dumps({name: one for name, one in conf.items() if one is not None}))
    assert message in "\n".join(map(str, found_in(changed)))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("solution.csv", ",private,", ",Private,", "rows whose split is no part: Private"),
        ("solution.csv", ",public,", ",private,", "no row is public"),
        ("metric.py", "def compute(params):", "def compute(params, more):", "one argument, params"),
        ("metric.py", "def compute(", "def score(", "no function compute"),
        ("metric.py", "def compute(", "def compute(:", "no Python"),
        ("metric.py", None, None, "there is no metric.py"),
        ("DATASET_DESC.md", None, None, "it is required, and not there"),
        ("teams.json", None, None, "nobody can submit"),
        ("conf.json", None, None, "there is no conf.json"),
        ("conf.json", "{", "[", "no JSON"),
    ],
)
def test_each_trap_of_the_files_is_told(
    changed: Path, name: str, old: str | None, new: str | None, message: str
) -> None:
    path = changed / "repo" / name
    text = path.read_text(encoding="utf-8")
    if old is None or new is None:
        path.unlink()
    else:
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    assert message in "\n".join(map(str, found_in(changed / "repo")))


def test_what_others_wrote_and_the_space_takes_is_not_flagged(tmp_path: Path) -> None:
    conf = {
        "COMPETITION_TYPE": "Script", "SUBMISSION_LIMIT": 5, "TIME_LIMIT": 10, "SELECTION_LIMIT": 10,
        "END_DATE": "2024-05-25", "EVAL_HIGHER_IS_BETTER": True, "SUBMISSION_ID_COLUMN": "id",
        "SUBMISSION_COLUMNS": "id, pred", "SUBMISSION_ROWS": 2, "EVAL_METRIC": "roc_auc_score", "LOGO": "https://x",
    }  # fmt: skip
    (tmp_path / "conf.json").write_text(json.dumps(conf))
    for name in ("COMPETITION_DESC.md", "DATASET_DESC.md", "teams.json", "user_team.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "solution.csv").write_text("id,pred,split\n0,1,public\n1,0,private\n")
    assert found_in(tmp_path) == []
    (tmp_path / "conf.json").write_text(json.dumps({**conf, "EVAL_METRIC": "custom", "SCORING_METRIC": "mine"}))
    (tmp_path / "metric.py").write_text("def compute(params, verbose=False):\n    return {}\n")
    (tmp_path / "solution.csv").write_text("name,value\na,1\n")
    assert found_in(tmp_path) == []


def test_what_the_space_cannot_hold_is_told_with_what_to_change(tmp_path: Path) -> None:
    competition = small_competition(FORMS["labels"], tmp_path)
    sample = {**competition.sample, "metrics": [{**competition.measures[0], "name": "rank"}]}
    with pytest.raises(BundleError) as refused:
        export_competition(replace(competition, sample=sample, best={**competition.best, "scores": []}), "huggingface",
                           tmp_path / "out")  # fmt: skip
    rules = [finding.rule for finding in refused.value.findings]
    assert rules == ["huggingface/names", "huggingface/solution", "huggingface/solution"]
