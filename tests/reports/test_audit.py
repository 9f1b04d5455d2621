"""The audit report: findings with their cures, and the pictures or rows they speak of side by side."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compete import jobs
from compete.audits import Audited
from compete.errors import Finding
from compete.reports.audit import audit_page, gallery_of, rows_of_item
from compete.reports.occurrences import occurrences_of
from compete.reports.shortcuts import flags_of
from tests.audits.drawn import drawn_scene
from tests.conftest import Made, Run
from tests.reports.browser import looked_at
from tests.reports.pages import hostile_contents, texts

N = 48
CHALLENGE = """
name: reefs
title: Tell reefs from sand
task: classification
data: {path: labels.csv, images: images, file: file, label: kind, subgroups: [site]}
split: {test: 0.4, public: 0.4, seed: 1234567890abcdef}
score: {metric: f1_macro}
"""


@pytest.fixture(scope="module")
def reefs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn scenes of which two are there twice, one of them with two labels; sand is PNG, reefs are JPEG."""
    root = tmp_path_factory.mktemp("reefs")
    (root / "images").mkdir()
    rows = ["file,kind,site"]
    for number in range(N):
        kind = "sand" if number % 2 else "reef"
        name = f"scene_{number:02}.{'png' if number % 2 else 'jpg'}"
        picture = drawn_scene(number, 160, 120)
        picture.save(root / "images" / name, **({"quality": 90} if number % 2 == 0 else {}))
        rows.append(f"{name},{kind},{'north' if number % 3 else 'south'}")
    for name, source, kind in (("copy_a.png", "scene_01.png", "sand"), ("copy_b.png", "scene_03.png", "reef")):
        (root / "images" / name).write_bytes((root / "images" / source).read_bytes())
        rows.append(f"{name},{kind},north")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    (root / "challenge.yaml").write_text(CHALLENGE)
    return root


def test_copies_stand_side_by_side_and_the_encoder_glows(reefs: Path, tmp_path: Path, run: Run, browser: Any) -> None:
    out = tmp_path / "audit.html"
    plain = run("audit", reefs, "--workers", "1", "--json")
    told = run("audit", reefs, "--workers", "1", "--json", "--report", out)
    assert (told.code, told.out) == (plain.code, plain.out)
    page = out.read_text()
    sets = re.findall(r'<div class="set"[^>]*aria-label="([^"]*)">(.*?</figure>)</div>', page)
    assert dict(sets).keys() == {"images/scene_01.png = images/copy_a.png", "images/scene_03.png = images/copy_b.png"}
    for label, inside in sets:
        assert [name in inside for name in re.findall(r"(\w+\.png)", label)] == [True, True]
        assert inside.count("data:image/") == 2
    assert "audit/duplicate-labels" in page
    heat = page.partition('id="shortcuts"')[2]
    (area,) = re.findall(r"size and encoder of the file</bdi></th><td[^>]*>([0-9.]+)", heat)
    assert float(area) > 0.95
    assert run("audit", reefs, "--report", out).code == 2
    assert not looked_at(browser, out, 400, "dark").fault()


def test_a_bundle_is_audited_with_a_report(penguins: Made, tmp_path: Path) -> None:
    audited = jobs.report_audit(penguins.bundle, tmp_path / "audit.html", workers=1)
    page = (tmp_path / "audit.html").read_text()
    for finding in audited.findings:
        assert finding.rule in page
    assert "Culmen Length (mm)</bdi>" in page.partition('id="shortcuts"')[2]


def test_rows_that_contradict_each_other_stand_below_each_other() -> None:
    contents = hostile_contents()
    items = (f"{contents.ids[3]} = {contents.ids[4]}", "no such item = another")
    finding = Finding("audit/conflicting-rows", "2 sets of rows", items=items, severity="warning", count=2)
    page = audit_page(Audited("x", Path("x"), 160, (finding,)), contents)
    assert page.count("≠") >= 2
    assert "no such item = another" in page


def test_a_page_without_findings_and_without_a_plan_says_so() -> None:
    page = audit_page(Audited("quiet", Path("x"), 5, ()))
    assert "quiet: nothing was found" in page
    assert "<article" not in page


def test_data_that_cannot_be_read_are_reported_too(tmp_path: Path, run: Run) -> None:
    (tmp_path / "challenge.yaml").write_text(CHALLENGE)
    answer = run("audit", tmp_path, "--report", tmp_path / "audit.html")
    assert answer.code == 1
    page = (tmp_path / "audit.html").read_text()
    assert "dataset/missing-file" in page
    assert 'id="errors"' in page


def test_a_notebook_shows_what_was_found() -> None:
    told = Audited("<b>", Path("x"), 5, (Finding("audit/copies", "<script>", items=("<i>",)),))._repr_html_()
    assert "audit/copies" in told
    assert "&lt;script&gt;" in told
    assert "<script" not in told
    assert "<i>" not in told


def test_names_that_two_items_share_and_names_of_classes_lead_to_no_picture() -> None:
    contents = hostile_contents(16)
    object.__setattr__(contents, "files", [f"/data/{'ab'[row % 2]}/{row // 2}.png" for row in range(16)])
    gallery = gallery_of(contents)
    assert "3.png" not in gallery
    assert gallery["a/3.png"] == 6
    assert rows_of_item("a/3.png: fish (IoU 0.95)", gallery) == [6]
    assert rows_of_item("b/3.png and 4 more", gallery) == [7]
    assert rows_of_item("unknown.png", gallery) == []


def test_classes_of_the_heat_are_those_of_the_items() -> None:
    contents = hostile_contents()
    flags, names = flags_of(contents, occurrences_of(contents))
    assert names == contents.terms.classes
    cells = next(iter(contents.target.values()))
    assert np.array_equal(flags, np.stack([cells == name for name in names], axis=1))
    numbers = texts(range(160))
    object.__setattr__(contents, "target", {"y": numbers})
    object.__setattr__(
        contents, "terms", type(contents.terms)("n", "t", "1", "regression", ("y",), "value", ("y",), "rmse")
    )
    flags, names = flags_of(contents, occurrences_of(contents))
    assert names == ("large y",)
    assert flags[:, 0].tolist() == [row > 79 for row in range(160)]
