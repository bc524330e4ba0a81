"""How many calls do we need to evaluate? For a change that one wants to notice, in all and by executive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from lib.analytics import breakdowns, cluster_spreads, queries
from lib.analytics.breakdowns import MOST_WITH_DAYS, Group
from lib.analytics.calendar import Granularity
from lib.analytics.queries import MAX_TREND_POINTS
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import EXECUTIVE
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Unit, rounded
from lib.i18n import number
from lib.reports import formatting, metric_columns
from lib.reports.context import PageContext
from lib.reports.figures import standard_deviation
from lib.reports.page import (
    Block,
    Empty,
    Heading,
    NumberInput,
    NumberParameter,
    PageDefinition,
    SelectInputs,
    SelectParameter,
    Sentences,
    TableBlock,
)
from lib.reports.page_help import INTERVAL, Topic
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Words, formatted, plural, text
from lib.statistics import sample_sizes
from lib.store.enums import SCORE_SCALE

_MOST_DAYS_A_BUCKET = 31


def _differences(_: Catalog) -> tuple[tuple[str, Words], ...]:
    return tuple((value, formatted(number, float(value), 2)) for value in ("0.1", "0.25", "0.5", "1"))


DIFFERENCE = SelectParameter("difference", text("Change to notice, in points"), _differences, "0.25")
POWER = SelectParameter("power", text("Chance to notice it"), lambda _: (("80", "80 %"), ("90", "90 %")), "80")
HANDLED = NumberParameter(
    "callsHandled",
    text("Calls handled in the period"),
    text("If you know it: how many calls there were, evaluated or not. Fewer evaluations are enough then."),
)

HELP = (
    "A change counts as noticed if a test at 5 % tells it from chance. The number comes from how much single scores "
    "spread in this selection, and from how much the scores of one day have in common, which more calls on the same "
    "days do not even out. It holds for calls that are chosen at random, and for two periods with as many evaluations "
    "each. Where the number of calls handled is given, the part that was not evaluated is what is uncertain "
    "(finite-population correction)."
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is planned with: the spread of scores, what days have in common, what is to be noticed and how surely."""

    totals: MeasureTotals
    deviation: float
    day_share: float
    days: int
    difference: float
    power: float

    def needed(self, population: int | None = None) -> int | None:
        """Return how many scores each of two periods needs; None where no number is enough."""
        return sample_sizes.sample_size(
            self.difference,
            self.deviation,
            self.power,
            day_share=self.day_share,
            days=self.days,
            population=population,
        )

    def detectable(self, n: int, population: int | None = None) -> float | None:
        """Return the change that so many scores in both periods can tell; None with fewer than two."""
        return sample_sizes.detectable_difference(
            n, self.deviation, self.power, day_share=self.day_share, days=self.days, population=population
        )


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page."""
    yield SelectInputs((DIFFERENCE, POWER))
    yield NumberInput(HANDLED)
    plan = _plan(context)
    if plan is None:
        yield Empty(text("No scores to plan with"), text("At least two evaluations with different scores are needed."))
        return
    yield Sentences(tuple(_sentences(plan, context.number(HANDLED))), text(HELP))
    yield Heading(text("By executive"))
    yield _table(context, plan)


def _plan(context: PageContext) -> _Plan | None:
    totals = context.summary.sums
    deviation = standard_deviation(totals)
    if not deviation:
        return None
    days = _days(context)
    return _Plan(
        totals,
        deviation,
        sample_sizes.day_share(days),
        max(1, len(days)),
        float(context.selected(DIFFERENCE)),
        int(context.selected(POWER)) / 100,
    )


def _days(context: PageContext) -> list[tuple[int, int, int]]:
    """Return the number of scores of each day, their sum and that of their squares; none where there are too many."""
    trend = context.trend
    if trend.granularity is not Granularity.DAILY:
        if len(trend.points) * _MOST_DAYS_A_BUCKET > MAX_TREND_POINTS:
            return []
        trend = context.answers.run(queries.trend, context.filters, context.calendar, Granularity.DAILY)
    sums = (point.sums for point in trend.points if point.sums["scored"])
    return [(day["scored"], day["score_sum"], day["score_square_sum"]) for day in sums]


def _sentences(plan: _Plan, handled: int | None) -> Iterator[Words]:
    has = plan.totals["scored"]
    is_known = handled is not None and handled >= has
    population = handled if is_known else None
    needed, alone = plan.needed(population), plan.needed()
    if needed is None:
        yield text(
            "No number of evaluations lets {difference} points be noticed within {days} days: the days differ too "
            "much. A longer period would.",
            difference=formatted(number, plan.difference, 2),
            days=formatted(formatting.count, plan.days),
        )
    else:
        yield text(
            "To notice a change of {difference} points from one period of this length to the next with a chance of "
            "{power} %, each needs {needed} scored evaluations; this one has {has}.",
            difference=formatted(number, plan.difference, 2),
            power=formatted(number, plan.power * 100),
            needed=formatted(formatting.count, needed),
            has=formatted(formatting.count, has),
        )
    detectable = plan.detectable(has, population)
    if detectable is not None:
        yield text(
            "With as many evaluations as now in both periods, changes of at least {difference} points are noticed with "
            "a chance of {power} %.",
            difference=formatted(number, detectable, 2),
            power=formatted(number, plan.power * 100),
        )
    if alone is not None:
        yield text("For one executive it takes {needed}.", needed=formatted(formatting.count, alone))
    if handled is not None:
        yield _fraction(plan.totals, handled)


def _fraction(totals: MeasureTotals, handled: int) -> Words:
    """Return which part of the calls was scored, and the average of all of them."""
    scored, calls = totals["scored"], formatted(formatting.count, handled)
    if handled < scored:
        return text(
            "{handled} calls handled are fewer than the {scored} that have a score: check the number.",
            handled=calls,
            scored=formatted(formatting.count, scored),
        )
    ends = sample_sizes.population_interval(
        scored, totals["score_sum"], totals["score_square_sum"], handled, SCORE_SCALE
    )
    return text(
        "{share} of the {handled} calls handled have a score. The average of all of them lies in {ends} (95 %), if "
        "the evaluated ones were chosen at random.",
        share=formatted(formatting.value, Unit.SHARE, Fraction(scored, handled)),
        handled=calls,
        ends=formatted(formatting.interval, Unit.SCORE, ends),
    )


def _table(context: PageContext, plan: _Plan) -> TableBlock:
    breakdown = context.answers.run(breakdowns.all_groups, context.filters, context.calendar, EXECUTIVE)
    groups = breakdown.groups
    needed = plan.needed()

    def detectable(group: Group) -> float | None:
        found = plan.detectable(group.sums["scored"])
        return None if found is None else rounded(found, 2)

    def more(group: Group) -> int | None:
        return None if needed is None else max(0, needed - group.sums["scored"])

    def name(group: Group) -> str:
        return formatting.member_name(group.named)

    def with_days() -> tuple[Group, ...]:
        ask, names = context.answers.run, (AVERAGE_SCORE.name,)
        if len(groups) <= MOST_WITH_DAYS:
            return groups
        days = ask(cluster_spreads.day_spreads_by, context.filters, context.calendar, names, EXECUTIVE).groups
        return tuple(replace(group, sums=group.sums.with_days(days.get(group.named, {}))) for group in groups)

    columns: tuple[Column[Group], ...] = (
        Column(
            text(EXECUTIVE.label),
            metric_columns.shown_names((group.named for group in groups), lambda group: group.named),
            in_file=metric_columns.member_fields(EXECUTIVE, lambda group: group.named, name),
        ),
        *metric_columns.metric(AVERAGE_SCORE, lambda group: group.sums),
        metric_columns.count(text("Scored"), lambda group: group.sums["scored"], "scoredEvaluations"),
        Column(
            text("Noticeable change"),
            detectable,
            lambda group: "–" if (found := detectable(group)) is None else f"± {number(found, 2)}",
            Look.NUMBER,
            text("The change of the average that as many evaluations in both periods can tell with the chosen chance."),
            in_file=(FileField("noticeableChange", text("Noticeable change"), detectable, "score"),),
        ),
        Column(
            text("More needed"),
            more,
            lambda group: "–" if (found := more(group)) is None else formatting.count(found),
            Look.NUMBER,
            text("Scored evaluations that are missing for the change to notice."),
            in_file=(FileField("moreNeeded", text("More needed"), more, "count"),),
        ),
    )
    return TableBlock(
        PageTable(
            text("By executive"),
            "table-sample-size",
            columns,
            groups[:MOST_ROWS],
            len(groups),
            text("largest first"),
            plural(
                "Evaluations needed by executive: {count} row",
                "Evaluations needed by executive: {count} rows",
                len(groups),
            ),
            TableFile(text("Sample size"), "sample-size", file_fields(columns), with_days),
            has_total=False,
        )
    )


PAGE = PageDefinition(
    "sample_size",
    text("Sample size"),
    text("How many calls do we need to evaluate?"),
    "calculate",
    blocks,
    (DIFFERENCE, POWER),
    numbers=(HANDLED,),
    is_compared=False,
    topics=(Topic(text("Sample size"), text(HELP)), INTERVAL),
)
