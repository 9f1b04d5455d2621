"""Kaggle: what the export holds, what its metric answers as Kaggle calls it, and what the check tells."""

from __future__ import annotations

import ast
import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compete.cells import truth_of_cells
from compete.errors import BundleError, Finding
from compete.exporters import check_export, export_competition
from compete.exporters.packed import in_rows
from compete.jobs.exporting import competition_of
from tests.conftest import Made
from tests.exporters.exported import (
    exported_of,
    ranking,
    run_alone,
    same_bytes,
    small_competition,
    tree,
    with_own_metric,
)
from tests.scoring.every_form import FORMS

AS_KAGGLE = """
import importlib.util, json, sys
import pandas as pd
spec = importlib.util.spec_from_file_location("metric", sys.argv[1] + "/metric.py")
metric = importlib.util.module_from_spec(spec)
spec.loader.exec_module(metric)
solution = pd.read_csv(sys.argv[1] + "/solution.csv")
answers = []
for path in sys.argv[2:]:
    answer = {}
    for part in ("Public", "Private"):
        rows = solution[solution["Usage"] == part].drop(columns="Usage").reset_index(drop=True)
        try:
            answer[part.lower()] = metric.score(rows, pd.read_csv(path), "id")
        except metric.ParticipantVisibleError as error:
            answer[part.lower()] = str(error)
    answers.append(answer)
assert sys.modules["compete"].__spec__.origin == "compete/__init__.py", sys.modules["compete"]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def folder(make: Callable[[str], Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The penguins, exported."""
    out = tmp_path_factory.mktemp("kaggle") / "penguins"
    exported_of(make("penguins"), "kaggle", out)
    return out


