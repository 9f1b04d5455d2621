"""The leaderboard report: all that is known is shown, hostile names do nothing, a public page tells no secret."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete import jobs
from compete.leaderboard.records import Leaderboard, Sensitivity
from compete.reports.leaderboard import leaderboard_page
from compete.terms import Terms
from tests.reports.browser import looked_at
from tests.scoring.bundles import table, write_small_bundle

N = 200
RANDOM = np.random.default_rng(6)
IDS = [f"item{number:03}" for number in range(N)]
CLASSES = ("cat", "dog", "owl")
TRUE = RANDOM.choice(CLASSES, N)
USAGE = RANDOM.choice(["Public", "Private"], N, p=[0.4, 0.6])
SITE = RANDOM.choice(["north", "south"], N)
TERMS = Terms(
    "animals", "Animals", "1", "classification", ("label",), "label", ("label",), "accuracy", classes=CLASSES,
    also=("f1_macro",), subgroups=("site",), draws=50,
)  # fmt: skip
TEAMS = ("alpha", "<script>alert(1)</script>", '=HYPERLINK("http://example.org")', "\u202eomega", "beta & co")


def bundle_of(root: Path, true: Any = TRUE) -> Path:
    return write_small_bundle(root, TERMS, {"id": IDS, "label": true, "Usage": USAGE, "site": SITE})


def submissions(root: Path) -> Path:
    """Two submissions a team, the later teams worse, one that is refused; the table that names them."""
    rows = []
    for place, team in enumerate(TEAMS):
        for number in range(2):
            wrong = RANDOM.random(N) < 0.05 + 0.12 * place
            file = root / f"{place}-{number}.csv"
            file.write_bytes(table({"id": IDS, "label": np.where(wrong, RANDOM.choice(CLASSES, N), TRUE)}))
            rows.append({"file": file.name, "team": team, "time": f"2026-01-0{number + 1}T00:00:00Z"})
    (root / "bad.csv").write_text("id,label\nnobody,cat\n", encoding="utf-8")
    rows.append({"file": "bad.csv", "team": "late & gone", "time": "2026-01-03T00:00:00Z"})
    listed = root / "submissions.csv"
    with listed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["file", "team", "time"])
        writer.writeheader()
        writer.writerows(rows)
    return listed


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Leaderboard]:
    """The bundle, the table of submissions, and the organizer's leaderboard."""
    root = tmp_path_factory.mktemp("board")
    bundle, listed = bundle_of(root / "bundle"), submissions(root)
    return bundle, listed, jobs.rank_teams(bundle, source=listed, workers=1, draws=200)


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (1400, "dark")])
def test_the_page_is_readable_and_inert(browser: Any, ranked: Any, tmp_path: Path, width: int, scheme: Any) -> None:
    out = tmp_path / "board.html"
    jobs.report_leaderboard(ranked[2], out)
    assert not looked_at(browser, out, width, scheme).fault()


def test_everything_the_leaderboard_holds_is_shown(ranked: Any) -> None:
    board = ranked[2]
    page = leaderboard_page(board)
    assert page == leaderboard_page(board)
    places = re.findall(r'<section id="(\w+)"', page)
    assert places == [
        "leaderboard", "ranks", "significance", "sensitivity", "power", "shakeup", "overfitting", "submissions",
        "findings", "provenance",
    ]  # fmt: skip
    for row in board.rows:
        for score in (row.private, row.public, row.low, row.high):
            assert f"{score:.4f}" in page
    for one in board.stability.sensitivities:
        assert one.name in page
    assert f"{board.agreement.value:.2f}" in page
    assert "submission/unknown-id" in page
    assert f"{board.power.least:.3g}" in page


def test_hostile_teams_are_shown_and_do_nothing(ranked: Any) -> None:
    page = leaderboard_page(ranked[2])
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page
    assert "\\u202eomega" in page
    # in the table that people copy into a spreadsheet, a formula does not begin its cell
    assert not re.search(r"<t[hd][^>]*>=HYPERLINK", page)


def test_significance_is_told_from_both_sides(ranked: Any) -> None:
    board = ranked[2]
    page = leaderboard_page(board)
    found = [
        (one, other)
        for one in range(len(TEAMS))
        for other in range(len(TEAMS))
        if one != other and board.stability.p_values[one][other] < board.stability.level
    ]
    assert found
    assert page.count(">▲<") == page.count(">▽<") == len(found) / 2
    assert page.count(">≈<") == len(TEAMS) * (len(TEAMS) - 1) - len(found)


def test_a_public_page_is_the_same_whatever_is_private(ranked: Any, tmp_path: Path) -> None:
    other = np.where(USAGE == "Private", np.roll(TRUE, 3), TRUE)
    bundles = (ranked[0], bundle_of(tmp_path / "other", other))
    pages = [
        leaderboard_page(jobs.rank_teams(bundle, source=ranked[1], workers=1, public=True, draws=50))
        for bundle in bundles
    ]
    assert pages[0] == pages[1]
    assert "for participants" in pages[0]
    shown = re.sub(r"<style>.*?</style>", "", pages[0], flags=re.DOTALL)
    assert "private" not in shown.lower()
    whole = leaderboard_page(ranked[2])
    assert whole != leaderboard_page(jobs.rank_teams(bundles[1], source=ranked[1], workers=1, draws=200))


def test_a_board_of_one_team_or_of_none_has_a_page(ranked: Any) -> None:
    board = ranked[2]
    alone = replace(
        board, rows=board.rows[:1], classes=(), stability=None, power=None, overfitting=None, entries=(), refused=()
    )
    assert re.findall(r'<section id="(\w+)"', leaderboard_page(alone)) == ["leaderboard", "findings", "provenance"]
    assert "No team was ranked" in leaderboard_page(replace(alone, rows=()))


def test_many_teams_fit_in_the_charts(ranked: Any) -> None:
    board = ranked[2]
    names = [f"team{place:03}" for place in range(120)]
    rows = tuple(
        replace(board.rows[0], team=name, place=place, public_place=120 - place, rank_low=1, rank_high=120)
        for place, name in enumerate(names, 1)
    )
    each = Sensitivity("mean", "aggregation", tuple([0.5] * 120), tuple(range(1, 121)), 1.0, True)
    stability = replace(
        board.stability, teams=tuple(names), distribution=tuple(tuple([1] * 120) for _ in names),
        p_values=tuple(tuple([0.5] * 120) for _ in names), sensitivities=(each,),
    )  # fmt: skip
    page = leaderboard_page(replace(board, rows=rows, stability=stability, overfitting=None))
    assert "the first 40 of 120 teams" in page
    assert "the first 50 teams" in page
    assert "the first 30 teams" in page
    assert page.count("team119") == 1  # the table has all of them
    assert len(page) < 3_000_000


def test_the_command_ranks_and_writes_the_page(run: Any, ranked: Any, tmp_path: Path) -> None:
    out = tmp_path / "board.html"
    done = run("rank", ranked[0], "--from", ranked[1], "--report", out, "--draws", "50", "--workers", "1", "--json")
    assert done.code == 0
    assert json.loads(done.out)["rows"]
    page = out.read_text(encoding="utf-8")
    assert "shakeup" in page
    again = run("rank", ranked[0], "--from", ranked[1], "--report", out, "--public")
    assert again.code == 2
    assert "output/exists" in again.err
    assert out.read_text(encoding="utf-8") == page
