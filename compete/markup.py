"""Small pieces of HTML and SVG that say what they are told and do nothing else.

Whatever stands between tags or in an attribute is text of somebody: a team's name, a file's, a cell's. Here it is
escaped, and what would turn a line around or hide in it is shown. Only `Html`, which these functions make, is taken as
it is; jinja2 takes it as it is too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Union

from compete.errors import Finding
from metrics.frozen import dataclass

VOID = frozenset({"br", "col", "hr", "img", "link", "meta"})
"""Elements that hold nothing and are not closed."""

FORBIDDEN = frozenset({"base", "embed", "form", "foreignobject", "iframe", "input", "link", "object", "script"})
"""Elements that could do something; nobody needs them to read."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9:-]*")

LINK = re.compile(r"(?:#|https?://|mailto:)", re.ASCII)
"""How an address begins to which a reader may go."""

PICTURE = re.compile(r"(?:#|data:image/(?:png|jpeg);base64,)", re.ASCII)
"""How an address begins that is shown and asks nobody for anything."""

ADDRESSES = {"src": PICTURE, "xlink:href": PICTURE, "action": PICTURE, "formaction": PICTURE, "poster": PICTURE}

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Characters that are not seen, or that turn what stands beside them around."""

SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of a character: Linux puts them into the names of files, UTF-8 cannot write them."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may do with a page of ours: show it."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --quiet: #5a6067; --page: #fff; --line: #d7dbe0; --stripe: #f5f6f8;
  --bad: #a8232b; --warn: #7d5200; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --quiet: #a5abb3; --page: #16181b; --line: #3a3f45;
  --stripe: #1e2125; --bad: #ff9a9f; --warn: #f0bd62; } }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2rem; }
div.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: .25rem 0; }
tbody tr:nth-child(even) { background: var(--stripe); }
th, td { text-align: left; padding: .3rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th.number, td.number { text-align: right; white-space: nowrap; }
.error { color: var(--bad); } .warning { color: var(--warn); }
""".replace("\n", " ").strip()


