"""One thread is asked for, but not of those who have said what they want, and only for a while."""

from __future__ import annotations

import os

import pytest

from compete.threads import LIBRARIES, ask_for_one_thread, one_thread_asked_for


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {name: value for name, value in os.environ.items() if name not in LIBRARIES})


def test_one_thread_is_asked_for() -> None:
    ask_for_one_thread()
    assert {os.environ[name] for name in LIBRARIES} == {"1"}


def test_what_is_said_holds() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "3"
    before = dict(os.environ)
    ask_for_one_thread()
    assert os.environ == before


def test_afterwards_the_environment_is_as_it_was() -> None:
    before = dict(os.environ)
    with one_thread_asked_for():
        assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ == before
