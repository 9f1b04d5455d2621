"""The whole command: who is where, what does not count, and what the files say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from compete import jobs
from compete.catalogs import list_things
from compete.errors import BundleError, SubmissionError, UsageError
from compete.leaderboard.records import Leaderboard
from tests.conftest import Run
from tests.leaderboard.boards import CHALLENGE, build_challenge, guesses, parts_of, send, send_all, true_labels

SKILLS = {"ada.csv": 0.97, "bob/s1.csv": 0.65, "bob/s2.csv": 0.72, "eve.csv": 0.45, "zoe.csv": 0.45}


@pytest.fixture
def sent(insects: Path, tmp_path: Path) -> Path:
    """Submissions of four teams."""
    return send_all(insects, tmp_path / "sent", SKILLS)


def rank(bundle: Path, folder: Path, **wishes: object) -> Leaderboard:
    return jobs.rank_teams(bundle, source=folder, workers=1, **{"draws": 300, **wishes})


def test_teams_stand_by_their_private_score_as_score_gives_it(insects: Path, sent: Path) -> None:
    made = rank(insects, sent)
    assert [row.team for row in made.rows] == ["ada", "bob", "eve", "zoe"]
    for row in made.rows:
        result = jobs.score(insects, sent / row.file)
        assert row.private == row.score == result.overall("private").value
        assert row.public == result.overall("public").value
    assert [row.place for row in made.rows] == [1, 2, 3, 4]
    assert made.rows[0].rank_low == made.rows[0].rank_high == 1
    assert made.rows[0].first == pytest.approx(1.0, abs=0.02)
    assert sum(row.first for row in made.rows) == pytest.approx(1.0)


def test_what_cannot_be_told_apart_shares_a_rank(insects: Path, sent: Path) -> None:
    made = rank(insects, sent)
    assert ("eve", "zoe") in made.classes
    eve, zoe = made.rows[2:]
    assert (eve.rank, zoe.rank, eve.place, zoe.place) == (3, 3, 3, 4)
    assert made.stability.p_values[2][3] > 0.05
    assert made.stability.p_values[0][3] < 0.001


def test_the_worst_subgroup_and_the_gap_are_those_of_the_scores(insects: Path, sent: Path) -> None:
    row = rank(insects, sent).rows[1]
    scores = jobs.score(insects, sent / row.file).scores
    groups = {
        one.group: one.value for one in scores if one.group and one.part == "private" and one.metric == "accuracy"
    }
    assert (row.worst_group, row.worst) == min(groups.items(), key=lambda pair: pair[1])
    assert row.gap == max(groups.values()) - min(groups.values())


def test_other_metrics_and_aggregations_are_told(insects: Path, sent: Path) -> None:
    stability = rank(insects, sent).stability
    assert [one.name for one in stability.sensitivities] == ["f1_macro", "mean of items", "teams beaten for sure"]
    assert stability.sensitivities[1].tau == 1.0
    assert (stability.draws, stability.units, stability.per_item) == (300, "items", "items")


def test_json_is_as_its_schema_says_and_the_terminal_shows_pictures(run: Run, insects: Path, sent: Path) -> None:
    (sent / "bad.csv").write_text("id,label\nnobody,bee\n")
    answer = run("rank", insects, "--from", sent, "--draws", "200", "--workers", "1", "--json")
    assert answer.code == 0
    document = json.loads(answer.out)
    jsonschema.Draft202012Validator(list_things("leaderboard-schema")).validate(document)
    assert [one["team"] for one in document["refused"]] == ["bad"]
    assert document["refused"][0]["finding"]["rule"] == "submission/unknown-id"
    shown = run("rank", insects, "--from", sent, "--draws", "200", "--workers", "1")
    assert "█" in shown.out
    assert "rank/absent" in shown.out
    assert "submission/unknown-id" in shown.out
    assert shown.err.strip().splitlines()[-1].strip().startswith("compete rank")


def test_the_schema_refuses_what_is_no_leaderboard() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"format": 1, "rows": []}, list_things("leaderboard-schema"))


def test_nothing_depends_on_cores_or_on_the_order_of_files(insects: Path, sent: Path) -> None:
    one = jobs.rank_teams(insects, sorted(sent.glob("*.csv")), workers=1, draws=100).as_dict()
    two = jobs.rank_teams(insects, sorted(sent.glob("*.csv"), reverse=True), workers=2, draws=100).as_dict()
    assert one == two


def test_a_cache_gives_the_same_and_survives_damage(
    insects: Path, sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = rank(insects, sent, cache=cache).as_dict()
    kept = sorted(path for path in cache.rglob("*.json"))
    assert len(kept) == 5
    kept[0].write_text("{")
    kept[1].write_text('{"sha256": "x"}')
    assert rank(insects, sent, cache=cache).as_dict() == first
    graded = []
    monkeypatch.setattr("compete.leaderboard.grading._one", lambda *_: graded.append(1))
    assert rank(insects, sent, cache=cache).as_dict() == first
    assert not graded
    assert not [path for path in sent.rglob("*") if path.name.startswith(".")]


def test_a_changed_file_is_not_taken_from_the_cache(insects: Path, sent: Path, tmp_path: Path) -> None:
    rank(insects, sent, cache=tmp_path / "cache")
    ids, labels = true_labels(insects)
    send(sent / "zoe.csv", ids, labels)
    assert rank(insects, sent, cache=tmp_path / "cache").rows[0].team == "zoe"


def test_csv_holds_every_team_and_no_formula(run: Run, insects: Path, sent: Path, tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "<script>alert(1)</script>"]
    rows = [f'ada.csv,"{name}"' for name in names]
    (sent / "submissions.csv").write_text("file,team\n" + "\n".join(rows) + "\n")
    table = tmp_path / "board.csv"
    assert run("rank", insects, "--from", sent, "--draws", "0", "--workers", "1", "--csv", table).code == 0
    with table.open(encoding="utf-8") as file:
        cells = [row["team"] for row in csv.DictReader(file)]
    assert sorted(cells) == sorted([*(f"'{name.strip()}" for name in names[:5]), names[5]])
    assert run("rank", insects, "--from", sent, "--draws", "0", "--workers", "1", "--csv", table).code == 2
    assert run("rank", insects, "--from", sent, "--draws", "0", "--workers", "1", "--csv", table, "--force").code == 0


def test_a_notebook_shows_hostile_names_as_text(insects: Path, sent: Path) -> None:
    (sent / "submissions.csv").write_text("file,team\nada.csv,<script>alert(1)</script>\nzoe.csv,Zoe\n")
    for public in (False, True):
        html = rank(insects, sent, public=public)._repr_html_()
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "Zoe" in html


def dated(folder: Path, rows: list[str]) -> Path:
    table = folder / "submissions.csv"
    table.write_text("file,team,time,selected\n" + "\n".join(rows) + "\n")
    return table


def test_late_ones_and_those_over_a_limit_do_not_count(insects: Path, sent: Path) -> None:
    table = dated(
        sent,
        [
            "eve.csv,eve,2025-03-01T08:00Z,",
            "bob/s1.csv,eve,2025-03-01T09:00Z,",
            "bob/s2.csv,eve,2025-03-02T08:00Z,",
            "ada.csv,eve,2025-03-03T00:00:01Z,",
            "zoe.csv,zoe,2025-03-09T08:00Z,",
        ],
    )
    made = rank(insects, table, deadline="2025-03-03")
    assert [(row.team, row.file, row.late) for row in made.rows] == [("eve", "bob/s2.csv", 1)]
    assert {finding.rule for finding in made.findings} >= {"rank/left-out", "rank/absent"}
    assert rank(insects, table, per_day=1).rows[0].file == "ada.csv"
    limited = rank(insects, table, per_day=1, deadline="2025-03-02T09:00Z")
    assert [one.file for one in limited.entries if one.over_limit] == ["bob/s1.csv"]
    assert rank(insects, table, in_all=2, counting="best").rows[0].file == "bob/s1.csv"


def test_a_deadline_needs_times(insects: Path, sent: Path) -> None:
    with pytest.raises(UsageError, match="nothing was ranked") as refused:
        rank(insects, sent, deadline="2025-03-03")
    assert refused.value.findings[0].rule == "rank/no-time"


def test_best_last_and_selected_are_three_ways(insects: Path, sent: Path) -> None:
    table = dated(
        sent,
        [
            "bob/s1.csv,bob,2025-03-01,",
            "ada.csv,bob,2025-03-02,",
            "eve.csv,bob,2025-03-03,yes",
            "zoe.csv,bob,2025-03-04,",
        ],
    )
    assert rank(insects, table, counting="best").rows[0].file == "ada.csv"
    assert rank(insects, table, counting="last").rows[0].file == "zoe.csv"
    made = rank(insects, table)
    assert (made.counting, made.rows[0].file) == ("selected", "eve.csv")
    assert {pick.way: pick.file for pick in made.rows[0].picks} == {
        "best": "ada.csv",
        "last": "zoe.csv",
        "selected": "eve.csv",
    }
    assert [one.file for one in made.entries if one.counts] == ["eve.csv"]


def test_of_several_selected_the_best_in_private_counts(insects: Path, sent: Path) -> None:
    rows = [f"{name},bob,,yes" for name in ("bob/s1.csv", "bob/s2.csv", "zoe.csv")]
    made = rank(insects, dated(sent, rows))
    private = {one.file: one.private for one in made.entries}
    assert made.rows[0].private == max(private.values())
    assert "rank/many-selected" in {finding.rule for finding in made.findings}


def test_the_same_predictions_are_known_in_any_order_and_across_teams(insects: Path, sent: Path) -> None:
    ids, labels = true_labels(insects)
    again = guesses(labels, SKILLS["ada.csv"], 0)
    order = np.random.default_rng(0).permutation(len(ids))
    send(sent / "sly" / "copy.csv", [ids[row] for row in order], [again[row] for row in order])
    send(sent / "sly" / "copy2.csv", ids, again)
    made = rank(insects, sent)
    same = {one.file: one.same_as for one in made.entries if one.same_as}
    assert same == {"sly/copy.csv": "ada.csv", "sly/copy2.csv": "ada.csv"}
    told = {finding.rule: finding.items for finding in made.findings}
    assert told["rank/copied"][0] == "sly/copy.csv (sly) = ada.csv (ada)"
    assert made.classes[0] == ("ada", "sly")
    assert made.stability.p_values[0][1] == 1.0


def test_one_file_of_two_teams_is_a_copy(insects: Path, sent: Path) -> None:
    made = rank(insects, dated(sent, ["ada.csv,ada,,", "ada.csv,eve,,", "zoe.csv,zoe,,", "zoe.csv,zoe,,"]))
    assert [(one.team, one.same_team) for one in made.entries] == [
        ("ada", ""),
        ("eve", "ada"),
        ("zoe", ""),
        ("zoe", ""),
    ]


def test_who_asks_for_single_labels_is_suspected_and_who_tunes_is_not(insects: Path, tmp_path: Path) -> None:
    ids, labels = true_labels(insects)
    base = guesses(labels, 0.6, 9)
    for number in range(4):
        asked = list(base)
        asked[number] = "wasp" if asked[number] != "wasp" else "bee"
        send(tmp_path / "sly" / f"s{number}.csv", ids, asked)
        send(tmp_path / "flat" / f"s{number}.csv", ids, ["bee"] * (len(ids) - number) + ["fly"] * number)
        send(tmp_path / "honest" / f"s{number}.csv", ids, guesses(labels, 0.6, 20 + number))
    found = {one.team: one for one in rank(insects, tmp_path).overfitting.probing}
    assert (found["sly"].near_copies, found["sly"].suspected) == (3, True)
    assert (found["flat"].constant, found["flat"].suspected) == (4, True)
    assert (found["honest"].near_copies, found["honest"].constant, found["honest"].suspected) == (0, 0, False)


def test_who_learns_the_public_labels_is_told_from_who_is_lucky(insects: Path, tmp_path: Path) -> None:
    ids, labels = true_labels(insects)
    public = parts_of(insects) == 0
    for number in range(3):
        guess = guesses(labels, 0.6, number)
        send(tmp_path / "lucky" / f"s{number}.csv", ids, guess)
        learnt = [label if known else one for label, known, one in zip(labels, public, guess, strict=True)]
        send(tmp_path / "learner" / f"s{number}.csv", ids, learnt)
    made = rank(insects, tmp_path)
    beyond = {one.team: one.beyond for one in made.overfitting.teams}
    assert beyond == {"lucky": False, "learner": True}
    gaps = {one.team: one.gap for one in made.overfitting.teams}
    assert gaps["learner"].low > 0.2
    assert gaps["lucky"].low < 0 < gaps["lucky"].high
    assert "rank/overfitted" in {finding.rule for finding in made.findings}
    assert made.rows[0].shake_up is not None


def test_a_batch_of_refused_submissions_is_refused_and_an_unreadable_one_is_not_the_end(
    run: Run, insects: Path, sent: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad" / "x.csv"
    bad.parent.mkdir()
    bad.write_text("nothing")
    with pytest.raises(SubmissionError):
        jobs.rank_teams(insects, [bad], workers=1)
    assert run("rank", insects, bad, "--workers", "1").code == 3
    made = jobs.rank_teams(insects, [sent / "ada.csv", sent / "gone.csv"], workers=1, draws=0)
    assert [one.team for one in made.refused] == ["gone"]
    assert [row.team for row in made.rows] == ["ada"]


def test_limits_cost_one_submission_and_not_the_batch(insects: Path, sent: Path) -> None:
    from compete.jobs import limits_of

    made = rank(insects, sent, limits=limits_of(0, 30.0), draws=0)
    assert len(made.rows) == 4
    plain = rank(insects, sent, draws=0)
    assert made.as_dict() == plain.as_dict()


def test_without_draws_places_are_told_and_nothing_of_firmness(insects: Path, sent: Path) -> None:
    made = rank(insects, sent, draws=0)
    assert (made.stability, made.power, made.classes) == (None, None, ())
    assert [row.rank for row in made.rows] == [1, 2, 3, 4]
    assert made.rows[0].rank_low is None


def test_one_team_alone_is_ranked(insects: Path, sent: Path) -> None:
    made = jobs.rank_teams(insects, [sent / "ada.csv"], workers=1, draws=100)
    assert (made.rows[0].rank, made.rows[0].first, made.power) == (1, 1.0, None)
    assert made.agreement.value is None


def test_a_public_half_cannot_rank(insects: Path, sent: Path) -> None:
    with pytest.raises(BundleError):
        rank(insects / "public", sent)


def test_groups_are_drawn_whole_and_few_of_them_are_told(tmp_path: Path) -> None:
    text = CHALLENGE.replace("  subgroups:", "  group: animal\n  subgroups:")
    bundle = build_challenge(tmp_path, text, rows=40)
    made = rank(bundle, send_all(bundle, tmp_path / "sent", {"ada.csv": 0.9, "zoe.csv": 0.4}))
    assert made.stability.units == "groups"
    assert made.stability.n < 10
    assert "rank/few-groups" in {finding.rule for finding in made.findings}
    assert made.stability.per_item == "groups"


def test_a_metric_of_ones_own_ranks_and_is_not_drawn(tmp_path: Path) -> None:
    from tests.leaderboard.boards import write_challenge

    text = CHALLENGE.replace("metric: accuracy", "metric: metric.py:score, greater_is_better: true")
    folder = write_challenge(tmp_path / "challenge", text, rows=120)
    (folder / "metric.py").write_text(
        "def score(solution, submission, row_id_column_name):\n"
        "    return float((solution['label'] == submission['label']).mean())\n"
    )
    jobs.build(folder, tmp_path / "bundle", workers=1)
    made = rank(tmp_path / "bundle", send_all(tmp_path / "bundle", tmp_path / "sent", {"a.csv": 0.9, "b.csv": 0.5}))
    assert [row.team for row in made.rows] == ["a", "b"]
    assert "rank/not-drawn" in {finding.rule for finding in made.findings}


def test_a_combination_can_rank(tmp_path: Path) -> None:
    text = CHALLENGE.replace(
        "{metric: accuracy, also: [f1_macro], draws: 0}",
        "{metric: worst_site, draws: 0, combine: [{name: worst_site, metric: accuracy, over: site, by: minimum}]}",
    )
    bundle = build_challenge(tmp_path, text, rows=200)
    made = rank(bundle, send_all(bundle, tmp_path / "sent", {"ada.csv": 0.9, "zoe.csv": 0.4}))
    assert [row.team for row in made.rows] == ["ada", "zoe"]
    assert made.rows[0].low < made.rows[0].score < made.rows[0].high


def test_a_ranking_metric_without_values_of_single_items_is_drawn_all_the_same(tmp_path: Path) -> None:
    text = CHALLENGE.replace("label: label\n  subgroups: [site]", "label: site\n  positive: north")
    text = text.replace("metric: accuracy, also: [f1_macro]", "metric: roc_auc, also: [brier]")
    bundle = build_challenge(tmp_path, text, rows=200)
    sample = (bundle / "public" / "sample_submission.csv").read_text().splitlines()[0].split(",")
    ids, labels = true_labels(bundle, "site")
    random = np.random.default_rng(0)
    for name, pull in (("ada", 0.5), ("zoe", 0.0)):
        chance = [
            str(round(float(np.clip(random.random() * (1 - pull) + pull * (label == "north"), 0, 1)), 6))
            for label in labels
        ]
        send(tmp_path / "sent" / f"{name}.csv", ids, chance, sample[1])
    made = rank(bundle, tmp_path / "sent")
    assert [row.team for row in made.rows] == ["ada", "zoe"]
    assert made.stability.per_item == ""
    brier = made.stability.sensitivities[0]
    assert (brier.name, brier.greater_is_better, brier.places) == ("brier", False, (1, 2))


def test_without_public_items_the_private_ones_rank_and_participants_see_nothing(tmp_path: Path, sent: Path) -> None:
    bundle = build_challenge(tmp_path / "all", CHALLENGE.replace("public: 0.4", "public: 0"), rows=200)
    folder = send_all(bundle, tmp_path / "all-sent", {"ada.csv": 0.9, "zoe.csv": 0.4})
    made = rank(bundle, folder, ladder="free")
    assert [row.team for row in made.rows] == ["ada", "zoe"]
    assert (made.overfitting, made.agreement.value, made.rows[0].public) == (None, None, None)
    with pytest.raises(UsageError) as refused:
        rank(bundle, folder, public=True)
    assert refused.value.findings[0].rule == "rank/nothing"


def test_of_many_teams_the_terminal_and_the_notebook_show_the_first(run: Run, insects: Path, tmp_path: Path) -> None:
    skills = {f"team{number:02d}.csv": 0.3 + number / 100 for number in range(55)}
    send_all(insects, tmp_path, skills)
    answer = run("rank", insects, "--from", tmp_path, "--draws", "50", "--workers", "1")
    assert "and 5 more teams" in answer.out
    (tmp_path / "bad").mkdir()
    for number in range(12):
        (tmp_path / "bad" / f"s{number}.csv").write_text("id\n")
    answer = run("rank", insects, "--from", tmp_path, "--draws", "0", "--workers", "1")
    assert "and 2 more: see --json" in answer.out
    answer = run("rank", insects, "--from", tmp_path, "--public", "--workers", "1")
    assert "scores are rounded to" in answer.out
