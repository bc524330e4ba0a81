"""Whether other shares of the evaluations are completed or scored than before: that alone may move scores."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from lib.catalog.dimensions import SENTIMENT, STATE
from lib.catalog.metrics import Unit
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.page import Notice
from lib.reports.words import Words, formatted, text
from lib.statistics import intervals
from lib.store.enums import State

SHIFT = Fraction(1, 50)
"""By how much a share must differ before pages warn of it."""


def coverage_notices(context: PageContext) -> Iterator[Notice]:
    """Yield what must be known of coverage: what a filter decides, and which shares are other ones than before."""
    decided = _decided_by_filter(context)
    if decided is not None:
        yield Notice(text("A filter decides some rates."), (decided,))
    if context.compared is None:
        return
    now, before, label = context.summary.sums, context.compared.sums, context.compared.label
    sentences: list[Words] = []
    shares = _shift((now["completed"], now["evaluations"]), (before["completed"], before["evaluations"]))
    if shares and decided is None:
        sentences.append(
            text("{now} of the evaluations are completed, {was} in {label}.", now=shares[0], was=shares[1], label=label)
        )
    if shares := _shift((now["scored"], now["completed"]), (before["scored"], before["completed"])):
        sentences.append(
            text(
                "{now} of the completed evaluations have a score, {was} in {label}.",
                now=shares[0],
                was=shares[1],
                label=label,
            )
        )
    if sentences:
        warning = text("A change of the scores may come from which calls have been evaluated, not from their quality.")
        yield Notice(text("Coverage changed."), (*sentences, warning))


def _decided_by_filter(context: PageContext) -> Words | None:
    """Return which rates say what was chosen, where a filter leaves states or sentiments out."""
    states, sentiments = context.filters.ids(STATE), context.filters.ids(SENTIMENT)
    if sentiments and len(sentiments) < len(SENTIMENT.choices):
        return text(
            "Completion rate, failure rate, coverage and net sentiment say which sentiments were chosen, not how the "
            "work went."
        )
    if not states or len(states) == len(STATE.choices):
        return None
    if {State.Completed.name, State.Failed.name} <= set(states):
        return text("Completion rate and coverage say which states were chosen, not how the work went.")
    return text("Completion rate, failure rate and coverage say which states were chosen, not how the work went.")


def _shift(now: tuple[int, int], before: tuple[int, int]) -> tuple[Words, Words] | None:
    """Return two shares, now and before, where they differ by more than chance and by SHIFT at least."""
    ends = intervals.newcombe_interval(before, now)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return None
    shares = [Fraction(*share) for share in (now, before)]
    if abs(shares[0] - shares[1]) < SHIFT:
        return None
    return formatted(formatting.value, Unit.SHARE, shares[0]), formatted(formatting.value, Unit.SHARE, shares[1])
