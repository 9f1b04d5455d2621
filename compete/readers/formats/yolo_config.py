"""What stands beside YOLO labels: ``data.yaml`` or Darknet's ``obj.data``, names of classes, lists of images."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compete.challenge.yaml12 import read_yaml
from compete.dataset import Category, excerpt
from compete.errors import Finding
from compete.readers.annotations import is_whole
from compete.readers.json_file import refusal
from compete.readers.listing import contents, lines_of, part_of
from compete.readers.pictures import can_be_path

RULE = "dataset/label-file"
KEYS = ("train", "val", "test")
"""The keys of data.yaml that name parts of a published split."""
SETTINGS = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml")
"""How the file of settings is usually called."""
MOST_BYTES = 1 << 24
MOST_POINTS = 1000
CLASS_LISTS = ("classes.txt", "obj.names", "predefined_classes.txt", "_darknet.labels")
"""Files with one name of a class a line; others end with ``.names``."""


@dataclass(frozen=True)
class Config:
    """What a YOLO folder says of itself.

    Attributes:
        name: the file that says it, relative to the folder; empty for none.
        names: of the classes, by number; empty where nobody says.
        paths: part of the published split -> paths as written.
        shape: keypoints of a pose, and numbers a keypoint; (0, 3) without poses.
        points: names of the keypoints, by number of class.
        findings: what was noticed.
    """

    name: str = ""
    names: Mapping[int, str] = field(default_factory=dict)
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shape: tuple[int, int] = (0, 3)
    points: Mapping[int, Sequence[str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def categories(self) -> tuple[Category, ...]:
        """The classes by number, with their keypoints where there are poses."""
        numbered = tuple(f"point_{number}" for number in range(1, self.shape[0] + 1))
        return tuple(
            Category(name, number, points=tuple(self.points.get(number, numbered)))
            for number, name in sorted(self.names.items())
        )


def root_of(settings: Path) -> Path:
    """The folder that a file of settings is about: the one that its key ``path`` names, if it is there, else its own.

    Ultralytics takes ``path`` relative to its own folder of datasets, people relative to the file; both are tried.
    """
    if settings.suffix.lower() not in (".yaml", ".yml"):
        return settings.parent
    document = read_yaml(contents(settings, MOST_BYTES), settings.name)
    said = document.root.plain() if document.root else None
    written = said.get("path") if isinstance(said, dict) else None
    if not isinstance(written, str) or not can_be_path(written):
        return settings.parent
    words = [word for word in re.split(r"[\\/]+", written) if word not in ("", ".", "..")]
    near = (settings.parent, settings.parent.parent)
    places = [settings.parent / written, *(above / "/".join(words[first:]) for first in range(len(words))
              for above in near)]  # fmt: skip
    return next((Path(os.path.normpath(place)) for place in places if place.is_dir()), settings.parent)


def read_config(folder: Path, files: Sequence[str], named: Path | None = None) -> Config:
    """Read what a folder says of its labels.

    Args:
        folder: of the labels.
        files: all that stand in it.
        named: the file to read; None for the one that is found.

    Raises:
        DatasetError: if the file is none.
        SystemFault: if the disk or a permission forbids reading.
    """
    outer = sorted(files, key=lambda name: (name.count("/"), name))
    home = named.parent if named else folder
    for name in [named.name] if named else outer:
        if name.lower().endswith((".yaml", ".yml")):
            found = _of_yaml(home, name, sure=bool(named))
            if found:
                return found
        elif name.lower().endswith(".data"):
            return _of_darknet(home, name, outer)
    listed = next((name for name in outer if name.split("/")[-1].lower() in CLASS_LISTS), "")
    listed = listed or next((name for name in outer if name.lower().endswith(".names")), "")
    return Config(listed, _listed_names(folder / listed)) if listed else Config()


def _of_yaml(folder: Path, name: str, *, sure: bool) -> Config | None:
    """What a YAML file says; None for one that is about something else."""
    document = read_yaml(contents(folder / name, MOST_BYTES), name)
    said = document.root.plain() if document.root else None
    if document.findings and (sure or name in SETTINGS):
        fault = document.findings[0]
        raise refusal(RULE, f"this is not the YAML that it should be: {fault.message}", fault.where, fault.hint)
    if not isinstance(said, dict) or "names" not in said:
        if not sure:
            return None
        hint = "such a file names the classes: names: [cat, dog]"
        raise refusal(RULE, "the file has no `names`", name, hint)
    names, findings = _names(said, name)
    paths = {key: _texts(said.get(key)) for key in KEYS}
    shape, points = _poses(said, names, name, findings)
    return Config(name, names, {key: found for key, found in paths.items() if found}, shape, points, tuple(findings))


def _names(said: Mapping[str, Any], place: str) -> tuple[dict[int, str], list[Finding]]:
    """The classes by number, and what is wrong with them."""
    given, findings = said["names"], []
    if isinstance(given, list):
        given = dict(enumerate(given))
    entries = given.items() if isinstance(given, dict) else [("", given)]
    names = {int(key): _name(value) for key, value in entries if str(key).isdecimal() and _name(value)}
    if len(names) < len(entries) or not names:
        hint = "write a list, or a mapping of numbers: names: {0: cat, 1: dog}"
        findings.append(Finding(RULE, "`names` does not name every class", place, hint=hint))
    findings += _repeated(names, place)
    count = said.get("nc")
    if is_whole(count) and names and count != len(names):
        message = f"`nc` says {count} classes, `names` names {len(names)}"
        findings.append(Finding(RULE, message, place, hint="the names are taken", severity="warning"))
    return names, findings


def _repeated(names: Mapping[int, str], place: str) -> list[Finding]:
    again = sorted(excerpt(name) for name, count in Counter(names.values()).items() if count > 1)
    if not again:
        return []
    hint = "a class is known by its name: join them, or rename one"
    return [Finding("dataset/category", "classes have one name", place, tuple(again), hint, count=len(again))]


def _name(value: Any) -> str:
    """The name of a class; empty for what can be none."""
    if value is None or isinstance(value, (list, dict)):
        return ""
    text = str(value).strip()
    return text if text.isprintable() else ""


def _texts(value: Any) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, str) and entry.strip()]


def _poses(
    said: Mapping[str, Any], names: Mapping[int, str], place: str, findings: list[Finding]
) -> tuple[tuple[int, int], dict[int, Sequence[str]]]:
    """How many keypoints a pose has and what they are called; ``flip_idx`` is for training only."""
    given = said.get("kpt_shape")
    if given is None:
        return (0, 3), {}
    whole = isinstance(given, list) and len(given) == 2 and all(map(is_whole, given))
    if not whole or not 0 < given[0] <= MOST_POINTS or given[1] not in (2, 3):
        hint = "write how many keypoints there are, and 2 or 3 numbers each: kpt_shape: [17, 3]"
        findings.append(Finding(RULE, "`kpt_shape` is not as it must be", place, hint=hint))
        return (0, 3), {}
    called = said.get("kpt_names")
    called = dict.fromkeys(map(str, names), called) if isinstance(called, list) else called
    entries = called.items() if isinstance(called, dict) else ()
    points = {int(key): [_name(one) for one in many] for key, many in entries
              if str(key).isdecimal() and isinstance(many, list) and len(many) == given[0]}  # fmt: skip
    return (given[0], given[1]), {key: many for key, many in points.items() if all(many)}


def _of_darknet(folder: Path, name: str, files: Sequence[str]) -> Config:
    """What Darknet's file of ``key = value`` lines says."""
    pairs = [line.split("=", 1) for line in lines_of(contents(folder / name, MOST_BYTES)) if "=" in line]
    said = {key.strip(): value.strip() for key, value in pairs}
    listed = found_path(said.get("names", ""), files)
    names = _listed_names(folder / listed) if listed else {}
    parts = {
        "train": said.get("train", ""),
        "val": said.get("valid", said.get("val", "")),
        "test": said.get("test", ""),
    }
    findings = _repeated(names, name)
    return Config(name, names, {key: [path] for key, path in parts.items() if path}, findings=tuple(findings))


