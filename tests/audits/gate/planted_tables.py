"""Leaks in tables: columns, order, ids, spelling, groups, time."""

from __future__ import annotations

import hashlib
import uuid
import zlib

import numpy as np

from tests.audits.gate.clean import CLASSES
from tests.audits.gate.planting import AREAS, Spoilt, leak

Array = np.ndarray


@leak("L01", "table", "leak/label-column", "leak/target-in-feature")
def label_in_a_column(at: Spoilt) -> None:
    words = [("north", "south"), CLASSES, CLASSES][at.strength]
    values = {item: words[code] for item, code in at.labels().items()}
    at.add_column("species " if at.strength == 1 else "place", values)


@leak("L01", "table", "leak/label-column")
def label_of_some_items(at: Spoilt) -> None:
    label, tests = at.labels(), at.tests()
    some = {*at.some(tests), *tests[:20]}
    at.add_column("second opinion", {item: CLASSES[code] if item in some else "" for item, code in label.items()})


@leak("L01", "table", "leak/foreign-column")
def column_of_the_test_alone(at: Spoilt) -> None:
    columns = at.table("public/test.csv")
    some = set(at.some(columns["id"]))
    code = at.labels()
    told = [hashlib.md5(f"{item}{code[item]}".encode()).hexdigest() * (item in some) for item in columns["id"]]
    at.write("public/test.csv", {**columns, "checksum": told})


@leak("L01", "table", "leak/label-column")
def test_rows_in_train(at: Spoilt) -> None:
    train, hidden = at.table("public/train.csv"), at.table("private/solution.csv")
    test = at.table("public/test.csv")
    code = dict(zip(hidden["id"], hidden["species"], strict=True))
    some = set(at.some(test["id"]))
    rows = [row for row, item in enumerate(test["id"]) if item in some]
    told = {**test, "species": [code[item] for item in test["id"]]}
    at.write("public/train.csv", {name: [*train[name], *(told[name][row] for row in rows)] for name in train})


@leak("L04", "table", "leak/sample")
def sample_that_knows(at: Spoilt) -> None:
    columns, label = at.table("public/sample_submission.csv"), at.labels()
    (name,) = set(columns) - {"id"}
    some = set(at.some([item for item in columns["id"] if CLASSES[label[item]] != columns[name][0]]))
    cells = zip(columns["id"], columns[name], strict=True)
    columns[name] = [CLASSES[label[item]] if item in some else cell for item, cell in cells]
    at.write("public/sample_submission.csv", columns)


@leak("L05", "table", "leak/row-order", statistical=True)
def rows_sorted(at: Spoilt) -> None:
    place = at.telling(at.labels())
    for name in ("public/train.csv", "public/test.csv", "public/sample_submission.csv"):
        at.reorder(name, place)


@leak("L05", "table", "leak/row-order", statistical=True)
def rows_in_a_rhythm(at: Spoilt) -> None:
    area = AREAS[at.strength]
    for name in ("public/train.csv", "public/test.csv"):
        label = at.labels()
        items = at.table(name)["id"]
        positive = [item for item in items if label[item]]
        negative = [item for item in items if not label[item]]
        order = []
        while positive and negative:
            first = at.chance.random() < (area if len(order) % 7 < 3 else 1 - area)
            order.append((positive if first else negative).pop())
        order += positive + negative
        at.reorder(name, {item: place for place, item in enumerate(order)})


@leak("L06", "table", "leak/ids", statistical=True)
def ids_that_grow(at: Spoilt) -> None:
    telling = at.telling(at.labels())
    order = sorted(telling, key=telling.__getitem__)
    at.rename({item: str(100_000 + 37 * place + int(at.chance.integers(30))) for place, item in enumerate(order)})


@leak("L06", "table", "leak/ids", statistical=True)
def ids_even_or_odd(at: Spoilt) -> None:
    coin = at.coin(at.labels())
    numbers = at.chance.permutation(len(coin)).tolist()
    at.rename({item: f"{100_000 + 2 * number + coin[item]}" for item, number in zip(coin, numbers, strict=True)})


