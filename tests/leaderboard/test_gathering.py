"""Whose submissions they are: files, folders, tables, and what is wrong with a table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.errors import UsageError
from compete.leaderboard.gathering import Sent, counted_order, gather_submissions, team_name
from compete.leaderboard.policy import moment_of, policy_of

ENDINGS = (".csv", ".zip")


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("id,label\n")
    return [folder / name for name in names]


def told(found: list[Sent]) -> list[tuple[str, str]]:
    return [(one.team, one.file) for one in found]


def test_files_of_one_folder_are_a_team_each(tmp_path: Path) -> None:
    found, notes = gather_submissions(files(tmp_path, "zoe.csv", "ada.csv.gz"), None, ENDINGS)
    assert told(found) == [("ada", "ada.csv.gz"), ("zoe", "zoe.csv")]
    assert not notes


def test_of_files_in_several_folders_each_folder_is_a_team(tmp_path: Path) -> None:
    found, _ = gather_submissions(files(tmp_path, "a/s10.csv", "a/s2.csv", "b/s1.csv"), None, ENDINGS)
    assert told(found) == [("a", "a/s2.csv"), ("a", "a/s10.csv"), ("b", "b/s1.csv")]


def test_a_folder_holds_teams_as_files_and_as_folders_of_any_depth(tmp_path: Path) -> None:
    files(tmp_path, "zoe.csv", "ada/s2.csv", "ada/late/s1.csv", ".hidden/x.csv", "__MACOSX/x.csv", "notes.txt")
    found, notes = gather_submissions([], tmp_path, ENDINGS)
    assert told(found) == [("ada", "ada/late/s1.csv"), ("ada", "ada/s2.csv"), ("zoe", "zoe.csv")]
    assert [(note.rule, note.items) for note in notes] == [("rank/other-file", ("notes.txt",))]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    files(tmp_path / "sent", "ada.csv")
    files(tmp_path / "elsewhere", "private.csv")
    (tmp_path / "sent" / "link").symlink_to(tmp_path / "elsewhere")
    found, _ = gather_submissions([], tmp_path / "sent", ENDINGS)
    assert told(found) == [("ada", "ada.csv")]


def test_a_table_says_whose_when_and_which(tmp_path: Path) -> None:
    files(tmp_path, "1.csv", "2.csv", "3.csv")
    table = tmp_path / "submissions.csv"
    rows = "2.csv,ada,2025-03-02T10:00:00+02:00,yes\n1.csv,ada,2025-03-01T10:00Z,\n3.csv,Zoë & co,,0\n"
    table.write_text("\ufefffile,team,time,selected\n" + rows, encoding="utf-8")
    found, _ = gather_submissions([], tmp_path, ENDINGS)
    assert told(found) == [("Zoë & co", "3.csv"), ("ada", "1.csv"), ("ada", "2.csv")]
    assert found[2] == Sent(tmp_path / "2.csv", "2.csv", "ada", datetime(2025, 3, 2, 8, tzinfo=UTC), True)
    assert gather_submissions([], table, ENDINGS)[0] == found


def test_all_faults_of_a_table_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    files(tmp_path / "sent", "1.csv")
    files(tmp_path, "solution.csv")
    table = tmp_path / "sent" / "submissions.csv"
    table.write_text("file,team,time,selected\n1.csv,,\n,ada,\n1.csv,ada,yesterday,perhaps\n../solution.csv,eve,,\n")
    with pytest.raises(UsageError) as refused:
        gather_submissions([], table, ENDINGS)
    places = [finding.where.rpartition(":")[2] for finding in refused.value.findings]
    assert places == ["2", "3", "4", "4", "5"]
    assert {finding.rule for finding in refused.value.findings} == {"rank/list"}
    assert "outside" in refused.value.findings[-1].message


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe", b'file,team\n"1.csv,ada\n', b""])
def test_what_is_no_such_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(UsageError):
        gather_submissions([], tmp_path / "list.csv", ENDINGS)


def test_nothing_is_told_as_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        gather_submissions([], tmp_path, ENDINGS)
    assert refused.value.findings[0].rule == "rank/nothing"


@given(st.lists(st.text(alphabet="ab0129²٣_.", max_size=8)))
def test_any_names_can_be_put_in_order(names: list[str]) -> None:
    keys = [counted_order(name) for name in sorted(names, key=counted_order)]
    assert keys == sorted(keys)
    assert sorted(key for key in keys) == sorted(counted_order(name) for name in names)


def test_a_team_is_called_as_its_file_without_what_kind_it_is() -> None:
    assert [team_name(Path(name)) for name in ("a.b.csv", "c.tar.gz", ".csv")] == ["a.b", "c", ".csv"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2025-03-01", "2025-03-01T00:00:00+00:00"), ("2025-03-01T12:00-05:00", "2025-03-01T17:00:00+00:00")],
)
def test_times_are_utc_where_no_zone_is_named(text: str, moment: str) -> None:
    found = moment_of(text)
    assert found is not None
    assert found.isoformat() == moment
    assert moment_of("tomorrow") is None
    assert moment_of("0001-01-01T00:00+14:00") is None


@pytest.mark.parametrize(
    "wishes",
    [
        {"counting": "worst"},
        {"deadline": "soon"},
        {"ladder": "high"},
        {"ladder": "-1"},
        {"step": -0.1},
        {"step": float("nan")},
        {"difference": float("inf")},
    ],
)
def test_options_that_nobody_understands_are_refused(wishes: dict) -> None:
    with pytest.raises(UsageError) as refused:
        policy_of(**wishes)
    assert refused.value.findings[0].rule == "rank/option"
