"""The paths for objects in images (ObD, InS): subprocesses S3, S4 and S6 to S9 of Metrics Reloaded.

All metrics of the catalog assign detections to objects greedily by score (S9), as COCO does; a second detection of an
object is a false alarm.
"""

from __future__ import annotations

from compete.dataset import Coverage
from compete.errors import Finding
from compete.recommending.advice import Advice, Walk, note, reasons
from compete.recommending.fingerprint import Fingerprint

LOOSE = 0.5
"""The overlap at which an object counts as found, where its outline need not be exact."""


def object_path(fingerprint: Fingerprint, side: float, coverage: Coverage | None = None) -> Walk:
    """The metrics for boxes, masks or keypoints.

    Args:
        fingerprint: of the problem.
        side: pixels of an object's side, in the median; 0 where there are none.
        coverage: which classes were looked for in which image; None where all were in all.
    """
    if coverage is not None and coverage.absent is not None:
        return Walk((_federated(fingerprint, coverage),), _notes(fingerprint))
    if fingerprint.task == "keypoints":
        return Walk(_keypoints())
    if fingerprint.task == "panoptic_segmentation":
        return Walk(_panoptic(fingerprint), _notes(fingerprint))
    near = fingerprint["centres"] or fingerprint["localisation"] == "position"
    small = fingerprint["small"] and fingerprint["localisation"] != "exact"
    if near or small:
        found = _by_place(fingerprint, side, near=near)
    elif fingerprint.task == "detection":
        found = _boxes(fingerprint)
    else:
        found = _masks(fingerprint)
    return Walk((*_by_false_alarms(fingerprint, side, near=near or small), *found), _notes(fingerprint))


def _federated(fingerprint: Fingerprint, coverage: Coverage) -> Advice:
    """Where not every class was looked for in every image, the one metric that heeds it."""
    name = "lvis_mask_ap" if fingerprint.task == "instance_segmentation" else "lvis_box_ap"
    if coverage.parents is not None and fingerprint.task == "detection":
        name = "open_images_ap"
    return Advice(name, "multi-threshold", "S4, S8", "the data say which classes were looked for in which image")


def _keypoints() -> tuple[Advice, ...]:
    """Keypoints, of which the paper says nothing: COCO's similarity takes the place of overlap."""
    why = "the similarity of keypoints takes the place of overlap; all scores are judged"
    return (
        Advice("keypoint_ap", "multi-threshold", "S4", why),
        Advice("keypoint_ar", "counting", "S3", "the share of objects that is found at all"),
    )


def _panoptic(fingerprint: Fingerprint) -> tuple[Advice, ...]:
    """One number of what is found and how well it is outlined, and its two factors."""
    why = "one number of what is found and how well it is outlined, for things and stuff alike"
    pitfall = "Small objects miss half of the union by a rim of a pixel." if fingerprint["small"] else ""
    return (
        Advice("panoptic_quality", "detection and overlap", "", why, pitfall),
        Advice("segmentation_quality", "overlap", "S6", "how well what was found is outlined"),
        Advice("recognition_quality", "counting", "S3", "what was found, missed and made up: an F1 of segments"),
    )


def _by_place(fingerprint: Fingerprint, side: float, *, near: bool) -> tuple[Advice, ...]:
    """S8 by the centre: where only the place matters, or objects are too small for overlaps."""
    if near:
        far = max(1.0, round(side / 2, 1)) if side else 10.0
        why = reasons(fingerprint, f"what matters is where it is: within half a side ({far:g} pixels) of its centre",
                      "centres", "localisation")  # fmt: skip
        first = Advice(f"centre_ap(distance={far:g})", "multi-threshold", "S4, S8", why)
    else:
        why = reasons(fingerprint, "objects are so small that a rim of one pixel halves any overlap", "small")
        first = Advice("inside_ap", "multi-threshold", "S4, S8", why)
    second = "hits, misses and false alarms at one score, by whether the centre lies within the object"
    return first, Advice("inside_f1", "counting", "S3, S8", second)


