"""A look at a page in headless Chromium: what its console says, what it asks for, how it fits and how well it reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

Scheme = Literal["light", "dark"]

SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Contrast:
    """How well one piece of text stands off what lies below it."""

    ratio: float
    text: str
    color: str
    below: str


@dataclass(frozen=True)
class Seen:
    """What a look at a page told.

    Attributes:
        console: every message and every error of the page.
        requests: everything it asked for beside itself; ``data:`` apart.
        overflow: pixels by which it is wider than the window.
        wide: what sticks out on the right and cannot be scrolled to.
        contrasts: of every visible text, the worst first.
        dialogs: how many windows it opened.
        screenshot: PNG of the whole page.
    """

    console: list[str]
    requests: list[str]
    overflow: float
    wide: list[str]
    contrasts: list[Contrast]
    dialogs: int
    screenshot: bytes

    def fault(self) -> str:
        """What is wrong with the page; nothing where it is as it should be."""
        faint = [one for one in self.contrasts if one.ratio < 4.5]
        told = {"console": self.console, "requests": self.requests, "wide": self.wide, "faint": faint[:5]}
        told |= {"overflow": self.overflow, "dialogs": self.dialogs, "no text": not self.contrasts}
        return "; ".join(f"{name}: {value}" for name, value in told.items() if value)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none. Use it once a module."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    place = shutil.which("chromium") or shutil.which("chromium-browser")
    if place is None:
        pytest.skip("no chromium is installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=place, args=list(SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


def looked_at(browser: Any, path: Path, width: int = 1400, scheme: Scheme = "light") -> Seen:
    """Open a page from its file, unfold all of it, and measure.

    Args:
        browser: of ``chromium()``; the fixture ``browser`` of this folder.
        path: the HTML file.
        width: of the window, in pixels.
        scheme: what the reader prefers.
    """
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    console: list[str] = []
    requests: list[str] = []
    dialogs: list[Any] = []
    page.on("console", lambda message: console.append(message.text))
    page.on("pageerror", lambda error: console.append(str(error)))
    page.on("dialog", lambda dialog: (dialogs.append(dialog), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    address = path.resolve().as_uri()
    try:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": min(int(height) + 1, 30_000)})
        measured = page.evaluate(MEASURE)
        screenshot = page.screenshot(full_page=True)
    finally:
        page.close()
    contrasts = sorted((Contrast(**one) for one in measured["contrasts"]), key=lambda one: one.ratio)
    asked = [url for url in requests if url != address and not url.startswith("data:")]
    return Seen(console, asked, measured["overflow"], measured["wide"], contrasts, len(dialogs), screenshot)
