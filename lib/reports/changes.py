"""A metric's value and its change: what it rests on, by how much it moved, whether that is good or chance."""

from __future__ import annotations

from dataclasses import dataclass

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric, Unit, Value
from lib.reports import formatting
from lib.reports.words import Text, Words, formatted, text
from lib.statistics import intervals
from lib.statistics.clusters import SharedSpread

MEANINGS = {
    "good": text("better"),
    "bad": text("worse"),
    "chance": text("not significant"),
}
"""What the kind of a change says, for who does not see its color."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A change in words and signs. `kind`: good, bad, chance (it can't be told from chance), or plain."""

    sign: str  # ▲ ▼ for what is more than chance, ≈ for what can't be told from it, = for none; empty where untested
    amount: Words
    kind: str
    is_tested: bool = False

    @property
    def words(self) -> str:
        """Sign and amount in the language in use: `▲ +0.21`."""
        return f"{self.sign} {self.amount}".lstrip()

    @property
    def meaning(self) -> Text | None:
        """What its kind says; of a plain change that it is more than chance, or None."""
        return MEANINGS.get(self.kind) or (text("significant") if self.sign in ("▲", "▼") else None)


def basis(metric: Metric, totals: MeasureTotals) -> tuple[Words, ...]:
    """Return what a value rests on: its interval, and of how many evaluations it is."""
    ends, n = metric.interval(totals), metric.n(totals)
    words: list[Words] = []
    if ends:
        words.append(text("95 % CI {ends}", ends=formatted(formatting.metric_interval, metric, ends)))
    elif metric.is_defined and metric.uncertainty is None:
        words.append(text("no confidence interval"))
    if n is not None:
        words.append(text("n = {n}", n=formatted(formatting.count, n)))
    return tuple(words)


def delta(
    metric: Metric, before: MeasureTotals | None, now: MeasureTotals, executives: SharedSpread | None = None
) -> Delta | None:
    """Return how a metric changed; None where there is nothing to compare.

    `executives` say how those who are in both periods spread around the change.
    """
    if before is None:
        return None
    was, is_now = metric.value(before), metric.value(now)
    amount_text = formatting.change(metric.unit, was, is_now)
    if amount_text is None or was is None or is_now is None:
        return None
    amount = formatted(_amount, metric.unit, was, is_now)
    differs = metric.differs(before, now, executives)
    if not amount_text.strip("+−0.,\u00a0 %p"):  # too little to be seen, and tested all the same
        return Delta("=", amount, "plain", is_tested=differs is not None)
    if differs is None:
        return Delta("", amount, "plain")
    if not differs:
        return Delta("≈", amount, "chance", is_tested=True)
    up = is_now > was
    kind = "plain" if metric.better is None else "good" if up == (metric.better == "higher") else "bad"
    return Delta("▲" if up else "▼", amount, kind, is_tested=True)


def chance_words(tested: int) -> Words:
    """Say of how many tested changes how many chance alone would mark."""
    by_chance = tested * (1 - intervals.CONFIDENCE)
    if by_chance < 1:
        return text("Changes tested: {tested}. Chance alone would mark fewer than one.", tested=tested)
    return text(
        "Changes tested: {tested}. Chance alone would mark about {marked}.", tested=tested, marked=round(by_chance)
    )


def _amount(unit: Unit, was: Value, is_now: Value) -> str:
    return formatting.change(unit, was, is_now) or formatting.NOTHING


def change_amount(metric: Metric, before: MeasureTotals | None, now: MeasureTotals) -> float | None:
    """Return by how much a metric changed, to sort by: a share of what it was for counts and durations."""
    if before is None:
        return None
    was, is_now = metric.value(before), metric.value(now)
    if was is None or is_now is None:
        return None
    if metric.unit in (Unit.COUNT, Unit.SECONDS):
        return float(is_now - was) / float(was) if was else None
    return float(is_now - was)
