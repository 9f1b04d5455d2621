"""Pictures of one scene are found by their marks, wherever the camera stood; pictures of others are not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from compete.audits.marks import MARGIN, MOST, Marks, marks_of
from compete.audits.views import Likeness, likeness, shared_marks

HEIGHT, WIDTH = 96, 128


def scene(seed: int, height: int = 160, width: int = 220, discs: int = 90) -> np.ndarray:
    """Grey discs on a bright ground, like cells."""
    generator = np.random.default_rng(seed)
    down, right = np.mgrid[:height, :width]
    picture = np.full((height, width), 220.0)
    for _ in range(discs):
        row, column = generator.uniform(0, height), generator.uniform(0, width)
        radius, depth = generator.uniform(3, 9), generator.uniform(20, 120)
        picture[(down - row) ** 2 + (right - column) ** 2 < radius**2] -= depth
    return np.clip(picture + generator.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def view(picture: np.ndarray, down: int = 0, right: int = 0) -> np.ndarray:
    """What a camera sees of a scene."""
    return picture[down : down + HEIGHT, right : right + WIDTH]


def marks_in(pictures: list[np.ndarray]) -> list[Marks]:
    """The marks of pictures, which are seen half as large."""
    return marks_of([np.asarray(Image.fromarray(picture).reduce(2)) for picture in pictures])


def test_marks_lie_inside_and_are_few_and_the_same_in_any_company() -> None:
    pictures = [view(scene(seed)) for seed in range(9)]
    together = marks_in(pictures)
    for picture, marks in zip(pictures, together, strict=True):
        assert 5 < len(marks.hash) <= MOST
        assert (marks.place >= 2 * MARGIN - 1).all()
        assert (marks.place <= np.array(picture.shape) - 2 * MARGIN).all()
        (alone,) = marks_in([picture])
        assert np.array_equal(alone.place, marks.place)
        assert np.array_equal(alone.hash, marks.hash)


@pytest.mark.parametrize(
    "flat", [np.zeros((48, 64), np.uint8), np.full((14, 14), 7, np.uint8), np.eye(3, dtype=np.uint8)]
)
def test_an_empty_or_tiny_picture_has_no_marks(flat: np.ndarray) -> None:
    (marks,) = marks_of([flat])
    assert marks.hash.shape == (0,)
    assert marks.place.shape == (0, 2)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (9, 14), (0, 60), (40, 20)])
def test_a_shifted_view_is_found_with_its_shift(down: int, right: int) -> None:
    pictures = [view(scene(seed)) for seed in range(20)] + [view(scene(3), down, right)]
    shared = shared_marks(marks_in(pictures))
    best = int(shared.votes.argmax())
    assert (shared.first[best], shared.second[best]) == (3, 20)
    assert np.abs(shared.shift[best] - (down, right)).max() <= 1
    found = likeness(pictures[3], pictures[20], *shared.shift[best].tolist())
    assert found.same_scene
    assert found.correlation > 0.95
    assert found.overlap == pytest.approx((HEIGHT - down) * (WIDTH - right) / (HEIGHT * WIDTH), abs=0.03)


def test_views_of_other_scenes_are_not_alike() -> None:
    pictures = [view(scene(seed)) for seed in range(60)]
    shared = shared_marks(marks_in(pictures))
    alike = [
        likeness(pictures[one], pictures[other], *shift)
        for one, other, shift in zip(shared.first, shared.second, shared.shift.tolist(), strict=True)
    ]
    assert len(alike) > 3
    assert not any(found.same_scene for found in alike)


def test_noise_and_other_light_do_not_hide_a_view() -> None:
    plain = view(scene(5))
    noise = np.random.default_rng(0).normal(0, 6, plain.shape)
    shaded = plain * np.linspace(0.8, 1.0, WIDTH) + noise
    pictures = [plain, np.clip(shaded, 0, 255).astype(np.uint8), view(scene(6))]
    shared = shared_marks(marks_in(pictures))
    assert [0, 1] in np.stack((shared.first, shared.second), axis=1).tolist()
    assert likeness(pictures[0], pictures[1]).correlation > 0.9
    assert likeness(pictures[0], pictures[2]).correlation < 0.5


def test_nothing_is_shared_by_nothing() -> None:
    assert shared_marks([]).votes.shape == (0,)
    assert shared_marks(marks_of([np.zeros((96, 128), np.uint8)] * 2)).votes.shape == (0,)


def test_pictures_that_do_not_overlap_are_not_alike() -> None:
    picture = view(scene(1))
    assert likeness(picture, picture, HEIGHT + 5, 0).overlap == 0.0


def with_things(places: list[tuple[int, int]], seed: int = 0) -> Likeness:
    """Two plain grounds that share a part, in which both have the same things at these places."""
    chance = np.random.default_rng(seed)
    ground = [np.full((96, 96), 60.0) + chance.normal(0, 3, (96, 96)) for _ in range(2)]
    for place in places:
        thing = chance.integers(0, 2, (6, 4)).repeat(2, 0).repeat(2, 1) * 180.0
        for picture, by in zip(ground, ((45, 0), (0, 14)), strict=True):
            top, left = place[0] + by[0], place[1] + by[1]
            picture[top : top + 12, left : left + 8] = thing
    one, other = (picture.clip(0, 255).astype(np.uint8) for picture in ground)
    return likeness(one, other, 45, -14)


@pytest.mark.parametrize("place", [(2, 5), (20, 30), (30, 70)])
def test_one_thing_alone_on_a_plain_ground_is_no_common_scene(place: tuple[int, int]) -> None:
    """A sprite that stands in two pictures tells nothing of what is around it."""
    alone = with_things([place])
    assert alone.correlation > 0.9
    assert not alone.same_scene


def test_a_few_things_at_the_same_distances_are_a_common_scene() -> None:
    found = with_things([(2, 5), (24, 34), (36, 70)])
    assert found.correlation > 0.9
    assert found.same_scene


@pytest.mark.parametrize("depth", [15, 60])
def test_bright_things_do_not_hide_the_faint_ones_beside_them(depth: int) -> None:
    """Nuclei are bright and few: by energy one of them outweighs all others, and yet the rest agrees."""
    down, right = np.mgrid[:HEIGHT, : WIDTH + 60]
    field = np.full(down.shape, 20.0)
    for row, column, strength in ((60, 90, 200), (20, 80, depth), (75, 130, depth), (30, 140, depth)):
        field += strength * ((down - row) ** 2 + (right - column) ** 2 < 36)
    noise = np.random.default_rng(0).normal(0, 2, (2, HEIGHT, WIDTH))
    one, other = ((field[:, at : at + WIDTH] + noise[at // 50]).clip(0, 255).astype(np.uint8) for at in (0, 50))
    assert likeness(one, other, 0, 50).same_scene
