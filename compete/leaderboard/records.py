"""What a leaderboard is made of: plain records that terminal, JSON, CSV and HTML render alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from compete.errors import Finding

FORMAT = 1

Number = float | None


@dataclass(frozen=True)
class Entry:
    """One submission that was scored.

    Attributes:
        file: its name, below the folder it was taken from.
        team: who sent it.
        time: when, as ISO 8601 in UTC; empty where that is not known.
        selected: whether the team chose it for the final ranking.
        sha256: digest of the file.
        canonical_sha256: digest of the predictions, whatever their order and spelling.
        public: public score; None where there is none.
        private: private score.
        counts: whether the team is ranked by this one.
        late: whether it came after the deadline.
        over_limit: whether the team had sent its daily or total number of submissions before.
        same_as: the earlier submission with the same predictions; empty where there is none.
        same_team: who sent that one.
        changed: share of the rows that differ from the team's submission before; None for its first.
        alike: share of the rows that hold the commonest prediction.
        released: the public score that the team is shown after this submission: rounded, and on the ladder if asked.
    """

    file: str
    team: str
    time: str
    selected: bool
    sha256: str
    canonical_sha256: str
    public: Number
    private: Number
    counts: bool = False
    late: bool = False
    over_limit: bool = False
    same_as: str = ""
    same_team: str = ""
    changed: Number = None
    alike: Number = None
    released: Number = None


@dataclass(frozen=True)
class Refused:
    """A submission that got no score, and the first reason.

    Attributes:
        file: its name.
        team: who sent it.
        finding: the first thing that is wrong with it.
        faults: how many things are.
    """

    file: str
    team: str
    finding: Finding
    faults: int


@dataclass(frozen=True)
class Pick:
    """A submission of a team that one way of choosing takes.

    Attributes:
        way: ``best`` (public score), ``last`` or ``selected``.
        file: which one.
        public: its public score.
        private: its private score.
    """

    way: str
    file: str
    public: Number
    private: Number


@dataclass(frozen=True)
class Row:
    """One team.

    Attributes:
        team: its name.
        file: the submission that counts.
        rank: shared by teams that the test items cannot tell from the best of them, and then that team's place.
        place: by score alone; equal scores share the better place.
        rank_low: best place in 95 % of the draws; None where nothing was drawn.
        rank_high: worst place in 95 % of the draws.
        first: share of the draws in which it is first.
        score: on the part that ranks.
        low: lower end of the score's 95 % interval.
        high: upper end.
        public: public score of the submission that counts.
        private: its private score.
        public_place: place by public score.
        shake_up: places won from public to private; negative where places were lost.
        worst_group: the subgroup it does worst in, as ``column=value``; empty where there are none.
        worst: its score there.
        gap: the widest distance between the best and the worst group of one subgroup column.
        submissions: how many were scored.
        late: how many of them came too late.
        copies: how many of them repeat earlier predictions, of anybody.
        picks: what each way of choosing would take.
    """

    team: str
    file: str
    rank: int
    place: int
    rank_low: int | None
    rank_high: int | None
    first: Number
    score: Number
    low: Number
    high: Number
    public: Number
    private: Number
    public_place: int | None
    shake_up: int | None
    worst_group: str
    worst: Number
    gap: Number
    submissions: int
    late: int
    copies: int
    picks: tuple[Pick, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval; None where it is not defined."""

    value: Number
    low: Number = None
    high: Number = None


@dataclass(frozen=True)
class Sensitivity:
    """The ranking that another metric, or another way to aggregate, would give.

    Attributes:
        name: the metric, or the aggregation.
        kind: ``metric`` or ``aggregation``.
        values: what each team would be ranked by, in the order of the leaderboard.
        places: each team's place.
        tau: Kendall's tau-b with the ranking by score.
        greater_is_better: the direction of the values.
    """

    name: str
    kind: str
    values: tuple[Number, ...]
    places: tuple[int, ...]
    tau: Number
    greater_is_better: bool


@dataclass(frozen=True)
class Stability:
    """How firm the ranking is when the test items are drawn again.

    Attributes:
        draws: how many bootstrap leaderboards.
        units: what was drawn: ``items``, ``groups``, or ``blocks`` of items where they are many.
        n: how many units there are.
        teams: the teams that the two tables below tell of, the first of the leaderboard.
        distribution: how often each of these teams got place 1, 2, … (all places), one row a team.
        p_values: two-sided paired bootstrap, adjusted by Holm over all pairs of teams; one row a team of ``teams``.
        level: below which adjusted p-values count.
        kendall: tau-b of each drawn leaderboard with the real one: median and 95 % of the draws.
        sensitivities: rankings by other metrics and aggregations.
        per_item: what the aggregations are over: ``items``, ``groups``, or empty where there are no values of each.
    """

    draws: int
    units: str
    n: int
    teams: tuple[str, ...]
    distribution: tuple[tuple[int, ...], ...]
    p_values: tuple[tuple[float, ...], ...]
    level: float
    kendall: Estimate
    sensitivities: tuple[Sensitivity, ...] = ()
    per_item: str = ""


