"""Representativeness against a reference: the statistics beside plain ones, and what is to be added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chisquare

from compete.reports.contents import Contents
from compete.reports.page import Fold, Section
from compete.reports.representing import Reference, compared, read_references, representing_section
from tests.reports.pages import hostile_contents, texts

SHARES = {("a",): 0.5, ("b",): 0.3, ("c",): 0.2}


def some_contents(values: list[str], group: np.ndarray | None = None) -> Contents:
    """Items with one subgroup."""
    n = len(values)
    return Contents(
        terms=hostile_contents(8).terms, parts=("train",), part=np.zeros(n, dtype=np.int64), ids=texts(range(n)),
        known=np.ones(n, dtype=bool), target={}, group=group, subgroup={"s": texts(values)}, column={},
    )  # fmt: skip


def test_statistics_are_the_plain_ones() -> None:
    chance = np.random.default_rng(8)
    for _ in range(20):
        values = chance.choice(["a", "b", "c"], 200, p=chance.dirichlet([2, 2, 2])).tolist()
        one = compared(some_contents(values), Reference(("s",), SHARES), np.ones(200, dtype=bool))
        count = np.array([values.count(name) for name in "abc"])
        plain = chisquare(count, np.array([100, 60, 40]))
        assert one.items.tolist() == count.tolist()
        assert (one.chi2, one.p, one.freedom) == (pytest.approx(plain.statistic), pytest.approx(plain.pvalue), 2)
        assert one.variation == pytest.approx(np.abs(count / 200 - [0.5, 0.3, 0.2]).sum() / 2)
        assert one.divergence == pytest.approx(jensenshannon(count / 200, [0.5, 0.3, 0.2], base=2) ** 2)


def test_what_is_to_be_added_makes_all_shares_those_of_the_reference() -> None:
    one = compared(
        some_contents(["a"] * 60 + ["b"] * 30 + ["c"] * 7), Reference(("s",), SHARES), np.ones(97, dtype=bool)
    )
    added = one.items + one.needed()
    assert (one.needed() >= 0).all()
    assert one.needed().min() == 0
    assert np.abs(added / added.sum() - [0.5, 0.3, 0.2]).max() < 1 / 97


def test_a_group_counts_once_and_blanks_do_not_count() -> None:
    values = ["a"] * 100 + ["b"] * 2 + ["", "NA", "missing"]
    group = np.array([0] * 100 + [1, 2] + [3, 4, 5])
    one = compared(
        some_contents(values, group), Reference(("s",), {("a",): 0.5, ("b",): 0.5}), np.ones(105, dtype=bool)
    )
    assert one.units == pytest.approx(3)
    assert one.share.tolist() == pytest.approx([1 / 3, 2 / 3])


def test_a_value_that_the_reference_does_not_know_is_shown_and_not_tested() -> None:
    one = compared(some_contents(["a"] * 50 + ["z"] * 50), Reference(("s",), {("a",): 1.0}), np.ones(100, dtype=bool))
    assert one.values == ("a", "z")
    assert (one.freedom, one.p, one.variation) == (0, 1.0, 0.5)
    assert one.needed().tolist() == [0, 0]


@pytest.mark.parametrize(
    "text",
    [
        "attribute,value,share\ns,a,0.5\ns,b,0.3\ns,c,0.2\n",
        "s;count\na;50\nb;30\nc;20\n",
        "s\n" + "a\n" * 5 + "b\n" * 3 + "c\n" * 2,
    ],
)
def test_references_are_read_in_every_form(text: str, tmp_path: Path) -> None:
    (tmp_path / "ref.csv").write_text(text)
    (found,) = read_references(tmp_path / "ref.csv", ["s"])
    assert found.shares == pytest.approx(SHARES)


def test_a_rare_value_that_the_reference_does_not_know_is_not_named_to_participants() -> None:
    contents = some_contents(["a"] * 90 + ["b"] * 50 + ["tribe"] * 13)
    reference = [Reference(("s",), {("a",): 0.5, ("b",): 0.5})]
    for whom in (True, False):
        told = str(representing_section(replace(contents, for_participants=whom), reference).parts)
        assert ("tribe" in told) is not whom


def test_combinations_are_compared_too_and_small_cells_are_hidden_from_participants(tmp_path: Path) -> None:
    (tmp_path / "ref.csv").write_text("s,t,count\na,x,5\na,y,5\nb,x,5\nb,y,5\n")
    found = read_references(tmp_path / "ref.csv", ["s", "t"])
    assert [one.attributes for one in found] == [("s",), ("t",), ("s", "t")]
    contents = some_contents(["a"] * 90 + ["b"] * 13)
    contents = replace(contents, subgroup={**contents.subgroup, "t": texts("xy"[place % 2] for place in range(103))})
    mine, theirs = (
        counts_of(representing_section(replace(contents, for_participants=whom), found)) for whom in (False, True)
    )
    assert {"90", "13", "45", "7", "6"} <= mine
    assert theirs == {"90", "52", "51", "45", "< 20"}


def counts_of(section: Section) -> set[str]:
    """How many items the tables of needed items tell of."""
    return {row[1] for part in section.parts if isinstance(part, Fold) for table in part.parts for row in table.rows}
