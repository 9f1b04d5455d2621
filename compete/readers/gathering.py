"""Images and objects gathered while a format is read, each fault and each shape left out told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compete.dataset import Category, class_order, counted, excerpt
from compete.errors import EXAMPLES, DatasetError, Finding, fatal
from compete.readers.annotations import Annotations
from compete.readers.faults import Faults, Kind
from compete.readers.pictures import can_be_path

FILE_RULE = "dataset/label-file"
MARK = 8
RESERVED = frozenset({"file", "width", "height"})
"""Columns of the items' own."""

KINDS = {
    "unreadable": Kind(
        FILE_RULE, "file of annotations cannot be read", "files of annotations cannot be read",
        "mend each, or take it away together with its image"),
    "image-name": Kind(
        "dataset/file-name", "image has no name, or one that no file can bear",
        "images have no name, or one that no file can bear", "name the file, without control characters"),
    "image-again": Kind(
        "dataset/annotated-twice", "image is annotated in two places", "images are annotated in two places",
        "join the two, or remove one: an image is one item, with all that is in it"),
    "label": Kind(
        "dataset/category", "object has no class", "objects have no class",
        "give each a name on one line without control characters"),
    "shape": Kind(
        "dataset/shape", "shape cannot be understood", "shapes cannot be understood",
        "numbers are finite and have a decimal point; a polygon has three corners or more"),
}  # fmt: skip


