"""Every measure, declared once: which evaluations it counts, or what it sums over them.

A measure is additive: its totals may be summed over days and groups. Its SQL for one evaluation, its SQL aggregate and
its column in the rollups (`rollups.py`) all come from the declaration here. What users see is made of measures in
`metrics.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any
from weakref import WeakValueDictionary

import sqlalchemy as sa
from sqlalchemy.sql.type_api import TypeEngine

from lib.catalog.unsummed import Unsummed
from lib.statistics.clusters import ClusterSpread
from lib.store.enums import HISTOGRAM_BINS, SCORE_SCALE, SHARE_SCALE, YES, Sentiment, State

Columns = Any
"""The columns of the evaluations' table, or of rows that have the same ones, as SQLAlchemy's `table.c`."""


OWN_PREFIX = "field_"
"""How the columns of a workspace's own fields begin, and the names of the measures that are made of them."""

_DIGITS = 38
"""Digits of the widest sums: the squares of 10 ** 19 durations, each as long as the stores hold."""


@dataclass(frozen=True, slots=True)
class ExtraColumn:
    """What a measure needs of rows beside the facts' columns: the hour or the weekday, or the answer to a criterion."""

    name: str
    criterion: str | None = None  # whose share of points it is, in 1/SHARE_SCALE


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Measure:
    """A count of the evaluations that meet a condition, or with a value the sum of it over them."""

    name: str
    condition: Callable[[Columns], sa.ColumnElement[bool]]
    value: Callable[[Columns], sa.ColumnElement[int]] | None = None
    is_wide: bool = False  # its sums may take more than 64 bits
    is_float: bool = False  # its sums may take more digits than whole numbers have
    extras: tuple[ExtraColumn, ...] = ()
    columns: tuple[str, ...] = ()  # of own fields, which its rows have to have
    follows_names: bool = False  # it asks for groups by name, and names may change

    @property
    def is_keepable(self) -> bool:
        """Whether rollups may hold it: exact in any order, and of what an evaluation's own row says."""
        return not (self.is_float or self.extras or self.follows_names)

    def of_one(self, evaluations: sa.FromClause) -> sa.ColumnElement[int]:
        """Return what one evaluation adds to it, as an SQL expression."""
        amount: Any = sa.literal_column("1") if self.value is None else self.value(evaluations.c)
        return sa.case((self.condition(evaluations.c), amount), else_=sa.literal_column("0"))

    def aggregate(self, evaluations: sa.FromClause) -> sa.ColumnElement[int]:
        """Return its total over a group of evaluations as an SQL aggregate: what the sum of `of_one` is, faster."""
        if self.value is None:
            return sa.func.count(sa.case((self.condition(evaluations.c), sa.literal_column("1"))))
        amount = sa.case((self.condition(evaluations.c), self.value(evaluations.c)))
        return sa.func.coalesce(sa.func.sum(amount), sa.literal_column("0"))

    @property
    def storage(self) -> TypeEngine[Any]:
        """The type of its column in a rollup."""
        return sa.Integer() if self.value is None else self.sum_type

    @property
    def sum_type(self) -> TypeEngine[Any]:
        """The type that holds its sums exactly. Drivers hand over wide numbers many times as slowly."""
        if self.is_float:
            return sa.Double()
        return sa.Numeric(_DIGITS, 0) if self.is_wide else sa.BigInteger()


def _in_state(state: State) -> Callable[[Columns], sa.ColumnElement[bool]]:
    return lambda e: e.state == state.value


_completed = _in_state(State.Completed)


def _felt(sentiment: Sentiment) -> Callable[[Columns], sa.ColumnElement[bool]]:
    return lambda e: sa.and_(_completed(e), e.sentiment == sentiment.value)


def _scored(e: Columns) -> sa.ColumnElement[bool]:
    return sa.and_(_completed(e), e.score.is_not(None))


def _timed(e: Columns) -> sa.ColumnElement[bool]:
    return sa.and_(_completed(e), e.duration_seconds.is_not(None))