def _listed_names(path: Path) -> dict[int, str]:
    """Names of classes, one a line; blank lines at the end count for none."""
    lines = [_name(line) for line in lines_of(contents(path, MOST_BYTES))]
    while lines and not lines[-1]:
        lines.pop()
    return {number: name or str(number) for number, name in enumerate(lines)}


def found_path(written: str, files: Sequence[str]) -> str:
    r"""The file or folder of an export that a path means, wherever the export stood when it was written.

    The longest end of the path that is there counts, with slashes of either kind.

    >>> found_path("C:\\data\\train\\images", ["train/images/a.png"]), found_path("../val", ["train/a.png"])
    ('train/images', '')
    """
    words = [word for word in re.split(r"[\\/]+", written.strip()) if word not in ("", ".", "..")]
    for first in range(len(words)):
        tail = "/".join(words[first:])
        if any(name == tail or name.startswith(f"{tail}/") for name in files):
            return tail
    return ""


def parts_of(folder: Path, config: Config, files: Sequence[str], images: Sequence[str]) -> tuple[list[str], list[str]]:
    """The part of the published split that each image belongs to, and what lies in two parts.

    As data.yaml says; of an image that it does not name, as the folders say; empty where nobody says. A path that is
    given for two parts tells of no split: Ultralytics wants both train and val.
    """
    row = {name: place for place, name in enumerate(images)}
    found: list[str] = [""] * len(images)
    twice = []
    uses = Counter(path for paths in config.paths.values() for path in set(paths))
    for part, paths in config.paths.items():
        once = [path for path in paths if uses[path] == 1]
        for name in dict.fromkeys(name for path in once for name in _meant(folder, path, files, row)):
            if found[row[name]] and found[row[name]] != part:
                twice.append(name)
            found[row[name]] = found[row[name]] or part
    return [part or part_of(name) for part, name in zip(found, images, strict=True)], twice


def _meant(folder: Path, written: str, files: Sequence[str], images: Mapping[str, int]) -> Iterator[str]:
    """The images that a path in data.yaml means: those of a folder, of a list, or the one."""
    path = found_path(written, files)
    if path in images:
        yield path
    elif path.lower().endswith(".txt"):
        ends = {name: name for name in images}
        for line in lines_of(contents(folder / path, MOST_BYTES)):
            if line.strip() and (name := _end(line, ends)):
                yield name
    elif path:
        yield from (name for name in images if name.startswith(f"{path}/"))


def _end(written: str, images: Mapping[str, str]) -> str:
    """The image that the end of a path names."""
    words = [word for word in re.split(r"[\\/]+", written.strip()) if word not in ("", ".", "..")]
    tails = ("/".join(words[first:]) for first in range(len(words)))
    return next((images[tail] for tail in tails if tail in images), "")
