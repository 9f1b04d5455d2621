"""Bundles of volumes: what becomes of headers, what is public and hidden, and that scores use the spacing."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import metrics
from compete import jobs
from compete.building import media
from compete.building.parts import TRAIN_PART
from compete.building.pipeline import rehearse_bundle, write_bundle
from compete.building.plan import Plan, plan_build
from compete.bundle import open_bundle, verify_bundle
from compete.challenge import load_challenge
from compete.errors import CompeteError, DatasetError, SubmissionError, fatal
from compete.files import files_below
from compete.hidden import unpack_truth
from compete.nifti.header import FIELDS, MAGIC, header_of
from compete.nifti.voxels import volume_of
from compete.nifti.writing import label_volume
from compete.terms import FLAT_METRICS
from tests.building.volumes import (
    AFFINE,
    CANARY,
    SHAPE,
    labels_of,
    volume,
    write_volumes,
)

SURFACES = ("hausdorff95(background=0)", "nsd(tolerance=2.4, background=0)")
N_TEST = 4


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_volumes(tmp_path_factory.mktemp("volumes") / "challenge", also=SURFACES)


@pytest.fixture(scope="module")
def bundle(root: Path) -> Path:
    """Built through all doors, with the trial."""
    out = root.parent / "bundle"
    jobs.build(root, out, workers=1)
    assert verify_bundle(out) == []
    return out


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def source_of(bundle: Path) -> dict[str, str]:
    return {row["id"]: row["source_id"] for row in table(bundle / "private/ids.csv")}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_below(folder)}


def test_a_bundle_of_volumes_holds_what_scoring_and_people_need(bundle: Path) -> None:
    terms = open_bundle(bundle).terms
    assert (terms.form, terms.kind, terms.sample_name) == ("nifti", "label_maps", "sample_submission.zip")
    solution, test, train = (table(bundle / name) for name in ("private/solution.csv", "public/test.csv",
                                                               "public/train.csv"))  # fmt: skip
    assert list(solution[0]) == ["id", "width", "height", "depth", "affine", "Usage", "group"]
    assert list(test[0]) == list(train[0]) == ["id", "file", "width", "height", "depth", "affine", "site"]
    assert len(test) == N_TEST
    assert {tuple(row[name] for name in ("depth", "height", "width")) for row in solution} == {("10", "16", "14")}
    names = {f"public/{row['file']}" for row in (*test, *train)}
    names |= {f"public/train_masks/{row['id']}.nii.gz" for row in train}
    names |= {f"private/masks/{row['id']}.nii.gz" for row in test}
    assert {name for name in tree(bundle) if name.endswith((".nii", ".gz", ".png"))} == names
    guide = (bundle / "public/README.md").read_text()
    assert "NIfTI volume of labels" in guide
    assert "`ID.nii.gz`" in guide


def test_voxels_spacing_and_orientation_are_untouched_and_all_else_is_blank(root: Path, bundle: Path) -> None:
    own = source_of(bundle)
    for row in (*table(bundle / "public/test.csv"), *table(bundle / "public/train.csv")):
        given = gzip.decompress((root / f"images/{own[row['id']]}.nii.gz").read_bytes())
        data = (bundle / "public" / row["file"]).read_bytes()
        shown = gzip.decompress(data)
        one, other = (header_of(head[:540], labels=False) for head in (given, shown))
        assert given[one.start :] == shown[352:]
        assert (other.start, other.shape, other.kind) == (352, one.shape, one.kind)
        np.testing.assert_array_equal(one.affine, other.affine)
        np.testing.assert_array_equal(one.spacing, other.spacing)
        for name in ("scl_slope", "scl_inter", "sform_code", "xyzt_units", "datatype"):
            at, form = FIELDS[348][name]
            assert given[at : at + 4 - 2 * (form == "h")] == shown[at : at + 4 - 2 * (form == "h")]
        assert data[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
        assert shown == one.plain + given[one.start :]
        read = {(at, int(form[:-1] or 1) * {"h": 2, "f": 4, "b": 1}[form[-1]]) for at, form in FIELDS[348].values()}
        kept = {place for at, size in {*read, (0, 4), (MAGIC[348][0], 4)} for place in range(at, at + size)}
        assert not any(shown[place] for place in set(range(352)) - kept)


def test_nothing_tells_of_the_source(root: Path, bundle: Path) -> None:
    for name, data in tree(bundle / "public").items():
        whole = gzip.decompress(data) if name.endswith(".gz") else data
        assert CANARY not in name.encode() + data + whole
        assert b"canary" not in name.encode() + data + whole


def test_public_bytes_do_not_depend_on_hidden_labels(root: Path, tmp_path: Path) -> None:
    plan = plan_build(load_challenge(root))
    write_bundle(plan, tmp_path / "one", workers=1)
    write_bundle(with_other_hidden_labels(plan), tmp_path / "other", workers=1)
    one, other = tree(tmp_path / "one"), tree(tmp_path / "other")
    assert one["private/truth.npz"] != other["private/truth.npz"]
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name] and not name.startswith("private/")] == []


def with_other_hidden_labels(plan: Plan) -> Plan:
    """The plan with the labels of the test volumes handed on to the next of them."""
    hidden = np.flatnonzero(plan.part != TRAIN_PART)
    order = np.arange(len(plan.part))
    order[hidden] = np.roll(hidden, 1)
    names = plan.dataset.items.index.to_numpy()
    moved = dict(zip(names[order], names, strict=True))
    labels = plan.dataset.labels.assign(item=plan.dataset.labels["item"].map(moved))
    assert plan.dataset.maps is not None
    return replace(plan, dataset=replace(plan.dataset, labels=labels, maps=plan.dataset.maps.take(order)))


def test_label_volumes_and_compiled_truth_tell_the_same(root: Path, bundle: Path) -> None:
    own = source_of(bundle)
    for packed_truth, rows, folder in (
        ("private/truth.npz", table(bundle / "private/solution.csv"), "private/masks"),
        ("public/train_truth.npz", table(bundle / "public/train.csv"), "public/train_masks"),
    ):
        truth = unpack_truth((bundle / packed_truth).read_bytes(), packed_truth)
        assert truth.spacing.tolist() == [[3, 0.8, 0.8]] * len(rows)
        for place, row in enumerate(rows):
            given, _ = volume_of((root / f"labels/{own[row['id']]}.nii.gz").read_bytes(), None, 1 << 20)
            kept, _ = volume_of((bundle / folder / f"{row['id']}.nii.gz").read_bytes(), given.grid, 1 << 20)
            np.testing.assert_array_equal(kept.values, given.values)
            np.testing.assert_array_equal(truth.array(place), given.values)
            assert " ".join(map(repr, given.grid.affine.ravel().tolist())) == row["affine"]


def test_the_sample_is_all_background_in_the_right_places(bundle: Path) -> None:
    with zipfile.ZipFile(bundle / "public/sample_submission.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    test = table(bundle / "public/test.csv")
    assert list(members) == [f"{row['id']}.nii.gz" for row in test]
    for data in members.values():
        assert not volume_of(data, None, 1 << 20)[0].values.any()
    scores = {one.metric: one.value for one in jobs.score(bundle, bundle / "public/sample_submission.zip").scores}
    assert scores["dice_per_image(background=0)"] == 0
    diagonal = np.sqrt(((np.array(SHAPE) * [3, 0.8, 0.8]) ** 2).sum())
    assert scores[SURFACES[0]] == pytest.approx(diagonal, rel=1e-12)


def test_scores_are_those_of_the_definition_in_millimetres(bundle: Path, tmp_path: Path) -> None:
    """Distances by scipy, as MONAI and Metrics Reloaded define them, on the volumes of the bundle."""
    sent, items = io.BytesIO(), []
    with zipfile.ZipFile(sent, "w") as archive:
        for number, row in enumerate(table(bundle / "private/solution.csv")):
            truth, _ = volume_of((bundle / f"private/masks/{row['id']}.nii.gz").read_bytes(), None, 1 << 20)
            moved = np.roll(truth.values, 1 + number % 3, axis=number % 3)
            archive.writestr(f"{row['id']}.nii", gzip.decompress(label_volume(moved, truth.grid.affine)))
            items.append((row["Usage"].lower(), truth.values, moved))
    (tmp_path / "sent.zip").write_bytes(sent.getvalue())
    result = jobs.score(bundle, tmp_path / "sent.zip")
    found = {(one.part, one.metric): one.value for one in result.scores if not one.group}
    for part in ("public", "private"):
        some = [pair for usage, *pair in items if usage == part]
        for metric, of_class in zip(SURFACES, (worst, near), strict=True):
            wanted = np.mean([np.mean([of_class(a == code, b == code) for a, b in some]) for code in (1, 2)])
            assert found[part, metric] == pytest.approx(wanted, rel=1e-9)


def distances(one: np.ndarray, other: np.ndarray) -> list[np.ndarray]:
    border = [region & ~ndimage.binary_erosion(region) for region in (one, other)]
    far = [ndimage.distance_transform_edt(~each, sampling=(3, 0.8, 0.8)) for each in border]
    return [far[1][border[0]], far[0][border[1]]]


def worst(one: np.ndarray, other: np.ndarray) -> float:
    return max(float(np.percentile(gap, 95)) for gap in distances(one, other))


def near(one: np.ndarray, other: np.ndarray) -> float:
    """Three steps of 0.8 are still within 2.4."""
    return float(np.mean(np.concatenate(distances(one, other)) <= 2.4 + 1e-9))


def test_labels_in_another_place_are_refused(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as archive:
        for row in table(bundle / "public/test.csv"):
            archive.writestr(f"{row['id']}.nii.gz", label_volume(np.zeros(SHAPE, np.uint8), AFFINE * [[-1], [1], [1]]))
    with pytest.raises(SubmissionError) as caught:
        jobs.validate(bundle, tmp_path / "sent.zip")
    assert [one.rule for one in caught.value.findings] == ["volume/orientation"]


def test_a_bundle_is_the_same_however_the_volumes_were_packed(root: Path, bundle: Path, tmp_path: Path) -> None:
    """Names, times and levels of gzip, texts of headers, and plain files instead of packed ones."""
    other = write_volumes(tmp_path / "challenge", also=SURFACES)
    for folder in ("images", "labels"):
        for number, path in enumerate(sorted((other / folder).iterdir())):
            data = bytearray(gzip.decompress(path.read_bytes()))
            data[148:160] = b"another text"
            path.write_bytes(gzip.compress(bytes(data), number % 10, mtime=number) if number % 2 else bytes(data))
    write_bundle(plan_build(load_challenge(other)), tmp_path / "out", workers=2)
    assert tree(tmp_path / "out") == tree(bundle)


class Killed(BaseException):
    """Stands for a kill."""


def test_a_killed_build_goes_on_where_it_stopped(
    root: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def counted(clean: Callable[..., Any], most: int, *words: Any) -> Any:
        if len(seen) == most:
            raise Killed
        seen.append(1)
        return clean(*words)

    plan = plan_build(load_challenge(root))
    monkeypatch.setattr(media, "clean_image", partial(counted, media.clean_image, 8))
    monkeypatch.setattr("compete.files.shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(Killed):
        write_bundle(plan, tmp_path / "out", workers=1)
    monkeypatch.undo()
    monkeypatch.setattr(media, "clean_image", partial(counted, media.clean_image, 99))
    write_bundle(plan, tmp_path / "out", workers=1)
    assert len(seen) == len(plan.id)
    assert tree(tmp_path / "out") == tree(bundle)


def test_a_rehearsal_finds_a_volume_that_ends_early(tmp_path: Path) -> None:
    root = write_volumes(tmp_path)
    path = root / "images/canary-03.nii.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))
    with pytest.raises(DatasetError, match="cannot be published") as caught:
        rehearse_bundle(plan_build(load_challenge(root)), workers=1)
    (error,) = [one for one in caught.value.findings if one.severity == "error"]
    assert (error.rule, error.items) == ("volume/damaged", ("images/canary-03.nii.gz",))


def test_images_of_other_tasks_may_be_volumes(tmp_path: Path) -> None:
    root = write_volumes(tmp_path)
    (root / "challenge.yaml").write_text(
        "name: site\ntitle: Site\ntask: classification\ndata: {path: table.csv, images: images, file: file, label: "
        "site, drop: [mask, patient]}\nsplit: {test: 0.5, seed: 5e1f0c2d7b3a4968}\nscore: {metric: accuracy}\n"
    )
    out = tmp_path / "out"
    jobs.build(root, out, workers=1)
    rows = table(out / "public/train.csv")
    assert all((out / "public" / row["file"]).name == f"{row['id']}.nii.gz" for row in rows)
    assert not any(b"canary" in gzip.decompress(path.read_bytes()) for path in out.glob("public/*/*.nii.gz"))


def test_volumes_are_read_alike_by_others(root: Path, bundle: Path) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    own = source_of(bundle)
    for row in table(bundle / "public/train.csv")[:3]:
        given = nibabel.load(root / f"images/{own[row['id']]}.nii.gz")
        shown = nibabel.load(bundle / "public" / row["file"])
        labels = nibabel.load(bundle / f"public/train_masks/{row['id']}.nii.gz")
        np.testing.assert_array_equal(given.get_fdata(), shown.get_fdata())
        for other in (shown, labels):
            np.testing.assert_array_equal(given.affine, other.affine)
            np.testing.assert_array_equal(given.header.get_zooms(), other.header.get_zooms())
        source = nibabel.load(root / f"labels/{own[row['id']]}.nii.gz")
        np.testing.assert_array_equal(np.asarray(labels.dataobj), np.asarray(source.dataobj))


def test_out_of_fold_predictions_are_scored(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "oof.zip", "w") as archive:
        for path in sorted((bundle / "public/train_masks").iterdir()):
            archive.write(path, path.name)
    result = jobs.score(bundle / "public", tmp_path / "oof.zip", on="train")
    assert {one.metric: one.value for one in result.scores} == {
        "dice_per_image(background=0)": 1, SURFACES[0]: 0, SURFACES[1]: 1,
    }  # fmt: skip


def test_voxels_that_are_not_scored_stay_in_the_truth_alone(tmp_path: Path) -> None:
    root = write_volumes(tmp_path / "challenge", more="  ignore: 300\n")
    path = root / "labels/canary-00.nii.gz"
    values = labels_of(np.random.default_rng(11)).astype(np.uint16)
    values[:2] = 300
    path.write_bytes(volume(values))
    jobs.build(root, tmp_path / "out", workers=1)
    name = next(row["id"] for row in table(tmp_path / "out/private/ids.csv") if row["source_id"] == "canary-00")
    (found,) = (tmp_path / "out").glob(f"*/*masks/{name}.nii.gz")
    np.testing.assert_array_equal(volume_of(found.read_bytes(), None, 1 << 20)[0].values, values)
    deep = {gzip.decompress(one.read_bytes())[70:72] for one in (tmp_path / "out").glob("*/*masks/*.nii.gz")}
    assert deep == {b"\0\2"}  # all of 16 bits, whether they hold the value or not
    assert "Voxels that are 300 in the truth" in (tmp_path / "out/public/README.md").read_text()


def test_a_metric_of_flat_pictures_is_refused_for_volumes(tmp_path: Path) -> None:
    root = write_volumes(tmp_path / "challenge", metric="dice", also=("nsd", "boundary_f(tolerance=2)"))
    with pytest.raises(CompeteError) as caught:
        plan_build(load_challenge(root))
    (told,) = fatal(caught.value.findings)
    assert (told.rule, told.where.split(":")[0]) == ("volume/metric", "challenge.yaml")
    assert told.message.startswith("boundary_f(tolerance=2) is of flat pictures")


def test_the_metrics_of_flat_pictures_are_those_that_refuse_volumes() -> None:
    volume = np.zeros((4, 6, 6), dtype=np.int64)
    volume[1:3, 2:5, 1:4] = 1
    asked = [metrics.get(name) for name in metrics.names() if metrics.get(name).needs == "label_maps"]
    refused = []
    for metric in asked:
        try:
            metric([volume], [volume])
        except metrics.MetricError:
            refused.append(metric.base)
    assert len(asked) > 10
    assert tuple(refused) == FLAT_METRICS