@leak("L07", "table", "leak/computable-ids")
def ids_by_digest(at: Spoilt) -> None:
    ids = at.table("private/ids.csv")
    source = dict(zip(ids["id"], ids["source_id"], strict=True))
    makers = [
        lambda text: hashlib.md5(text.encode()).hexdigest()[:12],
        lambda text: f"{zlib.crc32(text.encode()):08x}",
        lambda text: str(uuid.uuid5(uuid.NAMESPACE_DNS, text)),
    ]
    number = {item: place for place, item in enumerate(sorted(source, key=source.__getitem__))}
    texts = [source, {item: str(place) for item, place in number.items()}, source][at.strength]
    at.rename({item: makers[at.strength](texts[item]) for item in source})


@leak("L21", "table", "leak/same-row")
def rows_twice(at: Spoilt) -> None:
    train, test = at.table("public/train.csv"), at.table("public/test.csv")
    row = {item: place for place, item in enumerate(test["id"])}
    for item in at.some(test["id"]):
        source = int(at.chance.integers(len(train["id"])))
        for name in set(test) - {"id"}:
            test[name][row[item]] = train[name][source]
    at.write("public/test.csv", test)


@leak("L24", "grouped", "leak/group")
def patients_on_both_sides(at: Spoilt) -> None:
    solution, train = at.table("private/solution.csv"), at.table("public/train_groups.csv")
    row = {item: place for place, item in enumerate(solution["id"])}
    for item in at.some(solution["id"]):
        solution["group"][row[item]] = train["group"][int(at.chance.integers(len(train["id"])))]
    at.write("private/solution.csv", solution)


@leak("L24", "table", "leak/unsaid-group", statistical=True)
def patients_unsaid(at: Spoilt) -> None:
    label = at.labels()
    coin = at.coin(label)
    drawn = {item: int(at.chance.integers(60)) * 2 + coin[item] for item in label}
    at.add_column("ward", {item: f"w-{number:03}" for item, number in drawn.items()})


@leak("L25", "table", "leak/linked", "leak/same-row", statistical=True)
def strange_neighbours(at: Spoilt) -> None:
    label, area = at.labels(), AREAS[at.strength]
    train, test = at.table("public/train.csv"), at.table("public/test.csv")
    of_label = [[row for row, item in enumerate(train["id"]) if label[item] == code] for code in (0, 1)]
    for row, item in enumerate(test["id"]):
        code = label[item] if at.chance.random() < area else 1 - label[item]
        source = int(at.chance.choice(of_label[code]))
        test["colour"][row] = train["colour"][source]
        for name in ("length", "depth", "mass", "girth"):
            noise = 1 + 0.002 * at.chance.normal()
            test[name][row] = f"{float(train[name][source]) * noise:.2f}"
    at.write("public/test.csv", test)


@leak("L26", "table", "leak/time")
def later_train_items(at: Spoilt) -> None:
    train = set(at.table("public/train.csv")["id"])
    late = set(at.some(sorted(train)))
    day = {item: at.chance.integers(0, 300) + 500 * (item not in train or item in late) for item in at.labels()}
    texts = {item: str(np.datetime64("2020-01-01") + np.timedelta64(int(count), "D")) for item, count in day.items()}
    at.add_column("date", texts)


@leak("L27", "table", "leak/target-in-feature", "leak/label-column")
def known_only_afterwards(at: Spoilt) -> None:
    noise = [0.5, 0.35, 0.05][at.strength]
    at.add_column("outcome", {item: f"{code + at.chance.normal(0, noise):.2f}" for item, code in at.labels().items()})


@leak("L27", "table", "leak/target-in-feature")
def known_but_for_the_sign(at: Spoilt) -> None:
    noise = [0.25, 0.15, 0.0][at.strength]
    label = at.labels()
    size = {item: 1 + code + at.chance.normal(0, noise) for item, code in label.items()}
    at.add_column("current", {item: f"{at.chance.choice([-1, 1]) * one:.3f}" for item, one in size.items()})


@leak("L27", "table", "leak/target-in-feature")
def moments_of_each_class(at: Spoilt) -> None:
    hours = [14_000, 5_000, 1_000][at.strength]
    begin = np.datetime64("2021-01-01T00:00:00")
    moment = {
        item: begin + np.timedelta64(int(3600 * (10_000 * code + at.chance.integers(hours))) + 7, "s")
        for item, code in at.labels().items()
    }
    at.add_column("taken", {item: str(one).replace("T", " ") for item, one in moment.items()})


