"""Every kind of prediction end to end: built, tried, validated, scored by halves and subgroups, at home and audited."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete import jobs
from compete.bundle import open_bundle
from compete.challenge import load_challenge
from compete.errors import CompeteError
from compete.scoring.grading import check_submission, grade
from compete.scoring.kinds import perfect_rows
from compete.scoring.trial import as_csv
from compete.scoring.truth import read_truth
from tests.conftest import Run

CHANCE, CHANCE_OF_CELLS = np.random.default_rng(4), np.random.default_rng(5)
N = 60
LABELS = [f"d{place}" for place in range(8)]
Columns = dict[str, list[str]]
Make = Callable[..., Path]


@dataclass(frozen=True)
class Case:
    """A challenge in a few words."""

    task: str
    columns: Columns
    metric: Any
    data: dict[str, Any] = field(default_factory=dict)
    submission: dict[str, Any] = field(default_factory=dict)
    score: dict[str, Any] = field(default_factory=dict)
    sent: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        """The label columns: those that nothing else names."""
        taken = {*self.data.get("beside", ()), self.data.get("gain")}
        return [name for name in self.columns if name not in taken]


def texts(values: Any) -> list[str]:
    """Values as cells."""
    return [str(value) for value in np.asarray(values).tolist()]


def cells(separator: str = " ", least: int = 1) -> list[str]:
    """A list of labels an item, in order."""
    return [separator.join(CHANCE.permutation(LABELS)[: CHANCE.integers(least, 4)]) for _ in range(N)]


LISTS = cells()
NUMBER = texts(CHANCE.normal(10, 3, N).round(2))
FLAG = texts(CHANCE.integers(0, 2, N))
SIZES = [len(cell.split()) for cell in LISTS]
FOLLOWED = {"time": texts(CHANCE.exponential(3, N).round(2)), "event": texts(CHANCE.random(N) < 0.7)}
FOLLOWED["event"] = [{"True": "1", "False": "0"}[cell] for cell in FOLLOWED["event"]]
SAID = [" ".join(CHANCE.choice(["ant", "bee,", '"cat"', "dog\ndog"], 3)) for _ in range(N)]
SPANS = [f"{one} {one + 3}; {one + 5} {one + 9}" if one % 4 else "" for one in CHANCE.integers(0, 30, N).tolist()]
SERIES = {"series": texts(np.arange(N) % 5), "scale": texts(1 + np.arange(N) % 5), "worth": texts(2 + np.arange(N) % 5)}
CASES = {
    "retrieval": Case("retrieval", {"docs": LISTS}, "map_at_k(k=5)", score={"also": ["list_fbeta", "mrr_at_k"]},
                      sent=("docs",)),
    "retrieval with gains": Case("retrieval", {
        "docs": LISTS, "gains": [" ".join(texts(CHANCE.integers(1, 4, size))) for size in SIZES]}, "ndcg_at_k",
        {"gain": "gains"}, sent=("docs",)),
    "retrieval of a list": Case("retrieval", {"docs": [cell.replace(" ", ";") for cell in LISTS]}, "recall_at_k(k=3)",
                                {"separator": ";", "classes": [*LABELS, "d9"]}, {"most_objects": 4}, sent=("docs",)),
    "retrieval in rows": Case("retrieval", {"docs": LISTS}, "map_at_k", {}, {"form": "rows"}, sent=("docs", "score")),
    "labels in rows": Case("multilabel", {"red": FLAG, "wet": FLAG[3:] + FLAG[:3], "old": FLAG[9:] + FLAG[:9]},
                           "f1_macro", {}, {"form": "rows"}, {"also": ["accuracy"]}, sent=("label",)),
    "spans in rows": Case("spans", {"where": SPANS}, "span_fbeta", {"empty": True}, {"form": "rows"},
                          {"also": ["span_jaccard"]}, sent=("start", "end")),
    "one answer": Case("retrieval", {"docs": cells(least=0)}, "answer_fbeta", {"empty": True}, sent=("docs",)),
    "sequence": Case("sequence", {"docs": [f"{cell} d1 d1" for cell in LISTS]}, "sequence_error_rate", sent=("docs",)),
    "ordering": Case("ordering", {"docs": [" ".join(CHANCE.permutation(LABELS)) for _ in range(N)]}, "ordering_tau",
                     sent=("docs",)),
    "ordering of an item's own labels": Case("ordering", {"docs": [
        " ".join(CHANCE_OF_CELLS.permutation([f"c{row}{cell}" for cell in range(3 + row % 4)])) for row in range(N)]},
        "ordering_tau", sent=("docs",)),
    "text": Case("text", {"said": SAID}, "wer", score={"also": ["chrf", "exact_match"]}, sent=("said",)),
    "text or nothing": Case("text", {"said": ["" if place % 5 == 0 else text for place, text in enumerate(SAID)]},
                            "word_jaccard", {"empty": True}, sent=("said",)),
    "spans": Case("spans", {"where": SPANS}, "span_fbeta", {"empty": True}, sent=("where",)),
    "interval": Case("regression", {"y": NUMBER}, "interval_score", sent=("lower", "upper")),
    "spread": Case("regression", {"y": NUMBER}, "laplace_log_likelihood(least=1)", sent=("y", "spread")),
    "ensemble": Case("regression", {"y": NUMBER}, "crps_ensemble", {}, {"columns": ["m1", "m2"]}, sent=("m1", "m2")),
    "cumulative": Case("regression", {"y": NUMBER}, "crps_cumulative", {}, {"at": [5, 10, 12.5]},
                       sent=("at_5", "at_10", "at_12.5")),
    "quantiles": Case("regression", {"y": NUMBER}, "quantile_loss", {}, {"at": [0.1, 0.5]}, sent=("at_0.1", "at_0.5")),
    "shares": Case("regression", {"a": texts(CHANCE.integers(0, 5, N)), "b": texts(CHANCE.integers(1, 5, N))},
                   "kl_divergence", sent=("a", "b")),
    "places": Case("regression", {"lat": NUMBER, "lon": NUMBER}, "haversine", sent=("lat", "lon")),
    "several targets": Case("regression", {"a": NUMBER, "b": NUMBER[::-1]}, "columnwise(metric=mae, weights=[2, 1])",
                            sent=("a", "b")),
    "risk": Case("survival", FOLLOWED, "concordance_index", sent=("risk",)),
    "late": Case("survival", FOLLOWED, "concordance_index(predicts=time)", sent=("late",)),
    "survival": Case("survival", FOLLOWED, "integrated_brier", {}, {"at": [1, 2, 5]}, sent=("at_1", "at_2", "at_5")),
    "columns of classes": Case("multioutput", {"x": texts(np.arange(N) % 2), "y": texts(np.arange(N) % 3)},
                               "columnwise(metric=recall_macro, weights=[2, 1])", sent=("x", "y")),
    "identities": Case("classification", {"toxic": FLAG, "m": FLAG[::-1], "f": FLAG[5:] + FLAG[:5]}, "bias_auc",
                       {"beside": ["m", "f"]}, sent=("1",)),
    "gap of a subgroup": Case("classification", {"toxic": FLAG}, "f1", score={
        "also": ["equalized_odds_gap(over=site)", "demographic_parity_gap(over=site)"]}, sent=("toxic",)),
    "threshold of a half": Case("classification", {"toxic": FLAG}, "fbeta_chosen", sent=("1",)),
    "types": Case("regression", {"y": NUMBER, "series": SERIES["series"]}, "by_type(metric=mae, transform=log)",
                  {"beside": ["series"]}, sent=("y",)),
    "scaled": Case("regression", {"y": NUMBER, "scale": SERIES["scale"]}, "mase", {"beside": ["scale"]}, sent=("y",)),
    "weighted series": Case("regression", {"y": NUMBER, **SERIES}, "rmsse(weight=worth)",
                            {"beside": ["series", "scale", "worth"]}, sent=("y",)),
    "texts by site": Case("text", {"said": SAID}, "by_type(metric=cer, over=site)", sent=("said",)),
    "lists by site": Case("retrieval", {"docs": LISTS}, "by_type(metric=map_at_k, over=site, by=worst)",
                          sent=("docs",)),
    "short names": Case("classification", {"toxic": FLAG}, {"name": "mix", "metric": "0.5*f1 + 0.5*accuracy"}, score={
        "also": ["f1", {"name": "half", "metric": "0.5*mix + 0.5*recall"}]}, sent=("toxic",)),
}  # fmt: skip


def write_case(root: Path, case: Case) -> Path:
    """The table and the challenge of a case; every second item is of site a."""
    root.mkdir(exist_ok=True)
    common = {
        "key": [f"k{place:03}" for place in range(N)], "shade": texts(np.arange(N) % 7),
        "site": ["ab"[place % 2] for place in range(N)],
    }  # fmt: skip
    table = {**common, **case.columns}
    with (root / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([list(table), *zip(*table.values(), strict=True)])
    content = {
        "name": "kinds", "title": "Kinds", "license": "CC0-1.0", "task": case.task,
        "data": {"path": "table.csv", "id": "key", "label": case.labels, "subgroups": ["site"], **case.data},
        "split": {"test": 0.6, "public": 0.5, "seed": "0f1e2d3c4b5a6978"},
        "score": {"metric": case.metric, "draws": 20, "smallest_subgroup": 5, **case.score},
        "submission": case.submission,
    }  # fmt: skip
    (root / "challenge.yaml").write_text(json.dumps(content))
    return root


@pytest.fixture(scope="module", params=CASES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path]:
    """Every case and its bundle."""
    root = write_case(tmp_path_factory.mktemp("kind") / "challenge", CASES[request.param])
    jobs.build(root, root.parent / "bundle", workers=1)
    return CASES[request.param], root.parent


def test_it_is_built_and_scored_from_end_to_end(built: tuple[Case, Path]) -> None:
    case, root = built
    bundle = open_bundle(root / "bundle")
    assert bundle.terms.columns == case.sent
    sample = bundle.public / "sample_submission.csv"
    assert check_submission(bundle, sample).rows >= bundle.terms.test
    result, truth = grade(bundle, sample), read_truth(bundle)
    ranking = {(one.part, one.group): one for one in result.scores if one.metric == result.metric}
    wanted = {(part, group) for part in ("public", "private") for group in ("", "site=a", "site=b")}
    assert set(ranking) == wanted
    for part in ("public", "private"):
        whole = ranking[part, ""]
        assert whole.value is not None
        assert whole.low is not None
    header = ["id", *bundle.terms.columns]
    perfect = grade(bundle, as_csv(header, perfect_rows(truth)))
    best, record = perfect.overall("private"), result.metrics[0]
    assert best is not None
    if record["low" if not record["greater_is_better"] else "high"] is not None:
        assert best.value == pytest.approx(record["low"] if not record["greater_is_better"] else record["high"])
    at_home = grade(open_bundle(root / "bundle" / "public"), as_csv(header, perfect_rows(read_truth(bundle, "train"))),
                    on="train")  # fmt: skip
    assert at_home.overall("train") is not None


def test_what_is_hidden_stands_in_no_public_file(built: tuple[Case, Path]) -> None:
    case, root = built
    public = root / "bundle" / "public"
    with (public / "test.csv").open(newline="") as file:
        assert next(csv.reader(file)) == ["id", "shade"]
    with (public / "train.csv").open(newline="") as file:
        taught = [*case.labels, *([case.data["gain"]] if "gain" in case.data else [])]
        assert next(csv.reader(file)) == ["id", "shade", *taught]
    with (public / "train_groups.csv").open(newline="") as file:
        assert next(csv.reader(file)) == ["id", *case.data.get("beside", ()), "site"]
    guide = (public / "README.md").read_text()
    assert all(f"`{name}`" in guide for name in case.sent)


def test_its_data_and_its_bundle_can_be_audited(built: tuple[Case, Path]) -> None:
    _, root = built
    for place in (root / "challenge", root / "bundle"):
        assert {finding.rule for finding in jobs.audit(place, workers=1).findings}.isdisjoint(
            {"leak/target-in-feature"}
        )


def test_one_command_line_reads_checks_and_explains(tmp_path: Path, run: Run) -> None:
    root = write_case(tmp_path / "challenge", CASES["retrieval"])
    assert run("check", root).code == 0
    assert run("build", root, "-o", tmp_path / "bundle").code == 0
    sample = tmp_path / "bundle" / "public" / "sample_submission.csv"
    assert run("validate", tmp_path / "bundle" / "public", sample).code == 0
    text = sample.read_text().replace(" d", " d1 d", 1)
    sample = tmp_path / "mine.csv"
    sample.write_text("\n".join([*text.splitlines()[:-1], text.splitlines()[-1].replace(" ", " d0 d0 ", 1)]))
    answer = run("score", tmp_path / "bundle", sample)
    assert answer.code == 3
    assert "submission/repeated-label" in answer.err
    for name in ("submission/repeated-label", "submission/span", "submission/curve-order", "score/unknown-column"):
        assert run("explain", name).code == 0


@pytest.mark.parametrize(
    ("name", "change", "rule", "words"),
    [
        ("retrieval", {"columns": {"docs": ["d1 d1", *LISTS[1:]]}}, "dataset/label-cell", "name a label twice"),
        ("retrieval", {"columns": {"docs": ["nan", *LISTS[1:]]}}, "dataset/missing-label", "left out"),
        ("retrieval", {"data": {"classes": LABELS[1:]}}, "challenge/class", "not in the list"),
        ("retrieval", {"data": {"catalogue": "no.csv"}}, "challenge/missing-file", "does not exist"),
        ("retrieval", {"submission": {"form": "row"}}, "challenge/unknown-value", "rows"),
        ("retrieval", {"metric": "wer"}, "score/unfit-metric", "lists truth"),
        ("retrieval", {"metric": "map_at_k(kk=3)"}, "score/unknown-metric", "no option kk"),
        ("retrieval with gains", {"columns": {"docs": LISTS, "gains": ["1"] * N}}, "dataset/label-cell", "of gains"),
        ("text", {"columns": {"said": ["a\x07b", *SAID[1:]]}}, "dataset/control-character", "U+0007"),
        ("spans", {"columns": {"where": ["5 1", *SPANS[1:]]}}, "dataset/label-cell", "no spans"),
        ("spans", {"data": {"seperator": ";"}}, "challenge/unknown-key", "separator"),
        ("risk", {"columns": {"time": ["-1", *NUMBER[1:]], "event": FLAG}}, "dataset/label-cell", "numbers from 0 on"),
        ("risk", {"columns": {"time": NUMBER, "event": ["2", *FLAG[1:]]}}, "dataset/label-cell", "neither 0 nor 1"),
        ("risk", {"columns": {"time": NUMBER}}, "challenge/task-mismatch", "two columns"),
        ("ensemble", {"submission": {}}, "challenge/columns", "submission.columns"),
        ("cumulative", {"submission": {}}, "challenge/columns", "submission.at"),
        ("cumulative", {"submission": {"at": [1, 1]}}, "challenge/out-of-range", "rise"),
        (
            "quantiles",
            {"submission": {"kind": "quantiles", "at": [5, 95]}},
            "challenge/out-of-range",
            "between 0 and 1",
        ),
        ("quantiles", {"submission": {"at": [0.5], "columns": ["a", "b"]}}, "challenge/contradiction", "2 prediction"),
        ("weighted series", {"metric": "rmsse(weight=wroth)"}, "score/unknown-column", "worth"),
        ("several targets", {"metric": "mase"}, "score/unknown-column", "data.beside"),
        ("weighted series", {"data": {"beside": ["y"], "label": "y"}}, "challenge/repeated-name", "the label"),
        ("weighted series", {"data": {"beside": ["serie"]}}, "dataset/missing-column", "series"),
        (
            "short names",
            {"metric": {"name": "f1", "metric": "accuracy"}, "score": {}},
            "challenge/repeated-name",
            "catal",
        ),
        ("short names", {"metric": {"name": "mix", "metrik": "f1"}}, "challenge/unknown-key", "metric"),
        ("short names", {"metric": {"name": "own", "metric": "metric.py:score"}}, "challenge/contradiction", "own"),
        (
            "short names",
            {"score": {"also": [{"name": "mix", "metric": "f1"}]}},
            "challenge/repeated-name",
            "two metrics",
        ),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, name: str, change: dict[str, Any], rule: str, words: str) -> None:
    case = CASES[name]
    root = write_case(tmp_path / "challenge", Case(**{**vars(case), **change}))
    try:
        findings = jobs.build(root, tmp_path / "bundle", workers=1).findings
    except CompeteError as error:
        findings = error.findings
    told = [f"{one.message} {one.hint}" for one in findings if one.rule == rule]
    assert any(words in one for one in told), findings


def test_a_catalogue_says_what_lists_may_name(tmp_path: Path) -> None:
    case = CASES["retrieval"]
    root = write_case(tmp_path / "challenge", Case(**{**vars(case), "data": {"catalogue": "docs.csv"}}))
    (root / "docs.csv").write_text("\n".join(["doc,title", *(f"{label},x" for label in [*LABELS, "d99"])]))
    jobs.build(root, tmp_path / "bundle", workers=1)
    assert open_bundle(tmp_path / "bundle").terms.classes == (*LABELS, "d99")


def test_its_own_metric_gets_cells_as_they_are_sent(tmp_path: Path) -> None:
    root = write_case(tmp_path / "challenge", Case(**{
        **vars(CASES["retrieval"]), "metric": "metric.py:score", "score": {"greater_is_better": True}}))  # fmt: skip
    (root / "metric.py").write_text(
        "def score(solution, submission, row_id_column_name):\n"
        "    return float((solution['docs'] == submission['docs']).mean())\n"
    )
    jobs.build(root, tmp_path / "bundle", workers=1)
    bundle = open_bundle(tmp_path / "bundle")
    perfect = grade(bundle, as_csv(["id", "docs"], perfect_rows(read_truth(bundle)))).overall("private")
    assert perfect is not None
    assert perfect.value == 1


def test_a_sample_of_lists_knows_no_hidden_label(tmp_path: Path) -> None:
    root = write_case(tmp_path / "challenge", CASES["retrieval"])
    jobs.build(root, tmp_path / "bundle", workers=1)
    with (tmp_path / "bundle/public/sample_submission.csv").open(newline="") as file:
        assert len({row["docs"] for row in csv.DictReader(file)}) == 1
    assert load_challenge(root).submission.kind is None
