"""Polygons beside pycocotools: the same pixels, bit for bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as peer

from metrics import polygons, runs
from metrics.inputs import MetricError
from metrics.masks import Masks
from metrics.polygons import FARTHEST
from metrics.run_lengths import POLYGON


def polygon_of(random: np.random.Generator, height: int, width: int) -> list[float]:
    """A polygon of one of many kinds: outside, on the grid, on its halves, flat, tiny, round, of many corners."""
    corners = int(random.integers(3, 12)) if random.random() < 0.9 else int(random.integers(12, 200))
    side = max(height, width)
    kind = random.integers(9)
    angle = np.sort(random.random(corners)) * 2 * np.pi
    points = random.uniform(-10, side + 10, (corners, 2))
    if kind == 1:
        points = random.integers(-5, side + 5, (corners, 2)).astype(float)
    elif kind in (2, 3):
        points = np.round(random.uniform(-2, side + 2, (corners, 2)) * 5 * (kind - 1)) / (5 * (kind - 1))
    elif kind == 4:
        points = random.uniform(-300, 600, (corners, 2))
    elif kind == 5:
        points[:, random.integers(2)] = random.uniform(0, side)
    elif kind == 6:
        points = random.uniform(-2, 2, (corners, 2)) + np.array([width / 2, height / 2])
    elif kind == 7:
        points = np.stack((width / 2 + width * np.cos(angle) / 2, height / 2 + height * np.sin(angle) / 2), axis=1)
    elif kind == 8:
        points = random.uniform(-1, 1, (corners, 2)) * 10.0 ** random.integers(0, 6)
    return points.ravel().tolist()


def texts_of(masks: Masks) -> list[bytes]:
    """The text of each mask."""
    return [masks.text[a:b].tobytes() for a, b in pairwise(masks.start)]


@pytest.mark.parametrize("portion", [1 << 18, 50])
@pytest.mark.parametrize("seed", range(4))
def test_pixels_are_those_of_pycocotools(seed, portion, monkeypatch):
    monkeypatch.setattr(polygons, "CROSSINGS", portion)
    random = np.random.default_rng(seed)
    objects, sizes, wanted = [], [], []
    for _ in range(300):
        height, width = random.integers(1, 60 if random.random() < 0.7 else 500, 2).tolist()
        objects.append([polygon_of(random, height, width) for _ in range(random.integers(1, 4))])
        sizes.append((height, width))
        wanted.append(peer.merge(peer.frPyObjects(objects[-1], height, width))["counts"])
    masks = Masks.from_polygons(objects, *np.array(sizes).T)
    assert masks.faults.tolist() == [0] * len(objects)
    assert texts_of(masks) == wanted


@settings(deadline=None)
@given(
    st.lists(st.tuples(*[st.sampled_from([*np.arange(-6, 16) / 5, 7.5, 1e3, -1e3, 12.3])] * 2), min_size=3, max_size=9),
    st.integers(1, 12),
    st.integers(1, 12),
)
def test_awkward_corners_are_those_of_pycocotools(points, height, width):
    polygon = [float(number) for point in points for number in point]
    wanted = peer.frPyObjects([polygon], height, width)[0]["counts"]
    assert texts_of(Masks.from_polygons([[polygon]], height, width)) == [wanted]


def test_arrays_are_read_as_lists_are():
    polygon = [1.0, 1.0, 7.5, 2.0, 4.0, 9.0]
    lists = Masks.from_polygons([[polygon], [polygon, polygon]], 10, 10)
    arrays = Masks.from_polygons([[np.array(polygon)], [np.array(polygon)] * 2], 10, 10)
    assert texts_of(lists) == texts_of(arrays) == [texts_of(lists)[0]] * 2


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [1, 1, 2, 2],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3, 3, 4],
        [1, 1, 2, 2, 3, float("nan")],
        [1, 1, float("inf"), 2, 3, 3],
        [1, 1, 2, 2, 3, 1e300],
        [1, 1, 2, 2, 3, FARTHEST + 1],
        [1, 1, 2, 2, 3, 10**30],
    ],
)
def test_bad_polygons_are_faults_of_their_own_mask(polygon):
    square = [1, 1, 4, 1, 4, 4, 1, 4]
    masks = Masks.from_polygons([[square], [square, polygon], [square], []], 6, 6)
    assert masks.faults.tolist() == [0, POLYGON, 0, POLYGON]
    assert masks.take([0, 2]).area.tolist() == [9, 9]


@pytest.mark.parametrize(
    "polygon", [[1, 1, "2", 2, 3, 3], [True, 1, 2, 2, 3, 3], [1, 1, None, 2, 3, 3], [[1, 1], [2, 2]]]
)
def test_what_is_no_list_of_numbers_is_refused(polygon):
    with pytest.raises(MetricError, match="a polygon must be a list of numbers"):
        Masks.from_polygons([[polygon]], 6, 6)


def test_sizes_out_of_range_do_not_matter_to_others():
    square = [1, 1, 4, 1, 4, 4, 1, 4]
    masks = Masks.from_polygons([[square]] * 3, np.array([6, 0, 6]), np.array([6, 6, 1 << 40]))
    assert (masks.faults > 0).tolist() == [False, True, True]


def test_edges_far_outside_cross_only_columns_of_the_mask():
    """A polygon of 3,000 corners from one end of what is allowed to the other, filled in portions."""
    random = np.random.default_rng(0)
    points = random.uniform(-1, 1, (3000, 2)) * FARTHEST
    masks = Masks.from_polygons([[points.ravel()]], 500, 500)
    assert masks.faults.tolist() == [0]
    assert 0 < masks.area[0] < 500 * 500


def test_steep_edges_from_far_away_are_those_of_pycocotools():
    """Their rows, computed evenly, would be rounded by more than a step; so the walk is done."""
    random = np.random.default_rng(1)
    objects, wanted = [], []
    for _ in range(6):
        x, y = random.integers(0, 300, 5) / 5, random.choice([-4e5, -40.0, 30.0, 90.0, 4e5], 5)
        objects.append([np.stack((x, y), axis=1).ravel().tolist()])
        wanted.append(peer.frPyObjects(objects[-1], 70, 60)[0]["counts"])
    assert texts_of(Masks.from_polygons(objects, 70, 60)) == wanted


def test_walks_and_even_rows_agree(monkeypatch):
    random = np.random.default_rng(2)
    objects = [[polygon_of(random, 50, 60)] for _ in range(200)]
    wanted = texts_of(Masks.from_polygons(objects, 50, 60))
    monkeypatch.setattr(polygons, "SURE", 0.0)
    assert texts_of(Masks.from_polygons(objects, 50, 60)) == wanted


def test_many_runs_are_joined_as_few_are(monkeypatch):
    objects = [[polygon_of(np.random.default_rng(seed), 50, 60)] for seed in range(30)]
    wanted = texts_of(Masks.from_polygons(objects, 50, 60))
    monkeypatch.setattr(polygons, "CORNERS", 20)
    monkeypatch.setattr(runs, "WORTH", 1)
    assert texts_of(Masks.from_polygons(objects, 50, 60)) == wanted
