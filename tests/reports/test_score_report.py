"""The score report: its numbers are those of scikit-learn, and a participant's copy tells nothing that is private."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from compete.bundle import open_bundle
from compete.errors import SubmissionError
from compete.reports.score import Sent, names_of, score_page
from compete.scoring.grading import grade
from compete.terms import Terms
from tests.conftest import ROOT, Made
from tests.reports.browser import looked_at
from tests.scoring.bundles import table, write_small_bundle
from tests.scoring.every_form import FORMS

N = 160
RANDOM = np.random.default_rng(41)
IDS = [f"item{number:03}" for number in RANDOM.permutation(N)]
USAGE = RANDOM.choice(["Public", "Private"], N, p=[0.5, 0.5])
SITE = np.where(RANDOM.random(N) < 0.5, "north", np.where(RANDOM.random(N) < 0.8, "south", "tiny"))
CLASSES = ("cat", "dog", "owl")
TRUE = RANDOM.choice(CLASSES, N, p=[0.5, 0.3, 0.2])
CHANCE = RANDOM.dirichlet([1, 1, 1], N) * 0.6
CHANCE[np.arange(N), [CLASSES.index(name) for name in TRUE]] += 0.4
CHANCE = CHANCE.round(4)
CHANCE[:, 2] = (1 - CHANCE[:, 0] - CHANCE[:, 1]).round(4)
PROBABLE = Terms(
    "animals", "Animals <b>", "1", "classification", ("label",), "probability", CLASSES, "log_loss", classes=CLASSES,
    also=("accuracy", "f1_macro"), subgroups=("site",), distribution=True, draws=50, smallest_subgroup=1,
)  # fmt: skip
SIZES = Terms("sizes", "Sizes", "1", "regression", ("size",), "value", ("size",), "rmse", also=("mae",), draws=50)
HOSTILE = "<script>alert(1)</script>"


def probable_bundle(root: Path, true: Any = TRUE) -> Path:
    return write_small_bundle(root, PROBABLE, {"id": IDS, "label": true, "Usage": USAGE, "site": SITE})


def sent(root: Path, columns: dict[str, Any], name: str = "mine.csv") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(table({"id": IDS, **columns}))
    return path


def page_of(bundle: Path, file: Path, **wishes: Any) -> str:
    on, closed = wishes.get("on", "test"), wishes.get("for_participants", False)
    opened = open_bundle(bundle)
    return score_page(opened, [Sent(file, grade(opened, file, on=on, public=closed))], **wishes)


def cells(page: str, caption: str) -> list[list[str]]:
    """The texts of a table, row by row."""
    found = re.search(rf"<caption>{re.escape(caption)}[^<]*</caption>(.*?)</table>", page, re.DOTALL)
    assert found, caption
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found[1], re.DOTALL)
    plain = [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
    return [row for row in plain if row]


@pytest.fixture
def animals(tmp_path: Path) -> tuple[Path, Path]:
    chances = dict(zip(CLASSES, CHANCE.T, strict=True))
    return probable_bundle(tmp_path / "animals"), sent(tmp_path, chances, f"{HOSTILE.replace('/', '_')}.csv")


def test_confusion_and_curves_are_those_of_scikit_learn(animals: tuple[Path, Path]) -> None:
    page = page_of(*animals)
    called = np.array(CLASSES)[CHANCE.argmax(axis=1)]
    counts = sklearn_metrics.confusion_matrix(TRUE, called, labels=CLASSES)
    shown = cells(page, "How many items of each class were called by which")
    assert [[int(cell) for cell in row[1:]] for row in shown[1:]] == counts.tolist()
    precision, recall, f1, number = sklearn_metrics.precision_recall_fscore_support(TRUE, called, labels=CLASSES)
    by_class = {row[0]: row[-3:] for row in cells(page, "Precision, recall and F1")[1:]}
    for place, name in enumerate(CLASSES):
        wanted = [f"{measure[place]:.3f}" for measure in (precision, recall, f1)]
        assert by_class[f"{name} ({number[place]})"] == wanted
        area = sklearn_metrics.roc_auc_score(name == TRUE, CHANCE[:, place])
        average = sklearn_metrics.average_precision_score(name == TRUE, CHANCE[:, place])
        assert f">{name}: area {area:.3f}<" in page
        assert f">{name}: average precision {average:.3f}<" in page


def test_the_worst_items_are_those_of_the_greatest_loss(animals: tuple[Path, Path]) -> None:
    rows = cells(page_of(*animals), "The 15 worst items")
    known = CHANCE[np.arange(N), [CLASSES.index(name) for name in TRUE]]
    worst = np.argsort(known, kind="stable")[:15]
    assert rows[1][0] == IDS[worst[0]]
    assert {row[0] for row in rows[1:]} == {IDS[place] for place in worst}
    assert rows[1][1] == TRUE[worst[0]]
    assert float(rows[1][3]) == pytest.approx(-np.log(known[worst[0]]), rel=1e-3)


def test_subgroups_are_scored_with_their_intervals(animals: tuple[Path, Path]) -> None:
    page = page_of(*animals)
    result = grade(open_bundle(animals[0]), animals[1])
    shown = {row[0]: row[2:] for row in cells(page, "log_loss by site")[1:]}
    for score in result.scores:
        if score.metric == "log_loss" and score.group:
            name = f"{score.group.partition('=')[2]}, {score.part}"
            assert shown[name] == [f"{score.n}", f"{score.value:.4f}", f"{score.low:.4f} – {score.high:.4f}"]


def test_hostile_names_of_files_classes_and_titles_do_nothing(animals: tuple[Path, Path]) -> None:
    page = page_of(*animals)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Animals &lt;b&gt;" in page


@pytest.mark.parametrize("name", FORMS)
def test_every_kind_of_submission_has_a_report_for_both_readers(name: str, tmp_path: Path) -> None:
    form = FORMS[name]
    bundle, file = form.write(tmp_path / "b"), tmp_path / f"good{form.suffix}"
    file.write_bytes(form.good)
    whole, shown = page_of(bundle, file), page_of(bundle, file, for_participants=True)
    assert whole == page_of(bundle, file)
    places = re.findall(r'<section id="(\w+)"', whole)
    assert {"scores", "provenance"} <= set(places)
    assert form.terms.task == "survival" or "worst" in places or name == "runs of one kind"
    known = set(re.findall(r'<section id="(\w+)"', shown))
    assert known <= {"scores", "subgroups", "findings", "provenance"}
    assert "private" not in without_style(shown)


def without_style(page: str) -> str:
    """A page less its styles, and less the sentence that says what is left out."""
    return re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).replace("the private half, the truth", "")


def other_private(true: Any, values: Any) -> Any:
    return np.where(USAGE == "Private", values, true)


def test_a_participants_copy_is_the_same_whatever_is_private(tmp_path: Path) -> None:
    chances = dict(zip(CLASSES, CHANCE.T, strict=True))
    mine = sent(tmp_path, chances)
    other = other_private(TRUE, np.roll(TRUE, 7))
    pages = [probable_bundle(tmp_path / "one"), probable_bundle(tmp_path / "two", other)]
    assert page_of(pages[0], mine) != page_of(pages[1], mine)
    first, second = (page_of(bundle, mine, for_participants=True) for bundle in pages)
    assert first == second
    size = RANDOM.integers(10_000, 99_999, N)
    canary = other_private(size, 7_777_777)
    guess = sent(tmp_path, {"size": size + 3}, "guess.csv")
    solutions = [{"id": IDS, "size": column, "Usage": USAGE} for column in (size, canary)]
    known = [write_small_bundle(tmp_path / f"s{place}", SIZES, one) for place, one in enumerate(solutions)]
    first, second = (page_of(bundle, guess, for_participants=True) for bundle in known)
    assert first == second
    assert "7777777" not in second
    assert "7.778e+06" in page_of(known[1], guess)


def test_a_participants_copy_hides_what_a_result_still_holds(animals: tuple[Path, Path]) -> None:
    bundle, file = animals
    opened = open_bundle(bundle)
    result = grade(opened, file)  # the organizer's: with the private half, small groups, and the solution's digest
    page = score_page(opened, [Sent(file, result)], for_participants=True)
    small = next(score for score in result.scores if score.part == "public" and score.group and score.n < 20)
    assert small.group == "site=tiny"
    assert "tiny" not in page
    assert result.solution not in page
    private = result.overall("private")
    assert private
    assert f"{private.value:.4f}" not in page
    assert f"{private.n:,} items" not in page
    assert not set(IDS) & set(re.findall(r"item\d+", page))


def test_out_of_fold_predictions_are_seen_whole_by_everybody(animals: tuple[Path, Path]) -> None:
    bundle, file = animals
    page = page_of(bundle / "public", file, on="train", for_participants=True)
    assert 'id="classes"' in page
    assert "The 15 worst items" in page
    assert "tiny" not in page


def test_several_submissions_are_compared_on_the_same_draws(animals: tuple[Path, Path], tmp_path: Path) -> None:
    bundle, best = animals
    opened = open_bundle(bundle)
    noisy = (CHANCE + RANDOM.dirichlet([1, 1, 1], N)) / 2
    files = [
        sent(tmp_path / "b", dict(zip(CLASSES, noisy.T, strict=True)), "x.csv"), best,
        sent(tmp_path / "a", dict(zip(CLASSES, np.full((3, N), 1 / 3), strict=True)), "x.csv"),
    ]  # fmt: skip
    refused = sent(tmp_path, dict(zip(CLASSES, np.full((3, N), 2.0), strict=True)), "bad.csv")
    results = [grade(opened, file) for file in files]
    with pytest.raises(SubmissionError) as stop:
        grade(opened, refused)
    everything = [*(Sent(file, result) for file, result in zip(files, results, strict=True))]
    page = score_page(opened, [*everything, Sent(refused, error=stop.value)])
    rows = cells(page, "How sure the differences are")[1:]
    score = {
        file.name + file.parent.name: result.overall("private") for file, result in zip(files, results, strict=True)
    }
    top = score[best.name + best.parent.name].value
    assert [row[0] for row in rows] == ["b/x.csv", "a/x.csv"]
    for row, name in zip(rows, ("x.csvb", "x.csva"), strict=True):
        low, high = map(float, row[2].split(" – "))
        assert float(row[1]) == pytest.approx(score[name].value - top, abs=1e-4)
        assert low < float(row[1]) < high
        assert row[3] == "&lt; 0.001"
    assert "submission/out-of-range" in page
    assert "log_loss of each submission in each subgroup" in page
    closed = score_page(opened, everything, for_participants=True)
    assert "How far from the best" not in closed
    assert "private" not in without_style(closed)


def test_names_of_submissions_tell_them_apart() -> None:
    assert names_of([Path("a/b/x.csv"), Path("c/b/x.csv")]) == ["a/b/x.csv", "c/b/x.csv"]
    assert names_of([Path("x.csv"), Path("x.csv")]) == ["1. x.csv", "2. x.csv"]


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("penguins", 400, "light"), ("digit-scenes", 1400, "dark"), ("digit-scenes-semantic", 400, "dark"),
        ("digit-scenes-semantic", 1400, "light"),
    ],
)  # fmt: skip
def test_reports_of_the_gallery_are_readable(  # noqa: PLR0917
    browser: Any, make: Callable[[str], Made], tmp_path: Path, name: str, width: int, scheme: Any
) -> None:
    made = make(name)
    out = tmp_path / "report.html"
    out.write_text(page_of(made.bundle, made.baseline), encoding="utf-8")
    assert not looked_at(browser, out, width, scheme).fault()
    assert ("data:image/png" in out.read_text(encoding="utf-8")) == (name != "penguins")
    assert "data:image" not in page_of(made.bundle, made.baseline, for_participants=True)


def test_a_report_with_hostile_names_is_inert_in_a_browser(
    browser: Any, animals: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    out.write_text(page_of(*animals), encoding="utf-8")
    assert not looked_at(browser, out).fault()


def test_the_command_writes_the_report_whole_or_not_at_all(
    run: Any, animals: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, file = animals
    out = tmp_path / "report.html"
    done = run("score", bundle, file, "--report", out)
    assert done.code == 0
    assert f"open {out}" in done.err
    whole = out.read_text(encoding="utf-8")
    assert "worst" in whole
    again = run("score", bundle, file, "--report", out, "--for", "participants")
    assert again.code == 2
    assert "output/exists" in again.err
    assert out.read_text(encoding="utf-8") == whole
    assert run("score", bundle, file, "--report", out, "--for", "participants", "--force", "--json").code == 0
    closed = out.read_text(encoding="utf-8")
    assert "worst" not in closed
    assert run("score", bundle, file, "--report", out, "--public", "--force").code == 0
    assert out.read_text(encoding="utf-8") == closed
    assert run("score", bundle, file, "--report", out, "--for", "nobody").code == 2


def test_a_refused_submission_has_a_report_with_every_fault(
    run: Any, animals: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, out = animals[0], tmp_path / "report.html"
    bad = sent(tmp_path, {"cat": ["1"] * N, "dog": ["x"] * N, "owl": ["0"] * N}, "bad.csv")
    done = run("score", bundle, bad, "--report", out)
    assert done.code == 3
    assert "submission/not-a-number" in out.read_text(encoding="utf-8")
    missing = run("score", bundle, tmp_path / "absent.csv", "--report", tmp_path / "none.html")
    assert missing.code == 2
    assert not (tmp_path / "none.html").exists()


def test_the_same_bytes_whatever_the_locale_the_clock_and_the_hash_seed(
    animals: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, file = animals
    out = tmp_path / "report.html"
    words = [sys.executable, "-m", "compete", "score", bundle, file, file, "--report", out, "--workers", "2"]
    settings = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Pacific/Chatham", "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    subprocess.run(words, env=settings, capture_output=True, check=True, cwd=tmp_path)
    opened = open_bundle(bundle)
    both = [Sent(file, grade(opened, file)), Sent(file, grade(opened, file))]
    assert out.read_text(encoding="utf-8") == score_page(opened, both)


def test_a_result_shows_itself_in_a_notebook(animals: tuple[Path, Path]) -> None:
    result = grade(open_bundle(animals[0]), animals[1])
    shown = replace(result, scores=(*result.scores, replace(result.scores[0], value=None)))._repr_html_()
    assert shown.count("<circle") == len(result.scores)
    assert "undefined" in shown
    assert "<script" not in shown
