"""Which criteria moved the score: the change of the average score by criteria, as a sentence, bars and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics.score_parts import ScoreParts, score_parts
from lib.catalog.criteria import Criterion
from lib.catalog.criterion_metrics import AVERAGE_SHARE
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Unit, rounded
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
    if not any(parts.with_answers):
        yield Empty(
            text("No scored evaluation has answers"), text("Without answers, criteria can't say what moved the score.")
        )
        return
    yield _sentences(parts, context.compared)
    now = formatted(filter_text.period, context.summary.period)
    answers = {each.criterion: each.now for each in figures}
    figure = ScorePartsFigure(parts, context.compared.label, now, answers)
    yield ChartBlock(TITLE, figure, "score-parts", Click("failed"), has_heading=False)
    yield Caption(text("The bars add up; their labels are rounded."))
    yield CLICK_CAPTION
    yield _table(parts, figures)


def _nothing(context: PageContext) -> Empty:
    """Return why there is nothing to compare with."""
    if context.view.compare == "none":
        return Empty(text("Nothing to compare with"), text("Choose in the sidebar what to compare the period with."))
    return Empty(text("Nothing to compare with"), text("Choose a period in the sidebar that has data before it."))


def _sentences(parts: ScoreParts, compared: ComparisonContext) -> Sentences:
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
                "{share} of the scored evaluations have answers; {share_before} had in the compared period.",
                share=formatted(formatting.value, Unit.SHARE, parts.with_answers[1]),
                share_before=formatted(formatting.value, Unit.SHARE, parts.with_answers[0]),
            ),
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


def _table(parts: ScoreParts, figures: Sequence[ComparedCriterion]) -> TableBlock:
    total, *rows = _rows(parts, figures)
    columns = _columns()
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


def _columns() -> list[Column[_PartRow]]:
    part, name = text("Part"), text("Criterion")
    return [
        Column(name, lambda row: str(row.name), in_file=(FileField("criterion", name, lambda row: str(row.name)),)),
        Column(
            part,
            lambda row: float(row.shown),
            lambda row: formatting.points(row.shown),
            Look.NUMBER,
            text("Points of the average score. Before rounding, all rows add up to the change."),
            kind=lambda row: "chance" if not row.shown else "good" if row.shown > 0 else "bad",
            in_file=(FileField("part", part, lambda row: float(row.amount), "points"),),
        ),
        _share(text("Average share before"), "averageShareBefore", lambda row: row.before),
        _share(text("Average share now"), "averageShareNow", lambda row: row.now),
        _answers(text("Answers before"), "answeredBefore", lambda row: row.before),
        _answers(text("Answers now"), "answeredNow", lambda row: row.now),
    ]


def _share(label: Words, name: str, totals: Callable[[_PartRow], MeasureTotals | None]) -> Column[_PartRow]:
    def value(row: _PartRow) -> float | None:
        return None if (of := totals(row)) is None else AVERAGE_SHARE.rounded(of)

    return Column(
        label,
        value,
        lambda row: formatting.NOTHING if (of := totals(row)) is None else formatting.metric(AVERAGE_SHARE, of),
        Look.NUMBER,
        in_file=(FileField(name, label, value, AVERAGE_SHARE.unit.value),),
    )


def _answers(label: Words, name: str, totals: Callable[[_PartRow], MeasureTotals | None]) -> Column[_PartRow]:
    def value(row: _PartRow) -> int | None:
        return None if (of := totals(row)) is None else of["answered"]

    def said(row: _PartRow) -> str:
        return formatting.NOTHING if (answers := value(row)) is None else formatting.count(answers)

    return Column(label, value, said, Look.NUMBER, in_file=(FileField(name, label, value, "count"),))
