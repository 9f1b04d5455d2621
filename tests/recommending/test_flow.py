"""The command, on the gallery and at a terminal; and the warning of `check`."""

from __future__ import annotations

import builtins
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compete import jobs
from compete.challenge import Challenge, load_challenge
from compete.challenge.yaml12 import read_yaml
from compete.errors import ChallengeError, Finding
from compete.readers import read_dataset
from compete.recommending import Recommendation, recommended
from compete.recommending.items import ITEM, ITEMS
from compete.show.recommending import answer_of, asker
from tests.conftest import CHALLENGES, Made, Run

Make = Callable[[str], Made]
SANE = {
    "diabetes": ["rmse", "mae", "r2"],
    "diabetes-quantiles": ["quantile_loss"],
    "digit-scenes": ["box_ap", "detection_f1(iou=0.5)"],
    "digit-scenes-panoptic": ["panoptic_quality", "segmentation_quality", "recognition_quality"],
    "digit-scenes-semantic": ["dice(background=0)", "nsd(tolerance=1, background=0)"],
    "digits": ["accuracy", "f1_macro"],
    "penguins": ["accuracy", "f1_macro"],
}
"""What each challenge of the gallery is advised; digits are balanced, and in scenes most are absent."""


def changed(folder: Path, to: Path, change: dict[str, Any]) -> Path:
    """A copy of a challenge in which keys of blocks are others; written as JSON, which is YAML."""
    root = read_yaml((folder / "challenge.yaml").read_bytes(), "challenge.yaml").root
    assert root
    content: Any = root.plain()
    for block, keys in change.items():
        content[block] = {**content.get(block, {}), **keys}
    shutil.copytree(folder, to)
    (to / "challenge.yaml").write_text(json.dumps(content))
    return to


def with_lines(folder: Path, to: Path, found: Recommendation) -> Path:
    """A copy of a challenge with the lines of a recommendation."""
    root = read_yaml("\n".join(found.lines).encode(), "lines").root
    assert root
    change: Any = root.plain()
    return changed(folder, to, change)


def against(findings: tuple[Finding, ...]) -> list[str]:
    """The messages of warnings that a metric is advised against."""
    return [finding.message for finding in findings if finding.rule == "score/advised-against"]


def test_the_whole_gallery_is_here() -> None:
    assert sorted(SANE) == CHALLENGES


@pytest.mark.parametrize("name", SANE)
def test_challenges_of_the_gallery_get_sane_answers(name: str, make: Make) -> None:
    found = jobs.recommend(make(name).challenge)
    assert [one.metric for one in found.advice] == SANE[name]
    assert against(found.findings) == []
    assert found.lines[1].endswith((SANE[name][0], f'"{SANE[name][0]}"'))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("penguins", {}),
        ("penguins", {"scores": True, "calibration": True, "severity": "ordered"}),
        ("digit-scenes", {"decision": "target", "target": {"false_alarms": 2}}),
        ("digit-scenes-semantic", {"tubular": True, "volume": True}),
        ("diabetes", {}),
    ],
)
def test_the_lines_are_taken_by_check_which_warns_of_nothing(
    name: str, said: dict[str, Any], make: Make, tmp_path: Path
) -> None:
    folder = changed(make(name).challenge, tmp_path / "first", {"fingerprint": said} if said else {})
    found = jobs.recommend(folder)
    report = jobs.check_challenge(with_lines(folder, tmp_path / "second", found), workers=1)
    assert against(report.findings) == []
    assert not [finding for finding in report.findings if finding.rule.startswith("score/")]
    again = jobs.recommend(tmp_path / "second")
    assert [one.metric for one in again.advice] == [one.metric for one in found.advice]


def test_check_warns_of_a_metric_that_is_advised_against(run: Run, make: Make, tmp_path: Path) -> None:
    change = {"score": {"metric": "hausdorff"}, "fingerprint": {"reference_outliers": True}}
    folder = changed(make("digit-scenes-semantic").challenge, tmp_path / "x", change)
    told = run("check", folder)
    assert told.code == 0
    assert "score/advised-against  hausdorff ranks, and one wrong pixel of the reference decides it" in told.out
    assert "hausdorff ranks, and where a class is absent there is no distance" in told.out
    assert "compete recommend" in told.out
    assert run("explain", "score/advised-against").code == 0


def test_an_expression_and_a_combination_are_looked_into(make: Make, tmp_path: Path) -> None:
    metric = {"metric": "0.5*miou + 0.5*pixel_accuracy", "also": []}
    folder = changed(make("digit-scenes-semantic").challenge, tmp_path / "x", {"score": metric})
    (told,) = against(jobs.recommend(folder).findings)
    assert told.startswith("pixel_accuracy ranks, and the frequent class decides it, which mostly is the background")


def test_a_metric_that_cannot_be_computed_is_left_out(make: Make, tmp_path: Path) -> None:
    challenge = load_challenge(make("penguins").challenge)

    def refuse(tried: Challenge) -> list[Finding]:
        texts = {"score.metric": tried.score.metric, "score.also.0": (*tried.score.also, "")[0]}
        told = [Finding("score/unfit-metric", "no", where) for where, text in texts.items() if text == "f1_macro"]
        return [*told, Finding("score/unfit-metric", "of a combination", "score.combine.0")]

    found = recommended(challenge, read_dataset(challenge), refuse=refuse)
    assert [one.metric for one in found.advice] == ["accuracy"]
    assert found.lines == ("score:", "  metric: accuracy", "  also: []")
    (told,) = [finding for finding in found.findings if finding.rule == "score/not-recommendable"]
    assert told.message == "f1_macro is left out: no"


