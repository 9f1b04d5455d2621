"""What the documents say is true: their code runs, their commands exist, their files are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compete.challenge import load_challenge
from compete.cli import app
from tests.conftest import CHALLENGES, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("challenges/*/README.md"), *ROOT.glob("benchmarks/*.md")]


def blocks(language: str) -> list[str]:
    """The code blocks of the README in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_of_the_readme_runs_and_gives_what_it_says(code: str) -> None:
    scope: dict[str, object] = {}
    told = 0
    for line in code.splitlines():
        expression, _, expected = line.partition("#")
        if expected:
            value = eval(expression, scope)
            assert str(value).startswith(expected.strip().rstrip("…")), line
            told += 1
        elif line.strip():
            exec(line, scope)
    assert told


def test_yaml_of_the_readme_is_a_challenge(tmp_path: Path) -> None:
    for text in blocks("yaml"):
        (tmp_path / "challenge.yaml").write_text(text)
        assert load_challenge(tmp_path).name == "penguins"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_links_of_documents_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for verb in re.findall(r"(?:^|`)compete ([a-z]+) ", text, flags=re.MULTILINE):
        assert verb in known, verb
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (path.parent / target).exists(), target


def test_makefile_has_what_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_challenge_of_the_gallery_is_complete(name: str) -> None:
    folder = ROOT / "challenges" / name
    for file in ("challenge.yaml", "README.md", "make_data.py", "baseline.py", "expected.json"):
        assert (folder / file).is_file()
