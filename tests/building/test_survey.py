"""Images that show the same stay on one side of the split, are dropped where that is asked for, and are told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compete import files, jobs
from compete.audits import looks as looking
from compete.building.parts import whole_groups
from compete.building.pipeline import rehearse_bundle, with_looks, write_bundle
from compete.building.plan import Plan, plan_build
from compete.challenge import load_challenge
from compete.errors import DatasetError, Finding
from compete.files import files_below
from tests.audits.drawn import drawn_scene, overlaid, seen

SCENES = 12
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve scenes, and of the first six a copy, a changed copy and another view each."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(SCENES):
        scene = drawn_scene(seed)
        seen(scene).save(folder / f"{seed:02}-plain.png")
        if seed < 6:
            shutil.copy(folder / f"{seed:02}-plain.png", folder / f"{seed:02}-copy.png")
            overlaid(seen(scene)).save(folder / f"{seed:02}-near.jpg", quality=80)
            seen(scene, 70, 40).save(folder / f"{seed:02}-view.png")
    return folder


@pytest.fixture
def make(pictures: Path, tmp_path: Path) -> Make:
    """Write a challenge on these pictures; the class of a scene is that of all its pictures, unless told otherwise."""

    def written(data: str = "", split: str = "test: 0.5, public: 0.5", labels: dict[str, str] | None = None) -> Path:
        rows = ["id,file,label,site,given"]
        for number, path in enumerate(sorted(pictures.iterdir())):
            label = (labels or {}).get(path.name, ("fish", "crab")[int(path.name[:2]) % 2])
            rows.append(f"{number},{path},{label},s{number % 9},{('train', 'test')[number % 3 > 0]}")
        (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
        (tmp_path / "challenge.yaml").write_text(
            "name: reef\ntitle: Reef\ntask: classification\n"
            f"data: {{path: table.csv, images: {pictures}, id: id, file: file, label: label{data}}}\n"
            f"split: {{{split}, seed: 0f1e2d3c4b5a6978}}\nscore: {{metric: accuracy, draws: 5}}\n"
        )
        return tmp_path

    return written


def planned(root: Path) -> Plan:
    return with_looks(plan_build(load_challenge(root)), workers=1)


def scene_of(plan: Plan) -> list[str]:
    assert plan.file is not None
    return [Path(path).name[:2] for path in plan.file]


def rules(found: tuple[Finding, ...] | list[Finding]) -> dict[str, Finding]:
    return {one.rule: one for one in found if one.rule.startswith(("audit/", "image/"))}


def test_a_scene_is_never_cut_and_what_was_found_is_told(make: Make) -> None:
    plan = planned(make())
    parts: dict[str, set[int]] = {}
    for scene, part in zip(scene_of(plan), plan.part.tolist(), strict=True):
        parts.setdefault(scene, set()).add(part)
    assert all(len(held) == 1 for held in parts.values())
    assert set(plan.part.tolist()) == {0, 1, 2}
    found = rules(plan.findings)
    assert {rule: one.count for rule, one in found.items() if rule != "audit/one-scene"} == {
        "audit/exact-duplicates": 6, "audit/near-duplicates": found["audit/near-duplicates"].count,
        "audit/shifted-views": found["audit/shifted-views"].count,
    }  # fmt: skip
    assert found["audit/near-duplicates"].count >= 6
    assert found["audit/shifted-views"].count >= 6
    assert "00-copy.png = " in found["audit/exact-duplicates"].items[0]
    assert {one.severity for one in found.values()} == {"warning"}
    assert "one side" in found["audit/exact-duplicates"].hint


def test_without_duplicates_the_plan_is_what_it_was(make: Make, pictures: Path) -> None:
    root = make()
    table = (root / "table.csv").read_text().splitlines()
    (root / "table.csv").write_text(
        "\n".join(line for line in table if "copy" not in line and "near" not in line and "view" not in line)
    )
    plain = plan_build(load_challenge(root))
    plan = with_looks(plain, workers=1)
    assert plan.part.tolist() == plain.part.tolist()
    assert plan.findings == plain.findings
    assert plan.looks is not None
    assert with_looks(plan) is plan


def test_views_within_a_group_are_a_note(make: Make) -> None:
    (apart,) = [one for one in planned(make()).findings if one.rule == "audit/shifted-views"]
    root = make(", group: scene")
    head, *rows = (root / "table.csv").read_text().splitlines()
    lines = [f"{head},scene", *(f"{row},{Path(row.split(',')[1]).name[:2]}" for row in rows)]
    (root / "table.csv").write_text("\n".join(lines) + "\n")
    (within,) = [one for one in planned(root).findings if one.rule == "audit/shifted-views"]
    assert (apart.severity, within.severity) == ("warning", "note")
    assert (within.count, within.items) == (apart.count, apart.items)
    assert "of one `data.group`" in within.message


def test_keep_splits_as_if_nothing_were_linked_and_tells_it(make: Make) -> None:
    root = make(", duplicates: keep")
    plan = planned(root)
    assert plan.part.tolist() == plan_build(load_challenge(root)).part.tolist()
    found = rules(rehearse_bundle(plan, workers=1))
    assert "audit/exact-duplicates" in found
    assert "image/same-in-both" in found


def test_drop_keeps_the_first_of_copies_with_equal_labels(make: Make, tmp_path: Path) -> None:
    plan = planned(
        make(
            ", duplicates: drop",
            labels={"03-copy.png": "eel", "03-plain.png": "eel", "04-copy.png": "fish", "04-plain.png": "crab"},
        )
    )
    assert plan.file is not None
    assert plan.looks is not None
    names = {Path(path).name for path in plan.file}
    copies = {name[:2] for name in names if "copy" in name} & {
        name[:2] for name in names if "plain" in name and name < "06"
    }
    assert copies == {"04"}  # whose labels differ
    assert len(plan.id) == len(plan.looks) == len(plan.part) == len(plan.target["label"]) == 30 - 5
    assert rules(plan.findings)["audit/duplicate-labels"].count == 1
    outcome = write_bundle(plan, tmp_path / "out", workers=1)
    assert (
        len(list((tmp_path / "out/public").rglob("*.png"))) + len(list((tmp_path / "out/public").rglob("*.jpg"))) == 25
    )
    assert sum(int(row[1]) for row in outcome.parts) == 25


def test_declared_groups_and_linked_images_are_joined() -> None:
    group = np.array(["a", "a", "b", "c", "c", "d"], dtype=object)
    identity = np.array(list("uvwxyz"), dtype=object)
    linked = np.array([[1, 2], [3, 4]])
    joined = whole_groups(identity, group, linked)
    assert joined is not None
    assert joined.tolist() == ["a", "a", "a", "c", "c", "d"]
    alone = whole_groups(identity, None, linked)
    assert alone is not None
    assert alone.tolist() == ["u", "v", "v", "x", "x", "z"]
    assert whole_groups(identity, group, linked[:0]) is group
    assert whole_groups(identity, None, linked[:0]) is None


def test_a_given_split_is_not_changed_but_told_of_what_it_cuts(make: Make) -> None:
    root = make("", "column: given, public: 0.5")
    plan = planned(root)
    assert ((plan.part == 0) == (plan_build(load_challenge(root)).part == 0)).all()
    scenes = np.array(scene_of(plan))
    for scene in set(scenes.tolist()):
        test = plan.part[(scenes == scene) & (plan.part > 0)]
        assert len(set(test.tolist())) <= 1  # public and private are our choice
    found = rules(rehearse_bundle(plan, workers=1))
    assert found["audit/split-cuts-duplicates"].severity == "warning"
    assert found["audit/split-cuts-duplicates"].count >= 6
    assert found["image/same-in-both"].count == 4


def test_what_hangs_together_entirely_cannot_be_split(make: Make, pictures: Path) -> None:
    root = make()
    table = (root / "table.csv").read_text().splitlines()
    (root / "table.csv").write_text(
        "\n".join([table[0], *(line for line in table if "/00-" in line or "/01-plain" in line)])
    )
    with pytest.raises(DatasetError, match="cannot be split") as caught:
        planned(root)
    assert "audit/one-scene" in {one.rule for one in caught.value.findings}


def test_any_number_of_workers_makes_the_same_bundle_and_check_says_what_build_says(make: Make, tmp_path: Path) -> None:
    root = make()
    built = [jobs.build(root, tmp_path / name, workers=workers) for name, workers in (("one", 1), ("two", 2))]
    trees = [
        {path.relative_to(tmp_path / name): path.read_bytes() for path in files_below(tmp_path / name)}
        for name in ("one", "two")
    ]
    assert trees[0] == trees[1]
    assert built[0].findings == built[1].findings
    checked = jobs.check_challenge(root, workers=1)
    assert {one.rule for one in checked.findings} == {one.rule for one in built[0].findings} - {
        one.rule for one in built[0].findings if one.rule.startswith("leak/")
    }
    assert (checked.parts, checked.balance) == (built[0].parts, built[0].balance)


def test_an_image_that_changes_between_the_look_and_the_writing_is_refused(make: Make, tmp_path: Path) -> None:
    plan = planned(make())
    assert plan.file is not None
    other = tmp_path / "other.png"
    seen(drawn_scene(99)).save(other)
    changed = replace(plan, file=[str(other), *plan.file[1:]])
    with pytest.raises(DatasetError) as caught:
        write_bundle(changed, tmp_path / "out", workers=1)
    assert [one.rule for one in caught.value.findings] == ["image/changed"]
    assert not (tmp_path / "out").exists()


def test_a_killed_build_does_not_look_again(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    root, out = make(), tmp_path / "place" / "out"
    with monkeypatch.context() as within:
        within.setattr("compete.building.survey.find_duplicates", kill)
        within.setattr(files, "_discard", lambda *_: None)  # what a killed process does not come to
        with pytest.raises(Killed):
            jobs.build(root, out, workers=1)
    looked: list[str] = []
    original = looking._look
    monkeypatch.setattr(looking, "_look", lambda *task: (looked.append(task[0]), original(*task))[1])
    jobs.build(root, out, workers=1)
    assert looked == []
    jobs.build(root, tmp_path / "whole", workers=1)
    assert len(looked) == 30
    assert {path.relative_to(out): path.read_bytes() for path in files_below(out)} == {
        path.relative_to(tmp_path / "whole"): path.read_bytes() for path in files_below(tmp_path / "whole")
    }
    assert [path.name for path in (tmp_path / "place").iterdir()] == ["out"]


def test_copies_in_a_task_of_objects_are_not_dropped(tmp_path: Path) -> None:
    from tests.building.scenes import write_scenes

    root = write_scenes(tmp_path, "detection", "  duplicates: drop\n")
    names = sorted(path for path in (root / "images").iterdir() if len(set(Image.open(path).tobytes())) > 1)
    shutil.copy(names[0], names[1])
    plan = planned(root)
    assert len(plan.id) == 30
    assert "audit/not-dropped" in rules(plan.findings)
