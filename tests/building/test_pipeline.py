"""What a build writes: every kind of split and task, what is hidden, and what stops it."""

from __future__ import annotations

import csv
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete import jobs
from compete.building.identity import opaque_ids
from compete.building.pipeline import write_bundle
from compete.building.plan import plan_build
from compete.bundle import verify_bundle
from compete.challenge import load_challenge
from compete.errors import BundleError, ChallengeError, CompeteError, DatasetError, Finding
from compete.files import files_below

N = 300
CHANCE = np.random.default_rng(3)
SEED = "0f1e2d3c4b5a6978"
COLUMNS: dict[str, Sequence[Any]] = {
    "name": [f"specimen-{number:04}" for number in range(N)],
    "species": CHANCE.choice(["alba", "nigra", "rubra"], N, p=[0.6, 0.3, 0.1]).tolist(),
    "patient": [f"p{number}" for number in CHANCE.integers(0, 80, N)],
    "length": np.round(CHANCE.normal(50, 9, N), 1).tolist(),
    "depth": np.round(CHANCE.normal(5, 1, N), 2).tolist(),
    "fish": CHANCE.integers(0, 2, N).tolist(),
    "crab": CHANCE.integers(0, 2, N).tolist(),
    "date": [f"20{10 + number // 40}-0{1 + number % 9}-11" for number in range(N)],
    "subset": ["holdout" if number % 5 == 0 else "val" if number % 5 == 1 else "fit" for number in range(N)],
    "site": [["north", "south"][number % 2] for number in range(N)],
}
Make = Callable[..., Path]


@pytest.fixture
def challenge(tmp_path: Path) -> Make:
    """Write a challenge from its blocks; a block that is given replaces the usual one."""

    def make(columns: Mapping[str, Sequence[Any]] = COLUMNS, folder: str = "challenge", **blocks: Any) -> Path:
        root = tmp_path / folder
        root.mkdir(exist_ok=True)
        with (root / "table.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        content = {
            "name": "reef",
            "title": "Reef",
            "version": "1.0",
            "license": "CC0-1.0",
            "task": "classification",
            "data": {"path": "table.csv", "id": "name", "label": "species", "features": ["length"]},
            "split": {"test": 0.4, "public": 0.5, "seed": SEED},
            "score": {"metric": "accuracy", "draws": 50},
        } | blocks
        (root / "challenge.yaml").write_text(json.dumps(content))
        return root

    return make


def table(path: Path) -> dict[str, list[str]]:
    """A table by columns."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return {name: list(column) for name, column in zip(header, zip(*rows, strict=True), strict=True)}


def build(root: Path, out: Path) -> Path:
    """Build with the trial, and check the bundle's manifests."""
    jobs.build(root, out, workers=1)
    assert verify_bundle(out) == []
    return out


def data(**changes: Any) -> dict[str, Any]:
    """The data block with changes."""
    return {"path": "table.csv", "id": "name", "label": "species", "features": ["length"]} | changes


def parts(bundle: Path) -> dict[str, str]:
    """The part of each of the organizer's ids."""
    ids = table(bundle / "private/ids.csv")
    return dict(zip(ids["source_id"], ids["part"], strict=True))


def test_only_declared_columns_are_public(challenge: Make, tmp_path: Path) -> None:
    bundle = build(challenge(data=data(group="patient", subgroups=["site"])), tmp_path / "out")
    assert list(table(bundle / "public/test.csv")) == ["id", "length"]
    assert list(table(bundle / "public/train.csv")) == ["id", "length", "species"]
    assert list(table(bundle / "public/train_groups.csv")) == ["id", "group", "site"]
    assert list(table(bundle / "public/sample_submission.csv")) == ["id", "species"]
    assert list(table(bundle / "private/solution.csv")) == ["id", "species", "Usage", "group", "site"]


def test_features_that_are_not_named_are_all_but_the_declared_and_the_dropped(challenge: Make, tmp_path: Path) -> None:
    block = data(drop=["date", "subset", "fish", "crab"], group="patient", subgroups=["site"])
    block.pop("features")
    bundle = build(challenge(data=block), tmp_path / "out")
    assert list(table(bundle / "public/test.csv")) == ["id", "length", "depth"]