def test_where_nothing_can_be_computed_there_are_no_lines(make: Make) -> None:
    challenge = load_challenge(make("diabetes-quantiles").challenge)
    refused = Finding("score/unfit-metric", "no", "score.metric")
    found = recommended(challenge, read_dataset(challenge), refuse=lambda _: [refused])
    assert found.advice == found.lines == ()


def test_keys_that_no_longer_fit_are_named(make: Make, tmp_path: Path) -> None:
    own = "def score(solution, submission, row_id_column_name):\n    return 0.0\n"
    change = {
        "score": {"metric": "metric.py:score", "greater_is_better": True},
        "submission": {"kind": "label", "columns": ["species"]},
        "fingerprint": {"scores": True},
    }
    folder = changed(make("penguins").challenge, tmp_path / "x", change)
    (folder / "metric.py").write_text(own)
    found = jobs.recommend(folder)
    assert "  # take greater_is_better away: these metrics know their direction" in found.lines
    assert found.lines[found.lines.index("submission:") + 1 :][:2] == (
        "  kind: probability",
        "  # take columns away: they are of another kind",
    )


def test_the_command_answers_in_json(run: Run, make: Make) -> None:
    told = run("recommend", make("penguins").challenge, "--json")
    document = json.loads(told.out)
    assert told.code == 0
    assert [one["metric"] for one in document["advice"]] == SANE["penguins"]
    assert document["metrics"] == ["f1_macro", "accuracy", "matthews_corrcoef"]
    items = {one["key"]: one for one in document["fingerprint"]["items"]}
    assert items["imbalanced"]["source"] == "measured"
    assert items["imbalanced"]["number"] == "FP4.1"
    assert {"key": "calibration", "question": ITEM["calibration"].question, "choices": [True, False]} in document[
        "fingerprint"
    ]["questions"]


def test_the_command_shows_reasons_and_lines(run: Run, make: Make) -> None:
    told = run("recommend", make("digit-scenes-semantic").challenge)
    assert told.code == 0
    for words in ("semantic segmentation (SemS)", "FP4.6", "  nsd(tolerance=1, background=0)", "why: ", "beware: "):
        assert words in told.out
    assert '      metric: "dice(background=0)"' in told.out
    assert "assumed, as nobody said under fingerprint: boundaries" in told.err
    assert told.err.splitlines()[-1].startswith("next: compete check")


def test_a_task_beyond_the_paper_is_said_to_be_so(run: Run, make: Make) -> None:
    told = run("recommend", make("diabetes").challenge)
    assert "diabetes: none of Metrics Reloaded" in told.out
    assert "Metrics Reloaded has no path for regression" in told.out


def test_a_challenge_at_fault_is_told_as_elsewhere(run: Run, tmp_path: Path) -> None:
    assert run("recommend", tmp_path).code == 1
    with pytest.raises(ChallengeError, match="no challenge"):
        jobs.recommend(tmp_path)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], list[str]]:
    """A person at a terminal who gives some answers and then ends the input; returns what is left of them."""

    def sit(words: list[str]) -> list[str]:
        left = list(words)

        def given(prompt: str = "") -> str:
            if not left:
                raise EOFError
            return left.pop(0)

        for stream in (sys.stdin, sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True)
        monkeypatch.setattr(builtins, "input", given)
        return left

    return sit


def test_a_person_is_asked_until_the_input_ends(
    make: Make, terminal: Callable[[list[str]], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    left = terminal(["worse", "mis", "", "none"])
    found = jobs.recommend(make("penguins").challenge, ask=asker(quiet=False))
    asked = {key: one.value for key, one in found.fingerprint.replies.items() if one.source == "asked"}
    assert asked == {"severity": "misses", "equal_classes": True, "decision": "none"}
    assert left == []
    assert found.lines[-4:] == ("fingerprint:", "  severity: misses", "  equal_classes: true", "  decision: none")
    told = capsys.readouterr().err
    assert "FP2.5  Which errors are worse?  [equal / misses / false_alarms / ordered; Enter: equal]" in told
    assert "one of equal, misses, false_alarms, ordered" in told


def test_nobody_is_asked_in_a_pipe_or_for_json(terminal: Callable[[list[str]], list[str]]) -> None:
    assert asker(quiet=False) is None
    terminal([])
    assert asker(quiet=True) is None
    assert asker(quiet=False) is not None


@pytest.mark.parametrize(
    ("text", "key", "assumed", "expected"),
    [
        ("", "calibration", False, False),
        (" Y ", "calibration", False, True),
        ("no", "calibration", True, False),
        ("perhaps", "calibration", True, None),
        ("", "severity", "equal", "equal"),
        ("ORD", "severity", "equal", "ordered"),
        ("x", "severity", "equal", None),
        ("rough", "localisation", "exact", "rough"),
    ],
)
def test_what_a_person_means(text: str, key: str, assumed: Any, expected: Any) -> None:
    assert answer_of(text, ITEM[key], assumed) == expected


def test_each_question_is_a_question() -> None:
    asked = [item for item in ITEMS if item.question]
    assert all(item.question.endswith("?") for item in asked)
    assert all(item.assumed in (item.choices or (True, False)) for item in asked)
