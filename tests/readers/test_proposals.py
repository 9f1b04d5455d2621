"""What a table looks like to ``compete init``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compete.errors import DatasetError
from compete.readers import sketch_dataset


def sketch(tmp_path: Path, header: str, rows: list[str]) -> dict[str, Any]:
    (tmp_path / "table.csv").write_text("\n".join([header, *rows]) + "\n")
    return sketch_dataset("csv", tmp_path / "table.csv")


def values(proposals: list[Any]) -> list[Any]:
    return [proposal.value for proposal in proposals]


def test_the_penguins(tmp_path: Path) -> None:
    package = find_spec("palmerpenguins")
    assert package is not None
    assert package.submodule_search_locations
    found = sketch_dataset("csv", Path(package.submodule_search_locations[0]) / "data" / "penguins-raw.csv")
    assert (found["task"].value, found["label"].value, found["id"], found["file"]) == (
        "classification", "Species", None, None)  # fmt: skip
    assert values(found["group"]) == ["Individual ID"]
    assert values(found["subgroups"]) == ["Island", {"name": "year", "column": "Date Egg", "part": "year"}, "Sex"]
    assert values(found["drop"]) == ["Sample Number", "Region", "Stage", "Comments"]
    assert "Culmen Length (mm)" in values(found["features"])
    everything = [
        found["task"],
        found["label"],
        *found["group"],
        *found["subgroups"],
        *found["features"],
        *found["drop"],
    ]
    assert all(proposal.reason for proposal in everything)


def test_images_ids_and_regression(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "p0.png").write_bytes(b"x")
    rows = [f"i{n},p{n}.png,{n * 1.5},{n},{20 + n}" for n in range(40)]
    found = sketch(tmp_path, "id,file,target,count,age", rows)
    assert (found["id"].value, found["file"].value, found["images"].value) == ("id", "file", "pictures")
    assert (found["task"].value, found["label"].value) == ("regression", "target")
    assert values(found["subgroups"]) == [{"name": "age", "column": "age", "bins": [33, 46]}]
    assert values(found["features"]) == ["count"]


def test_images_that_are_not_there_are_not_proposed(tmp_path: Path) -> None:
    found = sketch(tmp_path, "path,label", [f"/elsewhere/p{n}.png,{'ab'[n % 2]}" for n in range(40)])
    assert found["file"] is None
    assert values(found["drop"]) == ["path"]


def test_zero_one_columns_are_multilabel_where_nothing_is_called_label(tmp_path: Path) -> None:
    rows = [f"i{n},{n % 2},{n // 2 % 2},{n // 4 % 2},{n}" for n in range(40)]
    found = sketch(tmp_path, "name,rain,fog,snow,x", rows)
    assert found["task"].value == "multilabel"
    assert found["label"].value == ["rain", "fog", "snow"]


@pytest.mark.parametrize(
    ("column", "cells", "reason"),
    [
        ("code", [f"{'ab'[n % 2]}{n % 4}" for n in range(40)], "gives the label away"),
        ("link", [f"https://example.org/{n}" for n in range(40)], "addresses"),
        ("note", [f"seen by the river {n} times that day" for n in range(40)], "free text"),
        ("hash", [f"x{n:x}" for n in range(40)], "own value"),
        ("same", ["1"] * 40, "same value"),
        ("empty", ["NA"] * 40, "no values"),
        ("annotator", [f"w{n % 3}" for n in range(40)], "called like people"),
        ("Decimal Latitude", [f"51.{n:03}" for n in range(40)], "called like exact places"),
        ("remark", ["by a@example.org", "", "", "none"] * 10, "e-mail address"),
        ("station", ["north", "south"] * 19 + ["south", "north"], "nearly give"),
        ("ward", ["north", "south"] * 20, "gives the label away"),
        ("Usage", [str(n % 3) for n in range(40)], "bundle"),
        ("Sample Number", [str(n % 20) for n in range(40)], "running number"),
    ],
)
def test_columns_that_are_better_not_shown(tmp_path: Path, column: str, cells: list[str], reason: str) -> None:
    rows = [f"{cell},{'ab'[n % 2]},{n % 7}.5" for n, cell in enumerate(cells)]
    found = sketch(tmp_path, f"{column},label,x", rows)
    (proposal,) = found["drop"]
    assert proposal.value == column
    assert reason in proposal.reason
    assert values(found["features"]) == ["x"]


def test_people_and_what_says_the_label_are_no_subgroups_and_no_label(tmp_path: Path) -> None:
    """A station and a year go with the label in 38 of 40 rows, a season in 30."""
    rows = []
    for n in range(40):
        north = n % 2 == (n < 38)
        cells = ("north" if north else "south", f"{2000 + north}-05-{n % 28 + 1:02}", "warm" if n % 4 else "cold",
                 f"w{n % 5}", "ab"[n % 2], f"w{n % 3}")  # fmt: skip
        rows.append(",".join(cells))
    found = sketch(tmp_path, "station,day,season,camera_gps,label,observer", rows)
    assert values(found["subgroups"]) == ["season"]
    assert values(found["drop"]) == ["station", "day", "camera_gps", "observer"]
    found = sketch(tmp_path, "reading,guess,observer", [f"{n % 9},{'xy'[n % 2]},w{n % 3}" for n in range(40)])
    assert found["label"].value == "guess"


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="ragged-row"):
        sketch(tmp_path, "a,b", ["1", "1,2"])


@pytest.mark.real_data
def test_real_tables_find_their_labels(real_data: Path) -> None:
    folder = real_data
    covid = sketch_dataset("csv", folder / "covid_cxr" / "metadata.csv")
    assert (covid["label"].value, values(covid["group"])) == ("finding", ["Patientid"])
    assert "clinical notes" in values(covid["drop"])
    small = sketch_dataset("csv", folder / "tabular" / "penguins.csv")
    assert (small["label"].value, values(small["subgroups"])) == ("species", ["island", "sex", "year"])


def test_crowded_images_are_proposed_a_metric_that_counts_all(tmp_path: Path) -> None:
    from compete.dataset import Category
    from compete.readers.annotated_proposals import propose_annotated
    from compete.readers.annotations import Annotations

    Image.new("L", (400, 10)).save(tmp_path / "a.png")
    crowd = [{"image_id": 1, "category_id": 1, "bbox": [place, 0, 2, 5]} for place in range(120)]
    annotated = Annotations("a", [1], ["a.png"], [(400, 10)], {}, (Category("cell", 1),), crowd, tmp_path)
    proposed = propose_annotated("yolo", annotated, tmp_path)
    assert proposed["metrics"].value["detection"] == "box_ap(limit=1000)"
    few = Annotations("a", [1], ["a.png"], [(400, 10)], {}, (Category("cell", 1),), crowd[:100], tmp_path)
    assert propose_annotated("yolo", few, tmp_path)["metrics"] is None