def test_values_are_those_of_the_source(challenge: Make, tmp_path: Path) -> None:
    bundle = build(challenge(data=data(features=["length", "depth"])), tmp_path / "out")
    ids = dict(zip(*(table(bundle / "private/ids.csv")[name] for name in ("id", "source_id")), strict=True))
    source = {name: row for row, name in enumerate(COLUMNS["name"])}
    for name, label in (("public/train.csv", "species"), ("public/test.csv", ""), ("private/solution.csv", "species")):
        columns = table(bundle / name)
        for row, item in enumerate(columns["id"]):
            place = source[ids[item]]
            for column in {"length", "depth", label} & set(columns):
                assert columns[column][row] == str(COLUMNS[column][place])


def test_ids_cannot_be_guessed_from_row_name_or_label(challenge: Make, tmp_path: Path) -> None:
    """None of the usual digests of what an outsider may know gives an id or a part of one."""
    bundle = build(challenge(), tmp_path / "out")
    ids = {
        item.translate(str.maketrans("bcdfghjkmnpqrstv", "0123456789abcdef"))
        for item in table(bundle / "private/ids.csv")["id"]
    }
    digests = (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.blake2b)
    for row in range(N):
        name, label = COLUMNS["name"][row], COLUMNS["species"][row]
        for text in (
            str(row),
            str(row + 1),
            name,
            label,
            f"{label}{row}",
            f"{label}_{name}",
            f"table.csv{row}",
            f"reef{name}",
        ):
            for digest in digests:
                assert digest(text.encode()).hexdigest()[:16] not in ids
            assert f"{zlib.crc32(text.encode()):016x}" not in ids
    assert len(ids) == N


def test_another_seed_gives_other_ids_and_another_split(challenge: Make, tmp_path: Path) -> None:
    one = build(challenge(), tmp_path / "one")
    other = build(challenge(split={"test": 0.4, "public": 0.5, "seed": "another-seed-of-mine"}), tmp_path / "other")
    assert parts(one) != parts(other)
    assert not set(table(one / "private/ids.csv")["id"]) & set(table(other / "private/ids.csv")["id"])


def test_ids_may_be_kept(challenge: Make, tmp_path: Path) -> None:
    bundle = build(challenge(data=data(ids="keep")), tmp_path / "out")
    assert set(table(bundle / "public/test.csv")["id"]) < set(COLUMNS["name"])


def test_rows_tell_nothing_of_the_labels_or_of_the_source(challenge: Make, tmp_path: Path) -> None:
    """A source sorted by label gives tables in which place and label are independent."""
    order = np.argsort(COLUMNS["species"], kind="stable")
    columns = {name: np.array(values, dtype=object)[order].tolist() for name, values in COLUMNS.items()}
    bundle = build(challenge(columns), tmp_path / "out")
    solution = table(bundle / "private/solution.csv")
    place = {name: row for row, name in enumerate(columns["name"])}
    ids = dict(zip(*(table(bundle / "private/ids.csv")[name] for name in ("id", "source_id")), strict=True))
    rank = np.array([place[ids[item]] for item in solution["id"]])
    assert abs(np.corrcoef(rank, np.arange(len(rank)))[0, 1]) < 4 / np.sqrt(len(rank))


def test_no_private_byte_is_public(challenge: Make, tmp_path: Path) -> None:
    """Canaries: every hidden label, the seed, the key and the organizer's names are searched for in public files."""
    labels = [f"canary{number:04}" for number in range(N)]
    columns = {**COLUMNS, "value": np.arange(N).tolist(), "secret": labels}
    bundle = build(
        challenge(columns, task="regression", data=data(label="value", subgroups=["site"]), score={"metric": "rmse"}),
        tmp_path / "out",
    )
    public = (
        b"".join(path.read_bytes() for path in files_below(bundle / "public")) + (bundle / "manifest.json").read_bytes()
    )
    hidden = [name for name, part in parts(bundle).items() if part != "train"]
    secrets = [SEED, (bundle / "private/key").read_text().strip(), str(tmp_path), "canary", *COLUMNS["name"], *hidden]
    assert not [text for text in secrets if text.encode() in public]
    for path in files_below(bundle / "private"):
        assert hashlib.sha256(path.read_bytes()).hexdigest().encode() not in public


