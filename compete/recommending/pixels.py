"""The path for classes of pixels (SemS): subprocesses S6 and S7 of Metrics Reloaded, overlap and outline."""

from __future__ import annotations

from dataclasses import replace

from compete.dataset import Category, excerpt
from compete.errors import Finding
from compete.recommending.advice import Advice, Walk, chosen, note, reasons
from compete.recommending.fingerprint import Fingerprint
from compete.recommending.whole_items import BETA

OF_ONE_CLASS = "If that is so of some classes only, give them a metric each, with the option positive=CLASS."
NEAR = 1.0
"""The tolerance, in pixels, of outlines that are judged by existence where nobody said how far they may be off."""


def pixel_path(fingerprint: Fingerprint, background: Category | None) -> Walk:
    """The metrics for label images.

    Args:
        fingerprint: of the problem.
        background: the class that is no structure; None for none.
    """
    advice = (*chosen(*_overlap(fingerprint), _boundary(fingerprint)),)
    if not advice:
        why = reasons(fingerprint, "small structures with a noisy reference, and outlines cannot be compared",
                      "small", "raters_disagree", "touching")  # fmt: skip
        advice = (Advice("dice", "overlap", "S6", why, "It hardly tells anything here: see the notes."),)
    return Walk(tuple(without_background(one, background) for one in advice), _notes(fingerprint))


def without_background(advice: Advice, background: Category | None) -> Advice:
    """The metric without the class that is no structure, which would otherwise count like any other."""
    if background is None:
        return advice
    stem, _, options = advice.metric.rstrip(")").partition("(")
    options = ", ".join(part for part in (options, f"background={background.number}") if part)
    why = f"{advice.why}; {excerpt(background.name)!r} is left out, as it is no structure"
    return replace(advice, metric=f"{stem}({options})", why=why)


def _overlap(fingerprint: Fingerprint) -> list[Advice]:
    """S6: by default Dice; of tubes the centre line; none where structures are small and the reference is noisy."""
    if fingerprint["small"] and fingerprint["raters_disagree"]:
        return []
    found = []
    if fingerprint["tubular"]:
        why = reasons(fingerprint, "structures are tubes, and a break in one is an error however few pixels it has",
                      "tubular", "centres")  # fmt: skip
        pitfall = f"It says nothing of how thick a tube is. {OF_ONE_CLASS}"
        found.append(Advice("cldice", "overlap", "S6", why, pitfall))
        if fingerprint["centres"]:
            return found
    if fingerprint["severity"] in BETA:
        worse = "missed pixels are" if fingerprint["severity"] == "misses" else "wrongly called pixels are"
        why = reasons(fingerprint, f"{worse} worse than the others", "severity")
        found.append(Advice(f"pixel_fbeta(beta={BETA[fingerprint['severity']]:g})", "overlap", "S6", why))
    else:
        why = "the usual overlap, image by image; IoU says the same on another scale, so one of the two will do"
        told = fingerprint.because("varied") if fingerprint["varied"] else ""
        pitfall = f"Sizes vary, and of small structures a pixel more or less changes much ({told})." if told else ""
        found.append(Advice("dice", "overlap", "S6", why, pitfall))
    return found


def _boundary(fingerprint: Fingerprint) -> Advice | None:
    """S7: the outline, by a tolerance where annotation is imprecise, else by distance; none where structures touch."""
    if fingerprint["touching"] or not fingerprint["boundaries"]:
        return None
    if fingerprint["tolerance"] > 0:
        why = reasons(fingerprint, "outlines that are off by less than annotators differ count as right", "tolerance")
        return Advice(f"nsd(tolerance={fingerprint['tolerance']:g})", "boundary", "S7", why)
    undefined = fingerprint["empty_reference"] and not fingerprint.known("outliers")
    if undefined or fingerprint["outliers"] == "existence":
        text = "a distance is undefined where a class is absent, a share of the outline is not"
        text = text if undefined else "errors count however far away they are"
        why = reasons(fingerprint, text, "outliers", "empty_reference")
        pitfall = (
            "Say how far two annotators differ: fingerprint: {tolerance: …}, in pixels or in the units of the volumes."
        )
        return Advice(f"nsd(tolerance={NEAR:g})", "boundary", "S7", why, pitfall)
    if fingerprint["outliers"] == "distance":
        why = reasons(fingerprint, "each false pixel counts by its distance", "outliers", "reference_outliers")
        robust = fingerprint["reference_outliers"]
        return Advice("hausdorff95" if robust else "hausdorff", "boundary", "S7", why)
    why = reasons(fingerprint, "the mean distance of whole outlines, both ways alike; it hangs on no single pixel",
                  "boundaries", "outliers")  # fmt: skip
    pitfall = "A tiny prediction near the outline looks good; read it beside the overlap."
    return Advice("masd", "boundary", "S7", why, pitfall)


def _notes(fingerprint: Fingerprint) -> tuple[Finding, ...]:
    """Where another task would fit better, and what no metric of label images sees."""
    found = []
    if fingerprint["touching"]:
        text = reasons(fingerprint, "objects of one class touch, and a label image cannot tell them apart", "touching")
        found.append(note(text, "task: instance_segmentation compares each object with its own outline (FP3.5)"))
    if fingerprint["small"]:
        text = reasons(fingerprint, "structures of a few pixels are better found than outlined", "small")
        found.append(note(text, "task: detection, or instance_segmentation, asks whether each is found (FP3.1)"))
    if fingerprint["volume"]:
        hint = "it is |predicted - true| / true of the areas or volumes, image by image; report it beside"
        found.append(note("the difference of volumes, which the paper adds here, is not in the catalog (FP2.2)", hint))
    if fingerprint["centres"] and not fingerprint["tubular"]:
        hint = "task: detection, with fingerprint: {centres: true}"
        found.append(note("no metric of label images judges the centres of compact structures (FP2.3)", hint))
    return tuple(found)
