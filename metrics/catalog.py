"""The catalog of metrics: a metric is a value whose name one can type and parse back."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np

from metrics.beside import BESIDE, WithColumns
from metrics.evidence import Evidence, reduce_evidence
from metrics.frozen import dataclass
from metrics.inputs import MetricError
from metrics.pitfalls import PITFALLS
from metrics.spelling import allowed_list, nearest, read_call, written
from metrics.vocabulary import FAMILIES, NEEDS, TARGETS
from metrics.weighting import combined

if TYPE_CHECKING:
    from metrics.inputs import Array, Score
    from metrics.weighting import Weighting

Limits = Mapping[str, Union[tuple[float, float], tuple[str, ...], Callable[[Any], Any]]]

_registered: dict[str, Metric] = {}


@dataclass(frozen=True, eq=False, repr=False)
class Metric:
    """One way to score a prediction, with its options filled in; call it, or collect once and reduce often.

    Attributes:
        name: text that `parse` reads back; only options that differ from their defaults are in it.
        collector: turns truth and prediction into evidence.
        formula: turns what the evidence amounts to into scores.
        needs: what a prediction holds: ``label``, ``probability``, ``score`` (any number that ranks) or ``value``, one
            row an item; ``boxes``, ``masks`` or ``points`` of objects; ``label_maps`` or ``segments``; ``lists`` of
            labels, ``texts`` or ``spans``.
        targets: the shapes of truth it takes: ``binary``, ``multiclass``, ``multilabel``, ``regression``; ``objects``,
            ``label_maps``, ``segments``; ``lists``, ``texts``, ``spans``.
        greater_is_better: the direction.
        bounds: lowest and highest possible score; may be infinite.
        options: every option and its value.
        limits: what each option may be: a closed range of numbers, or the allowed words.
        pitfalls: what to beware of, in a sentence or two.
        parts: the metrics that an expression names; empty for all others.
        adapt: gives the record as its options make it, where bounds or needs depend on them.
        attained: whether the truth itself, sent as a prediction, always has the best possible score.
    """

    name: str
    collector: Callable[..., Evidence]
    formula: Callable[..., Array]
    needs: str
    targets: frozenset[str]
    greater_is_better: bool
    bounds: tuple[float, float]
    options: Mapping[str, Any]
    limits: Limits
    pitfalls: str = ""
    parts: tuple[Metric, ...] = ()
    adapt: Optional[Callable[[Metric], Metric]] = None
    attained: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.formula.__doc__)

    def __call__(
        self,
        y_true: Any,
        y_pred: Any,
        sample_weight: Any = None,
        labels: Optional[Sequence[Any]] = None,
    ) -> float:
        """Score a prediction.

        Args:
            y_true: truth, shape (n,) or (n, columns).
            y_pred: prediction in the same order; see ``needs``.
            sample_weight: one weight an item, shape (n,); None counts each once.
            labels: the classes in order; by default those that occur, sorted.

        Raises:
            MetricError: the arrays cannot be scored; the message says why.
        """
        evidence = self.collect(y_true, y_pred, labels)
        return float(self.reduce(evidence, combined(None, sample_weight, evidence.n)))

    def collect(self, y_true: Any, y_pred: Any, labels: Optional[Sequence[Any]] = None) -> Evidence:
        """Look at truth and prediction once; the evidence knows nothing of weights."""
        if isinstance(y_true, WithColumns) and not self.takes_columns:
            y_true = y_true.y_true
        with np.errstate(over="ignore"):
            evidence = self.collector(y_true, y_pred, labels, **self._options_of(self.collector))
        self.check(evidence)
        return evidence

    def reduce(self, evidence: Evidence, weighting: Weighting = None) -> Score:
        """Score the evidence under a weighting: a float, or an array under several."""
        return reduce_evidence(evidence, [self.bound], weighting)[0]

    def check(self, evidence: Evidence) -> None:
        """Refuse evidence about a shape of truth that this metric does not take."""
        if evidence.target not in self.targets:
            raise MetricError(f"{self.name} takes {' or '.join(sorted(self.targets))} truth, not {evidence.target}")

    @property
    def bound(self) -> Callable[[Any], Array]:
        """The formula with its options filled in."""
        return partial(self.formula, **self._options_of(self.formula))

    @property
    def base(self) -> str:
        """The name without options."""
        return self.name.partition("(")[0]

    @property
    def doc(self) -> str:
        """The docstring: what it says, shapes, source, example."""
        return inspect.cleandoc(self.formula.__doc__ or "")

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def perfect(self) -> float:
        """The best possible score."""
        return self.bounds[1] if self.greater_is_better else self.bounds[0]

    @property
    def evidence_key(self) -> tuple[Any, ...]:
        """Metrics with the same key read the same evidence."""
        return self.collector, tuple(self._options_of(self.collector).items())

    @property
    def takes_columns(self) -> bool:
        """Whether it must know more of each item than the truth: columns beside it, see ``WithColumns``."""
        return not BESIDE.isdisjoint(self.options) or any(part.takes_columns for part in self.parts)

    @property
    def needed(self) -> frozenset[str]:
        """What predictions must hold; more than one word only for an expression over different metrics."""
        return frozenset(part.needs for part in self.parts) or frozenset({self.needs})

    def _options_of(self, function: Callable[..., Any]) -> dict[str, Any]:
        """The options that a collector or a formula takes."""
        return {name: self.options[name] for name in defaults(function)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Metric) or self.name != other.name:
            return False
        same = self.formula is other.formula or (bool(self.parts) and self.parts == other.parts)
        return same and self.greater_is_better == other.greater_is_better

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<metric {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _parsed, (self.name, self.greater_is_better)


def defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """The options of a function, which are its keyword-only parameters, with their defaults."""
    return dict(getattr(function, "__kwdefaults__", None) or {})


def metric(
    name: str,
    *,
    collect: Callable[..., Evidence],
    needs: str,
    targets: Iterable[str],
    bounds: tuple[float, float],
    greater_is_better: bool,
    limits: Optional[Limits] = None,
    pitfalls: str = "",
    adapt: Optional[Callable[[Metric], Metric]] = None,
    attained: bool = True,
) -> Callable[[Callable[..., Array]], Metric]:
    """Register the formula below as a metric; its keyword-only parameters and the collector's are the options.

    Args:
        name: what users type; a taken name is an error.
        collect: turns (y_true, y_pred, labels) into evidence; shared between metrics with the same collector.
        needs: what a prediction holds, one of `NEEDS`.
        targets: the shapes of truth it takes, of `TARGETS`.
        bounds: lowest and highest possible score.
        greater_is_better: the direction.
        limits: what each option may be.
        pitfalls: what to beware of; by default the text in ``pitfalls.py``.
        adapt: gives the record as its options make it; refuses options that do not fit together.
        attained: whether the truth itself always has the best possible score.

    Raises:
        MetricError: the name is taken or not a word, or ``needs`` or ``targets`` is not known.
    """

    def register(formula: Callable[..., Array]) -> Metric:
        options = {**defaults(collect), **defaults(formula)}
        shapes = frozenset(targets)
        beware = pitfalls or PITFALLS.get(name, "")
        direction, reach = greater_is_better, limits or {}
        record = Metric(
            name, collect, formula, needs, shapes, direction, bounds, options, reach, beware, (), adapt, attained
        )
        record = record if adapt is None else adapt(record)
        if not formula.__module__.startswith(f"{__package__}."):
            names()  # so that a name of ours is taken, whether or not its module was needed so far
        if name in _registered:
            raise MetricError(f"the metric name {name} is taken")
        if not name.isidentifier() or needs not in NEEDS or not record.targets <= set(TARGETS):
            raise MetricError(f"metric {name}: the name must be a word, needs one of {NEEDS}, targets of {TARGETS}")
        _registered[name] = record
        return record

    return register


def names() -> tuple[str, ...]:
    """The names of all metrics, sorted, without options."""
    _load()
    return tuple(sorted(_registered))


def _load(name: Optional[str] = None) -> None:
    """Import families until one defines the name; without a name, all of them."""
    for family in FAMILIES:
        if name not in _registered:
            import_module(f"{__package__}.{family}")


def get(name: str, **options: Any) -> Metric:
    """A metric by name, with options.

    >>> get("fbeta", beta=2).name
    'fbeta(beta=2)'

    Raises:
        MetricError: no metric or no option is named so, or an option's value is not allowed; tells the nearest.
    """
    _load(name)
    found = _registered.get(name)
    if found is None:
        raise MetricError(f"no metric is named {name}{nearest(name, _registered)}")
    if not options:
        return found
    filled = dict(found.options)
    for option, value in options.items():
        if option not in filled:
            known = ", ".join(filled) or "none"
            raise MetricError(f"{name} has no option {option}{nearest(option, filled)} (options: {known})")
        filled[option] = _allowed(found, option, value)
    changed = [f"{option}={written(value)}" for option, value in filled.items() if value != found.options[option]]
    made = replace(found, name=f"{name}({', '.join(changed)})" if changed else name, options=filled)
    return made if found.adapt is None else found.adapt(made)


def parse(
    text: str,
    *,
    greater_is_better: Optional[bool] = None,
    lookup: Optional[Callable[[str], Metric]] = None,
) -> Metric:
    """A metric from its written name, or from an expression over several; see ``expressions.py``.

    Args:
        text: ``name``, ``name(option=value, …)``, or such names with numbers, ``+ - * /`` and parentheses.
        greater_is_better: the direction, where an expression does not tell it.
        lookup: finds the metrics that an expression names; by default those of the catalog.

    >>> parse("fbeta(beta=2.0)").name
    'fbeta(beta=2)'
    >>> parse("0.5*accuracy + 0.5*f1_macro")([1, 0, 1, 0], [1, 0, 1, 1])
    0.7416666666666667

    Raises:
        MetricError: the text cannot be read, names what does not exist, or does not tell which direction is better.
    """
    from metrics.expressions import expression, is_single

    if is_single(text):
        name, options = read_call(text)
        found = get(name, **options) if lookup is None else lookup(text)
        if greater_is_better is not None and found.greater_is_better != greater_is_better:
            raise MetricError(f"{found.name} is better {'higher' if found.greater_is_better else 'lower'}")
        return found
    return expression(text, lookup or parse, greater_is_better)


def _parsed(text: str, greater_is_better: bool) -> Metric:
    """The metric of a name that was written before, for pickle."""
    return parse(text, greater_is_better=greater_is_better)


def evaluate(
    metrics: Iterable[Union[str, Metric]],
    y_true: Any,
    y_pred: Any,
    sample_weight: Any = None,
    labels: Optional[Sequence[Any]] = None,
    *,
    weighting: Weighting = None,
) -> dict[str, Score]:
    """Score a prediction by several metrics; what they have in common is collected once.

    Args:
        metrics: metrics, or their written names.
        y_true: truth, shape (n,) or (n, columns).
        y_pred: prediction in the same order.
        sample_weight: one weight an item, shape (n,).
        labels: the classes in order.
        weighting: several weightings at once; see ``weighting.py``.

    Returns:
        Scores by name: floats, or arrays under several weightings.
    """
    records = [parse(one) if isinstance(one, str) else one for one in metrics]
    alike: dict[Any, list[Metric]] = {}
    for record in records:
        alike.setdefault(record.evidence_key, []).append(record)
    scores: dict[str, Score] = {}
    for same in alike.values():
        evidence = same[0].collect(y_true, y_pred, labels)
        for record in same:
            record.check(evidence)
        weigh = combined(weighting, sample_weight, evidence.n)
        results = reduce_evidence(evidence, [record.bound for record in same], weigh)
        scores.update(zip((record.name for record in same), results))
    return {record.name: scores[record.name] for record in records}


def _allowed(record: Metric, option: str, value: Any) -> Any:
    """An option's value in its own type, within its limits."""
    default, limit = record.options[option], record.limits.get(option)
    where = f"{record.base}: {option}={value}"
    if callable(limit):
        return limit(value)
    if isinstance(default, tuple):
        return allowed_list(value, limit, where)
    if isinstance(default, str):
        value = "none" if value is None else value
        if value not in (limit or ()):
            raise MetricError(f"{where} is not one of {', '.join(map(str, limit or ()))}")
        return value
    if isinstance(default, (int, float)) and not isinstance(default, bool):
        whole = isinstance(default, int)
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not number or (whole and value != int(value)):
            raise MetricError(f"{where} must be a {'whole ' if whole else ''}number")
        if limit and not float(limit[0]) <= value <= float(limit[1]):
            raise MetricError(f"{where} must lie between {written(limit[0])} and {written(limit[1])}")
        return int(value) if whole else float(value)
    if value is not None and not isinstance(value, (str, int, bool)):
        raise MetricError(f"{where} must be a label: text, a whole number or true/false")
    return value
