"""The dwca reader: tables as meta.xml describes them, occurrences, events, their media, and archives gone wrong."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from compete.challenge import load_challenge
from compete.dataset import feature_columns
from compete.errors import CompeteError, DatasetError, Finding, UsageError
from compete.jobs import build
from compete.readers import recognise_dataset, sketch_dataset
from compete.readers.formats.dwca_file import read_archive
from compete.readers.rules import DATASET_RULES
from tests.readers.yolo_files import read_files

TERMS = "http://rs.tdwg.org/dwc/terms/"


def table(tag: str, kind: str, file: str, names: str, **more: str) -> str:
    """One element of meta.xml; the first name is the id's."""
    said = {"encoding": "UTF-8", "fieldsTerminatedBy": "\\t", "linesTerminatedBy": "\\n", "fieldsEnclosedBy": "",
            "ignoreHeaderLines": "1"} | more  # fmt: skip
    written = " ".join(f'{key}="{text}"' for key, text in said.items())
    terms = names.split()[1:]
    fields = "".join(f'<field index="{place}" term="{TERMS}{term}"/>' for place, term in enumerate(terms, 1))
    number = f'<{"id" if tag == "core" else "coreid"} index="0"/>'
    location = f"<files><location>{file}</location></files>"
    return f'<{tag} {written} rowType="http://x/{kind}">{location}{number}{fields}</{tag}>'


OCCURRENCES = "id\tscientificName\trecordedBy\tlocality\tdecimalLatitude\n" + "".join(
    f"o{number}\t{'Asellus' if number % 2 else 'Baetis'}\tAda {number % 3}\tpond\t54.1\n" for number in range(6)
)
CORE = table("core", "Occurrence", "occurrence.txt", "id scientificName recordedBy locality decimalLatitude")
MEDIA = table("extension", "Multimedia", "media.txt", "id identifier type license creator")
FILES = {
    "meta.xml": f'<archive xmlns="http://rs.tdwg.org/dwc/text/">{CORE}{MEDIA}</archive>',
    "occurrence.txt": OCCURRENCES,
    "media.txt": "id\tidentifier\ttype\tlicense\tcreator\n"
    "o0\thttp://x/photos/a.png?1\tStillImage\thttp://c/by/4.0/\tAda\n"
    "o0\thttp://x/1/original.png\tStillImage\thttp://c/by-nd/4.0/\tAda\n"
    "o1\thttp://x/2/original.png\tStillImage\t\tAda\n"
    "o2\thttp://x/3/song.mp3\tSound\t\tAda\n"
    "o9\thttp://x/4/b.png\tStillImage\t\tAda\n",
}


def write(
    folder: Path, images: tuple[str, ...] = ("media/a.png", "media/o0_2.png", "media/o1.png"), **files: str
) -> Path:
    """Write an archive as a folder, with some of its images; keyword arguments replace files."""
    spelt = {name.replace("_", "."): text for name, text in files.items()}
    for name, text in (FILES | spelt).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    for name in images:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(folder / name)
    return folder


def refused(folder: Path, more: str = "  label: scientificName\n") -> list[Finding]:
    """The errors of an archive that is refused, each explained."""
    with pytest.raises(DatasetError) as caught:
        read_files(folder, "classification", more, reader="dwca")
    assert all(finding.rule in DATASET_RULES for finding in caught.value.findings)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def test_occurrences_are_items(tmp_path: Path) -> None:
    write(tmp_path / "data")
    found = read_files(tmp_path, "classification", "  label: scientificName\n  group: recorder\n", reader="dwca")
    assert found.labels["label"].tolist() == ["Baetis", "Asellus"] * 3
    assert found.items["recorder"].tolist() == ["recorder-1", "recorder-2", "recorder-3"] * 2
    assert "Ada" not in found.items.to_csv()
    assert feature_columns(load_challenge(tmp_path), found) == ()
    found = read_files(tmp_path, "classification", "  label: scientificName\n  features: [locality]\n", reader="dwca")
    assert feature_columns(load_challenge(tmp_path), found) == ("locality",)


