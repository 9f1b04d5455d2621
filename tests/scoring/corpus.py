"""Bad and odd submissions as files beside bundles, and what must become of each: an own corpus, and the shared one.

``python -m tests.scoring.corpus FOLDER`` writes both, and ``cases.json`` that lists them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from compete.scoring.coco_truth import read_truth_json
from compete.scoring.images import Images
from compete.scoring.matching import vocabulary
from compete.terms import Terms
from metrics.label_maps import LabelMaps
from metrics.masks import Masks
from metrics.objects import Objects
from tests.scoring import coco_files, test_archives, test_coco_messages, test_corpus, test_forms_bad, test_pictures
from tests.scoring.bundles import write_small_bundle
from tests.scoring.every_form import METRICS, write_image_bundle
from tests.scoring.form_images import (
    random_boxes,
    random_maps,
    random_masks,
    random_segments,
    some_images,
    terms_of,
)


@dataclass(frozen=True)
class Case:
    """One file that somebody sends in.

    Attributes:
        family: what it belongs to; a letter for the shared corpus.
        name: its own name.
        expect: what must happen, in the words of the shared corpus, or ``reject:RULE``.
        bundle: path of the bundle.
        file: path of the submission.
        valid: path of the file with whose score ``accept`` and ``either`` compare; empty where there is none.
    """

    family: str
    name: str
    expect: str
    bundle: str
    file: str
    valid: str = ""


def flat_terms(
    task: str, target: tuple[str, ...], kind: str, columns: tuple[str, ...], metric: str, **more: Any
) -> Terms:
    """Terms of a table, without intervals."""
    return Terms("t", "T", "1", task, target, kind, columns, metric, draws=0, smallest_subgroup=1, **more)


def raw(content: str | bytes) -> bytes:
    """Bytes of a text or of bytes."""
    return content if isinstance(content, bytes) else content.encode()


def put(folder: Path, name: str, content: str | bytes) -> str:
    """Write one submission."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(raw(content))
    return str(folder / name)


def halves(n: int) -> list[str]:
    """By turns public and private."""
    return ["Public" if place % 2 else "Private" for place in range(n)]


# ---- the own corpus


def own_cases(root: Path) -> Iterator[Case]:
    """Every bad and odd file of the tests of the readers, as a file beside a bundle."""
    yield from _own_tables(root / "tables")
    yield from _own_forms(root / "forms")
    yield from _own_coco(root / "coco")
    yield from _own_pictures(root / "pictures")
    yield from _own_archives(root / "archives")


def _own_tables(root: Path) -> Iterator[Case]:
    ids, n = test_corpus.IDS, len(test_corpus.IDS)
    odd = [str(place % 2) for place in range(n)]
    labels, letters = ("0", "1"), ["ab"[place % 2] for place in range(n)]
    kinds = {
        test_corpus.LABEL: (flat_terms("classification", ("label",), "label", ("label",), "accuracy", classes=labels),
                            {"label": odd}),
        test_corpus.SHARE: (flat_terms("classification", ("label",), "probability", ("a", "b"), "log_loss",
                                       classes=("a", "b"), distribution=True), {"label": letters}),
        test_corpus.VALUE: (flat_terms("regression", ("value",), "value", ("value",), "rmse"), {"value": odd}),
        test_corpus.FLAG: (flat_terms("multilabel", ("x", "y"), "flag", ("x", "y"), "f1_macro", classes=("x", "y")),
                           {"x": odd, "y": odd[::-1]}),
    }  # fmt: skip
    bundles = {}
    for contract, (terms, target) in kinds.items():
        place = root / contract.kind
        bundles[contract] = str(write_small_bundle(place, terms, {"id": ids, **target, "Usage": halves(n)}))
    valid = {one: put(root / "sent", f"{one.kind}.csv", test_corpus.plain(one)) for one in kinds}
    for name, text in test_corpus.ODD.items():
        file = put(root / "sent", f"odd {name}.csv", text)
        yield Case("tables", name, "accept", bundles[test_corpus.LABEL], file, valid[test_corpus.LABEL])
    for number, (rule, content) in enumerate(test_corpus.BAD):
        contract = test_corpus.contract_of(content)
        file = put(root / "sent", f"bad {number}.csv", content)
        yield Case("tables", f"{rule} {number}", f"reject:{rule}", bundles[contract], file, valid[contract])