def _boxes(fingerprint: Fingerprint) -> tuple[Advice, ...]:
    """S8 by the overlap of boxes: the rough outline."""
    why = reasons(fingerprint, "all scores are judged, and boxes by how well they overlap", "localisation")
    close = (
        "Where boxes of a class overlap, a detection may count for its neighbour." if fingerprint["touching"] else ""
    )
    pitfall = " ".join(text for text in (close, _by_size(fingerprint, "box_ap")) if text)
    count = "hits, misses and false alarms at one score and one overlap, as whoever uses the detector meets them"
    name = f"detection_f1(iou={LOOSE:g})"
    if fingerprint["imbalanced"]:
        name, count = f"detection_f1(iou={LOOSE:g}, over=macro)", reasons(fingerprint, count, "imbalanced")
    return (
        Advice("box_ap", "multi-threshold", "S4, S8", why, pitfall),
        Advice(name, "counting", "S3, S8", count),
    )


def _masks(fingerprint: Fingerprint) -> tuple[Advice, ...]:
    """S8 by the overlap of masks; outlines beside where they matter; the outlines of what was found."""
    why = reasons(fingerprint, "all scores are judged, and objects by how well their masks overlap", "localisation")
    mask = Advice("mask_ap", "multi-threshold", "S4, S8", why, _by_size(fingerprint, "mask_ap"))
    outline = "of large objects the overlap of masks hardly sees the outline, and this does"
    edge = Advice("boundary_ap", "boundary", "S7, S8", reasons(fingerprint, outline, "boundaries", "localisation"))
    count = "hits by hits, misses and false alarms, without scores; the mean over overlaps"
    found = (mask, edge) if fingerprint["boundaries"] and not fingerprint["raters_disagree"] else (mask,)
    if fingerprint["localisation"] == "exact" and len(found) == 2:
        found = (edge, mask)
    return (*found, Advice("mask_iou_steps", "counting", "S3, S8", count))


def _by_size(fingerprint: Fingerprint, name: str) -> str:
    """What to beware of where small objects stand beside large ones."""
    if not fingerprint["varied"]:
        return ""
    return reasons(fingerprint, f"Sizes vary: look at {name}(area=small) and {name}(area=large) too", "varied") + "."


def _by_false_alarms(fingerprint: Fingerprint, side: float, *, near: bool) -> tuple[Advice, ...]:
    """S4 where false alarms an image are given: what is found there, and the curve around it."""
    if not fingerprint["target"]:
        return ()
    allowed = fingerprint["target"][0][1]
    far = max(1.0, round(side / 2, 1)) if side else 10.0
    hit = f"hit=centre, distance={far:g}" if near else f"hit=iou, iou={LOOSE:g}"
    why = reasons(fingerprint, f"{allowed:g} false alarms an image are given, and as much as possible is to be found",
                  "target", "empty_reference")  # fmt: skip
    pitfall = "Images without objects decide how many false alarms there are, so keep their share as it is in use."
    return (
        Advice(f"sensitivity_at_fp(fp={allowed:g}, {hit})", "counting", "S3, S8", why, pitfall),
        Advice(f"froc({hit})", "multi-threshold", "S4, S8", "the same over a range of false alarms"),
    )


def _notes(fingerprint: Fingerprint) -> tuple[Finding, ...]:
    """Where another task would fit better, and what the catalog has not."""
    found = []
    if fingerprint.task == "detection" and fingerprint["localisation"] == "exact":
        hint = "task: instance_segmentation, if the data have masks"
        found.append(note("a box says nothing of the outline (FP2.4)", hint))
    if fingerprint["tubular"]:
        text = reasons(fingerprint, "of tubes the overlap of masks hardly sees a break", "tubular")
        hint = "no metric of the catalog takes the centre line object by object; task: semantic_segmentation has cldice"
        found.append(note(text, hint))
    return tuple(found)
