"""What a page is about: the filters in force, what it is compared with, what the reader chose, and whom to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from lib.analytics import breakdowns, cluster_spreads, comparison, queries, rank_ranges
from lib.analytics.breakdowns import RANKED_BY, Breakdown
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.cluster_spreads import SharedSpreads
from lib.analytics.dimensions_in_use import dimensions_in_use, groupings_in_use, own_fields_in_use
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.queries import DatasetStatus, SelectionSummary, Trend
from lib.analytics.query import Filters, local_date
from lib.analytics.query_cache import QueryCache
from lib.analytics.rank_ranges import GroupRanks
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, Member, NamedDimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.catalog.own_fields import OWN_SUM, OwnField
from lib.i18n import day
from lib.reports import filter_text, formatting
from lib.reports.choice import ChoiceParameter
from lib.reports.figures import TrendNote
from lib.reports.list_parameter import ListParameter
from lib.reports.page import NumberParameter, SelectParameter, TextParameter
from lib.reports.words import Joined, Words, formatted, plural, text

MAX_POINTS = 1_500
"""Buckets of a trend that pages draw; where there would be more, they are wider. Months are never as many."""

MOST_DEFINED = 12
"""So many defined metrics have a card and a column; the page Metrics has all of them."""

_DAYS = {Granularity.DAILY: 1, Granularity.WEEKLY: 7, Granularity.MONTHLY: 31}
"""Days that a bucket has at most."""

Notes = Callable[[date, date], Sequence[TrendNote]]
"""Returns the notes of the days from a first to a last one."""


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What a reader chose besides the filters: what to compare with, the width of buckets, a page's own parameters."""

    compare: str = "previous"  # one of comparison.KINDS
    compared_days: tuple[date, date] | None = None
    granularity: Granularity | None = None  # None: what suits the period
    selected: Mapping[str, str] = field(default_factory=dict)  # by URL parameter
    numbers: Mapping[str, int] = field(default_factory=dict)  # by URL parameter
    texts: Mapping[str, str] = field(default_factory=dict)  # by URL parameter
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by URL parameter
    page: int = 1
    opened: str = ""  # the id of what a link opens
    parameters: Mapping[str, list[str]] = field(default_factory=dict)  # all of these in a URL; links keep them


