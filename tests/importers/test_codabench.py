"""CodaBench and CodaLab zips become challenges that build and score; what could not be carried over is told."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import DatasetError, UsageError
from compete.exporters import export_competition
from compete.importers import Imported, import_competition
from compete.importers.own_truth import refuse_packed
from compete.jobs.exporting import competition_of
from compete.scoring.grading import grade
from compete.scoring.perfect import perfect_submission
from compete.scoring.trial import try_scoring
from compete.terms import Terms
from tests.conftest import Made, Run
from tests.exporters.exported import tree
from tests.exporters.small import TERMS, ready

SHAPES = ("round", "square", "flat")


def packed(members: Mapping[str, bytes | str]) -> bytes:
    """Files as a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def competition(path: Path, description: Mapping[str, Any], members: Mapping[str, bytes | str]) -> Path:
    """A competition's zip."""
    pages = {"terms.md": "# Terms\n\nBe fair.\n", "overview.md": "# Overview\n"}
    path.write_bytes(packed({"competition.yaml": yaml.safe_dump(dict(description)), **pages, **members}))
    return path


def described(*phases: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A description as CodaBench wants it, with a task a phase."""
    files = ("reference_data", "input_data", "scoring_program")
    columns = [{"key": "accuracy", "title": "Accuracy", "index": 0, "sorting": "desc"}]
    return {
        "version": 2,
        "title": "Shapes of seeds",
        "description": "Which shape?",
        "image": "logo.png",
        "terms": "terms.md",
        "pages": [{"title": "Overview", "file": "overview.md"}],
        "tasks": [
            {"index": place, "name": f"task {place}", **{key: phase[key] for key in files if key in phase}}
            for place, phase in enumerate(phases)
        ],
        "phases": [
            {"name": f"phase {place}", "start": "2020-01-01", "max_submissions": 5, "tasks": [place],
             **{key: value for key, value in phase.items() if key not in files}}
            for place, phase in enumerate(phases)
        ],
        "leaderboards": [{"title": "Results", "key": "main", "columns": columns}],
        **more,
    }  # fmt: skip


def features(n: int, start: int) -> str:
    return "".join(f"{(start + place) % 7} {(start + place) % 5}.5\n" for place in range(n))


def shapes(n: int, start: int) -> str:
    return "".join(f"{SHAPES[(start + place) % 3]}\n" for place in range(n))


def seeds(path: Path, **more: Any) -> Path:
    """A competition whose files have one line an item: features beside labels, in folders of the zip."""
    members = {
        "input/seeds_train.data": features(60, 0),
        "input/seeds_train.solution": shapes(60, 0),
        "input/seeds_valid.data": features(20, 1),
        "input/seeds_test.data": features(30, 2),
        "input/seeds_feat.name": "length\nwidth\n",
        "ref1/seeds_valid.solution": shapes(20, 1),
        "ref2.zip": packed({"seeds_test.solution": shapes(30, 2)}),
        "program/score.py": "print('hello')\n",
    }
    first = {"input_data": "input/", "reference_data": "ref1/", "scoring_program": "program/"}
    last = {"input_data": "input", "reference_data": "ref2.zip", "scoring_program": "program/"}
    return competition(path, described(first, last, **more), members)


def rules(found: Imported) -> set[str]:
    return {finding.rule for finding in found.findings if finding.severity != "note"}


def built(folder: Path) -> Path:
    """The bundle of an imported challenge."""
    place = folder.parent / f"{folder.name}-bundle"
    write_bundle(plan_build(load_challenge(folder)), place, workers=1, trial=try_scoring)
    return place


@pytest.mark.parametrize("name", ["penguins", "digit-scenes", "digit-scenes-semantic"])
def test_what_was_exported_comes_back(make: Callable[[str], Made], tmp_path: Path, name: str) -> None:
    """The same terms, items and ids: a submission gets the same scores."""
    made = make(name)
    export_competition(competition_of(made.bundle), "codabench", tmp_path / "export")
    import_competition(tmp_path / "export/competition.zip", "codabench", tmp_path / "challenge")
    again, once = open_bundle(built(tmp_path / "challenge")), open_bundle(made.bundle)
    assert again.terms == once.terms
    for submission in (made.baseline.read_bytes(), perfect_submission(once)):
        ours, theirs = (grade(bundle, submission, draws=0).scores for bundle in (once, again))
        key = [(one.metric, one.part, one.group, one.value, one.n) for one in ours]
        assert sorted(key, key=str) == sorted(
            [(one.metric, one.part, one.group, one.value, one.n) for one in theirs], key=str
        )


def test_lines_of_labels_and_features_become_a_table(tmp_path: Path) -> None:
    found = import_competition(seeds(tmp_path / "seeds.zip"), "codabench", tmp_path / "challenge")
    assert dict(found.carried)["items"] == "110: 60 train, 20 public, 30 private"
    assert dict(found.carried)["metric"] == "accuracy"
    assert rules(found) == {"import/left-out"}
    challenge = load_challenge(tmp_path / "challenge")
    assert (challenge.title, challenge.task, challenge.score.metric) == (
        "Shapes of seeds",
        "classification",
        "accuracy",
    )
    assert [name for name, _ in challenge.pages] == ["overview", "terms"]
    table = (tmp_path / "challenge/data/items.csv").read_text(encoding="utf-8").splitlines()
    assert table[:2] == ["part,length,width,label", "train,0,0.5,round"]
    assert (tmp_path / "challenge/original/scoring_program/score.py").is_file()
    bundle = open_bundle(built(tmp_path / "challenge"))
    assert (bundle.terms.train, bundle.terms.test, bundle.terms.classes) == (60, 50, tuple(sorted(SHAPES)))
    scores = grade(bundle, perfect_submission(bundle), draws=0)
    assert {(one.part, one.n): one.value for one in scores.scores} == {("public", 20): 1.0, ("private", 30): 1.0}


def test_one_truth_for_all_phases_is_one_test(tmp_path: Path) -> None:
    members = {
        "data/training_data": features(40, 0),
        "data/training_label": "".join(f"{place % 2}\n" for place in range(40)),
        "data/testing_data": features(25, 3),
        "ref/testing_label": "".join(f"{place % 2}\n" for place in range(25)),
    }
    phase = {"input_data": "data/", "reference_data": "ref/"}
    source = competition(tmp_path / "one.zip", described(phase), members)
    found = import_competition(source, "codabench", tmp_path / "challenge")
    assert dict(found.carried)["items"] == "65: 40 train, 25 test"
    assert open_bundle(built(tmp_path / "challenge")).terms.test == 25


def test_labels_of_zeros_and_ones_are_classes(tmp_path: Path) -> None:
    """As in CodaLab's own examples: version 1.5, pages in HTML, one column a class."""
    hot = {name: " ".join(str(int(name == other)) for other in SHAPES) for name in SHAPES}
    rows = {n: "".join(hot[SHAPES[place % 3]] + "\n" for place in range(n)) for n in (60, 20, 30)}
    members = {
        "input.zip": packed({
            "iris_train.data": features(60, 0), "iris_train.solution": rows[60], "iris_valid.data": features(20, 0),
            "iris_test.data": features(30, 0), "iris_label.name": "setosa\nversicolor\nvirginica\n",
        }),
        "one.zip": packed({"iris_valid.solution": rows[20]}),
        "two.zip": packed({"iris_test.solution": rows[30]}),
        "overview.html": "<h1>Iris</h1>",
    }  # fmt: skip
    phases = {
        number: {"phasenumber": number, "label": f"phase {number}", "start_date": "2020-01-01",
                 "input_data": "input.zip", "reference_data": place}
        for number, place in ((1, "one.zip"), (2, "two.zip"))
    }  # fmt: skip
    board = {"label": "Results", "rank": 1}
    columns = {"set1_score": {"label": "Prediction score", "leaderboard": board, "rank": 1, "sort": "desc"}}
    content = {
        "title": "Iris", "html": {"overview": "overview.html", "terms": "terms.md"}, "phases": phases,
        "leaderboard": {"leaderboards": {"Results": board}, "columns": columns},
    }  # fmt: skip
    found = import_competition(competition(tmp_path / "iris.zip", content, members), "codabench", tmp_path / "iris")
    assert {"import/metric", "import/left-out"} == rules(found)
    bundle = open_bundle(built(tmp_path / "iris"))
    assert bundle.terms.classes == ("setosa", "versicolor", "virginica")
    assert (bundle.terms.train, bundle.terms.test) == (60, 50)


def test_tables_with_names_are_joined_by_them(tmp_path: Path) -> None:
    def scattered(place: int) -> str:
        return f"s{place * 7919 % 1009:04}"

    def weight(place: int) -> str:
        return f"{place * 37 % 91 / 7:.3f}"

    def table(start: int, n: int, *, labels: bool, shown: bool = True) -> str:
        head = ["item_id", *(["size"] if shown else []), *(["weight"] if labels else [])]
        rows = [
            [scattered(place), *([str(place % 9)] if shown else []), *([weight(place)] if labels else [])]
            for place in range(start, start + n)
        ]
        return "\n".join(",".join(row) for row in [head, *rows]) + "\n"

    members = {
        "public.zip": packed({
            "train.csv": table(0, 50, labels=True), "test.csv": table(50, 40, labels=False),
        }),
        "dev.zip": packed({"truth.csv": table(50, 15, labels=True, shown=False)}),
        "final.zip": packed({"truth.csv": table(65, 25, labels=True, shown=False)}),
    }  # fmt: skip
    first = {"public_data": "public.zip", "reference_data": "dev.zip"}
    last = {"reference_data": "final.zip"}
    columns = [{"key": "err", "title": "RMSE", "index": 0, "sorting": "desc"}]
    board = [{"title": "Results", "key": "main", "columns": columns}]
    source = competition(tmp_path / "table.zip", described(first, last, leaderboards=board), members)
    found = import_competition(source, "codabench", tmp_path / "challenge")
    assert dict(found.carried)["items"] == "90: 50 train, 15 public, 25 private"
    assert [one.message for one in found.findings if one.rule == "import/metric"] == [
        "the old leaderboard puts the highest rmse first, which is the worst"
    ]
    bundle = open_bundle(built(tmp_path / "challenge"))
    assert (bundle.terms.task, bundle.terms.metric, bundle.terms.test) == ("regression", "rmse", 40)
    submission = "id,weight\n" + "".join(f"{scattered(place)},{weight(place)}\n" for place in range(50, 90))
    assert {one.value for one in grade(bundle, submission.encode(), draws=0).scores} == {0.0}


def test_what_was_not_carried_over_is_listed(tmp_path: Path) -> None:
    source = seeds(tmp_path / "seeds.zip", docker_image="codalab/codalab-legacy:py37", reward="fame", fact_sheet={})
    found = import_competition(source, "codabench", tmp_path / "challenge")
    told = {(finding.message, finding.items[:3]) for finding in found.findings}
    assert ("settings of the platform", ("docker_image", "fact_sheet", "reward")) in told
    assert ("programs of the competition", ("scoring_program",)) in told
    assert ("dates and limits of the phases", ("max_submissions", "start")) in told
    record = json.loads((tmp_path / "challenge/import.json").read_text(encoding="utf-8"))
    assert len(record["findings"]) == len(found.findings)


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"readme.md": "hello"}, "import/description"),
        ({"competition.yaml": "title: [\n"}, "import/description"),
        ({"competition.yaml": "- a\n"}, "import/description"),
        ({"competition.yaml": "version: 2\ntitle: x\n"}, "import/description"),
        ({"competition.yaml": yaml.safe_dump(described())}, "import/description"),
        ({"competition.yaml": yaml.safe_dump(described({"reference_data": "ref.zip"}))}, "import/form"),
        (
            {"competition.yaml": yaml.safe_dump(described({"reference_data": "ref.zip"})), "ref.zip": b"PK\3\4 no zip"},
            "import/unreadable",
        ),
    ],
)
def test_what_is_no_competition_is_refused(tmp_path: Path, members: dict[str, bytes | str], rule: str) -> None:
    (tmp_path / "some.zip").write_bytes(packed(members))
    with pytest.raises(DatasetError) as refused:
        import_competition(tmp_path / "some.zip", "codabench", tmp_path / "challenge")
    assert {finding.rule for finding in refused.value.findings} == {rule}
    assert not (tmp_path / "challenge").exists()


