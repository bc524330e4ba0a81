"""Selections in words: `1–31 Jan 2024 · Campaign: Q1 Outbound Sales`, for pages, files and whoever reads them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date, datetime
from decimal import Decimal

from lib.analytics import queries
from lib.analytics.comparison import Comparison
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters, Moment
from lib.analytics.query_cache import QueryCache
from lib.analytics.ranges import Range
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension, Member
from lib.catalog.metrics import Unit
from lib.catalog.ranged_fields import RangedField
from lib.i18n import dated, day, number, t
from lib.reports import catalog_words, formatting
from lib.reports.words import Words, formatted

_NAMED = 4
"""How many names are listed before the rest is only counted."""


def period(which: ResolvedPeriod) -> str:
    """Return a period in as few words as tell it: `1–31 Jan 2024`, or `Since 1 Jan 2024` where an end is open."""
    first, last = which.date_from, which.date_to
    if first is None or last is None:
        return _open_period(first, last)
    if isinstance(first, datetime) or isinstance(last, datetime):
        return t("{first} to {last}", first=_moment(first), last=_moment(last))
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    if first.year == last.year:
        return f"{_short(first)} – {day(last)}"
    return f"{day(first)} – {day(last)}"


def _open_period(first: Moment | None, last: Moment | None) -> str:
    if first is not None:
        return t("Since {day}", day=_moment(first))
    return t("no data") if last is None else t("Until {day}", day=_moment(last))


def compared_period(which: Comparison) -> str:
    """Return what a period is compared with: `1–29 Oct 2024, until 14:05` where that ends within its last day."""
    last = which.last
    if not isinstance(last, datetime):
        return period(ResolvedPeriod(which.first, last))
    return t("{days}, until {time}", days=period(ResolvedPeriod(which.first, last.date())), time=f"{last:%H:%M}")


def selection(answers: QueryCache, filters: Filters, which: ResolvedPeriod) -> tuple[Words, ...]:
    """Return what is selected, part by part: the period first."""
    words: list[Words] = [formatted(period, which)]
    for dimension in filters.catalog.filters:
        ids = filters.ids(dimension)
        if not ids:
            continue
        if isinstance(dimension, EnumDimension):
            words.append(formatted(_values, dimension, ids))
            continue
        options = answers.run(queries.options, dimension, filters.grant, filters.catalog)
        members = {member.parameter_value: member for member in options}
        named = tuple(members.get(asked, Member(asked, asked)) for asked in ids[:_NAMED])
        alike = formatting.namesakes(options)
        words.append(formatted(_members, dimension, named, len(ids), frozenset(alike.intersection(named))))
    for each in filters.ranges:
        words.append(formatted(_range, filters.catalog.ranged_fields_by_name[each.field], each))
    return tuple(words)


def parameter_labels(catalog: Catalog) -> dict[str, str]:
    """Return what pages call the ends of ranges and of periods, by the names of their parameters."""
    labels = {"dateFrom": t("From"), "dateTo": t("To")}
    for field in catalog.ranged_fields:
        labels |= dict(zip(field.parameters, range_labels(field), strict=True))
    return labels


def range_labels(field: RangedField) -> tuple[str, str]:
    """Return what the two ends of a range are called, with their unit where a number alone leaves doubt."""
    label = str(catalog_words.label(field))
    if field.unit is Unit.SECONDS:
        return t("{label} from (seconds)", label=label), t("{label} to (seconds)", label=label)
    return t("{label} from", label=label), t("{label} to", label=label)


def _range(field: RangedField, asked: Range) -> str:
    """Return between which numbers a field lies: `Score: 4.5 to 7`.

    The last number that is kept below a rounder one, as bars of the distribution end, is said as `under` that one.
    """
    above = None if asked.high is None else asked.high + Decimal(1) / field.scale
    if asked.low is not None and above is not None and _decimals(above) + 1 < _decimals(asked.high):
        ends = {"low": _end(field, asked.low), "high": _end(field, above)}
        return t("{label}: {low} to under {high}", label=catalog_words.label(field), **ends)
    low, high = (None if end is None else _end(field, end) for end in (asked.low, asked.high))
    label = catalog_words.label(field)
    if low is None:
        return t("{label}: at most {high}", label=label, high=high)
    if high is None:
        return t("{label}: at least {low}", label=label, low=low)
    return t("{label}: {low} to {high}", label=label, low=low, high=high)


def _end(field: RangedField, end: Decimal) -> str:
    if field.unit is Unit.SECONDS and end == end.to_integral_value():
        return formatting.value(Unit.SECONDS, int(end))
    return number(float(end), _decimals(end))


def _decimals(amount: Decimal | None) -> int:
    """Return how many decimals a number has, without zeros at its end."""
    return 0 if amount is None else max(0, -int(amount.normalize().as_tuple().exponent))


def _members(dimension: Dimension, named: Sequence[Member], count: int, alike: Container[Member]) -> str:
    """Return the groups asked for, of which the first are named: `Campaign: Q1 Outbound Sales`."""
    label = catalog_words.label(dimension) if count == 1 else catalog_words.plural_label(dimension)
    listed = ", ".join(formatting.distinct_name(each, alike) for each in named)
    if count > len(named):
        listed = t("{names} and {count} more", names=listed, count=count - len(named))
    return f"{label}: {listed}"


def _values(dimension: EnumDimension, ids: Sequence[str]) -> str:
    """Return the values asked for: `State: Failed, Pending`, or `AI calls` where that says it."""
    chosen = [value for value in dimension.values if value.id in ids]
    if len(chosen) == 1 and chosen[0].phrase is not None:
        return t(chosen[0].phrase)
    return f"{catalog_words.label(dimension)}: {', '.join(map(formatting.value_name, chosen))}"


def _short(when: date) -> str:
    """Return a day without its year: `31 Jan`."""
    return dated(when, "d MMM")


def _moment(when: Moment) -> str:
    return when.isoformat(sep=" ", timespec="minutes") if isinstance(when, datetime) else day(when)
