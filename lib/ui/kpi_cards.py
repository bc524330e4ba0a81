"""Cards: the key figures with their intervals, their change and their course; shares as bars."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from lib.analytics import queries
from lib.analytics.queries import ALL_GROUPS
from lib.analytics.rank_ranges import tiers
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, FEW_EVALUATIONS, METRICS, Metric, Unit
from lib.i18n import number, t
from lib.pdf.model import Share
from lib.reports import formatting
from lib.ui import deltas, downloads
from lib.ui.page_context import PageContext
from lib.ui.style import palette

KEY_FIGURES = (
    "totalEvaluations",
    "averageScore",
    "netSentiment",
    "averageDurationSeconds",
    "completionRate",
    "failureRate",
)


def key_figures(view: PageContext) -> None:
    """Draw a card for each key figure: value, interval, change to the compared period, sparkline."""
    points = view.trend.points
    course = [point.sums for point in points]
    cards = [_card(METRICS[name], view, course) for name in KEY_FIGURES]
    for name in KEY_FIGURES:
        basis = " · ".join(_basis(METRICS[name], view.summary.sums))
        view.printed.cards.append(downloads.card(METRICS[name], view, basis, course))
    st.html(f'<div class="cb-cards">{"".join(cards)}</div>')


@dataclass(frozen=True, slots=True)
class ShareSegment:
    """A part of a whole: what it is called, how much it is, its color, and the evaluations that it leads to."""

    name: str
    label: str
    count: int
    color: str
    query: dict[str, list[str]]


def share_bar(view: PageContext, title: str, parts: Sequence[ShareSegment]) -> None:
    """Draw parts of a whole as one bar, and below it each with its share; a click opens its evaluations."""
    whole = sum(part.count for part in parts)
    st.subheader(title, anchor=False)
    if not whole:
        st.html(f'<p class="cb-note">{html.escape(t("None."))}</p>')
        return
    shares = [f"{number(part.count / whole * 100, 1)} %" for part in parts]
    bars = [
        f'<span style="flex:{part.count};background:{part.color}" title="{html.escape(part.label)}: {share}"></span>'
        for part, share in zip(parts, shares, strict=True)
        if part.count
    ]
    view.printed.shares(
        title,
        tuple(
            Share(part.label, f"{formatting.count(part.count)} · {share}", part.count, part.color)
            for part, share in zip(parts, shares, strict=True)
        ),
    )
    told = ", ".join(f"{part.label} {share}" for part, share in zip(parts, shares, strict=True))
    st.html(
        f'<div class="cb-bar" role="img" aria-label="{html.escape(title)}: {html.escape(told)}">{"".join(bars)}</div>'
    )
    with st.container(horizontal=True, gap="small", key=f"cb-legend-{parts[0].name}"):
        for part, share in zip(parts, shares, strict=True):
            with st.container(key=f"cb-part-{part.name}", width="content"):
                st.page_link(
                    "evaluations.py",
                    label=f"{part.label} **{formatting.count(part.count)}** ({share})",
                    query_params=[(name, value) for name in part.query for value in part.query[name]],
                )


def sentiment(view: PageContext) -> None:
    """Draw the sentiments of the completed evaluations."""
    sums, colors, asked = view.summary.sums, palette(), view.filters.to_parameters()
    share_bar(
        view,
        t("Sentiment"),
        [
            ShareSegment(name.lower(), t(name), count, color, {**asked, "sentiment": [name], "state": ["Completed"]})
            for name, count, color in (
                ("Positive", sums["positive"], colors.positive),
                ("Neutral", sums["neutral"], colors.neutral),
                ("Negative", sums["negative"], colors.negative),
            )
        ],
    )


def states(view: PageContext) -> None:
    """Draw how many evaluations are completed, under way and failed: what the scores are based on."""
    sums, colors, asked = view.summary.sums, palette(), view.filters.to_parameters()
    share_bar(
        view,
        t("Coverage"),
        [
            ShareSegment(name.lower(), t(name), count, color, {**asked, "state": [name]})
            for name, count, color in (
                ("Completed", sums["completed"], colors.positive),
                ("Processing", sums["processing"], colors.muted),
                ("Pending", sums["pending"], colors.neutral),
                ("Failed", sums["failed"], colors.negative),
            )
        ],
    )


def tops(view: PageContext) -> None:
    """Draw the best campaign and call center, each with what its place rests on."""
    entries = (
        (t("Top campaign"), view.summary.top_campaign, CAMPAIGN),
        (t("Top call center"), view.summary.top_call_center, CALL_CENTER),
    )
    cards = [
        f'<div class="cb-card cb-top"><span class="cb-label">{html.escape(label)}</span>'
        f'<span class="cb-name">{html.escape(name or formatting.NOTHING)}</span>'
        f'<span class="cb-note">{html.escape(_place(view, dimension, name))}</span></div>'
        for label, name, dimension in entries
    ]
    st.html(f'<div class="cb-tops">{"".join(cards)}</div>')


def _place(view: PageContext, dimension: Dimension, name: str | None) -> str:
    """Return the score of the best group, and who can't be told apart from it."""
    asked = view.answers.run
    groups = asked(queries.breakdown, view.filters, view.calendar, dimension, page_size=ALL_GROUPS).groups
    score = AVERAGE_SCORE
    best = max(
        (group for group in groups if group.named.id is not None and group.named.name == name and group.sums["scored"]),
        key=lambda group: score.value(group.sums) or 0,
        default=None,
    )
    if best is None:
        return t("No scores")
    told = [
        t("average score {score}", score=formatting.metric(score, best.sums)),
        *_basis(score, best.sums),
    ]
    alike = [
        formatting.member_name(each.group.named) for each in tiers(groups) if each.tier == 1 and each.group is not best
    ]
    if alike:
        told.append(t("can't be told apart from {names}", names=", ".join(alike[:3]) + (" …" if alike[3:] else "")))
    return " · ".join(told)


