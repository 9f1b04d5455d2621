"""Several submissions beside each other: scores, how sure their differences are, and subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compete.leaderboard.drawing import drawing_of, drawn_scores
from compete.leaderboard.overfitting import interval_of
from compete.leaderboard.places import paired_p_values, standard_errors
from compete.reports.figures import Estimate, forest_chart, heat_chart
from compete.reports.page import Section, Table
from compete.reports.views.records import note, overall
from compete.scoring.grading import evidence_of, read_predictions
from compete.scoring.measures import measures_of
from compete.scoring.result import Result, defined, shown

if TYPE_CHECKING:
    from compete.scoring.measures import Measure
    from compete.scoring.truth import Truth

Named = tuple[str, Path, Result]
"""A submission's name, its file and its scores."""

COMPARED = 20
"""Submissions that are tested against the best."""

DRAWS = 1000

GROUPS = 30
"""Subgroups of a chart."""

MOST_ROWS = 100
"""Submissions of a chart; the table holds all of them."""

PARTS = ("private", "public", "train")


def comparison_sections(results: Sequence[Named], truth: Truth | None) -> list[Section]:
    """The sections on several submissions.

    Args:
        results: the submissions that were scored.
        truth: of the bundle; None for who may not see it, and then differences are not tested.
    """
    if not results:
        return []
    part = next(one for one in PARTS if overall(results[0][2], one, results[0][2].metric))
    ranked = ranked_by(results, part)
    sections = [_score_section(ranked, part), *_subgroup_section(ranked, part)]
    if truth is not None:
        sections[1:1] = _difference_section(ranked, part, truth)
    return sections


def ranked_by(results: Sequence[Named], part: str) -> list[Named]:
    """The submissions by the ranking score of a part, the best first; equal ones by name."""
    sign = -1.0 if results[0][2].metrics[0]["greater_is_better"] else 1.0

    def key(one: Named) -> tuple[float, str]:
        score = overall(one[2], part, one[2].metric)
        return (float("inf") if score is None or score.value is None else sign * score.value, one[0])

    return sorted(results, key=key)


def _score_section(ranked: Sequence[Named], part: str) -> Section:
    first = ranked[0][2]
    rows = []
    for name, _, result in ranked[:MOST_ROWS]:
        score = overall(result, part, result.metric)
        if score:
            rows.append(Estimate(name, score.value, score.low, score.high, score.n))
    bounds = (first.metrics[0]["low"], first.metrics[0]["high"])
    chart = forest_chart(f"{first.metric} of each submission, {part} items", rows, head="submission", bounds=bounds)
    parts = [one for one in reversed(PARTS) if overall(first, one, first.metric)]
    table_rows = []
    for name, _, result in ranked:
        cells = [name]
        for record in result.metrics:
            for one in parts:
                score = overall(result, one, str(record["name"]))
                cells.append(shown(score.value) if score else "")
        table_rows.append(cells)
    heads = [f"{record['name']}, {one}" for record in first.metrics for one in parts]
    table = Table("All measures", ("submission", *heads), table_rows, right=range(1, 1 + len(heads)))
    lead = "The best first. Intervals that overlap do not say that two submissions are equally good."
    if len(ranked) > MOST_ROWS:
        lead += f" Charts show the first {MOST_ROWS} of {len(ranked):,}, the table all of them."
    return Section("scores", "Scores", lead, (chart, table))


