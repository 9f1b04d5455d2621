"""What the blocks of ``challenge.yaml`` say, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass

from compete.challenge.checks import OWN_METRIC


@dataclass(frozen=True)
class Author:
    """Someone who made the data or the challenge."""

    name: str
    orcid: str | None
    affiliation: str | None
    email: str | None


@dataclass(frozen=True)
class Subgroup:
    """A column, or what is made of it, for which scores are told separately.

    Attributes:
        name: what tables of scores call it.
        column: the column of the data.
        bins: ascending edges that cut a column of numbers; empty for none.
        part: ``year``, ``month``, ``day`` or ``hour`` of a column of dates; None for none.
    """

    name: str
    column: str
    bins: tuple[float, ...]
    part: str | None


@dataclass(frozen=True)
class Normalize:
    """What all images are made, so that size and encoder tell nothing; either ``size`` or ``longest`` is given.

    Attributes:
        size: width and height.
        longest: pixels of the longer side.
        encoder: ``png`` or ``jpeg``.
        quality: of JPEG, 1 to 100.
    """

    size: tuple[int, int] | None
    longest: int | None
    encoder: str
    quality: int


@dataclass(frozen=True)
class Data:
    """Where the items are, and what their columns mean; columns are tuples, empty where not declared.

    Of images further: ``masks`` is the folder of label images, ``items`` the table of annotated images, ``mask``
    the column of label images, ``values`` pairs of class and pixel value, ``ignore`` the value that is not scored,
    ``things`` the classes counted one by one, ``sigmas`` the spread of each keypoint,
    ``duplicates`` what becomes of images that show the same: ``group``, ``drop`` or ``keep``.
    ``view`` is pairs of an axis of stacks and what is taken of it, and of ``window`` and what a screen shows.
    Of classes in a tree ``tree`` is its table, or ``ranks`` the columns of the ancestors, the nearest first.
    Of lists ``catalogue`` is a table of the labels that may be named, ``separator`` what parts entries, ``gain`` the
    column of how relevant each is; ``form`` says how many rows an item has, ``empty`` that an empty cell is an answer.
    ``beside`` are columns for metrics, ``personal`` those that tell of people and are published all the same.
    """

    reader: str
    path: str
    images: str | None
    id: tuple[str, ...]
    file: str | None
    label: tuple[str, ...]
    positive: str | None
    classes: tuple[str, ...]
    group: tuple[str, ...]
    subgroups: tuple[Subgroup, ...]
    features: tuple[str, ...]
    drop: tuple[str, ...]
    ids: str
    masks: str | None = None
    items: str | None = None
    mask: str | None = None
    values: tuple[tuple[str, int], ...] = ()
    ignore: int | None = None
    things: tuple[str, ...] = ()
    sigmas: tuple[float, ...] = ()
    duplicates: str = "group"
    normalize: Normalize | None = None
    tree: str | None = None
    ranks: tuple[str, ...] = ()
    catalogue: str | None = None
    separator: str = " "
    empty: bool = False
    gain: str | None = None
    beside: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    form: str = "items"
    view: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Split:
    """How items are dealt out.

    Attributes:
        test: fraction of all items.
        public: fraction of the test items.
        stratify: True, False, or the columns whose mix is kept.
        time: column whose newest items are the test.
        column: column of a given split.
        values: pairs of part (``train``, ``test``, ``public``, ``private``) and the values that mean it; empty where
            each part is spelt by its own name.
        seed: text that decides chance.
    """

    test: float
    public: float
    stratify: bool | tuple[str, ...]
    time: str | None
    column: str | None
    values: tuple[tuple[str, tuple[str, ...]], ...]
    seed: str


@dataclass(frozen=True)
class Combination:
    """One number made of a metric's values in the groups of a subgroup."""

    name: str
    metric: str
    over: str
    by: str


@dataclass(frozen=True)
class Scoring:
    """How submissions are scored; metrics are text that ``metrics.parse`` reads, or one of the names in ``named``."""

    metric: str
    also: tuple[str, ...]
    combine: tuple[Combination, ...]
    greater_is_better: bool | None
    draws: int
    smallest_subgroup: int
    named: tuple[tuple[str, str], ...] = ()

    def written(self, name: str) -> str:
        """The text of a metric that has a short name; any other text as it is."""
        return dict(self.named).get(name, name)

    @property
    def own(self) -> tuple[str, str] | None:
        """File and function of the organizer's own metric, ``metric.py:score``; None for every other."""
        found = OWN_METRIC.match(self.metric)
        return (found["file"], found["function"]) if found else None


@dataclass(frozen=True)
class Submission:
    """What participants send in; None and empty where it follows from the ranking metric."""

    kind: str | None
    columns: tuple[str, ...]
    range: tuple[float, float] | None
    form: str | None = None
    coordinates: str = "xywh"
    most_objects: int = 1000
    at: tuple[float, ...] = ()
