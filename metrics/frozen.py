"""Frozen dataclasses that cost microseconds to define.

The standard library writes the methods of each class as text and compiles them, a third to a half of a millisecond a
class; a scoring run defines some seventy. Here all classes share methods that look the fields up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    Made = TypeVar("Made", bound=type)

    def dataclass(*, frozen: bool, eq: bool = True, repr: bool = True) -> Callable[[Made], Made]:  # noqa: A002
        """Make a class what ``dataclasses.dataclass`` with the same options makes of it.

        ``dataclasses`` knows such classes as its own: ``fields``, ``replace`` and ``asdict`` work.

        Args:
            frozen: must be true; written out so that the decorator reads, and type checkers take it, as the other.
            eq: whether records of equal fields are equal, and hash alike.
            repr: whether a record shows its fields.

        Raises:
            ValueError: ``frozen`` is false.

        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> dataclasses.replace(Point(1), y=2)
        Point(x=1, y=2)
        """
        if not frozen:
            raise ValueError("only frozen dataclasses are made here")

        def made(cls: Made) -> Made:
            cls = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)  # knows the fields and writes nothing
            cls.__init__ = _initializer(cls)
            cls.__setattr__, cls.__delattr__ = _refuse_assignment, _refuse_deletion
            if repr and "__repr__" not in vars(cls):
                cls.__repr__ = _shown
            if eq:
                cls.__eq__, cls.__hash__ = _equal, _hashed
            return cls

        return made


def _initializer(cls: type) -> Callable[..., None]:
    """What fills a new record, in the order of its fields."""
    held = [one for one in dataclasses.fields(cls) if one.init]
    names = tuple(one.name for one in held)
    known = frozenset(names)
    default = {one.name: one.default for one in held if one.default is not dataclasses.MISSING}
    maker = {one.name: one.default_factory for one in held if one.default_factory is not dataclasses.MISSING}
    finish = getattr(cls, "__post_init__", None)

    def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807
        own = vars(self)
        own.update(zip(names, values))
        if named or len(values) != len(names):
            if len(values) > len(names) or not known >= named.keys() or not own.keys().isdisjoint(named):
                raise TypeError(f"{cls.__name__} takes each once: {', '.join(names)}")
            for name in names[len(values) :]:
                if name in named:
                    own[name] = named[name]
                elif name in default:
                    own[name] = default[name]
                elif name in maker:
                    own[name] = maker[name]()
                else:
                    raise TypeError(f"{cls.__name__} needs {name}")
        if finish is not None:
            finish(self)

    return __init__


def _refuse_assignment(self: Any, name: str, _: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _shown(self: Any) -> str:
    """The record as it is written."""
    held = [f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr]
    return f"{type(self).__qualname__}({', '.join(held)})"


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, one.name) for one in dataclasses.fields(self) if one.compare)


def _equal(self: Any, other: Any) -> bool:
    return _compared(self) == _compared(other) if type(self) is type(other) else NotImplemented


def _hashed(self: Any) -> int:
    return hash(_compared(self))
