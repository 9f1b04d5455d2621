"""The fingerprint of a problem: what the organizer says, what the data tell, what is asked, what is assumed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compete.building.contract import submission_kind
from compete.recommending.items import CATEGORIES, ITEM, ITEMS, TITLES, Item
from compete.recommending.replies import ASKED, ASSUMED, SAID, Replies, Reply, measured, plain_value

if TYPE_CHECKING:
    from compete.challenge import Challenge
    from compete.dataset import Dataset

Ask = Callable[[Item, Any], Any]
"""Asks a person an item, told what is assumed otherwise; None for no answer."""


@dataclass(frozen=True)
class Fingerprint:
    """A problem as Metrics Reloaded sees it.

    Attributes:
        task: of the challenge.
        replies: what is known of each item that concerns it.
        classes: how many classes there are; 0 where there are none.

    Source: Maier-Hein and others, Nature Methods 21 (2024), p. 195, https://doi.org/10.1038/s41592-023-02151-z.
    """

    task: str
    replies: Replies
    classes: int = 0

    @property
    def category(self) -> str:
        """The problem category: ``image``, ``pixels``, ``boxes``, ``masks``; empty for none of them."""
        return CATEGORIES.get(self.task, "")

    @property
    def title(self) -> str:
        """The problem category in words."""
        return TITLES[self.category]

    def __getitem__(self, key: str) -> Any:
        """The answer to an item; what is assumed where it does not concern the task."""
        return self.replies[key].value if key in self.replies else ITEM[key].assumed

    def known(self, key: str) -> bool:
        """Whether somebody, or the data, answered an item."""
        return key in self.replies and self.replies[key].source != ASSUMED

    def because(self, *keys: str) -> str:
        """By what items are known, with the paper's number of each; of those that nobody answered nothing."""
        told = [f"{ITEM[key].number}: {self.replies[key].because}" for key in keys if self.known(key)]
        return "; ".join(told)

    @property
    def unanswered(self) -> tuple[Item, ...]:
        """The items that a person could answer and nobody did."""
        return tuple(item for item in ITEMS if item.question and item.key in self.replies and not self.known(item.key))

    def as_dict(self) -> dict[str, Any]:
        """The fingerprint as plain JSON data."""
        rows = [{"key": key, "number": ITEM[key].number, **answer.as_dict()} for key, answer in self.replies.items()]
        asked = [
            {"key": item.key, "question": item.question, "choices": [*item.choices] if item.choices else [True, False]}
            for item in self.unanswered
        ]
        return {"task": self.task, "category": self.title, "items": rows, "questions": asked}


def fingerprint_of(challenge: Challenge, dataset: Dataset, ask: Ask | None = None) -> Fingerprint:
    """Fill the fingerprint of a challenge.

    Args:
        challenge: what it says counts before what the data tell.
        dataset: its data.
        ask: asks a person what neither tells; None asks nobody.

    Raises:
        DatasetError: a column that the fingerprint names is not there.
    """
    said, seen = dict(challenge.fingerprint), figures(challenge, dataset)
    replies: dict[str, Reply] = {}
    for item in ITEMS:
        if item.concerns(challenge.task):
            replies[item.key] = _answered(item, said, seen, challenge, ask)
    return Fingerprint(challenge.task, replies, _classes(challenge, dataset))


def figures(challenge: Challenge, dataset: Dataset) -> dict[str, Reply]:
    """Everything that the data and the other lines of the challenge tell of the items."""
    from compete.recommending.agreement import disagreement
    from compete.recommending.closeness import contact
    from compete.recommending.frequencies import imbalance
    from compete.recommending.shapes import emptiness, look_of
    from compete.recommending.structures import structures_of

    if challenge.task not in CATEGORIES:
        return {}
    found = {**imbalance(challenge, dataset), **disagreement(challenge, dataset), **_declared(challenge)}
    structures = structures_of(challenge, dataset)
    if structures is not None:
        found |= {**look_of(structures), **emptiness(challenge, dataset), **contact(challenge, dataset)}
    return found


def _declared(challenge: Challenge) -> dict[str, Reply]:
    """What other lines of the challenge say."""
    found = {}
    if challenge.data.group:
        found["dependent"] = measured(True, f"items share {', '.join(challenge.data.group)} (data.group)")
    if challenge.submission.kind:
        sure = challenge.submission.kind in ("probability", "score")
        found["scores"] = measured(sure, f"submission.kind is {challenge.submission.kind}")
    return found


def _classes(challenge: Challenge, dataset: Dataset) -> int:
    """How many classes one answer chooses from."""
    if dataset.categories:
        return len(dataset.categories)
    if challenge.task != "classification":
        return 0
    return len(challenge.data.classes) or int(dataset.labels["label"].nunique())


def _answered(
    item: Item, said: Mapping[str, Any], seen: Mapping[str, Reply], challenge: Challenge, ask: Ask | None
) -> Reply:
    """The answer to one item, of whoever knows it best."""
    if item.key in said:
        told = seen.get(item.key)
        differs = told is not None and told.value != said[item.key]
        because = "challenge.yaml says so" + (f", though the data look otherwise: {told.because}" if differs and told
                                              else "")  # fmt: skip
        return Reply(said[item.key], SAID, because)
    if item.key in seen:
        return seen[item.key]
    assumed, because = item.assumed, "nobody said"
    if item.key == "scores":
        kind = submission_kind(challenge)
        assumed, because = kind in ("probability", "score"), f"as things stand a submission holds a {kind}"
    given = ask(item, assumed) if ask and item.question else None
    if given is not None:
        return Reply(given, ASKED, "you said so")
    return Reply(assumed, ASSUMED, because)


def as_lines(challenge: Challenge, fingerprint: Fingerprint) -> list[str]:
    """The block of ``challenge.yaml`` that keeps what was said or asked."""
    asked = {key: one.value for key, one in fingerprint.replies.items() if one.source == ASKED}
    kept = {**dict(challenge.fingerprint), **asked}
    return ["fingerprint:", *(f"  {key}: {spelt(value)}" for key, value in kept.items())] if kept else []


def spelt(value: Any) -> str:
    """A value as YAML writes it."""
    value = plain_value(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {spelt(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spelt, value)) + "]"
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z]\w*", value, re.ASCII) else json.dumps(value, ensure_ascii=False)
    return f"{value:g}"
