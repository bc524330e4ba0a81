"""What changed: the change of the average score split over groups, in sentences, bars and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics import cluster_spreads, decomposition, queries
from lib.analytics.decomposition import Contribution, Decomposition, MixEffect, ShownAmounts
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, ENGAGEMENT, STATE, Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Unit, rounded
from lib.i18n import t
from lib.reports import cards, catalog_words, filter_text, formatting, grouping, metric_columns
from lib.reports.context import PageContext
from lib.reports.coverage import coverage_notices
from lib.reports.decomposition_text import explain
from lib.reports.figures import WaterfallFigure
from lib.reports.grouping import BY
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
    TableBlock,
)
from lib.reports.page_help import CHANGE, COVERAGE, INTERVAL, Topic
from lib.reports.page_links import pairs
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Words, formatted, plural, text

MOST_LOOKED_AT = 12
"""Of so many dimensions it is looked whether their mix masks what happened; each is a question of its own."""


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page."""
    yield from cards.key_figures(context, is_explained=True)
    yield from coverage_notices(context)
    yield SelectInputs((grouping.offered(context, BY, STATE),))  # completed evaluations alone have scores
    dimension = grouping.chosen(context, BY) or CAMPAIGN
    change = _decompose(context, dimension)
    sentences = _sentences(context, change, dimension) if change else None
    if change is None or sentences is None or context.compared is None:
        yield _nothing(context)
        return
    yield sentences
    others = [each for each in context.groupings_in_use if each != STATE]
    for other in others[:MOST_LOOKED_AT]:
        if other != dimension and _mix_masks(context, other):
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
    yield Caption(
        text(
            "Performance: the groups' own scores changed. Mix (pale): their shares of the scored evaluations changed. "
            "The bars add up; their labels are rounded."
        )
    )
    yield Heading(text("Details"))
    yield _table(context, dimension, change)


def _nothing(context: PageContext) -> Empty:
    """Return why no change can be explained."""
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
    dimension = next((each for each in several if _mix_masks(context, each)), several[0])
    change = _decompose(context, dimension)
    sentences = _sentences(context, change, dimension) if change else None
    if sentences is None:
        return None
    parameters = {**context.parameters, BY.parameter: [dimension.name]}
    link = Link("drivers", text("See the breakdown"), pairs(parameters), "waterfall_chart")
    return Story(sentences.change, sentences.chance, sentences.mix_effect, sentences.parts, link)


def _decompose(context: PageContext, dimension: Dimension) -> Decomposition | None:
    if context.compared is None:
        return None
    other, ask = context.compared.filters, context.answers.run
    if _has_many_groups(context, dimension):
        # Kept, as it takes long.
        return ask(decomposition.decomposition, context.filters, other, context.calendar, dimension)
    now, before = (
        context.breakdown(dimension, filters)  # as tables and leaders do
        for filters in (context.filters, other)
    )
    terms = tuple(ask(decomposition.day_variance, filters, context.calendar) for filters in (other, context.filters))
    return decomposition.decompose(now, before, terms)


def _mix_masks(context: PageContext, dimension: Dimension) -> bool:
    """Return whether the mix of a dimension masks what happened within its groups."""
    if context.compared is not None and _has_many_groups(context, dimension):
        ask = context.answers.run
        return ask(decomposition.mix_masks, context.filters, context.compared.filters, context.calendar, dimension)
    change = _decompose(context, dimension)
    return change is not None and change.mix_effect is MixEffect.MASKS


def _has_many_groups(context: PageContext, dimension: Dimension) -> bool:
    """Return whether a dimension may have more groups than a table draws."""
    return len(context.answers.run(queries.options, dimension, context.filters.grant, context.catalog)) > MOST_ROWS


def _sentences(context: PageContext, change: Decomposition, dimension: Dimension) -> Story | None:
    """Return a change in sentences; None where one of the periods has no score."""
    explanation = explain(change, dimension)
    if explanation is None:
        return None
    chance = None
    if context.compared is not None:
        executives = context.executive_spreads.get(AVERAGE_SCORE.name)
        differs = AVERAGE_SCORE.differs(context.compared.sums, context.summary.sums, executives)
        if differs is None:
            chance = text("Too few evaluations or days to test this change.")
        elif not differs:
            chance = text("This change is not statistically significant.")
    return Story(explanation.change, chance, explanation.mix_effect, explanation.parts)


@dataclass(frozen=True, slots=True)
class _DecompositionRow:
    """One row: a group, or the whole selection."""

    member: Member | None  # None for the whole
    before: MeasureTotals
    now: MeasureTotals
    part: Contribution | Decomposition  # of the change


