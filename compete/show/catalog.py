"""How lists and explanations look at the terminal."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from compete.show.terminal import console, document, next_step, print_table


def listed(what: str, rows: Any, *, json: bool) -> None:
    """Show a list of what there is."""
    if json or isinstance(rows, dict):
        document(rows)
        return
    if rows:
        print_table(list(rows[0]), [[str(cell) for cell in row.values()] for row in rows])
    next_step("compete explain NAME")


def explained(content: dict[str, str], *, json: bool) -> None:
    """Show what a metric or a rule is."""
    if json:
        document(content)
        return
    out = console()
    out.print(content["name"], style="bold")
    for key, text in content.items():
        if key not in ("name", "text"):
            indent = " " * 13
            lines = wrap(text, 107, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
            out.print(f"  {key + ':':10} " + "\n".join(lines)[13:])
    out.print("\n" + content["text"])
