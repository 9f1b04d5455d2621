"""A browser for the tests of reports, started once a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.reports.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; skipped with a reason where it is missing."""
    with chromium() as started:
        yield started
