"""Data and audit reports as a browser shows them: silent, alone, readable in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compete.audits import Audited
from compete.bundle import open_bundle
from compete.errors import Finding
from compete.reports.audit import audit_page
from compete.reports.contents import contents_of_bundle
from compete.reports.data import data_page
from compete.reports.representing import Reference
from tests.conftest import Made
from tests.reports.browser import looked_at
from tests.reports.pages import HOSTILE, hostile_contents, written

SHOWN = ["penguins", "digit-scenes"]


@pytest.mark.parametrize("name", SHOWN)
def test_a_data_report_reads_well(name: str, make: Callable[[str], Made], browser: Any, tmp_path: Path) -> None:
    bundle = open_bundle(make(name).bundle)
    mine = data_page(contents_of_bundle(bundle, for_participants=False))
    theirs = data_page(contents_of_bundle(open_bundle(bundle.public), for_participants=True))
    assert not looked_at(browser, written(tmp_path, "mine", mine), 1400, "light").fault()
    assert not looked_at(browser, written(tmp_path, "theirs", theirs), 400, "dark").fault()


def test_hostile_names_are_text(browser: Any, tmp_path: Path) -> None:
    contents = hostile_contents()
    references = [Reference((HOSTILE[5],), {(HOSTILE[0],): 0.5, (HOSTILE[1],): 0.5})]
    findings = [Finding(rule, HOSTILE[0], HOSTILE[1], HOSTILE, HOSTILE[3]) for rule in ("audit/copies", HOSTILE[2])]
    audited = Audited(HOSTILE[0], Path("x"), contents.n, tuple(findings))
    pages = (data_page(contents, references), 400, "light"), (audit_page(audited, contents), 1400, "dark")
    for page, width, scheme in pages:
        assert "<script" not in page
        assert "49" not in page.split("<body>")[1].split("</h1>")[0]
        seen = looked_at(browser, written(tmp_path, str(width), page), width, scheme)
        assert not seen.fault()


def test_a_page_that_asks_for_something_or_cannot_be_read_is_seen(browser: Any, tmp_path: Path) -> None:
    """The look at pages itself finds what it is there to find."""
    page = (
        "<!doctype html><html><body style='background:#fff'><p style='color:#999'>faint</p><script>alert(1)</script>"
        "<div style='width:1500px'>wide</div><img src='missing.png'></body></html>"
    )
    seen = looked_at(browser, written(tmp_path, "bad", page), 400, "light")
    assert seen.overflow > 1000
    assert seen.wide == ["DIV."]
    assert seen.dialogs == 1
    assert [url.rpartition("/")[2] for url in seen.requests] == ["missing.png"]
    assert seen.console
    assert seen.contrasts[0].text == "faint"
    assert 2.8 < seen.contrasts[0].ratio < 2.9
    assert all(word in seen.fault() for word in ("console", "requests", "wide", "faint", "overflow", "dialogs"))
