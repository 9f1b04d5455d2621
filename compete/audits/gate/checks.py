"""The checklist: every attack on a finished bundle, by the number that the literature of leaks gave it here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from compete.audits.gate import (
    coco,
    copies,
    files,
    guesses,
    linked,
    naming,
    pictures,
    samples,
    secrets,
    spelt,
    tables,
)
from compete.audits.gate.folder import Folder
from compete.audits.gate.verdicts import Probe
from compete.errors import Finding

WHOLE, SOME, NEXT = "whole", "some", "in a row"


class Check(NamedTuple):
    """One attack.

    Attributes:
        rows: the lines of the checklist that it answers.
        attack: looks at a bundle; what it yields is a fault, or a probe that is to be measured.
        of: what it looks at, one after the other: the whole bundle, items drawn by chance, items in a row.
    """

    rows: tuple[str, ...]
    attack: Callable[[Folder], Iterator[Finding | Probe]]
    of: tuple[str, ...] = (WHOLE,)


CHECKS: tuple[Check, ...] = (
    Check(("L01",), tables.test_rows),
    Check(("L01",), tables.foreign_columns),
    Check(("L01",), tables.label_columns, (SOME,)),
    Check(("L02", "L20", "L39", "L40", "L42"), files.strays),
    Check(("L39",), files.files_of_items),
    Check(("L03",), files.links),
    Check(("L03",), files.private_paths),
    Check(("L04",), samples.sample),
    Check(("L05", "L11", "L29", "L31"), naming.orders, (SOME, NEXT)),
    Check(("L06", "L29"), naming.ids, (SOME,)),
    Check(("L07",), guesses.computable_ids),
    Check(("L08",), coco.gaps),
    Check(("L09",), naming.file_names, (SOME,)),
    Check(("L10",), files.times),
    Check(("L10",), files.attributes),
    Check(("L11",), naming.listing_order, (SOME,)),
    Check(("L12",), samples.archives),
    Check(("L13",), pictures.sizes, (SOME,)),
    Check(("L14", "L30"), pictures.dimensions, (SOME,)),
    Check(("L15", "L16", "L20"), pictures.structure),
    Check(("L17",), pictures.coders, (SOME,)),
    Check(("L18",), pictures.traces, (SOME,)),
    Check(("L19", "L30"), pictures.borders, (SOME,)),
    Check(("L21", "L22", "L23"), copies.copied_images),
    Check(("L21",), linked.equal_rows),
    Check(("L24",), linked.straddling_groups),
    Check(("L24",), linked.unsaid_groups, (SOME,)),
    Check(("L25",), linked.linked_rows, (SOME,)),
    Check(("L25",), copies.hidden_groups, (SOME,)),
    Check(("L26",), tables.drift, (SOME,)),
    Check(("L27",), tables.strong_columns, (SOME,)),
    Check(("L28",), tables.fitted_on_test, (SOME,)),
    Check(("L29", "L30"), tables.membership, (SOME,)),
    Check(("L31",), coco.keys),
    Check(("L32",), coco.categories),
    Check(("L33",), secrets.class_counts),
    Check(("L34",), secrets.digests),
    Check(("L35",), guesses.computable_split),
    Check(("L01", "L35", "L42"), secrets.private_content),
    Check(("L36",), secrets.public_sources),
    Check(("L37", "L38"), spelt.spelling, (SOME,)),
    Check(("L41",), secrets.test_ids),
    Check(("L43",), files.holes),
    Check(("L44",), tables.subgroups, (SOME,)),
)
"""All attacks, in the order in which their findings are told."""
