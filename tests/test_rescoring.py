"""`compete score --check`: the same scores, bit for bit, or what differs; and scoring under limits."""

from __future__ import annotations

import json
import math

import pytest


@pytest.fixture
def scored(penguins, run, tmp_path):
    """A bundle, its baseline's submission and the result of that."""
    told = run("score", penguins.bundle, penguins.baseline, "--json", "--draws", "50")
    assert told.code == 0, told.err
    (tmp_path / "result.json").write_text(told.out)
    return penguins.bundle, penguins.baseline, tmp_path / "result.json"


def changed(path, tmp_path, change):
    content = json.loads(path.read_text())
    change(content)
    other = tmp_path / "changed.json"
    other.write_text(json.dumps(content))
    return other


def test_the_same_bits_come_again(scored, run):
    bundle, sample, result = scored
    assert json.loads(result.read_text())["settings"] == {"draws": 50, "on": "test", "public": False}
    told = run("score", bundle, sample, "--check", result)
    assert told.code == 0
    assert "bit for bit" in told.out
    document = json.loads(run("score", bundle, sample, "--check", result, "--json").out)
    assert document["same"]
    assert document["findings"] == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("result/other-score", lambda one: one["scores"][0].update(value=0.123)),
        ("result/other-score", lambda one: one["scores"][0].update(low=math.nextafter(one["scores"][0]["low"], 2))),
        ("result/other-score", lambda one: one["scores"].pop()),
        ("result/other-submission", lambda one: one["submission"].update(sha256="0" * 64)),
        ("result/other-challenge", lambda one: one["challenge"].update(version="0.9")),
        ("result/other-challenge", lambda one: one.update(solution="0" * 64)),
    ],
)
def test_what_differs_is_told(scored, run, tmp_path, rule, change):
    bundle, sample, result = scored
    told = run("score", bundle, sample, "--check", changed(result, tmp_path, change))
    assert told.code == 1
    assert rule in told.out
    assert "NOT as recorded" in told.out


def test_other_versions_alone_are_a_note(scored, run, tmp_path):
    bundle, sample, result = scored
    other = changed(result, tmp_path, lambda one: one["versions"].update(numpy="1.0"))
    told = run("score", bundle, sample, "--check", other)
    assert told.code == 0
    assert "result/other-version" in told.out


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"results": [{"format": 1}]}', "\x00", "null"])
def test_what_is_no_result_is_refused(scored, run, tmp_path, text):
    bundle, sample, _ = scored
    (tmp_path / "no.json").write_text(text)
    told = run("score", bundle, sample, "--check", tmp_path / "no.json")
    assert told.code == 2
    assert "result/unreadable" in told.err
    assert "Traceback" not in told.err


def test_each_submission_needs_its_result(scored, run):
    bundle, sample, result = scored
    told = run("score", bundle, sample, sample, "--check", result)
    assert told.code == 2
    assert "usage/other-count" in told.err


def test_limits_change_no_score(scored, run):
    bundle, sample, result = scored
    told = run("score", bundle, sample, "--json", "--draws", "50", "--limit-memory", "2000", "--limit-time", "60")
    assert json.loads(told.out) == json.loads(result.read_text())


def test_a_batch_goes_on_after_a_file_that_takes_too_much(scored, run, tmp_path):
    bundle, sample, _ = scored
    large = tmp_path / "large.csv"
    header, row, *_ = sample.read_text().splitlines(keepends=True)
    large.write_text(header + row * 3_000_000)
    told = run("score", bundle, large, sample, "--json", "--draws", "50", "--limit-memory", "20")
    first, second = json.loads(told.out)["results"]
    assert told.code == 3
    assert first["findings"][0]["rule"] == "submission/too-much-memory"
    assert first["refused"] == f"submission not scored: {large}"
    assert second["scores"]
