"""What are scores made of? The answers to the questions of scorecards, by criterion, by group and over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from lib.analytics import cluster_spreads, queries
from lib.analytics.cluster_spreads import SharedSpreads
from lib.analytics.criteria import (
    CriteriaTable,
    CriterionRow,
    criteria,
    criteria_by,
    criterion_trend,
    has_answers,
)
from lib.analytics.queries import Trend, TrendPoint
from lib.analytics.query import Filters
from lib.catalog.criteria import Criterion
from lib.catalog.criterion_metrics import (
    AVERAGE_SHARE,
    CRITERION_METRICS,
    CRITICAL_FAIL_RATE,
    NUMBER_OF_CRITERIA,
    SCORECARD_METRICS,
    WITH_ANSWERS,
)
from lib.catalog.dimensions import EXECUTIVE, FAILED_CRITERION, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.reports import catalog_words, criteria_table, formatting, grouping, score_change
from lib.reports.changes import basis
from lib.reports.choice import ChoiceInput, ChoiceParameter
from lib.reports.context import PageContext
from lib.reports.coverage import coverage_notices
from lib.reports.criteria_table import ComparedCriterion
from lib.reports.criterion_words import criterion_names
from lib.reports.figures import CriteriaMapFigure, TrendFigure
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    ChartBlock,
    Click,
    Empty,
    Heading,
    IgnoredPart,
    Leader,
    Link,
    MetricCard,
    PageDefinition,
    SelectInputs,
    SelectParameter,
)
from lib.reports.page_help import CHANGE, COVERAGE, INTERVAL, Topic
from lib.reports.page_links import pairs, without_search
from lib.reports.words import Joined, Words, formatted, text

ACROSS = SelectParameter("across", text("Criteria by"), grouping.options, EXECUTIVE.name, as_list=True)
"""Whose answers are told apart in the map."""

CRITERION = ChoiceParameter("criterion", text("Criterion"))
"""Whose course is shown, by its name; by that of its form, too, where forms share it."""


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page."""
    found = context.answers.run(criteria, context.filters, context.calendar)
    if _is_unknown(context):
        name, value = CRITERION.parameter, context.choice(CRITERION)[:60]
        yield IgnoredPart(text("{parameter} '{value}' is not in the data.", parameter=name, value=value))
    if not found.rows:
        yield _nothing(context)
        return
    figures = criteria_table.criterion_figures(context, found.rows)
    yield _cards(context, found)
    yield from coverage_notices(context)
    yield Heading(text("Criteria"))
    yield criteria_table.CLICK_CAPTION
    yield criteria_table.criteria_table(figures)
    if caption := criteria_table.change_caption(context, figures):
        yield caption
    yield from _map(context, figures)
    yield from _course(context, figures)
    yield from score_change.blocks(context, figures)


def leaders(context: PageContext) -> tuple[Leader, ...]:
    """Return the weakest criterion, and the one that was failed most often, for a page that is of more than criteria.

    None of few answers leads. Where there are answers to fewer than two criteria there is nothing to tell apart.
    """
    if not context.answers.run(has_answers):
        return ()
    rows = context.answers.run(criteria, context.filters, context.calendar).rows
    answered = [row for row in rows if row.sums["answered"]]
    if len(answered) < 2:
        return ()
    names = criterion_names(row.criterion for row in rows)
    many = [row for row in answered if not AVERAGE_SHARE.is_small_sample(row.sums)]
    return (_weakest(context, many, names), _most_failed(context, many, names))


def _weakest(context: PageContext, rows: Sequence[CriterionRow], names: Mapping[Criterion, str]) -> Leader:
    """Return the criterion of the lowest average share."""
    label = text("Weakest criterion")
    if not rows:
        return Leader(label, formatting.NOTHING, text("Each has fewer than {few} answers.", few=FEW_EVALUATIONS))
    row = min(rows, key=lambda each: AVERAGE_SHARE.value(each.sums) or 0)
    name = names[row.criterion]
    share = text("average share {share}", share=formatted(formatting.metric, AVERAGE_SHARE, row.sums))
    link = Link(
        "criteria", text("See criteria"), pairs({**context.parameters, CRITERION.parameter: [name]}), "checklist"
    )
    return Leader(label, name, Joined((share, *basis(AVERAGE_SHARE, row.sums))), link)


def _most_failed(context: PageContext, rows: Sequence[CriterionRow], names: Mapping[Criterion, str]) -> Leader:
    """Return the criterion of which the largest share of answers got no points."""
    label, failed = text("Criterion failed most often"), CRITERION_METRICS["failed"]
    if not rows:
        return Leader(label, formatting.NOTHING, text("Each has fewer than {few} answers.", few=FEW_EVALUATIONS))
    row = max(rows, key=lambda each: failed.value(each.sums) or 0)
    if not row.sums["without_points"]:
        return Leader(label, formatting.NOTHING, text("Every answer has points."))
    share = text("no points in {share} of answers", share=formatted(formatting.metric, failed, row.sums))
    failing = criteria_table.failing(context, row.criterion).to_parameters()
    listed = pairs(without_search(context.parameters) | failing)
    link = Link("evaluations", text("See evaluations"), listed, "list_alt")
    return Leader(label, names[row.criterion], Joined((share, *basis(failed, row.sums))), link)


def _nothing(context: PageContext) -> Empty:
    """Return that there are no answers, in the selection or at all, and how they come."""
    if context.answers.run(has_answers):
        return Empty(
            text("No answers to criteria in this selection"), text("Choose a longer period, or other filters.")
        )
    return Empty(
        text("No evaluation has answers to criteria"),
        text(
            "Say on the Data page, under Scorecard, which columns are questions, send “results” with evaluations by "
            "the API or in JSON, or load a file of answers: callboard import --answers FILE"
        ),
    )