def _own_forms(root: Path) -> Iterator[Case]:
    images = test_forms_bad.IMAGES
    makers = {"boxes": random_boxes, "masks": random_masks, "label_maps": random_maps, "segments": random_segments}
    bundles: dict[int, tuple[str, str]] = {}
    for terms, content in test_forms_bad.MENDED.values():
        chance = np.random.default_rng(len(bundles))
        truth = makers[terms.kind](chance, classes=len(terms.classes))
        known = replace(terms, metric=METRICS[terms.kind], draws=0, smallest_subgroup=1)
        name = f"{len(bundles)} {terms.form}"
        bundle = write_image_bundle(root / name, known, images, truth)
        valid = put(root / "sent", f"good {name}{Path(terms.sample_name).suffix}", content)
        bundles[id(terms)] = str(bundle), valid
        yield Case("forms of images", f"good {name}", "accept", str(bundle), valid, valid)
    for number, (terms, rule, content) in enumerate(test_forms_bad.BAD):
        bundle_, valid = bundles[id(terms)]
        file = put(root / "sent", f"bad {number}{Path(terms.sample_name).suffix}", content)
        yield Case("forms of images", f"{rule} {number}", f"reject:{rule}", bundle_, file, valid)


def _own_coco(root: Path) -> Iterator[Case]:
    chance = np.random.default_rng(0)
    image, corner = np.repeat(np.arange(5), 2), chance.integers(0, 15, (10, 2))
    box = np.concatenate([corner, chance.integers(5, 15, (10, 2))], axis=1).astype(float)
    truth = Objects(5, 3, image, np.arange(10) % 3, box=box)
    terms = replace(coco_files.terms(), draws=0, smallest_subgroup=1)
    bundle = str(write_image_bundle(root / "boxes", terms, coco_files.images(), truth))
    good = coco_files.results()
    valid = put(root / "sent", "good.json", coco_files.written(good))
    yield Case("COCO results", "good", "accept", bundle, valid, valid)
    turned = [dict(reversed(list(one.items()))) for one in reversed(good)]
    for name, content in {
        "backwards, keys turned": coco_files.written(turned),
        "many lines": coco_files.written(good, indent=3).replace(b"\n", b"\r\n"),
        "byte order mark": b"\xef\xbb\xbf" + coco_files.written(good),
    }.items():
        yield Case("COCO results", name, "accept", bundle, put(root / "sent", f"{name}.json", content), valid)
    for number, (rule, rows, _) in enumerate(test_coco_messages.CAUSES):
        expect = "accept_any" if rule == "score-range" else f"reject:submission/{rule}"
        file = put(root / "sent", f"bad {number}.json", coco_files.written(rows))
        yield Case("COCO results", f"{rule} {number}", expect, bundle, file, valid)
    plain = coco_files.written(good)
    for end in range(1, len(plain), 97):
        file = put(root / "sent", f"cut {end}.json", plain[:end])
        yield Case("COCO results", f"cut at {end}", "reject:submission/cut-off", bundle, file, valid)


def _own_pictures(root: Path) -> Iterator[Case]:
    images = some_images(["one"], [test_pictures.MASK.shape])
    terms = replace(terms_of("png", "label_maps", classes=("0", "1")), metric="iou", draws=0, smallest_subgroup=1)
    truth = LabelMaps.from_arrays([np.roll(test_pictures.MASK, 3, axis=1).astype(np.uint8)])
    bundle = str(write_image_bundle(root / "one", terms, images, truth))
    valid = put(root / "sent", "plain.png", test_pictures.PLAIN)
    for name, (_, data) in test_pictures.ODD.items():
        yield Case("pictures", name, "accept", bundle, put(root / "sent", f"odd {name}.png", data), valid)
    for number, (name, (rule, data)) in enumerate(test_pictures.BAD.items()):
        # a text that calls itself a picture is told to be no archive either, which is what a lone file might be
        expect = "reject" if rule == "picture/not-png" else f"reject:{rule}"
        yield Case("pictures", name, expect, bundle, put(root / "sent", f"bad {number}.png", data), valid)


def _own_archives(root: Path) -> Iterator[Case]:
    terms = flat_terms("classification", ("label",), "label", ("label",), "accuracy", classes=("0", "1"))
    solution = {"id": ["1"], "label": ["1"], "Usage": ["Private"]}
    bundle = str(write_small_bundle(root / "one", terms, solution))
    valid = put(root / "sent", "plain.zip", test_archives.PLAIN)
    for name, data in test_archives.GOOD.items():
        ending = ".tar.gz" if data[:2] == b"\x1f\x8b" else ".tar" if data[:2] != b"PK" else ".zip"
        yield Case("archives", name, "accept", bundle, put(root / "sent", f"good {name}{ending}", data), valid)
    for number, (name, (rule, data)) in enumerate(test_archives.BAD.items()):
        file = put(root / "sent", f"bad {number}.zip", data)
        yield Case("archives", name, f"reject:{rule}", bundle, file, valid)


