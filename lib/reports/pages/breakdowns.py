"""Campaigns, call centers and executives: who stands where, and one of them in detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from lib.analytics import standardization
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EVALUATOR, EXECUTIVE, IS_AI, STATE, Dimension, NamedDimension
from lib.catalog.metrics import AVERAGE_SCORE
from lib.reports import breakdown_table, cards, formatting, spread_text
from lib.reports.breakdown_table import Groups, standardized_help
from lib.reports.context import PageContext
from lib.reports.coverage import coverage_notices
from lib.reports.figures import FunnelFigure, RankingFigure, StandardizedFigure
from lib.reports.missing_values import missing_values
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
    SelectParameter,
)
from lib.reports.page_help import SELECTION, Topic
from lib.reports.page_links import pairs
from lib.reports.pages import overview
from lib.reports.words import Words, formatted, text

SCORES = SelectParameter(
    "scores",
    text("Scores"),
    lambda _: (("raw", text("Unadjusted")), ("alike", text("Adjusted (like for like)"))),
    "raw",
    shows_label=False,
)

CONSTANT = SelectParameter(
    "constant",
    text("Held constant"),
    lambda _: (("calls", text("Kind of call")), ("evaluator", text("Kind of call and evaluator"))),
    "calls",
)
"""What is the same for the calls that executives are compared by, where the data say who evaluated."""

HELD = SelectParameter(
    "held",
    text("Held constant"),
    lambda _: (("calls", text("Kind of call")), ("executive", text("Kind of call and executive"))),
    "calls",
)
"""What is the same for the evaluations that evaluators are compared by, where the data say whose the calls were."""

_HELD_TOO: dict[Dimension, tuple[SelectParameter, NamedDimension]] = {
    EXECUTIVE: (CONSTANT, EVALUATOR),
    EVALUATOR: (HELD, EXECUTIVE),
}
"""What may be held constant besides the kind of call, and where it is chosen, by the dimension that is compared."""

LIMITS = SelectParameter(
    "limits",
    text("Expected range"),
    lambda _: (("chance", text("By chance alone")), ("adjusted", text("Adjusted for overdispersion"))),
    "chance",
)


ADJUSTED = Topic(text("Adjusted (like for like)"), text(standardized_help(EXECUTIVE)))
LIMITS_TOPIC = Topic(
    text("Score by number of evaluations"),
    text(
        "Each point is an executive; further right are those with more evaluations. Inside the expected range there is "
        "no evidence that they differ from the average: where only chance is at work, 95 of 100 lie there. The range "
        "adjusted for overdispersion allows for what executives usually differ by."
    ),
)


def by_text(dimension: Dimension) -> str:
    """Return the message id of the title of a chart by a dimension's groups."""
    return f"By {dimension.label.lower()}"


def blocks(context: PageContext, dimension: Dimension, title: Words) -> Iterator[Block]:
    """Yield the blocks of a dimension's page: all its groups, or the one that is opened."""
    if context.opened is not None:
        yield from _detail(context, dimension)
        return
    yield from all_groups(context, dimension, title, Click("open", dimension))


def all_groups(
    context: PageContext, dimension: Dimension, title: Words, click: Click, inputs: Sequence[SelectParameter] = ()
) -> Iterator[Block]:
    """Yield all groups of a dimension; a click on one does what `click` says. `inputs` stand above them."""
    groups = breakdown_table.ask(context, dimension)
    yield from cards.key_figures(context)
    yield from coverage_notices(context)
    scores = None
    chosen = (*inputs, *((SCORES,) if _have_calls_alike(dimension) else ()))
    if chosen:
        yield SelectInputs(chosen)
    if SCORES in chosen and context.selected(SCORES) == "alike":
        select, held = _held_too(context, dimension)
        scores = context.answers.run(
            standardization.standardized_scores, context.filters, context.calendar, dimension, held
        )
        yield Heading(text("Adjusted (like for like)"))
        yield Caption(text(standardized_help(dimension)))
        if select is not None:
            yield SelectInputs((select,))
        figure = StandardizedFigure(dimension, scores)
        yield ChartBlock(text("Adjusted (like for like)"), figure, "alike", click, has_heading=False)
        if all(row.adjusted is None for row in scores.rows):
            yield Empty(text("Too few comparable calls"), text("Choose a longer period, or other filters."))
    else:
        yield from _standing(context, groups, click)
        spread = spread_text.spread_sentences(groups.breakdown.groups) if dimension is EXECUTIVE else None
        if spread is not None:
            yield spread
    yield Heading(text("Details"))
    standardized = {row.named: row for row in scores.rows} if scores else None
    yield breakdown_table.table(context, title, groups, standardized, click)
    yield from breakdown_table.change_captions(groups, context.catalog.metrics)


