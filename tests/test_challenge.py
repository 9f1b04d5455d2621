"""Reading ``challenge.yaml``: defaults from one place, every fault told at once, in plain words, at its line."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compete.challenge import CHALLENGE_RULES, Author, Challenge, Combination, Subgroup, load_challenge, schema_text
from compete.errors import ChallengeError, Finding

SCHEMA = json.loads(schema_text())
LEAST = """\
name: penguins
title: Tell penguins apart
task: classification
data:
  path: penguins.csv
  label: species
split:
  seed: 9f86d081884c7d65
score:
  metric: f1_macro
"""


def load(tmp_path: Path, text: str) -> Challenge:
    (tmp_path / "challenge.yaml").write_text(text, encoding="utf-8")
    return load_challenge(tmp_path)


def faults(tmp_path: Path, text: str) -> list[Finding]:
    with pytest.raises(ChallengeError, match="challenge refused") as caught:
        load(tmp_path, text)
    return list(caught.value.findings)


def told_of(tmp_path: Path, text: str) -> tuple[Finding, ...]:
    try:
        return load(tmp_path, text).findings
    except ChallengeError as error:
        return error.findings


def only(tmp_path: Path, text: str) -> Finding:
    (finding,) = faults(tmp_path, text)
    return finding


def changed(old: str, new: str) -> str:
    assert LEAST.count(old) == 1
    return LEAST.replace(old, new)


def test_the_least_challenge_has_the_schemas_defaults(tmp_path: Path) -> None:
    challenge = load(tmp_path, LEAST)
    assert challenge.version == SCHEMA["properties"]["version"]["default"]
    assert (challenge.split.test, challenge.split.public, challenge.split.stratify) == (0.3, 0.3, True)
    assert (challenge.score.draws, challenge.score.smallest_subgroup) == (1000, 20)
    assert (challenge.data.reader, challenge.data.ids) == ("csv", "opaque")
    assert challenge.data.id == challenge.data.group == challenge.data.features == challenge.data.drop == ()
    assert challenge.data.label == ("species",)
    assert challenge.submission.kind is challenge.submission.range is challenge.split.time is None
    assert challenge.score.greater_is_better is None
    assert challenge.findings == ()
    assert challenge.locate("penguins.csv") == (tmp_path / "penguins.csv").resolve()


EVERYTHING = """\
name: reef
title: Reef
version: 1.10
description: >-
  two
  lines
license: CC0-1.0
authors: [Ada, {name: Bo, orcid: "https://orcid.org/0000-0002-0258-9264"}]
task: classification
data:
  path: reef.csv
  images: pictures
  id: [site, 2019]
  file: file
  label: class
  positive: yes
  classes: [no, yes]
  group: diver
  subgroups:
    - site
    - {name: year, column: date, part: year}
    - {name: depth, bins: [5, 10.5]}
  drop: notes
split: {test: 0.25, public: 0, stratify: [site, class], time: date, seed: 0123456789}
score:
  metric: worst
  also: [accuracy, "fbeta(beta=2, positive=yes)"]
  combine: [{name: worst, metric: f1_macro, over: depth, by: minimum}]
  draws: 0