def test_a_subgroup_that_says_the_taxon_is_not_proposed(tmp_path: Path) -> None:
    names = "id scientificName basisOfRecord sex"
    rows = [f"o{n}\t{('Asellus', 'Baetis')[n % 2]}\t{('OBSERVED', 'PRESERVED')[n % 2 or n == 4]}\t{'mf'[n // 3 % 2]}\n"
            for n in range(40)]  # fmt: skip
    core = table("core", "Occurrence", "occurrence.txt", names)
    meta = f'<archive xmlns="http://rs.tdwg.org/dwc/text/">{core}</archive>'
    write(tmp_path, (), meta_xml=meta, occurrence_txt=names.replace(" ", "\t") + "\n" + "".join(rows))
    found = sketch_dataset("dwca", tmp_path)
    assert (found["label"].value, [one.value for one in found["subgroups"]]) == ("scientificName", ["sex"])


def write_credited(folder: Path, count: int = 24) -> None:
    """An archive of images under CC BY, CC0 and a blank, by three people."""
    licences = ("http://creativecommons.org/licenses/by/4.0/legalcode", "CC_BY_NC_4_0", "CC0_1_0", "")
    names = ("Ada Lovelace", "Béla", "")
    rows = [f"o{number}\thttp://x/{number}.png\t{licences[number % 4]}\tsomebody\t{names[number // 4 % 3]}\n"
            for number in range(count)]  # fmt: skip
    media = table("extension", "Multimedia", "media.txt", "id identifier license creator rightsHolder")
    occurrences = "".join(f"o{number}\t{'Asellus' if number % 2 else 'Baetis'}\n" for number in range(count))
    core = table("core", "Occurrence", "occurrence.txt", "id scientificName")
    meta = f'<archive xmlns="http://rs.tdwg.org/dwc/text/">{core}{media}</archive>'
    write(folder, (), meta_xml=meta, media_txt="id\ti\tl\tc\tr\n" + "".join(rows),
          occurrence_txt="id\tscientificName\n" + occurrences)  # fmt: skip
    shade = np.random.default_rng(3)
    for number in range(count):
        Image.fromarray(shade.integers(0, 256, (32, 32), dtype=np.uint8)).save(folder / f"{number}.png")


def test_who_holds_the_rights_is_told_where_the_licence_asks(tmp_path: Path) -> None:
    write_credited(tmp_path / "data")
    more = "  label: scientificName\n  file: file\n"
    found = read_files(tmp_path, "classification", more, reader="dwca")
    by, nc = "http://creativecommons.org/licenses/by/4.0/legalcode", "CC_BY_NC_4_0"
    assert len(found.credits) == 12
    assert [found.credits[str(row)] for row in (1, 2, 5, 9)] == [
        ("Ada Lovelace", by), ("Ada Lovelace", nc), ("Béla", by), ("somebody", by)
    ]  # fmt: skip
    assert "Lovelace" not in found.items.to_csv()


def test_credits_are_published_and_do_not_tell_of_the_test(tmp_path: Path) -> None:
    write_credited(tmp_path / "data")
    more = "  label: scientificName\n  file: file\n"
    read_files(tmp_path, "classification", more, reader="dwca")
    text = (tmp_path / "challenge.yaml").read_text().replace("metric: m", "metric: accuracy")
    (tmp_path / "challenge.yaml").write_text(text)
    build(tmp_path, tmp_path / "bundle")
    public, private = tmp_path / "bundle" / "public", tmp_path / "bundle" / "private"
    rows = [line.split(",") for line in (public / "credits.csv").read_text().splitlines()]
    assert rows[0] == ["id", "rights_holder", "license"]
    train = {line.partition(",")[0] for line in (public / "train.csv").read_text().splitlines()[1:]}
    test = {line.partition(",")[0] for line in (public / "test.csv").read_text().splitlines()[1:]}
    named = [row[0] for row in rows[1:] if row[0]]
    assert set(named) <= train
    blank = [row for row in rows[1:] if not row[0]]
    assert blank == sorted(blank)
    whole = [line.split(",") for line in (private / "credits.csv").read_text().splitlines()[1:]]
    assert len(whole) == 12
    assert {tuple(row[1:]) for row in whole if row[0] in test} == {tuple(row[1:]) for row in blank}
    assert "`credits.csv`" in (public / "README.md").read_text()