def _cards(context: PageContext, found: CriteriaTable) -> Cards:
    """Return what the answers are of, how many calls critical criteria failed, and how many criteria there are."""
    ask, compared = context.answers.run, context.compared
    before: CriteriaTable | None = None
    spreads: SharedSpreads = {}
    if compared is not None:
        before = ask(criteria, compared.filters, context.calendar)
        names = (CRITICAL_FAIL_RATE.name,)
        spreads = ask(cluster_spreads.executive_spreads, context.filters, compared.filters, context.calendar, names)
    label: Words = "" if compared is None else compared.label

    def card(metric: Metric, totals: Callable[[CriteriaTable], MeasureTotals]) -> MetricCard:
        was = None if before is None else totals(before)
        return MetricCard(metric, totals(found), (), was, label, spreads.get(metric.name))

    number = MeasureTotals.from_values((len(found.rows),), NUMBER_OF_CRITERIA.measures)
    return Cards(
        (
            card(WITH_ANSWERS, lambda table: table.evaluations),
            card(CRITICAL_FAIL_RATE, lambda table: table.evaluations),
            MetricCard(NUMBER_OF_CRITERIA, number, ()),  # of no interest is how it changed
        )
    )


def _map(context: PageContext, figures: tuple[ComparedCriterion, ...]) -> Iterator[Block]:
    """Yield the criteria by the groups of a dimension, those with the most answers first."""
    dimension = grouping.chosen(context, ACROSS) or EXECUTIVE
    cells = context.answers.run(criteria_by, context.filters, context.calendar, dimension).cells
    answers: dict[Member, int] = {}
    for (_, member), totals in cells.items():
        answers[member] = answers.get(member, 0) + totals["answered"]
    members = tuple(sorted(answers, key=lambda each: (-answers[each], each.name, each.parameter_value)))
    title = text("Criteria by {dimension}", dimension=catalog_words.lower_label(dimension))
    yield Heading(title)
    yield SelectInputs((grouping.offered(context, ACROSS),))
    known = tuple(each.criterion for each in figures)
    held = {cell: totals for cell, totals in cells.items() if cell[0] in set(known)}
    yield ChartBlock(
        title,
        CriteriaMapFigure(dimension, known, members, held),
        "criteria-map",
        Click("failed", dimension),
        has_heading=False,
    )
    yield Caption(
        text(
            "A click on a square lists the evaluations that got no points there. Where there are none, nothing opens."
        ),
        printed=False,
    )


def _course(context: PageContext, figures: tuple[ComparedCriterion, ...]) -> Iterator[Block]:
    """Yield the course of one criterion."""
    names = criterion_names(each.criterion for each in figures)
    criteria_by_name = {name: criterion for criterion, name in names.items()}
    options = {name: name for name in criteria_by_name}
    chosen = "" if _is_unknown(context) else context.choice(CRITERION)
    chosen = chosen or next(iter(options))
    if chosen not in options:
        options[chosen] = chosen[:60]
    yield Heading(text("A criterion over time"))
    yield ChoiceInput(CRITERION, tuple(options.items()))
    criterion = criteria_by_name.get(chosen) or next((each for each in names if each.name == chosen), None)
    if criterion is None:
        yield Empty(text("No answers to this criterion in this selection"), text("Choose another criterion."))
        return
    compared = None if context.compared is None else context.compared.filters
    figure = TrendFigure(
        (("", _trend(context, criterion, context.filters)),),
        AVERAGE_SHARE,
        None if compared is None else _trend(context, criterion, compared),
        context.trend_notes,
        height=280,
        counted="answered",
    )
    title = text("{criterion}: average share", criterion=names[criterion])
    yield ChartBlock(title, figure, "criterion-course", Click("period"), with_granularity=True)


def _is_unknown(context: PageContext) -> bool:
    """Return whether a criterion is chosen to which no evaluation in sight has an answer, of any form."""
    if not (chosen := context.choice(CRITERION)):
        return False
    known = context.answers.run(queries.options, FAILED_CRITERION, context.filters.grant, context.catalog)
    return not any(chosen == member.name or chosen.startswith(f"{member.name} (") for member in known)


def _trend(context: PageContext, criterion: Criterion, filters: Filters) -> Trend:
    """Return the answers to a criterion over time, as charts draw any course."""
    course = context.answers.run(criterion_trend, filters, context.calendar, criterion, context.granularity)
    return Trend(course.period, course.granularity, tuple(TrendPoint(*point) for point in course.points))


PAGE = PageDefinition(
    "criteria",
    text("Criteria"),
    text("What are scores made of?"),
    "checklist",
    blocks,
    (ACROSS,),
    choices=(CRITERION,),
    topics=(
        Topic(
            text("Criteria"),
            text(
                "A criterion is one question of a scorecard. An answer has points of a maximum, or says that the "
                "criterion was not applicable; then it counts nowhere else. Failing a critical criterion, with no "
                "points, fails the call. A click on a criterion lists the evaluations that got no points in it; where "
                "there are none, nothing opens."
            ),
        ),
        INTERVAL,
        CHANGE,
        Topic(
            text("Small samples"),
            text(
                "What rests on fewer than {few} answers is marked: a single call would change it too much.",
                few=FEW_EVALUATIONS,
            ),
        ),
        COVERAGE,
        Topic(score_change.TITLE, score_change.HELP),
        *(Topic(text(metric.label), text(metric.help)) for metric in SCORECARD_METRICS.values()),
    ),
)
