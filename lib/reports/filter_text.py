"""Selections in words: `1–31 Jan 2024 · Campaign: Q1 Outbound Sales`, for pages, files and whoever reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from lib.analytics import queries
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query import Filters, Moment
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import ChoiceDimension
from lib.i18n import dated, day, t
from lib.reports import formatting

_NAMED = 4
"""How many names are listed before the rest is only counted."""


def period(which: ResolvedPeriod) -> str:
    """Return a period in as few words as tell it: `1–31 Jan 2024`."""
    first, last = which.date_from, which.date_to
    if first is None or last is None:
        return t("no data")
    if isinstance(first, datetime) or isinstance(last, datetime):
        return t("{first} to {last}", first=_moment(first), last=_moment(last))
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    if first.year == last.year:
        return f"{_short(first)} – {day(last)}"
    return f"{day(first)} – {day(last)}"


def selection(answers: QueryCache, filters: Filters, which: ResolvedPeriod) -> list[str]:
    """Return what is selected, part by part: the period first."""
    words = [period(which)]
    for dimension in filters.catalog.filters:
        ids = filters.ids(dimension)
        if not ids:
            continue
        if isinstance(dimension, ChoiceDimension):
            words.append(_choices(dimension, ids))
            continue
        names = {
            named.parameter_value: formatting.member_name(named)
            for named in answers.run(queries.options, dimension, filters.grant, filters.catalog)
        }
        known = [names.get(asked, asked) for asked in ids]
        label = dimension.label if len(known) == 1 else dimension.plural[0].upper() + dimension.plural[1:]
        listed = ", ".join(known[:_NAMED])
        if len(known) > _NAMED:
            listed = t("{names} and {count} more", names=listed, count=len(known) - _NAMED)
        words.append(f"{t(label)}: {listed}")
    return words


def _choices(dimension: ChoiceDimension, ids: Sequence[str]) -> str:
    """Return the choices asked for: `State: Failed, Pending`, or `AI calls` where that says it."""
    chosen = [choice for choice in dimension.choices if choice.id in ids]
    if len(chosen) == 1 and chosen[0].phrase is not None:
        return t(chosen[0].phrase)
    return f"{t(dimension.label)}: {', '.join(map(formatting.choice_name, chosen))}"


def _short(when: date) -> str:
    """Return a day without its year: `31 Jan`."""
    return dated(when, "d MMM")


def _moment(when: Moment) -> str:
    return when.isoformat(sep=" ", timespec="minutes") if isinstance(when, datetime) else day(when)