def test_images_that_are_here_are_items(tmp_path: Path) -> None:
    write(tmp_path / "data")
    more = "  label: scientificName\n  file: file\n  group: occurrence\n"
    found = read_files(tmp_path, "classification", more, reader="dwca")
    assert [Path(name).name for name in found.items["file"]] == ["a.png", "o0_2.png", "o1.png"]
    assert found.labels["label"].tolist() == ["Baetis", "Baetis", "Asellus"]
    assert found.items["occurrence"].tolist() == ["o0", "o0", "o1"]
    assert found.items["license"].tolist() == ["http://c/by/4.0/", "http://c/by-nd/4.0/", ""]
    text = found.items.drop(columns="file").to_csv()
    assert not [word for word in ("Ada", "http://x") if word in text]
    rules = {finding.rule: finding for finding in found.findings}
    assert rules["dataset/orphan-row"].items == ("line 6",)
    assert rules["dataset/left-out"].items == ("Sound",)
    assert [one.count for one in found.findings if one.rule == "dataset/licence"] == [1, 1]
    sketched = sketch_dataset("dwca", tmp_path / "data")
    assert (sketched["file"].value, sketched["group"][0].value) == ("file", "occurrence")


def test_images_that_are_only_addresses_are_told_with_their_cure(tmp_path: Path) -> None:
    write(tmp_path / "data", images=())
    (error,) = refused(tmp_path, "  label: scientificName\n  file: file\n")
    assert (error.rule, error.count) == ("dataset/remote-media", 3)
    assert "o0_1.jpg" in error.hint
    sketched = sketch_dataset("dwca", tmp_path / "data")
    assert sketched["file"] is None
    assert "4 media are addresses" in sketched["task"].reason
    write(tmp_path / "data", images=("o0_1.png",))
    write(tmp_path / "data", images=("o1_1.png",))
    found = read_files(tmp_path, "classification", "  label: scientificName\n  file: file\n", reader="dwca")
    assert [one.severity for one in found.findings if one.rule == "dataset/remote-media"] == ["warning"]


def test_an_event_tells_of_its_occurrences(tmp_path: Path) -> None:
    core = table("core", "Event", "event.txt", "id locality")
    own = table("extension", "Occurrence", "occurrence.txt", "id occurrenceID scientificName")
    write(
        tmp_path / "data",
        meta_xml=f'<archive xmlns="http://rs.tdwg.org/dwc/text/">{core}{own}{MEDIA}</archive>',
        event_txt="id\tlocality\ne1\tpond\ne2\tbrook\n",
        occurrence_txt="id\to\ts\ne1\to0\tBaetis\ne1\to1\tAsellus\ne2\to2\tBaetis\ne3\to3\tBaetis\n",
        media_txt="h\ne1\ta.png\t\t\t\ne2\to1.png\t\t\t\n",
    )
    found = read_files(tmp_path, "classification", "  label: scientificName\n  group: eventID\n", reader="dwca")
    assert found.items["locality"].tolist() == ["pond", "pond", "brook", ""]
    assert found.items["eventID"].tolist() == ["e1", "e1", "e2", "e3"]
    rules = {finding.rule: finding for finding in found.findings}
    assert rules["dataset/left-out"].message == "1 medium is of an event with several occurrences and left out"
    assert rules["dataset/orphan-row"].where == "occurrence.txt:5"


def packed(folder: Path, kind: str) -> Path:
    """The archive in one file."""
    path = folder / f"archive.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in FILES.items():
                archive.writestr(f"inner/{name}", text)
            archive.writestr("__MACOSX/._meta.xml", "junk")
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name, text in FILES.items():
                entry = tarfile.TarInfo(f"./{name}")
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
    return path


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_an_archive_is_read_where_it_is(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path, kind)
    assert recognise_dataset(path) == ("dwca", "an archive with meta.xml of Darwin Core")
    before = sorted(tmp_path.iterdir())
    assert len(read_archive(path).lines) == 6
    assert sorted(tmp_path.iterdir()) == before
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match="the archive cannot be read"):
        read_archive(path)


