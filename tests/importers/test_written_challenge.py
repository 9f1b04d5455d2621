"""What the challenge of an imported competition says of its columns."""

from __future__ import annotations

from compete.importers.writing import Draft, challenge_text


def test_what_the_old_competition_showed_of_people_is_declared() -> None:
    draft = Draft("taxi", "Taxi", "", "regression", "", "rmse", ["fare"], "key", ["pickup_longitude", "passengers"])
    lines = [line.strip() for line in challenge_text(draft).splitlines()]
    assert 'features: ["pickup_longitude", "passengers"]' in lines
    (declared,) = [line for line in lines if line.startswith("personal:")]
    assert declared.startswith('personal: ["pickup_longitude"]   # ')
    plain = Draft("taxi", "Taxi", "", "regression", "", "rmse", ["fare"], "key", ["passengers"])
    assert "personal" not in challenge_text(plain)
