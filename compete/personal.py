"""What tells of people: columns that name them or the places they were at, and cells that hold an e-mail address."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

PEOPLE = (
    "annotator", "labeler", "labeller", "rater", "grader", "reviewer", "verifier", "curator", "collector", "observer",
    "recordist", "surveyor", "photographer", "technician", "investigator", "contributor", "uploader", "submitter",
    "rights holder", "physician", "radiologist", "pathologist",
    "first name", "last name", "middle name", "given name", "family name", "full name", "maiden name", "surname",
    "forename", "user name", "screen name", "patient name", "person name", "subject name", "participant name",
    "student name", "customer name", "client name", "employee name", "doctor name", "operator name", "author name",
    "owner name", "owner of", "creator name", "contact name", "contact person", "person in charge",
    "email", "e mail", "mail address", "phone", "telephone", "mobile number", "cell number", "fax", "home address",
    "postal address", "patient address", "street address", "street name", "postcode", "postal code", "zip code",
    "ip address", "orcid", "birth date", "date of birth", "birthday", "dob", "passport", "social security", "ssn",
    "mrn", "medical record number", "insurance number", "account number",
    "beobachter", "sammler", "fotograf", "vorname", "nachname", "geburtsdatum", "telefon", "observateur",
    "photographe", "prénom", "courriel", "apellido", "fotógrafo", "teléfono", "correo",
)  # fmt: skip
"""Whoever made, checked or owns the data, and how to reach them; as runs of words in a column's name."""
DONE_BY = (
    "annotated", "labeled", "labelled", "rated", "graded", "reviewed", "verified", "validated", "checked", "curated",
    "collected", "observed", "recorded", "surveyed", "sampled", "photographed", "taken", "identified", "determined",
    "georeferenced", "measured", "classified", "scored", "assessed", "digitized", "digitised", "created", "updated",
    "modified", "edited", "entered", "submitted", "uploaded", "completed", "owned", "set up", "setup", "diagnosed",
)  # fmt: skip
"""What people do: ``recordedBy`` is a name."""
PLACES = (
    "latitude", "longitude", "decimal latitude", "decimal longitude", "verbatim latitude", "verbatim longitude",
    "lat", "lon", "lng", "gps", "easting", "northing", "utm x", "utm y", "utm zone", "geo location", "geo point",
    "verbatim coordinates", "geographic coordinates", "footprint wkt", "breitengrad", "längengrad",
)  # fmt: skip
"""Where something is to the metre, which may be somebody's garden or a nest."""
PEOPLE_ALONE = ("user", "login", "owner", "creator", "author", "operator", "contact", "mail", "mobile", "address", "ip")
PLACES_ALONE = ("long", "coordinates", "geom", "geometry")
"""What says so only where nothing stands beside it: a user's rating is no name."""
E_MAIL = re.compile(r"(?<=\w)@(?![123]x\.)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")
"""The end of an address; ``icon@2x.png`` is a file."""
AT_ONCE = 1 << 12


def is_personal(name: str) -> bool:
    """Whether a column is called like people, or like places to the metre.

    >>> is_personal("recordedBy"), is_personal("Decimal_Latitude"), is_personal("site"), is_personal("flat_area")
    (True, True, False, False)
    """
    return bool(kind_of(name))


@lru_cache(maxsize=1 << 14)
def kind_of(name: str) -> str:
    """``people`` or ``places``, after what a column is called; empty for neither.

    >>> kind_of("annotator 2"), kind_of("GPSLatitude"), kind_of("weight")
    ('people', 'places', '')
    """
    run = _run(name)
    if run in _PEOPLE_ALONE or any(phrase in run for phrase in _PEOPLE):
        return "people"
    return "places" if run in _PLACES_ALONE or any(phrase in run for phrase in _PLACES) else ""


def e_mail_rows(cells: Sequence[str]) -> list[int]:
    """The positions of cells that hold an e-mail address.

    >>> e_mail_rows(["ask jane.doe@example.org", "5 @ 3.2 m", "@home"])
    [0]
    """
    found: list[int] = []
    for start in range(0, len(cells), AT_ONCE):
        some = cells[start : start + AT_ONCE]
        if "@" in "\n".join(some):
            found += [start + place for place, text in enumerate(some) if "@" in text and E_MAIL.search(text)]
    return found


def _run(name: str) -> str:
    """The words of a name in small letters, without numbers and the s of a plural, with blanks around them."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = re.findall(r"[^\W\d_]+", apart.casefold())
    return f" {' '.join(word.removesuffix('s') if len(word) > len('gps') else word for word in words)} "


def _runs(phrases: Collection[str]) -> frozenset[str]:
    """Phrases as they stand in a run of words, also where nothing parts their words."""
    return frozenset(map(_run, [*phrases, *(phrase.replace(" ", "") for phrase in phrases)]))


_PEOPLE, _PEOPLE_ALONE = _runs([*PEOPLE, *(f"{verb} by" for verb in DONE_BY)]), _runs(PEOPLE_ALONE)
_PLACES, _PLACES_ALONE = _runs(PLACES), _runs(PLACES_ALONE)
