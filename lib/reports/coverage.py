"""Whether other shares of the evaluations are completed or scored than before: that alone may move scores."""

from __future__ import annotations

from fractions import Fraction

from lib.catalog.dimensions import STATE
from lib.catalog.metrics import Unit
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.page import Notice
from lib.reports.words import Words, formatted, text
from lib.statistics import intervals

SHIFT = Fraction(1, 50)
"""By how much a share must differ before pages warn of it."""


def coverage_notice(context: PageContext) -> Notice | None:
    """Return the warning that coverage changed, or that a filter decides it; None where there is nothing to say."""
    if context.filters.ids(STATE):
        sentence = text(
            "Completion rate, failure rate and coverage say which states were chosen, not how the work went."
        )
        return Notice(text("Some states alone are shown."), (sentence,))
    if context.compared is None:
        return None
    now, before, label = context.summary.sums, context.compared.sums, context.compared.label
    sentences: list[Words] = []
    if shares := _shift((now["completed"], now["evaluations"]), (before["completed"], before["evaluations"])):
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
    if not sentences:
        return None
    warning = text("A change of the scores may come from which calls have been evaluated, not from their quality.")
    return Notice(text("Coverage changed."), (*sentences, warning))


def _shift(now: tuple[int, int], before: tuple[int, int]) -> tuple[Words, Words] | None:
    """Return two shares, now and before, where they differ by more than chance and by SHIFT at least."""
    ends = intervals.newcombe_interval(before, now)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return None
    shares = [Fraction(*share) for share in (now, before)]
    if abs(shares[0] - shares[1]) < SHIFT:
        return None
    return formatted(formatting.value, Unit.SHARE, shares[0]), formatted(formatting.value, Unit.SHARE, shares[1])
