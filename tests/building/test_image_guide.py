"""What the participants' README says of images."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete.building.image_guide import image_submission
from compete.terms import Terms


@pytest.mark.parametrize(
    ("columns", "words"),
    [(("rle",), ["the pixels of `fish`", "all other pixels are `water`"]),
     (("class", "rle"), ["one row a class and image", "all other pixels are `water`"])],
)  # fmt: skip
def test_the_guide_says_what_unpainted_pixels_are(tmp_path: Path, columns: tuple[str, ...], words: list[str]) -> None:
    classes = ("water", "fish", "eel")[: len(columns) + 1]
    (tmp_path / "sample_submission.csv").write_text(",".join(("id", *columns)))
    terms = Terms(
        name="t",
        title="t",
        version="1",
        task="semantic_segmentation",
        target=(),
        kind="label_maps",
        metric="miou",
        form="runs",
        columns=columns,
        classes=classes,
        class_ids=tuple(range(len(classes))),
    )
    said = image_submission(terms, tmp_path)
    assert all(word in said for word in words)
