"""A challenge that is built once for all tests of the leaderboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.leaderboard.boards import build_challenge


@pytest.fixture(scope="session")
def insects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a small challenge."""
    return build_challenge(tmp_path_factory.mktemp("insects"))