def test_sources_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is none"):
        import_competition(tmp_path / "none.zip", "codabench", tmp_path / "challenge")
    (tmp_path / "text.zip").write_text("hello", encoding="utf-8")
    for source in (tmp_path / "text.zip", tmp_path):
        with pytest.raises(DatasetError, match="it cannot be read"):
            import_competition(source, "codabench", tmp_path / "challenge")


def test_names_that_lead_elsewhere_are_left_out(tmp_path: Path) -> None:
    source = seeds(tmp_path / "seeds.zip")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("program/../../../evil.py", "x")
        archive.writestr("program/../evil.py", "x")
        archive.writestr("__MACOSX/program/._score.py", "x")
    import_competition(source, "codabench", tmp_path / "challenge")
    assert not [name for name in tree(tmp_path / "challenge") if "evil" in name or "._" in name]
    assert not list(tmp_path.rglob("evil.py"))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (replace(TERMS, task="panoptic_segmentation", kind="segments", form="png"), "as segments"),
        (replace(TERMS, task="instance_segmentation", kind="masks", form="coco"), "as masks"),
        (replace(TERMS, task="semantic_segmentation", kind="label_maps", form="nifti"), "as volumes"),
        (replace(TERMS, task="detection", kind="boxes", form="coco", federated=True), "of not every class"),
    ],
)
def test_truths_that_are_packed_for_good_are_refused_with_a_cure(terms: Terms, words: str) -> None:
    with pytest.raises(DatasetError, match=words) as refused:
        refuse_packed(terms)
    (finding,) = refused.value.findings
    assert finding.rule == "import/form"
    assert finding.hint.startswith("build it again")


