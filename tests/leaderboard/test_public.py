"""What participants may see: rounded public scores, and not a bit of the private half."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from compete import jobs
from compete.leaderboard.records import Leaderboard
from tests.conftest import Run
from tests.leaderboard.boards import CHALLENGE, LABELS, guesses, parts_of, send, send_all, true_labels, write_challenge

GIVEN = CHALLENGE.replace(
    "split: {test: 0.6, public: 0.4, seed: 8d1f0c6b7a2e4983}", "split: {column: part, seed: 8d1f0c6b7a2e4983}"
)


def with_parts(folder: Path, private_shift: int) -> Path:
    """A bundle whose parts are given, and whose private labels are moved on by so many classes."""
    challenge = write_challenge(folder / "challenge", GIVEN, rows=300)
    lines = (challenge / "insects.csv").read_text().splitlines()
    out = [lines[0] + ",part"]
    for number, line in enumerate(lines[1:]):
        part = ("train", "public", "private")[number % 3]
        cells = line.split(",")
        if part == "private":
            cells[2] = LABELS[(LABELS.index(cells[2]) + private_shift) % 3]
        out.append(",".join([*cells, part]))
    (challenge / "insects.csv").write_text("\n".join(out) + "\n")
    jobs.build(challenge, folder / "bundle", workers=1)
    return folder / "bundle"


def numbers_of(content: object) -> set[float]:
    """Every number in a document."""
    if isinstance(content, dict):
        return set().union(*(numbers_of(one) for one in content.values()))
    if isinstance(content, list | tuple):
        return set().union(*(numbers_of(one) for one in content))
    return {float(content)} if isinstance(content, float) else set()


def test_private_labels_change_no_byte_of_what_participants_see(run: Run, tmp_path: Path) -> None:
    one, other = (with_parts(tmp_path / name, shift) for name, shift in (("one", 0), ("other", 1)))
    ids, labels = true_labels(one)
    assert ids == true_labels(other)[0]
    assert labels != true_labels(other)[1]
    for number in range(4):
        send(
            tmp_path / "sent" / f"team{number % 2}" / f"s{number}.csv", ids, guesses(labels, 0.4 + number / 10, number)
        )
    table = tmp_path / "sent" / "submissions.csv"
    rows = [f"team{number % 2}/s{number}.csv,team{number % 2},,yes" for number in range(4)]
    table.write_text("file,team,time,selected\n" + "\n".join(rows) + "\n")
    for words in ([], ["--ladder", "free"], ["--count", "last"], ["--round", "0.2", "--ladder", "0.01"]):
        told = []
        for bundle in (one, other):
            target = tmp_path / "board.csv"
            answer = run(
                "rank",
                bundle,
                "--from",
                table,
                "--public",
                "--json",
                "--workers",
                "1",
                "--csv",
                target,
                "--force",
                *words,
            )
            told.append((answer.code, answer.out, target.read_bytes()))
        assert told[0] == told[1]
        assert told[0][0] == 0


def public_board(bundle: Path, folder: Path, **wishes: object) -> Leaderboard:
    return jobs.rank_teams(bundle, source=folder, workers=1, public=True, **wishes)


def test_participants_see_rounded_public_scores_and_nothing_else(insects: Path, tmp_path: Path) -> None:
    send_all(insects, tmp_path, {"ada.csv": 0.9, "bob/s1.csv": 0.6, "bob/s2.csv": 0.62, "zoe.csv": 0.6})
    (tmp_path / "broken.csv").write_text("id,label\nmy-secret,bee\n")
    made, full = public_board(insects, tmp_path), jobs.rank_teams(insects, source=tmp_path, workers=1, draws=0)
    assert "my-secret" not in json.dumps(made.as_dict())
    n = int((parts_of(insects) == 0).sum())
    assert made.release.step == pytest.approx(1 / n**0.5)
    assert (made.part, made.stability, made.power, made.overfitting, made.entries) == ("public", None, None, None, ())
    assert set(made.items) == {"public"}
    shown = {row.team: row.score for row in made.rows}
    for row in full.rows:
        assert abs(shown[row.team] - row.public) <= made.release.step / 2 + 1e-9
    for score in shown.values():
        assert score / made.release.step == pytest.approx(round(score / made.release.step))
    told = numbers_of(json.loads(json.dumps(made.as_dict())))
    exact = {value for row in full.rows for value in (row.public, row.private)}
    assert not {value for value in told & exact if value not in (0.0, 1.0)}
    assert all(row.private is None and not row.file and not row.picks for row in made.rows)


def test_teams_that_were_shown_the_same_share_a_place_and_stand_by_name(insects: Path, tmp_path: Path) -> None:
    ids, labels = true_labels(insects)
    guess = np.array(guesses(labels, 0.7, 0))
    send(tmp_path / "zoe.csv", ids, guess.tolist())
    public = np.flatnonzero(parts_of(insects) == 0)
    wrong = public[guess[public] != np.array(labels)[public]]
    guess[wrong[0]] = labels[wrong[0]]
    send(tmp_path / "ada.csv", ids, guess.tolist())
    made = public_board(insects, tmp_path, step=0.2)
    assert [(row.team, row.rank) for row in made.rows] == [("ada", 1), ("zoe", 1)]
    assert made.rows[0].score == made.rows[1].score


def test_subgroups_below_the_limit_are_not_shown_and_larger_ones_are_rounded(insects: Path, tmp_path: Path) -> None:
    send_all(insects, tmp_path, {"ada.csv": 0.8})
    row = public_board(insects, tmp_path).rows[0]
    assert row.worst_group in {"site=north", "site=south"}
    steps = row.worst * 40**0.5
    assert row.worst == pytest.approx(round(row.worst, 12))
    assert steps > 0
    small = insects.parent / "small"
    if not small.exists():
        challenge = write_challenge(
            small / "challenge", CHALLENGE.replace("draws: 0", "draws: 0, smallest_subgroup: 90")
        )
        jobs.build(challenge, small / "bundle", workers=1)
    send_all(small / "bundle", tmp_path / "again", {"ada.csv": 0.8})
    row = public_board(small / "bundle", tmp_path / "again").rows[0]
    assert (row.worst_group, row.worst, row.gap) == ("", None, None)


def test_on_the_ladder_a_team_keeps_what_it_was_shown(insects: Path, tmp_path: Path) -> None:
    ids, labels = true_labels(insects)
    base = guesses(labels, 0.6, 1)
    public = np.flatnonzero(parts_of(insects) == 0)
    wrong = [row for row in public if base[row] != labels[row]]
    better = list(base)
    better[wrong[0]] = labels[wrong[0]]
    send(tmp_path / "ada" / "s1.csv", ids, base)
    send(tmp_path / "ada" / "s2.csv", ids, better)
    send(tmp_path / "ada" / "s3.csv", ids, labels)
    full = jobs.rank_teams(insects, source=tmp_path, workers=1, draws=0, ladder="free")
    released = [one.released for one in full.entries]
    assert released[0] == released[1] < released[2]  # one label better is no real improvement
    assert full.entries[1].public > full.entries[0].public
    made = public_board(insects, tmp_path, ladder="free")
    assert made.rows[0].score == released[2]
    assert made.rows[0].worst_group == ""
    assert made.release.ladder == "free"