@pytest.mark.parametrize(
    ("label", "task", "score", "submission", "constant"),
    [
        ("species", "classification", "accuracy", {}, [["alba"]]),
        ("species", "classification", "log_loss", {}, None),
        ("site", "classification", "roc_auc", {}, None),
        ("site", "classification", "roc_auc", {"kind": "score"}, [["0"]]),
        (["fish", "crab"], "multilabel", "f1_macro", {}, None),
        (["fish", "crab"], "multilabel", "roc_auc_columns", {}, None),
        ("length", "regression", "mae", {"range": [0, 100]}, None),
        (["length", "depth"], "regression", "r2", {}, None),
    ],
)
def test_every_kind_of_task_builds_and_its_sample_is_constant(  # noqa: PLR0917
    challenge: Make, tmp_path: Path, label: Any, task: str, score: str, submission: dict[str, Any], constant: Any
) -> None:
    root = challenge(
        task=task, data=data(label=label, features=["date"]), score={"metric": score}, submission=submission
    )
    bundle = build(root, tmp_path / "out")
    columns = table(bundle / "public/sample_submission.csv")
    columns.pop("id")
    assert {len(set(column)) for column in columns.values()} == {1}
    if constant:
        assert [[column[0]] for column in columns.values()] == constant
    verdict = jobs.score_many(bundle, [bundle / "public/sample_submission.csv"])[0]
    assert verdict.error is None


def test_time(challenge: Make, tmp_path: Path) -> None:
    bundle = build(challenge(split={"test": 0.4, "public": 0.5, "seed": SEED, "time": "date"}), tmp_path / "out")
    found = parts(bundle)
    dates = dict(zip(COLUMNS["name"], COLUMNS["date"], strict=True))
    assert max(dates[name] for name, part in found.items() if part == "train") < min(
        dates[name] for name, part in found.items() if part != "train"
    )
    assert set(found.values()) == {"train", "public", "private"}


def test_given(challenge: Make, tmp_path: Path) -> None:
    split = {"public": 0.5, "seed": SEED, "column": "subset", "values": {"train": ["fit", "val"], "test": ["holdout"]}}
    found = parts(build(challenge(split=split), tmp_path / "out"))
    given = dict(zip(COLUMNS["name"], COLUMNS["subset"], strict=True))
    assert all((given[name] != "holdout") == (part == "train") for name, part in found.items())
    assert list(found.values()).count("public") == list(found.values()).count("private") == 30


def test_groups_stay_whole_with_several_labels(challenge: Make, tmp_path: Path) -> None:
    root = challenge(
        task="multilabel", data=data(label=["fish", "crab"], group="patient"), score={"metric": "f1_macro"}
    )
    found = parts(build(root, tmp_path / "out"))
    together: dict[str, set[str]] = {}
    for name, patient in zip(COLUMNS["name"], COLUMNS["patient"], strict=True):
        together.setdefault(patient, set()).add(found[name])
    assert {len(places) for places in together.values()} == {1}


@pytest.mark.parametrize("metric", ["rmsle", "mape"])
def test_a_metric_that_does_not_take_the_labels_stops_the_build(challenge: Make, tmp_path: Path, metric: str) -> None:
    columns = {**COLUMNS, "change": [number % 3 - 1 for number in range(N)]}
    root = challenge(columns, task="regression", data=data(label="change"), score={"metric": metric})
    with pytest.raises(BundleError, match="failed its own trial") as told:
        jobs.build(root, tmp_path / "out")
    assert [finding.rule for finding in told.value.findings] == ["trial/refused"]
    assert "cannot be computed" in str(told.value)


