"""The command line: help and documents for every command, and one clear answer to every mistake."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compete.cli import app
from tests.conftest import ROOT, Made, Run

COMMANDS = sorted(
    (command.name or command.callback.__name__) for command in app.registered_commands if command.callback
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name: str) -> None:
    told = CliRunner().invoke(app, [name, "--help"])
    assert told.exit_code == 0
    assert f"Example: compete {name}" in told.output
    assert f"`compete {name}" in (ROOT / "README.md").read_text()


def test_every_command_answers_in_json() -> None:
    for name in COMMANDS:
        assert "--json" in CliRunner().invoke(app, [name, "--help"]).output, name


def refused(run: Run, *words: str | Path, code: int, rule: str) -> str:
    """A command that must be refused: exit code, rule, no traceback; and the same in JSON."""
    answer = run(*words)
    assert answer.code == code, answer.err
    assert rule in answer.err
    assert "Traceback" not in answer.err
    document = json.loads(run(*words, "--json").out)
    assert document["exit_code"] == code
    assert rule in {finding["rule"] for finding in document["findings"]}
    return answer.err


def test_mistakes_of_an_organizer(run: Run, penguins: Made, tmp_path: Path) -> None:
    refused(run, "build", tmp_path / "nothing", "-o", tmp_path / "out", code=1, rule="challenge/missing-file")
    refused(run, "check", tmp_path / "nothing.yaml", code=1, rule="challenge/missing-file")
    refused(run, "build", penguins.challenge, "-o", penguins.bundle, code=2, rule="output/exists")
    refused(run, "verify", tmp_path, code=1, rule="bundle/not-a-bundle")
    refused(run, "score", penguins.challenge, penguins.baseline, code=1, rule="bundle/not-a-bundle")
    refused(run, "list", "metric", code=2, rule="usage/unknown-name")
    refused(run, "explain", "f1_makro", code=2, rule="usage/unknown-name")
    refused(run, "init", tmp_path / "new", "--from", "csv:nowhere.csv", code=2, rule="usage/unknown-name")
    refused(run, "score", penguins.bundle, penguins.baseline, "--on", "holdout", code=2, rule="usage/unknown-name")
    assert sorted(path.name for path in tmp_path.iterdir()) == []


def test_a_challenge_that_asks_for_an_unknown_metric_is_told_the_nearest(
    run: Run, penguins: Made, tmp_path: Path
) -> None:
    shutil.copytree(penguins.challenge, tmp_path / "c")
    file = tmp_path / "c" / "challenge.yaml"
    file.write_text(re.sub(r"metric: f1_macro", "metric: f1_makro", file.read_text(), count=1))
    told = refused(run, "build", tmp_path / "c", "-o", tmp_path / "out", code=1, rule="score/unknown-metric")
    assert "f1_macro" in told
    file.write_text(
        file.read_text()
        .replace("metric: f1_makro", "metric: log_loss\n  also: [rmse]", 1)
        .replace("\n  also: [acc", "\n  #also: [acc", 1)
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "submission/empty-file"),
        ("id\n", "submission/missing-column"),
        ("id,Species\nnobody,nothing\n", "submission/unknown-id"),
        ("id,Species,id\n", "submission/repeated-column"),
    ],
)
def test_mistakes_of_a_participant(run: Run, penguins: Made, tmp_path: Path, content: str, rule: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    refused(run, "validate", penguins.bundle, path, code=3, rule=rule)
    answer = run("score", penguins.bundle, path, "--json")
    assert answer.code == 3
    assert rule in {finding["rule"] for finding in json.loads(answer.out)["findings"]}


def test_each_fault_of_a_submission_is_told_at_once(run: Run, penguins: Made, tmp_path: Path) -> None:
    lines = penguins.baseline.read_text().splitlines()
    lines[1] = lines[1].split(",")[0] + ",Emperor"
    lines[2] = lines[3]
    lines[5] = "zzz,Gentoo penguin (Pygoscelis papua)"
    lines[6] = lines[6].split(",")[0] + ","
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines) + "\n")
    told = run("validate", penguins.bundle, path)
    assert told.code == 3
    for rule, line in (("unknown-label", 2), ("repeated-id", 4), ("unknown-id", 6), ("empty-cell", 7)):
        assert re.search(rf"bad\.csv:{line}\s+submission/{rule}", told.err), told.err
    assert "submission/missing-id" in told.err


def test_a_missing_file_and_a_folder(run: Run, penguins: Made, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        answer = run("score", penguins.bundle, path)
        assert answer.code == 2
        assert "submission/unreadable" in answer.err
        assert "Traceback" not in answer.err


def test_no_permission(penguins: Made) -> None:
    """Run by root, the commands give up root's rights first; the folder is one that others may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(penguins.challenge, folder / "penguins")
        for path in (folder / "penguins").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (folder / "penguins").chmod(0o755)
        (folder / "locked").mkdir(mode=0o555)
        (folder / "secret.csv").touch(mode=0o000)
        command = [sys.executable, str(ROOT / "tests" / "permission.py"), name]
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=surroundings)
        told = done.stdout.partition("--- without rights")[2]
        assert told.split() == ["exit", "5", "exit", "5"], done.stderr
        assert "disk/permission" in done.stderr
        assert "permission denied" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list((folder / "locked").iterdir())


