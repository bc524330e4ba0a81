"""Who evaluated? The scores that evaluators give, as they are and like for like, and how they work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lib.analytics.calendar import Granularity
from lib.analytics.grading import Grading, grading
from lib.catalog.dimensions import EVALUATOR, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Unit, rounded
from lib.i18n import number, t
from lib.reports import formatting, metric_columns
from lib.reports.breakdown_table import standardized_help
from lib.reports.context import MAX_POINTS, PageContext
from lib.reports.figures import TrendFigure, standard_deviation
from lib.reports.page import Block, Caption, ChartBlock, Click, Empty, Heading, PageDefinition, TableBlock
from lib.reports.page_help import SELECTION, Topic
from lib.reports.pages import breakdowns, trends
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Words, plural, text

_DAYS_PER_WEEK = 7
_HOUR, _DAY = 3_600, 86_400  # seconds
_NOTHING = Grading(0, 0, 0, None)
_ADJUSTED = Topic(text("Adjusted (like for like)"), text(standardized_help(EVALUATOR)))
_WORK = Topic(
    text("How evaluators work"),
    text(
        "Full marks is the share of scores that are 10, with its 95 % interval. Time to evaluation is the median "
        "from the call to its evaluation; evaluations without a time, or with one before the call, are left out. "
        "Spread is the standard deviation of the scores: a small one says that an evaluator hardly tells calls apart."
    ),
)


@dataclass(frozen=True, slots=True)
class _WorkRow:
    """One row of the table of work: an evaluator, or the whole selection."""

    member: Member | None  # None for the whole
    sums: MeasureTotals
    grading: Grading
    per_week: float | None


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page: what any dimension's page has, and how evaluators work."""
    if EVALUATOR not in context.dimensions_in_use:
        yield Empty(
            text("No evaluation says who evaluated it"),
            text("Import a file with a column for the evaluator, and assign it to Evaluator on the Data page."),
        )
        return
    yield from breakdowns.blocks(context, EVALUATOR, text("Evaluators"))
    if context.opened is not None:
        return
    yield Heading(text("How evaluators work"))
    yield _table(context)
    if context.summary.sums["evaluations"]:
        yield _by_week(context)
        yield Caption(text("The day of an evaluation is that of its call."))


def _by_week(context: PageContext) -> ChartBlock:
    """Return how many evaluations each of the largest evaluators made by week or, of a very long period, by month."""
    by_month = context.days // _DAYS_PER_WEEK >= MAX_POINTS
    title = text("Evaluations by month") if by_month else text("Evaluations by week")
    courses = trends.split(context, EVALUATOR, Granularity.MONTHLY if by_month else Granularity.WEEKLY)
    figure = TrendFigure(courses, context.catalog.metrics["totalEvaluations"])
    return ChartBlock(title, figure, "workload", Click("period"))


def _table(context: PageContext) -> TableBlock:
    """Return how each evaluator works, the largest first, below the whole selection."""
    work = context.answers.run(grading, context.filters, context.calendar)
    weeks = context.days / _DAYS_PER_WEEK
    total = _row(None, context.summary.sums, work.total, weeks)
    groups = context.breakdown(EVALUATOR).groups
    # One whom an import brought between the two questions has no figures yet.
    rows = [_row(group.named, group.sums, work.evaluators.get(group.named, _NOTHING), weeks) for group in groups]
    columns = _columns([group.named for group in groups])
    title = text("How evaluators work")
    return TableBlock(
        PageTable(
            title,
            "table-work",
            tuple(columns),
            (total, *rows[:MOST_ROWS]),
            len(rows),
            text("largest first"),
            plural("{title}: {count} row and a total", "{title}: {count} rows and a total", len(rows), title=title),
            TableFile(title, "evaluators-work", file_fields(columns), lambda: rows, total),
            ids=(None, *(group.named.parameter_value for group in groups[:MOST_ROWS])),
            hint=text("Click to open the details."),
        ),
        Click("open", EVALUATOR),
    )


def _row(member: Member | None, sums: MeasureTotals, work: Grading, weeks: float) -> _WorkRow:
    """Return a row; fewer days than a week do not say how many evaluations a week has."""
    return _WorkRow(member, sums, work, sums["evaluations"] / weeks if weeks >= 1 else None)


def _columns(members: Iterable[Member]) -> list[Column[_WorkRow]]:
    share = text("Full marks")
    return [
        Column(
            text(EVALUATOR.label),
            metric_columns.shown_names(members, lambda row: row.member),
            in_file=metric_columns.member_fields(EVALUATOR, lambda row: row.member, _name),
        ),
        metric_columns.count(text("Evaluations"), lambda row: row.sums["evaluations"], "totalEvaluations"),
        _number(text("Per week"), "perWeek", lambda row: rounded(row.per_week, 1), 1),
        metric_columns.count(text("Scored"), lambda row: row.grading.scored, "scoredEvaluations"),
        metric_columns.note(lambda row: row.sums),
        _number(text("Spread of scores"), "scoreSpread", lambda row: rounded(standard_deviation(row.sums), 2), 2),
        Column(
            share,
            lambda row: rounded(row.grading.full_marks_share, 4),
            lambda row: formatting.value(Unit.SHARE, row.grading.full_marks_share),
            Look.NUMBER,
            in_file=(FileField("fullMarks", share, lambda row: rounded(row.grading.full_marks_share, 4), "share"),),
        ),
        Column(
            text("{metric}: 95 % CI", metric=share),
            lambda row: formatting.interval(Unit.SHARE, row.grading.full_marks_interval),
            in_file=metric_columns.interval_fields("fullMarks", share, Unit.SHARE, _ends),
        ),
        Column(
            text("Time to evaluation"),
            lambda row: row.grading.median_seconds,
            lambda row: _time(row.grading.median_seconds),
            Look.NUMBER,
            in_file=(
                FileField(
                    "secondsToEvaluation",
                    text("Time to evaluation"),
                    lambda row: row.grading.median_seconds,
                    "seconds",
                ),
            ),
        ),
        metric_columns.count(text("Evaluations with a time"), lambda row: row.grading.timed, "timedEvaluations"),
    ]


def _number(label: Words, name: str, value: Callable[[_WorkRow], float | None], decimals: int) -> Column[_WorkRow]:
    """Return a column of a number with so many decimals."""

    def said(row: _WorkRow) -> str:
        amount = value(row)
        return formatting.NOTHING if amount is None else number(amount, decimals)

    return Column(label, value, said, Look.NUMBER, in_file=(FileField(name, label, value, Unit.SCORE.value),))


def _name(row: _WorkRow) -> str:
    return t("Total") if row.member is None else formatting.member_name(row.member)


def _ends(row: _WorkRow) -> tuple[float | None, float | None] | None:
    ends = row.grading.full_marks_interval
    return None if ends is None else (rounded(ends[0], 4), rounded(ends[1], 4))


def _time(seconds: int | None) -> str:
    """Return how long an evaluation takes to come: minutes, hours or days, whichever says it best."""
    if seconds is None:
        return formatting.NOTHING
    if seconds < _HOUR:
        return t("{minutes} min", minutes=number(seconds // 60))
    if seconds < 2 * _DAY:
        return t("{hours} h", hours=number(seconds / _HOUR, 1))
    return t("{days} days", days=number(seconds / _DAY, 1))


PAGE = PageDefinition(
    "evaluators",
    text("Evaluators"),
    text("Who is strict, and who is lenient?"),
    "grading",
    blocks,
    (breakdowns.SCORES, breakdowns.HELD),
    EVALUATOR,
    topics=(*SELECTION, _ADJUSTED, _WORK),
)
