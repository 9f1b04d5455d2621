"""The order of a table's rows changes no byte of a bundle, and what a build has not linked an audit does not link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compete import jobs
from compete.audits.duplicates import KINDS, Duplicates, find_duplicates
from compete.audits.looks import looks_of
from compete.building.media.records import Normal
from compete.building.pipeline import with_looks
from compete.building.plan import Plan, plan_build
from compete.building.scaled import scaled_duplicates
from compete.challenge import load_challenge
from compete.challenge.records import Normalize
from compete.errors import LeakError
from compete.files import files_below
from tests.audits.drawn import drawn_scene, overlaid, seen, write_images

ORDERS = ("as drawn", "backwards", "shuffled")
SCENES = 6


def in_order(rows: Sequence[str], order: str) -> list[str]:
    if order == "as drawn":
        return list(rows)
    return list(rows[::-1]) if order == "backwards" else np.random.default_rng(1).permutation(list(rows)).tolist()


def stamped(pictures: int = 40) -> list[Image.Image]:
    """The same two stamps here and there on plain ground: several shifts of two pictures have as many votes."""
    chance = np.random.default_rng(3)
    noise = [np.kron(chance.integers(0, 2, (4, 4)), np.ones((6, 6))).astype(np.uint8) * 200 + 20 for _ in range(2)]
    found = []
    for _ in range(pictures):
        picture = Image.new("L", (128, 96), 128)
        for _ in range(6):
            left, top = (4 * chance.integers(0, (27, 19))).tolist()
            picture.paste(Image.fromarray(noise[chance.integers(2)]), (left, top))
        found.append(picture)
    return found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes with another view, and with changed and plain copies."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(SCENES):
        scene = drawn_scene(seed)
        for name, view in {"a": seen(scene), "b": seen(scene), "c": seen(scene), "d": seen(scene, 60, 30)}.items():
            view.save(folder / f"{seed}{name}.png", compress_level=ord(name) - 96)
        overlaid(seen(scene)).save(folder / f"{seed}e.jpg", quality=80)
    return folder


def challenge_of(pictures: Path, folder: Path, order: str, duplicates: str = "group", more: str = "") -> Path:
    """A challenge on these pictures; of three copies of a scene one has another label."""
    folder.mkdir()
    paths = sorted(pictures.iterdir())
    label = ["fish" if path.name[1] == "b" else ("crab", "eel")[int(path.name[0]) % 2] for path in paths]
    rows = [f"{path.stem},{path},{word}" for path, word in zip(paths, label, strict=True)]
    (folder / "table.csv").write_text("\n".join(["id,file,label", *in_order(rows, order)]) + "\n")
    (folder / "challenge.yaml").write_text(
        "name: reef\ntitle: Reef\ntask: classification\n"
        f"data: {{path: table.csv, images: {pictures}, id: id, file: file, label: label, "
        f"duplicates: {duplicates}{more}}}\n"
        "split: {test: 0.5, public: 0.5, seed: 0f1e2d3c4b5a6978}\nscore: {metric: accuracy, draws: 5}\n"
    )
    return folder


def links_of(paths: Sequence[str]) -> set[tuple[str, ...]]:
    links = find_duplicates(paths, looks_of(paths, workers=1), workers=1).links
    return {(*sorted(Path(paths[row]).name for row in link[:2]), link.kind) for link in links}


@pytest.mark.parametrize("order", ORDERS[1:])
def test_what_shows_the_same_does_not_depend_on_the_order(tmp_path: Path, order: str) -> None:
    paths = write_images(tmp_path, {f"{number:02}.png": picture for number, picture in enumerate(stamped())})
    found = links_of(paths)
    assert found  # not true, but what decides is the shift that has as many votes as another
    assert links_of(in_order(paths, order)) == found


@pytest.mark.parametrize("duplicates", ["group", "drop"])
def test_the_order_of_rows_changes_no_byte(pictures: Path, tmp_path: Path, duplicates: str) -> None:
    trees = []
    for order in ORDERS[::2]:
        root, out = challenge_of(pictures, tmp_path / order, order, duplicates), tmp_path / f"{order} out"
        jobs.build(root, out, workers=1)
        trees.append({path.relative_to(out): path.read_bytes() for path in files_below(out)})
    assert trees[0] == trees[1]


def planned(root: Path) -> Plan:
    return with_looks(plan_build(load_challenge(root)), workers=1)


@pytest.mark.parametrize("order", ORDERS)
def test_of_copies_the_first_by_id_stays_of_each_label(pictures: Path, tmp_path: Path, order: str) -> None:
    plan = planned(challenge_of(pictures, tmp_path / "drop", order, "drop"))
    assert plan.file is not None
    kept = sorted(Path(path).name for path in plan.file)
    assert kept == [f"{seed}{name}" for seed in range(SCENES) for name in ("a.png", "b.png", "d.png", "e.jpg")]
    linked = {tuple(sorted(Path(plan.file[row]).name for row in link[:2])) for link in plan.links or ()}
    assert {(f"{seed}a.png", f"{seed}b.png") for seed in range(SCENES)} <= linked


@pytest.mark.parametrize("more", ["", ", normalize: {longest: 120, encoder: png}"])
def test_an_audit_of_the_bundle_finds_no_other_links(pictures: Path, tmp_path: Path, more: str) -> None:
    root, out = challenge_of(pictures, tmp_path / "made", "shuffled", more=more), tmp_path / "out"
    jobs.build(root, out, workers=1)
    published = [str(path) for path in files_below(out / "public") if path.suffix in {".png", ".jpg"}]
    plan = planned(root)
    assert plan.file is not None
    assert plan.links is not None
    linked = Counter(link.exact or link.kind for link in plan.links)
    found = Counter(kind in KINDS[:3] or kind for *_, kind in links_of(published))
    assert found == linked if not more else found <= linked


def test_what_only_scaled_images_show_is_linked(tmp_path: Path) -> None:
    pictures = [seen(drawn_scene(0)), overlaid(seen(drawn_scene(0))), seen(drawn_scene(1))]
    paths = write_images(tmp_path, {f"{row}.png": picture for row, picture in enumerate(pictures)})
    looks = looks_of(paths, workers=1)
    nothing = Duplicates((), np.arange(3), 1, 2)
    normal = Normal(Normalize(None, 160, "png", 90), "RGB")
    found = scaled_duplicates(paths, looks, normal, nothing, names=paths, workers=1)
    assert [link[:2] for link in found.links] == [(0, 1)]
    assert (found.component.tolist(), found.unseen, found.common) == ([0, 0, 2], 1, 2)


def test_keep_grants_views_on_both_sides_and_copies_are_refused(tmp_path: Path) -> None:
    views = {f"{seed}{at}.png": seen(drawn_scene(seed), at, at // 2) for seed in range(6) for at in (0, 70)}
    folder = tmp_path / "views"
    write_images(folder, views)
    out = tmp_path / "out"
    outcome = jobs.build(challenge_of(folder, tmp_path / "kept", "as drawn", "keep"), out, workers=1)
    told = [one for one in outcome.findings if one.rule == "leak/overlap"]
    assert told
    assert {one.severity for one in told} == {"note"}
    assert "accepted: `data.duplicates: keep`" in told[0].message
    assert "(00)" in " ".join(told[0].items) or "(10)" in " ".join(told[0].items)  # by the organizer's own names
    audited = jobs.audit(out, workers=1)
    assert {one.severity for one in audited.findings if one.rule == "leak/overlap"} == {"note"}
    write_images(folder, {f"{seed}z.png": seen(drawn_scene(seed)) for seed in range(6)})
    with pytest.raises(LeakError) as caught:
        jobs.build(challenge_of(folder, tmp_path / "copies", "as drawn", "keep"), tmp_path / "other", workers=1)
    assert {one.rule for one in caught.value.findings if one.severity == "error"} == {"leak/same-image"}
