"""A look at what an alert watches: the facts are asked, within the owner's grant, and each member is judged.

The check of an alert and the replay of past days look in the same way; they differ in the instant alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from lib.alerts import questions
from lib.alerts.conditions import (
    Judgment,
    Verdict,
    judge_age,
    judge_chart,
    judge_target,
    judge_threshold,
)
from lib.alerts.day_effects import REFERENCE_DAYS
from lib.alerts.definition import AlertDefinition, ConditionType
from lib.alerts.false_alarms import QUARTER_DAYS
from lib.alerts.questions import WHOLE_MEMBER
from lib.alerts.states import WHOLE, MemberReading
from lib.alerts.window_changes import ComparedWindows, judge_changes
from lib.analytics import cluster_spreads, comparison, queries
from lib.analytics.calendar import ONE_DAY, Calendar
from lib.analytics.control_charts import control_chart
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.query import Filters, local_date
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.targets import target_at
from lib.errors import AlertError
from lib.errors.alert_codes import AlertCode
from lib.statistics.clusters import SharedSpread

CHART_DAYS = 60
"""The usual range of a day is made of so many days at least."""

REMEMBERED_DAYS = 90
"""So far back it is looked for the last evaluation where none comes."""

MOVING_PERIODS = ("today", "yesterday", "last7", "last30", "last90")
"""The presets that begin a day later each day."""

Totals = Mapping[Member, MeasureTotals]


@dataclass(frozen=True, slots=True)
class AlertLook:
    """A look that is to be taken: at what, within which filters, as of when; `number` is that of the day, from 1."""

    answers: QueryCache
    definition: AlertDefinition
    filters: Filters
    calendar: Calendar
    now: datetime
    number: int

    @property
    def catalog(self) -> Catalog:
        """What can be asked."""
        return self.filters.catalog

    @property
    def metric(self) -> Metric:
        """The metric that is watched. Raises AlertError where there is none any more."""
        name = self.definition.metric
        if name not in self.catalog.all_metrics:
            raise AlertError("metric", AlertCode.ALERT_METRIC_GONE, name=name)
        return self.catalog.all_metrics[name]

    @property
    def dimension(self) -> Dimension | None:
        """The dimension of which each member has a state. Raises AlertError where there is none any more."""
        name = self.definition.by
        if name is not None and name not in self.catalog.groupings_by_name:
            raise AlertError("by", AlertCode.ALERT_DIMENSION_GONE, name=name)
        return None if name is None else self.catalog.groupings_by_name[name]

    @property
    def period(self) -> ResolvedPeriod:
        """The days in force."""
        return self.answers.run(resolve_period, self.filters, self.calendar)

    def totals(self, filters: Filters) -> Totals:
        """Return the measures of each member in a selection."""
        arguments = filters, self.calendar, self.dimension, self.definition.metric
        return self.answers.run(questions.member_totals, *arguments).groups


def take_look(look: AlertLook) -> tuple[MemberReading, ...]:
    """Return what is to be said of each member now; of those that have no evaluations nothing is.

    Raises AlertError where the metric, the dimension or the days before are not there, and what questions raise.
    """
    kind = look.definition.condition.type
    if kind is ConditionType.WORSE_THAN_BEFORE:
        judged = _changes(look)
    elif kind is ConditionType.OUTSIDE_LIMITS:
        judged = _charts(look)
    elif kind is ConditionType.NO_DATA:
        judged = _ages(look)
    else:
        judged = _values(look)
    return tuple(MemberReading(_id(member), member.name, judgment) for member, judgment in judged.items())


def _id(member: Member) -> str:
    return WHOLE if member is WHOLE_MEMBER else member.parameter_value


def _values(look: AlertLook) -> dict[Member, Judgment]:
    definition, metric = look.definition, look.metric
    totals = look.totals(look.filters)
    if definition.condition.type is ConditionType.MISSES_TARGET:
        return {
            member: judge_target(metric, sums, _target(look, metric, member), definition.minimum)
            for member, sums in totals.items()
        }
    return {
        member: judge_threshold(definition.condition, metric, sums, definition.minimum)
        for member, sums in totals.items()
    }


def _target(look: AlertLook, metric: Metric, member: Member) -> Fraction | None:
    """Return the target of a member on the last day of the period; of the whole, that of the one group it is of."""
    last = look.period.date_to
    day = look.calendar.today if last is None else local_date(last, look.filters.zone(look.calendar.zone))
    target = target_at(look.catalog.targets.get(metric.name, ()), day)
    if target is None:
        return None
    if member is not WHOLE_MEMBER:
        return target.of(look.definition.by, member.id)
    for dimension in look.catalog.dimensions:
        ids = look.filters.ids(dimension)
        if len(ids) == 1 and ids[0] in target.groups.get(dimension.name, {}):
            return target.of(dimension.name, ids[0])
    return target.of()


def _changes(look: AlertLook) -> dict[Member, Judgment]:
    metric, minimum = look.metric, look.definition.minimum
    zone = look.filters.zone(look.calendar.zone)
    period = look.period
    other = _window_before(look, period)
    if other is None or period.date_from is None or period.date_to is None:
        raise AlertError("parameters", AlertCode.ALERT_NO_COMPARISON)
    before_filters = other.of(look.filters)
    first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
    windows = ComparedWindows(
        look.totals(look.filters),
        look.totals(before_filters),
        look.totals(_reference(look.filters, first, last)),
        _executives(look, before_filters, metric),
    )
    return judge_changes(metric, windows, look.number, minimum)


def _window_before(look: AlertLook, period: ResolvedPeriod) -> comparison.Comparison | None:
    """Return what a window is compared with: of one that moves on by days, as many days just before.

    A single day is compared with the same day of the week before, a week or a month with the one before, as on pages.
    """
    now = look.now.astimezone(look.filters.zone(look.calendar.zone))
    if look.definition.period in MOVING_PERIODS:
        return comparison.just_before(period, now)
    return comparison.previous(period, look.calendar, now)


def _reference(filters: Filters, first: date, last: date) -> Filters:
    """Return the days before a window from which it is known how alike calls of one day are."""
    days = min(max(REFERENCE_DAYS, (last - first).days + 1), QUARTER_DAYS)
    return replace(filters, date_from=first - timedelta(days=days), date_to=first - ONE_DAY)


def _executives(look: AlertLook, before: Filters, metric: Metric) -> dict[Member, SharedSpread | None]:
    """Return how executives who are in both windows spread around the change of each member."""
    if not metric.has_spread:
        return {}
    arguments = look.filters, before, look.calendar, (metric.name,)
    if look.dimension is None:
        return {WHOLE_MEMBER: look.answers.run(cluster_spreads.executive_spreads, *arguments).get(metric.name)}
    groups = look.answers.run(cluster_spreads.executive_spreads_by, *arguments, look.dimension).groups
    return {member: spreads.get(metric.name) for member, spreads in groups.items()}


def _charts(look: AlertLook) -> dict[Member, Judgment]:
    """Judge the last whole day of the period by a control chart of its days, and of those before it."""
    zone = look.filters.zone(look.calendar.zone)
    period = look.period
    last = look.calendar.today - ONE_DAY
    if period.date_to is not None:
        last = min(last, local_date(period.date_to, zone))
    first = last - timedelta(days=CHART_DAYS - 1)
    if period.date_from is not None:
        first = min(first, local_date(period.date_from, zone))
    filters = replace(look.filters, date_from=first, date_to=last)
    arguments = filters, look.calendar, look.dimension, look.definition.metric
    courses = look.answers.run(questions.member_trends, *arguments)
    histogram = look.answers.run(queries.distribution, filters, look.calendar)
    judged = {}
    for member, course in courses.groups.items():
        chart = control_chart(course, look.metric, look.calendar.today, histogram)
        is_last_day = chart is not None and chart.points[-1].bucket.last == last
        judged[member] = judge_chart(chart if is_last_day else None, look.definition.minimum)
    return judged


def _ages(look: AlertLook) -> dict[Member, Judgment]:
    hours = look.definition.condition.hours or 1
    until = look.now.replace(second=0, microsecond=0)
    filters = replace(look.filters, date_from=until - timedelta(days=REMEMBERED_DAYS), date_to=until)
    newest = look.answers.run(questions.newest_instants, filters, look.calendar, look.dimension).groups
    if look.dimension is None and not newest:
        return {WHOLE_MEMBER: Judgment(Verdict.UNKNOWN, threshold=float(hours))}
    return {member: judge_age(last, look.now, hours) for member, last in newest.items()}
