"""Cards: the key figures with their intervals, their change and their course; shares as bars."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

import streamlit as st

from lib.analytics import comparison, format, queries, wording
from lib.analytics.measures import METRICS, Metric, Sums, Unit
from lib.analytics.selection import Period
from lib.ui.page import View
from lib.ui.style import palette

KEY_FIGURES = (
    "totalEvaluations",
    "averageScore",
    "netSentiment",
    "averageDurationSeconds",
    "completionRate",
    "failureRate",
)


def key_figures(view: View) -> None:
    """Draw a card for each key figure: value, interval, change to the period before, sparkline."""
    before, label = _before(view)
    points = view.answers.ask(queries.trend, view.filters, view.calendar, view.granularity).points
    cards = [
        _card(METRICS[name], view.summary.sums, before, label, [point.sums for point in points]) for name in KEY_FIGURES
    ]
    st.html(f'<div class="cb-cards">{"".join(cards)}</div>')


def share_bar(title: str, parts: Sequence[tuple[str, int, str]]) -> None:
    """Draw parts of a whole as one bar with its legend; each part is a label, a count and a colour."""
    whole = sum(count for _, count, _ in parts)
    st.subheader(title, anchor=False)
    if not whole:
        st.html('<p class="cb-note">None.</p>')
        return
    bars, legend = [], []
    for label, count, colour in parts:
        share = f"{count / whole * 100:.1f} %"
        if count:
            bars.append(f'<span style="flex:{count};background:{colour}" title="{html.escape(label)}: {share}"></span>')
        legend.append(
            f'<li><span class="cb-dot" style="background:{colour}"></span>{html.escape(label)} '
            f"<b>{format.count(count)}</b> ({share})</li>"
        )
    told = ", ".join(f"{label} {count}" for label, count, _ in parts)
    st.html(
        f'<div class="cb-bar" role="img" aria-label="{html.escape(title)}: {html.escape(told)}">{"".join(bars)}</div>'
        f'<ul class="cb-legend">{"".join(legend)}</ul>'
    )


def tops(view: View) -> None:
    """Draw the best campaign and call center."""
    entries = (("Top campaign", view.summary.top_campaign), ("Top call center", view.summary.top_call_center))
    cards = [
        f'<div class="cb-card" style="min-height:0"><span class="cb-label">{label}</span>'
        f'<span style="font-size:1.15rem;font-weight:600">{html.escape(name or format.NOTHING)}</span>'
        '<span class="cb-note">highest average score</span></div>'
        for label, name in entries
    ]
    st.html(f'<div class="cb-tops">{"".join(cards)}</div>')


def _before(view: View) -> tuple[Sums | None, str]:
    """Return the sums of the period before, and what it is called; None where it has no evaluations."""
    compared = comparison.previous(view.summary.period, view.calendar.today)
    if compared is None:
        return None, ""
    sums = view.answers.ask(queries.summary, compared.of(view.filters), view.calendar).sums
    label = wording.period(Period(compared.first, compared.last))
    return (sums if sums.evaluations else None), label


def _card(metric: Metric, sums: Sums, before: Sums | None, label: str, course: Sequence[Sums]) -> str:
    value = html.escape(format.metric(metric, sums))
    if metric.unit is Unit.SCORE and metric.value(sums) is not None:
        value += " <small>/ 10</small>"
    note = ""
    if metric.interval is not None:
        ends = metric.interval(sums)
        note = f"95 %: {format.interval(metric.unit, ends)}" if ends else ""
    few = (
        ' <span class="cb-few" title="Fewer than 30 scored evaluations">few evaluations</span>'
        if metric.unit is Unit.SCORE and sums.few
        else ""
    )
    return (
        f'<div class="cb-card" data-metric="{metric.name}" title="{html.escape(metric.help)}">'
        f'<span class="cb-label">{html.escape(metric.label)}{few}</span><span class="cb-value">{value}</span>'
        f'<span class="cb-note">{html.escape(note)}</span>{_change(metric, sums, before, label)}'
        f"{_sparkline(metric, course)}</div>"
    )


def _change(metric: Metric, sums: Sums, before: Sums | None, label: str) -> str:
    if before is None:
        return ""
    was, now = metric.value(before), metric.value(sums)
    text = format.change(metric.unit, was, now)
    if text is None or was is None or now is None:
        return ""
    if not text.strip("+−0. %p"):
        now = was  # too small a change to be shown is none
    arrow = "▲" if now > was else "▼" if now < was else "="
    kind = ""
    if metric.better and now != was:
        kind = " cb-good" if (now > was) == (metric.better == "higher") else " cb-bad"
    told = html.escape(f"Compared with {label}: {format.metric(metric, before)}")
    return (
        f'<span class="cb-change" title="{told}">'
        f'<span class="{kind.strip()}">{arrow} {html.escape(text)}</span> vs {html.escape(label)}</span>'
    )


def _sparkline(metric: Metric, course: Sequence[Sums]) -> str:
    values = [metric.value(sums) for sums in course]
    known = [(place, float(value)) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    span = (high - low) or 1.0
    wide = max(1, len(values) - 1)
    points = " ".join(f"{place / wide * 100:.1f},{27 - (value - low) / span * 24:.1f}" for place, value in known)
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 30" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="{palette().accent}" stroke-width="1.6" '
        'vector-effect="non-scaling-stroke" stroke-linejoin="round"/></svg>'
    )
    encoded = base64.b64encode(drawing.encode()).decode()
    return f'<img class="cb-spark" alt="" src="data:image/svg+xml;base64,{encoded}">'
