"""What is honest and looks odd: the gate lets it through, and what is odd in the same way but no accident it finds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from compete.audits.gate import audit_bundle
from compete.audits.gate.chance import chance_of, ranked
from compete.audits.gate.columns import Column
from compete.audits.gate.folder import Folder, Reach, open_folder
from compete.audits.gate.linked import APART, NEIGHBOURS, _nearest, chance_apart
from compete.audits.gate.pictures import _beyond
from compete.audits.gate.seen import compression_traces
from compete.audits.gate.spelt import uneven_decimals
from compete.errors import Finding
from tests.audits.gate.clean import clean_bundle, texture
from tests.audits.gate.planted_images import pixels, put
from tests.audits.gate.planting import Leak, Spoilt, spoil

Array = np.ndarray


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_bundle("table", tmp_path_factory.mktemp("table"), items=1000)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_bundle("pictures", tmp_path_factory.mktemp("pictures"), items=240)


def amounts(at: Spoilt) -> None:
    """Nothing, spelt 0.0 as pandas does, more often in one class."""
    label = at.labels()
    rain = {
        item: 0.0 if at.chance.random() < 0.2 + 0.3 * code else at.chance.gamma(2, 3) for item, code in label.items()
    }
    at.add_column("rain", {item: repr(round(value, 2)) for item, value in rain.items()})


def powers(at: Spoilt) -> None:
    """Very small numbers, some of them spelt as 1.2e-05, more often in one class."""
    label = at.labels()
    at.add_column("tiny", {item: repr(10.0 ** at.chance.normal(-4 - code, 1)) for item, code in label.items()})


def clusters(at: Spoilt) -> None:
    """Clouds of numbers, one for each class, their zeros at the end left out."""
    label = at.labels()
    for name in ("cloud", "mist", "haze", "fog", "smoke", "steam"):
        at.add_column(name, {item: repr(round(at.chance.normal(2 * code, 1), 2)) for item, code in label.items()})


def kinds(at: Spoilt) -> None:
    """Words alone, of which one tells much: equal rows are no strange neighbours."""
    for half in ("public/train.csv", "public/test.csv"):
        columns, label = at.table(half), at.labels()
        chance = [0.22, 0.22, 0.22, 0.22, 0.12]
        words = {
            "odour": [at.chance.choice(list("fpcsn" if label[item] else "alrzn"), p=chance) for item in columns["id"]]
        }
        words |= {name: at.chance.choice(list("bcxfks"), len(columns["id"])) for name in ("cap", "ring", "colour")}
        at.write(half, {**{name: columns[name] for name in ("id", "species") if name in columns}, **words})


def found_after(clean: Path, folder: Path, plant: Callable[[Spoilt], None]) -> list[Finding]:
    """What the gate tells of a clean bundle that was changed."""
    one = Leak("L00", plant.__name__, "", statistical=True, rules=(), plant=plant)
    return audit_bundle(spoil(clean, folder / "changed", one, 2), Reach(workers=1))


def rules_of(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings if finding.severity != "note"}


@pytest.mark.parametrize("plant", [amounts, powers, clusters])
def test_what_one_program_wrote_tells_nothing_by_its_spelling(
    table: Path, tmp_path: Path, plant: Callable[[Spoilt], None]
) -> None:
    assert "leak/spelling" not in rules_of(found_after(table, tmp_path, plant))


def test_a_spelling_that_tells_is_named_by_its_column(table: Path, tmp_path: Path) -> None:
    def capitals(at: Spoilt) -> None:
        coin = at.coin(at.labels())
        at.add_column("shade", {item: "Dark" if yes else "dark" for item, yes in coin.items()})

    found = [one for one in found_after(table, tmp_path, capitals) if one.rule == "leak/spelling"]
    assert ["'shade'" in one.message for one in found] == [True]
    assert '--accept-leak leak/spelling --because "…"' in found[0].hint


def test_decimals_that_go_with_size_alone_tell_nothing() -> None:
    """Large numbers have fewer decimals here, and are mostly of one class: 60 tests, of which 3 have 5 % chance."""
    chance, found = np.random.default_rng(1), []
    for _ in range(60):
        label = chance.integers(0, 2, 400)
        cells = [f"{value:.4g}" for value in np.exp(chance.normal(4 + 2 * label, 1)).tolist()]
        strength = uneven_decimals(Column(cells), ranked(label[:, None]), np.arange(400))
        found.append(strength.max() > 2.24)  # 5 %, in two tests at once
    assert sum(found) <= 8


def test_decimals_that_tell_are_found_and_groups_count_once() -> None:
    chance = np.random.default_rng(2)
    label = chance.integers(0, 2, 800)
    cells = [
        str(round(value, 1 + (chance.random() < 0.35 + 0.3 * code)))
        for value, code in zip(chance.normal(50, 9, 800), label, strict=True)
    ]
    alone = uneven_decimals(Column(cells), ranked(label[:, None]), np.arange(800))
    assert alone.max() > 6
    twelve = uneven_decimals(Column(cells), ranked(label[:, None]), np.arange(800) // 67)
    assert twelve.max() < 12**0.5 + 1e-9


def test_words_alone_make_no_strange_neighbours(table: Path, tmp_path: Path) -> None:
    assert "leak/linked" not in rules_of(found_after(table, tmp_path, kinds))


@pytest.mark.parametrize("dimensions", [3, 5, 40])
def test_the_nearest_stands_apart_as_often_as_chance_sets_it(dimensions: int) -> None:
    chance = np.random.default_rng(dimensions)
    train, test = chance.normal(size=(3000, dimensions)), chance.normal(size=(2000, dimensions))
    _, distance = _nearest(test, train)
    assert distance.shape == (2000, NEIGHBOURS)
    likely = chance_apart(distance)
    assert 0.02 < (likely < 0.05).mean() < 0.08
    assert (likely < APART).mean() < 0.005
    copies = train[:2000] + 0.002 * chance.normal(size=(2000, dimensions))
    assert (chance_apart(_nearest(copies, train)[1]) < APART).mean() > 0.4


def traced(picture: Callable[[int], Array], label: Array) -> float:
    """The chance of traces of compression in pictures."""
    trace, content = zip(*(compression_traces(picture(int(code))) for code in label), strict=True)
    return chance_of(ranked(_beyond(np.stack(trace), np.stack(content))), ranked(label[:, None]))


def jpeg(picture: Array, quality: int) -> Array:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_textures_are_no_traces_of_compression() -> None:
    """Of pictures that were never packed, and of such as were all packed alike."""
    chance = np.random.default_rng(3)
    label = chance.integers(0, 2, 240)
    assert traced(lambda code: texture(chance, 96, 128, 7 + 5 * code), label) > 0.02
    assert traced(lambda code: jpeg(texture(chance, 96, 128, 7 + 5 * code), 85), label) > 0.02


def test_two_qualities_are_found_whatever_is_shown() -> None:
    chance = np.random.default_rng(4)
    label = chance.integers(0, 2, 240)
    assert traced(lambda code: jpeg(texture(chance, 96, 128, 9), 92 if code else 80), label) < 0.001


def test_a_thing_in_the_middle_is_no_border(pictures: Path, tmp_path: Path) -> None:
    def discs(at: Spoilt) -> None:
        for item, code in at.labels().items():
            picture = Image.fromarray(pixels(at.image(item)))
            size = 6 + 5 * code
            ImageDraw.Draw(picture).ellipse([24 - size, 20 - size, 24 + size, 20 + size], fill=250)
            put(at.image(item), np.asarray(picture))

    findings = found_after(pictures, tmp_path, discs)
    assert "leak/border" not in rules_of(findings)
    assert [one.severity for one in findings if one.rule == "leak/brightness"] == ["warning"]


def test_images_that_are_linked_were_placed_together(pictures: Path) -> None:
    folder = open_folder(pictures, Reach(workers=1))
    train, test = np.flatnonzero(folder.part == 0).tolist(), np.flatnonzero(folder.part == 1).tolist()
    pairs = [
        (train[0], train[1], "view"),
        (train[1], train[2], "near"),
        (train[3], test[0], "view"),
        (test[1], test[2], "same"),
    ]
    assert _together(folder, pairs) == [set(train[:3]), {test[1], test[2]}]
    assert _together(open_folder(pictures, Reach(workers=1)), []) == []


def _together(folder: Folder, pairs: list[tuple[int, int, str]]) -> list[set[int]]:
    """The rows of items that are not alone."""
    folder.__dict__["same_images"] = pairs
    code = folder.together
    if code is None:
        return []
    number = np.bincount(code)
    return [set(np.flatnonzero(code == one).tolist()) for one in np.flatnonzero(number > 1)]
