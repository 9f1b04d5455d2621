"""Real tables and images with their mess, from the first look to a score."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from compete import jobs
from compete.bundle import verify_bundle
from tests.conftest import Run

pytestmark = pytest.mark.real_data


def rows_of(path: Path) -> list[dict[str, str]]:
    """A table's rows."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "table",
    [
        "tabular/penguins.csv",
        "tabular/penguins-raw.csv",
        "covid_cxr/metadata.csv",
        "dwc/imageomics_wing_csv/wing_seg_monteiro.csv",
        "dwc/imageomics_wing_csv/wing_seg_heliconius_collection.csv",
    ],
)
def test_a_real_table_is_started_built_and_scored(real_data: Path, run: Run, tmp_path: Path, table: str) -> None:
    shutil.copy(real_data / table, tmp_path / "table.csv")
    assert run("init", tmp_path / "c", "--from", f"csv:{tmp_path / 'table.csv'}").code == 0
    checked, built = run("check", tmp_path / "c"), run("build", tmp_path / "c", "-o", tmp_path / "b")
    assert (checked.code, built.code) == (0, 0), checked.err + built.err
    assert verify_bundle(tmp_path / "b") == []
    scored = run("score", tmp_path / "b", tmp_path / "b/public/sample_submission.csv", "--json")
    assert scored.code == 0, scored.err
    assert json.loads(scored.out)["scores"]


X_RAYS = {
    "name": "xray", "title": "X-rays", "version": "1.0", "license": "CC0-1.0", "task": "classification",
    "split": {"test": 0.4, "public": 0.5, "seed": "a-seed-of-some-length"}, "score": {"metric": "matthews_corrcoef"},
}  # fmt: skip
OF_THE_PIXELS = {
    "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "transparency", "adobe", "adobe_transform",
    "progressive", "progression",
}  # fmt: skip
"""What Pillow tells of an image without metadata."""


def test_chest_x_rays_of_one_patient_stay_together_and_lose_their_metadata(
    real_data: Path, run: Run, tmp_path: Path
) -> None:
    """Images that are there, one of several of a patient; their names hold the disease, the bundle's do not."""
    images = real_data / "covid_cxr" / "images"
    places = {path.name: path.relative_to(images) for path in sorted(images.rglob("*"), reverse=True)}
    rows = [row for row in rows_of(real_data / "covid_cxr" / "metadata.csv") if row["filename"] in places]
    assert len(rows) > 80
    (tmp_path / "c").mkdir()
    with (tmp_path / "c" / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "patient", "covid"])
        writer.writerows([places[row["filename"]], row["Patientid"], row["finding"] == "COVID-19"] for row in rows)
    data = {"path": "table.csv", "images": str(images), "file": "file", "label": "covid", "group": "patient"}
    (tmp_path / "c" / "challenge.yaml").write_text(json.dumps({**X_RAYS, "data": data}))
    built = jobs.build(tmp_path / "c", tmp_path / "b")
    assert not [finding for finding in built.findings if finding.severity == "error"]
    parts: dict[str, set[str]] = {}
    ids = rows_of(tmp_path / "b/private/ids.csv")
    for row in ids:
        part = "train" if row["part"] == "train" else row["part"]
        parts.setdefault(rows[int(row["source_id"]) - 1]["Patientid"], set()).add(part)
    assert {len(found) for found in parts.values()} == {1}
    names = [path for path in (tmp_path / "b/public").rglob("*") if path.suffix in (".png", ".jpg")]
    assert len(names) == len(rows)
    for path in names:
        with Image.open(path) as image:
            assert not image.getexif()
            assert set(image.info) <= OF_THE_PIXELS
    sample = tmp_path / "b/public/sample_submission.csv"
    assert run("score", tmp_path / "b", sample).code == 0
