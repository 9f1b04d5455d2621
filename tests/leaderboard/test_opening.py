"""The bundle is read once for one piece of work, however many shards that has."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.bundle import Bundle, open_bundle
from compete.leaderboard import grading, opening
from tests.leaderboard.boards import send_all


def test_the_bundle_is_read_once_for_all_shards_and_anew_for_the_next_work(
    insects: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(bundle: Path) -> Bundle:
        read.append(bundle)
        return open_bundle(bundle)

    monkeypatch.setattr(opening, "open_bundle", counted)
    monkeypatch.setattr(grading, "SHARD", 1)
    sent = send_all(insects, tmp_path / "sent", {f"s{number}.csv": 0.5 + number / 10 for number in range(5)})
    paths = sorted(sent.rglob("*.csv"))
    assert len(paths) == 5
    first = grading.grade_submissions(insects, paths, workers=1)
    assert len(read) == 1
    again = grading.grade_submissions(insects, paths, workers=1)
    assert len(read) == 2
    assert [one.scores for one in again] == [one.scores for one in first]
    assert opening.opened.cache_info().currsize == 0
