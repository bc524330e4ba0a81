"""How numbers, dates and periods look to people, in their language: one format for each unit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import TypeVar

from lib.analytics.calendar import Granularity
from lib.catalog.dimensions import EnumValue, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, Unit, Value, rounded
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.i18n import dated, day, number, t, t_in_context
from lib.store.enums import NONE_NAME

NOTHING = "–"

K = TypeVar("K")


def count(value: int) -> str:
    """Return 1234 as `1,234`."""
    return number(value)


def metric(which: Metric, sums: MeasureTotals) -> str:
    """Return a metric's value with its unit; an en dash where there is none."""
    return value(which.unit, which.value(sums), which.own_decimals)


def value(unit: Unit, amount: Value | float, decimals: int | None = None) -> str:
    """Return a value of a unit as it is shown; `decimals` are those of a metric in place of the unit's."""
    if amount is None:
        return NOTHING
    if unit is Unit.SHARE:
        of_percent = 1 if decimals is None else max(0, decimals - 2)
        return f"{signed(number(rounded(Fraction(amount) * 100, of_percent) or 0, of_percent))} %"
    if unit is Unit.SECONDS and not decimals:
        return duration(int(rounded(amount, 0) or 0))
    if decimals is None:
        decimals = 0 if unit is Unit.COUNT else 2
    return signed(number(rounded(amount, decimals) or 0, decimals))


def change(unit: Unit, before: Value, now: Value) -> str | None:
    """Return by how much a value changed, signed: percent for counts and durations, points for the others.

    Points are the difference of the two values as they are shown, so that the three add up where they stand together.
    """
    if before is None or now is None:
        return None
    if unit in (Unit.COUNT, Unit.SECONDS):
        if before == 0:
            return None
        share = rounded(Fraction(now - before) / Fraction(before) * 100, 1) or 0
        return signed(f"{number(share, 1)} %", plus=True)
    if unit is Unit.SHARE:
        return signed(f"{number(float(_shown_difference(before * 100, now * 100, 1)), 1)} pp", plus=True)
    return points(_shown_difference(before, now, 2))


def _shown_difference(before: int | Fraction, now: int | Fraction, decimals: int) -> Fraction:
    """Return the exact difference of two numbers that are shown in so many decimals."""
    steps: int = 10**decimals
    return Fraction(int(rounded(now * steps, 0) or 0) - int(rounded(before * steps, 0) or 0), steps)


def points(amount: Fraction | float) -> str:
    """Return a difference of scores, signed: `+0.21`."""
    return signed(number(rounded(amount, 2) or 0, 2), plus=True)


def amount(which: Metric, difference: Fraction | float, plus: bool = True) -> str:
    """Return a difference of values of a metric, signed, in the decimals of its values: `+0.21`, `−1.2 pp`, `+0:12`.

    Without `plus` one that is not negative has no sign.
    """
    decimals = which.shown_decimals
    if which.unit is Unit.SECONDS and not decimals:
        seconds = int(rounded(difference, 0) or 0)
        return f"+{duration(seconds)}" if plus and seconds > 0 else duration(seconds)
    if which.unit is Unit.SHARE:
        points_ = number(rounded(Fraction(difference) * 100, decimals - 2) or 0, decimals - 2)
        return signed(f"{points_} pp", plus)
    return signed(number(rounded(difference, decimals) or 0, decimals), plus)


def signed(text: str, plus: bool = False) -> str:
    """Return a number's text with a true minus sign, and a plus where asked for."""
    if text.startswith("-"):
        return "−" + text[1:]
    return "+" + text if plus and text.strip("0.,\u00a0 %p") else text


def duration(seconds: int) -> str:
    """Return 312 as `5:12`, 4000 as `1:06:40`."""
    if seconds < 0:
        return f"−{duration(-seconds)}"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def metric_interval(which: Metric, ends: tuple[float, float] | None) -> str:
    """Return the interval of a metric; that of an own one may lie where no score does."""
    if ends is None or not which.is_defined:
        return interval(which.unit, ends)
    first, last = (value(which.unit, end, which.own_decimals) for end in ends)
    return _range(which.unit, first, last)


