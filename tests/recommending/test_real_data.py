"""What real data tell of their problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from compete import jobs
from compete.recommending import Recommendation

pytestmark = pytest.mark.real_data


def recommended(folder: Path, task: str, data: str, metric: str) -> Recommendation:
    """The recommendation for a challenge of real data."""
    text = f"name: x\ntitle: X\ntask: {task}\ndata: {{{data}}}\nsplit: {{seed: s}}\nscore: {{metric: {metric}}}\n"
    (folder / "challenge.yaml").write_text(text)
    return jobs.recommend(folder)


def test_blood_cells_are_uneven_and_crowded(real_data: Path, tmp_path: Path) -> None:
    found = recommended(tmp_path, "detection", f"reader: voc, path: {real_data / 'bccd' / 'BCCD'}", "box_ap")
    known = {key: found.fingerprint[key] for key in ("small", "varied", "touching", "imbalanced", "empty_reference")}
    assert known == {
        "small": False, "varied": False, "touching": True, "imbalanced": True, "empty_reference": False,
    }  # fmt: skip
    assert [one.metric for one in found.advice] == ["box_ap", "detection_f1(iou=0.5, over=macro)"]


def test_nuclei_touch_and_are_large_and_small(real_data: Path, tmp_path: Path) -> None:
    data = f"reader: object_masks, path: {real_data / 'dsb2018' / 'stage1_train'}"
    found = recommended(tmp_path, "instance_segmentation", data, "mask_ap")
    known = {key: found.fingerprint[key] for key in ("small", "varied", "tubular", "touching")}
    assert known == {"small": False, "varied": True, "tubular": False, "touching": True}
    assert found.advice[0].metric == "mask_ap"
    assert found.advice[0].pitfall.startswith("Sizes vary: look at mask_ap(area=small)")
