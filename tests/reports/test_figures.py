"""Figures: what they show can be read, in the light and in the dark, on small screens and without seeing them."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from compete.markup import Html, page_of
from compete.reports.figures import (
    Axis,
    Bar,
    Estimate,
    Line,
    RankSpread,
    Scale,
    bar_chart,
    blob_chart,
    figure_style,
    forest_chart,
    heat_chart,
    histogram,
    line_chart,
    slope_chart,
    symbol_chart,
)
from compete.reports.figures.curves import POINTS
from compete.reports.figures.drawing import spread, ticks_of
from compete.reports.figures.style import LEVELS, luminance
from compete.reports.page import rendered, write_report
from tests.reports.browser import looked_at

HOSTILE = "<script>alert(1)</script>"


def gallery() -> list[Html]:
    """One of each figure, with names that would like to run."""
    spreads = [
        RankSpread("alpha", (0.8, 0.15, 0.05), 1, 1, 2), RankSpread(HOSTILE, (0.15, 0.65, 0.2), 2, 1, 3),
        RankSpread("gamma", (0.05, 0.2, 0.75), 3, 1, 3),
    ]  # fmt: skip
    names = ["alpha", HOSTILE, "a very long name of a team that nobody would give to anything"]
    cells = [[("", "", 0), ("▲", f"{HOSTILE} is worse", 8), ("≈", "alike", 0)]] * 3
    levels = [[level / LEVELS for level in range(LEVELS + 1)], [-level / LEVELS for level in range(LEVELS + 1)]]
    return [
        bar_chart("Bars", [Bar(HOSTILE, (3.0,)), Bar("none", (None,)), Bar("nothing", (0.0,))], head="what"),
        bar_chart("Groups", [Bar(HOSTILE, (0.2, 0.3)), Bar("b", (0.1, None))], ("train", HOSTILE), top=1.0),
        forest_chart("Forest", [Estimate("all", 0.8, 0.7, 0.9, 100, overall=True), Estimate(HOSTILE, None)],
                     head="group", bounds=(0, 1), reference=0.8, series=("public", HOSTILE)),
        line_chart("Lines", "rising", [Line(HOSTILE, [0, 0.5, 1], [0, 0.7, 1]), Line("b", [0, 1], [0, 1], steps=True)],
                   Axis(HOSTILE), Axis("y"), diagonal=True),
        line_chart("Cloud", "points", [Line("", [0, 0.5], [0.5, 1], joined=False, dots=True)], Axis("x"), Axis("y")),
        histogram("Errors", "a few", [1, 2, 0], [0.0, 1.0, 2.0, 3.0], Axis("error", 0.0, 3.0)),
        heat_chart("Heat", ["up", HOSTILE], [str(one) for one in range(LEVELS + 1)], levels, corner="a ↓ b →"),
        heat_chart("Confusion", names, names, [[3, 1, 0], [0, 2, 0], [0, 0, 5]], mirrored=True),
        symbol_chart("Pairs", names, names, cells, "row against column"),
        blob_chart("Blobs", spreads),
        slope_chart("Slopes", "public", "private", [("alpha", 1, 2), (HOSTILE, 2, 1), ("gamma", 3, 3)]),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def gallery_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All figures in one report."""
    section = {"place": "all", "title": "All", "lead": "", "parts": gallery()}
    page = rendered("report.html.j2", kind="Figures", heading="Gallery", lead=[], beware="", facts=[], foot=[],
                    sections=[section])  # fmt: skip
    return write_report(tmp_path_factory.mktemp("figures") / "gallery.html", page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_every_figure_is_readable_at_every_size_and_in_the_dark(
    browser: Any, gallery_page: Path, width: int, scheme: Any
) -> None:
    assert not looked_at(browser, gallery_page, width, scheme).fault()


def test_figures_are_the_same_each_time_and_well_formed() -> None:
    first, second = gallery(), gallery()
    assert [one.text for one in first] == [one.text for one in second]
    for figure in first:
        root = ElementTree.fromstring(figure.text)
        assert "script" not in {element.tag for element in root.iter()}


def test_drawings_speak_or_are_left_out_for_who_cannot_see_them() -> None:
    for figure in gallery():
        for drawing in ElementTree.fromstring(figure.text).iter("svg"):
            hidden = drawing.get("aria-hidden") == "true"
            named = drawing.get("aria-label") or drawing.find("title") is not None
            assert hidden != bool(named and drawing.get("role") == "img")


def test_figures_need_no_style_of_the_page() -> None:
    page = page_of("x", *gallery()).text
    assert page.count("<figure") + page.count('class="figure"') >= len(gallery())
    used = set(re.findall(r"var\((--[a-z0-9-]+)", figure_style()))
    assert used <= set(re.findall(r"(--[a-z0-9-]+):", figure_style()))


def test_shades_carry_readable_text_and_grow() -> None:
    style = figure_style()
    light, dark = style.split("@media screen", 1)
    for scheme in (light, dark):
        for name in ("heat", "miss"):
            shades, contrasts = [], []
            for level in range(LEVELS + 1):
                shade, ink = (colour_of(scheme, f"--figure-{part}-{level}") for part in (name, f"{name}-ink"))
                shades.append(luminance(shade))
                one, other = sorted((luminance(shade), luminance(ink)))
                contrasts.append((other + 0.05) / (one + 0.05))
            assert min(contrasts) >= 4.5
            assert shades in (sorted(shades), sorted(shades, reverse=True))


def colour_of(style: str, name: str) -> tuple[int, int, int]:
    found = re.search(rf"{name}: #([0-9a-f]{{6}})", style)
    assert found
    red, green, blue = bytes.fromhex(found[1])
    return red, green, blue


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0.0, 1.0), [0, 0.2, 0.4, 0.6, 0.8, 1.0]), ((-3.0, 7.0), [-2, 0, 2, 4, 6]), ((5.0, 5.0), [5.0]),
        ((0.0, 1e-9), [0, 2e-10, 4e-10, 6e-10, 8e-10, 1e-9]), ((0.13, 0.17), [0.13, 0.14, 0.15, 0.16, 0.17]),
    ],
)  # fmt: skip
def test_ticks_are_round_numbers_inside_the_ends(ends: tuple[float, float], ticks: list[float]) -> None:
    assert ticks_of(*ends) == pytest.approx(ticks)


