"""What ``data.normalize`` makes of the images that were looked at, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compete.building.media.normalizing import scaled_size
from compete.building.media.records import Normal
from compete.challenge import Challenge
from compete.dataset import counted
from compete.errors import EXAMPLES, Finding

if TYPE_CHECKING:
    from compete.audits.look import Look

GREY = frozenset({"1", "L", "LA"})
"""Modes without colours."""
FLAT = GREY | {"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
"""Modes of eight bits a colour or fewer."""


def normal_of(challenge: Challenge, looks: Sequence[Look]) -> Normal | None:
    """What all images are made: grey if all are, else coloured; None where they are published as they are."""
    settings = challenge.data.normalize
    if settings is None:
        return None
    return Normal(settings, "L" if all(look.mode in GREY for look in looks) else "RGB")


def normalize_findings(challenge: Challenge, looks: Sequence[Look]) -> list[Finding]:
    """Say which images cannot be scaled, are too small, or would keep their pixels."""
    settings = challenge.data.normalize
    if settings is None:
        return []
    taken = [look for look in looks if not look.refused]
    deep = [look for look in taken if look.mode not in FLAT]
    flat = [(look.width, look.height) for look in taken if look.mode in FLAT]
    pairs = [(old, scaled_size(settings, *old)) for old in flat]
    enlarged = [old for old, new in pairs if new[0] > old[0] or new[1] > old[1]]
    kept = [old for old, new in pairs if new == old]
    where = challenge.where("data.normalize")
    smallest = _size(min(enlarged)) if enlarged else ""
    kinds = (
        ("image/deep", len(deep), "is no picture of eight bits a colour", "are no pictures of eight bits a colour",
         "leave data.normalize out, or make pictures of eight bits", "error", {look.mode for look in deep}),
        ("image/enlarged", len(enlarged), "is smaller and will be enlarged", "are smaller and will be enlarged",
         f"choose a smaller size; the smallest image is {smallest}", "warning", set(map(_size, enlarged))),
        ("image/pixels-kept", len(kept), "has the size already and keeps what its pixels tell of its past",
         "have the size already and keep what their pixels tell of their past",
         "choose a smaller size, best half of it", "warning", set(map(_size, kept))),
    )  # fmt: skip
    return [
        Finding(rule, counted(count, f"image {one}", f"images {many}"), where, tuple(sorted(shown)[:EXAMPLES]), hint,
                severity, count)
        for rule, count, one, many, hint, severity, shown in kinds if count
    ]  # fmt: skip


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
