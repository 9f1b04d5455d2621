"""How figures look: one style sheet for all of them, light, dark and on paper."""

from __future__ import annotations

from pathlib import Path

LIGHT = {
    "ink": "#1c2126",
    "quiet": "#565f69",
    "grid": "#dcd8cf",
    "track": "#f0ede6",
    "series-1": "#0a6aa1",
    "series-2": "#b4540a",
    "series-3": "#0b7a5c",
    "series-4": "#8c3f8f",
    "series-5": "#7a6a00",
    "series-6": "#b3264f",
}

DARK = {
    "ink": "#e9e6df",
    "quiet": "#a9b0b8",
    "grid": "#373e46",
    "track": "#22272d",
    "series-1": "#6bb8ea",
    "series-2": "#f09a55",
    "series-3": "#56c7a1",
    "series-4": "#d494d6",
    "series-5": "#d8c552",
    "series-6": "#f58ba8",
}

SERIES = 6
"""How many colours tell lines and bars apart; the seventh is the first again, dashed otherwise."""

LEVELS = 10
"""Shades of a heat map above none."""

LIGHT_HEAT = ((247, 245, 240), (10, 79, 122))
DARK_HEAT = ((27, 31, 36), (134, 197, 238))
LIGHT_MISS = ((247, 245, 240), (150, 62, 6))
DARK_MISS = ((27, 31, 36), (240, 154, 85))
"""The weakest and the strongest shade, in red, green and blue; what is amiss has a colour of its own."""

WHITE, BLACK = "#ffffff", "#000000"

RULES = Path(__file__).parents[1] / "templates" / "figures.css"


def figure_style() -> str:
    """The style sheet of all figures; it stands in a page once, and needs nothing from the page's own."""
    dark = _scheme(DARK, DARK_HEAT, DARK_MISS)
    light = _scheme(LIGHT, LIGHT_HEAT, LIGHT_MISS)
    colours = "".join(
        f".s{number} {{ stroke: var(--figure-series-{number}); color: var(--figure-series-{number}); }} "
        f".f{number} {{ fill: var(--figure-series-{number}); }}\n"
        for number in range(1, SERIES + 1)
    )
    shades = "".join(
        f".{name}-{level} {{ background: var(--figure-{name}-{level}); color: var(--figure-{name}-ink-{level}); }}\n"
        for name in ("heat", "miss")
        for level in range(LEVELS + 1)
    )
    return f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n" + (
        RULES.read_text(encoding="utf-8") + colours + shades
    )


Colour = tuple[int, int, int]


def _scheme(colours: dict[str, str], heat: tuple[Colour, Colour], miss: tuple[Colour, Colour]) -> str:
    parts = [f"--figure-{name}: {colour};" for name, colour in colours.items()]
    for name, (low, high) in (("heat", heat), ("miss", miss)):
        for level in range(LEVELS + 1):
            shade = _between(low, high, level / LEVELS)
            parts += [f"--figure-{name}-{level}: {_hex(shade)};", f"--figure-{name}-ink-{level}: {_ink_on(shade)};"]
    return " ".join(parts)


def _between(low: Colour, high: Colour, share: float) -> Colour:
    red, green, blue = (round(one + (other - one) * share) for one, other in zip(low, high, strict=True))
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{one:02x}" for one in colour)


def _ink_on(colour: Colour) -> str:
    """Black or white, whichever is read more easily on a colour."""
    light = luminance(colour)
    return WHITE if 1.05 / (light + 0.05) > (light + 0.05) / (luminance((0, 0, 0)) + 0.05) else BLACK


def luminance(colour: Colour) -> float:
    """Relative luminance of red, green and blue from 0 to 255.

    Source: W3C, Web Content Accessibility Guidelines 2.1.

    >>> luminance((255, 255, 255))
    1.0
    """
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _shares(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _shares(colour: Colour) -> list[float]:
    return [one / 255 for one in colour]
