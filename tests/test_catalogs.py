"""Every rule that the code names is explained, and nothing is explained that no code names."""

from __future__ import annotations

import re

import pytest

from compete.catalogs import all_rules
from tests.test_house import SOURCES

ROOMS = (
    "archive|audit|bundle|challenge|codabench|dataset|disk|engine|evalai|export|grand-challenge|huggingface|image"
    "|import|kaggle|leak|mlebench|output|picture|plain|platform|rank|report|result|score|source|split|submission"
    "|trial|usage|volume"
)
TABLES = ("rules.py", "catalogs.py")


def named() -> set[str]:
    """The rules that stand as text in the code, those of the tables of rules apart."""
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCES if not path.name.endswith(TABLES))
    return set(re.findall(rf'"((?:{ROOMS})/[a-z][a-z0-9-]*[a-z0-9])"', code))


def test_every_rule_that_the_code_names_is_explained() -> None:
    assert named() - set(all_rules()) == set()


@pytest.mark.parametrize("rule", sorted(all_rules()))
def test_an_explanation_is_a_line_and_a_paragraph(rule: str) -> None:
    line, text = all_rules()[rule]
    assert line.endswith(".")
    assert line[0] == line[0].upper()
    assert "\n" not in line
    assert len(text) > 40
    assert re.fullmatch(rf"({ROOMS})/[a-z][a-z0-9-]+", rule)
