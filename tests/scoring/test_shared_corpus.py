"""Bad and odd submissions through the real door: the shared corpus of all eight families, and the own one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from compete import jobs
from compete.jobs import Verdict
from compete.scoring.bounded import Limits
from tests.scoring.corpus import Case, own_cases, shared, shared_cases, shared_manifest

LIMITS = Limits(memory=1000, seconds=60)
SAME_SIDES = "R015"
"""Masks written along the rows of images that are as high as wide. Nothing in the file tells them, and what the hidden
truth tells of them (the turned masks agree far better) must not be told to a participant."""

Verdicts = dict[str, Verdict]


def verdicts_of(cases: Sequence[Case]) -> Verdicts:
    """What became of each file and of those that it is compared with, all of one bundle in one batch."""
    sent: dict[str, dict[str, None]] = defaultdict(dict)
    for case in cases:
        sent[case.bundle].update(dict.fromkeys([case.file, case.valid]))
    found: Verdicts = {}
    for bundle, files in sent.items():
        paths = [Path(file) for file in files]
        found |= zip(files, jobs.score_many(Path(bundle), paths, workers=1, limits=LIMITS), strict=True)
    return found


@pytest.fixture(scope="module")
def shared_verdicts(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Case], Verdicts]:
    """The cases of the shared corpus by name, and what became of each."""
    cases = list(shared_cases(tmp_path_factory.mktemp("shared")))
    return {case.name: case for case in cases}, verdicts_of(cases)


@pytest.fixture(scope="module")
def own_verdicts(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Case], Verdicts]:
    """The cases of the own corpus, and what became of each."""
    cases = list(own_cases(tmp_path_factory.mktemp("own")))
    return cases, verdicts_of(cases)


def fault_of(case: Case, told: Verdicts, same_as: str) -> str:
    """What is wrong with what became of a file; empty where nothing is."""
    verdict, expect = told[case.file], case.expect
    if verdict.error is not None:
        return "refused" if expect.startswith(("accept", "same_as", "warn")) else refusal_fault(verdict, expect)
    assert verdict.result
    if expect.startswith("reject"):
        return "scored"
    if expect == "warn" and case.name != SAME_SIDES and not verdict.result.findings:
        return "scored without a warning"
    if expect in ("accept", "either") or expect.startswith("same_as"):
        other = told[same_as or case.valid].result
        assert other
        if verdict.result.scores != other.scores:
            return "scored otherwise than the valid file"
        if verdict.result.submission["canonical_sha256"] != other.submission["canonical_sha256"]:
            return "another canonical digest than the valid file"
    return ""


def refusal_fault(verdict: Verdict, expect: str) -> str:
    """What is wrong with a refusal: every one has the exit code of a refusal, its rule, a place and a cure."""
    error = verdict.error
    assert error
    rules = [finding.rule for finding in error.findings]
    wanted = expect.partition(":")[2]
    if error.exit_code != 3 or not rules:
        return f"not a refusal: {error}"
    if {"submission/crashed", "submission/too-slow", "submission/too-much-memory"} & {*rules}:
        return f"not read: {error}"
    if wanted and wanted not in rules:
        return f"refused for another reason: {rules}"
    poor = [one for one in error.findings if one.severity == "error" and not (one.hint and one.where and one.message)]
    return f"without a place or a cure: {poor}" if poor else ""


@pytest.mark.real_data
@pytest.mark.parametrize("name", [case["id"] for case in shared_manifest()])
def test_every_file_of_the_shared_corpus_meets_its_fate(
    shared_verdicts: tuple[dict[str, Case], Verdicts], name: str
) -> None:
    cases, told = shared_verdicts
    case = cases[name]
    other = case.expect.partition(":")[2] if case.expect.startswith("same_as") else ""
    assert fault_of(case, told, cases[other].file if other else "") == ""


@pytest.mark.real_data
@pytest.mark.skipif(not shared_manifest(), reason="COMPETE_REAL_DATA names no folder beside the corpus")
def test_all_eight_families_are_there() -> None:
    assert {case["family"] for case in shared_manifest()} == set("TNPRDSZM")
    assert (shared() / "truth.json").is_file()


def test_every_file_of_the_own_corpus_meets_its_fate(own_verdicts: tuple[list[Case], Verdicts]) -> None:
    cases, told = own_verdicts
    faults = {f"{case.family}: {case.name}": fault for case in cases if (fault := fault_of(case, told, ""))}
    assert faults == {}


def test_the_own_corpus_is_large(own_verdicts: tuple[list[Case], Verdicts]) -> None:
    cases, _ = own_verdicts
    refused = [case for case in cases if case.expect.startswith("reject")]
    assert len(refused) >= 300
    assert len(cases) - len(refused) >= 40
    assert {case.family for case in cases} == {"tables", "forms of images", "COCO results", "pictures", "archives"}
    assert len({case.file for case in cases}) == len(cases)


def test_nothing_hidden_is_told(own_verdicts: tuple[list[Case], Verdicts]) -> None:
    """No refusal speaks of the private part, or of the files in it."""
    cases, told = own_verdicts
    for case in cases:
        error = told[case.file].error
        if error is not None:
            text = json.dumps([finding.as_dict() for finding in error.findings])
            assert "solution" not in text
            assert "Private" not in text
            assert "truth.npz" not in text
