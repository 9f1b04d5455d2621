"""What costs a reader the most for its size is read or refused as it should be; the benchmark tells what it costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scoring.corpus import Case
from tests.scoring.test_program import judged
from tests.scoring.worst import cases, pngs, tiffs, volumes

SIDE = 128
NAMES = [
    f"{kind}: {name}" for kind, made in (("TIFF", tiffs), ("PNG", pngs), ("NIfTI", volumes)) for name, *_ in made(8)
]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """All files, small ones."""
    return {case.name: case for case in cases(tmp_path_factory.mktemp("worst"), SIDE)}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_or_refused_for_the_right_reason(sent: dict[str, Case], name: str) -> None:
    case = sent[name]
    content = judged(Path(case.bundle), Path(case.file))
    rules = [one["rule"] for one in content.get("findings", []) if one["severity"] == "error"]
    word, _, rule = case.expect.partition(":")
    assert word == "either_any" or bool(rules) == (word == "reject")
    assert not rule or rules == [rule]
