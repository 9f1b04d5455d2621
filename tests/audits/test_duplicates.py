"""Images that show the same are found whatever was done to them, and others are not taken for them."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from compete.audits.duplicates import Duplicates, Link, components, find_duplicates
from compete.audits.looks import looks_of
from tests.audits.drawn import CHANGES, drawn_scene, seen, write_images
from tests.conftest import ROOT


def duplicates_of(paths: list[str]) -> Duplicates:
    return find_duplicates(paths, looks_of(paths, workers=1), workers=1)


@pytest.fixture(scope="module")
def scenes() -> dict[str, Image.Image]:
    return {f"{seed}.jpg": seen(drawn_scene(seed)) for seed in range(8)}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_copy_is_found(tmp_path: Path, scenes: dict[str, Image.Image], name: str) -> None:
    change, kind = CHANGES[name]
    found = duplicates_of(write_images(tmp_path, {**scenes, "copy.jpg": change(scenes["3.jpg"])}))
    assert found.links == (Link(3, 8, kind),)
    assert found.component.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 3]


@pytest.mark.parametrize("quality", [20, 50, 95])
def test_a_copy_in_another_quality_or_format_is_found(
    tmp_path: Path, scenes: dict[str, Image.Image], quality: int
) -> None:
    paths = write_images(tmp_path, scenes)
    scenes["2.jpg"].save(tmp_path / "copy.jpg", quality=quality)
    scenes["2.jpg"].save(tmp_path / "copy.png")
    found = duplicates_of([*paths, str(tmp_path / "copy.jpg"), str(tmp_path / "copy.png")])
    assert {(one.first, one.second) for one in found.links} >= {(2, 8), (2, 9)}
    assert np.flatnonzero(found.component == 2).tolist() == [2, 8, 9]


@pytest.mark.parametrize(("left", "top"), [(40, 0), (0, 60), (110, 30), (90, 90)])
def test_a_shifted_view_is_found(tmp_path: Path, scenes: dict[str, Image.Image], left: int, top: int) -> None:
    found = duplicates_of(write_images(tmp_path, {**scenes, "view.jpg": seen(drawn_scene(5), left, top)}))
    assert [one[:2] for one in found.links] == [(5, 8)]
    assert found.links[0].kind in {"view", "near"}


def test_other_scenes_are_not_linked(tmp_path: Path) -> None:
    pictures = {f"{seed}.jpg": seen(drawn_scene(seed)) for seed in range(60)}
    found = duplicates_of(write_images(tmp_path, pictures))
    assert found.links == ()
    assert found.component.tolist() == list(range(60))


def test_equal_files_metadata_and_packing_are_told_apart(tmp_path: Path, scenes: dict[str, Image.Image]) -> None:
    paths = write_images(tmp_path, {"0.png": scenes["0.jpg"], "other.png": scenes["1.jpg"]})
    shutil.copy(paths[0], tmp_path / "file.png")
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", "another file, the same image")
    scenes["0.jpg"].save(tmp_path / "content.png", pnginfo=about)
    scenes["0.jpg"].save(tmp_path / "pixels.png", compress_level=1)
    added = [str(tmp_path / f"{name}.png") for name in ("file", "content", "pixels")]
    found = duplicates_of([*paths, *added])
    assert found.links == (Link(0, 2, "file"), Link(0, 3, "content"), Link(0, 4, "pixels"))
    assert all(one.exact for one in found.links)
    assert found.component.tolist() == [0, 1, 0, 0, 0]


def test_tiny_pictures_are_the_same_only_if_they_are_equal(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    tiny = [chance.integers(0, 256, (12, 12), np.uint8) for _ in range(4)]
    nearly = tiny[0].copy()
    nearly[0, 0] ^= 1
    pictures = [*tiny, nearly, tiny[1]]
    paths = write_images(tmp_path, {f"{row}.png": Image.fromarray(pixels) for row, pixels in enumerate(pictures)})
    assert duplicates_of(paths).links == (Link(1, 5, "file"),)


def test_colours_alone_make_pixels_unequal(tmp_path: Path) -> None:
    """Two pictures that are the same in grey at a small scale have other pixels all the same."""
    red = np.zeros((20, 20, 3), np.uint8)
    red[5:9, 5:9] = (100, 0, 0)
    grey = np.asarray(Image.fromarray(red).convert("L"))
    paths = write_images(tmp_path, {"red.png": Image.fromarray(red), "grey.png": Image.fromarray(grey)})
    one, other = looks_of(paths, workers=1)
    assert one.pixels == other.pixels
    assert duplicates_of(paths).links == ()


def test_blank_frames_have_nothing_in_common(tmp_path: Path) -> None:
    paths = write_images(tmp_path, {f"{row}.png": Image.new("L", (64, 64), 7) for row in range(4)})
    assert duplicates_of(paths).links == ()


def test_what_cannot_be_read_is_linked_with_nothing(tmp_path: Path, scenes: dict[str, Image.Image]) -> None:
    paths = write_images(tmp_path, scenes)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(Path(paths[0]).read_bytes()[:900])
    looks = looks_of([*paths, str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")], workers=1)
    assert find_duplicates([*paths, "a", "b"], looks, workers=1).links == ()


def test_any_number_of_workers_finds_the_same(tmp_path: Path, scenes: dict[str, Image.Image]) -> None:
    changed = {f"{name}.jpg": change(scenes["1.jpg"]) for name, (change, _) in CHANGES.items()}
    paths = write_images(tmp_path, {**scenes, **changed})
    looks = looks_of(paths, workers=1)
    one, two = (find_duplicates(paths, looks, workers=workers) for workers in (1, 2))
    assert one.links == two.links
    assert Counter(one.component.tolist())[1] == 1 + len(CHANGES)


@settings(deadline=None)
@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_components_are_those_of_the_graph(count: int, pairs: list[tuple[int, int]]) -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = [(one % count, other % count) for one, other in pairs]
    ends = np.array(pairs, dtype=int).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
    label = connected_components(graph, directed=False)[1]
    assert components(count, pairs).tolist() == [int(np.flatnonzero(label == one)[0]) for one in label]


REAL = os.environ.get("COMPETE_REAL_DATA")
real_data = pytest.mark.real_data


def found_in(folder: str) -> tuple[list[str], Duplicates]:
    """The images below a folder of real data, and what is found among them."""
    if not REAL:
        pytest.skip("COMPETE_REAL_DATA does not name the folder of real data")
    root = (ROOT / REAL / folder).resolve()
    paths = sorted(
        str(path)
        for path in root.rglob("*")
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"} and "masks" not in path.parts
    )
    return paths, duplicates_of(paths)


@real_data
def test_all_overlapping_pairs_of_blood_cells_are_found() -> None:
    paths, found = found_in("bccd")
    known = json.loads((ROOT / str(REAL) / "bccd" / "bccd_overlapping_pairs.json").read_text())
    linked = {frozenset(Path(paths[row]).name for row in link[:2]) for link in found.links}
    assert {frozenset((one["a"], one["b"])) for one in known} <= linked
    # The 19 others were laid over each other by their shifts and looked at: each overlap shows the same cells.
    assert len(linked) == 16 + 19
    assert not any(link.exact for link in found.links)


@real_data
def test_copies_of_chest_x_rays_are_found() -> None:
    paths, found = found_in("covid_cxr/images")
    assert len({link.first for link in found.links if link.exact}) == 15
    linked = {frozenset(Path(paths[row]).name for row in link[:2]) for link in found.links if not link.exact}
    plain = {Path(path).name for path in paths}
    equalized = [name for name in plain if name.startswith("Equalized") and name.removeprefix("Equalized") in plain]
    assert sum(frozenset((name, name.removeprefix("Equalized"))) in linked for name in equalized) >= 15


@real_data
def test_microscope_fields_that_look_alike_are_not_linked() -> None:
    assert found_in("dsb2018")[1].links == ()


@real_data
def test_a_burst_of_a_camera_trap_hangs_together() -> None:
    _, found = found_in("dwc/camtrap_dp")
    assert sorted(Counter(found.component.tolist()).values()) == [1, 1, 8]
    assert len(found.links) >= 9
    assert not any(link.exact for link in found.links)
