"""Scores of places and directions: how far apart two points on the earth, or two directions in space, are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.catalog import Metric, metric
from metrics.evidence import Additive, Totals
from metrics.inputs import MetricError, mean_defined, ratio
from metrics.ordered import METHODS, Ordered, Plain, Steps, check_shares
from metrics.regression import POSITIVE, TARGET, value_columns

if TYPE_CHECKING:
    from metrics.inputs import Array

EARTH = 6_371_000.0
"""Mean radius of the earth in metres, rounded as is usual; geodesics on the ellipsoid differ by up to 0.6 %."""

UNITS = {"radians": 1.0, "degrees": np.pi / 180.0}


def _two(y_true: Any, y_pred: Any, what: str) -> tuple[Array, Array]:
    """Truth and prediction of two columns, each of shape (2, n)."""
    true, predicted = value_columns(y_true, y_pred)
    if len(true) != 2:
        raise MetricError(f"y_true has {len(true)} columns; give {what}, shape (items, 2)")
    return true, predicted


def great_circle(y_true: Any, y_pred: Any, radius: float) -> Array:
    """The great-circle distance of each prediction from the truth, shape (n,), in the unit of the radius.

    Args:
        y_true: latitude and longitude in degrees, shape (n, 2).
        y_pred: the same.
        radius: of the sphere.

    Raises:
        MetricError: there are not two columns, a latitude lies beyond 90 or a longitude beyond 360 degrees.
    """
    true, predicted = _two(y_true, y_pred, "latitude and longitude in degrees")
    for side, name in ((true, "y_true"), (predicted, "y_pred")):
        for values, most, what in ((side[0], 90.0, "latitudes"), (side[1], 360.0, "longitudes")):
            count = int(np.count_nonzero(np.abs(values) > most))
            if count:
                raise MetricError(
                    f"{name} holds {count} {what} beyond {most:g} degrees; the columns are latitude, longitude"
                )
    one, other = np.radians(true), np.radians(predicted)
    half = np.sin((other - one) / 2.0) ** 2
    chord = half[0] + np.cos(one[0]) * np.cos(other[0]) * half[1]
    return np.asarray(2.0 * radius * np.arcsin(np.sqrt(np.minimum(chord, 1.0))))


def place_errors(
    y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, radius: float = EARTH
) -> Additive:
    """Collect the distance of each predicted place from the true one.

    Args:
        y_true: latitude and longitude in degrees, shape (n, 2).
        y_pred: the same.
        labels: unused.
        radius: of the sphere.
    """
    distance = great_circle(y_true, y_pred, radius)
    return Additive(len(distance), "regression", table=distance[None, :])


@metric(
    "haversine",
    collect=place_errors,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"radius": (1e-9, 1e12)},
    pitfalls="The columns are latitude and longitude in degrees, in this order. A few predictions on another continent "
    "decide the mean: look at quantiles too.",
)
def haversine(totals: Totals) -> Array:
    """Mean great-circle distance between predicted and true places, on a sphere.

    Args:
        totals: summed distances and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in metres; nan where nothing has weight.

    Options: ``radius``, of the sphere: 6,371,000 metres by default; another unit gives scores in that unit.

    Source: Sinnott, Sky and Telescope 68 (1984), p. 159.

    >>> round(metrics.haversine([[52.52, 13.405]], [[48.8566, 2.3522]]) / 1000, 3)
    877.463
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])


def place_order(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, radius: float = EARTH) -> Ordered:
    """Collect the distance of each predicted place from the true one, in order of size."""
    distance = great_circle(y_true, y_pred, radius)
    return Ordered(len(distance), "regression", distance[None, :])


def _with_quantiles(record: Metric) -> Metric:
    check_shares(record.options["quantiles"])
    return record