def _have_calls_alike(dimension: Dimension) -> bool:
    """Return whether groups may have calls of the same kind: a campaign, AI and human are kinds, as is completed."""
    return dimension not in (CAMPAIGN, IS_AI, STATE)


def _held_too(context: PageContext, dimension: Dimension) -> tuple[SelectParameter | None, Dimension | None]:
    """Return where it is chosen what is held constant besides the kind of call, if the data say it, and what is."""
    if dimension not in _HELD_TOO:
        return None, None
    select, other = _HELD_TOO[dimension]
    if other not in context.dimensions_in_use:
        return None, None
    return select, other if context.selected(select) != select.default else None


def _standing(context: PageContext, groups: Groups, click: Click) -> Iterator[Block]:
    """Yield where the groups stand: executives by volume within the limits of chance, else by their scores."""
    dimension, breakdown = groups.dimension, groups.breakdown
    if nothing := missing_values(AVERAGE_SCORE, context.summary.sums):
        yield nothing
        return
    is_adjusted = context.selected(LIMITS) == "adjusted"
    funnel = FunnelFigure(dimension, breakdown.groups, breakdown.total, is_adjusted)
    if dimension is EXECUTIVE and funnel.has_limits:
        yield SelectInputs((LIMITS,))
        yield ChartBlock(text("Score by number of evaluations"), funnel, "funnel", click)
    else:
        yield ChartBlock(text("Average score"), _ranking(groups), "ranking", click)


def _ranking(groups: Groups) -> RankingFigure:
    breakdown = groups.breakdown
    return RankingFigure(groups.dimension, breakdown.groups, breakdown.total, groups.ranks, groups.before)


def _detail(context: PageContext, dimension: Dimension) -> Iterator[Block]:
    """Yield one group: its figures, course, distribution, its own breakdowns, and the way to its evaluations."""
    yield from overview.selection(context)
    for other in (CAMPAIGN, CALL_CENTER, EXECUTIVE):
        if other is dimension:
            continue
        groups = breakdown_table.ask(context, other)
        if len(groups.breakdown.groups) > 1 and groups.breakdown.total["scored"]:
            yield ChartBlock(text(by_text(other)), _ranking(groups), f"by-{other.name}", Click("narrow", other))
    if context.opened is not None:
        name = formatted(formatting.member_name, context.opened)
        label = text("The evaluations of {name}", name=name)
        yield Link("evaluations", label, pairs(context.filters.to_parameters()), "list")


def _page(dimension: NamedDimension, name: str, title: str, question: str, icon: str) -> PageDefinition:
    selects = {CAMPAIGN: (), CALL_CENTER: (SCORES,), EXECUTIVE: (SCORES, CONSTANT, LIMITS)}[dimension]
    topics = (*SELECTION, *({CALL_CENTER: (ADJUSTED,), EXECUTIVE: (ADJUSTED, LIMITS_TOPIC)}.get(dimension, ())))
    of_dimension = partial(blocks, dimension=dimension, title=text(title))
    return PageDefinition(name, text(title), text(question), icon, of_dimension, selects, dimension, topics=topics)


CAMPAIGNS = _page(CAMPAIGN, "campaigns", "Campaigns", "How do campaigns compare?", "campaign")
CALL_CENTERS = _page(CALL_CENTER, "call_centers", "Call centers", "How do call centers compare?", "headset_mic")
EXECUTIVES = _page(EXECUTIVE, "executives", "Executives", "Who stands out, and who differs only by chance?", "groups")
