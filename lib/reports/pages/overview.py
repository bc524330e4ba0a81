"""How are we doing? Figures, coverage, what moved the score, its course, sentiments, scores; the best, the weakest."""

from __future__ import annotations

from collections.abc import Iterator

from lib.analytics import queries
from lib.catalog.metrics import AVERAGE_SCORE
from lib.reports import cards
from lib.reports.context import PageContext
from lib.reports.coverage import coverage_notices
from lib.reports.figures import HistogramFigure, TrendFigure
from lib.reports.missing_values import missing_values
from lib.reports.own_figures import own_figures
from lib.reports.page import Block, ChartBlock, Click, Leaders, PageDefinition, SideBySide
from lib.reports.page_help import SELECTION
from lib.reports.pages import criteria
from lib.reports.pages.drivers import story
from lib.reports.target_words import bucket_targets
from lib.reports.words import text


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the overview."""
    yield from selection(context)
    yield Leaders((*cards.leaders(context), *criteria.leaders(context)))
    yield from cards.defined_figures(context)
    yield from own_figures(context)


def selection(context: PageContext) -> Iterator[Block]:
    """Yield what is said of any selection, as the overview and the detail of one group have it."""
    yield from cards.key_figures(context)
    yield from coverage_notices(context)
    if sentences := story(context):
        yield sentences
    if nothing := missing_values(AVERAGE_SCORE, context.summary.sums):
        yield nothing
        yield SideBySide((cards.sentiments(context),), (cards.states(context),))
        return
    yield ChartBlock(
        text("Average score over time"),
        TrendFigure(
            (("", context.trend),),
            AVERAGE_SCORE,
            context.compared_trend,
            context.trend_notes,
            targets=bucket_targets(context, AVERAGE_SCORE, context.trend.points),
        ),
        "trend",
        Click("period"),
        with_granularity=True,
    )
    yield SideBySide((cards.sentiments(context), cards.states(context)), (distribution(context),))


def distribution(context: PageContext) -> ChartBlock:
    """Return how many evaluations have each score, beside the compared period's shares."""
    periods = [context.filters, *([context.compared.filters] if context.compared else [])]
    counts = [context.answers.run(queries.distribution, filters, context.calendar) for filters in periods]
    return ChartBlock(
        text("Score distribution"), HistogramFigure(*counts), "distribution", Click("scores"), is_narrow=True
    )


PAGE = PageDefinition("overview", text("Overview"), text("How are we doing?"), "dashboard", blocks, topics=SELECTION)
