"""What changed: the change of a metric split over groups, in sentences, bars and a table."""

from __future__ import annotations

from collections.abc import Iterator

from lib.analytics import cluster_spreads, decomposition, queries
from lib.analytics.cluster_spreads import SharedSpreads
from lib.analytics.decomposition import Decomposition, MixEffect
from lib.analytics.planner import is_from_rollup
from lib.analytics.query import Filters
from lib.analytics.value_samples import day_variance
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, ENGAGEMENT, STATE, Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.catalog.uncertainty import OfValues
from lib.reports import cards, catalog_words, decomposition_table, filter_text, grouping
from lib.reports.context import PageContext
from lib.reports.coverage import coverage_notices
from lib.reports.decomposition_text import explain
from lib.reports.figures import WaterfallFigure
from lib.reports.grouping import BY
from lib.reports.metric_choice import METRIC, chosen_metric, offered_metrics
from lib.reports.page import (
    Block,
    Caption,
    ChartBlock,
    Click,
    Empty,
    Heading,
    Link,
    PageDefinition,
    SelectInputs,
    Story,
    Suggestion,
)
from lib.reports.page_help import CHANGE, COVERAGE, INTERVAL, Topic
from lib.reports.page_links import of_average_score, pairs
from lib.reports.table import MOST_ROWS
from lib.reports.words import Words, formatted, text

NO_QUOTIENT = text(
    "Parts of a change add up where a metric is one sum divided by another, as means, shares and ratios are. Counts, "
    "sums, percentiles, the least and the greatest, different groups, rounded values and what is made of several "
    "metrics are not."
)
"""Why the change of a metric can't be split by its formula."""

NEGATIVE_SHARES = text("What it is divided by is negative in a group, so that the groups have no shares of it.")

MOST_LOOKED_AT = 12
"""Of so many dimensions it is looked whether their mix masks what happened; each is a question of its own."""


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page."""
    yield from cards.key_figures(context, is_explained=True)
    yield from coverage_notices(context)
    # Completed evaluations alone have scores.
    yield SelectInputs((offered_metrics(context), grouping.offered(context, BY, STATE)))
    metric, dimension = chosen_metric(context), grouping.chosen(context, BY) or CAMPAIGN
    if metric.linear is None:
        yield from _not_split(context, metric, NO_QUOTIENT)
        return
    change = _decompose(context, dimension, metric)
    sentences = _sentences(context, change, dimension) if change else None
    if change is None or sentences is None or context.compared is None:
        yield _nothing(context, metric)
        return
    if change.has_negative_shares:
        yield from _not_split(context, metric, NEGATIVE_SHARES)
        return
    yield sentences
    others = [each for each in context.groupings_in_use if each != STATE]
    for other in others[:MOST_LOOKED_AT] if is_from_rollup(context.filters, metric) else ():
        if other != dimension and _mix_masks(context, other, metric):
            label = text(
                "View by {dimension}: mix masks what happened",
                dimension=catalog_words.lower_label(other),
            )
            yield Suggestion(label, BY.parameter, other.name, "visibility")
    now = formatted(filter_text.period, change.period)
    yield ChartBlock(
        text("Contributions to the change"),
        WaterfallFigure(change, context.compared.label, now),
        "waterfall",
        Click("evaluations", dimension),
    )
    if metric.name == AVERAGE_SCORE.name:
        yield Caption(
            text(
                "Performance: the groups' own scores changed. Mix (pale): their shares of the scored evaluations "
                "changed. The bars add up; their labels are rounded."
            )
        )
    else:
        yield Caption(
            text(
                "Performance: the groups' own values changed. Mix (pale): their shares of what the metric is divided "
                "by changed. The bars add up; their labels are rounded."
            )
        )
    yield Heading(text("Details"))
    yield decomposition_table.table(context, dimension, change, _totals(context, metric, context.filters))


def _not_split(context: PageContext, metric: Metric, why: Words) -> Iterator[Block]:
    """Yield that the change of a metric can't be split, why, and the way to its trend."""
    yield Empty(text("{metric} can't be split over groups", metric=catalog_words.metric_label(metric)), why)
    yield Link(
        "trends", text("See trend"), pairs({**context.parameters, METRIC.parameter: [metric.name]}), "show_chart"
    )


def _nothing(context: PageContext, metric: Metric) -> Empty:
    """Return why no change can be explained."""
    if context.compared is not None and metric.name != AVERAGE_SCORE.name:
        return Empty(text("No values to compare"), text("One of the two periods has no value in this selection."))
    if context.compared is not None:
        return Empty(text("No scores to compare"), text("One of the two periods has no score in this selection."))
    if context.view.compare == "none":
        return Empty(text("Nothing to compare with"), text("Choose in the sidebar what to compare the period with."))
    return Empty(
        text("Nothing to compare with"),
        text("Choose a period in the sidebar that has data before it."),
    )