def test_pages_and_an_own_metric_come_along(challenge: Make, tmp_path: Path) -> None:
    root = challenge(
        pages={"overview": "overview.md"},
        score={"metric": "mine.py:best", "greater_is_better": True},
    )
    (root / "overview.md").write_text("# Reef\n")
    (root / "mine.py").write_text(
        "def best(solution, submission, row_id):\n    return (solution.species == submission.species).mean()\n"
    )
    bundle = build(root, tmp_path / "out")
    assert (bundle / "public/pages/overview.md").read_text() == "# Reef\n"
    verdict = jobs.score_many(bundle, [bundle / "public/sample_submission.csv"])[0]
    assert verdict.result
    assert verdict.result.metric == "metric.py:best"


def test_an_own_metric_that_does_not_see_order_is_stopped_by_the_trial(challenge: Make, tmp_path: Path) -> None:
    root = challenge(score={"metric": "mine.py:score", "greater_is_better": True})
    (root / "mine.py").write_text(
        "def score(solution, submission, row_id):\n    raise KeyError(solution.species.iloc[0])\n"
    )
    with pytest.raises(BundleError, match="failed its own trial") as told:
        jobs.build(root, tmp_path / "out")
    assert "stops with KeyError" in str(told.value)
    assert "alba" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_the_trial_stops_a_build_and_leaves_the_old_bundle(challenge: Make, tmp_path: Path) -> None:
    bundle = build(challenge(), tmp_path / "out")
    before = {path: path.read_bytes() for path in files_below(bundle)}
    plan = plan_build(load_challenge(challenge(score={"metric": "f1_macro"})))
    fault = Finding("trial/perfect", "as if the metric were wrong")
    with pytest.raises(BundleError, match="as if the metric were wrong"):
        write_bundle(plan, bundle, force=True, trial=lambda *_: [fault])
    assert {path: path.read_bytes() for path in files_below(bundle)} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["challenge", "out"]


@pytest.mark.parametrize(
    ("blocks", "error", "rule"),
    [
        ({"data": data(label="kind")}, DatasetError, "dataset/missing-column"),
        ({"data": data(path="nowhere.csv")}, DatasetError, "dataset/missing-file"),
        ({"data": data(classes=["alba", "nigra"])}, ChallengeError, "challenge/class"),
        ({"data": data(positive="alba")}, ChallengeError, "challenge/class"),
        ({"data": data(features=["length", "species"])}, CompeteError, "challenge/"),
        ({"submission": {"columns": ["a", "b"]}}, ChallengeError, "challenge/columns"),
        (
            {
                "task": "regression",
                "data": data(label="length", features=["depth"]),
                "score": {"metric": "mae"},
                "submission": {"range": [0, 50]},
            },
            ChallengeError,
            "challenge/range",
        ),
        ({"data": data(group="site")}, DatasetError, "split/"),
        ({"score": {"metric": "rmse"}}, ChallengeError, "score/unfit-metric"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    challenge: Make, tmp_path: Path, blocks: dict[str, Any], error: type[CompeteError], rule: str
) -> None:
    with pytest.raises(error) as told:
        jobs.build(challenge(**blocks), tmp_path / "out")
    assert any(finding.rule.startswith(rule) for finding in told.value.findings), told.value.findings
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["challenge"]


def test_a_guessable_seed_is_warned_of(challenge: Make, tmp_path: Path) -> None:
    accepted = {"leak/computable-split": "a test"}
    built = jobs.build(challenge(split={"seed": "42"}), tmp_path / "out", accepted=accepted)
    assert "split/guessable-seed" in {finding.rule for finding in built.findings}


def test_opaque_ids_look_like_no_number_word_or_date() -> None:
    ids = opaque_ids(b"k" * 32, [str(number) for number in range(20_000)])
    assert len(set(ids.tolist())) == 20_000
    assert all(len(item) == 16 and not set(item) - set("bcdfghjkmnpqrstv") for item in ids.tolist())
    assert opaque_ids(b"k" * 32, ["7"])[0] == ids[7]
    assert opaque_ids(b"l" * 32, ["7"])[0] != ids[7]
