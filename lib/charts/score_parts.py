"""The waterfall of a change by criteria: from the average score before, criterion by criterion, to the one now."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lib.catalog.metrics import Unit
from lib.charts.chart import Chart
from lib.charts.theme import ChartTheme
from lib.charts.waterfall import LARGEST, end_row, steps
from lib.i18n import t
from lib.reports import formatting
from lib.reports.criterion_words import criterion_names, failed_id
from lib.reports.figures import ScorePartsFigure


def score_parts(figure: ScorePartsFigure, look: ChartTheme) -> Chart:
    """Draw the parts of a change of the average score: those of the criteria that moved it most, then all others."""
    parts = figure.parts
    names = criterion_names(criterion for criterion, _ in parts.parts)
    count = len(parts.parts) if len(parts.parts) == LARGEST + 1 else LARGEST  # a single one has a name
    largest = sorted(parts.parts, key=lambda part: -abs(part[1]))[:count]
    rows = [end_row(str(figure.before), parts.before)]
    at = parts.before
    for criterion, amount in parts.parts:  # in their own order: those that took most away first
        if (criterion, amount) in largest and amount:
            rows.append(_bar(names[criterion], failed_id(criterion, figure.answers.get(criterion)) or "", at, amount))
            at += amount
    others = [amount for part in parts.parts if part not in largest for amount in part[1:]]
    more = (
        (t("{count} others", count=formatting.count(len(others))), sum(others, Fraction())),
        (t("Critical failures"), parts.critical),
        (t("Everything else"), parts.rest),
    )
    for label, amount in more:
        if amount:
            rows.append(_bar(label, "", at, amount))
            at += amount
    rows.append(end_row(str(figure.now), parts.now))
    told = t(
        "Waterfall chart: from {was} ({before}) to {is_now} ({now}), criterion by criterion.",
        was=formatting.value(Unit.SCORE, parts.before),
        before=figure.before,
        is_now=formatting.value(Unit.SCORE, parts.now),
        now=figure.now,
    )
    return steps(rows, t("Criterion"), look, told, is_judged=not figure.is_small_sample)


def _bar(name: str, criterion: str, at: Fraction, amount: Fraction) -> dict[str, Any]:
    ends = {"from": float(at), "to": float(at + amount)}
    shown = formatting.points(amount)
    return {
        "bar": name,
        "name": name,
        "id": criterion,
        "kind": t("contribution"),
        "shown": shown,
        "faint": False,
        **ends,
    }
