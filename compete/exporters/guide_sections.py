"""The participants' guide of a bundle, taken apart into the pages that platforms want."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from compete.bundle import Bundle
from compete.markup import Html, element

RULES_PAGE = re.compile(r"rules|terms|conditions", re.IGNORECASE)
"""How an organizer's page is called that says what participants agree to."""


@dataclass(frozen=True)
class Sections:
    """The pages of a challenge, as Markdown.

    Attributes:
        overview: what it is about, which files there are, and by whom.
        submission: what to send, and how to try it at home.
        scoring: how it is scored.
        rules: what participants agree to.
        others: the organizer's further pages, by name.
    """

    overview: str
    submission: str
    scoring: str
    rules: str
    others: Mapping[str, str]


def sections_of(bundle: Bundle) -> Sections:
    """The pages of a bundle, from its ``README.md`` and ``pages/``."""
    text = (bundle.public / "README.md").read_text(encoding="utf-8")
    opening, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    named = {part.partition("\n")[0].strip(): f"## {part}" for part in rest}
    about, _, colophon = (rest[-1] if rest else "").rpartition("\n---\n")
    if about:
        last = list(named)[-1]
        named[last] = f"## {about}\n"
    folder = bundle.public / "pages"
    pages = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    rules = [page for name, page in pages.items() if RULES_PAGE.search(name)]
    home = named.get("Check and score at home", "")
    return Sections(
        overview="\n".join([opening.partition("\n")[2].strip(), "", named.get("What is here", ""), colophon]),
        submission="\n".join([named.get("What to send", ""), home]),
        scoring=named.get("How it is scored", ""),
        rules="\n\n".join(rules) or _plain_rules(bundle),
        others={name: page for name, page in pages.items() if not RULES_PAGE.search(name)},
    )


def _plain_rules(bundle: Bundle) -> str:
    """What goes without saying, where the organizer says nothing."""
    terms = bundle.terms
    licence = f"The data are shared under {terms.license}." if terms.license else "The data may be used to take part."
    return (
        f"# Terms of {terms.title}\n\n{licence} Whoever takes part agrees to predict the test items with a model, not "
        "to label them by hand, and not to look for their labels elsewhere. The organizers may ask for the code of a "
        "submission and may remove one that does not keep to this.\n"
    )


def html_of(markdown: str) -> Html:
    """Markdown as a piece of HTML; markup inside it is shown, not taken."""
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return element("div", Html(rendered))