def test_a_full_disk_is_told_and_leaves_the_old_bundle(penguins: Made, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: writing fails in the midst of a table."""
    shutil.copytree(penguins.bundle, tmp_path / "out")
    before = {path: path.read_bytes() for path in sorted((tmp_path / "out").rglob("*")) if path.is_file()}
    script = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        f"sys.argv = ['compete', 'build', {str(penguins.challenge)!r}, '-o', {str(tmp_path / 'out')!r}, '--force']\n"
        "from compete.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 5, done.stderr
    assert "disk/full" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in sorted((tmp_path / "out").rglob("*")) if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_closed_pipe_is_no_bug(penguins: Made) -> None:
    command = f"{sys.executable} -m compete list rules | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert "Traceback" not in done.stderr


def test_a_bug_is_called_a_bug(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from compete import catalogs

    monkeypatch.setattr(catalogs, "list_things", lambda what: 1 / 0)
    answer = run("list", "metrics")
    assert answer.code == 70
    assert "This is a bug in compete" in answer.err


def test_messages_cannot_steer_the_terminal(run: Run, penguins: Made, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("id,Species\n\x9b31m\u202etest,Adelie\n")
    answer = run("validate", penguins.bundle, path)
    assert answer.code == 3
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", answer.err)


@pytest.mark.parametrize("what", ["metrics", "readers", "challenges", "rules"])
def test_lists(run: Run, what: str) -> None:
    rows = json.loads(run("list", what, "--json").out)
    told = run("list", what)
    assert rows
    assert told.code == 0
    for row in rows:
        assert str(next(iter(row.values()))) in told.out


def test_everything_that_is_listed_can_be_explained(run: Run) -> None:
    from compete import catalogs

    for what, key in (("metrics", "metric"), ("rules", "rule")):
        for row in catalogs.list_things(what):
            told = catalogs.explanation(row[key])
            assert told["name"] == row[key]
            assert len(told["text"]) > 40, row[key]
    answer = run("explain", "fbeta(beta=2)")
    assert (answer.code, "fbeta(beta=2)" in answer.out) == (0, True)


def test_the_schema_is_printed(run: Run) -> None:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(json.loads(run("list", "schema").out))


def test_what_score_prints_is_as_published(run: Run, penguins: Made, tmp_path: Path) -> None:
    import jsonschema

    schema = json.loads(run("list", "result-schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    bad = tmp_path / "bad.csv"
    bad.write_text("id,Species\nx,y\n")
    for words in (
        [penguins.bundle, penguins.baseline],
        [penguins.bundle, penguins.baseline, "--public"],
        [penguins.bundle, bad],
        [penguins.bundle, bad, penguins.baseline],
        [tmp_path, bad],
        [penguins.bundle, tmp_path / "nowhere.csv"],
    ):
        document = json.loads(run("score", *words, "--json").out)
        assert [fault.message for fault in check.iter_errors(document)] == []


def test_a_started_challenge_builds(run: Run, penguins: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = next((penguins.challenge / "data").glob("*.csv"))
    shutil.copy(table, tmp_path / "birds.csv")
    answer = run("init", "birds", "--from", "csv:birds.csv")
    assert answer.code == 0, answer.err
    assert run("check", "birds").code == 0
    built = run("build", "birds", "-o", "bundle")
    assert built.code == 0, built.err
    assert run("score", "bundle", "bundle/public/sample_submission.csv").code == 0
    again = run("init", "birds", "--from", "csv:birds.csv")
    assert (again.code, "output/exists" in again.err) == (2, True)


def test_a_started_challenge_of_images_builds(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    for number in range(60):
        folder = tmp_path / "images" / ("coral" if number % 3 else "sand")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    assert run("init", "reef", "--from", "folder:images").code == 0
    built = run("build", "reef", "-o", "bundle")
    assert built.code == 0, built.err
    names = [path.name for path in (tmp_path / "bundle" / "public" / "test").iterdir()]
    assert names
    assert all(re.fullmatch(r"[bcdfghjkmnpqrstv]{16}\.png", name) for name in names)


@pytest.mark.parametrize("drawn", ["199e193716603352", "0123456789012345", "1e10000000000000", "0000000000000000"])
def test_a_drawn_seed_is_text_even_where_it_looks_like_a_number(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: str
) -> None:
    from compete.building import starter
    from compete.challenge import load_challenge

    monkeypatch.setattr(f"{starter.__name__}.secrets.token_hex", lambda size: drawn)
    answer = run("init", tmp_path / "new")
    assert answer.code == 0, answer.err
    assert load_challenge(tmp_path / "new").split.seed == drawn


def test_a_quiet_build_says_only_what_is_wrong(run: Run, penguins: Made, tmp_path: Path) -> None:
    loud = run("build", penguins.challenge, "-o", tmp_path / "loud")
    assert "built" in loud.out
    quiet = run("build", penguins.challenge, "-o", tmp_path / "quiet", "-q")
    assert (quiet.code, quiet.out) == (0, "")
    assert "note " not in quiet.err
    assert ("warning " in quiet.err) == ("warning " in loud.out)


def test_an_empty_form_is_written_without_data(run: Run, tmp_path: Path) -> None:
    answer = run("init", tmp_path / "new")
    assert answer.code == 0, answer.err
    told = run("check", tmp_path / "new")
    assert (told.code, "dataset/missing-file" in told.err) == (1, True)


def test_what_the_parser_refuses_and_bugs_are_json_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from compete import catalogs

    for words in (["score", "--json"], ["score", "a", "b", "--draws", "-1", "--json"], ["scoer", "--json"]):
        answer = run(*words)
        assert (answer.code, json.loads(answer.out)["exit_code"]) == (2, 2)
    monkeypatch.setattr(catalogs, "list_things", lambda what: 1 / 0)
    answer = run("list", "metrics", "--json")
    assert (answer.code, json.loads(answer.out)["exit_code"]) == (70, 70)


def test_a_file_that_cannot_be_read_stops_no_other(run: Run, penguins: Made, tmp_path: Path) -> None:
    answer = run("score", penguins.bundle, tmp_path, penguins.baseline, tmp_path / "nowhere.csv", "--json")
    assert answer.code == 2
    assert ["refused" in result for result in json.loads(answer.out)["results"]] == [True, False, True]
    refused(run, "validate", penguins.bundle, penguins.baseline, "--on", "all", code=2, rule="usage/unknown-name")


@pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have no file names that are no text, or no /dev/full"
)
def test_any_file_name_locale_and_stream(penguins: Made, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    Path(os.fsdecode(name)).write_bytes(penguins.baseline.read_bytes())
    for encoding in ("utf-8", "ascii", "cp1252"):
        for words in (["--json"], []):
            done = subprocess.run(
                [sys.executable, "-m", "compete", "score", penguins.bundle, name, "--draws", "9", *words],
                capture_output=True,
                env={**os.environ, "PYTHONIOENCODING": encoding},
                cwd=ROOT,
            )
            assert (done.returncode, done.stderr) == (0, b"")
            assert not words or json.loads(done.stdout.decode(encoding))["submission"]["file"] == "caf\udce9.csv"
    command = f"{sys.executable} -m compete score {penguins.bundle} {penguins.baseline} --json"
    full = subprocess.run(["bash", "-c", f"{command} >/dev/full"], capture_output=True, text=True, cwd=ROOT)
    assert (full.returncode, "disk/full" in full.stderr, "Traceback" in full.stderr) == (5, True, False)
    closed = subprocess.run(["bash", "-c", f"{command} >&-"], capture_output=True, text=True, cwd=ROOT)
    assert (closed.returncode, closed.stderr) == (0, "")


def test_a_challenge_of_images_is_written_in_another_format(run: Run, tmp_path: Path) -> None:
    from tests.readers.coco_files import read_files

    read_files(tmp_path)
    answer = run("convert", tmp_path, "yolo", "-o", tmp_path / "yolo", "--json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert (told["images"], [finding["severity"] for finding in told["findings"]].count("error")) == (3, 0)
    assert run("init", tmp_path / "again", "--from", f"auto:{tmp_path / 'yolo'}").code == 0
    refused = run("convert", tmp_path, "yollo", "-o", tmp_path / "other")
    assert (refused.code, "one of coco, cvat, voc, yolo" in refused.err) == (2, True)
    assert run("convert", tmp_path, "yolo", "-o", tmp_path / "yolo").code == 2


def test_a_table_has_no_objects_to_write(run: Run, penguins: Made, tmp_path: Path) -> None:
    answer = run("convert", penguins.challenge, "voc", "-o", tmp_path / "voc")
    assert answer.code == 1, answer.err
    assert not (tmp_path / "voc").exists()