def test_quotes_defaults_and_encodings_are_as_meta_says(tmp_path: Path) -> None:
    said = '<field term="http://x/country" default="Iran"/><field index="3" term="http://x/locality" default="sea"/>'
    core = table("core", "Occurrence", "occurrence.txt", "id scientificName habitat", fieldsTerminatedBy=",",
                 fieldsEnclosedBy="&quot;", encoding="windows-1252", ignoreHeaderLines="0")  # fmt: skip
    meta = f'<archive xmlns="http://rs.tdwg.org/dwc/text/">{core.replace("</core>", said + "</core>")}</archive>'
    rows = '1,Baetis,"a ""small"", wet\nplace",\n2,As\udce9llus,,pond\n'
    write(tmp_path / "data", meta_xml=meta, occurrence_txt=rows)
    columns = read_archive(tmp_path / "data").columns
    assert columns["scientificName"] == ["Baetis", "Aséllus"]
    assert columns["habitat"][0] == 'a "small", wet\nplace'
    assert (columns["country"], columns["locality"]) == (["Iran", "Iran"], ["sea", "pond"])


def test_a_table_alone_is_an_archive_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("0001.csv", "gbifid\tscientificname\trecordedby\n1\tBaetis\tAda\n")
    assert recognise_dataset(tmp_path / "one.zip")[0] == "dwca"
    found = read_archive(tmp_path / "one.zip")
    assert found.columns["scientificName"] == ["Baetis"]
    assert found.columns["recorder"] == ["recorder-1"]
    assert "Ada" not in str(found.columns)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n")
    with pytest.raises(UsageError):
        recognise_dataset(tmp_path / "other.zip")


QUOTED = "".join(f"o{number}\tBaetis\tAda\tpond\t54.1\n" for number in range(8))
STRAY = [
    (QUOTED.replace("pond", '"5 inch', 1), 2, 1),  # never closed: the row swallows the others
    (QUOTED.replace("pond", '"x', 3).replace('"x', "pond", 2).replace("o6\tBaetis\tAda\tpond", 'o6\tBaetis\tAda\t"y'),
     4, 1),  # closed in the same column four rows below, so that no row is short
    (QUOTED.replace("Ada\tpond\t54.1", 'Ada\t"x\t"5"', 1), 2, 1),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "line", "count"), STRAY)
def test_a_quote_that_swallows_cells_is_told_with_its_line(tmp_path: Path, rows: str, line: int, count: int) -> None:
    core = CORE.replace('fieldsEnclosedBy=""', "")
    head = OCCURRENCES.partition("\n")[0]
    write(tmp_path / "data", meta_xml=f"<archive>{core}</archive>", occurrence_txt=f"{head}\n{rows}")
    (error,) = refused(tmp_path)
    assert (error.rule, error.where, error.count) == ("dataset/quoting", f"occurrence.txt:{line}", count)
    assert "fieldsEnclosedBy" in error.hint


def test_missing_tables_are_told_before_large_ones_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "data")
    (tmp_path / "data" / "media.txt").unlink()
    monkeypatch.setattr("compete.readers.formats.dwca_file.read_sheet", pytest.fail)
    (error,) = refused(tmp_path)
    assert (error.rule, "media.txt" in error.message) == ("dataset/missing-file", True)


def test_a_file_that_unfolds_as_no_table_does_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("meta.xml", f"<archive>{CORE}</archive>")
        archive.writestr("occurrence.txt", bytes((1 << 26) + 1))
    with pytest.raises(DatasetError, match="times what is packed"):
        read_archive(tmp_path / "bomb.zip")


