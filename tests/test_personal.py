"""Which columns are called like people or exact places, and which cells hold an e-mail address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compete.personal import DONE_BY, PEOPLE, PEOPLE_ALONE, PLACES, PLACES_ALONE, e_mail_rows, is_personal, kind_of

OF_PEOPLE = (
    "annotator", "Annotator 2", "annotators", "recordedBy", "identifiedby", "created_by", "setupBy", "classifiedBy",
    "Collector", "photographerName", "rightsHolder", "PatientName", "PatientBirthDate", "OperatorsName", "firstname",
    "ReferringPhysicianName", "user", "Owner", "Owner of Sample", "E-Mail", "email_1", "Contact e-mails", "PHONE",
    "zip code", "ORCID",
)  # fmt: skip
OF_PLACES = (
    "latitude", "decimalLatitude", "decimallongitude", "verbatim_coordinates", "lat", "Long", "site_lat", "lon_dd",
    "GPSLatitude", "gps", "footprintWKT", "UTM x", "geometry", "Coordinates",
)  # fmt: skip
OF_NEITHER = (
    "weight", "flat_area", "latency", "platform", "salon", "long_axis", "site", "location", "island", "habitat", "gp",
    "user_rating", "author count", "x_coordinate", "coordinateUncertaintyInMeters", "license", "institutionCode",
    "stand by", "baby", "plate", "name", "recorder", "",
)  # fmt: skip


@pytest.mark.parametrize("name", OF_PEOPLE)
def test_columns_of_people_are_known_by_their_names(name: str) -> None:
    assert kind_of(name) == "people"


@pytest.mark.parametrize("name", OF_PLACES)
def test_columns_of_places_are_known_by_their_names(name: str) -> None:
    assert kind_of(name) == "places"


@pytest.mark.parametrize("name", OF_NEITHER)
def test_other_columns_are_left_alone(name: str) -> None:
    assert not is_personal(name)


@given(st.sampled_from([*PEOPLE, *(f"{verb} by" for verb in DONE_BY), *PEOPLE_ALONE, *PLACES, *PLACES_ALONE]),
       st.sampled_from([str.upper, str.title, lambda text: text.replace(" ", "_"), lambda text: f"{text} 3",
                        lambda text: text.title().replace(" ", ""), lambda text: text.replace(" ", "")]))  # fmt: skip
def test_every_phrase_is_known_however_it_is_spelt(phrase: str, spell: object) -> None:
    assert callable(spell)
    assert is_personal(spell(phrase))


@given(st.sampled_from(["jane.doe@example.org", "J+x@uni-kiel.de", "björn@köln.de", "a@b.c.co.uk"]),
       st.sampled_from(["{}", "mail <{}>, thanks", "mailto:{}?subject=x", "seen;{};", "two\nlines {}."]),
       st.integers(0, 5000))  # fmt: skip
def test_addresses_are_found_wherever_they_stand(address: str, around: str, row: int) -> None:
    cells = ["5 @ 3.2 m", "@home", "icon@2x.png", "a@b", "", "jane at example.org"] * 834
    assert e_mail_rows(cells) == []
    cells[row] = around.format(address)
    assert e_mail_rows(cells) == [row]
