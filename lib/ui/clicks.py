"""What a click on a mark of a chart, or on a row of a table, does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

from lib.analytics.query import local_date
from lib.analytics.ranges import number_text
from lib.catalog.dimensions import Dimension
from lib.catalog.ranged_fields import SCORE_RANGE
from lib.reports.context import PageContext
from lib.reports.criteria_table import failing
from lib.reports.criterion_words import read_criterion_id
from lib.reports.page import Click
from lib.reports.page_links import HOUR, METRIC, WEEKDAY, without_search
from lib.store.enums import HISTOGRAM_BINS, SCORE_SCALE
from lib.ui import url_state


def action(context: PageContext, click: Click) -> Callable[[str], None]:
    """Return what is called with the id of a group, or the first day of a bucket, that was clicked on."""
    if click.action == "open":
        return url_state.open_detail
    if click.action == "scores":
        return partial(_list_bin, context)
    if click.action == "hour":
        return partial(_list_hour, context)
    if click.action == "failed":
        return partial(_list_failed, context, click.dimension)
    if click.action == "trend":
        return lambda metric: url_state.go("trends", {**context.parameters, METRIC: [metric]})
    if click.dimension is None:
        return partial(_show_bucket, context)
    if click.action == "narrow":
        return partial(url_state.choose, click.dimension)
    dimension = click.dimension
    return lambda who: url_state.go("evaluations", context.filters.narrowed(dimension, who).to_parameters())


def _list_bin(context: PageContext, place: str) -> None:
    """List the evaluations whose scores lie in a bin of the histogram, from 0."""
    if place.isascii() and place.isdigit() and int(place) < HISTOGRAM_BINS:
        low, width = Decimal(10 * int(place)) / HISTOGRAM_BINS, Decimal(10) / HISTOGRAM_BINS
        is_last = int(place) == HISTOGRAM_BINS - 1
        high = low + width - (0 if is_last else Decimal(1) / SCORE_SCALE)  # a bin does not hold its upper end
        ends = zip(SCORE_RANGE.parameters, (low, high), strict=True)
        chosen = {name: [number_text(end)] for name, end in ends}
        url_state.go("evaluations", without_search(context.parameters) | chosen)


def _list_hour(context: PageContext, square: str) -> None:
    """List the evaluations of an hour of the week, by its weekday and its hour."""
    weekday, _, hour = square.partition(" ")
    names = {WEEKDAY: [weekday], HOUR: [hour]}
    url_state.go("evaluations", without_search(context.parameters) | names)


def _list_failed(context: PageContext, dimension: Dimension | None, said: str) -> None:
    """List the evaluations that failed a criterion, of one group of a dimension where there is one."""
    read = read_criterion_id(said)
    if read is None:
        return
    criterion, member = read
    filters = failing(context, criterion)
    if dimension is not None:
        filters = filters.narrowed(dimension, member)
    url_state.go("evaluations", without_search(context.parameters) | filters.to_parameters())


def _show_bucket(context: PageContext, first: str) -> None:
    """Make the bucket that begins on a day the period."""
    bucket = next((each.bucket for each in context.trend.points if each.bucket.first.isoformat() == first), None)
    if bucket is not None:
        url_state.set_period(*_within(context, bucket.first, bucket.last))


def _within(context: PageContext, first: date, last: date) -> tuple[date, date]:
    """Return the days of a bucket that lie in the period."""
    zone, period = context.filters.zone(context.calendar.zone), context.summary.period
    begins, ends = (end and local_date(end, zone) for end in (period.date_from, period.date_to))
    return max(first, begins or first), min(last, ends or last)