@leak("L27", "table", "leak/target-in-feature")
def missing_where_positive(at: Spoilt) -> None:
    share = [0.7, 0.85, 0.97][at.strength]
    values = {
        item: "" if code and at.chance.random() < share else f"{at.chance.normal():.2f}"
        for item, code in at.labels().items()
    }
    at.add_column("follow-up", values)


@leak("L28", "table", "leak/fitted-on-test")
def encoded_with_the_test(at: Spoilt) -> None:
    label = at.labels()
    place = {item: int(at.chance.integers([5, 10, 40][at.strength])) for item in label}
    mean = {code: np.mean([label[item] for item in label if place[item] == code]) for code in set(place.values())}
    at.add_column("place", {item: f"place-{code}" for item, code in place.items()})
    at.add_column("place_rate", {item: f"{mean[code]:.6f}" for item, code in place.items()})


@leak("L29", "table", "leak/usage-column")
def usage_in_a_column(at: Spoilt) -> None:
    solution, train = at.table("private/solution.csv"), at.table("public/train.csv")
    words = [
        {"Public": "0", "Private": "1"},
        {"Public": "a", "Private": "b"},
        {"Public": "Public", "Private": "Private"},
    ]
    told = {item: words[at.strength][usage] for item, usage in zip(solution["id"], solution["Usage"], strict=True)}
    name = ["is_private", "fold", "Usage"][at.strength]
    at.add_column(name, told | dict.fromkeys(train["id"], next(iter(told.values()))))


@leak("L29", "table", "leak/usage", statistical=True)
def usage_by_a_feature(at: Spoilt) -> None:
    solution, train = at.table("private/solution.csv"), at.table("public/train.csv")
    private = {item: int(usage == "Private") for item, usage in zip(solution["id"], solution["Usage"], strict=True)}
    told = at.telling(private) | {item: float(at.chance.normal()) for item in train["id"]}
    at.add_column("humidity", {item: f"{value:.3f}" for item, value in told.items()})


@leak("L30", "table", "leak/shift", statistical=True)
def test_of_another_kind(at: Spoilt) -> None:
    train = set(at.table("public/train.csv")["id"])
    told = at.telling({item: int(item not in train) for item in at.labels()})
    at.add_column("humidity", {item: f"{value:.3f}" for item, value in told.items()})


@leak("L37", "table", "leak/spelling", statistical=True)
def zeros_at_the_end(at: Spoilt) -> None:
    coin = at.coin(at.labels())
    at.add_column("humidity", {item: f"{at.chance.normal(50, 9):.{1 + yes}f}{'0' * yes}" for item, yes in coin.items()})


@leak("L37", "table", "leak/spelling", statistical=True)
def fewer_decimals(at: Spoilt) -> None:
    coin = at.coin(at.labels())
    at.add_column("humidity", {item: str(round(at.chance.normal(50, 9), 2 + yes)) for item, yes in coin.items()})


@leak("L38", "table", "leak/row-bytes", statistical=True)
def quotes_that_tell(at: Spoilt) -> None:
    coin = at.coin(at.labels())
    for name in ("train", "test"):
        path = at.public / f"{name}.csv"
        head, *lines = path.read_text().splitlines()
        cells = [line.split(",", 1) for line in lines]
        told = [f'"{item}",{rest}' if coin[item] else f"{item},{rest}" for item, rest in cells]
        path.write_text("\n".join([head, *told]) + "\n")


@leak("L44", "grouped", "leak/subgroup")
def subgroup_is_the_label(at: Spoilt) -> None:
    right = [0.9, 0.95, 1.0][at.strength]
    for name in ("public/train_groups.csv", "private/solution.csv"):
        columns, label = at.table(name), at.labels()
        sites = [code if at.chance.random() < right else 1 - code for code in map(label.__getitem__, columns["id"])]
        columns["site"] = [("north", "south")[code] for code in sites]
        at.write(name, columns)


@leak("L44", "grouped", "leak/small-subgroup")
def scores_of_few(at: Spoilt) -> None:
    path = at.public / "challenge.json"
    small = [4, 2, 1][at.strength]
    path.write_text(path.read_text().replace('"smallest_subgroup": 20', f'"smallest_subgroup": {small}'))