def story(context: PageContext) -> Story | None:
    """Return what moved the average score in two sentences, and the way to its parts; None without a comparison.

    It is told by the first dimension of which more than one group is shown, or the first whose mix masks something.
    """
    dimensions = (CAMPAIGN, CALL_CENTER, ENGAGEMENT)  # by executive, mix is what one is used to, and takes longest
    several = [each for each in dimensions if len(context.filters.ids(each)) != 1] or [CAMPAIGN]
    dimension = next((each for each in several if _mix_masks(context, each, AVERAGE_SCORE)), several[0])
    change = _decompose(context, dimension, AVERAGE_SCORE)
    sentences = _sentences(context, change, dimension) if change else None
    if sentences is None:
        return None
    parameters = {**of_average_score(context.parameters), BY.parameter: [dimension.name]}
    link = Link("drivers", text("See the breakdown"), pairs(parameters), "waterfall_chart")
    return Story(sentences.change, sentences.chance, sentences.mix_effect, sentences.parts, link)


def _decompose(context: PageContext, dimension: Dimension, metric: Metric) -> Decomposition | None:
    if context.compared is None:
        return None
    other, ask = context.compared.filters, context.answers.run
    if metric.is_own or _has_many_groups(context, dimension):
        # Kept, as it takes long.
        return ask(decomposition.decomposition, context.filters, other, context.calendar, dimension, *_named(metric))
    now, before = (
        context.breakdown(dimension, filters, with_defined=False)  # as ranks are made of
        for filters in (context.filters, other)
    )
    kind = decomposition.values_kind(metric, before.total, now.total)
    of_values = () if kind is None or metric.name == AVERAGE_SCORE.name else (kind.sums,)
    periods = () if kind is None else (other, context.filters)
    terms = tuple(ask(day_variance, filters, context.calendar, *of_values) for filters in periods)
    return decomposition.decompose(now, before, terms, metric)


def _named(metric: Metric) -> tuple[str, ...]:
    """Return what says of which metric a split is: nothing of the average score, as others ask for it."""
    return () if metric.name == AVERAGE_SCORE.name else (metric.name,)


def _totals(context: PageContext, metric: Metric, filters: Filters) -> MeasureTotals:
    """Return the measures of the selection, or of what it is compared with, and how days spread around the metric."""
    if metric.is_own:
        return context.own_totals((metric.name,), filters)
    if context.compared is not None and filters == context.compared.filters:
        return context.compared.sums
    return context.summary.sums


def _mix_masks(context: PageContext, dimension: Dimension, metric: Metric) -> bool:
    """Return whether the mix of a dimension masks what happened within its groups."""
    has_values = isinstance(metric.uncertainty, OfValues)
    if context.compared is not None and has_values and _has_many_groups(context, dimension):
        ask, other = context.answers.run, context.compared.filters
        return ask(decomposition.mix_masks, context.filters, other, context.calendar, dimension, *_named(metric))
    change = _decompose(context, dimension, metric)
    return change is not None and change.mix_effect is MixEffect.MASKS


def _has_many_groups(context: PageContext, dimension: Dimension) -> bool:
    """Return whether a dimension may have more groups than a table draws."""
    return len(context.answers.run(queries.options, dimension, context.filters.grant, context.catalog)) > MOST_ROWS


def _sentences(context: PageContext, change: Decomposition, dimension: Dimension) -> Story | None:
    """Return a change in sentences; None where one of the periods has no value."""
    explanation = explain(change, dimension)
    if explanation is None:
        return None
    chance = None
    if context.compared is not None:
        metric, other = change.metric, context.compared.filters
        executives = _executive_spreads(context, metric, other).get(metric.name)
        before, now = (_totals(context, metric, filters) for filters in (other, context.filters))
        differs = metric.differs(before, now, executives)
        if differs is None:
            chance = text("Too few evaluations or days to test this change.")
        elif not differs:
            chance = text("This change is not statistically significant.")
    return Story(explanation.change, chance, explanation.mix_effect, explanation.parts)


def _executive_spreads(context: PageContext, metric: Metric, other: Filters) -> SharedSpreads:
    if not metric.is_own:
        return context.executive_spreads
    asked = context.filters, other, context.calendar, (metric.name,)
    return context.answers.run(cluster_spreads.executive_spreads, *asked)


PAGE = PageDefinition(
    "drivers",
    text("What changed"),
    text("What changed the average score, or another metric, between two periods?"),
    "waterfall_chart",
    blocks,
    (METRIC, BY),
    topics=(
        Topic(
            text("Contributions to the change"),
            text(
                "The change is split exactly into what moved within the groups, and what moved because their shares of "
                "the evaluations did: more calls of a group with low scores lower the average, even if nobody got "
                "worse."
            ),
        ),
        INTERVAL,
        CHANGE,
        COVERAGE,
    ),
)