@dataclass(frozen=True, slots=True)
class ComparisonContext:
    """What the period is compared with: the same question about other days, its sums, and the days in words.

    `data_begin` is the first day of all data, where that comes after the first of these days.
    """

    filters: Filters
    sums: MeasureTotals
    label: Words
    data_begin: date | None = None

    @property
    def words(self) -> Words:
        """What is compared with, and from when on there are data where they begin later."""
        compared = text("compared with {label}", label=self.label)
        if self.data_begin is None:
            return compared
        return Joined((compared, text("data begin on {day}", day=formatted(day, self.data_begin))), ", ")


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page is about: the filters in force, what it is compared with, what was chosen, and whom to ask."""

    answers: QueryCache
    calendar: Calendar
    filters: Filters
    view: ViewOptions
    notes: Notes
    opened: Member | None  # the group that a page of a dimension shows in detail
    status: DatasetStatus
    summary: SelectionSummary
    selection: tuple[Words, ...]  # what is selected, part by part
    compared: ComparisonContext | None  # None where there is nothing to compare with
    nothing_before: Words | None  # that there are no evaluations in the days that were chosen to compare with
    granularity: Granularity  # the width of a trend's buckets
    asked_granularity: Granularity  # what was chosen; another where that would be more than MAX_POINTS
    suited_granularity: Granularity  # what suits the period

    def selected(self, of: SelectParameter) -> str:
        """Return which option of a page's parameter is selected."""
        chosen = self.view.selected.get(of.parameter)
        return chosen if chosen is not None and chosen in of.values(self.catalog) else of.default

    def number(self, of: NumberParameter) -> int | None:
        """Return a number that was given on the page; None without one."""
        return self.view.numbers.get(of.parameter)

    def text(self, of: TextParameter) -> str:
        """Return a text that is looked for on the page; an empty one without any."""
        return self.view.texts.get(of.parameter, "")

    def choice(self, of: ChoiceParameter) -> str:
        """Return what is chosen of what the data may have; an empty text without any."""
        return self.view.texts.get(of.parameter, "")

    def listed(self, of: ListParameter) -> tuple[str, ...]:
        """Return which options of a page's list are chosen, in the order of the options."""
        chosen = self.view.lists.get(of.parameter, ())
        return tuple(value for value in of.values(self.catalog) if value in chosen)

    @property
    def catalog(self) -> Catalog:
        """What can be asked."""
        return self.filters.catalog

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The URL parameters that show the same selection in the same way."""
        return self.filters.to_parameters() | dict(self.view.parameters)

    @property
    def selection_text(self) -> str:
        """What is selected, in the words of the language in use: `1–31 Jan 2024 · Campaign: Q1 Outbound Sales`."""
        return " · ".join(map(str, self.selection))

    @property
    def shown(self) -> tuple[Words, ...]:
        """What is shown, part by part: period, filters, how many evaluations, compared with what, as of when."""
        as_of = formatted(formatting.instant, self.status.changed_at.astimezone(self.filters.zone(self.calendar.zone)))
        return (
            *self.selection,
            self.counted,
            *([text("sample data, made up")] if self.status.is_sample else []),
            *([self.compared.words] if self.compared else []),
            *([self.nothing_before] if self.nothing_before else []),
            text("last updated {when} ({zone})", when=as_of, zone=self.zone_name),
        )

    @property
    def counted(self) -> Words:
        """How many evaluations are shown."""
        return plural("{count} evaluation", "{count} evaluations", self.summary.sums["evaluations"])

    @property
    def days(self) -> int:
        """How many days the period in force has, its first and its last among them; 0 where it has no end."""
        period = self.summary.period
        return 0 if None in (period.date_from, period.date_to) else _days(self.filters, self.calendar, period) + 1

    @property
    def dimensions_in_use(self) -> tuple[NamedDimension, ...]:
        """The dimensions that some evaluation in sight belongs to a group of."""
        return self.answers.run(dimensions_in_use, self.filters.grant, self.catalog)

    @property
    def own_fields_in_use(self) -> tuple[OwnField, ...]:
        """The own fields of which some evaluation in sight has a value."""
        return self.answers.run(own_fields_in_use, self.filters.grant, self.catalog)

    @property
    def groupings_in_use(self) -> tuple[Dimension, ...]:
        """What may be grouped by, without what no evaluation in sight says anything of."""
        return self.answers.run(groupings_in_use, self.filters.grant, self.catalog)

    def breakdown(
        self, dimension: Dimension, filters: Filters | None = None, *, with_defined: bool = True
    ) -> Breakdown:
        """Return all groups of a dimension, the largest first, in the selection or with other filters.

        Those of the selection have intervals of all metrics, which tables show of them; of the metrics that the
        workspace defined only where asked for, as no rollup may hold these by the dimension.
        """
        chosen = self.filters if filters is None else filters
        if chosen != self.filters:
            return self.answers.run(breakdowns.all_groups, chosen, self.calendar, dimension, RANKED_BY)
        days_of, own = self.catalog.uncertain_metrics, self.defined_metrics if with_defined else ()
        asked = ((*days_of, *own), own) if own else (days_of,)
        return self.answers.run(breakdowns.all_groups, chosen, self.calendar, dimension, *asked)

    def ranks(self, dimension: Dimension) -> GroupRanks:
        """Return between which places the groups of a dimension lie by average score."""
        asked = self.filters, self.calendar, dimension, self.answers
        return self.answers.run(rank_ranges.ranks, *asked, self.catalog.uncertain_metrics)

    @property
    def executive_spreads(self) -> SharedSpreads:
        """How executives spread around the changes of metrics; empty where nothing is compared."""
        if self.compared is None:
            return {}
        names = self.catalog.uncertain_metrics
        return self.answers.run(
            cluster_spreads.executive_spreads, self.filters, self.compared.filters, self.calendar, names
        )

    @property
    def trend(self) -> Trend:
        """The course of the selection."""
        return self.answers.run(queries.trend, self.filters, self.calendar, self.granularity)

    def trend_of(self, metric: Metric) -> Trend:
        """Return the course of the selection with what a metric is made of."""
        if not metric.is_own:
            return self.trend
        return self.answers.run(queries.trend, self.filters, self.calendar, self.granularity, (metric.name,))

    @property
    def compared_trend(self) -> Trend | None:
        """The course of what it is compared with, as far as the selection's own goes; None without a comparison."""
        return self.compared_trend_of(AVERAGE_SCORE)

    def compared_trend_of(self, metric: Metric) -> Trend | None:
        """Return the same course with what a metric is made of."""
        if self.compared is None:
            return None
        filters = self.compared.filters
        first, last, zone = filters.date_from, filters.date_to, filters.zone(self.calendar.zone)
        if first is not None and last is not None:
            most = (len(self.trend.points) + 2) * _DAYS[self.granularity]  # own dates may be many more
            furthest = local_date(first, zone) + timedelta(days=most)
            filters = replace(filters, date_to=furthest if furthest < local_date(last, zone) else last)
        own = ((metric.name,),) if metric.is_own else ()
        return self.answers.run(queries.trend, filters, self.calendar, self.granularity, *own)

    @property
    def defined_metrics(self) -> tuple[str, ...]:
        """The names of the metrics that the workspace defined and that pages show: the first MOST_DEFINED of them."""
        return tuple(self.catalog.defined_metrics)[:MOST_DEFINED]

    @property
    def totals(self) -> MeasureTotals:
        """The measures of the selection with those of defined metrics, and how days spread around each metric."""
        if not self.defined_metrics:
            return self.summary.sums
        return self.own_totals((*self.catalog.uncertain_metrics, *self.defined_metrics))

    @property
    def compared_totals(self) -> MeasureTotals | None:
        """Return the same of what the selection is compared with; None where nothing is."""
        if self.compared is None or not self.defined_metrics:
            return None if self.compared is None else self.compared.sums
        return self.own_totals((*self.catalog.uncertain_metrics, *self.defined_metrics), self.compared.filters)

    def own_totals(self, metrics: tuple[str, ...], filters: Filters | None = None) -> MeasureTotals:
        """Return the measures of metrics of own fields in the selection, or with other filters."""
        return self.answers.run(queries.own_totals, filters or self.filters, self.calendar, metrics)

    @property
    def own_metrics_in_use(self) -> tuple[Metric, ...]:
        """The metrics of the own fields of which some evaluation in sight has a value."""
        used = {own.parameter for own in self.own_fields_in_use}
        metrics = self.catalog.own_metrics.values()
        return tuple(each for each in metrics if each.name.removesuffix(OWN_SUM) in used)

    @property
    def trend_notes(self) -> tuple[TrendNote, ...]:
        """The notes of the days that the trend shows."""
        points = self.trend.points
        return tuple(self.notes(points[0].bucket.first, points[-1].bucket.last)) if points else ()

    @property
    def zone_name(self) -> str:
        """The zone that days are meant in."""
        return self.filters.zone(self.calendar.zone).key


