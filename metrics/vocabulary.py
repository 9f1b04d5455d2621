"""The words of the catalog: what predictions hold, what shapes truth has, and where metrics are defined."""

from __future__ import annotations

FLAT = ("label", "probability", "score", "value")
"""What a prediction holds where truth and prediction are arrays with one row an item."""

NEEDS = (
    *FLAT,
    "boxes",
    "masks",
    "points",
    "label_maps",
    "segments",
    "lists",
    "texts",
    "spans",
    "spread",
    "ensemble",
    "cumulative",
    "quantiles",
    "interval",
    "survival",
)
"""What a prediction holds; of forecasts ``spread`` (a value and its standard deviation), ``ensemble`` (members),
``cumulative`` (probability of at most each threshold), ``quantiles`` (of each level), ``interval`` (both ends),
``survival`` (chance at each time)."""

TARGETS = (
    "binary",
    "multiclass",
    "multilabel",
    "regression",
    "objects",
    "label_maps",
    "segments",
    "lists",
    "texts",
    "spans",
    "survival",
    "multioutput",
)
"""The shapes of truth; ``survival`` is time and event, ``multioutput`` several columns of classes."""

FAMILIES = (
    "averages",
    "classification",
    "probability",
    "regression",
    "ranking",
    "retrieval",
    "text",
    "sequences",
    "stakes",
    "deviations",
    "geography",
    "forecast",
    "quantiles",
    "series",
    "survival",
    "combinators",
    "fairness",
    "cost",
    "detection",
    "boundary_detection",
    "voc",
    "free_response",
    "error_costs",
    "federated_detection",
    "segmentation",
    "panoptic",
    "surfaces",
    "skeletons",
    "image_scores",
    "volume_scores",
    "questions",
    "taxonomy",
    "counting",
)
"""The modules that define metrics; each is imported when a name is looked for that those before it do not define."""
