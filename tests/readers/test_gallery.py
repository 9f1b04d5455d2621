"""The gallery's data: written the same twice, read without a fault, with the mess that its pages tell of."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from compete.challenge import load_challenge
from compete.dataset import feature_columns, group_values, subgroup_values
from compete.readers import read_dataset

GALLERY = Path(__file__).parents[2] / "challenges"
DIGESTS = {
    "penguins": "144f623143c9360fd77322a4f86acb06dc198814dbd2669724c63e6457b907bd",
    "digits": "a89dba083fdbe33caedc57830d7ec92a42b27031bad36c378d85f69adace28a7",
    "diabetes": "7dc5f9385b602d5c985999fd20967565597b2f0019fa29b85f484474f3ef1beb",
}


@pytest.fixture(scope="module", params=sorted(DIGESTS))
def challenge_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("gallery") / request.param
    ours = ("challenge.yaml", "README.md", "make_data.py", "baseline.py")
    target.mkdir()
    for name in ours:
        shutil.copy(GALLERY / request.param / name, target)
    make = [sys.executable, "-W", "error", str(target / "make_data.py")]
    subprocess.run(make, check=True, capture_output=True)
    subprocess.run([*make, str(target / "again")], check=True, capture_output=True)
    return target


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_data_is_written_byte_for_byte_the_same(challenge_folder: Path) -> None:
    assert digest(challenge_folder / "data") == digest(challenge_folder / "again") == DIGESTS[challenge_folder.name]


def test_it_is_read_without_a_fault(challenge_folder: Path) -> None:
    challenge = load_challenge(challenge_folder)
    dataset = read_dataset(challenge)
    assert (*challenge.findings, *dataset.findings) == ()
    items = {"penguins": 344, "digits": 1797, "diabetes": 442}[challenge.name]
    assert len(dataset.items) == len(dataset.labels) == items
    features = feature_columns(challenge, dataset)
    assert len(features) == {"penguins": 4, "digits": 0, "diabetes": 10}[challenge.name]
    assert not set(features) & set(challenge.data.label)
    counts = {group.name: dict(Counter(subgroup_values(dataset, group).tolist())) for group in challenge.data.subgroups}
    assert (
        counts
        == {
            "penguins": {
                "Sex": {"MALE": 168, "FEMALE": 165, "missing": 11},
                "Island": {"Biscoe": 168, "Dream": 124, "Torgersen": 52},
                "year": {"2007": 110, "2008": 114, "2009": 120},
            },
            "digits": {"ink": {"< 4.6": 591, "4.6 – 5.15": 620, ">= 5.15": 586}},
            "diabetes": {"sex": {"1": 235, "2": 207}, "age": {"< 40": 117, "40 – 60": 222, ">= 60": 103}},
        }[challenge.name]
    )
    if challenge.data.group:
        groups = len(set(group_values(dataset, challenge.data.group).tolist()))
        assert groups == {"penguins": 284, "digits": 13}[challenge.name]


@pytest.mark.parametrize("challenge_folder", ["digits"], indirect=True)
def test_digits_are_png_images_of_the_right_pixels(challenge_folder: Path) -> None:
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number in (0, 5, 1796):
        with Image.open(challenge_folder / "data" / "images" / f"{number:04d}.png") as image:
            image.load()
            assert (image.format, image.mode, image.size) == ("PNG", "L", (8, 8))
            assert np.array_equal(np.asarray(image), digits.images[number] * 255 // 16)