@pytest.mark.parametrize("values", [[0.0], [1e-300], [-5.0, 1e9], [0.999, 1.0], [float("nan"), 2.0], []])
def test_an_axis_holds_all_its_values(values: list[float]) -> None:
    low, high = spread(values)
    assert low < high
    assert all(low <= value <= high for value in values if not math.isnan(value))


def test_a_scale_keeps_what_lies_beyond_at_its_ends() -> None:
    scale = Scale(0.0, 2.0, 10.0, 30.0)
    assert [scale(value) for value in (-1.0, 0.0, 1.0, 2.0, 9.0)] == [10.0, 10.0, 20.0, 30.0, 30.0]
    assert Scale(1.0, 1.0)(1.0) == 50.0


def test_long_lines_are_thinned_and_keep_their_ends() -> None:
    many = [place / 100_000 for place in range(100_001)]
    drawn = line_chart("x", "y", [Line("", many, many)], Axis("x"), Axis("y")).text
    path = re.search(r' d="([^"]*)"', drawn)
    assert path
    assert 2 <= path[1].count("L") <= 2 * POINTS
    assert path[1].startswith("M52.0 276.0L")
    assert path[1].endswith("L350.0 10.0")


def test_a_bar_is_as_long_as_its_share() -> None:
    chart = bar_chart("x", [Bar("a", (1.0,)), Bar("b", (0.25,))], top=1.0).text
    assert re.findall(r'<rect x="0" y="1" width="([0-9.]+%)" height="14" rx="2" class="f1">', chart) == [
        "100.00%", "25.00%",
    ]  # fmt: skip


def test_an_interval_reaches_from_its_low_to_its_high_end() -> None:
    chart = forest_chart("x", [Estimate("a", 0.5, 0.25, 0.75, 9)], ends=(0.0, 1.0)).text
    assert 'x1="26.00%" x2="74.00%"' in chart
    assert 'cx="50.00%"' in chart
    assert ">0.2500 – 0.7500<" in chart


def test_blobs_grow_with_the_share_of_draws() -> None:
    chart = blob_chart("x", [RankSpread("a", (0.81, 0.09, 0.1), 1, 1, 3)]).text
    radius = [float(one) for one in re.findall(r' r="([0-9.]+)"', chart)]
    assert radius[0] / radius[1] == pytest.approx(3.0, rel=0.01)
