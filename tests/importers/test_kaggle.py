"""Kaggle folders become challenges that build and score; what could not be carried over is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import DatasetError, UsageError
from compete.exporters import export_competition
from compete.importers import Imported, import_competition
from compete.jobs.exporting import competition_of
from compete.scoring.grading import grade
from compete.scoring.trial import try_scoring
from tests.conftest import Made, Run
from tests.exporters.exported import ranking

ANIMALS = ["cat", "dog", "owl"]


def csv(path: Path, head: str, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def classes(folder: Path, *, solution: bool = True) -> Path:
    """A competition on three classes, as its host has it or as it is downloaded."""
    csv(folder / "train.csv", "Id,size,seen,animal", *(f"{k},{k % 7},x,{ANIMALS[k % 3]}" for k in range(60)))
    csv(folder / "test.csv", "Id,size", *(f"{k},{k % 7}" for k in range(60, 100)))
    csv(folder / "sample_submission.csv", "Id,animal", *(f"{k},cat" for k in range(60, 100)))
    if solution:
        usage = ["Public", "Private", "Ignored", "Private"]
        csv(folder / "solution.csv", "Id,animal,Usage",
            *(f"{k},{ANIMALS[k % 3]},{usage[k % 4]}" for k in range(60, 100)))  # fmt: skip
    return folder


def rules(found: Imported) -> list[str]:
    return [finding.rule for finding in found.findings]


def built(folder: Path) -> Path:
    """The bundle of an imported challenge."""
    write_bundle(plan_build(load_challenge(folder)), folder / "bundle", workers=1, trial=try_scoring)
    return folder / "bundle"


def test_a_hosts_folder_keeps_its_split_and_its_ids(tmp_path: Path) -> None:
    source = classes(tmp_path / "source")
    found = import_competition(source, "kaggle", tmp_path / "out")
    assert dict(found.carried) == {
        "items": "90", "task": "classification", "label": "animal", "id": "Id", "images": "none",
        "split": "train, public and private as they were", "metric": "f1_macro",
    }  # fmt: skip
    assert rules(found) == ["import/metric", "import/left-out", "import/left-out"]
    assert [finding.items for finding in found.findings][1] == ("seen",)
    record = json.loads((tmp_path / "out/import.json").read_text())
    assert [one["rule"] for one in record["findings"]] == rules(found)
    sent = tmp_path / "old.csv"
    csv(sent, "id,animal", *(f"{k},{ANIMALS[k % 3]}" for k in range(60, 100) if k % 4 != 2))
    result = grade(open_bundle(built(tmp_path / "out")), sent)
    counts = {part: one.n for part in ("public", "private") if (one := result.overall(part)) and one.value == 1.0}
    assert counts == {"public": 10, "private": 20}


def test_a_download_gets_a_new_test(tmp_path: Path) -> None:
    found = import_competition(classes(tmp_path / "source", solution=False), "kaggle", tmp_path / "out")
    assert rules(found)[:2] == ["import/hidden-labels", "import/metric"]
    assert dict(found.carried)["items"] == "60"
    terms = open_bundle(built(tmp_path / "out")).terms
    assert (terms.train, terms.test, terms.classes) == (42, 18, ("cat", "dog", "owl"))


def test_an_export_of_ours_comes_back_with_its_scores(penguins: Made, tmp_path: Path) -> None:
    export_competition(competition_of(penguins.bundle), "kaggle", tmp_path / "export")
    found = import_competition(tmp_path / "export", "kaggle", tmp_path / "back")
    assert (dict(found.carried)["metric"], rules(found)) == ("f1_macro", ["import/left-out", "import/left-out"])
    assert ranking(built(tmp_path / "back"), penguins.baseline) == ranking(penguins.bundle, penguins.baseline)


def test_images_stay_where_they_are(make: Callable[[str], Made], tmp_path: Path) -> None:
    source = classes(tmp_path / "source")
    for k in range(100):
        (source / "pictures").mkdir(exist_ok=True)
        (source / f"pictures/{k}.png").write_bytes(b"x")
    found = import_competition(source, "kaggle", tmp_path / "deep/out")
    assert dict(found.carried)["images"] == "../../source"
    assert (tmp_path / "deep/out/data/items.csv").read_text().splitlines()[1].endswith("pictures/0.png")
    assert load_challenge(tmp_path / "deep/out").data.features == ("size",)
    (source / "pictures/5.png").unlink()
    found = import_competition(source, "kaggle", tmp_path / "deep/out", force=True)
    assert dict(found.carried)["images"] == "none"


@pytest.mark.parametrize(
    ("train", "sample", "told"),
    [
        ("id,x,y\n1,0,2.5\n2,1,3.5\n3,1,1\n", "id,y\n4,0\n", ("regression", "", "rmse")),
        ("id,x,y\n1,0,0\n2,1,1\n3,1,1\n", "id,y\n4,0.5\n", ("classification", "score", "roc_auc")),
        ("id,x,y\n1,0,0\n2,1,1\n3,1,1\n", "id,y\n4,1\n", ("classification", "label", "f1_macro")),
        (
            "id,x,y\n1,0,cat\n2,1,dog\n3,1,dog\n",
            "id,cat,dog\n4,0.5,0.5\n",
            ("classification", "probability", "log_loss"),
        ),
        ("id,x,a,b\n1,0,0,1\n2,1,1,1\n3,1,1,0\n", "id,a,b\n4,0,0\n", ("multilabel", "", "f1_macro")),
        ("id,x,a,b\n1,0,0,1\n2,1,1,1\n3,1,1,0\n", "id,a,b\n4,.5,.5\n", ("multilabel", "probability", "roc_auc")),
        ("id,x,a,b\n1,0,0.1,1\n2,1,1,1\n3,1,1,0\n", "id,a,b\n4,0,0\n", ("regression", "", "rmse")),
        ("id,x,a,b\n1,0,u,p\n2,1,v,q\n", "id,a,b\n4,u,p\n", ("multioutput", "", "columnwise(metric=f1_macro)")),
        ("id,x,label\n1,0,cat\n2,1,dog\n", "id,guess\n4,cat\n", ("classification", "label", "f1_macro")),
    ],
)
def test_the_task_follows_from_the_tables(tmp_path: Path, train: str, sample: str, told: tuple[str, ...]) -> None:
    (tmp_path / "train.csv").write_text(train)
    (tmp_path / "sampleSubmission.csv").write_text(sample)
    (tmp_path / "test.csv").write_text("id,x\n4,1\n")
    import_competition(tmp_path, "kaggle", tmp_path / "out")
    found = load_challenge(tmp_path / "out")
    assert (found.task, found.submission.kind or "", found.score.metric) == told


def test_a_column_a_class_is_one_class_again(tmp_path: Path) -> None:
    csv(tmp_path / "train.csv", "id,x,animal", *(f"{k},{k},{ANIMALS[k % 3]}" for k in range(1, 61)))
    csv(tmp_path / "test.csv", "id,x", *(f"{k},{k}" for k in range(61, 101)))
    csv(tmp_path / "sample_submission.csv", "id,cat,dog,owl", *(f"{k},0.4,0.3,0.3" for k in range(61, 101)))
    shown = [",".join("1.0" if one == ANIMALS[k % 3] else "0" for one in ANIMALS) for k in range(61, 101)]
    usage = ["Public", "Private"]
    rows = [f"{k},{cells},{usage[k % 2]}" for k, cells in zip(range(61, 101), shown, strict=True)]
    csv(tmp_path / "solution.csv", "id,cat,dog,owl,Usage", *rows)
    import_competition(tmp_path, "kaggle", tmp_path / "out")
    items = (tmp_path / "out/data/items.csv").read_text().splitlines()
    assert items[0] == "id,x,animal,part"
    assert items[61:63] == ["61,61,dog,private", "62,62,owl,public"]
    csv(tmp_path / "solution.csv", "id,cat,dog,owl,Usage", "61,0.5,0.5,0,Public")
    with pytest.raises(DatasetError, match="0 columns with a 1"):
        import_competition(tmp_path, "kaggle", tmp_path / "other")


def test_a_solution_may_call_its_one_column_otherwise(tmp_path: Path) -> None:
    source = classes(tmp_path / "source")
    text = (source / "solution.csv").read_text()
    (source / "solution.csv").write_text(text.replace("Id,animal,Usage", "Id,answer,Usage"))
    assert dict(import_competition(source, "kaggle", tmp_path / "out").carried)["items"] == "90"
    (source / "solution.csv").write_text(text.replace("Id,animal,Usage", "id,animal,Usage"))
    assert dict(import_competition(source, "kaggle", tmp_path / "other").carried)["items"] == "60"


def test_a_metric_of_the_hosts_comes_along(tmp_path: Path) -> None:
    source = classes(tmp_path / "source")
    (source / "metric.py").write_text(
        "def score(solution, submission, row_id_column_name):\n    return float(len(solution) == len(submission))\n"
    )
    found = import_competition(source, "kaggle", tmp_path / "out")
    assert dict(found.carried)["metric"] == "metric.py:score"
    assert "import/metric" not in rules(found)
    assert (tmp_path / "out/metric.py").read_bytes() == (source / "metric.py").read_bytes()


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("sample_submission.csv", None, "import/not-a-competition"),
        ("train.csv", "id\n1\n", "import/not-a-competition"),
        ("train.csv", "Id,animal\n1,cat,dog\n", "import/not-a-competition"),
        ("sample_submission.csv", "Id,PredictionString\n60,0 0 1 1\n", "import/form"),
        ("sample_submission.csv", "Id,a,b\n60,1,2\n", "import/form"),
        ("solution.csv", "Id,one,two,Usage\n60,1,2,Public\n", "import/form"),
    ],
)
def test_what_cannot_be_rebuilt_is_told(tmp_path: Path, name: str, text: str | None, rule: str) -> None:
    source = classes(tmp_path / "source")
    (source / name).unlink()
    if text:
        (source / name).write_text(text)
    with pytest.raises(DatasetError) as refused:
        import_competition(source, "kaggle", tmp_path / "out")
    assert [finding.rule for finding in refused.value.findings] == [rule]
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_became_of_it(run: Run, tmp_path: Path) -> None:
    source, out = classes(tmp_path / "source"), tmp_path / "out"
    answer = run("import", "kaggle", source, "-o", out)
    assert answer.code == 0
    assert "import/metric" in answer.out
    assert f"compete check {out}" in answer.err
    assert run("import", "kaggle", source, "-o", out).code == 2
    again = run("import", "kaggle", source, "-o", out, "--force", "--json")
    assert json.loads(again.out)["challenge"] == str(out / "challenge.yaml")
    for words in (["kagle", source], ["kaggle", tmp_path / "nothing"]):
        refused = run("import", *words, "-o", tmp_path / "other")
        assert refused.code == 2
        assert "nothing was imported" in refused.err


def test_a_platform_that_is_not_known_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean kaggle"):
        import_competition(tmp_path, "Kagle", tmp_path / "out")
