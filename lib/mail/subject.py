"""The subject of a page's mail: the report's name, and the figure that a reader opens the mail for."""

from __future__ import annotations

from collections.abc import Iterator

from lib.catalog.metrics import AVERAGE_SCORE
from lib.i18n import t_plural
from lib.mail.texts import MOST_SUBJECT, header_text, sentence_part, shorten
from lib.reports import catalog_words, formatting
from lib.reports.page import Cards, MetricCard, PageValue
from lib.reports.words import Text

_LEAST_NAME = 30
"""So many letters of a report's name stay in its subject, however long the figures are."""

_EVALUATIONS = "totalEvaluations"

_COUNTED = ("{count} evaluation", "{count} evaluations")
"""What a page says of how many evaluations it shows."""


def page_subject(page: PageValue, name: str) -> str:
    """Return `Monday quality: average score 7.42 (▲ +0.12), 1,330 evaluations`; else title, period and count."""
    figures = ", ".join(_figures(page))
    if not figures:
        counted = (words for words in page.shown if isinstance(words, Text) and words.message_id in _COUNTED)
        parts = [header_text(str(words)) for words in (page.title, *page.shown[:1], *counted)]
        figures = ", ".join(part for part in parts if part != header_text(name))
    figures = shorten(header_text(figures), MOST_SUBJECT - _LEAST_NAME)
    cut_name = shorten(header_text(name), MOST_SUBJECT - len(figures) - 2)
    return f"{cut_name}: {figures}" if cut_name and figures else cut_name or figures


def _figures(page: PageValue) -> Iterator[str]:
    """Yield the average score with its change and the number of evaluations, or else a page's first two figures."""
    cards = [card for block in page.flat if isinstance(block, Cards) for card in block.cards]
    score = next((card for card in cards if card.metric.name == AVERAGE_SCORE.name), None)
    counted = next((card for card in cards if card.metric.name == _EVALUATIONS), None)
    if score is None and counted is None:
        yield from (_figure(card) for card in cards[:2])
        return
    if score is not None and str(score.value) != formatting.NOTHING:
        yield _figure(score)
    if counted is not None:
        yield t_plural("{count} evaluation", "{count} evaluations", counted.totals["evaluations"])


def _figure(card: MetricCard) -> str:
    label = sentence_part(str(catalog_words.metric_label(card.metric)))
    notes = ", ".join(filter(None, (card.small_sample_mark, _change(card))))
    return f"{label} {card.value} ({notes})" if notes else f"{label} {card.value}"


def _change(card: MetricCard) -> str:
    """Return how a figure changed; nothing where a test of it was due and could not be made, as of too few."""
    if card.delta is None or (card.metric.uncertainty is not None and not card.delta.is_tested):
        return ""
    return card.delta.words