@dataclass(frozen=True)
class Power:
    """What differences this test can tell.

    Attributes:
        level: of the two-sided test.
        power: how often a true difference of this size is found.
        n: items of the part that ranks.
        least: the least difference that is told with this power, between typical neighbours of the leaderboard.
        low: the same of the neighbours that are easiest to tell apart.
        high: the same of those that are hardest.
        curve: pairs of a number of items and the least difference that they could tell.
        needed: pairs of a difference and the number of items that it needs.
    """

    level: float
    power: float
    n: int
    least: float
    low: float
    high: float
    curve: tuple[tuple[int, float], ...]
    needed: tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class TeamGap:
    """How much better one team does on the public items than on the private ones.

    Attributes:
        team: its name.
        submissions: how many had a public score.
        gap: public score less private score, turned so that positive means better in public; with its interval.
        expected: what choosing the best of so many equally good submissions gains in public by chance alone.
        beyond: whether even the lower end of the interval is above what chance explains, of a team that sent several.
    """

    team: str
    submissions: int
    gap: Estimate
    expected: float
    beyond: bool


@dataclass(frozen=True)
class Probing:
    """Signs that a team asks the public score for labels.

    Attributes:
        team: its name.
        submissions: how many it sent.
        near_copies: how many differ from its submission before in less than 1 % of the rows, and not in none.
        constant: how many hold one prediction in 90 % of the rows or more.
        suspected: whether that is more than a careful team does.
        files: the first few of them.
    """

    team: str
    submissions: int
    near_copies: int
    constant: int
    suspected: bool
    files: tuple[str, ...]


@dataclass(frozen=True)
class Overfitting:
    """Whether the public scores were learnt rather than earned.

    Attributes:
        submissions: how many had a public score, of all teams.
        noise: how far chance moves the public scores of equally good submissions (one standard deviation).
        expected: what the best of all submissions gains by chance, if they were equally good.
        gap: mean of the teams' gaps, with its interval.
        teams: one record a team, in the order of the leaderboard.
        probing: one record a team, in the order of the leaderboard.
    """

    submissions: int
    noise: Number
    expected: Number
    gap: Estimate
    teams: tuple[TeamGap, ...]
    probing: tuple[Probing, ...]


@dataclass(frozen=True)
class Release:
    """How public scores are shown.

    Attributes:
        step: they are rounded to multiples of it.
        ladder: ``none``, ``step`` (Blum and Hardt with a fixed step) or ``free`` (without a parameter).
    """

    step: float
    ladder: str = "none"


@dataclass(frozen=True)
class Leaderboard:
    """The teams of a challenge, ranked, and how firm that is.

    Attributes:
        challenge: name, title, version and digest of the terms.
        metric: the metric that ranks, as in a result: name, text, direction and bounds.
        part: ``private``, or ``public`` in what participants may see.
        public: whether it holds only what participants may see.
        counting: which submission of a team counts: ``best``, ``last`` or ``selected``.
        items: how many items each part has.
        rows: one a team, the best first.
        classes: teams that cannot be told apart, the best class first; empty where nothing was drawn.
        agreement: Kendall's tau-b between public and private places, with its interval.
        stability: None where nothing could be drawn, and in what participants may see.
        power: likewise, or where there is one team.
        overfitting: likewise, or where there are no public scores.
        release: how public scores are shown.
        entries: every submission that was scored, by team and time; empty in what participants may see.
        refused: every submission that was not; likewise.
        findings: what else is to be said.
        versions: of this code, numpy and Python.
    """

    challenge: Mapping[str, str]
    metric: Mapping[str, Any]
    part: str
    public: bool
    counting: str
    items: Mapping[str, int]
    rows: tuple[Row, ...]
    classes: tuple[tuple[str, ...], ...]
    agreement: Estimate
    stability: Stability | None
    power: Power | None
    overfitting: Overfitting | None
    release: Release
    entries: tuple[Entry, ...]
    refused: tuple[Refused, ...]
    findings: tuple[Finding, ...]
    versions: Mapping[str, str]

    @property
    def greater_is_better(self) -> bool:
        """The direction of the metric that ranks."""
        return bool(self.metric["greater_is_better"])

    def _repr_html_(self) -> str:
        from compete.leaderboard.glance import glance_html

        return glance_html(self)

    def as_dict(self) -> dict[str, Any]:
        """The leaderboard as plain JSON data, as ``leaderboard.schema.json`` says."""
        plain = asdict(replace(self, entries=()))
        plain["entries"] = [dict(vars(entry)) for entry in self.entries]  # thousands, whose fields hold no records
        plain["refused"] = [{**asdict(one), "finding": one.finding.as_dict()} for one in self.refused]
        return {"format": FORMAT, **plain, "findings": [finding.as_dict() for finding in self.findings]}