def test_the_command_tells_both_lists(run: Run, tmp_path: Path) -> None:
    source = seeds(tmp_path / "seeds.zip")
    told = run("import", "codabench", source, "-o", tmp_path / "challenge")
    assert told.code == 0
    assert "60 train, 20 public, 30 private" in told.out
    assert "programs of the competition" in told.out
    again = run("import", "codabench", source, "-o", tmp_path / "challenge", "--json")
    assert again.code == 2
    forced = run("import", "codabench", source, "-o", tmp_path / "challenge", "--force", "--json")
    assert json.loads(forced.out)["platform"] == "codabench"


def test_a_binary_challenge_keeps_its_positive_class(tmp_path: Path) -> None:
    terms = replace(TERMS, metric="f1", also=(), subgroups=(), classes=("sand", "coral"))
    ready_made = ready(tmp_path / "bundle", terms=terms)
    (tmp_path / "bundle/public/test.csv").write_text("id,depth\n" + "".join(f"i{k:03},{k}\n" for k in range(80)))
    (tmp_path / "bundle/public/train.csv").write_text("id,depth,kind\nt1,1,coral\nt2,2,sand\n")
    export_competition(ready_made, "codabench", tmp_path / "export")
    import_competition(tmp_path / "export/competition.zip", "codabench", tmp_path / "challenge")
    content = yaml.safe_load((tmp_path / "challenge/challenge.yaml").read_text(encoding="utf-8"))
    assert content["data"]["positive"] == "coral"
    assert content["data"]["classes"] == ["sand", "coral"]
    assert content["split"]["column"] == "part"