@dataclass
class Gathering:
    """What was read so far; row ``i`` of every list of images is image ``i``.

    Attributes:
        name: of the source, for findings.
        root: the folder that the paths of images are relative to.
        labels: the classes that the source declares, in its order; others follow sorted.
        points: the names of the keypoints of a class, and the pairs of them that a drawing joins.
        findings: what was noticed; faults come on top.
    """

    name: str
    root: Path
    labels: list[str] = field(default_factory=list)
    points: dict[str, tuple[tuple[str, ...], tuple[tuple[int, int], ...]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    sizes: list[tuple[int, int] | None] = field(default_factory=list)
    cells: list[dict[str, str]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    choices: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.faults = Faults(self.name, KINDS)

    def add_image(
        self, file: str, size: tuple[int, int] | None, place: str, columns: Mapping[str, str] | None = None,
        choices: Mapping[str, Sequence[str]] | None = None,
    ) -> int | None:  # fmt: skip
        """Add an image.

        Args:
            file: its path, relative to ``root``.
            size: width and height as declared, if they are.
            place: what findings call it.
            columns: what else is known of it, as text.
            choices: what was chosen of it, by question; of several answers each becomes a column of 0 and 1 as well.

        Returns:
            Its number, for its objects; None if it cannot be taken, which is told.
        """
        if not can_be_path(file):
            self.faults.add("image-name", f"{place}: {file}")
            return None
        if file in self.files:
            self.faults.add("image-again", f"{file} ({place})")
            return None
        number = self.files[file] = len(self.files)
        self.sizes.append(size)
        joined = {question: "|".join(chosen) for question, chosen in (choices or {}).items()}
        self.cells.append({_column(key): text for key, text in {**(columns or {}), **joined}.items()})
        for question, chosen in (choices or {}).items():
            self.choices.setdefault(_column(question), {})[number] = list(chosen)
        return number

    def add_object(self, image: int, label: Any, place: str, entry: Mapping[str, Any] | None) -> None:
        """Add an object to an image.

        Args:
            image: the number of the image.
            label: the name of its class.
            place: what findings call it.
            entry: ``bbox, segmentation`` and so on, as COCO has them; None for a shape that nobody can understand.
        """
        if not isinstance(label, str) or not label.strip() or not label.strip().isprintable():
            self.faults.add("label", place)
        elif entry is None:
            self.faults.add("shape", place)
        else:
            self.entries.append({"image_id": image, "label": label.strip(), **entry})
            self.places.append(place)

    def leave_out(self, what: str, place: str) -> None:
        """Note a shape that cannot be an object, by what it is: ``polyline``."""
        self.left_out.setdefault(what, []).append(place)

    def pass_over(self, what: str, place: str) -> None:
        """Note an answer that becomes no column, by what it is: ``textarea``."""
        self.unread.setdefault(what, []).append(place)

    def unreadable(self, error: DatasetError) -> None:
        """Note a file of many that cannot be read."""
        for finding in error.findings:
            self.faults.add("unreadable", f"{finding.where}: {finding.message}")

    def annotations(self) -> Annotations:
        """All of it as annotated images.

        Raises:
            DatasetError: with one finding for every fault, or if there is no image at all.
        """
        findings = [*self.faults.findings(), *self.findings, *self._left_out(), *self._unread()]
        if not self.files and not fatal(findings):
            findings.insert(0, Finding(FILE_RULE, "there is no annotated image", self.name))
        if fatal(findings):
            raise DatasetError(f"dataset refused: {self.name}", findings)
        categories = self._categories()
        number_of = {category.name: category.number for category in categories}
        entries = [{**entry, "category_id": number_of[entry.pop("label")]} for entry in self.entries]
        names = dict.fromkeys(key for cells in self.cells for key in cells)
        columns = {name: [cells.get(name, "") for cells in self.cells] for name in names}
        flags = self._flags(columns)
        return Annotations(
            self.name, range(len(self.files)), tuple(self.files), self.sizes, columns | flags, categories, entries,
            self.root, self.places, tuple(findings), choices=(*self.choices, *flags),
        )  # fmt: skip

    def _categories(self) -> tuple[Category, ...]:
        """The classes, numbered from 1: those declared in their order, then the others sorted."""
        used = class_order(entry["label"] for entry in self.entries)
        declared = [label.strip() for label in self.labels if label.strip() and label.strip().isprintable()]
        names = dict.fromkeys([*declared, *used])
        nothing: tuple[tuple[str, ...], tuple[tuple[int, int], ...]] = ((), ())
        return tuple(
            Category(name, number, points=self.points.get(name, nothing)[0], skeleton=self.points.get(name, nothing)[1])
            for number, name in enumerate(names, start=1)
        )

    def _flags(self, columns: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """A column of 0 and 1 for each answer to a question that some image answers with several."""
        found = {}
        for question, given in self.choices.items():
            if all(len(chosen) < 2 for chosen in given.values()):
                continue
            for answer in sorted({one for chosen in given.values() for one in chosen}):
                cells = [str(int(answer in given.get(image, ()))) for image in range(len(self.files))]
                found[f"{question}: {answer}"] = cells
        return {name: cells for name, cells in found.items() if name not in columns}

    def _left_out(self) -> list[Finding]:
        """One finding for all shapes that are no objects, by what they are."""
        words = ("shape is no object and is left out", "shapes are no objects and are left out")
        hint = "objects are boxes, polygons, ellipses and masks; if these matter, draw them as such"
        return self._by_kind(self.left_out, words, hint, "warning")

    def _unread(self) -> list[Finding]:
        """One finding for all answers that become no column, by what they are."""
        words = ("answer is not read", "answers are not read")
        hint = "columns are made of what was chosen for a whole image; texts and answers about one shape are left out"
        return self._by_kind(self.unread, words, hint, "note")

    def _by_kind(
        self, found: Mapping[str, list[str]], words: tuple[str, str], hint: str, severity: str
    ) -> list[Finding]:
        """One finding for what was left out, with each kind and its first place; none for nothing."""
        count = sum(map(len, found.values()))
        kinds = sorted(found.items(), key=lambda pair: -len(pair[1]))
        told = tuple(f"{len(places)} × {excerpt(what)} ({excerpt(places[0], 60)})" for what, places in kinds[:EXAMPLES])
        message = counted(count, *words)
        return [Finding("dataset/left-out", message, self.name, told, hint, severity, count)] if count else []


def _column(name: str) -> str:
    """The name of a column of images; those of the items' own are marked."""
    return name + "_" * (name in RESERVED)


def word_of(value: Any) -> str:
    """A value of JSON as the cell of a table; blank for what is neither text, number nor truth.

    >>> word_of(True), word_of(3), word_of(" a "), word_of(None), word_of({})
    ('1', '3', 'a', '', '')
    """
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else value.strip() if isinstance(value, str) else ""


def whole_size(width: Any, height: Any) -> tuple[int, int] | None:
    """A declared size, from numbers or text; None where there is none, as some tools write 0.

    >>> whole_size("640", 480), whole_size(0, 0), whole_size(None, "x"), whole_size("640.0", 480.0)
    ((640, 480), None, None, (640, 480))
    """
    try:
        wide, high = float(width), float(height)
    except (TypeError, ValueError, OverflowError):
        return None
    fits = 1 <= wide < 1 << 31 and 1 <= high < 1 << 31
    return (int(wide), int(high)) if fits else None


def without_mark(name: str) -> str:
    """The name of an image without the eight letters that Label Studio puts before those of uploads.

    >>> without_mark("0a1b2c3d-a.png"), without_mark("a-b.png")
    ('a.png', 'a-b.png')
    """
    before, dash, after = name.partition("-")
    return after if dash and after and len(before) == MARK else name


def several(names: Sequence[str]) -> bool:
    """Whether there is more than one value, so that a column of it tells something."""
    return len(set(names)) > 1
