"""Two corpora of bad and odd files: an own one that always runs, and a shared one where it is at hand."""

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from compete.errors import Finding, SubmissionError
from compete.scoring.submission import Contract, read_submission

IDS = [f"img_{number:04}" for number in range(12)] + ["café_12"]
LABEL = Contract("id", ("label",), "label", classes=("0", "1"))
SHARE = Contract("id", ("a", "b"), "probability", distribution=True)
VALUE = Contract("id", ("value",), "value")
FLAG = Contract("id", ("x", "y"), "flag")
HEADS = {LABEL: "id,label", SHARE: "id,a,b", VALUE: "id,value", FLAG: "id,x,y"}
CELLS = {LABEL: "1", SHARE: "0.25,0.75", VALUE: "1.5", FLAG: "1,0"}


def plain(contract=LABEL):
    return "\n".join([HEADS[contract], *(f"{item},{CELLS[contract]}" for item in IDS)]) + "\n"


def with_cell(text, contract=LABEL, row=3):
    lines = plain(contract).split("\n")
    lines[row + 1] = f"{IDS[row]},{text}"
    return "\n".join(lines)


def with_id(text, row=3):
    lines = plain().split("\n")
    lines[row + 1] = f"{text},1"
    return "\n".join(lines)


def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, plain())
    return file.getvalue()


T = plain()
ODD = {
    "plain": T,
    "byte order mark": "\ufeff" + T,
    "CR LF": T.replace("\n", "\r\n"),
    "mixed line ends": T.replace("\n", "\r\n", 4),
    "no last line end": T.rstrip("\n"),
    "blank lines at the end": T + "\n\r\n\n",
    "blank line in the middle": T.replace("\nimg_0005", "\n\nimg_0005"),
    "all quoted": "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in T.split()),
    "one quoted": T.replace("img_0002", '"img_0002"'),
    "quoted header": T.replace("id,label", '"id","label"'),
    "rows backwards": "\n".join([T.split()[0], *T.split()[:0:-1]]),
    "columns swapped": "\n".join(",".join(line.split(",")[::-1]) for line in T.split()),
}
BAD = [
    ("submission/empty-file", b""),
    ("submission/empty-file", b"\xef\xbb\xbf"),
    ("submission/empty-file", " \n\t\r\n \n"),
    ("submission/empty-file", "id,label\n"),
    ("submission/encoding", T.encode("utf-16")),
    ("submission/encoding", T.encode("utf-16-le")),
    ("submission/encoding", T.encode("utf-16-be")),
    ("submission/encoding", T.encode("utf-32")),
    ("submission/encoding", T.encode("utf-32-be")),
    ("submission/encoding", T.encode("latin-1")),
    ("submission/encoding", T.replace("café", "a\x93").encode("latin-1")),
    ("submission/encoding", T.encode() + b"\xc3"),
    ("submission/encoding", T.encode().replace(b"img_0004", b"img\xed\xa0\x80")),
    ("submission/not-csv", gzip.compress(T.encode())),
    ("submission/not-csv", zipped("submission.csv")),
    ("submission/not-csv", zipped("xl/workbook.xml")),
    ("submission/not-csv", b"PAR1" + b"\0" * 50),
    ("submission/not-csv", b"%PDF-1.7\n..."),
    ("submission/not-csv", b"\x89PNG\r\n\x1a\n"),
    ("submission/not-csv", b"\x80\x04\x95abc"),
    ("submission/not-csv", b"\x93NUMPY\x01\0"),
    ("submission/not-csv", json.dumps([{"id": IDS[0], "label": 1}])),
    ("submission/not-csv", json.dumps({"id": IDS})),
    ("submission/not-csv", "<!DOCTYPE html><html><body>404</body></html>"),
    ("submission/not-csv", T.replace(",", ";")),
    ("submission/not-csv", T.replace(",", "\t")),
    ("submission/not-csv", T.replace(",", "|")),
    ("submission/line-ending", T.replace("\n", "\r")),
    ("submission/line-ending", T.replace("\n", "\r\r\n")),
    ("submission/line-ending", T.replace("\n", "\u2028")),
    ("submission/line-ending", T.replace("img_0005,1\n", "img_0005,1\r")),
    ("submission/quoting", T.replace("img_0003", '"img_0003')),
    ("submission/quoting", T.replace("img_0003", 'img"0003')),
    ("submission/quoting", T.replace("img_0003", '"img_0003"x')),
    ("submission/quoting", T.replace("img_0003", '"img" "0003"')),
    ("submission/quoting", T.replace("id,", '"id,')),
    ("submission/control-character", T.replace("img_0003", "img_0003\0")),
    ("submission/control-character", T.replace("img_0003", "img_0003\x1b[31m")),
    ("submission/control-character", T.replace("img_0003", "img\x7f_0003")),
    ("submission/control-character", "\0\0" + T),
    ("submission/control-character", T.replace("id,label", "id,label\0")),
    ("submission/missing-column", T.replace("id,label\n", "")),
    ("submission/missing-column", "\n" + T),
    ("submission/missing-column", "# by me\n" + T),
    ("submission/missing-column", T.replace("id,", "Id,")),
    ("submission/missing-column", T.replace("id,", " id,")),
    ("submission/missing-column", T.replace("id,", "\u200bid,")),
    ("submission/missing-column", T.replace("id,", "іd,")),
    ("submission/missing-column", T.replace("label", "prediction")),
    ("submission/extra-column", "\n".join(f"{line},7" for line in T.split())),
    ("submission/extra-column", "\n".join(f"{row - 1 if row else ''},{line}" for row, line in enumerate(T.split()))),
    (
        "submission/repeated-column",
        "\n".join(f"{line},{line[-1]}" for line in T.replace("label", "l").split()).replace("l,l", "label,label", 1),
    ),
    ("submission/ragged-row", T.replace("img_0003,1", "img_0003")),
    ("submission/ragged-row", T.replace("img_0003,1", "img_0003,1,")),
    ("submission/ragged-row", T.replace("img_0003,1", "img_0003,0,5")),
    ("submission/ragged-row", T[:-4]),
    ("submission/ragged-row", T + " \n"),
    ("submission/repeated-id", T + "img_0003,1\n"),
    ("submission/repeated-id", T + "img_0003,0\n"),
    ("submission/repeated-id", T.replace("img_0004", "img_0003")),
    ("submission/missing-id", T.replace("img_0004,1\n", "")),
    ("submission/missing-id", T.replace("img_0004", "img_0003")),
    ("submission/unknown-id", T + "img_9999,1\n"),
    *(
        ("submission/unknown-id", with_id(text))
        for text in ("img_3", "IMG_0003", "img_0003 ", "img_0003.png", "NA", "=A1")
    ),
    *(
        ("submission/unknown-id", with_id(text))
        for text in ("'img_0003'", "img_0003\u00a0", '"img_0003\n"', "x" * 70, "３")
    ),
    ("submission/unknown-id", with_id("cafe\u0301_12", 12)),
    ("submission/empty-cell", with_id("")),
    *(("submission/empty-cell", with_cell(text)) for text in ("", "NA", "null", '""')),
    *(
        ("submission/unknown-label", with_cell(text))
        for text in ("1.0", "2", "yes", " 1", "-1", "1e0", "nan", "True", "'1'")
    ),
    *(("submission/empty-cell", with_cell(text, VALUE)) for text in ("", "NA", "None")),
    *(
        ("submission/not-a-number", with_cell(text, VALUE))
        for text in ("a", "1_0", "0x1", '"1,5"', "1 ", "٣", "5%", "1e", "--1")
    ),
    *(("submission/not-finite", with_cell(text, VALUE)) for text in ("nan", "inf", "-Infinity", "1e400", "9" * 400)),
    *(("submission/out-of-range", with_cell(text, SHARE)) for text in ("-0.1,1.1", "25,75", "1.0000001,0")),
    *(("submission/probabilities-sum", with_cell(text, SHARE)) for text in ("1,1", "0,0", "0.5,0.4", "0.25,0.7511")),
    *(("submission/unknown-label", with_cell(text, FLAG)) for text in ("2,0", "0.5,0", "yes,no", "-1,0")),
    ("submission/too-large", with_cell("1" * 70_000)),
    ("submission/too-large", T + "img_0003,1\n" * 2000),
    ("submission/too-large", ",".join(f"c{place}" for place in range(5000)) + "\n"),
]


