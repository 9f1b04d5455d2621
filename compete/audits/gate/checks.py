"""The checklist: every attack on a finished bundle, by the number that the literature of leaks gave it here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from compete.audits.gate import (
    coco,
    copies,
    files,
    linked,
    naming,
    pictures,
    samples,
    secrets,
    tables,
)
from compete.audits.gate.folder import Folder
from compete.audits.gate.verdicts import Probe
from compete.errors import Finding


class Check(NamedTuple):
    """One attack.

    Attributes:
        rows: the lines of the checklist that it answers.
        attack: looks at a bundle; what it yields is a fault, or a probe that is to be measured.
    """

    rows: tuple[str, ...]
    attack: Callable[[Folder], Iterator[Finding | Probe]]


CHECKS: tuple[Check, ...] = (
    Check(("L01",), tables.label_columns),
    Check(("L02", "L20", "L39", "L40", "L42"), files.strays),
    Check(("L39",), files.files_of_items),
    Check(("L03",), files.links),
    Check(("L03",), files.private_paths),
    Check(("L04",), samples.sample),
    Check(("L05", "L11", "L29", "L31"), naming.orders),
    Check(("L06", "L29"), naming.ids),
    Check(("L07",), secrets.computable_ids),
    Check(("L08",), coco.gaps),
    Check(("L09",), naming.file_names),
    Check(("L10",), files.times),
    Check(("L10",), files.attributes),
    Check(("L11",), naming.listing_order),
    Check(("L12",), samples.archives),
    Check(("L13",), pictures.sizes),
    Check(("L14", "L30"), pictures.dimensions),
    Check(("L15", "L16", "L20"), pictures.structure),
    Check(("L17",), pictures.coders),
    Check(("L18",), pictures.traces),
    Check(("L19", "L30"), pictures.borders),
    Check(("L21",), copies.same_images),
    Check(("L21",), linked.equal_rows),
    Check(("L22",), copies.near_images),
    Check(("L23",), copies.overlapping_images),
    Check(("L24",), linked.straddling_groups),
    Check(("L24",), linked.unsaid_groups),
    Check(("L25",), linked.linked_rows),
    Check(("L25",), copies.hidden_groups),
    Check(("L26",), tables.drift),
    Check(("L27",), tables.strong_columns),
    Check(("L28",), tables.fitted_on_test),
    Check(("L29", "L30"), tables.membership),
    Check(("L31",), coco.keys),
    Check(("L32",), coco.categories),
    Check(("L33",), secrets.class_counts),
    Check(("L34",), secrets.digests),
    Check(("L35",), secrets.computable_split),
    Check(("L01", "L35", "L42"), secrets.private_content),
    Check(("L36",), secrets.public_sources),
    Check(("L37", "L38"), tables.spelling),
    Check(("L41",), secrets.test_ids),
    Check(("L43",), files.holes),
    Check(("L44",), tables.subgroups),
)
"""All attacks, in the order in which their findings are told."""
