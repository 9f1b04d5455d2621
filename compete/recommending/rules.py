"""What ``compete explain`` tells about the rules of recommended metrics."""

from __future__ import annotations

RECOMMENDING_RULES = {
    "score/advised-against": (
        "The metric that ranks misleads on a problem like this.",
        "The message says which property of the problem makes it so, by which number Metrics Reloaded calls it, and by "
        "what it is known. `compete recommend CHALLENGE` shows all properties, and the metrics that fit. Where the "
        "problem is not as the data look, say so under `fingerprint:` in challenge.yaml, which counts before the data. "
        "Source: Maier-Hein and others, Nature Methods 21 (2024), p. 195; Reinke and others, ibid. p. 182.",
    ),
    "score/beyond-metrics": (
        "A metric alone does not do justice to the problem.",
        "Perhaps another task fits better, such as detection instead of segmentation where structures are of a few "
        "pixels; or a number that the catalog does not have is worth being told beside the scores.",
    ),
    "score/not-recommendable": (
        "A metric that fits the problem cannot be computed for this challenge.",
        "It is left out of the lines to copy. The message says what is missing: a kind of submission, a column, or "
        "classes that the metric can take.",
    ),
}