submission: {kind: label, columns: [answer]}
pages: {overview: overview.md}
"""
"""A file with every key."""


def test_everything_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "overview.md").write_text("# Hello")
    challenge = load(tmp_path, EVERYTHING)
    assert (challenge.version, challenge.description, challenge.split.seed) == ("1.10", "two lines", "0123456789")
    assert challenge.authors == (Author("Ada", None, None, None), Author("Bo", "0000-0002-0258-9264", None, None))
    assert challenge.data.id == ("site", "2019")
    assert (challenge.data.classes, challenge.data.positive) == (("no", "yes"), "yes")
    assert challenge.data.subgroups == (
        Subgroup("site", "site", (), None), Subgroup("year", "date", (), "year"),
        Subgroup("depth", "depth", (5.0, 10.5), None),
    )  # fmt: skip
    assert challenge.split.stratify == ("site", "class")
    assert challenge.score.combine == (Combination("worst", "f1_macro", "depth", "minimum"),)
    assert challenge.score.also == ("accuracy", "fbeta(beta=2, positive=yes)")
    assert challenge.pages == (("overview", "overview.md"),)
    assert challenge.where("data.id.1") == "challenge.yaml:13:14"
    assert challenge.where("data", "label") == "challenge.yaml:15:10"
    assert challenge.where("score.smallest_subgroup") == "challenge.yaml:25:1"


def test_given_splits_folders_and_own_metrics(tmp_path: Path) -> None:
    (tmp_path / "metric.py").write_text("def score(): ...")
    text = LEAST.replace("f1_macro", "metric.py:score\n  greater_is_better: false").replace("  label: species\n", "")
    text = text.replace("path: penguins.csv", "path: images\n  reader: folder")
    text = text.replace("  seed:", "  column: set\n  values: {train: [a, 1], test: no}\n  seed:")
    challenge = load(tmp_path, text)
    assert challenge.score.own == ("metric.py", "score")
    assert challenge.score.greater_is_better is False
    assert (challenge.data.label, challenge.data.file) == (("label",), "file")
    assert challenge.split.values == (("train", ("a", "1")), ("test", ("no",)))
    assert load(tmp_path, LEAST).score.own is None


ODD = [
    # change of the least challenge, rule, place, words of the message, words of the hint
    ("name: penguins", "name: Pen Guins", "malformed", "1:7", "lower-case letters, digits and hyphens", "penguins"),
    ("title: Tell penguins apart", "title: ''", "malformed", "2:8", "is empty", "Tell penguins apart"),
    ("title: Tell penguins apart", "title: 2024", "wrong-type", "2:8", "`title` is 2024; it must be text", "quotes"),
    ("title: Tell penguins apart", "title:", "wrong-type", "2:1", "`title` is empty; it must be text", ""),
    ("task: classification", "task: clasification", "unknown-value", "3:7", "multilabel", "`classification`"),
    ("task: classification", "task: multilabel", "task-mismatch", "6:10", "two or more 0/1 columns", "classification"),
    ("name: penguins", "name: penguins\nlabel: x", "unknown-key", "2:1", "no key `label`", "belongs under `data`"),
    ("  metric: f1_macro", "  metrc: f1_macro\n  metric: a", "unknown-key", "10:3", "`score.metrc`", "`metric`"),
    ("  label: species", "  label: [a, b]", "task-mismatch", "6:3", "has one label column, here are 2", "multilabel"),
    ("  label: species\n", "", "missing-key", "4:1", "`data` lacks the key `label`", "predict"),
    ("  label: species", "  label: [a, [b]]", "wrong-type", "6:14", "`data.label[2]` is a list", ""),
    ("  label: species", "  label: id", "repeated-name", "6:10", "`id` is a column that the bundle writes", "rename"),
    ("  seed: 9f86d081884c7d65", "  {}", "missing-key", "7:1", "`split` lacks the key `seed`", "Seed"),
    ("split:\n", "split:\n  test: 1.5\n", "out-of-range", "8:9",
     "`split.test` is 1.5; it must be between 0 and 1, 0 and 1 excluded (a fraction of all items)", ""),
    ("split:\n", "split:\n  test: 30\n", "out-of-range", "8:9", "between 0 and 1", "30 % as 0.3"),
    ("split:\n", "split:\n  test: \"0.3\"\n", "wrong-type", "8:9", "is the text \"0.3\"; it must be a number",
     "quotes"),
    ("split:\n", "split:\n  test: 30%\n", "wrong-type", "8:9", "must be a number", "0.3"),
    ("split:\n", "split:\n  public: true\n", "wrong-type", "8:11", "is true; it must be a number", ""),
    ("split:\n", "split:\n  column: c\n  time: t\n", "contradiction", "9:9", "`split.time` and `split.column`", "keep"),
    ("split:\n", "split:\n  column: c\n  test: .2\n", "contradiction", "9:9", "`split.test` and `split.column`",
     "keep"),
    ("split:\n", "split:\n  values: {train: a, test: b}\n", "contradiction", "8:3", "no such key", ""),
    ("split:\n", "split:\n  column: c\n  values: {train: a, test: a}\n", "repeated-name", "9:28", "both train and test",
     ""),
    ("split:\n", "split:\n  column: c\n  values: {train: a, test: b, public: c}\n", "contradiction", "9:3",
     "beside", ""),
    ("split:\n", "split:\n  column: c\n  values: {train: a}\n", "missing-key", "9:3", "must say", ""),
    ("  seed: 9f86d081884c7d65", "  seed: []", "wrong-type", "8:3", "is a list; it must be text or a number", ""),
    ("  path: penguins.csv", "  path: p.csv\n  features: [a]\n  drop: [b]", "contradiction", "6:3",
     "`data.features` and `data.drop` cannot both stand", "keep one"),
    ("  path: penguins.csv", "  path: p.csv\n  features: [a, species]", "label-shown", "6:17", "which is the label",
     "out"),
    ("  path: penguins.csv", "  path: p.csv\n  features: [a, b, a]", "repeated-name", "6:20", "names \"a\" twice", ""),
    ("  path: penguins.csv", "  path: p.csv\n  features: []", "wrong-length", "6:3", "at least 1 entry", ""),
    ("  path: penguins.csv", "  path: p.csv\n  classes: [a]", "wrong-length", "6:3",
     "has 1 entry; it must have at least 2",
     ""),
    ("  path: penguins.csv", "  path: p.csv\n  classes: a", "wrong-type", "6:12", "must be a list", "[a]"),
    ("  path: penguins.csv", "  path: p.csv\n  classes: [a, b]\n  positive: B", "contradiction", "7:13", "not one of",
     "`b`"),
    ("  path: penguins.csv", "  path: p.csv\n  classes: [a, b, c]\n  positive: c", "contradiction", "7:13", "has 3",
     ""),
    ("  path: penguins.csv", "  path: p.csv\n  reader: excel", "unknown-value", "6:11", "one of csv, folder", ""),
    ("  path: penguins.csv", "  path: p.csv\n  subgroups: [sex, sex]", "repeated-name", "6:20", "twice", ""),
    ("  path: penguins.csv", "  path: p.csv\n  subgroups: [Usage]", "repeated-name", "6:15", "`Usage`", "another name"),
    ("  path: penguins.csv", "  path: p.csv\n  subgroups: [species]", "repeated-name", "6:15", "label column",
     "another"),
    ("  path: penguins.csv", "  path: p.csv\n  subgroups: [{name: a, bins: [2, 2]}]", "bins", "6:25", "ascend", ""),
    ("  path: penguins.csv", "  path: p.csv\n  subgroups: [{name: a, bins: [2], part: day}]", "contradiction", "6:15",
     "both `bins` and `part`", "keep one"),
    ("  path: penguins.csv", "  path: p.csv\n  subgroups: [{column: a}]", "missing-key", "6:15", "lacks the key `name`",
     "Name"),
    ("  metric: f1_macro", "  metric: f1\n  greater_is_better: true", "contradiction", "11:22", "metric of your own",
     "remove"),
    ("  metric: f1_macro", "  metric: f1\n  also: [fbeta(beta=2), a, a]", "repeated-name", "11:28",
     "names \"a\" twice", ""),
    ("  metric: f1_macro", "  metric: f1\n  draws: 10.5", "wrong-type", "11:10", "a whole number", ""),
    ("  metric: f1_macro", "  metric: f1\n  draws: -1", "out-of-range", "11:10", "between 0 and 100000", ""),
    ("  metric: f1_macro", "  metric: f1\n  smallest_subgroup: 0", "out-of-range", "11:22", "at least 1", ""),
    ("  metric: f1_macro", "  metric: f1\n  combine: [{name: a, metric: b, over: sex, by: mean}]",
     "undeclared-subgroup",
     "11:40", "\"sex\", which is no subgroup", "data.subgroups"),
    ("  metric: f1_macro", "  metric: f1\nsubmission: {kind: value}", "task-mismatch", "11:20",
     "label or probability", ""),
    ("  metric: f1_macro", "  metric: f1\nsubmission: {range: [1]}", "wrong-length", "11:14", "exactly 2 entries", ""),
    ("  metric: f1_macro", "  metric: f1\nsubmission: {range: [5, 5]}", "out-of-range", "11:14", "must be smaller", ""),
    ("  metric: f1_macro", "  metric: f1\nsubmission: {columns: [id]}", "repeated-name", "11:24", "called `id`", ""),
    ("  metric: f1_macro", "  metric: f1\nsubmission: {kind: label, columns: [a, b]}", "contradiction", "11:27",
     "2 prediction columns for 1", ""),
    ("  metric: f1_macro", "  metric: f1\npages: {over view: x.md}", "malformed", "11:9", "key `over view`", ""),
    ("  metric: f1_macro", "  metric: f1\npages: {a: absent.md}", "missing-page", "11:12", "does not exist", ""),
    ("  metric: f1_macro", "  metric: f1\npages: {a: ../x.md}", "missing-page", "11:12", "outside", ""),
    ("  metric: f1_macro", "  metric: m.py:score\n  greater_is_better: true", "own-metric", "10:11",
     "does not exist", ""),
    ("  metric: f1_macro", "  metric: f1\nauthors: [{name: a, orcid: 12-34}]", "malformed", "11:28", "four blocks", ""),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_one_fault_one_finding(tmp_path: Path, odd: tuple[str, ...]) -> None:
    old, new, rule, place, words, hint = odd
    finding = only(tmp_path, changed(old, new))
    assert (finding.rule, finding.where) == (f"challenge/{rule}", f"challenge.yaml:{place}")
    assert words in finding.message
    assert hint in finding.hint


def test_an_own_metric_needs_a_direction_and_a_file(tmp_path: Path) -> None:
    told = faults(tmp_path, changed("f1_macro", "../m.py:score"))
    assert [finding.rule for finding in told] == ["challenge/missing-key", "challenge/own-metric"]
    assert "outside" in told[1].message


def test_a_name_cut_at_a_comma_is_told(tmp_path: Path) -> None:
    told = faults(tmp_path, changed("  metric: f1_macro", "  metric: f1\n  also: [fbeta(beta=2, positive=ill)]"))
    assert {finding.rule for finding in told} == {"challenge/unquoted-comma"}
    assert "quotes" in told[0].hint


def test_all_faults_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = LEAST.replace("name: penguins", "name: X\nnmae: y").replace(
        "split:", "split:\n  test: 2\n  time: t\n  column: c"
    )
    text = text.replace("species", "species\n  drop: [a]\n  features: [b]\n  label: again").replace("f1_macro", "[]")
    rules = [finding.rule.removeprefix("challenge/") for finding in faults(tmp_path, text)]
    assert rules == ["malformed", "unknown-key", "contradiction", "yaml-repeated-key", "out-of-range", "contradiction",
                     "contradiction", "wrong-type"]  # fmt: skip


def test_faulty_subgroups_do_not_make_combinations_look_wrong(tmp_path: Path) -> None:
    text = changed("  metric: f1_macro", "  metric: f1\n  combine: [{name: a, metric: b, over: sex, by: mean}]")
    text = text.replace("  path: penguins.csv", "  path: p.csv\n  subgroups: [sex, {name: year, part: week}]")
    assert [finding.rule for finding in faults(tmp_path, text)] == ["challenge/unknown-value"]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "12\n"])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    assert only(tmp_path, text).rule == "challenge/not-a-mapping"


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ChallengeError, match="no challenge at") as caught:
            load_challenge(path)
        assert caught.value.findings[0].rule == "challenge/missing-file"


def test_equal_files_are_equal_challenges_and_the_hash_tells_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    assert load(first, LEAST) == load(second, LEAST)
    other = load(second, LEAST + "# a comment\n")
    assert other.sha256 != load(first, LEAST).sha256


def test_every_field_of_the_schema_is_documented_and_closed() -> None:
    def walk(part: dict[str, object], name: str) -> None:
        kinds = part.get("type", "")
        if "object" in kinds:  # type: ignore[operator]
            assert "additionalProperties" in part, name
        for key, field in part.get("properties", {}).items():  # type: ignore[attr-defined]
            assert field.get("title"), f"{name}.{key}"
            assert field.get("description"), f"{name}.{key}"
            assert "examples" in field or "default" in field or "properties" in field, f"{name}.{key}"
            walk(field, f"{name}.{key}")
        if isinstance(part.get("items"), dict):
            walk(part["items"], f"{name}[]")  # type: ignore[arg-type]

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    walk(SCHEMA, "challenge")


def test_every_example_and_default_of_the_schema_is_valid() -> None:
    checked = 0

    def walk(part: dict[str, object]) -> None:
        nonlocal checked
        for field in part.get("properties", {}).values():  # type: ignore[attr-defined]
            whole = copy.deepcopy(field) | {"$defs": SCHEMA["$defs"]}
            for value in [*field.get("examples", ()), *([field["default"]] if "default" in field else [])]:
                jsonschema.Draft202012Validator(whole).validate(value)
                checked += 1
            walk(field)
        if isinstance(part.get("items"), dict):
            walk(part["items"])  # type: ignore[arg-type]

    walk(SCHEMA)
    assert checked > 50


def test_every_rule_is_explained_and_every_explanation_is_of_a_rule() -> None:
    folder = Path(sys.modules["compete.challenge"].__file__ or "").parent
    code = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in (
        "__init__", "checks", "faults", "image_checks", "yaml12"))  # fmt: skip
    used = {"challenge/" + name for name in re.findall(r'"challenge/([a-z0-9-]+)"', code)}
    used |= {"challenge/" + name for name in re.findall(r'\.finding\(\s*"([a-z0-9-]+)"', code)}
    used |= {"challenge/yaml-" + name for name in re.findall(r'\.(?:tell|refuse)\("([a-z0-9-]+)"', code)}
    assert used == set(CHALLENGE_RULES)
    assert all(line and paragraph.endswith((".", "]")) for line, paragraph in CHALLENGE_RULES.values())


def test_importing_is_cheap() -> None:
    code = "import sys, compete.challenge; print({'yaml', 'jsonschema', 'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


WORDS = st.sampled_from(
    [
        "name",
        "title",
        "task",
        "data",
        "path",
        "label",
        "split",
        "seed",
        "score",
        "metric",
        "subgroups",
        "combine",
        "over",
        "test",
        "values",
        "column",
        "x",
        "classes",
    ]
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats(0, 2) | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(WORDS, ANY, max_size=8))
def test_any_content_is_read_or_refused_with_places(tmp_path: Path, content: dict[str, object]) -> None:
    for finding in told_of(tmp_path, json.dumps(content)):
        assert finding.rule in CHALLENGE_RULES
        assert re.fullmatch(r"challenge\.yaml:\d+:\d+", finding.where)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(set(SCHEMA["properties"]))), st.data())
def test_any_value_anywhere_is_read_or_refused(tmp_path: Path, key: str, data: st.DataObject) -> None:
    content = {"name": "a", "title": "b", "task": "classification", "data": {"path": "p", "label": "l"},
               "split": {"seed": "123456789"}, "score": {"metric": "m"}}  # fmt: skip
    fields = SCHEMA["properties"][key].get("properties")
    if fields:
        content.setdefault(key, {})[data.draw(st.sampled_from(sorted(fields)))] = data.draw(ANY)  # type: ignore[union-attr, call-overload, index, arg-type, attr-defined]
    else:
        content[key] = data.draw(ANY)
    for finding in told_of(tmp_path, json.dumps(content)):
        assert finding.rule in CHALLENGE_RULES
        assert finding.message