def _card(metric: Metric, view: PageContext, course: Sequence[MeasureTotals]) -> str:
    sums = view.summary.sums
    value = html.escape(formatting.metric(metric, sums))
    if metric.unit is Unit.SCORE and metric.value(sums) is not None:
        value += " <small>/ 10</small>"
    few = ""
    if metric.unit is Unit.SCORE and metric.is_small_sample(sums):
        hint = t("Fewer than {few} scored evaluations", few=FEW_EVALUATIONS)
        few = f' <span class="cb-few" title="{html.escape(hint)}">{html.escape(t("few evaluations"))}</span>'
    notes = "".join(f'<span class="cb-note">{html.escape(note)}</span>' for note in _basis(metric, sums))
    return (
        f'<div class="cb-card" data-metric="{metric.name}" title="{html.escape(t(metric.help))}">'
        f'<span class="cb-label">{html.escape(t(metric.label))}{few}</span><span class="cb-value">{value}</span>'
        f"{notes}{_change(metric, view)}{_sparkline(metric, course)}</div>"
    )


def _basis(metric: Metric, sums: MeasureTotals) -> list[str]:
    """Return what a value rests on: its interval, and of how many evaluations it is."""
    ends, n = metric.interval(sums), metric.n(sums)
    notes = [t("95 %: {ends}", ends=formatting.interval(metric.unit, ends))] if ends else []
    return notes if n is None else [*notes, t("n = {n}", n=formatting.count(n))]


def _change(metric: Metric, view: PageContext) -> str:
    if view.compared is None:
        return ""
    found = deltas.change(metric, view.compared.sums, view.summary.sums)
    if found is None:
        return ""
    was = formatting.metric(metric, view.compared.sums)
    told = t("Compared with {label}: {was}", label=view.compared.label, was=was)
    word = deltas.meaning(found)
    hidden = f'<span class="cb-unseen"> {html.escape(word)}</span>' if word else ""
    return (
        f'<span class="cb-change" title="{html.escape(told)}{": " + html.escape(word) if word else ""}">'
        f'<span class="cb-{found.kind}">{html.escape(found.told)}{hidden}</span> '
        f'<span class="cb-was">{html.escape(t("from {was}", was=was))}</span></span>'
    )


def _sparkline(metric: Metric, course: Sequence[MeasureTotals]) -> str:
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