def _difference_section(ranked: Sequence[Named], part: str, truth: Truth) -> list[Section]:
    """How far each submission is from the best one, tested on the same draws of items."""
    name = ranked[0][2].metric
    measure = next((one for one in measures_of(truth.terms) if one.name == name and not one.over), None)
    if measure is None or len(ranked) < 2:
        return []
    rows = _differences(ranked[: COMPARED + 1], part, truth, measure)
    chart = forest_chart(
        f"Difference of {name} from {ranked[0][0]}, with 95 % interval", [row for row, _ in rows], head="submission",
        score="difference", reference=0.0, shown="{:+.4f}".format,
    )  # fmt: skip
    table = Table(
        "How sure the differences are",
        ("submission", "difference", "95 % interval", "p"),
        [(row.label, _signed(row.value), _ends(row), p_text(p_value)) for row, p_value in rows],
        right=(1, 2, 3),
    )
    lead = (
        "Both submissions are scored on the same draws of the items, so what is hard for all of them cancels. Where "
        "the interval does not hold 0, the difference is more than chance."
    )
    words = "p-values are of each comparison by itself; compete rank adjusts them for their number."
    return [Section("differences", "How far from the best", lead, (chart, table, note(words)))]


def _differences(ranked: Sequence[Named], part: str, truth: Truth, measure: Measure) -> list[tuple[Estimate, float]]:
    """The difference of each submission from the first, and its p-value, on draws that all of them share."""
    member = truth.part == truth.parts.index(part)
    drawing = drawing_of(int(member.sum()), None if truth.cluster is None else truth.cluster[member], draws=DRAWS)
    evidences = []
    for _, path, _ in ranked:
        read = read_predictions(truth.terms, truth.images or truth.ids, path)
        evidences.append(evidence_of(measure.metric, truth, read.values).take(member))
    scores = np.array([float(measure.metric.reduce(one)) for one in evidences])
    drawn = drawn_scores(measure.metric, evidences, drawing)
    p_values = paired_p_values(scores, standard_errors(np.nan_to_num(drawn)), drawing.units)
    found = []
    for place, (name, _, _) in enumerate(ranked[1:], 1):
        low, high = interval_of(drawn[:, place] - drawn[:, 0])
        difference = defined(float(scores[place] - scores[0]))
        found.append((Estimate(name, difference, low, high, int(member.sum())), float(p_values[place, 0])))
    return found


def _ends(row: Estimate) -> str:
    return "" if row.low is None or row.high is None else f"{row.low:+.4f} – {row.high:+.4f}"


def _signed(value: float | None) -> str:
    return "undefined" if value is None else f"{value:+.4f}"


def p_text(value: float) -> str:
    """A p-value as people read it.

    >>> p_text(0.0304), p_text(0.00001)
    ('0.030', '< 0.001')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _subgroup_section(ranked: Sequence[Named], part: str) -> list[Section]:
    """The ranking score of each submission in each subgroup, as a heat map."""
    first = ranked[0][2]
    groups = list(
        dict.fromkeys(
            score.group for score in first.scores if score.metric == first.metric and score.part == part and score.group
        )
    )
    if not groups:
        return []
    chosen = groups[:GROUPS]
    values: list[list[float | None]] = []
    for _, _, result in ranked[:MOST_ROWS]:
        found = {
            score.group: score.value for score in result.scores if score.metric == result.metric and score.part == part
        }
        values.append([found.get(group) for group in chosen])
    shades = _shades(values, greater_is_better=bool(first.metrics[0]["greater_is_better"]))
    texts = [["–" if value is None else f"{value:.3f}" for value in row] for row in values]
    names = [name for name, _, _ in ranked[:MOST_ROWS]]
    chart = heat_chart(
        f"{first.metric} of each submission in each subgroup, {part} items; strong shades are good",
        names, chosen, shades, texts=texts, top=1.0,
        corner="submission ↓  subgroup →",
    )  # fmt: skip
    parts = (chart, note(f"The first {GROUPS} of {len(groups)} subgroups.")) if len(groups) > GROUPS else (chart,)
    return [Section("subgroups", "Subgroups", "Where one submission is better than another, and where worse.", parts)]


def _shades(values: Sequence[Sequence[float | None]], *, greater_is_better: bool) -> list[list[float | None]]:
    """How strongly each score is shaded, from 0 for the worst to 1 for the best."""
    known = [value for row in values for value in row if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    span = (high - low) or 1.0

    def shade(value: float) -> float:
        return (value - low if greater_is_better else high - value) / span

    return [[None if value is None else shade(value) for value in row] for row in values]
