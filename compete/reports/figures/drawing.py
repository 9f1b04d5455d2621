"""What all figures are drawn with: scales, ticks, the frame of a picture, and its words for who cannot see it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from compete.markup import Html, element, isolated, joined
from compete.reports.figures.style import SERIES


@dataclass(frozen=True)
class Scale:
    """A line from values to places: pixels, or hundredths of a width.

    Attributes:
        low: the value at ``start``.
        high: the value at ``end``.
        start: where the scale begins.
        end: where it ends.
    """

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0

    def __call__(self, value: float) -> float:
        """The place of a value; what lies beyond an end stands at the end."""
        span = self.high - self.low
        share = (min(max(value, self.low), self.high) - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)

    def percent(self, value: float) -> str:
        """The place of a value in hundredths, as an attribute."""
        return f"{self(value):.2f}%"


def ticks_of(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two ends.

    >>> ticks_of(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks_of(3.0, 3.0)
    [3.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [rounded(number * step) for number in range(first, last + 1)]


def rounded(value: float) -> float:
    """A number without what arithmetic added to its last digits."""
    return float(f"{value:.12g}") + 0.0


def tick_text(value: float) -> str:
    """A tick as a reader wants to see it.

    >>> tick_text(0.25), tick_text(12000.0), tick_text(2.0), tick_text(3e9)
    ('0.25', '12,000', '2', '3e+09')
    """
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def spread(values: Iterable[float | None], *, include: Sequence[float] = ()) -> tuple[float, float]:
    """Ends of an axis that hold all values with some room; 0 and 1 where there are none.

    >>> spread([0.5, None, 0.75])
    (0.45, 0.8)
    """
    known = [value for value in (*values, *include) if value is not None and math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    room = (high - low) * 0.04 or abs(high) * 0.05 or 0.5
    ticks = ticks_of(low - room, high + room, 8)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else room
    low, high = math.floor((low - room) / step + 1e-9) * step, math.ceil((high + room) / step - 1e-9) * step
    return rounded(low), rounded(high)


def framed_ends(low: float, high: float, bounds: tuple[float | None, float | None]) -> tuple[float, float]:
    """Ends of an axis that do not run beyond what a score can be."""
    least, most = bounds
    return max(low, -math.inf if least is None else least), min(high, math.inf if most is None else most)


def picture_of(title: str, description: str, *parts: Any, width: float, height: float) -> Html:
    """A drawing whose coordinates are pixels, and which shrinks with the page.

    Args:
        title: what it is, in a few words.
        description: what one sees in it, for who cannot.
        parts: its pieces.
        width: in pixels.
        height: in pixels.
    """
    size = {"width": float(width), "height": float(height), "viewBox": f"0 0 {width:g} {height:g}"}
    return _spoken(title, description, parts, size)


def strip_of(description: str, *parts: Any, height: float) -> Html:
    """A drawing as wide as its place, whose coordinates across are hundredths; its words stand beside it."""
    hidden = {"aria_hidden": "true", "focusable": "false"} if not description else {"role": "img"}
    label = {"aria_label": description} if description else {}
    return element("svg", *parts, width="100%", height=float(height), **hidden, **label)


def figure_of(caption: Any, *parts: Any) -> Html:
    """A figure with its caption above it."""
    return element("figure", element("figcaption", caption), *parts, class_="figure")


def legend_of(labels: Sequence[str]) -> Html:
    """Which colour is whose: one label a series, in their order."""
    squares = (element("rect", width=12.0, height=12.0, rx=2.0, class_=fill_of(place)) for place in range(len(labels)))
    return _listed(squares, labels, 12.0)


def lines_legend(labels: Sequence[str], dashes: Sequence[str | None]) -> Html:
    """Which line is whose: one label and one pattern a line, in their order."""
    samples = (
        element("line", x1=0.0, x2=28.0, y1=6.0, y2=6.0, class_=f"line {stroke_of(place)}", stroke_dasharray=dash)
        for place, dash in enumerate(dashes)
    )
    return _listed(samples, labels, 28.0)


def _listed(samples: Iterable[Html], labels: Sequence[str], width: float) -> Html:
    entries = [
        element("li", element("svg", sample, width=width, height=12.0, aria_hidden="true"), isolated(label))
        for sample, label in zip(samples, labels, strict=True)
    ]
    return element("ul", *entries, class_="legend")


def fill_of(place: int) -> str:
    """The class that fills with the colour of a series, counted from 0."""
    return f"f{place % SERIES + 1}"


def stroke_of(place: int) -> str:
    """The class that strokes with the colour of a series, counted from 0."""
    return f"s{place % SERIES + 1}"


def words_at(x: float | str, y: float, content: Any, *, anchor: str = "start", strong: bool = False) -> Html:
    """Words in a drawing."""
    kind = "strong" if strong else None
    return element("text", content, x=x, y=float(y), text_anchor=anchor, class_=kind)


def cut_short(text: str, most: int) -> str:
    """A text of at most so many characters.

    >>> cut_short("ornithology", 6)
    'ornit…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def _spoken(title: str, description: str, parts: Sequence[Any], attributes: dict[str, Any]) -> Html:
    """A drawing with title and description; their ids come from what they say, so that pages are the same each time."""
    content = joined(parts)
    mark = hashlib.sha256("\0".join((title, description, content.text)).encode()).hexdigest()[:10]
    named = [element("title", title, id=f"t{mark}"), element("desc", description, id=f"d{mark}")]
    return element(
        "svg", *named, content, **attributes, role="img", aria_labelledby=f"t{mark}", aria_describedby=f"d{mark}"
    )