def _score(e: Columns) -> sa.ColumnElement[int]:
    return sa.cast(e.score, sa.BigInteger)


def _duration(e: Columns) -> sa.ColumnElement[int]:
    return sa.cast(e.duration_seconds, sa.BigInteger)


def _in_bin(number: int) -> Callable[[Columns], sa.ColumnElement[bool]]:
    """Return whether the score is in one of the histogram's bins; the last one holds its upper end, too."""
    width = 10 * SCORE_SCALE // HISTOGRAM_BINS
    if number == HISTOGRAM_BINS - 1:
        return lambda e: sa.and_(_completed(e), e.score >= number * width)
    return lambda e: sa.and_(_completed(e), e.score >= number * width, e.score < (number + 1) * width)


_PLAIN = (
    Measure("evaluations", lambda _: sa.true()),
    Measure("pending", _in_state(State.Pending)),
    Measure("processing", _in_state(State.Processing)),
    Measure("completed", _completed),
    Measure("failed", _in_state(State.Failed)),
    Measure("ai_calls", lambda e: e.is_ai),
    Measure("scored", _scored),
    Measure("positive", _felt(Sentiment.Positive)),
    Measure("neutral", _felt(Sentiment.Neutral)),
    Measure("negative", _felt(Sentiment.Negative)),
    Measure("timed", _timed),
    Measure("score_sum", _scored, _score),  # in 1/SCORE_SCALE of a point
    Measure("score_square_sum", _scored, lambda e: _score(e) * _score(e)),
    Measure("duration_sum", _timed, _duration),
    Measure("duration_square_sum", _timed, lambda e: _duration(e) * _duration(e), is_wide=True),
)
_HISTOGRAM = tuple(Measure(f"score_bin_{number:02}", _in_bin(number)) for number in range(HISTOGRAM_BINS))


_MADE_WITHIN = SCORE_SCALE * 51 // 1000
"""By so much may a score that is made of points differ from them: files round to one decimal."""


def _is_made_of_points(e: Columns) -> sa.ColumnElement[bool]:
    """Return whether a score is what the points of the answers make, or 0 for a critical criterion that failed."""
    score = sa.cast(e.score, sa.BigInteger) * e.answers_max - e.answers_points * (10 * SCORE_SCALE)
    is_near = sa.func.abs(score) <= e.answers_max * _MADE_WITHIN
    return sa.and_(_scored(e), e.answers_max > 0, sa.or_(is_near, sa.and_(e.critical_failed, e.score == 0)))


def _share_of_points(e: Columns) -> sa.ColumnElement[int]:
    share = sa.cast(e.answers_points, sa.Double) / e.answers_max * sa.literal_column(f"{SHARE_SCALE}.0")
    return sa.cast(sa.func.round(share), sa.BigInteger)


_OF_SCORECARDS = (
    Measure("with_answers", lambda e: e.answers_max > 0),
    Measure("critical_failed", lambda e: e.critical_failed),
    Measure("made_of_answers", _is_made_of_points),
    # The share of points that counted for nothing, as a critical criterion made the score 0.
    Measure(
        "critical_loss_sum",
        lambda e: sa.and_(_is_made_of_points(e), e.critical_failed, e.score == 0),
        _share_of_points,
    ),
)

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in (*_PLAIN, *_HISTOGRAM)}
"""The measures of all evaluations, by name."""

SCORECARD_NAMES = tuple(measure.name for measure in _OF_SCORECARDS)
"""What is counted and summed of evaluations with answers to criteria."""

PLAIN_MEASURES = tuple(measure.name for measure in _PLAIN)
"""What metrics are made of; every rollup holds these."""

HISTOGRAM_MEASURES = tuple(measure.name for measure in _HISTOGRAM)
"""How many scores there are in each bin from 0 to 10."""


# Answers to the criteria of scorecards: rows that have what their evaluation has and what the answer has.


def _has_points(a: Columns) -> sa.ColumnElement[bool]:
    points: sa.ColumnElement[int] = a.points
    return points.is_not(None)


