"""How recommended metrics look at the terminal, and how a person is asked what the data do not tell."""

from __future__ import annotations

import sys
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from compete.show.terminal import console, document, next_step, plain, print_findings, print_table

if TYPE_CHECKING:
    from compete.recommending import Recommendation
    from compete.recommending.fingerprint import Ask
    from compete.recommending.items import Item

WIDE = 110
"""Columns of running text."""
YES, NO = ("y", "yes", "true"), ("n", "no", "false")


def asker(*, quiet: bool) -> Ask | None:
    """Asks a person at a terminal; None where nobody is there. Whoever ends the input is asked no more."""
    if quiet or not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        return None
    ended = False

    def ask(item: Item, assumed: Any) -> Any:
        nonlocal ended
        while not ended:
            words = item.choices or ("yes", "no")
            usual = assumed if item.choices else "yes" if assumed else "no"
            console(err=True).print(f"{item.number}  {item.question}  [{' / '.join(words)}; Enter: {usual}] ", end="")
            try:
                given = answer_of(input(), item, assumed)
            except EOFError:
                ended = True
                break
            if given is not None:
                return given
            console(err=True).print(f"  one of {', '.join(words)}")
        return None

    return ask


def answer_of(text: str, item: Item, assumed: Any) -> Any:
    """What a person's words mean; None where they mean nothing. A word may be cut short where only one begins so."""
    word = text.strip().lower()
    if not word:
        return assumed
    if not item.choices:
        return True if word in YES else False if word in NO else None
    found = [choice for choice in item.choices if choice.startswith(word)]
    return word if word in item.choices else found[0] if len(found) == 1 else None


def recommended(result: Recommendation, *, json: bool) -> None:
    """Show the fingerprint, the metrics that fit it, and the lines to copy."""
    if json:
        document(result.as_dict())
        return
    out, fingerprint = console(), result.fingerprint
    out.print(f"{result.name}: {fingerprint.title}", style="bold")
    rows = [[one["key"], one["number"], _word(one["value"]), one["source"], one["because"]] for one in
            fingerprint.as_dict()["items"] if one["source"] != "assumed"]  # fmt: skip
    if rows:
        print_table(["item", "paper", "is", "known", "because"], rows)
    for one in result.advice:
        step = f" ({one.step})" if one.step else ""
        out.print(f"  {plain(one.metric)}", style="bold", end="")
        out.print(f"  {one.role}{step}", style="dim")
        _told("why", one.why)
        _told("beware", one.pitfall)
    print_findings(result.findings, err=False)
    if result.lines:
        out.print("\nfor challenge.yaml, in the place of the same keys:\n")
    for line in result.lines:
        out.print(f"    {plain(line)}")
    asked = [item.key for item in fingerprint.unanswered]
    if asked:
        told = ", ".join(asked)
        console(err=True).print(f"assumed, as nobody said under fingerprint: {told}", style="dim")
    next_step(f"compete check {result.path.parent}")


def _word(value: Any) -> str:
    """An answer in a table."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _told(what: str, text: str) -> None:
    """A paragraph with its name in front."""
    if text:
        out, first = console(), f"      {what + ':':8}"
        lines = wrap(plain(text), min(WIDE, out.width), initial_indent=first, subsequent_indent=" " * len(first))
        out.print("\n".join(lines))
