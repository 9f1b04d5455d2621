"""The data report: what it holds, what it hides from participants, and that it is the same each time."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from compete import jobs
from compete.bundle import open_bundle
from compete.errors import BundleError, UsageError
from compete.reports.contents import Contents, contents_of_bundle
from compete.reports.data import data_page
from compete.reports.occurrences import occurrences_of
from tests.building.scenes import METRICS, write_scenes
from tests.building.test_kinds import CASES, write_case
from tests.building.volumes import write_volumes
from tests.conftest import ROOT, Made, Run
from tests.reports.pages import texts

IMAGES = [*METRICS, "volumes"]


def plain(page: str) -> str:
    """The words of a page, without its head and tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.split("<body>")[1])))


def test_counts_are_those_of_the_bundle(penguins: Made) -> None:
    contents = contents_of_bundle(open_bundle(penguins.bundle), for_participants=False)
    found = occurrences_of(contents)
    with (penguins.bundle / "private/solution.csv").open() as file:
        solution = list(csv.DictReader(file))
    counts = found.counts(contents.part, 3)
    for place, usage in ((1, "Public"), (2, "Private")):
        own = [row["Species"] for row in solution if row["Usage"] == usage]
        assert counts[place].tolist() == [own.count(name) for name in found.names]
    assert counts.sum() == contents.n == 344


@pytest.mark.parametrize("name", ["penguins", "digit-scenes"])
def test_what_participants_get_is_made_of_public_alone(
    name: str, make: Callable[[str], Made], tmp_path: Path, run: Run
) -> None:
    """With the private half gone the page is the same, byte for byte: nothing of it was looked at."""
    made = make(name)
    shutil.copytree(made.bundle / "public", tmp_path / "public")
    for subject, out in ((made.bundle, "whole"), (tmp_path / "public", "half")):
        assert run("report", subject, "--for", "participants", "-o", tmp_path / f"{out}.html").code == 0
    page = (tmp_path / "whole.html").read_bytes()
    assert page == (tmp_path / "half.html").read_bytes()
    words = plain(page.decode())
    for canary in ("private", "Usage", "solution"):
        assert canary not in words
    with (made.bundle / "private/ids.csv").open() as file:
        sources = {row["source_id"] for row in csv.DictReader(file) if len(row["source_id"]) > 3}
    assert not [name for name in sources if name in words]


@pytest.mark.parametrize("name", ["penguins", "digit-scenes"])
def test_hidden_labels_are_on_the_organizers_copy_alone(name: str, make: Callable[[str], Made]) -> None:
    """A bundle whose hidden labels all changed gives participants the same page, and the organizer another one."""
    bundle = open_bundle(make(name).bundle)
    mine, theirs = (contents_of_bundle(bundle, for_participants=whom) for whom in (False, True))
    test = mine.part > 0
    assert not theirs.known[test].any()
    assert not [cells for cells in (*theirs.target.values(), *theirs.subgroup.values()) if "".join(cells[test])]
    assert theirs.group is None or (theirs.group[test] == -1).all()
    assert all(rows.max() < test.argmax() for rows, _ in theirs.truths)
    assert data_page(mine) != data_page(theirs)
    assert "private" in plain(data_page(mine))


def small_subgroups(*, for_participants: bool) -> Contents:
    """Training items of which 200 are of one tribe, 19 of another and 20 of a third."""
    from tests.reports.pages import hostile_contents

    n = 239
    tribe = texts(["Many"] * 200 + ["Nineteen"] * 19 + ["Twenty"] * 20)
    side = texts(["left" if place % 12 else "right" for place in range(n)])
    terms = replace(hostile_contents(8).terms, target=("kind",), classes=("a", "b"), subgroups=("tribe", "side"))
    kind = texts(["b" if place % 40 == 0 else "a" for place in range(n)])
    return Contents(
        terms=terms, parts=("train", "test"), part=np.zeros(n, dtype=np.int64), ids=texts(range(n)),
        known=np.ones(n, dtype=bool), target={"kind": kind}, group=None, subgroup={"tribe": tribe, "side": side},
        column={"size": texts(range(n))}, for_participants=for_participants,
    )  # fmt: skip


def test_subgroups_under_twenty_are_not_told_to_participants() -> None:
    theirs, mine = (plain(data_page(small_subgroups(for_participants=whom))) for whom in (True, False))
    assert "Nineteen" in mine
    assert "Nineteen" not in theirs
    assert "Twenty" in theirs
    assert "others, each of fewer than 20" in theirs
    assert "< 20" in theirs  # 2 of the 20 are right, and 5 of the 200 are of class b
    grid = theirs.rpartition("Items by tribe and side")[2]
    assert re.match(r"[^0-9]*183 < 20 [^0-9]*< 20 < 20", grid)


