"""``compete audit``: what it tells, in which order, and with which exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from compete.audits import AUDITS
from compete.catalogs import all_rules
from tests.conftest import CHALLENGES, Made, Run


def write(folder: Path, rows: list[dict[str, str]], **data: object) -> Path:
    """A challenge on a table."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    content = {
        "name": "plain", "title": "Plain", "version": "1.0", "license": "CC0-1.0", "task": "classification",
        "data": {"path": "table.csv", "id": "id", "label": "label", **data},
        "split": {"test": 0.4, "public": 0.5, "seed": "a-seed-of-some-length"}, "score": {"metric": "f1_macro"},
    }  # fmt: skip
    (folder / "challenge.yaml").write_text(json.dumps(content))
    return folder


def table_rows(n: int = 120) -> list[dict[str, str]]:
    chance = np.random.default_rng(0)
    return [
        {"id": str(row), "label": "yn"[row % 2], "x": f"{chance.normal():.5f}", "code": "AB"[row % 2]}
        for row in range(n)
    ]


@pytest.mark.parametrize("name", CHALLENGES)
def test_challenges_of_the_gallery_have_no_error(run: Run, make: object, name: str) -> None:
    made = make(name)  # type: ignore[operator]
    answer = run("audit", made.challenge)
    assert answer.code == 0, answer.out
    assert f"{name}: " in answer.out
    assert "next: compete" in answer.err


def test_an_error_is_told_first_and_makes_the_exit_code(run: Run, tmp_path: Path) -> None:
    challenge = write(tmp_path, table_rows())
    answer = run("audit", challenge)
    assert answer.code == 1
    assert "audit/label-in-column" in answer.out.splitlines()[0]
    assert "1 error" in answer.out
    document = json.loads(run("audit", challenge, "--json").out)
    assert document["exit_code"] == 1
    order = [finding["severity"] for finding in document["findings"]]
    assert order == sorted(order, key=["error", "warning", "note"].index)
    assert run("audit", write(tmp_path / "b", table_rows(), drop="code")).code == 0


def test_what_audit_prints_is_as_published(run: Run, penguins: Made, tmp_path: Path) -> None:
    schema = json.loads(run("list", "audit-schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    leaking = write(tmp_path / "a", table_rows())
    for subject, code in ((penguins.challenge, 0), (penguins.bundle, 0), (leaking, 1), (tmp_path / "nothing", 1)):
        document = json.loads(run("audit", subject, "--json").out)
        assert document["exit_code"] == code
        check.validate(document)
    with pytest.raises(jsonschema.ValidationError):
        check.validate({"challenge": "a", "findings": []})


def test_data_that_cannot_be_read_are_findings_like_others(run: Run, tmp_path: Path) -> None:
    rows = table_rows()
    rows[7]["id"] = rows[8]["id"]
    answer = run("audit", write(tmp_path, rows))
    assert answer.code == 1
    assert "dataset/repeated-id" in answer.out
    assert run("audit", tmp_path / "nothing").code == 1


def test_damaged_images_do_not_keep_the_others_from_being_looked_at(run: Run, tmp_path: Path) -> None:
    """A cut file is an error; that the gray images are all of one class is told all the same."""
    chance = np.random.default_rng(0)
    rows = []
    for number in range(60):
        gray = number % 2 == 0
        picture = chance.integers(0, 255, (40, 40) if gray else (40, 40, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number:03}.png")
        rows.append({"id": str(number), "label": "yn"[number % 2], "file": f"{number:03}.png"})
    whole = (tmp_path / "007.png").read_bytes()
    challenge = write(tmp_path, rows, file="file", images=".")
    answer = run("audit", challenge)
    assert answer.code == 0, answer.out
    assert "mode 'L': 30 of 30 are y" in answer.out
    (tmp_path / "007.png").write_bytes(whole[: len(whole) // 2])
    answer = run("audit", challenge)
    assert answer.code == 1
    assert "image/damaged" in answer.out
    assert "mode 'L': 30 of 30 are y" in answer.out


def test_audits_are_listed_and_explained(run: Run, penguins: Made) -> None:
    listed = json.loads(run("list", "audits", "--json").out)
    assert [row["audit"] for row in listed] == list(AUDITS)
    assert all(row["what"].endswith(".") for row in listed)
    assert "hypergeometric" in run("explain", "audit/shortcut-value").out
    told = {finding["rule"] for finding in json.loads(run("audit", penguins.challenge, "--json").out)["findings"]}
    assert told <= set(all_rules())