def _table(context: PageContext, dimension: Dimension, change: Decomposition) -> TableBlock:
    """Return the parts as a table below the whole; a click on one lists its evaluations."""
    parts = change.parts
    ask, names = context.answers.run, (AVERAGE_SCORE.name,)
    total = _DecompositionRow(None, change.before, context.summary.sums, change)

    def rows_of(some: Sequence[Contribution], members: tuple[Member, ...] | None) -> list[_DecompositionRow]:
        days = ask(cluster_spreads.day_spreads_by, context.filters, context.calendar, names, dimension, members).groups
        return [
            _DecompositionRow(part.named, part.before, part.now.with_days(days.get(part.named, {})), part)
            for part in some
        ]

    drawn = parts[:MOST_ROWS]
    rows, columns = rows_of(drawn, tuple(part.named for part in drawn)), _columns(dimension, change)

    def file_rows() -> list[_DecompositionRow]:
        return rows if len(parts) <= MOST_ROWS else rows_of(parts, None)

    return TableBlock(
        PageTable(
            text("Details"),
            f"parts-{dimension.name}",
            tuple(columns),
            (total, *rows),
            len(parts),
            text("largest contributions first"),
            plural("Contributions to the change: {count} row", "Contributions to the change: {count} rows", len(parts)),
            TableFile(text("What changed"), "what-changed", file_fields(columns), file_rows, total),
            ids=(None, *(row.member.parameter_value for row in rows if row.member)),
            hint=text("Click to open its evaluations."),
        ),
        Click("evaluations", dimension),
    )


def _columns(dimension: Dimension, change: Decomposition) -> list[Column[_DecompositionRow]]:
    was, is_now = change.before["scored"], change.now["scored"]
    return [
        Column(
            catalog_words.label(dimension),
            metric_columns.shown_names((part.named for part in change.parts), lambda row: row.member),
            in_file=metric_columns.member_fields(dimension, lambda row: row.member, _name),
        ),
        _points(
            text("Performance"),
            "within",
            lambda part: part.within,
            text("The change of the group's own score, weighted by the average of its shares in both periods."),
        ),
        _points(
            text("Mix"),
            "mix",
            lambda part: part.mix,
            text("The change of the group's share, times the distance of its score from the overall average."),
        ),
        _points(
            text("Total"),
            "total",
            lambda part: part.total,
            text("Performance plus mix. Before rounding, all rows add up to the change."),
        ),
        _figure(text("Score before"), "averageScoreBefore", Unit.SCORE, lambda row: AVERAGE_SCORE.rounded(row.before)),
        _figure(text("Score now"), "averageScoreNow", Unit.SCORE, lambda row: AVERAGE_SCORE.rounded(row.now)),
        Column(
            text("95 % CI now"),
            lambda row: formatting.interval(Unit.SCORE, AVERAGE_SCORE.interval(row.now)),
            in_file=metric_columns.interval_fields(
                "averageScoreNow", text("Score now"), Unit.SCORE, lambda row: AVERAGE_SCORE.rounded_interval(row.now)
            ),
        ),
        _figure(text("Share before"), "shareBefore", Unit.SHARE, lambda row: row.before["scored"] / was),
        _figure(text("Share now"), "shareNow", Unit.SHARE, lambda row: row.now["scored"] / is_now),
        _figure(text("Scored before"), "scoredBefore", Unit.COUNT, lambda row: row.before["scored"]),
        _figure(text("Scored now"), "scoredNow", Unit.COUNT, lambda row: row.now["scored"]),
    ]


def _name(row: _DecompositionRow) -> str:
    return t("Total") if row.member is None else formatting.member_name(row.member)


def _figure(
    label: Words, name: str, unit: Unit, value: Callable[[_DecompositionRow], float | None]
) -> Column[_DecompositionRow]:
    def in_file(row: _DecompositionRow) -> float | None:
        return rounded(value(row), unit.decimals)

    return Column(
        label,
        value,
        lambda row: formatting.value(unit, value(row)),
        in_file=(FileField(name, label, in_file, unit.value),),
    )


def _points(
    label: Words, name: str, value: Callable[[Contribution | Decomposition | ShownAmounts], Fraction], help: Words
) -> Column[_DecompositionRow]:
    """Return an amount as a column: on the page as it is shown, in files unrounded, so that there it adds up."""

    def shown(row: _DecompositionRow) -> Fraction:
        return value(row.part.shown)

    def kind(row: _DecompositionRow) -> str:
        points = shown(row)
        return "chance" if not points else "good" if points > 0 else "bad"

    return Column(
        label,
        lambda row: float(shown(row)),
        lambda row: formatting.points(shown(row)),
        Look.NUMBER,
        help,
        kind=kind,
        in_file=(FileField(name, label, lambda row: float(value(row.part)), "points"),),
    )


PAGE = PageDefinition(
    "drivers",
    text("What changed"),
    text("What changed the average score between two periods?"),
    "waterfall_chart",
    blocks,
    (BY,),
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
