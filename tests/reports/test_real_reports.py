"""Reports on real images: blood cells with boxes, nuclei with masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.reports.browser import looked_at

pytestmark = pytest.mark.real_data


DRAWN = {"bccd": 'class="over', "dsb2018": "data:image/png;base64"}


@pytest.mark.parametrize("name", DRAWN)
def test_real_images_are_shown(name: str, real_data: Path, run: Run, browser: Any, tmp_path: Path) -> None:
    assert run("init", tmp_path / name, "--from", f"auto:{real_data / name}").code == 0
    for command in (("report", tmp_path / name, "-o"), ("audit", tmp_path / name, "--report")):
        out = tmp_path / f"{command[0]}.html"
        assert run(*command, out, "--workers", "1").code == 0
        assert not looked_at(browser, out, 1400, "light").fault()
    page = (tmp_path / "report.html").read_text()
    assert page.count('class="thumbnail"') == 18
    assert page.count(DRAWN[name]) >= 18
