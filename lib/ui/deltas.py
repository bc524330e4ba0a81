"""How a change is told: by how much, whether it is good, and whether it can be told from chance."""

from __future__ import annotations

from dataclasses import dataclass

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric, Unit
from lib.i18n import t
from lib.reports import formatting


@dataclass(frozen=True, slots=True)
class Delta:
    """A change in words and signs. `kind`: good, bad, chance (it can't be told from chance), or plain."""

    sign: str  # ▲ ▼ = and ≈ for what can't be told from chance
    text: str
    kind: str

    @property
    def told(self) -> str:
        """Sign and amount: `▲ +0.21`."""
        return f"{self.sign} {self.text}"


def change(metric: Metric, before: MeasureTotals | None, now: MeasureTotals) -> Delta | None:
    """Return how a metric changed; None where there is nothing to compare."""
    if before is None:
        return None
    was, is_now = metric.value(before), metric.value(now)
    text = formatting.change(metric.unit, was, is_now)
    if text is None or was is None or is_now is None:
        return None
    if not text.strip("+−0.,\u00a0 %p"):
        return Delta("=", text, "plain")
    if metric.differs(before, now) is False:
        return Delta("≈", text, "chance")
    up = is_now > was
    kind = "plain" if metric.better is None else "good" if up == (metric.better == "higher") else "bad"
    return Delta("▲" if up else "▼", text, kind)


def meaning(found: Delta) -> str:
    """Return in words what the kind of a change says, for who does not see its color."""
    return {
        "good": t("better"),
        "bad": t("worse"),
        "chance": t("could be chance alone"),
        "plain": "",
    }[found.kind]


def amount(metric: Metric, before: MeasureTotals | None, now: MeasureTotals) -> float | None:
    """Return by how much a metric changed, to sort by: a share of what it was for counts and durations."""
    if before is None:
        return None
    was, is_now = metric.value(before), metric.value(now)
    if was is None or is_now is None:
        return None
    if metric.unit in (Unit.COUNT, Unit.SECONDS):
        return float(is_now - was) / float(was) if was else None
    return float(is_now - was)