# ---- the shared corpus


def shared() -> Path:
    """The folder of the shared corpus; nowhere if it is not at hand."""
    given = os.environ.get("COMPETE_REAL_DATA", "")
    return Path(given).parent / "corpus" if given else Path("/nonexistent")


def shared_manifest() -> list[dict[str, Any]]:
    """What the shared corpus lists; nothing where it is not at hand."""
    manifest = shared() / "manifest.json"
    listed: list[dict[str, Any]] = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return listed


def shared_cases(root: Path) -> Iterator[Case]:
    """Every file of the shared corpus, beside the bundle of its family."""
    listed = shared_manifest()
    bundles = _shared_bundles(root) if listed else {}
    for one in listed:
        family = one["family"]
        file = _sent(root, one["path"])
        valid = _sent(root, f"{family}/{family}000{file.suffix}")
        key, valid = ("big", file) if one.get("big") else (family, valid)  # ids of 64 bits have no valid file
        yield Case(family, one["id"], one["expect"], str(bundles[key]), str(file), str(valid))


def _sent(root: Path, path: str) -> Path:
    """The file as its challenge would have it; the column of run lengths is called otherwise there."""
    if not path.startswith("R/"):
        return shared() / path
    content = (shared() / path).read_bytes().replace(b"id,rle_mask", b"id,rle", 1)
    return Path(put(root / "sent", Path(path).name, content))


def _shared_bundles(root: Path) -> dict[str, Path]:
    told = json.loads((shared() / "truth.json").read_text("utf-8"))
    labels = flat_terms("classification", ("label",), "label", ("label",), "accuracy", classes=("0", "1"))
    classes = tuple(told["classes"])
    shares = replace(labels, kind="probability", columns=classes, classes=classes, metric="log_loss", distribution=True)
    usage = ["Public" if place in told["pub"] else "Private" for place in range(len(told["ids"]))]
    tables = {
        "T": (labels, told["ids"], told["y"], usage),
        "N": (labels, told["nid"], told["y"], usage),
        "big": (labels, told["big"], told["y"], usage),
        "P": (shares, told["pid"], [classes[place] for place in told["py"]], halves(60)),
        "Z": (labels, ["1"], ["1"], ["Private"]),
    }
    written = {
        name: write_small_bundle(root / name, terms, {"id": [str(one) for one in ids], "label": true, "Usage": part})
        for name, (terms, ids, true, part) in tables.items()
    }
    return written | _shared_image_bundles(root, told)


def _shared_image_bundles(root: Path, told: dict[str, Any]) -> dict[str, Path]:
    two = replace(terms_of("png", "label_maps", classes=("0", "1")), metric="miou", draws=0, smallest_subgroup=1)
    runs = replace(two, form="runs", columns=("rle",))
    size, about = (told["h"], told["w"]), told["mask"]
    areas = [area.astype(np.uint8) for area in Masks.from_pairs(told["gt"], *size).bitmaps()]
    left, top, right, bottom = about["box"]
    mask = np.zeros((about["h"], about["w"]), dtype=np.uint8)
    mask[top:bottom, left:right] = 1
    truth, areas_of = (read_truth_json(shared() / "gt.json", kind) for kind in ("boxes", "masks"))
    ids = vocabulary([f"img{number}" for number in truth.number.tolist()])
    scenes = Images(ids, truth.number, truth.height, truth.width)
    terms = replace(coco_files.terms(), classes=truth.classes, class_ids=truth.class_ids, draws=0, smallest_subgroup=1)
    masks = replace(terms, kind="masks", task="instance_segmentation", metric="mask_ap")
    seen = some_images(told["rid"], [size] * len(told["rid"])), LabelMaps.from_arrays(areas)
    return {
        "R": write_image_bundle(root / "R", runs, *seen),
        "M": write_image_bundle(root / "M", two, some_images(["one"], [mask.shape]), LabelMaps.from_arrays([mask])),
        "D": write_image_bundle(root / "D", terms, scenes, truth.objects),
        "S": write_image_bundle(root / "S", masks, scenes, areas_of.objects),
    }


def main() -> None:
    """Write both corpora and their list."""
    root = Path(sys.argv[1])
    cases = [*own_cases(root / "own"), *shared_cases(root / "shared")]
    (root / "cases.json").write_text(json.dumps([asdict(case) for case in cases]), encoding="utf-8")


if __name__ == "__main__":
    main()
