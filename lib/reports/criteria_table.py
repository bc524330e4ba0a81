"""Criteria as a table: each with its section, its answers' figures, and its change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lib.analytics.cluster_spreads import SharedSpreads
from lib.analytics.criteria import CriterionRow, criteria, executive_spreads_by_criterion
from lib.analytics.query import Filters
from lib.catalog.criteria import Criterion
from lib.catalog.criterion_metrics import AVERAGE_SHARE, CRITERION_METRICS
from lib.catalog.dimensions import FAILED_CRITERION, FORM
from lib.catalog.measures import MeasureTotals
from lib.i18n import t
from lib.reports import criterion_words, metric_columns
from lib.reports.changes import chance_words
from lib.reports.context import PageContext
from lib.reports.criterion_words import failed_id
from lib.reports.page import Caption, Click, TableBlock
from lib.reports.table import MOST_ROWS, Column, FileField, PageTable, TableFile, file_fields
from lib.reports.words import Joined, plural, text

_METHOD = text(
    "▲ ▼: statistically significant by Welch's test, which allows for days and executives. ≈: not significant."
)

CLICK_HINT = text("Click to list the evaluations that got no points in it. Where there are none, nothing opens.")
"""What a click on a criterion does."""

CLICK_CAPTION = Caption(
    text("A click on a criterion lists the evaluations that got no points in it. Where there are none, nothing opens."),
    printed=False,
)
"""The same near a table."""


@dataclass(frozen=True, slots=True)
class ComparedCriterion:
    """A criterion with its answers now and in the compared period, and how executives spread around its change."""

    criterion: Criterion
    now: MeasureTotals
    before: MeasureTotals | None
    executives: SharedSpreads


def criterion_figures(context: PageContext, rows: Sequence[CriterionRow]) -> tuple[ComparedCriterion, ...]:
    """Return criteria with what they were in the compared period."""
    if context.compared is None:
        return tuple(ComparedCriterion(row.criterion, row.sums, None, {}) for row in rows)
    ask, other = context.answers.run, context.compared.filters
    before = {row.criterion: row.sums for row in ask(criteria, other, context.calendar).rows}
    executives = ask(executive_spreads_by_criterion, context.filters, other, context.calendar).criteria
    return tuple(
        ComparedCriterion(row.criterion, row.sums, before.get(row.criterion), executives.get(row.criterion, {}))
        for row in rows
    )


def criteria_table(figures: Sequence[ComparedCriterion]) -> TableBlock:
    """Return criteria in the order of their scorecards; a click on one lists the evaluations that failed it, if any."""
    columns = _columns(figures)
    title = text("Criteria")
    drawn = figures[:MOST_ROWS]
    return TableBlock(
        PageTable(
            title,
            "table-criteria",
            tuple(columns),
            drawn,
            len(figures),
            text("in the order of the scorecards"),
            plural(
                "Criteria with their figures: {count} row", "Criteria with their figures: {count} rows", len(figures)
            ),
            TableFile(title, "criteria", file_fields(columns), lambda: figures),
            has_total=False,
            ids=tuple(failed_id(each.criterion, each.now) for each in drawn),
            hint=CLICK_HINT,
        ),
        Click("failed"),
    )


def failing(context: PageContext, criterion: Criterion) -> Filters:
    """Return the filters of the evaluations that failed a criterion.

    Where evaluations have forms and the criterion is of one, they are those of its form: others may have its namesake.
    """
    filters = context.filters.narrowed(FAILED_CRITERION, criterion.name)
    if criterion.form and FORM in context.dimensions_in_use:
        filters = filters.narrowed(FORM, criterion.form)
    return filters


def change_caption(context: PageContext, figures: Sequence[ComparedCriterion]) -> Caption | None:
    """Return what the marks of changes mean, and how many of them chance alone would give; None without changes."""
    if context.compared is None:
        return None
    if not _has_changes(figures):
        return Caption(metric_columns.NO_CHANGES)
    tested = sum(
        AVERAGE_SHARE.differs(each.before, each.now, each.executives.get(AVERAGE_SHARE.name)) is not None
        for each in figures
        if each.before is not None
    )
    if not tested:
        return Caption(text("No change is tested: both periods need at least two days and 30 answers."))
    return Caption(Joined((_METHOD, chance_words(tested)), " "))


def _has_changes(figures: Sequence[ComparedCriterion]) -> bool:
    return metric_columns.has_changes(AVERAGE_SHARE, _before, _now, figures)


def _columns(figures: Sequence[ComparedCriterion]) -> list[Column[ComparedCriterion]]:
    metrics = CRITERION_METRICS
    has_sections = any(each.criterion.section for each in figures)
    has_forms = criterion_words.have_forms(each.criterion for each in figures)
    name, section, form, note = text("Criterion"), text("Section"), text("Form"), text("Note")
    share, interval = metric_columns.metric(AVERAGE_SHARE, _now)
    of_form: Column[ComparedCriterion] = Column(
        form,
        lambda row: criterion_words.form_name(row.criterion),
        in_file=(FileField("form", form, lambda row: row.criterion.form),),
    )
    has_namesakes = len({each.criterion.name for each in figures}) < len(figures)
    # What one looks for first: a phone shows two or three columns beside the names.
    return [
        Column(
            name,
            lambda row: row.criterion.name,
            in_file=(FileField("criterion", name, lambda row: row.criterion.name),),
        ),
        *([of_form] if has_namesakes else []),
        share,
        *metric_columns.metric(metrics["answered"], _now),
        *([metric_columns.change(AVERAGE_SHARE, _before, _now, _executives)] if _has_changes(figures) else []),
        *metric_columns.metric(metrics["failed"], _now)[:1],
        *metric_columns.metric(metrics["criticalFails"], _now),
        *([Column(note, _note, in_file=(FileField("fewAnswers", note, _note),))] if any(map(_note, figures)) else []),
        interval,
        *metric_columns.metric(metrics["fullMarks"], _now)[:1],
        *metric_columns.metric(metrics["notApplicable"], _now),
        *(
            [
                Column(
                    section,
                    lambda row: criterion_words.section_name(row.criterion),
                    in_file=(FileField("section", section, lambda row: row.criterion.section),),
                )
            ]
            if has_sections
            else []
        ),
        *([of_form] if has_forms and not has_namesakes else []),
    ]


def _note(row: ComparedCriterion) -> str:
    return t("few answers") if AVERAGE_SHARE.is_small_sample(row.now) else ""


def _now(row: ComparedCriterion) -> MeasureTotals:
    return row.now


def _before(row: ComparedCriterion) -> MeasureTotals | None:
    return row.before


def _executives(row: ComparedCriterion) -> SharedSpreads:
    return row.executives
