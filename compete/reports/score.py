"""The score report: one submission looked at from all sides, or several compared; one offline HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compete.bundle import Bundle
from compete.errors import CompeteError
from compete.markup import element, findings_table, pairs_of, wide
from compete.reports.comparison import comparison_sections
from compete.reports.figures import Estimate, forest_chart
from compete.reports.page import Fact, Section, Table, rendered
from compete.reports.views import sections_of
from compete.reports.views.records import FEWEST, Seen, note, overall
from compete.scoring.result import Result, Score, interval_text, shown

if TYPE_CHECKING:
    from compete.scoring.truth import Truth

PARTS = {"public": "public", "private": "private", "train": "training"}

FOR_PARTICIPANTS = (
    "This copy is for participants. It holds public scores alone: the private half, the truth, single items, and "
    "subgroups of fewer than 20 items are left out."
)
FOR_THE_ORGANIZER = (
    "This copy tells the truth and private scores. Do not pass it on; --for participants makes one that you may."
)


@dataclass(frozen=True)
class Sent:
    """A submission and what became of it.

    Attributes:
        path: the file.
        result: its scores; None where it was refused.
        error: why it was refused.
    """

    path: Path
    result: Result | None = None
    error: CompeteError | None = None


def score_page(bundle: Bundle, sent: Sequence[Sent], *, on: str = "test", for_participants: bool = False) -> str:
    """The report on one submission, or on several beside each other.

    Args:
        bundle: as opened.
        sent: the submissions with their results; at least one.
        on: ``test`` or ``train``.
        for_participants: leave out the private half, truth, single items, and subgroups of fewer than 20 items.

    Returns:
        One HTML page that needs no other file.

    Raises:
        BundleError: the bundle is not as it was built.
    """
    sent = [_for_participants(one) for one in sent] if for_participants else list(sent)
    scored = [one for one in sent if one.result]
    closed = for_participants and on == "test"
    sections: list[Section] = []
    if len(sent) == 1 and scored:
        sections = [*_result_sections(scored[0]), *([] if closed else _looked_at(bundle, scored[0], on))]
    elif scored:
        truth = None if closed else _truth(bundle, on)
        named = list(zip(names_of([one.path for one in scored]), scored, strict=True))
        results = [(name, one.path, one.result) for name, one in named if one.result]
        sections = comparison_sections(results, truth)
    sections += _refusals([one for one in sent if one.error])
    findings = [finding for one in scored if one.result for finding in one.result.findings]
    if findings:
        table = wide(findings_table(list(dict.fromkeys(findings)), "Warnings and notes"), "Warnings and notes")
        sections.append(Section("findings", "What was noticed", "", (table,)))
    sections.append(_provenance(bundle, scored))
    return rendered(
        "report.html.j2",
        kind="Score report for participants" if for_participants else "Score report",
        heading=sent[0].path.name if len(sent) == 1 else f"{len(sent)} submissions compared",
        lead=[f"{bundle.terms.title or bundle.terms.name}. Ranked by {bundle.terms.metric}."],
        facts=_facts(scored),
        sections=sections,
        beware="" if for_participants else FOR_THE_ORGANIZER,
        foot=[FOR_PARTICIPANTS] if closed else [],
    )


def names_of(paths: Sequence[Path]) -> list[str]:
    """A name for each submission: its file's, with as many folders before it as tell it from the others.

    >>> names_of([Path("a/x.csv"), Path("b/x.csv"), Path("b/y.csv")])
    ['a/x.csv', 'b/x.csv', 'b/y.csv']
    """
    for depth in range(1, max((len(path.parts) for path in paths), default=0) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{place}. {path.name}" for place, path in enumerate(paths, 1)]


def _for_participants(one: Sent) -> Sent:
    """The same without what a participant may not see, whatever the result holds."""
    if one.result is None:
        return one
    kept = tuple(
        score for score in one.result.scores if score.part != "private" and (not score.group or score.n >= FEWEST)
    )
    return replace(one, result=replace(one.result, scores=kept, solution=""))


def _truth(bundle: Bundle, on: str) -> Truth:
    from compete.scoring.truth import read_truth

    return read_truth(bundle, on)


def _looked_at(bundle: Bundle, one: Sent, on: str) -> list[Section]:
    """The sections for whoever may see the truth."""
    from compete.scoring.grading import read_predictions

    truth = _truth(bundle, on)
    read = read_predictions(truth.terms, truth.images or truth.ids, one.path)
    assert one.result
    return sections_of(Seen(bundle.public, truth, read.values, one.result))


def _facts(scored: Sequence[Sent]) -> list[Fact]:
    """The numbers that open the report: of one submission its scores, of several the best one."""
    if len(scored) != 1 or scored[0].result is None:
        return [Fact(str(len(scored)), "scored")]
    result = scored[0].result
    facts = []
    for part, word in PARTS.items():
        score = overall(result, part, result.metric)
        if score:
            ends = interval_text(score)
            between = f"95 % interval {ends}, " if ends else ""
            facts.append(Fact(shown(score.value), f"{result.metric}, {word}", f"{between}{score.n:,} items"))
    return facts


def _result_sections(one: Sent) -> list[Section]:
    """Scores and subgroups, which every copy holds."""
    result = one.result
    assert result
    rows, parts = [], [part for part in PARTS if any(score.part == part for score in result.scores)]
    for record in result.metrics:
        cells = [str(record["name"]), "higher" if record["greater_is_better"] else "lower"]
        for part in parts:
            score = overall(result, part, str(record["name"]))
            cells += [shown(score.value), interval_text(score)] if score else ["", ""]
        rows.append(cells)
    heads = [name for part in parts for name in (f"{PARTS[part]} score", "95 % interval")]
    table = Table(
        "All measures; the first one ranks", ("measure", "better", *heads), rows, right=range(2, 2 + len(heads))
    )
    lead = "An interval says where the score would most likely lie, had other items of the same kind been drawn."
    sections = [Section("scores", "Scores", lead, (table,))]
    charts = subgroup_charts(result, parts)
    if charts:
        lead = f"{result.metric} of each subgroup by itself. The dashed line is the score of all items."
        sections.append(Section("subgroups", "Subgroups", lead, tuple(charts)))
    return sections


def subgroup_charts(result: Result, parts: Sequence[str]) -> list[Any]:
    """A forest plot a subgroup column: the ranking score with its interval in each group, and of all items."""
    record = result.metrics[0]
    mine = [score for score in result.scores if score.metric == result.metric]
    columns = dict.fromkeys(score.group.partition("=")[0] for score in mine if score.group)
    whole = {score.part: score for score in mine if not score.group}
    charts = []
    for column in columns:
        groups = dict.fromkeys(score.group for score in mine if score.group.partition("=")[0] == column)
        found = {(score.part, score.group): score for score in mine}
        rows = [_estimate("all", whole[part], place, parts) for place, part in enumerate(parts) if part in whole]
        for group in groups:
            label = group.partition("=")[2]
            for place, part in enumerate(parts):
                if (part, group) in found:
                    rows.append(_estimate(label, found[part, group], place, parts))
        main = whole.get(parts[-1])
        chart = forest_chart(
            f"{result.metric} by {column}",
            rows,
            head=column,
            series=[PARTS[part] for part in parts],
            bounds=(record["low"], record["high"]),
            reference=main.value if main else None,
        )
        charts += [chart, *_worst_group([found[parts[-1], group] for group in groups if (parts[-1], group) in found],
                                        main, bool(record["greater_is_better"]))]  # fmt: skip
    return charts


def _estimate(label: str, score: Score, place: int, parts: Sequence[str]) -> Estimate:
    name = label if len(parts) == 1 else f"{label}, {PARTS[parts[place]]}"
    return Estimate(name, score.value, score.low, score.high, score.n, place, overall=not score.group)


def _worst_group(scores: Sequence[Score], whole: Score | None, greater_is_better: bool) -> list[Any]:
    """Which group does worst, and how far the groups lie apart."""
    known = [(score.value, score) for score in scores if score.value is not None]
    if len(known) < 2 or whole is None or whole.value is None:
        return []
    order = sorted(known, key=lambda one: one[0], reverse=not greater_is_better)
    worst, best = order[0], order[-1]
    name = worst[1].group.partition("=")[2]
    far = f"{abs(worst[0] - whole.value):.4f} from all items, {abs(best[0] - worst[0]):.4f} from the best group"
    return [note(f"Worst: {name} with {shown(worst[0])}, {worst[1].n:,} items ({PARTS[worst[1].part]}); {far}.")]


def _refusals(refused: Sequence[Sent]) -> list[Section]:
    if not refused:
        return []
    parts: list[Any] = []
    for one in refused:
        assert one.error
        caption = f"Why {one.path.name} has no score"
        found = wide(findings_table(one.error.findings, caption), caption) if one.error.findings else ""
        parts.append(found or f"{caption}: {one.error.message}")
    return [
        Section(
            "refused", "Refused", "These submissions got no score; the cure stands beside each fault.", tuple(parts)
        )
    ]


def _provenance(bundle: Bundle, scored: Sequence[Sent]) -> Section:
    """Where the numbers come from, so that anybody can get them again."""
    facts: dict[str, str] = {"challenge": f"{bundle.terms.name} {bundle.terms.version}", "terms": bundle.terms_sha256}
    for one in scored[:1]:
        assert one.result
        facts |= {"solution": one.result.solution} if one.result.solution else {}
        facts |= {name: str(version) for name, version in one.result.versions.items()}
        facts["draws an interval"] = str(one.result.settings.get("draws", ""))
    if len(scored) == 1 and scored[0].result:
        submission = scored[0].result.submission
        names = {"file": "file", "rows": "rows", "sha256": "file sha256", "canonical_sha256": "predictions sha256"}
        facts |= {name: str(submission[key]) for key, name in names.items()}
    told = {name: element("code", fact) for name, fact in facts.items()}
    return Section(
        "provenance", "Provenance", "With the same files, compete gives the same numbers.", (pairs_of(told),)
    )
