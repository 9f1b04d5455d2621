"""Markup: whatever stands between tags or in an attribute is shown, and does nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from compete.errors import Finding
from compete.markup import (
    Html,
    element,
    escaped,
    findings_table,
    isolated,
    joined,
    page_of,
    pairs_of,
    table_of,
    visible,
    wide,
)

HOSTILE = (
    "<script>alert(1)</script>", '" onmouseover="alert(1)', "'><img src=x onerror=alert(1)>",
    "</style><script>1</script>",
    "&lt;script&gt;", "javascript:alert(1)", "]]><svg onload=alert(1)>", "\x00<b>", "\u202egnp.exe", "\ud800",
)  # fmt: skip


class Reader(HTMLParser):
    """Collects elements, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: Html) -> Reader:
    reader = Reader()
    reader.feed(markup.text)
    reader.close()
    return reader


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is_and_makes_no_element(text: str) -> None:
    pieces = [
        element("p", text, title=text), isolated(text), table_of(text, [text], [[text]]),
        pairs_of({text: text}), wide(text, text), findings_table([Finding(text, text, text, (text,), text)]),
    ]  # fmt: skip
    found = read(joined(pieces))
    known = {"p", "bdi", "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "div"}
    assert set(found.elements) <= known | {"code", "span"}
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert visible(text) in found.text
    assert ("title", visible(text)) in found.attributes


@given(st.text(max_size=40))
def test_any_text_comes_back_from_between_tags_and_from_attributes(text: str) -> None:
    found = read(element("p", text, title=text))
    assert found.text.replace("\r", "\n") == visible(text).replace("\r", "\n")
    assert dict(found.attributes)["title"] == visible(text)


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert visible("a\u202eb\u200bc\x07") == "a\\u202eb\\u200bc\\x07"
    assert visible("line\nand\ttab") == "line\nand\ttab"
    assert visible("\udcff").encode()  # a file name that is not UTF-8


@pytest.mark.parametrize("tag", ["script", "iframe", "OBJECT", "base", "link", "form", "foreignObject", "a b", "1", ""])
def test_elements_that_could_do_something_are_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="no element"):
        element(tag)


@pytest.mark.parametrize("name", ["onclick", "ONLOAD", "on_error", "a b", "x=y"])
def test_attributes_that_could_do_something_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no attribute"):
        element("p", **{name: "alert(1)"})


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("a", {"href": "javascript:alert(1)"}), ("a", {"href": "data:text/html,x"}), ("a", {"href": " javascript:1"}),
        ("image", {"href": "https://example.org/x.png"}), ("img", {"src": "https://example.org/x.png"}),
        ("img", {"src": "//example.org/x.png"}), ("img", {"src": "data:image/svg+xml;base64,AA"}),
        ("use", {"href": "https://example.org/#x"}),
    ],
)  # fmt: skip
def test_addresses_that_run_or_ask_for_something_are_refused(tag: str, attributes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="may not lead"):
        element(tag, **attributes)


def test_addresses_of_links_and_of_pictures_in_the_page_are_allowed() -> None:
    assert str(element("a", "x", href="https://example.org")) == '<a href="https://example.org">x</a>'
    assert str(element("img", src="data:image/png;base64,AA", alt="")) == '<img src="data:image/png;base64,AA" alt="">'
    assert str(element("use", href="#x")) == '<use href="#x"></use>'


def test_attributes_are_named_and_written_as_html_has_them() -> None:
    assert str(element("td", class_="n", aria_label="a")) == '<td class="n" aria-label="a"></td>'
    assert str(element("details", open=True, hidden=False, id=None)) == "<details open></details>"
    assert str(element("line", x1=1.0, x2=-0.001, y1=2.345678, y2=1e6)) == (
        '<line x1="1" x2="0" y1="2.35" y2="1000000"></line>'
    )


def test_templates_take_markup_as_it_is_and_escape_all_else() -> None:
    template = Environment(autoescape=True).from_string("{{ one }}{{ other }}")
    assert template.render(one=element("b", "<"), other="<b>") == "<b>&lt;</b>&lt;b&gt;"
    assert escaped(Html("<b></b>")).text == "<b></b>"


def test_a_page_is_whole_and_forbids_scripts_and_requests() -> None:
    page = page_of("</title><script>1</script>", element("p", "fine"), "a < b")
    found = read(page)
    assert page.text.startswith("<!doctype html>\n<html lang=")
    assert "script" not in found.elements
    policy = dict(found.attributes)["content"]
    assert [value for _, value in found.attributes if value and value.startswith("default-src 'none'")], policy
    assert "a < b" in found.text


def test_a_table_says_what_its_heads_head() -> None:
    table = table_of("What", ("name", "score"), [("a", 1), ("b", 2)], numbers=(1,)).text
    assert table.count('scope="col"') == 2
    assert table.count('scope="row"') == 2
    assert table.count('class="number"') == 3


def test_a_finding_shows_itself_and_is_inert() -> None:
    finding = Finding("a/<b>", "<i>what</i>", "<file>:1", ("<1>", "<2>", "<3>", "<4>"), "<cure>", "warning", 4)
    shown = finding._repr_html_()
    assert set(read(Html(shown)).elements) == {"div", "b", "code", "br", "i"}
    assert "&lt;3&gt;" in shown
    assert "&lt;4&gt;" not in shown
