"""Which metrics a fingerprint advises against, and why: what ``compete check`` warns of."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from compete.recommending.fingerprint import Fingerprint
from compete.recommending.items import BOXES, IMAGE, MASKS, PIXELS

Holds = Callable[[Fingerprint], bool]


@dataclass(frozen=True)
class Discouraged:
    """Metrics that mislead where some answers hold.

    Attributes:
        metrics: their names without options.
        categories: the problem categories in which they do.
        keys: the items that make it so; all of them are known, or nobody is warned.
        holds: whether their answers make it so.
        why: what goes wrong.
        instead: what would do.
        beside: metrics of which one, told beside, makes it good.
    """

    metrics: frozenset[str]
    categories: tuple[str, ...]
    keys: tuple[str, ...]
    holds: Holds
    why: str
    instead: str
    beside: frozenset[str] = frozenset()


def _true(*keys: str) -> Holds:
    """Whether all of some items hold."""
    return lambda fingerprint: all(fingerprint[key] for key in keys)


def _word(key: str, *words: str) -> Holds:
    """Whether an item is one of some words."""
    return lambda fingerprint: fingerprint[key] in words


def _uneven(fingerprint: Fingerprint) -> bool:
    """Whether classes are uneven, and nobody said that frequent ones shall decide."""
    return bool(fingerprint["imbalanced"] and fingerprint["equal_classes"])


def _too_small(fingerprint: Fingerprint) -> bool:
    """Whether objects are too small for overlaps, and nobody said that outlines must be exact."""
    return bool(fingerprint["small"] and fingerprint["localisation"] != "exact")


FREQUENT = frozenset({"accuracy", "f1_micro", "f1_weighted", "precision_micro", "precision_weighted", "recall_micro",
                      "recall_weighted", "fbeta_micro", "fbeta_weighted", "jaccard_micro", "jaccard_weighted",
                      "hamming_loss", "top_k_accuracy"})  # fmt: skip
PREVALENT = frozenset({"accuracy", "average_precision", "average_precision_macro", "cohen_kappa", "matthews_corrcoef",
                       "precision", "precision_macro", "f1", "f1_macro", "f1_micro", "f1_weighted", "fbeta",
                       "fbeta_macro", "jaccard", "jaccard_macro", "fbeta_at", "fbeta_best", "fbeta_chosen", "pfbeta",
                       "sensitivity_at_precision"})  # fmt: skip
NOMINAL = frozenset({"accuracy", "balanced_accuracy", "f1_macro", "f1_micro", "f1_weighted", "jaccard_macro",
                     "matthews_corrcoef", "recall_macro", "precision_macro", "fbeta_macro"})  # fmt: skip
DECIDED = NOMINAL | FREQUENT | {"f1", "fbeta", "precision", "recall", "jaccard", "cohen_kappa", "expected_cost"}
UNSURE = DECIDED | {"roc_auc", "roc_auc_ovr", "roc_auc_columns", "average_precision", "average_precision_macro"}
OVERLAPS = frozenset({"dice", "dice_global", "dice_per_image", "iou", "miou", "iou_steps", "pixel_fbeta", "slice_dice",
                      "frequency_iou", "mean_pixel_accuracy", "pixel_accuracy"})  # fmt: skip
POOLED = frozenset({"pixel_accuracy", "frequency_iou"})
CALIBRATED = frozenset({"brier", "log_loss", "log_loss_columns", "ece", "adaptive_ece"})
DISTANCES = frozenset({"hausdorff", "hausdorff95", "masd", "assd", "unit_hausdorff"})
OUTLINES = DISTANCES | {"nsd", "boundary_f"}
FARTHEST = frozenset({"hausdorff", "unit_hausdorff"})
BY_OVERLAP = frozenset({"box_ap", "box_ar", "mask_ap", "mask_ar", "boundary_ap", "voc_ap", "detection_f1",
                        "detection_precision", "detection_recall", "mask_iou_steps", "panoptic_quality"})  # fmt: skip
BY_PLACE = frozenset({"centre_ap", "inside_ap", "inside_f1"})

DISCOURAGED = (
    Discouraged(FREQUENT, (IMAGE,), ("imbalanced",), _uneven,
                "the frequent class decides it, and rare ones hardly count",
                "balanced_accuracy, f1_macro or matthews_corrcoef; or say fingerprint: {equal_classes: false}"),
    Discouraged(PREVALENT, (IMAGE,), ("representative",), lambda fingerprint: not fingerprint["representative"],
                "it changes with how frequent classes are, and here they are not as in use",
                "balanced_accuracy, recall_macro or roc_auc"),
    Discouraged(NOMINAL, (IMAGE,), ("severity",), _word("severity", "ordered"),
                "all confusions count alike, be the classes neighbours or far apart", "cohen_kappa(weights=quadratic)"),
    Discouraged(NOMINAL, (IMAGE,), ("severity",), _word("severity", "costs"),
                "all confusions count alike, and you said that they cost differently", "expected_cost"),
    Discouraged(DECIDED, (IMAGE,), ("decision",), _word("decision", "none"),
                "it judges decisions, and nobody says how scores become decisions", "roc_auc, or brier"),
    Discouraged(UNSURE, (IMAGE,), ("calibration",), _true("calibration"),
                "it does not see whether probabilities mean what they say", "brier or log_loss, at least beside it",
                CALIBRATED),
    Discouraged(OVERLAPS, (PIXELS,), ("small", "raters_disagree"), _true("small", "raters_disagree"),
                "of structures of a few pixels, which annotators outline differently, overlap is chance",
                "a task of detection with centre_ap or inside_ap, or nsd with a tolerance"),
    Discouraged(OVERLAPS, (PIXELS,), ("tubular",), _true("tubular"),
                "a break in a tube costs it a few pixels", "cldice, at least beside it", frozenset({"cldice"})),
    Discouraged(frozenset({"cldice"}), (PIXELS,), ("tubular",), lambda fingerprint: not fingerprint["tubular"],
                "the centre line of compact structures says little of them", "dice"),
    Discouraged(POOLED, (PIXELS,), ("imbalanced",), _true("imbalanced"),
                "the frequent class decides it, which mostly is the background", "dice, or miou"),
    Discouraged(OUTLINES, (PIXELS,), ("touching",), _true("touching"),
                "an outline may be compared with that of a neighbour", "a task of instance_segmentation"),
    Discouraged(DISTANCES, (PIXELS,), ("empty_reference",), _true("empty_reference"),
                "where a class is absent there is no distance, so that a stand-in decides", "nsd"),
    Discouraged(FARTHEST, (PIXELS,), ("reference_outliers",), _true("reference_outliers"),
                "one wrong pixel of the reference decides it", "hausdorff95, or masd"),
    Discouraged(FARTHEST, (PIXELS,), ("raters_disagree",), _true("raters_disagree"),
                "it is the farthest pixel, which annotators place differently", "masd, or nsd with a tolerance"),
    Discouraged(BY_OVERLAP, (BOXES, MASKS), ("small",), _too_small,
                "objects are so small that a rim of one pixel halves any overlap", "inside_ap, or centre_ap"),
    Discouraged(BY_OVERLAP, (BOXES, MASKS), ("localisation",), _word("localisation", "position"),
                "it asks for outlines where the position is what matters", "centre_ap, or inside_ap"),
    Discouraged(BY_OVERLAP, (BOXES, MASKS), ("centres",), _true("centres"),
                "it asks for outlines where centres are what matters", "centre_ap, or inside_ap"),
    Discouraged(BY_PLACE, (BOXES, MASKS), ("localisation",), _word("localisation", "exact"),
                "it does not see the outline, which must be exact", "mask_ap, or boundary_ap"),
)  # fmt: skip
"""Every such case; the paper's items stand in ``keys``."""


def discouraged_by(
    fingerprint: Fingerprint, metrics: Collection[str], beside: Collection[str] = ()
) -> list[tuple[str, Discouraged]]:
    """The metrics among some that the fingerprint advises against, by what is known and not merely assumed.

    Args:
        fingerprint: of the problem.
        metrics: names without options of what ranks.
        beside: those of what is told beside, which may make it good.
    """
    return [
        (name, case)
        for case in DISCOURAGED
        for name in sorted(case.metrics & set(metrics))
        if fingerprint.category in case.categories
        and all(fingerprint.known(key) for key in case.keys)
        and case.holds(fingerprint)
        and not case.beside & set(beside)
    ]
