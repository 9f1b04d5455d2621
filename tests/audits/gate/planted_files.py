"""Leaks in what lies around: stray files, links, times, pages, programs, digests, seeds."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from tests.audits.gate.planting import Spoilt, leak


@leak("L02", "table", "leak/leftover", "leak/unknown-file")
def leftovers(at: Spoilt) -> None:
    name = (".DS_Store", "train.csv~", ".git/index")[at.strength]
    (at.public / name).parent.mkdir(exist_ok=True)
    (at.public / name).write_bytes(b"what was there before\n")


@leak("L02", "table", "leak/unknown-file", "leak/leftover")
def unknown_files(at: Spoilt) -> None:
    name = ("notes.txt", "model.pkl", "cache/index.db")[at.strength]
    (at.public / name).parent.mkdir(exist_ok=True)
    (at.public / name).write_bytes(b"who knows\n")


@leak("L03", "table", "leak/link", late=True)
def links(at: Spoilt) -> None:
    path = at.public / "README.md"
    if at.strength == 1:
        os.link(path, at.root.parent / f"second-{at.root.name}")
    else:
        path.unlink()
        path.symlink_to("/srv/data/reef/README.md" if at.strength else "../private/solution.csv")


@leak("L03", "table", "leak/private-path")
def private_paths(at: Spoilt) -> None:
    place = ("/home/anna/reef/labels.csv", "D:\\lab data\\reef", "/Users/anna/Desktop/reef")[at.strength]
    with (at.public / "README.md").open("a") as file:
        file.write(f"\nMade from {place}.\n")


@leak("L10", "table", "leak/time-of-file", "leak/mode-of-file", late=True)
def times_and_modes(at: Spoilt) -> None:
    path = at.public / "test.csv"
    if at.strength == 0:
        path.chmod(0o600)
    elif at.strength == 1:
        os.utime(path, (1_700_000_000, 1_700_000_000))
    else:
        for number, one in enumerate(sorted(at.public.iterdir())):
            os.utime(one, (1_700_000_000 + number, 1_700_000_000 + number))


def hidden(at: Spoilt) -> list[str]:
    """The hidden labels in the order of the test table."""
    solution = at.table("private/solution.csv")
    label = dict(zip(solution["id"], solution["species"], strict=True))
    return [label[item] for item in at.tests()]


@leak("L33", "table", "leak/class-counts")
def counts_in_a_page(at: Spoilt) -> None:
    label = hidden(at)
    usage = dict(zip(*(at.table("private/solution.csv")[name] for name in ("id", "Usage")), strict=True))
    half = (None, "Public", "Private")[at.strength]
    kept = [text for text, item in zip(label, at.tests(), strict=True) if half in (None, usage[item])]
    told = ", ".join(f"{name}: {kept.count(name)}" for name in ("alba", "nigra"))
    with (at.public / "README.md").open("a") as file:
        file.write(f"\nThe test has {told}.\n")


@leak("L34", "table", "leak/digest")
def digest_of_labels(at: Spoilt) -> None:
    solution = (at.root / "private/solution.csv").read_bytes()
    told = (
        hashlib.sha256(solution).hexdigest(),
        hashlib.md5("\n".join(hidden(at)).encode()).hexdigest(),
        base64.b64encode(hashlib.sha1(",".join(hidden(at)).encode()).digest()).decode(),
    )[at.strength]
    with (at.public / "README.md").open("a") as file:
        file.write(f"\nWe are bound to the labels by {told}\n")


@leak("L35", "table", "leak/private-content")
def key_in_public(at: Spoilt) -> None:
    key = (at.root / "private/key").read_text().strip()
    told = (key, base64.b64encode(bytes.fromhex(key)).decode(), key.upper())[at.strength]
    with (at.public / "README.md").open("a") as file:
        file.write(f"\nsalt {told}\n")


def key_of(seed: str, name: str) -> str:
    """The key that a build makes of a seed."""
    text = hashlib.blake2b(seed.encode(), digest_size=64).digest()
    return hashlib.blake2b(name.encode(), key=text, person=b"compete key", digest_size=32).hexdigest()


@leak("L35", "table", "leak/computable-split")
def seed_in_a_page(at: Spoilt) -> None:
    terms = json.loads((at.public / "challenge.json").read_text())
    seed = "9f86d081-reef-884c7d65"
    (at.root / "private/key").write_text(key_of(seed, terms["name"]))
    if at.strength == 0:
        (at.public / "challenge.json").write_text(json.dumps({**terms, "description": f"Made with seed {seed}."}))
    else:
        page = at.public / ("README.md" if at.strength == 1 else "pages/how.md")
        page.parent.mkdir(exist_ok=True)
        with page.open("a") as file:
            file.write(f"\nsplit with `{seed}`\n")


@leak("L35", "table", "leak/computable-split")
def usual_seed(at: Spoilt) -> None:
    """The whole bundle is divided anew as a usual function divides."""
    train, test, solution = at.table("public/train.csv"), at.table("public/test.csv"), at.table("private/solution.csv")
    source = dict(zip(*(at.table("private/ids.csv")[name] for name in ("id", "source_id")), strict=True))
    label = dict(zip(solution["id"], solution["species"], strict=True)) | dict(
        zip(train["id"], train["species"], strict=True)
    )
    items = sorted(source, key=source.__getitem__)
    many, tests = len(items), len(test["id"])
    rows = (
        np.random.RandomState(42).permutation(many),
        np.random.RandomState(0).permutation(many),
        np.random.default_rng(2024).permutation(many),
    )[at.strength]
    chosen = sorted(items[row] for row in rows[:tests])
    rest = sorted(set(items) - set(chosen))
    cells = {
        item: [table[name][row] for name in test] for table in (train, test) for row, item in enumerate(table["id"])
    }
    for name, ids in (("test", chosen), ("train", rest)):
        columns = {key: [cells[item][place] for item in ids] for place, key in enumerate(test)}
        at.write(
            f"public/{name}.csv", columns | ({"species": [label[item] for item in ids]} if name == "train" else {})
        )
    usage = solution["Usage"]
    at.write("private/solution.csv", {"id": chosen, "species": [label[item] for item in chosen], "Usage": usage})
    sample = at.table("public/sample_submission.csv")
    at.write("public/sample_submission.csv", {**sample, "id": chosen})


@leak("L36", "table", "leak/source-ids")
def ids_of_the_source(at: Spoilt) -> None:
    ids = at.table("private/ids.csv")
    source = dict(zip(ids["id"], ids["source_id"], strict=True))
    some = set(at.some(at.tests()))
    at.rename({item: source[item] if item in some or at.strength == 2 else item for item in source})


@leak("L41", "table", "leak/test-ids", "leak/unknown-file")
def items_in_a_page(at: Spoilt) -> None:
    (at.public / "pages").mkdir(exist_ok=True)
    some = sorted(at.tests())[-(5, 20, 200)[at.strength] :]
    if at.strength == 1:
        cells = [{"cell_type": "code", "outputs": [{"text": some}]}]
        (at.public / "baseline.ipynb").write_text(json.dumps({"cells": cells}))
    else:
        (at.public / "pages" / "baseline.md").write_text("We were wrong with:\n" + "\n".join(some))


@leak("L42", "table", "leak/private-content")
def labels_in_lines(at: Spoilt) -> None:
    told = "\n".join(hidden(at)).encode()
    lines = (base64.encodebytes(told).decode(), told.hex(" "), "")[at.strength]
    if at.strength == 2:
        (at.public / "pages").mkdir(exist_ok=True)
        (at.public / "pages" / "notes.md").write_bytes(told.decode().encode("utf-16"))
    else:
        with (at.public / "README.md").open("a") as file:
            file.write(f"\n{lines}\n")


@leak("L42", "table", "leak/private-content", "leak/unknown-file")
def labels_in_a_program(at: Spoilt) -> None:
    label = hidden(at)
    if at.strength == 0:
        packed = base64.b64encode(gzip.compress("\n".join(label).encode())).decode()
        (at.public / "metric.py").write_text(f'TRUTH = "{packed}"\n')
    elif at.strength == 1:
        codes = np.array([text == "nigra" for text in label]).astype("<i8").tobytes().hex()
        (at.public / "metric.py").write_text(f'TRUTH = "{codes}"\n')
    else:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("scorer/truth.csv", Path(at.root / "private/solution.csv").read_bytes())
        (at.public / "scorer-1.0-py3-none-any.whl").write_bytes(out.getvalue())
