"""Which criteria moved the score: the change of the average score by criteria, as a sentence, bars and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics.score_parts import ScoreParts, score_parts
from lib.catalog.criteria import Criterion
from lib.catalog.criterion_metrics import AVERAGE_SHARE
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Unit, rounded
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.reports import filter_text, formatting
from lib.reports.context import ComparisonContext, PageContext
from lib.reports.criteria_table import CLICK_CAPTION, CLICK_HINT, ComparedCriterion
from lib.reports.criterion_words import criterion_names, failed_id
from lib.reports.figures import ScorePartsFigure
from lib.reports.page import Block, Caption, ChartBlock, Click, Empty, Heading, Sentences, TableBlock
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Words, formatted, plural, text

TITLE = text("Which criteria moved the score")

HELP = text(
    "An evaluation's score is 10 less the points that its answers lost. A criterion's part is how much less, or more, "
    "it took from the average score than in the compared period, over all scored evaluations: because it was answered "
    "better or worse, or because more or fewer evaluations have it. “Critical failures” is what scores lost that a "
    "failed critical criterion made 0. “Everything else” is what the answers do not explain: evaluations without "
    "answers, scores that are not made of them, and rounding."
)

FEW = text(
    "At least one of the two periods has fewer than {few} scored evaluations: a single call would change the parts too "
    "much, so none is marked as good or bad.",
    few=FEW_EVALUATIONS,
)
"""What is said of small samples."""

_NAME_WIDTH = 280
"""Pixels in which the longest name of a part that is no criterion has room."""

_STEPS = 100
"""So many steps of the numbers that are shown make a point."""


@dataclass(frozen=True, slots=True)
class _PartRow:
    """A part of the change: its name, what it adds exactly and as it is shown; of a criterion its answers, too."""

    name: Words
    amount: Fraction
    shown: Fraction
    criterion: Criterion | None = None
    now: MeasureTotals | None = None
    before: MeasureTotals | None = None


def blocks(context: PageContext, figures: Sequence[ComparedCriterion]) -> Iterator[Block]:
    """Yield how criteria moved the average score, or why that can't be said."""
    yield Heading(TITLE)
    if context.compared is None:
        yield _nothing(context)
        return
    parts = context.answers.run(score_parts, context.filters, context.compared.filters, context.calendar)
    if parts is None:
        yield Empty(text("No scores to compare"), text("One of the two periods has no score in this selection."))
        return
    if not any(parts.made_of_answers):
        yield Empty(
            text("No scored evaluation has answers"), text("Without answers, criteria can't say what moved the score.")
        )
        return
    is_small = any(AVERAGE_SCORE.is_small_sample(each.sums) for each in (context.summary, context.compared))
    yield _sentences(parts, context.compared, is_small=is_small)
    now = formatted(filter_text.period, context.summary.period)
    answers = {each.criterion: each.now for each in figures}
    figure = ScorePartsFigure(parts, context.compared.label, now, answers, is_small)
    yield ChartBlock(TITLE, figure, "score-parts", Click("failed"), has_heading=False)
    yield Caption(
        text(
            "The bars add up; their labels are rounded. A part can go against the change of the criterion's own "
            "average share, because fewer or more evaluations have the criterion than before."
        )
    )
    yield CLICK_CAPTION
    yield _table(parts, figures, is_small=is_small)


def _nothing(context: PageContext) -> Empty:
    """Return why there is nothing to compare with."""
    if context.view.compare == "none":
        return Empty(text("Nothing to compare with"), text("Choose in the sidebar what to compare the period with."))
    return Empty(text("Nothing to compare with"), text("Choose a period in the sidebar that has data before it."))


def _sentences(parts: ScoreParts, compared: ComparisonContext, *, is_small: bool) -> Sentences:
    was, is_now = parts.before, parts.now
    change = formatted(formatting.points, _shown_change(parts))
    return Sentences(
        (
            text(
                "The average score went from {was} ({before}) to {is_now} ({change}); the parts add up to the change "
                "exactly.",
                was=formatted(formatting.value, Unit.SCORE, was),
                before=compared.label,
                is_now=formatted(formatting.value, Unit.SCORE, is_now),
                change=change,
            ),
            text(
                "{share} of the scores are made of the answers; {share_before} were in the compared period.",
                share=formatted(formatting.value, Unit.SHARE, parts.made_of_answers[1]),
                share_before=formatted(formatting.value, Unit.SHARE, parts.made_of_answers[0]),
            ),
            *((FEW,) if is_small else ()),
        ),
        HELP,
    )


def _shown(amount: Fraction) -> Fraction:
    """Return an amount of points as it is shown."""
    return Fraction(int(rounded(amount * _STEPS, 0) or 0), _STEPS)


