"""Random truth and prediction for any metric of the catalog, as fixtures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.metrics.cases import CASES, make_case, perfect_prediction


@pytest.fixture(params=CASES, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def subject(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A metric's name and a shape of truth it takes, over the whole catalog."""
    return request.param


@pytest.fixture
def case_of() -> Any:
    """Makes a random truth and prediction: case_of(name, target, seed, n)."""
    return make_case


@pytest.fixture
def perfect_of() -> Any:
    """Makes the perfect prediction of a case: perfect_of(case, target)."""
    return perfect_prediction