@metric(
    "haversine_quantile",
    collect=place_order,
    needs="value",
    targets=TARGET,
    bounds=POSITIVE,
    greater_is_better=False,
    limits={"radius": (1e-9, 1e12), "quantiles": (0.0, 1.0), "method": METHODS},
    pitfalls="Numpy reads a quantile between two items straight between them (method=linear); by default the value is "
    "that of an item. Averaged by phone or by trip it differs from the quantile of all items: say which is meant.",
    adapt=_with_quantiles,
)
def haversine_quantile(
    columns: Sequence[Union[Steps, Plain]], *, quantiles: tuple[float, ...] = (0.5, 0.95), method: str = "averaged"
) -> Array:
    """Mean of quantiles of the great-circle distance between predicted and true places; by default median and 95 %.

    Args:
        columns: the distances in order, under some weightings.
        quantiles: which shares of the items lie below; their values are averaged.
        method: how a quantile between two items is read: ``averaged`` their mean where it falls exactly between them,
            ``lower`` the lower, ``linear`` straight between them as numpy does, for which weights must be counts.

    Returns:
        One score a weighting, shape (w,), in metres; nan where nothing has weight.

    Options: ``radius``, of the sphere: 6,371,000 metres by default.

    Source: Kaggle, Google Smartphone Decimeter Challenge (2021); Hyndman and Fan, American Statistician 50 (1996).

    >>> truth, found = [[0.0, 0.0]] * 3, [[0.0, 1.0], [0.0, 2.0], [0.0, 9.0]]
    >>> round(metrics.get("haversine_quantile", quantiles=[0.5])(truth, found) / 1000, 3)
    222.39
    """
    return mean_defined(np.stack([columns[0].quantile(share, method) for share in quantiles], axis=-1))


def angles(y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None, *, unit: str = "radians") -> Additive:
    """Collect the angle between each predicted direction and the true one.

    Args:
        y_true: azimuth and zenith, shape (n, 2).
        y_pred: the same.
        labels: unused.
        unit: of the angles: radians or degrees.
    """
    true, predicted = _two(y_true, y_pred, "azimuth and zenith")
    one, other = (_directions(side * UNITS[unit]) for side in (true, predicted))
    # half the chord is the sine of half the angle: exact for small angles, where the arc cosine is not
    near, far = (np.sqrt(((one + sign * other) ** 2).sum(axis=0)) for sign in (-1.0, 1.0))
    angle = 2.0 * np.arctan2(near, far) / UNITS[unit]
    return Additive(len(angle), "regression", table=angle[None, :])


def _directions(angle: Array) -> Array:
    """Unit vectors of azimuths and zeniths, shape (3, n)."""
    azimuth, zenith = angle
    across = np.sin(zenith)
    return np.stack([across * np.cos(azimuth), across * np.sin(azimuth), np.cos(zenith)])


def _half_turn(record: Metric) -> Metric:
    return replace(record, bounds=(0.0, float(np.pi / UNITS[record.options["unit"]])))


@metric(
    "mean_angular_error",
    collect=angles,
    needs="value",
    targets=TARGET,
    bounds=(0.0, np.pi),
    greater_is_better=False,
    limits={"unit": tuple(UNITS)},
    pitfalls="The columns are azimuth and zenith, in this order; a zenith is measured from the pole, so an elevation "
    "must be turned round. Random directions score a quarter turn, not the bound.",
    adapt=_half_turn,
)
def mean_angular_error(totals: Totals) -> Array:
    """Mean angle between predicted and true directions, each given as azimuth and zenith.

    Args:
        totals: summed angles and weight, shape (w, 1, 1) and (w, 1).

    Returns:
        One score a weighting, shape (w,), in the unit of the angles; nan where nothing has weight.

    Options: ``unit``, of the angles and of the score: ``radians`` (default) or ``degrees``.

    Source: Kaggle, IceCube, Neutrinos in Deep Ice (2023); Kahan, How futile are mindless assessments (2006), sec. 12.

    >>> metrics.get("mean_angular_error", unit="degrees")([[0.0, 90.0], [10.0, 0.0]], [[90.0, 90.0], [200.0, 0.0]])
    45.0
    """
    return ratio(totals.sums[:, 0, 0], totals.weight[:, 0])
