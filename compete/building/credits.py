"""Who holds the rights to images, where their licences ask that this be said."""

from __future__ import annotations

from pathlib import Path

from compete.building.parts import TRAIN_PART
from compete.building.plan import Plan
from compete.building.tables import ordered_rows, table_bytes
from compete.bundle import CREDITS, ID
from compete.files import write_file


def write_credits(plan: Plan, root: Path) -> None:
    """Write ``credits.csv``: with ids for the training items, and for the test once a holder, without.

    Whoever took a photograph tells where it was taken, and often of what, so until the end of the competition
    participants see of the test only to whom thanks are due. CC BY 4.0, 3(a)(2), asks for what is reasonable in the
    context. The organizer's copy, with all ids, is there to be published at the end.
    """
    if not plan.dataset.credits:
        return
    order, _, _ = ordered_rows(plan)
    source = plan.dataset.items.index
    whole: list[tuple[str, str, str]] = []
    rows: list[tuple[str, str, str]] = []
    thanks: set[tuple[str, str]] = set()
    for row in order.tolist():
        credit = plan.dataset.credits.get(str(source[row]))
        if credit is None:
            continue
        whole.append((str(plan.id[row]), *credit))
        if plan.part[row] == TRAIN_PART:
            rows.append(whole[-1])
        else:
            thanks.add(credit)
    rows += [("", *credit) for credit in sorted(thanks)]
    write_file(root / "public" / CREDITS, _table(rows))
    write_file(root / "private" / CREDITS, _table(whole))


def _table(rows: list[tuple[str, str, str]]) -> bytes:
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return table_bytes(
        {name: list(cells) for name, cells in zip((ID, "rights_holder", "license"), columns, strict=True)}
    )