def interval(unit: Unit, ends: tuple[float, float] | None) -> str:
    """Return an interval as `7.61–7.99`, `93.6–96.5 %` or `−0.33 – −0.29`; of a score no more than there are scores.

    No line breaks within it.
    """
    if ends is None:
        return NOTHING
    low, high = (min(10.0, max(0.0, end)) for end in ends) if unit is Unit.SCORE else ends
    return _range(unit, value(unit, low), value(unit, high))


def _range(unit: Unit, first: str, last: str) -> str:
    dash = " – " if last.startswith("−") else "–"
    if unit is Unit.SHARE:
        first = first.removesuffix(" %")
    return f"{first}{dash}{last}".replace(" ", "\u00a0")


def rank(ends: tuple[int, int]) -> str:
    """Return a range of ranks as `2–9`; a single place as `1`."""
    low, high = ends
    return count(low) if low == high else f"{count(low)}–{count(high)}"


def instant(when: datetime) -> str:
    """Return an instant as `31 Jan 2024, 09:30`."""
    return f"{day(when)}, {when:%H:%M}"


def bucket(first: date, granularity: Granularity) -> str:
    """Return the name of a trend's bucket."""
    if granularity is Granularity.MONTHLY:
        return dated(first, "MMMM y")
    return t("Week of {day}", day=day(first)) if granularity is Granularity.WEEKLY else dated(first, "EEE d MMM y")


def hour(number: int) -> str:
    """Return an hour of the day, from 0, by its first and last minute."""
    return f"{number:02}:00–{number:02}:59"


def member_name(named: Member) -> str:
    """Return a group's name as pages show it: what belongs to none is called so in the language in use."""
    if named.id is None:
        return t(NONE_NAME)
    return t_in_context("evaluation", named.name) if named.is_value else named.name


def namesakes(members: Iterable[Member]) -> frozenset[Member]:
    """Return those of some groups whose name another one has, too."""
    by_name: dict[str, list[Member]] = defaultdict(list)
    for named in dict.fromkeys(members):
        by_name[named.name].append(named)
    return frozenset(named for alike in by_name.values() if len(alike) > 1 for named in alike)


def distinct_name(named: Member, alike: Container[Member]) -> str:
    """Return a group's name as pages show it, with its id where it is one of several that are called alike."""
    name = member_name(named)
    return f"{name} ({named.parameter_value})" if named in alike else name


def distinct(labels: Mapping[K, str], marks: Mapping[K, str]) -> dict[K, str]:
    """Return labels of which no two are the same: those that are have their marks behind, which differ."""
    told = dict(labels)
    while len(counts := Counter(told.values())) < len(told):
        told = {key: label if counts[label] == 1 else f"{label} ({marks[key]})" for key, label in told.items()}
    return told


def small_sample(sums: MeasureTotals) -> str:
    """Return the mark of an average score that rests on few: on few evaluations, or on many with few scores or none."""
    if not AVERAGE_SCORE.is_small_sample(sums):
        return ""
    if sums["evaluations"] < FEW_EVALUATIONS:
        return t("few evaluations")
    return t("few scored") if sums["scored"] else t("no scores")


def metric_small_sample(metric: Metric, sums: MeasureTotals) -> str:
    """Return the mark of a score, or of a metric of one's own, that rests on few; empty for other metrics."""
    if metric.is_defined:
        return t("few evaluations") if metric.is_small_sample(sums) else ""
    return small_sample(sums) if metric.unit is Unit.SCORE and metric.is_small_sample(sums) else ""


def value_name(value: EnumValue) -> str:
    """Return a fixed value of evaluations as pages show it, in the language in use."""
    return t_in_context("evaluation", value.label)