def _share(a: Columns) -> sa.ColumnElement[int]:
    return sa.cast(a.share, sa.BigInteger)


def _share_square(a: Columns) -> sa.ColumnElement[int]:
    """Return the square of an answer's share in 1/SHARE_SCALE, rounded; no engine divides what does not divide."""
    square = _share(a) * _share(a) + SHARE_SCALE // 2
    return sa.cast((square - square % SHARE_SCALE) // SHARE_SCALE, sa.BigInteger)


def _makes_score(a: Columns) -> sa.ColumnElement[bool]:
    return sa.and_(_is_made_of_points(a), _has_points(a))


ANSWER_MEASURES: Mapping[str, Measure] = {
    each.name: each
    for each in (
        Measure("answered", _has_points),
        Measure("not_applicable", lambda a: a.points.is_(None)),
        Measure("full_marks", lambda a: a.points == a.max_points),
        Measure("without_points", lambda a: a.points == 0),
        Measure("critical_fails", lambda a: sa.and_(a.points == 0, a.critical)),
        Measure("share_sum", _has_points, _share),
        Measure("share_square_sum", _has_points, _share_square),
        # Of the score that the answer's evaluation could have, how much its missing points took.
        Measure("lost_sum", _makes_score, lambda a: sa.cast(a.lost, sa.BigInteger)),
    )
}
"""All measures of answers to criteria, by name."""

ANSWER_NAMES = tuple(ANSWER_MEASURES)
"""Their names."""

ALL_MEASURES: Mapping[str, Measure] = {**MEASURES, **{each.name: each for each in _OF_SCORECARDS}, **ANSWER_MEASURES}
"""All measures but those of own fields, by name."""


def own_measures(column: str, *, is_number: bool) -> tuple[Measure, ...]:
    """Return the measures of an own field by its column: how many have one, and the sums that its metrics need.

    Of a number, in 1/OWN_SCALE of it, the sum and the sum of squares; of yes and no, how many are yes.
    """

    def has_one(e: Columns) -> sa.ColumnElement[bool]:
        own: sa.ColumnElement[Any] = e[column]
        return own.is_not(None)

    def number(e: Columns) -> sa.ColumnElement[Any]:
        return sa.cast(e[column], sa.Numeric(_DIGITS // 2, 0))

    of = (column,)
    have = Measure(f"{column}_n", has_one, columns=of)
    if not is_number:
        return have, Measure(f"{column}_yes", lambda e: e[column] == YES, columns=of)
    return (
        have,
        Measure(f"{column}_sum", has_one, number, is_wide=True, columns=of),
        Measure(f"{column}_squares", has_one, lambda e: number(e) * number(e), is_wide=True, columns=of),
    )


MADE_PREFIX = "formula_"
"""How the names of the measures begin that formulas are made of; what follows tells all that they are."""

_MADE: WeakValueDictionary[str, Measure] = WeakValueDictionary()


def made(measure: Measure) -> Measure:
    """Return a measure of a formula so that it is found by its name for as long as somebody holds it."""
    return _MADE.setdefault(measure.name, measure)


def find_measure(name: str) -> Measure:
    """Return a measure by its name, of own fields and of formulas too. Raises KeyError where there is none."""
    return _MADE[name] if name.startswith(MADE_PREFIX) else _find_declared(name)


@cache
def _find_declared(name: str) -> Measure:
    if not name.startswith(OWN_PREFIX):
        return ALL_MEASURES[name]
    column = name.rpartition("_")[0]
    of_column = (*own_measures(column, is_number=True), *own_measures(column, is_number=False))
    return {each.name: each for each in of_column}[name]


_PLACES: Mapping[str, int] = {name: place for place, name in enumerate(PLAIN_MEASURES)}
_UNKNOWN: Mapping[str, ClusterSpread] = {}


class MeasureTotals(Mapping[str, int]):
    """Measures of a selection, summed, by name: the plain ones, and those of own fields that were asked for.

    Frozen; measures that are not given are 0. `days` say how the days of the selection spread around a metric's value,
    by the metric's name, empty where that was not asked; `unsummed` are values that no sum gives, by their names, None
    where these are not known. They are no sums: totals that are added up have none.
    """

    __slots__ = ("_places", "_values", "days", "unsummed")
    _places: Mapping[str, int]
    _values: tuple[int, ...]
    days: Mapping[str, ClusterSpread]
    unsummed: Mapping[str, Unsummed] | None

    def __init__(self, **totals: int) -> None:
        """Take totals by name. Raises KeyError for what is no plain measure."""
        values = [0] * len(_PLACES)
        for name, total in totals.items():
            values[_PLACES[name]] = total
        self._places, self._values, self.days, self.unsummed = _PLACES, tuple(values), _UNKNOWN, None

    def with_days(self, days: Mapping[str, ClusterSpread]) -> MeasureTotals:
        """Return the same totals with how their days spread."""
        totals = MeasureTotals.__new__(MeasureTotals)
        totals._places, totals._values, totals.days, totals.unsummed = self._places, self._values, days, self.unsummed
        return totals

    def with_unsummed(self, unsummed: Mapping[str, Unsummed]) -> MeasureTotals:
        """Return the same totals with values that no sum gives."""
        totals = self.with_days(self.days)
        totals.unsummed = unsummed
        return totals

    @classmethod
    def from_values(cls, values: Iterable[Any], names: tuple[str, ...] = PLAIN_MEASURES) -> MeasureTotals:
        """Take the totals of measures in the order of their names, the plain ones first; null is 0."""
        totals = cls.__new__(cls)
        totals._places = _PLACES if names is PLAIN_MEASURES else _places(names)
        totals._values, totals.days = tuple([int(value or 0) for value in values]), _UNKNOWN
        totals.unsummed = None
        return totals

    @classmethod
    def nothing(cls, names: tuple[str, ...]) -> MeasureTotals:
        """Return the totals of no evaluation, of measures by their names, the plain ones first."""
        return cls.from_values([0] * len(names), names)

    @classmethod
    def total(cls, parts: Iterable[MeasureTotals]) -> MeasureTotals:
        """Add up the totals of parts that share no evaluation."""
        all_parts = tuple(parts)
        longest = max(all_parts, key=len, default=NOTHING)
        return longest._with(map(sum, zip_longest(*[part._values for part in all_parts], fillvalue=0)))

    def _with(self, values: Iterable[int]) -> MeasureTotals:
        """Return other totals of the same measures."""
        totals = MeasureTotals.__new__(MeasureTotals)
        totals._places, totals._values, totals.days = self._places, tuple(values) or NOTHING._values, _UNKNOWN
        totals.unsummed = None
        return totals

    def __add__(self, other: MeasureTotals) -> MeasureTotals:
        return MeasureTotals.total((self, other))

    def __sub__(self, part: MeasureTotals) -> MeasureTotals:
        longest = max(self, part, key=len)
        pairs = zip_longest(self._values, part._values, fillvalue=0)
        return longest._with(whole - taken for whole, taken in pairs)

    def __getitem__(self, name: str) -> int:
        place = self._places[name]
        return self._values[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MeasureTotals) and self._values == other._values and self._places == other._places

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={total}" for name, total in self.items() if total)
        return f"MeasureTotals({given})"


@cache
def _places(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(names)}


NOTHING = MeasureTotals()
"""The totals of no evaluation."""


def of_each(evaluations: sa.FromClause, names: Sequence[str]) -> list[sa.ColumnElement[int]]:
    """Return measures of one evaluation, each under its name."""
    return [find_measure(name).of_one(evaluations).label(name) for name in names]


def aggregates(evaluations: sa.FromClause, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """Return measures of a group of evaluations, each under its name."""
    return [_exact(name, find_measure(name).aggregate(evaluations)) for name in names]


def sums(rows: sa.FromClause, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    """Return the sums of measures of rows that hold them, each under its name."""
    return [_exact(name, sa.func.sum(rows.c[name])) for name in names]


def _exact(name: str, total: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(total, find_measure(name).sum_type).label(name)
