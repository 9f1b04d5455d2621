"""What is seen in files of images: of a large JPEG only the rows that are looked at are decoded, to the same pixels."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from compete.audits.gate import seen

SAVED: list[dict[str, Any]] = [
    {"quality": quality, "subsampling": subsampling, "progressive": progressive, "restart_marker_rows": rows}
    for quality, subsampling, progressive, rows in product((30, 95), (0, 1, 2), (False, True), (0, 3))
]


def picture(mode: str, wide: int, high: int) -> Image.Image:
    rough = np.random.default_rng(wide).integers(0, 255, (20, 20, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize((wide, high), Image.Resampling.BICUBIC).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(320, 401), (161, 163), (400, 160), (100, 90)])
def test_the_upper_rows_are_those_of_the_whole(mode: str, size: tuple[int, int], tmp_path: Path) -> None:
    cut = 0
    for options in SAVED:
        file = io.BytesIO()
        picture(mode, *size).save(file, "JPEG", **options)
        (tmp_path / "one.jpg").write_bytes(file.getvalue())
        with Image.open(file) as image:
            image.draft("L", image.size)
            wanted = np.asarray(image.convert("L"))[: seen.DEEP, : seen.DEEP]
        found = seen._grey(str(tmp_path / "one.jpg"))
        assert found is not None
        np.testing.assert_array_equal(found, wanted)
        cut += seen._upper_rows(file.getvalue()) != file.getvalue()
    sequential = sum(not options["progressive"] for options in SAVED)
    assert cut == (sequential if size[1] > seen.DEEP and mode != "CMYK" else 0)


def test_what_is_no_jpeg_stays_as_it_is() -> None:
    for data in (
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x04",
        b"\x89PNG" + bytes(50),
        b"\xff\xd8\xff\xc0" + bytes(5),
    ):
        assert seen._upper_rows(data) == data
