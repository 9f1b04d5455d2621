"""From graded submissions to teams: what came too late, what repeats, and which submission counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compete.errors import Finding, UsageError
from compete.leaderboard.gathering import Sent, counted_order
from compete.leaderboard.grading import Graded
from compete.leaderboard.likeness import share_alike, share_changed
from compete.leaderboard.policy import Policy
from compete.leaderboard.records import Entry, Pick
from compete.scoring.result import Score
from compete.terms import NO_VALUE


@dataclass(frozen=True, eq=False)
class Submitted:
    """A submission with a score.

    Attributes:
        path: where it is.
        graded: its scores.
        entry: what the leaderboard says of it.
    """

    path: Path
    graded: Graded
    entry: Entry

    @property
    def takes_part(self) -> bool:
        """Whether it may count for its team."""
        return not (self.entry.late or self.entry.over_limit)

    def scores(self, metric: str, part: str) -> list[Score]:
        """The scores of one metric on one part: of all items, and of each subgroup."""
        return [score for score in self.graded.scores if score.metric == metric and score.part == part]

    def overall(self, metric: str, part: str) -> float | None:
        """The score of one metric on one part; None where there is none."""
        return _overall(self.graded, metric, part)


def _overall(graded: Graded, metric: str, part: str) -> float | None:
    found = (one.value for one in graded.scores if one.metric == metric and one.part == part and not one.group)
    return next(found, None)


def teams_of(sent: Sequence[Sent], graded: Sequence[Graded], metric: str, policy: Policy) -> dict[str, list[Submitted]]:
    """Each team's submissions in the order of time.

    Args:
        sent: submissions by team and time.
        graded: what each of them got.
        metric: the one that ranks.
        policy: which of them are late, or too many.
    """
    same = _first_of_each(sent, graded)
    teams: dict[str, list[Submitted]] = {}
    for one, found in zip(sent, graded, strict=True):
        own = teams.setdefault(one.team, [])
        late = bool(policy.deadline and one.time and one.time > policy.deadline)
        entry = Entry(
            file=one.file,
            team=one.team,
            time=one.time.isoformat().replace("+00:00", "Z") if one.time else "",
            selected=one.selected,
            sha256=found.sha256,
            canonical_sha256=found.canonical_sha256,
            public=_overall(found, metric, "public"),
            private=_overall(found, metric, "private"),
            late=late,
            over_limit=not late and _over_limit(own, one, policy),
            same_team=same[one.team, one.file][0],
            same_as=same[one.team, one.file][1],
            changed=share_changed(own[-1].graded.code, found.code) if own else None,
            alike=share_alike(found.code),
        )
        own.append(Submitted(one.path, found, entry))
    return teams


def _first_of_each(sent: Sequence[Sent], graded: Sequence[Graded]) -> dict[tuple[str, str], tuple[str, str]]:
    """Of each team and file the earlier ones with the same predictions; empty texts for the first."""
    pairs = sorted(
        zip(sent, graded, strict=True), key=lambda pair: (pair[0].moment, pair[0].team, counted_order(pair[0].file))
    )
    first: dict[str, tuple[str, str]] = {}
    found = {}
    for one, graded_one in pairs:
        own = one.team, one.file
        known = first.setdefault(graded_one.canonical_sha256, own)
        found[own] = ("", "") if known == own else known
    return found


def _over_limit(own: Sequence[Submitted], one: Sent, policy: Policy) -> bool:
    """Whether a team had sent all it may before."""
    before = [submitted for submitted in own if submitted.takes_part]
    day = one.time.date().isoformat() if one.time else ""
    today = sum(submitted.entry.time[:10] == day for submitted in before)
    return bool(policy.in_all and len(before) >= policy.in_all) or bool(policy.per_day and today >= policy.per_day)


def refuse_untimed(sent: Sequence[Sent], policy: Policy) -> None:
    """Refuse a deadline or a daily limit where it is not known when submissions were sent.

    Raises:
        UsageError: the times of some are not known.
    """
    untimed = tuple(one.file for one in sent if one.time is None)
    if untimed and (policy.deadline or policy.per_day):
        asked = "--deadline" if policy.deadline else "--per-day"
        message = f"{asked} needs the time of each submission, and {len(untimed)} have none"
        hint = "give it in the column time of submissions.csv"
        raise UsageError(
            "nothing was ranked", [Finding("rank/no-time", message, "", untimed[:3], hint, count=len(untimed))]
        )


def way_of(teams: Mapping[str, Sequence[Submitted]], policy: Policy) -> str:
    """Which submission of a team counts, where the policy leaves it open."""
    chosen = any(one.entry.selected for own in teams.values() for one in own)
    return policy.counting or ("selected" if chosen else "best")


def picks_of(own: Sequence[Submitted], *, greater_is_better: bool, public: bool) -> dict[str, Submitted]:
    """The submission of a team that each way of choosing takes; empty where none may count.

    Args:
        own: its submissions in the order of time.
        greater_is_better: the direction of the metric.
        public: whether private scores must decide nothing.
    """
    able = [one for one in own if one.takes_part]
    if not able:
        return {}
    sign = 1.0 if greater_is_better else -1.0

    def best(some: Sequence[Submitted], *parts: str) -> Submitted:
        def key(one: Submitted) -> tuple[float, ...]:
            values = [getattr(one.entry, part) for part in parts]
            return tuple(float("-inf") if value is None else sign * value for value in values)

        return max(some, key=key)  # of equals the earliest

    favourite = best(able, "public") if public or any(one.entry.public is not None for one in able) else None
    found = {"best": favourite or best(able, "private"), "last": able[-1]}
    chosen = [one for one in able if one.entry.selected]
    if chosen:
        found["selected"] = best(chosen, "public") if public else best(chosen, "private", "public")
    return found


def pick_records(picks: Mapping[str, Submitted]) -> tuple[Pick, ...]:
    """What each way of choosing takes, as records."""
    return tuple(Pick(way, one.entry.file, one.entry.public, one.entry.private) for way, one in picks.items())


def group_scores(one: Submitted, metric: str, part: str, smallest: int) -> dict[str, tuple[float, int]]:
    """Score and size of each subgroup of some size; blank cells are no subgroup.

    Args:
        one: the submission.
        metric: which metric.
        part: which part.
        smallest: items that a subgroup must have.
    """
    return {
        score.group: (score.value, score.n)
        for score in one.scores(metric, part)
        if score.group and score.value is not None and score.n >= smallest and not score.group.endswith(f"={NO_VALUE}")
    }


def worst_and_gap(groups: Mapping[str, float], *, greater_is_better: bool) -> tuple[str, float | None, float | None]:
    """The worst subgroup, its score, and the widest distance between two subgroups of one column.

    Args:
        groups: score by ``column=value``.
        greater_is_better: the direction.
    """
    if not groups:
        return "", None, None
    sign = 1 if greater_is_better else -1
    worst = min(groups, key=lambda group: (sign * groups[group], group))
    columns = Counter(group.partition("=")[0] for group in groups)
    gaps = []
    for column in (column for column, count in columns.items() if count > 1):
        values = [value for group, value in groups.items() if group.partition("=")[0] == column]
        gaps.append(max(values) - min(values))
    return worst, groups[worst], max(gaps, default=None)