def build_context(
    answers: QueryCache,
    calendar: Calendar,
    filters: Filters,
    view: ViewOptions,
    notes: Notes,
    opened: Member | None = None,
    now: datetime | None = None,
) -> PageContext:
    """Ask what every page shows of a selection; what it is compared with goes as far as `now`, by default now."""
    summary = answers.run(queries.summary, filters, calendar)
    days = _days(filters, calendar, summary.period)
    suits = Granularity.DAILY if days <= 62 else Granularity.WEEKLY if days <= 400 else Granularity.MONTHLY
    chosen = view.granularity or suits
    compared, nothing_before = _compared(answers, calendar, filters, summary.period, view, now or datetime.now(UTC))
    return PageContext(
        answers,
        calendar,
        filters,
        view,
        notes,
        opened,
        answers.run(queries.status),
        summary,
        filter_text.selection(answers, filters, summary.period),
        compared,
        nothing_before,
        _drawable(chosen, days),
        chosen,
        suits,
    )


def _days(filters: Filters, calendar: Calendar, period: ResolvedPeriod) -> int:
    """Return how many days lie between the ends of the period in force."""
    if period.date_from is None or period.date_to is None:
        return 0
    zone = filters.zone(calendar.zone)
    return (local_date(period.date_to, zone) - local_date(period.date_from, zone)).days


def _drawable(asked: Granularity, days: int) -> Granularity:
    """Return the width of buckets that was asked for, or a wider one where there would be more than MAX_POINTS."""
    wide = asked
    while wide is not Granularity.MONTHLY and days // _DAYS[wide] >= MAX_POINTS:
        wide = Granularity.WEEKLY if wide is Granularity.DAILY else Granularity.MONTHLY
    return wide


def _compared(
    answers: QueryCache,
    calendar: Calendar,
    filters: Filters,
    period: ResolvedPeriod,
    view: ViewOptions,
    now: datetime,
) -> tuple[ComparisonContext | None, Words | None]:
    """Return what a period is compared with, or that there is nothing where it should be."""
    zone = filters.zone(calendar.zone)
    found = comparison.compared_with(view.compare, period, calendar, now.astimezone(zone), view.compared_days)
    if found is None:
        return None, None
    other = found.of(filters)
    sums = answers.run(queries.summary, other, calendar).sums
    if not sums["evaluations"]:
        return None, text(
            "no evaluations to compare with in {label}", label=formatted(filter_text.compared_period, found)
        )
    everything = Filters(timezone=filters.timezone, grant=filters.grant, catalog=filters.catalog)
    begin = answers.run(resolve_period, everything, calendar).date_from
    begins_later = begin is not None and local_date(begin, zone) > found.first
    label = formatted(filter_text.compared_period, found)
    return ComparisonContext(other, sums, label, begin if begins_later else None), None