def contract_of(text):
    head = text if isinstance(text, str) else text.decode("latin-1")
    return next((one for one in (SHARE, FLAG, VALUE) if head.startswith(HEADS[one] + "\n")), LABEL)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_files_score_like_the_plain_one(text):
    read = read_submission(text.encode(), LABEL, IDS)
    assert read.values.tolist() == [1] * len(IDS)
    assert [one.rule for one in read.warnings] == ["submission/blank-line"] * (text == ODD["blank line in the middle"])


@pytest.mark.parametrize(("rule", "text"), BAD, ids=[f"{rule[11:]}-{place}" for place, (rule, _) in enumerate(BAD)])
def test_bad_files_are_refused_for_the_right_reason(rule, text):
    with pytest.raises(SubmissionError) as caught:
        read_submission(text if isinstance(text, bytes) else text.encode(), contract_of(text), IDS, name="s.csv")
    told = {finding.rule: finding for finding in caught.value.findings}
    assert rule in told
    assert_helpful(told[rule])


def assert_helpful(finding: Finding):
    assert finding.where.startswith("s.csv")
    assert finding.message[0].islower() or finding.message[0].isdigit()
    assert finding.hint
    assert str(finding).replace("\n", "").isprintable()
    assert len(str(finding)) < 700


def test_the_own_corpus_is_large():
    assert len(BAD) >= 60


def shared() -> Path:
    given = os.environ.get("COMPETE_REAL_DATA", "")
    return Path(given).parent / "corpus" if given else Path("/nonexistent")


def cases():
    manifest = shared() / "manifest.json"
    listed = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [case for case in listed if case["family"] in "TNP" and case["path"].endswith(".csv")]


@pytest.mark.real_data
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_the_shared_corpus(case):
    truth = json.loads((shared() / "truth.json").read_text("utf-8"))
    big = case.get("big", False)
    contract, ids, base = {
        "T": (LABEL, truth["ids"], truth["base"]),
        "N": (LABEL, [str(one) for one in (truth["big"] if big else truth["nid"])], truth["base"]),
        "P": (Contract("id", tuple(truth["classes"]), "probability", distribution=True), truth["pid"], truth["pp"]),
    }[case["family"]]
    if case["expect"] == "reject":
        with pytest.raises(SubmissionError):
            read_submission(shared() / case["path"], contract, ids)
        return
    try:
        values = read_submission(shared() / case["path"], contract, ids).values
    except SubmissionError:
        values = None
    assert values is not None or case["expect"].startswith("either")
    if values is not None and case["expect"] in ("accept", "either"):
        np.testing.assert_array_equal(values, np.array(base)[: len(ids)])