@dataclass(frozen=True)
class Html:
    """Text that is HTML already, made by this module alone.

    Attributes:
        text: the markup.
    """

    text: str

    def __html__(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text


def visible(value: Any) -> str:
    r"""A text in which every character can be seen, and none turns its neighbours around.

    >>> print(visible("a" + chr(0x202E) + "b" + chr(0)))
    a\u202eb\x00
    """
    shown = UNSEEN.sub(_code_of, str(value))
    return SURROGATE.sub("\ufffd", shown)


def escaped(value: Any) -> Html:
    """Text as HTML that shows it; what is `Html` already stays as it is.

    >>> str(escaped("<script>alert('a & b')</script>"))
    '&lt;script&gt;alert(&#x27;a &amp; b&#x27;)&lt;/script&gt;'
    """
    return value if isinstance(value, Html) else Html(escape(visible(value), quote=True))


def joined(parts: Iterable[Any], between: str = "") -> Html:
    """Pieces behind each other; those that are no `Html` are escaped.

    >>> str(joined(["a < b", element("br"), "c"]))
    'a &lt; b<br>c'
    """
    return Html(escape(between).join(escaped(part).text for part in parts))


def element(tag: str, *inside: Any, **attributes: Any) -> Html:
    """An element of HTML or SVG with what is inside it.

    Args:
        tag: its name.
        inside: text, which is escaped, or `Html`.
        attributes: a trailing ``_`` is dropped and others become ``-``; None and False leave an attribute out, True
            gives it without a value, and floats are written with at most two digits after the point.

    Raises:
        ValueError: an element or attribute could run something, or is none.

    >>> str(element("td", "1 < 2", class_="number", aria_label='"x"'))
    '<td class="number" aria-label="&quot;x&quot;">1 &lt; 2</td>'
    """
    if not NAME.fullmatch(tag) or tag.lower() in FORBIDDEN:
        raise ValueError(f"no element {tag!r} stands in a page of ours")
    known = {"href": LINK if tag == "a" else PICTURE, **ADDRESSES}
    opening = f"<{tag}{''.join(_attribute(name, value, known) for name, value in attributes.items())}>"
    return Html(opening if tag in VOID else f"{opening}{joined(inside).text}</{tag}>")


def isolated(value: Any) -> Html:
    """Somebody's text whose direction of writing does not reach beyond it, such as a team's name.

    >>> str(isolated("<b>"))
    '<bdi>&lt;b&gt;</bdi>'
    """
    return element("bdi", value)


def table_of(
    caption: Any,
    head: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Iterable[int] = (),
    first: bool = True,
    kind: str = "",
) -> Html:
    """A table with a caption, whose heads say what they head.

    Args:
        caption: what the table shows.
        head: one text a column.
        rows: cells, text or `Html`.
        numbers: columns of numbers, which are aligned at the right.
        first: whether the first cell of a row heads it.
        kind: a class for the style: ``stacked`` stands cell below cell on small screens.
    """
    right = frozenset(numbers)

    def cell(place: int, value: Any) -> Html:
        side = "number" if place in right else None
        if place == 0 and first:
            return element("th", value, scope="row", class_=side)
        return element("td", value, class_=side)

    heads = [element("th", one, scope="col", class_="number" if at in right else None) for at, one in enumerate(head)]
    body = [element("tr", *(cell(place, value) for place, value in enumerate(row))) for row in rows]
    parts = [element("caption", caption), element("thead", element("tr", *heads)), element("tbody", *body)]
    return element("table", *parts, class_=kind or None)


def pairs_of(facts: Mapping[str, Any]) -> Html:
    """Names with what they stand for, as a list of descriptions."""
    return element(
        "dl", *(piece for name, fact in facts.items() for piece in (element("dt", name), element("dd", fact)))
    )


def findings_table(findings: Sequence[Finding], caption: str = "Findings") -> Html:
    """Findings as a table: how grave, what, where, examples and cure."""
    rows = []
    for one in (finding.shown() for finding in findings):
        more = ["…"] if one.count > len(one.items) > 0 else []
        examples = joined([*(element("code", item) for item in one.items), *more], ", ")
        said = [element("p", one.message), element("p", one.hint, class_="hint") if one.hint else ""]
        grave = element("span", one.severity, class_=one.severity if one.severity in SEVERITIES else None)
        rows.append((element("code", one.rule), grave, element("code", one.where), joined(said), examples))
    return table_of(caption, ("rule", "severity", "where", "what, and the cure", "examples"), rows, kind="stacked")


SEVERITIES = ("error", "warning", "note")


def page_of(title: str, *body: Any, language: str = "en") -> Html:
    """A whole page in one file: no script, no request, dark and light.

    Args:
        title: shown in the browser's frame, and as the first heading.
        body: text or `Html`.
        language: of the text.
    """
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(STYLE)),
    ]
    main = element("main", element("h1", title), *body)
    whole = element("html", element("head", *head), element("body", main), lang=language)
    return Html(f"<!doctype html>\n{whole.text}\n")


def wide(content: Any, label: str) -> Html:
    """What may be wider than a small screen, and then scrolls by itself; the keyboard reaches it.

    Args:
        content: text or `Html`.
        label: what a screen reader calls it.
    """
    return element("div", content, class_="wide", tabindex="0", role="region", aria_label=label)


def _code_of(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _attribute(
    name: str, value: Union[bool, int, float, str, Html, None], addresses: Mapping[str, re.Pattern[str]]
) -> str:
    """One attribute with the space before it."""
    if value is None or value is False:
        return ""
    plain = name.rstrip("_").replace("_", "-")
    if not NAME.fullmatch(plain) or plain.lower().startswith("on"):
        raise ValueError(f"no attribute {plain!r} stands in a page of ours")
    if value is True:
        return f" {plain}"
    text = _number(value) if isinstance(value, float) else visible(value)
    if plain.lower() in addresses and not addresses[plain.lower()].match(text):
        raise ValueError(f"{plain} of a page of ours may not lead to {text[:40]!r}")
    return f' {plain}="{escape(text, quote=True)}"'


def _number(value: float) -> str:
    """A coordinate: two digits after the point are a fiftieth of a pixel."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
