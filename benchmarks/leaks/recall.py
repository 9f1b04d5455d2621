"""How many planted leaks does the gate find, and how often does it raise a false alarm?

Every leak of ``tests/audits/gate`` is planted in clean bundles at three strengths. Sure leaks concern 1, 5 or 30 % of
the items, or are hidden in three ways; statistical ones tell the label with an AUC of 0.65, 0.75 or 0.9 among 1,000
items. Run with ``python -m benchmarks.leaks.recall``; ``--part K/N`` does a part of the work, ``--join`` prints the
table of what the parts wrote.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from compete.audits.gate import audit_bundle
from compete.audits.gate.folder import Reach
from tests.audits.gate.clean import clean_bundle
from tests.audits.gate.planted import AREAS, LEAKS, SHARES, spoil

ITEMS = 1000
RUNS = {"table": 10, "grouped": 10, "pictures": 4, "photographs": 3, "scenes": 4}
"""Runs of each statistical leak and strength, by the kind of bundle; sure leaks are planted once a strength."""
CLEAN = {
    "table": (100, 1000),
    "grouped": (50, 1000),
    "pictures": (25, 300),
    "photographs": (5, 300),
    "scenes": (20, 300),
}
"""Clean bundles of each kind, each with its own data and split, and how many items they have."""
FRESH = 5
"""Clean bundles of a kind into which leaks are planted in turn."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--part", default="0/1", metavar="K/N")
    arguments.add_argument("--out", type=Path, default=Path("leaks.jsonl"))
    arguments.add_argument("--join", type=Path, nargs="*")
    given = arguments.parse_args()
    if given.join:
        print_table([json.loads(line) for path in given.join for line in path.read_text().splitlines()])
        return
    part, parts = map(int, given.part.split("/"))
    with tempfile.TemporaryDirectory() as folder, given.out.open("w") as out:
        for number, work in enumerate(tasks()):
            if number % parts == part:
                out.write(json.dumps(done(work, Path(folder))) + "\n")
                out.flush()
    if parts == 1:
        print_table([json.loads(line) for line in given.out.read_text().splitlines()])


def tasks() -> list[tuple[str, int, int, int]]:
    """Kind of a clean bundle, or place of a leak; its strength; and which run it is.

    What is hardest comes first: clean bundles, what is sure, then what is statistical from the weakest on.
    """
    wanted = [(kind, -1, -1, run) for kind, (many, _) in CLEAN.items() for run in range(many)]
    for place, one in enumerate(LEAKS):
        runs = RUNS[one.kind] if one.statistical else 1
        wanted += [(one.kind, place, strength, run) for strength in range(len(AREAS)) for run in range(runs)]
    return sorted(wanted, key=lambda work: work[2] if work[1] >= 0 and LEAKS[work[1]].statistical else -1)


def done(work: tuple[str, int, int, int], folder: Path) -> dict[str, Any]:
    """Make a bundle, attack it, and say what was found."""
    kind, place, strength, run = work
    if place < 0:
        target = folder / f"clean-{run}"
        bundle = clean_bundle(kind, target, seed=1000 + run, items=CLEAN[kind][1])
        record: dict[str, Any] = {"kind": kind, "clean": True}
    else:
        one = LEAKS[place]
        home = folder / f"{kind}-{run % FRESH}"
        if not home.exists():
            clean_bundle(kind, home, seed=run % FRESH, items=ITEMS)
        target = folder / "spoilt"
        bundle = spoil(home / "bundle", target, one, strength, seed=run)
        record = {"row": one.row, "name": one.name, "statistical": one.statistical, "strength": strength}
    before = time.process_time()
    found = sorted({finding.rule for finding in audit_bundle(bundle, Reach(workers=1)) if finding.severity != "note"})
    shutil.rmtree(target)
    told = not found if place < 0 else bool(set(found) & set(LEAKS[place].rules))
    return {**record, "found": found, "right": told, "seconds": time.process_time() - before}


def print_table(records: list[dict[str, Any]]) -> None:
    """Leaks found of runs, by row, way and strength; then false alarms."""
    rows: dict[tuple[str, str, bool], dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for one in records:
        if "row" in one:
            rows[one["row"], one["name"], one["statistical"]][one["strength"]].append(one["right"])
    heads = [f"{share:.0%} / AUC {area}" for share, area in zip(SHARES, AREAS, strict=True)]
    print(f"| row | leak | kind | {' | '.join(heads)} |\n|---|---|---|---|---|---|")
    for (row, name, statistical), told in sorted(rows.items()):
        cells = [f"{sum(told[strength])} of {len(told[strength])}" for strength in range(len(AREAS))]
        kind = "statistical" if statistical else "sure"
        print(f"| {row} | {name.replace('_', ' ')} | {kind} | {' | '.join(cells)} |")
    for statistical, what in ((False, "sure"), (True, "statistical")):
        right = [one["right"] for one in records if one.get("statistical") is statistical]
        print(f"\n{what}: {sum(right)} of {len(right)} found ({sum(right) / max(1, len(right)):.1%})")
    clean = [one for one in records if one.get("clean")]
    wrong = [one for one in clean if not one["right"]]
    print(
        f"\nfalse alarms: {len(wrong)} of {len(clean)} clean bundles {sorted({r for w in wrong for r in w['found']})}"
    )


if __name__ == "__main__":
    main()