@pytest.mark.parametrize("kind", IMAGES)
def test_every_task_of_images_is_shown(kind: str, tmp_path: Path) -> None:
    root = write_volumes(tmp_path) if kind == "volumes" else write_scenes(tmp_path, kind)
    written = jobs.report_data(root, tmp_path / "challenge.html", workers=1)
    pages = [written.path.read_text()]
    if kind in {"keypoints", "volumes"}:
        jobs.build(root, tmp_path / "bundle", workers=1)
        pages.append(data_page(contents_of_bundle(open_bundle(tmp_path / "bundle"), for_participants=False)))
    boxes, layers = {"detection": (True, False), "keypoints": (True, False)}.get(kind, (False, True))
    for page in pages:
        shown = min(18, written.items)
        assert page.count('class="thumbnail"') == shown
        assert ('class="over' in page) is boxes
        assert (page.count("data:image/png;base64,") > shown) is layers
        assert (' dot"' in page) is (kind == "keypoints")
        assert ("slice in its middle" in page) is (kind == "volumes")


@pytest.mark.parametrize("name", ["retrieval in rows", "spans", "several targets", "columns of classes"])
def test_every_task_of_tables_is_shown(name: str, tmp_path: Path) -> None:
    root = write_case(tmp_path / "challenge", CASES[name])
    jobs.build(root, tmp_path / "bundle", workers=1)
    for whom in (True, False):
        written = jobs.report_data(tmp_path / "bundle", tmp_path / f"{whom}.html", for_participants=whom)
        assert written.items == 60
        assert "Balance" in plain((tmp_path / f"{whom}.html").read_text())
    jobs.report_data(root, tmp_path / "challenge.html")


def test_the_same_contents_give_the_same_bytes(penguins: Made, tmp_path: Path) -> None:
    """Whatever the seed of hashes, the locale and the time zone."""
    pages = []
    for number, (seed, zone) in enumerate((("1", "UTC"), ("77", "Asia/Tokyo"))):
        out = tmp_path / f"{number}.html"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "compete", "report", str(penguins.bundle), "-o", str(out)]
        assert subprocess.run(command, env=environment, capture_output=True, cwd=tmp_path).returncode == 0
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]


def test_the_command_says_what_it_cannot_do(penguins: Made, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "r.html"
    answer = run("report", penguins.bundle, "-o", out, "--json")
    assert answer.code == 0
    told = json.loads(answer.out)
    assert (told["items"], told["for"], told["bytes"]) == (344, "organizer", out.stat().st_size)
    assert told["facts"][0] == {"name": "items", "value": "344", "note": "241 train, 31 public, 72 private"}
    again = run("report", penguins.bundle, "-o", out)
    assert (again.code, "output/exists" in again.err) == (2, True)
    assert run("report", penguins.bundle, "-o", out, "--force").code == 0
    for subject, whom, rule in (
        (penguins.challenge, "participants", "report/for-participants"),
        (penguins.bundle, "everybody", "usage/unknown-name"),
    ):
        answer = run("report", subject, "--for", whom, "-o", tmp_path / "x.html")
        assert (answer.code, rule in answer.err) == (2, True)
    assert not (tmp_path / "x.html").exists()


def test_a_changed_bundle_is_refused(penguins: Made, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(penguins.bundle, bundle)
    table = bundle / "public/train_groups.csv"
    table.write_bytes(table.read_bytes().replace(b"FEMALE", b"MALE", 1))
    with pytest.raises(BundleError, match="bundle"):
        jobs.report_data(bundle, tmp_path / "r.html")
    table.unlink()
    (bundle / "public/test.csv").unlink()
    with pytest.raises(BundleError, match="bundle"):
        jobs.report_data(bundle, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_a_reference_that_tells_nothing_of_the_data_is_refused(penguins: Made, tmp_path: Path) -> None:
    for text, words in (
        ("Sexx,share\nMALE,1\n", "did you mean 'Sex'"),
        ("Sex,share\nMALE,some\n", "no amount"),
        ("Sex,share\nMALE,0\n", "sums to nothing"),
        ("share\n1\n", "names no attribute"),
    ):
        reference = tmp_path / "ref.csv"
        reference.write_text(text)
        with pytest.raises(UsageError, match=words):
            jobs.report_data(penguins.bundle, tmp_path / "r.html", reference=reference)
