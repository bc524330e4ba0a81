"""Draws key figures as cards, the parts of a whole as a bar with its legend, and the best groups."""

from __future__ import annotations

import base64
import html

import streamlit as st

from lib.catalog.metrics import Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.i18n import number, t
from lib.reports import catalog_words, formatting
from lib.reports.page import Cards, Leaders, Link, MetricCard, Shares
from lib.ui.style import palette


def draw_cards(block: Cards) -> None:
    """Draw a card for each key figure: value, interval, change to the compared period, sparkline, and its link."""
    with st.container(key="cb-cards-defined" if any(card.metric.is_defined for card in block.cards) else "cb-cards"):
        for card in block.cards:
            _draw(f"cb-card-{card.metric.name}", _card(card), card.link, str(catalog_words.metric_help(card.metric)))


def draw_leaders(block: Leaders) -> None:
    """Draw the best groups, each with what its place rests on, and the way to its detail."""
    with st.container(key="cb-tops"):
        for place, leader in enumerate(block.leaders):
            content = (
                f'<div class="cb-card cb-top"><span class="cb-label">{_escaped(leader.label)}</span>'
                f'<span class="cb-name">{_escaped(leader.name)}</span>'
                f'<span class="cb-note">{_escaped(leader.note)}</span></div>'
            )
            _draw(f"cb-card-top-{place}", content, leader.link)


def _draw(key: str, content: str, link: Link | None, help_: str | None = None) -> None:
    """Draw a card, all of which is its link, where it has one: the style sheet stretches it."""
    with st.container(key=key, gap=None):
        st.html(content)
        if link is not None:
            path, parameters = f"{link.page}.py", list(link.parameters)
            st.page_link(path, label=str(link.label), query_params=parameters, help=help_)


def draw_shares(block: Shares) -> None:
    """Draw the parts of a whole as one bar, and below it each with its share; a click opens its evaluations."""
    whole = sum(share.count for share in block.shares)
    st.subheader(str(block.title), anchor=False)
    if not whole:
        st.html(f'<p class="cb-note">{_escaped(t("None."))}</p>')
        return
    percents = [f"{number(share.count / whole * 100, 1)} %" for share in block.shares]
    parts = list(zip(block.shares, percents, strict=True))
    bars = "".join(
        f'<span style="flex:{share.count};background:var(--cb-{share.tone.value})" '
        f'title="{_escaped(share.label)}: {percent}"></span>'
        for share, percent in parts
        if share.count
    )
    spoken = ", ".join(f"{share.label} {percent}" for share, percent in parts)
    label = f"{_escaped(block.title)}: {_escaped(spoken)}"
    st.html(f'<div class="cb-bar" role="img" aria-label="{label}">{bars}</div>')
    with st.container(horizontal=True, gap="small", key=f"cb-legend-{block.shares[0].name}"):
        for share, percent in parts:
            with st.container(key=f"cb-part-{share.name}", width="content"):
                st.page_link(
                    "evaluations.py",
                    label=f"{share.label} **{formatting.count(share.count)}** ({percent})",
                    query_params=list(share.evaluations),
                    disabled=not share.count,  # a filter may leave none
                )


def _card(card: MetricCard) -> str:
    metric = card.metric
    value = _escaped(card.value)
    if metric.unit is Unit.SCORE and str(card.value) != formatting.NOTHING:
        value += " <small>/ 10</small>"
    few = ""
    if mark := card.small_sample_mark:
        hint = t("Fewer than {few} scored evaluations", few=FEW_EVALUATIONS)
        if metric.is_defined:
            hint = t("Fewer than {few} evaluations", few=metric.minimum)
        few = f' <span class="cb-few" title="{_escaped(hint)}">{_escaped(mark)}</span>'
    basis = (_escaped(note).replace("–", "–\u2060") for note in card.basis)  # no line ends after the dash of a range
    notes = "".join(f'<span class="cb-note">{note}</span>' for note in basis)
    label, help = _escaped(catalog_words.metric_label(metric)), _escaped(catalog_words.metric_help(metric))
    return (
        f'<div class="cb-card" data-metric="{metric.name}" title="{help}">'
        f'<span class="cb-label">{label}{few}</span><span class="cb-value">{value}</span>'
        f"{notes}{_change(card)}{_sparkline(card)}</div>"
    )


def _change(card: MetricCard) -> str:
    if card.delta is None:
        return ""
    hint = _escaped(t("Compared with {label}: {was}", label=card.compared_with, was=card.was))
    meaning = _escaped(card.delta.meaning) if card.delta.meaning else ""
    hidden = f'<span class="cb-unseen"> {meaning}</span>' if meaning else ""
    return (
        f'<span class="cb-change" title="{hint}{": " + meaning if meaning else ""}">'
        f'<span class="cb-{card.delta.kind}">{_escaped(card.delta.words)}{hidden}</span> '
        f'<span class="cb-was">{_escaped(t("from {was}", was=card.was))}</span></span>'
    )


def _sparkline(card: MetricCard) -> str:
    known = [(place, value) for place, value in enumerate(card.course) if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    span = (high - low) or 1.0
    wide = max(1, len(card.course) - 1)
    points = " ".join(f"{place / wide * 100:.1f},{27 - (value - low) / span * 24:.1f}" for place, value in known)
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 30" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="{palette().accent}" stroke-width="1.6" '
        'vector-effect="non-scaling-stroke" stroke-linejoin="round"/></svg>'
    )
    encoded = base64.b64encode(drawing.encode()).decode()
    return f'<img class="cb-spark" alt="" src="data:image/svg+xml;base64,{encoded}">'


def _escaped(words: object) -> str:
    return html.escape(str(words))
