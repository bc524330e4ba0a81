"""Draws the page Live as HTML, region by region; `pages/static/live.js` puts what changed in the place of what was.

A region is drawn in the same shape each time, so that the script changes texts and sizes and leaves the elements.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import urlencode

from lib.catalog.metrics import Unit
from lib.i18n import number, t
from lib.reports import catalog_words, formatting
from lib.reports.live_page import EarlierValue, LiveBar, LiveCard, LivePage
from lib.reports.page import Tone


def regions(page: LivePage) -> dict[str, str]:
    """Return the page's regions by name, in the language in use."""
    return {
        "late": f'<p class="cb-live-late">{_escaped(page.late)}</p>' if page.late else "",
        "cards": _cards(page),
        "minutes": _minutes(page),
        "hours": _hours(page),
        "backlog": _backlog(page),
        "newest": _newest(page),
    }


def alerts(firing: Sequence[tuple[str, str]]) -> str:
    """Return the alerts that fire, each by its name and how it stands: its state, the worst value and since when."""
    if not firing:
        return f'<p class="cb-note">{_escaped(t("No alert fires."))}</p>'
    items = "".join(
        f'<li data-key="{_escaped(name)}"><b>{_escaped(name)}</b> {_escaped(state)}</li>' for name, state in firing
    )
    link = f'<p><a href="alerts" target="_self">{_escaped(t("See alerts"))}</a></p>'
    return f'<ul class="cb-live-alerts">{items}</ul>{link}'


def _cards(page: LivePage) -> str:
    if not page.evaluations:
        told = t("No evaluations yet today")
        hint = t("The page shows the first one when it comes.")
        empty = f'<div class="cb-empty"><b>{_escaped(told)}</b>{_escaped(hint)}</div>'
    else:
        empty = ""
    cards = "".join(map(_card, page.cards))
    return f'{empty}<p class="cb-note">{_escaped(page.until)}</p><div class="cb-live-cards">{cards}</div>'


def _card(card: LiveCard) -> str:
    metric, value = card.metric, _escaped(card.value)
    if metric.unit is Unit.SCORE and str(card.value) != formatting.NOTHING:
        value += " <small>/ 10</small>"
    label, help_ = _escaped(catalog_words.metric_label(metric)), _escaped(catalog_words.metric_help(metric))
    return (
        f'<div class="cb-live-card" data-metric="{metric.name}" title="{help_}">'
        f'<span class="cb-label">{label}{_mark(card.few)}</span>'
        f'<span class="cb-value">{value}</span>{"".join(map(_earlier, card.earlier))}</div>'
    )


def _earlier(earlier: EarlierValue) -> str:
    change = _escaped(earlier.change) if earlier.change else ""
    value = f"{_escaped(earlier.day)}: {_escaped(earlier.value)} {_mark(earlier.few)}"
    return f'<span class="cb-note"><span>{value}</span> <b>{change}</b></span>'


def _mark(few: str) -> str:
    return f'<span class="cb-few">{_escaped(few)}</span>' if few else ""


def _minutes(page: LivePage) -> str:
    total = sum(bar.count for bar in page.minutes)
    first, last = page.minutes[0].label, page.minutes[-1].label
    spoken = t(
        "Evaluations by minute from {first} to {last}: {count} in all, {most} at most.",
        first=first,
        last=last,
        count=number(total),
        most=number(max(bar.count for bar in page.minutes)),
    )
    return _chart(t("Evaluations by minute, last hour"), spoken, page.minutes, every=15)


def _hours(page: LivePage) -> str:
    busiest = max(page.hours, key=lambda bar: bar.count)
    spoken = t(
        "Evaluations by hour today: {count} in all, {most} at most, from {time} on.",
        count=number(sum(bar.count for bar in page.hours)),
        most=number(busiest.count),
        time=busiest.label,
    )
    legend = (
        f'<p class="cb-live-key"><span class="cb-live-now"></span>{_escaped(t("Today"))} '
        f'<span class="cb-live-before"></span>{_escaped(page.week_ago)}</p>'
    )
    return _chart(t("Evaluations by hour, today"), spoken, page.hours, every=6, legend=legend)


def _chart(title: str, spoken: str, bars: Sequence[LiveBar], *, every: int, legend: str = "") -> str:
    """Return bars as a chart with the greatest count and some of the times; `every` so many bars one.

    Of HTML alone: what cleans a page of Streamlit drops drawings.
    """
    most = max(1, *(max(bar.count, bar.before or 0) for bar in bars))
    drawn = "".join(_bar(bar, most) for bar in bars)
    times = "".join(f"<span>{bar.label}</span>" for bar in bars[::every])
    return (
        f'<div class="cb-live-title"><h3>{_escaped(title)}</h3>{legend}</div>'
        f'<div class="cb-live-chart" role="img" tabindex="0" aria-label="{_escaped(spoken)}">'
        f'<span class="cb-live-most">{number(most)}</span><div class="cb-live-bars">{drawn}</div>'
        f'<div class="cb-live-times">{times}</div></div>'
    )


def _bar(bar: LiveBar, most: int) -> str:
    behind = "" if bar.before is None else _column("cb-live-before", bar.before / most)
    return f'<div data-told="{_escaped(bar.hint)}">{behind}{_column("cb-live-now", bar.count / most)}</div>'


def _column(kind: str, share: float) -> str:
    return f'<span class="{kind}" style="height:{100 * share:.4g}%"></span>'


def _backlog(page: LivePage) -> str:
    waiting = (
        (t("Pending"), Tone.NEUTRAL, page.backlog.pending),
        (t("Processing"), Tone.MUTED, page.backlog.processing),
    )
    counts = "".join(
        f'<span class="cb-live-count"><span style="background:var(--cb-{tone.value})"></span>'
        f"{_escaped(label)} <b>{number(count)}</b></span>"
        for label, tone, count in waiting
    )
    oldest = page.oldest if page.oldest is not None else t("Nothing waits.")
    return f'<div class="cb-live-backlog">{counts}<span class="cb-note">{_escaped(oldest)}</span></div>'


def _newest(page: LivePage) -> str:
    if not page.rows:
        return f'<p class="cb-note">{_escaped(t("There are none."))}</p>'
    head = "".join(f'<th scope="col">{_escaped(column.label)}</th>' for column in page.columns)
    rows = []
    for row in page.rows:
        first, *others = (_escaped(column.say(row.record)) for column in page.columns)
        address = _escaped(f"evaluations?{urlencode(row.link)}")
        cells = "".join(f'<td title="{cell}">{cell}</td>' for cell in others)
        first = f'<td><a href="{address}" target="_self">{first}</a></td>'
        rows.append(f'<tr data-key="{_escaped(row.record.id)}">{first}{cells}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _escaped(words: object) -> str:
    return html.escape(str(words))
