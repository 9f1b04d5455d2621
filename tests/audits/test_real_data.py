"""The known mess of real data sets, as audits tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compete import jobs
from compete.audits import Audited
from compete.errors import Finding

pytestmark = pytest.mark.real_data
Audit = Callable[..., Audited]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Audit data as ``compete init`` proposes to read them, or as a challenge says."""

    def audited(source: str = "", **content: Any) -> Audited:
        folder = tmp_path / f"c{len(list(tmp_path.iterdir()))}"
        if source:
            jobs.start_challenge(folder, source)
        else:
            folder.mkdir()
            about = {"name": "real", "title": "Real", "version": "1.0", "license": "CC0-1.0"}
            split = {"test": 0.4, "public": 0.5, "seed": "a-seed-of-some-length"}
            (folder / "challenge.yaml").write_text(json.dumps({**about, "split": split, **content}))
        return jobs.audit_challenge(folder)

    return audited


def of_rule(report: Audited, rule: str) -> list[Finding]:
    return [one for one in report.findings if one.rule == rule]


def test_chest_x_rays(real_data: Path, audit: Audit) -> None:
    report = audit(f"csv:{real_data}/covid_cxr/metadata.csv")
    assert any("' url'" in text for text in of_rule(report, "dataset/header-space")[0].items)
    assert "number 17" in str(of_rule(report, "dataset/header")[0])  # pandas calls it Unnamed: 16
    blank = {text for one in of_rule(report, "audit/missing-values") for text in one.items}
    assert {"sex 11%", "age 16%"} <= blank
    small = of_rule(report, "audit/small-class")[0].items
    assert any(text.startswith("No Finding (1 group") for text in small)
    assert "Pneumocystis" in of_rule(report, "dataset/rare-class")[0].items
    assert of_rule(report, "audit/label-in-name")[0].count == 31
    tied = of_rule(report, "audit/shortcut-value")[0]
    assert tied.severity == "warning"
    assert any("Mount Sinai" in text and "11 of 11 are SARS, 11 of 11 SARS have it" in text for text in tied.items)


def test_patients_are_offered_as_groups(real_data: Path, audit: Audit) -> None:
    data = {"path": str(real_data / "covid_cxr" / "metadata.csv"), "label": "finding"}
    report = audit(task="classification", data=data, score={"metric": "f1_macro"})
    assert any("'Patientid'" in one.message for one in of_rule(report, "audit/undeclared-group"))


def test_blood_cells(real_data: Path, audit: Audit) -> None:
    report = audit(f"voc:{real_data}/bccd/BCCD")
    assert of_rule(report, "dataset/empty-object")[0].count == 2
    assert of_rule(report, "audit/box-twice")[0].count == 7
    shares = of_rule(report, "audit/class-imbalance")[0].items
    assert shares == ("RBC 4,153 (85.0%)", "WBC 372 (7.6%)", "Platelets 361 (7.4%)")
    assert not of_rule(report, "audit/shortcut")


def test_microscope_fields_raise_no_alarm(real_data: Path, audit: Audit) -> None:
    report = audit(f"object_masks:{real_data}/dsb2018/stage1_train")
    assert [one for one in report.findings if one.severity != "note"] == []


def test_ticks(real_data: Path, audit: Audit) -> None:
    report = audit(f"dwca:{real_data}/dwc/gbif_ticks")
    blank = {text for one in of_rule(report, "audit/missing-values") for text in one.items}
    assert "lifeStage 91%" in blank
    assert any("'recorder'" in one.message for one in of_rule(report, "audit/undeclared-group"))


def test_augmented_copies(real_data: Path, audit: Audit) -> None:
    folder = real_data / "exports" / "cell_roboflow_yolo"
    data = {"reader": "yolo", "path": str(folder / "data.yaml")}
    report = audit(task="detection", data=data, score={"metric": "box_ap"})
    copies = of_rule(report, "audit/copies")
    assert len(copies) == 1
    assert copies[0].message == "29 images are, by their names, copies of 13 pictures"