def _shown_change(parts: ScoreParts) -> Fraction:
    """Return the difference of the two averages as they are shown."""
    return _shown(parts.now) - _shown(parts.before)


def _rows(parts: ScoreParts, figures: Sequence[ComparedCriterion]) -> list[_PartRow]:
    """Return the whole change, as the difference of the averages as they are shown, then its parts."""
    names = criterion_names(criterion for criterion, _ in parts.parts)
    known: Mapping[Criterion, ComparedCriterion] = {each.criterion: each for each in figures}
    rows = [_PartRow(text("Total"), parts.change, _shown_change(parts))]
    for criterion, amount in parts.parts:
        of = known.get(criterion)
        now, before = (of.now, of.before) if of else (None, None)
        rows.append(_PartRow(names[criterion], amount, _shown(amount), criterion, now, before))
    rows.append(_PartRow(text("Critical failures set the score to 0"), parts.critical, _shown(parts.critical)))
    rows.append(_PartRow(text("Everything else"), parts.rest, _shown(parts.rest)))
    return rows


def _table(parts: ScoreParts, figures: Sequence[ComparedCriterion], *, is_small: bool) -> TableBlock:
    total, *rows = _rows(parts, figures)
    columns = _columns(is_small=is_small)
    drawn = rows[:MOST_ROWS]
    return TableBlock(
        PageTable(
            TITLE,
            "table-score-parts",
            tuple(columns),
            (total, *drawn),
            len(rows),
            text("those that took most away first"),
            plural(
                "Parts of the change by criterion: {count} row",
                "Parts of the change by criterion: {count} rows",
                len(rows),
            ),
            TableFile(TITLE, "criteria-moved", file_fields(columns), lambda: rows, total),
            ids=(None, *(failed_id(row.criterion, row.now) if row.criterion else None for row in drawn)),
            hint=CLICK_HINT,
        ),
        Click("failed"),
    )


def _columns(*, is_small: bool) -> list[Column[_PartRow]]:
    part, name = text("Part"), text("Criterion")

    def kind(row: _PartRow) -> str:
        return "chance" if is_small or not row.shown else "good" if row.shown > 0 else "bad"

    return [
        Column(
            name,
            lambda row: str(row.name),
            help=text(
                "A question of a scorecard; below the criteria, what failed critical ones took, and what no answer "
                "explains."
            ),
            in_file=(FileField("criterion", name, lambda row: str(row.name)),),
            width=_NAME_WIDTH,
        ),
        Column(
            part,
            lambda row: float(row.shown),
            lambda row: formatting.points(row.shown),
            Look.NUMBER,
            text(
                "Points of the average score. Before rounding, all rows add up to the change. A part can go against "
                "the change of the criterion's own average share, because fewer or more evaluations have the criterion "
                "than before."
            ),
            kind=kind,
            in_file=(FileField("part", part, lambda row: float(row.amount), "points"),),
        ),
        _share(
            (text("Average share before"), "averageShareBefore"),
            lambda row: row.before,
            text("Mean of points ÷ most points over the answers of the compared period."),
        ),
        _share(
            (text("Average share now"), "averageShareNow"),
            lambda row: row.now,
            text("Mean of points ÷ most points over the answers of this period."),
        ),
        _answers(
            (text("Answers before"), "answeredBefore"),
            lambda row: row.before,
            text("Answers with points in the compared period. Those that are not applicable do not count."),
        ),
        _answers(
            (text("Answers now"), "answeredNow"),
            lambda row: row.now,
            text("Answers with points in this period. Those that are not applicable do not count."),
        ),
    ]


def _share(
    named: tuple[Words, str], totals: Callable[[_PartRow], MeasureTotals | None], help: Words
) -> Column[_PartRow]:
    label, name = named

    def value(row: _PartRow) -> float | None:
        return None if (of := totals(row)) is None else AVERAGE_SHARE.rounded(of)

    return Column(
        label,
        value,
        lambda row: formatting.NOTHING if (of := totals(row)) is None else formatting.metric(AVERAGE_SHARE, of),
        Look.NUMBER,
        help,
        in_file=(FileField(name, label, value, AVERAGE_SHARE.unit.value),),
    )


def _answers(
    named: tuple[Words, str], totals: Callable[[_PartRow], MeasureTotals | None], help: Words
) -> Column[_PartRow]:
    label, name = named

    def value(row: _PartRow) -> int | None:
        return None if (of := totals(row)) is None else of["answered"]

    def said(row: _PartRow) -> str:
        return formatting.NOTHING if (answers := value(row)) is None else formatting.count(answers)

    return Column(label, value, said, Look.NUMBER, help, in_file=(FileField(name, label, value, "count"),))