FAULTS = [
    ("meta_xml", "<archive>", "label-file", "not XML"),
    ("meta_xml", "<a/>", "label-file", "no Darwin Core archive"),
    ("meta_xml", "<archive/>", "label-file", "no Darwin Core archive"),
    ("meta_xml", '<!DOCTYPE a [<!ENTITY b "c">]><archive>&b;</archive>', "label-file", "entities"),
    ("meta_xml", f"<archive>{table('core', 'Taxon', 'occurrence.txt', 'id a')}</archive>", "label-file", "lists Taxon"),
    (
        "meta_xml",
        f"<archive>{table('core', 'Event', 'occurrence.txt', 'id a')}</archive>",
        "label-file",
        "no occurrences",
    ),
    ("meta_xml", f"<archive>{table('core', 'Occurrence', '', 'id a')}</archive>", "label-file", "has no file"),
    ("meta_xml", f"<archive>{table('core', 'Occurrence', '../x', 'id a')}</archive>", "missing-file", "no file '../x'"),
    ("meta_xml", FILES["meta.xml"].replace('index="0"', 'index="x"', 1), "label-file", "is no number"),
    ("meta_xml", FILES["meta.xml"].replace('index="4"', 'index="9"', 1), "ragged-row", "fewer cells than the 10"),
    ("occurrence_txt", "id\n1\tx\n", "ragged-row", "fewer cells than the 5"),
    ("occurrence_txt", OCCURRENCES.replace("pond", "po\x00nd", 1), "control-character", "occurrence.txt:2"),
    ("occurrence_txt", "id\n", "empty-table", "no occurrences"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[2]}: {fault[3]}")
def test_one_fault_one_error(tmp_path: Path, fault: tuple[str, str, str, str]) -> None:
    file, text, rule, words = fault
    write(tmp_path / "data", **{file: text})
    error = refused(tmp_path)[0]
    assert (error.rule, words in str(error)) == (f"dataset/{rule}", True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(st.sampled_from(["meta_xml", "occurrence_txt", "media_txt"]), st.integers(0, 900), st.integers(0, 40),
       st.sampled_from(["", "\t", "\n", "<", ">", '"', "&b;", "é", "\0", "999999", "\udcff"]))  # fmt: skip
def test_any_edit_is_read_or_refused(tmp_path: Path, file: str, place: int, cut: int, text: str) -> None:
    whole = FILES[file.replace("_", ".")]
    write(tmp_path / "data", **{file: whole[:place] + text + whole[place + cut :]})
    try:
        more = "  label: scientificName\n  file: file\n"
        findings = read_files(tmp_path, "classification", more, reader="dwca").findings
    except DatasetError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(st.sampled_from(["zip", "tgz"]), st.integers(0, 700), st.binary(max_size=4), st.integers(0, 40))
def test_any_bytes_in_an_archive_are_read_or_refused(
    tmp_path: Path, kind: str, place: int, data: bytes, cut: int
) -> None:
    path = packed(tmp_path, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + data + whole[place + cut :])
    try:
        findings = tuple(read_archive(path).findings)
    except CompeteError as error:
        findings = error.findings
    assert all(finding.rule in DATASET_RULES for finding in findings)


@pytest.mark.real_data
def test_every_odd_archive_is_read_or_refused(real_data: Path) -> None:
    read, said = {}, {}
    for path in sorted((real_data / "dwc" / "dwca_samples").iterdir()):
        if path.suffix in (".rst", ".txt"):
            continue
        try:
            read[path.name] = len(read_archive(path).lines)
        except DatasetError as error:
            said[path.name] = error.findings[0].rule
    assert len(read) + len(said) == 31
    assert read["gbif-results.zip"] == read["gbif-results-whitespace-in-xml.zip"] == 158
    assert read["dwca-utf8-eol-test.zip"] == 1
    assert set(said) == {
        "dwca-2extensions.zip", "dwca-ids.zip", "dwca-orphaned-rows.zip", "dwca-star-test-archive.zip",
        "dwca-missing-extension-details", "dwca-malformed-descriptor", "dwca-invalid-simple-toomuch.zip",
        "dwca-invalid-simple-two.zip",
    }  # fmt: skip


@pytest.mark.real_data
def test_real_ticks_are_read(real_data: Path) -> None:
    path = real_data / "dwc" / "gbif_ticks"
    assert recognise_dataset(path)[0] == "dwca"
    found = read_archive(path)
    assert (len(found.lines), len(found.media)) == (1310, 1362)
    assert sum(not one.terms.get("license") for one in found.media) == 101
    assert sketch_dataset("dwca", path)["label"].value == "scientificName"
