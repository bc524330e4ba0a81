"""What a formula comes to in the selection, before it is a metric; where it is none, what is wrong and where."""

from __future__ import annotations

import html
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import streamlit as st

from lib.analytics import metric_definitions, queries
from lib.analytics.metric_definitions import PREVIEW
from lib.analytics.unmatched_texts import UnmatchedText, unmatched_texts
from lib.catalog.formulas.functions import AGGREGATES, ANSWERS, EXAMPLES
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.own_metrics import UNITS, MetricDefinition
from lib.errors import CallboardError, FormulaError, nearest
from lib.errors.codes import CodedText
from lib.i18n import number, t
from lib.reports import formatting, job_text
from lib.reports.context import PageContext
from lib.reports.figures import TrendFigure
from lib.store.messages import failure_of
from lib.ui import charts, markdown
from lib.workspace import Workspace

BEFORE_FAULT, AFTER_FAULT = 24, 40
"""Characters of a formula that are drawn before and after the place of a fault."""

TREND_HEIGHT = 180


def draw(
    space: Workspace,
    context: PageContext,
    wanted: MetricDefinition,
    name: str | None,
    under_formula: AbstractContextManager[Any],
) -> bool:
    """Draw what a metric comes to in the selection, or under its formula why it is none; return whether it is one.

    `name` is the metric that it is to replace.
    """
    wanted = replace(wanted, name=PREVIEW, label=wanted.label or t("New metric"), target=None)
    try:
        metric_definitions.check_look(wanted)
        with space.facts.read() as connection:
            catalog = metric_definitions.with_preview(connection, space.catalog, wanted, name, context.filters.grant)
        filters = context.filters.in_catalog(catalog)
        totals = context.answers.run(queries.own_totals, filters, context.calendar, (PREVIEW,))
        trend = context.answers.run(queries.trend, filters, context.calendar, context.granularity, (PREVIEW,))
    except FormulaError as error:
        with under_formula:
            fault(error, wanted.formula)
        return False
    except CallboardError as error:
        st.error(markdown.problem(error))
        return False
    metric = catalog.all_metrics[PREVIEW]
    _value(context, metric, totals, wanted)
    with space.facts.read() as connection:
        for each in unmatched_texts(connection, metric, context.filters.grant, catalog):
            _say_unmatched(each)
    if metric.value(totals) is not None and len(trend.points) > 1:
        charts.draw_figure(TrendFigure((("", trend),), metric, height=TREND_HEIGHT), "metric-preview")
    return True


def _value(context: PageContext, metric: Metric, totals: MeasureTotals, wanted: MetricDefinition) -> None:
    value = metric.value(totals)
    shown = html.escape(formatting.metric(metric, totals))
    unit = "" if wanted.unit in UNITS or value is None else f" <small>{html.escape(wanted.unit)}</small>"
    notes = []
    ends = metric.interval(totals)
    if ends is not None:
        notes.append(t("95 % CI {range}", range=formatting.metric_interval(metric, ends)))
    n = metric.n(totals)
    if n is not None:
        notes.append(f"n = {number(n)}")
    if metric.is_small_sample(totals):
        notes.append(t("under {minimum}: few evaluations", minimum=number(metric.minimum)))
    if value is None:
        notes.append(t("No value: it is divided by nothing, or nothing in the selection goes into it."))
    elif metric.uncertainty is None:
        notes.append(t("no confidence interval for a formula like this"))
    st.html(
        f'<div class="cb-card cb-preview"><span class="cb-label">{html.escape(wanted.label)}</span>'
        f'<span class="cb-value">{shown}{unit}</span>'
        f'<span class="cb-note">{html.escape(" · ".join(notes))}</span>'
        f'<span class="cb-note">{html.escape(context.selection_text)}</span></div>'
    )


def _say_unmatched(unmatched: UnmatchedText) -> None:
    """Say that no group has a text of the formula, which is most often misspelt."""
    hint = nearest(unmatched.text, unmatched.known)
    said = job_text.in_words(hint) if isinstance(hint, CodedText) else ""
    st.warning(
        markdown.text(
            t(
                "No {dimension} in sight is called '{text}'{hint}: the condition is met by nothing.",
                dimension=unmatched.dimension,
                text=unmatched.text,
                hint=said,
            )
        )
    )


def fault(error: FormulaError, formula: str) -> None:
    """Say what is wrong with a formula, and draw a mark under the place of it."""
    line, mark = fault_lines(formula, error.position)
    st.error(markdown.text(job_text.in_words(failure_of(error))), icon=":material/error:")
    label = html.escape(t("Where the fault begins: character {position}", position=number(error.position)))
    st.html(
        f'<pre class="cb-fault" tabindex="0" role="img" aria-label="{label}">{html.escape(line)}\n'
        f"<b>{html.escape(mark)}</b></pre>"
    )


def fault_lines(formula: str, position: int) -> tuple[str, str]:
    """Return the part of a formula around a place, from 1, and a line with a mark that stands under it."""
    place = min(max(position - 1, 0), len(formula))
    begin = max(formula.rfind("\n", 0, place) + 1, place - BEFORE_FAULT)
    end = formula.find("\n", place)
    end = min(len(formula) if end < 0 else end, place + AFTER_FAULT)
    before, after = "…" if begin and formula[begin - 1] != "\n" else "", "…" if formula[end : end + 1].strip() else ""
    line = "".join(sign if sign.isprintable() else " " for sign in formula[begin:end])
    return before + line + after, " " * (len(before) + place - begin) + "^"


def functions() -> None:
    """Draw what functions there are, each with an example."""
    kinds = {
        t("Over evaluations"): AGGREGATES,
        t("Of such values"): [each for each in EXAMPLES if each not in AGGREGATES and each not in ANSWERS],
        t("Of the answers to a criterion"): ANSWERS,
    }
    parts = []
    for kind, names in kinds.items():
        examples = " ".join(f"<code>{html.escape(EXAMPLES[each])}</code>" for each in names)
        parts.append(f"<dt>{html.escape(kind)}</dt><dd>{examples}</dd>")
    st.html(f'<dl class="cb-functions">{"".join(parts)}</dl>')
