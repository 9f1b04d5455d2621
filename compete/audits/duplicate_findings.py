"""What is told of images that show the same: what a build does with them, and which contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compete.dataset import counted
from compete.errors import Finding
from compete.terms import IMAGE_TASKS

if TYPE_CHECKING:
    from compete.audits.duplicates import Duplicates, Link
    from compete.building.plan import Plan

LARGE = 0.1
"""The share of the items in one set of linked images from which on it is worth telling."""

DUPLICATE_RULES = {
    "audit/exact-duplicates": (
        "Images are there more than once.",
        "The files are equal, or equal without their metadata, or show the same pixels. `build` keeps such copies on "
        "one side of the split, so that a label in train does not tell one of the test. `data.duplicates: drop` keeps "
        "only the first of those that have equal labels; `keep` splits them as if they were unlike, and a bundle "
        "with the same image on both sides is refused.",
    ),
    "audit/near-duplicates": (
        "Images show nearly the same picture.",
        "The one is the other in another size, quality or brightness, with something drawn over it, turned or "
        "mirrored. They were found by perceptual hashes and proven on their pixels. `build` keeps them on one side "
        "of the split.",
    ),
    "audit/shifted-views": (
        "Images show parts of one scene.",
        "They overlap: tiles or views of one slide, a camera that was moved, pictures of a burst. Found by small "
        "marks that both have at the same distances, and proven on the pixels of the overlap. Crops of a picture at "
        "another scale are not found: name in `data.group` what was cut from one. `build` keeps them "
        "on one side of the split; if the scene has a name in the data, name it in `data.group`.",
    ),
    "audit/duplicate-labels": (
        "Copies of one image have different labels.",
        "At least one of the labels is wrong, or the image deserves several. Whoever predicts either is wrong in "
        "one of the two. Look at them and mend the labels, or drop them.",
    ),
    "audit/split-cuts-duplicates": (
        "The given split has images of one scene on both sides.",
        "What is learned from the one in train helps to guess the other in the test, so scores come out too good. A "
        "split that is given is never changed: mend the column that `split.column` names, or let `build` split.",
    ),
    "audit/one-scene": (
        "A large part of the images hangs together as views of one scene.",
        "A camera that never moves, or a plate that all pictures are taken of. None of them is cut from the others, so "
        "the split may be uneven. If the scene is only the background, set `data.duplicates: keep` and name in "
        "`data.group` what must stay together; `leak/overlap` is then a note.",
    ),
    "audit/not-compared": (
        "There were too many alike images to compare all of them.",
        "Standardised images (one stain, one pose, one background) look alike to a hash, and have small marks that "
        "thousands of others have too. Of each image the likeliest pairs were compared, and marks that tell nothing "
        "were left aside; some duplicates may not have been found. Name in `data.group` what belongs together.",
    ),
    "audit/not-dropped": (
        "Copies were asked to be dropped, but stay.",
        "Which annotation of two copies is the right one cannot be told of boxes, masks and label images. They stay on "
        "one side of the split instead; remove the copies from the data.",
    ),
}
"""Every rule of duplicates: one line, and a paragraph."""

DONE = {
    "group": "`build` keeps them on one side of the split",
    "drop": "`build` keeps the first of copies with equal labels, and all others on one side of the split",
    "keep": "`data.duplicates: keep` lets the split part them; with `group` they would stay on one side",
}

Texts = np.ndarray[Any, np.dtype[np.object_]]


def findings_of_duplicates(plan: Plan, duplicates: Duplicates, names: Sequence[str]) -> list[Finding]:
    """Everything to tell of the images of a plan that show the same.

    Args:
        plan: of the build.
        duplicates: of its items.
        names: what findings call the images.
    """
    where, links = plan.challenge.where("data.file"), duplicates.links
    hint = DONE[plan.challenge.data.duplicates]
    if plan.challenge.split.column:
        hint = "the split is given, so `build` does not part or join them; see audit/split-cuts-duplicates"
    exact = [link for link in links if link.exact]
    near = [link for link in links if link.kind in {"near", "turned"}]
    views, joined = _apart(plan, [link for link in links if link.kind == "view"])
    sets = _sets(exact)
    told = [
        ("exact-duplicates", f"{counted(len(sets), 'image is', 'images are')} there more than once", sets),
        ("near-duplicates", f"{counted(len(near), 'pair', 'pairs')} of images show nearly the same", _pairs(near)),
        ("shifted-views", f"{counted(len(views), 'pair', 'pairs')} of images show parts of one scene", _pairs(views)),
    ]
    found = [
        Finding(f"audit/{rule}", message, where, _named(rows, names), hint, "warning", len(rows))
        for rule, message, rows in told
        if rows
    ]
    if joined:
        message = f"{counted(len(joined), 'pair', 'pairs')} of images of one `data.group` show parts of one scene"
        hint, items = "they stay together as they are", _named(_pairs(joined), names)
        found.append(Finding("audit/shifted-views", message, where, items, hint, "note", len(joined)))
    return [*found, *_conflicts(plan, exact, names, where), *_limits(plan, duplicates, where)]


def cut_findings(plan: Plan, links: Sequence[Link]) -> list[Finding]:
    """Tell which linked images a given split has on both sides.

    Args:
        plan: with the final parts.
        links: of its items.
    """
    if not plan.challenge.split.column or plan.file is None:
        return []
    from compete.building.survey import image_name

    files, part = plan.file, plan.part
    cut = [link[:2] for link in links if (part[link.first] == 0) != (part[link.second] == 0)]
    if not cut:
        return []
    message = f"{counted(len(cut), 'pair', 'pairs')} of images that show the same are in train and in the test"
    items = tuple(" = ".join(image_name(files[row]) for row in pair) for pair in cut)
    hint = "give both the same part in that column, or leave `split.column` out"
    where = plan.challenge.where("split.column")
    return [Finding("audit/split-cuts-duplicates", message, where, items, hint, "warning", len(cut))]


def conflicting(plan: Plan, links: Sequence[Link]) -> list[tuple[int, int]]:
    """Pairs of exact copies, as rows, whose labels differ; none where items have objects or label images."""
    if plan.challenge.task in IMAGE_TASKS:
        return []
    labels = list(plan.target.values())
    pairs = [(link.first, link.second) for link in links if link.exact]
    return [pair for pair in pairs if any(column[pair[0]] != column[pair[1]] for column in labels)]


def _conflicts(plan: Plan, exact: Sequence[Link], names: Sequence[str], where: str) -> list[Finding]:
    clash = conflicting(plan, exact)
    if not clash:
        return []
    message = f"{counted(len(clash), 'copy of an image has', 'copies of images have')} another label than the first"
    hint = "look which label is right, and mend or drop the other"
    items = _named([list(pair) for pair in clash], names)
    return [Finding("audit/duplicate-labels", message, where, items, hint, "warning", len(clash))]


def _limits(plan: Plan, duplicates: Duplicates, where: str) -> list[Finding]:
    """What could not be done, and what may make the split uneven."""
    found = []
    size = int(np.bincount(duplicates.component).max(initial=0))
    if size > max(2, LARGE * len(duplicates.component)) and plan.challenge.data.duplicates != "keep":
        message = f"{size:,} of {len(duplicates.component):,} images hang together as views of one scene"
        hint = "see `compete explain audit/one-scene`"
        found.append(Finding("audit/one-scene", message, where, (), hint, "warning", size))
    limits = (
        (duplicates.unseen, "pairs of images that look alike were too many to be compared", "warning"),
        (duplicates.common, "marks and pictures are like so many others that they were left aside", "note"),
    )
    hint = "name in `data.group` what belongs together"
    for count, what, severity in limits:
        if count:
            found.append(Finding("audit/not-compared", f"{count:,} {what}", where, (), hint, severity, count))
    drop, exact = plan.challenge.data.duplicates == "drop", any(link.exact for link in duplicates.links)
    if drop and exact and plan.challenge.task in IMAGE_TASKS:
        place = plan.challenge.where("data.duplicates")
        message = f"copies are not dropped in a task of {plan.challenge.task}"
        hint = "remove the copies from the data; they stay on one side of the split"
        found.append(Finding("audit/not-dropped", message, place, (), hint, "warning"))
    return found


def _apart(plan: Plan, links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
    """The links between items that nothing else joins, and those within a declared group."""
    group = plan.group
    if group is None:
        return list(links), []
    within = [link for link in links if group[link.first] == group[link.second]]
    return [link for link in links if group[link.first] != group[link.second]], within


def _sets(exact: Sequence[Link]) -> list[list[int]]:
    """Rows of equal images, one list an image."""
    found: dict[int, list[int]] = defaultdict(list)
    first: dict[int, int] = {}
    for link in exact:
        root = first.setdefault(link.second, first.get(link.first, link.first))
        found[root] = found[root] or [root]
        found[root].append(link.second)
    return list(found.values())


def _pairs(links: Sequence[Link]) -> list[list[int]]:
    return [[link.first, link.second] for link in links]


def _named(rows: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(" = ".join(names[row] for row in some) for some in rows)
