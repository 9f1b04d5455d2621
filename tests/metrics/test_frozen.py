"""Records of our own decorator beside those of ``dataclasses``: they do the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from functools import cached_property

import pytest

from metrics import frozen


class Plain:
    """A record with every kind of field."""

    one: int
    two: list = dataclasses.field(default_factory=list, compare=False)
    three: str = dataclasses.field(default="c", repr=False)

    @cached_property
    def double(self):
        """Kept when first asked for."""
        return 2 * self.one

    def __post_init__(self):
        if self.one < 0:
            raise ValueError("negative")
        object.__setattr__(self, "one", int(self.one))


def twins(**options):
    """The class as each decorator makes it."""
    bodies = [
        type("Record", (), {key: value for key, value in vars(Plain).items() if key not in ("__dict__", "__weakref__")})
        for _ in range(2)
    ]
    for body in bodies:
        body.__dict__["double"].__set_name__(body, "double")
    return frozen.dataclass(frozen=True, **options)(bodies[0]), dataclasses.dataclass(frozen=True, **options)(bodies[1])


CALLS = [
    ((1,), {}),
    ((1, [2]), {}),
    ((1, [2], "x"), {}),
    ((), {"one": 3}),
    ((1,), {"three": "y"}),
    ((), {"three": "y", "two": [5], "one": 1}),
]
WRONG = [((), {}), ((1, [], "x", 4), {}), ((1,), {"one": 2}), ((1,), {"four": 2}), ((), {"two": []})]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_records_hold_and_show_the_same(values, named):
    ours, theirs = (cls(*values, **named) for cls in twins())
    assert vars(ours) == vars(theirs)
    assert list(vars(ours)) == ["one", "two", "three"]
    assert repr(ours) == repr(theirs)
    assert hash(ours) == hash(theirs)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert vars(dataclasses.replace(ours, three="z")) == vars(dataclasses.replace(theirs, three="z"))
    assert copy.copy(ours) == ours
    assert ours.double == 2 * ours.one


@pytest.mark.parametrize(("values", "named"), WRONG)
def test_what_the_other_refuses_is_refused(values, named):
    for cls in twins():
        with pytest.raises(TypeError, match=r"Record|__init__"):
            cls(*values, **named)


def test_defaults_are_made_anew_and_checks_run():
    ours, _ = twins()
    assert ours(1).two is not ours(1).two
    with pytest.raises(ValueError, match="negative"):
        ours(-1)


def test_nothing_can_be_assigned_or_deleted():
    for cls in twins():
        record = cls(1)
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'one'"):
            record.one = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'one'"):
            del record.one


def test_equal_fields_make_equal_records_where_asked_for():
    for cls in twins():
        assert cls(1, [2]) == cls(1, [3])
        assert cls(1) != cls(2)
        assert cls(1) != "1"
    for cls in twins(eq=False, repr=False):
        assert cls(1) != cls(1)
        assert repr(cls(1)).startswith("<")
        assert len({cls(1), cls(1)}) == 2


def test_records_of_the_house_can_be_pickled():
    from metrics.weighting import Draws

    assert vars(pickle.loads(pickle.dumps(Draws(5, seed=2)))) == vars(Draws(5, seed=2))


def test_what_is_not_frozen_is_refused():
    with pytest.raises(ValueError, match="only frozen"):
        frozen.dataclass(frozen=False)