@pytest.fixture
def changed(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may harm."""
    return Path(shutil.copytree(folder, tmp_path / "changed"))


def test_the_export_holds_what_the_host_flow_takes(folder: Path) -> None:
    assert sorted(tree(folder)) == [
        "PUBLISH.md", "competition-metadata.json", "create_pages.py", "data/README.md", "data/challenge.json",
        "data/sample_submission.csv", "data/test.csv", "data/train.csv", "data/train_groups.csv",
        "dataset/dataset-metadata.json", "export.json", "metric.py", "pages/data-description.md",
        "pages/description.md", "pages/evaluation.md", "pages/rules.md", "sandbox/perfect_submission.csv",
        "sandbox/sample_submission.csv", "settings.yaml", "solution.csv",
    ]  # fmt: skip
    assert json.loads((folder / "competition-metadata.json").read_text()) == {
        "briefDescription": (
            "Which of three species is this penguin? Bill, flipper and weight of 344 adult birds, measured on three "
            "islands near Palmer Station,…"
        ),
        "privacy": "LIMITED",
        "slug": "penguins",
        "title": "Tell penguins apart",
    }
    assert "deadline" not in yaml.safe_load((folder / "settings.yaml").read_text())
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert check_export(folder, "kaggle") == []


def test_the_same_bundle_gives_the_same_bytes(make: Callable[[str], Made], folder: Path, tmp_path: Path) -> None:
    exported_of(make("penguins"), "kaggle", tmp_path / "again")
    assert same_bytes(tree(folder), tree(tmp_path / "again"))


def test_the_organizers_dates_become_the_deadline(penguins: Made, tmp_path: Path) -> None:
    competition = competition_of(penguins.bundle, start="2027-01-01", end="2027-02-01T12:30")
    export_competition(competition, "kaggle", tmp_path / "dated")
    assert yaml.safe_load((tmp_path / "dated" / "settings.yaml").read_text())["deadline"] == "2027-02-01T12:30:00Z"
    assert check_export(tmp_path / "dated", "kaggle") == []


AS_THE_PACKAGE = """
import json, runpy, sys, types
calls = []

class KaggleApi:
    def authenticate(self):
        calls.append(["authenticate"])

    def competition_list_pages(self, slug):
        return [types.SimpleNamespace(name="rules")]

    def competition_create_page(self, competition_name, page_name, content_path, mime_type, publish):
        calls.append(["create", competition_name, page_name, open(content_path).read()[:1]])

    def competition_update_page(self, competition_name, page_name, content_path, mime_type, is_published):
        calls.append(["update", competition_name, page_name, open(content_path).read()[:1]])

module = types.ModuleType("kaggle.api.kaggle_api_extended")
module.KaggleApi = KaggleApi
sys.modules.update({"kaggle": types.ModuleType("kaggle"), "kaggle.api": types.ModuleType("kaggle.api"),
                    "kaggle.api.kaggle_api_extended": module})
stdout, sys.stdout = sys.stdout, sys.stderr
runpy.run_path(sys.argv[1] + "/create_pages.py", run_name="__main__")
sys.stdout = stdout
print(json.dumps(calls))
"""


def test_pages_are_made_where_there_are_none_and_changed_where_there_are(folder: Path, tmp_path: Path) -> None:
    assert run_alone(AS_THE_PACKAGE, folder, folder=tmp_path) == [
        ["authenticate"],
        ["create", "penguins", "data-description", "#"],
        ["create", "penguins", "description", "W"],
        ["create", "penguins", "evaluation", "#"],
        ["update", "penguins", "rules", "#"],
    ]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_what_participants_see_tells_no_truth(penguins: Made, folder: Path) -> None:
    public = tree(penguins.bundle / "public")
    assert same_bytes(tree(folder / "data"), public)
    told = b"".join(tree(folder / "pages").values()) + (folder / "metric.py").read_bytes().partition(b"PROGRAM")[0]
    secret = [row["group"] for row in rows_of(folder / "solution.csv")]
    assert not [group for group in secret if group.encode() in told]


def test_the_solution_holds_all_of_the_truth_in_each_part(penguins: Made, folder: Path) -> None:
    rows = rows_of(folder / "solution.csv")
    assert list(rows[0])[:3] == ["id", "Species", "Usage"]
    for part in ("Public", "Private"):
        held = truth_of_cells([row["packed_truth"] for row in rows if row["Usage"] == part])
        assert held["solution.csv"] == (penguins.bundle / "private" / "solution.csv").read_bytes()


def test_the_metric_answers_as_compete_score_does(penguins: Made, folder: Path, tmp_path: Path) -> None:
    sample, perfect = folder / "data/sample_submission.csv", folder / "sandbox/perfect_submission.csv"
    short = tmp_path / "short.csv"
    short.write_text("".join(penguins.baseline.read_text().splitlines(keepends=True)[:-1]))
    sent = [penguins.baseline, sample, perfect]
    *scores, refused = run_alone(AS_KAGGLE, folder, *sent, short, folder=tmp_path)
    assert scores == [ranking(penguins.bundle, path) for path in sent]
    assert set(refused.values()) == {"1 test item of 103 without a row: vsqdsdnshqkhfkkm (submission/missing-id)"}


def test_objects_in_images_are_sent_as_a_table(tmp_path: Path) -> None:
    competition, out = small_competition(FORMS["COCO boxes"], tmp_path), tmp_path / "out"
    exported = export_competition(competition, "kaggle", out)
    assert [finding.rule for finding in exported.handover.findings] == ["export/converted"]
    assert not (out / "data/sample_submission.json").exists()
    assert (out / "data/sample_submission.csv").read_bytes() == in_rows(competition, FORMS["COCO boxes"].good)
    (answer,) = run_alone(AS_KAGGLE, out, out / "data/sample_submission.csv", folder=tmp_path)
    (tmp_path / "sent.json").write_bytes(FORMS["COCO boxes"].good)
    assert answer == ranking(competition.bundle.root, tmp_path / "sent.json")
    assert check_export(out, "kaggle") == []
    assert "python to_csv.py submission.json" in (out / "pages/evaluation.md").read_text()


def test_the_metric_has_the_form_that_kaggle_validates(folder: Path) -> None:
    tree_of = ast.parse((folder / "metric.py").read_bytes())
    (score,) = [node for node in tree_of.body if isinstance(node, ast.FunctionDef) and node.name == "score"]
    assert [one.arg for one in score.args.args] == ["solution", "submission", "row_id_column_name"]
    assert ast.unparse(score.returns or ast.Constant(0)) == "float"
    assert len((folder / "metric.py").read_bytes()) < 1 << 20


def found(path: Path) -> list[Finding]:
    return check_export(path, "kaggle")


def told(path: Path) -> str:
    return "\n".join(map(str, found(path)))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("competition-metadata.json", '"penguins"', '"Pen guins"', "slug 'Pen guins'"),
        ("competition-metadata.json", '"penguins"', '"2027-1"', "slug '2027-1'"),
        ("competition-metadata.json", '"LIMITED"', '"SECRET"', "privacy 'SECRET' is none of"),
        ("competition-metadata.json", '"penguins"', '"INSERT_SLUG_HERE"', "slug is still INSERT_SLUG_HERE"),
        ("competition-metadata.json", '"Tell penguins apart"', '""', "title is missing"),
        ("competition-metadata.json", '"privacy"', '"reward": {"id": "GOLD", "quantity": 1}, "privacy"', "reward.id"),
        ("competition-metadata.json", '"privacy"', '"reward": {"id": "USD"}, "privacy"', "id and quantity"),
        ("competition-metadata.json", '"privacy"', '"numPrizes": "two", "privacy"', "numPrizes 'two'"),
        ("competition-metadata.json", '"privacy"', "privacy", "no JSON"),
        ("settings.yaml", "has_leaderboard: true", "has_leaderboard: 1", "has_leaderboard: 1 is not true or false"),
        ("settings.yaml", "has_leaderboard: true", "metric: f1", "fields that Kaggle's settings do not have"),
        ("settings.yaml", "has_leaderboard: true", "deadline: 2027-01-01", "a date without a time"),
        ("settings.yaml", "has_leaderboard: true", "deadline: soon", "is not a date with a time"),
        ("settings.yaml", "title:", "title: [", "cannot be read"),
        ("solution.csv", ",Private,", ",private,", "rows whose Usage is no part: private"),
        ("solution.csv", "id,Species", "id,Species,Species", "another number of cells"),
        ("solution.csv", "id,Species", "Id,Species", "no column 'id'"),
        ("solution.csv", "Usage", "usage", "no column Usage"),
        ("solution.csv", "Gentoo", "Genntoo", "scores would not follow"),
        ("metric.py", "row_id_column_name: str) -> float", "row_id: str) -> float", "first arguments"),
        ("metric.py", "row_id_column_name: str) -> float", "row_id_column_name) -> float", "annotation: row_id"),
        ("metric.py", "row_id_column_name: str) -> float", "row_id_column_name: str)", "-> float"),
        ("metric.py", "def score(", "def scored(", "no function score"),
        ("metric.py", "def score(", "def score(:", "no Python"),
        ("data/sample_submission.csv", "bcsfttdcsrqbktvs,", "nobody,", "1 rows of the sample are not in the solution"),
        ("pages/rules.md", "", None, "this page is empty"),
    ],
)  # fmt: skip
def test_each_trap_is_told(changed: Path, name: str, old: str, new: str | None, message: str) -> None:
    if new is None:
        (changed / name).write_text(" \n")
    else:
        edit(changed / name, old, new)
    assert message in told(changed)


def test_private_files_among_the_data_are_told(changed: Path) -> None:
    shutil.copy(changed / "solution.csv", changed / "data/more.csv")
    (changed / "data/.notes").write_text("x")
    (changed / "data/link.csv").symlink_to(changed / "solution.csv")
    (changed / "data/who.csv").write_text("id,Usage\n1,Public\n")
    edit(changed / "data/test.csv", "Body Mass (g)", "Species")
    assert [(finding.where, finding.severity) for finding in found(changed)] == [
        ("data/.notes", "warning"),
        ("data/link.csv", "error"),
        ("data/more.csv", "error"),
        ("data/who.csv", "error"),
        ("data/test.csv", "warning"),
    ]


def test_missing_files_are_told_as_far_as_kaggle_needs_them(changed: Path) -> None:
    for name in ("solution.csv", "competition-metadata.json", "data/sample_submission.csv", "metric.py"):
        (changed / name).unlink()
    assert [(one.rule, one.severity) for one in found(changed)] == [
        ("kaggle/sample", "error"),
        ("kaggle/metadata", "note"),
        ("kaggle/solution", "error"),
    ]
    assert [one.rule for one in found(changed / "settings.yaml")] == ["kaggle/folder"]


def test_what_others_wrote_and_kaggle_takes_is_not_flagged(tmp_path: Path) -> None:
    (tmp_path / "solution.csv").write_text("Id,y,weight,Usage\n1,0.5,2,Public\n2,1,1,Private\n3,0,1,Ignored\n")
    (tmp_path / "sample_submission.csv").write_text("Id,y\n1,0\n2,0\n3,0\n")
    (tmp_path / "settings.json").write_text('{"hasLeaderboard": true, "deadline": "2027-01-01T00:00:00Z"}')
    (tmp_path / "metric.py").write_text(
        "import pandas as pd\nfrom kaggle_metric_utilities import ParticipantVisibleError\n\n"
        "def score(solution: pd.DataFrame, submission: pd.DataFrame, row_id_column_name: str, k: int = 3) -> float:\n"
        '    """Mean."""\n    return 1.0\n'
    )
    assert [(one.rule, one.severity) for one in found(tmp_path)] == [("kaggle/metadata", "note")]
    edit(tmp_path / "metric.py", "from kaggle_metric_utilities import ParticipantVisibleError", "")
    assert [one.severity for one in found(tmp_path) if one.rule == "kaggle/metric"] == ["warning"]


def test_what_kaggle_cannot_hold_is_told_with_what_to_change(tmp_path: Path) -> None:
    competition = small_competition(FORMS["labels"], tmp_path)
    terms = replace(competition.bundle.terms, classes=("1", "1.0", "owl"), name="2027")
    without = {**competition.best, "scores": []}
    blocked = replace(competition, bundle=replace(competition.bundle, terms=terms), best=without)
    with pytest.raises(BundleError) as refused:
        export_competition(blocked, "kaggle", tmp_path / "out")
    rules = [finding.rule for finding in refused.value.findings]
    assert rules == ["export/ambiguous-text", "kaggle/metadata", "kaggle/usage", "kaggle/usage"]
    assert all(finding.hint for finding in refused.value.findings)
    assert not (tmp_path / "out").exists()


def test_a_metric_of_the_challenges_own_goes_along(tmp_path: Path) -> None:
    root = with_own_metric(tmp_path / "bundle")
    sent = root / "public/sample_submission.csv"
    export_competition(competition_of(root), "kaggle", tmp_path / "out")
    answer: Any = run_alone(AS_KAGGLE, tmp_path / "out", sent, folder=tmp_path)
    assert answer == [ranking(root, sent)]
