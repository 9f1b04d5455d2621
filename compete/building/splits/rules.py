"""What ``compete explain`` tells about the rules of splits."""

from __future__ import annotations

SPLIT_RULES = {
    "split/too-few": (
        "There are fewer items, or groups, than parts.",
        "Train, public and private each need at least one item, and a group is never cut. Images that are linked as "
        "copies or views of one scene are a group as well, declared or not. Gather more data, use a finer "
        "`data.group`, or let `split.public` be 0 or 1 so that the test has one part.",
    ),
    "split/empty-part": (
        "A part would hold no item.",
        "A score cannot be computed on nothing. Raise `split.test` or `split.public`, use a finer `data.group`, or, "
        "with `split.column`, look at its values and at `split.values`.",
    ),
    "split/class-only-in-test": (
        "Train holds no item of a class that the test asks for.",
        "Nobody can learn it, so every submission loses the same points. It happens with a given split, with a split "
        "by time, or where the only group of a class must serve the test. Join the class with another, drop it, or "
        "change what keeps its items together.",
    ),
    "split/class-missing-from-test": (
        "The test holds no item of a class.",
        "It is learned but never scored, and a mean over classes leaves it out. A larger `split.test` or a finer "
        "`data.group` may mend it.",
    ),
    "split/class-missing-from-part": (
        "The public or the private part of the test lacks a class that the other holds.",
        "The score of that part leaves the class out, so public and private scores mean slightly different things. "
        "Choose `split.public` nearer to one half, or a larger test.",
    ),
    "split/rare-class": (
        "A class has a single item, or all its items are in a single group.",
        "It can be in one part only and goes to train. Join rare classes, or find more examples of them.",
    ),
    "split/large-group": (
        "A group is larger than a whole part should be.",
        "A group is never cut, so the part that receives it is too large or another one too small. The sizes that "
        "came out are told in `split/balance`. Use a finer `data.group` if its items need not stay together.",
    ),
    "split/far-from-wanted": (
        "A part's size is more than a fifth away from what was asked for.",
        "Groups, equal times or a given column leave no better choice. The message tells the sizes that came out.",
    ),
    "split/balance": (
        "How even the split came out.",
        "The share of all items in each part beside the wanted one, and the class whose share of a part is furthest "
        "from it. Shares of classes are exact to one item unless whole groups are dealt out.",
    ),
    "split/exact-shares": (
        "Every class has the same share of the test, to one item.",
        "Who knows that the split was made by class can work out from train how many test items each class has, though "
        "not which. This matters where the counts themselves are asked for: then use `split.stratify: false`.",
    ),
    "split/repeated-identity": (
        "Two items, or two groups, have the same identity.",
        "Where an item goes follows from the key and from its id, so ids must differ. Look at `data.id`.",
    ),
    "split/time-missing": (
        "An item has no time, but the split is by time.",
        "Fill the column that `split.time` names, or leave such items out of the data.",
    ),
    "split/one-time": (
        "No item is newer than the others.",
        "All items bear the same time, or every group reaches to the newest one (a group counts as its newest item). "
        "Look at `split.time` and `data.group`.",
    ),
    "split/time-cut": (
        "Where the test begins.",
        "All items from this time on are test. Items of one moment stay together, so the share of the test may differ "
        "from `split.test`; the nearest possible one was taken.",
    ),
    "split/group-across-time": (
        "Groups have items on both sides of the time at which the test begins.",
        "A group is never cut, and train must not hold the future. So these groups went to the test whole, together "
        "with their older items.",
    ),
    "split/unknown-part": (
        "The column that gives the split has a value that names no part.",
        "Known are train, test, public and private. Other words are named under `split.values` in challenge.yaml, for "
        "example `values: {train: [train, val], test: [holdout]}`.",
    ),
    "split/mixed-parts": (
        "Some items are given as test, others as public or private.",
        "Either give train and test (the test is then divided by `split.public`), or train, public and private.",
    ),
    "split/group-cut": (
        "The given split has items of one group in different parts.",
        "What is learned from a group in train helps to guess its other items, so scores come out too good. Mend the "
        "column, or leave out `data.group` if its items are independent.",
    ),
}
"""Every rule of this room: one line, and a paragraph."""
