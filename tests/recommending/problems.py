"""Fingerprints of problems that are said rather than looked for in data."""

from __future__ import annotations

from typing import Any

from compete.recommending.fingerprint import Fingerprint
from compete.recommending.items import ITEMS
from compete.recommending.replies import ASSUMED, SAID, Reply


def problem(task: str, classes: int = 3, **said: Any) -> Fingerprint:
    """The fingerprint of a task of which some items are said and all others assumed."""
    replies = {
        item.key: Reply(said[item.key], SAID, "") if item.key in said else Reply(item.assumed, ASSUMED, "")
        for item in ITEMS
        if item.concerns(task)
    }
    assert set(said) <= set(replies), "an item that does not concern the task"
    return Fingerprint(task, replies, classes)
