"""The columns of a leaderboard: one a measure, and the ranking one again for each subgroup."""

from __future__ import annotations

from dataclasses import dataclass

from compete.exporters import Competition

PARTS = ("public", "private")


@dataclass(frozen=True)
class Column:
    """One number that a platform shows of a submission.

    Attributes:
        label: what people read.
        metric: the measure's name, as scoring tells it.
        group: the subgroup, as ``column=value``; empty for all items.
        greater_is_better: its direction.
    """

    label: str
    metric: str
    group: str
    greater_is_better: bool


def columns_of(competition: Competition, part: str) -> list[Column]:
    """The columns of one part, the ranking one first; none where the part has no items.

    Of small subgroups nothing is told on the public part, so they have no column there.
    """
    scores = [score for score in competition.sample["scores"] if score["part"] == part]
    overall = {score["metric"] for score in scores if not score["group"]}
    plain = [
        Column(str(one["name"]), str(one["name"]), "", bool(one["greater_is_better"]))
        for one in competition.measures
        if one["name"] in overall
    ]
    ranking = competition.measures[0]["name"]
    groups = [str(score["group"]) for score in scores if score["group"] and score["metric"] == ranking]
    return plain + [Column(f"{ranking} [{group}]", str(ranking), group, plain[0].greater_is_better) for group in groups]


def parts_of(competition: Competition) -> list[str]:
    """The parts that have items, ``public`` before ``private``."""
    return [part for part in PARTS if columns_of(competition, part)]


def unrankable(competition: Competition) -> list[str]:
    """What keeps a part from being ranked: a ranking score that is not defined even for a perfect submission."""
    told = {(one["metric"], one["part"], one["group"]): one["value"] for one in competition.best["scores"]}
    columns = {part: columns_of(competition, part)[0] for part in parts_of(competition)}
    undefined = [part for part, one in columns.items() if told.get((one.metric, part, one.group)) is None]
    return [
        f"{columns[part].label} is not defined on the {part} items, even for a perfect submission" for part in undefined
    ]
