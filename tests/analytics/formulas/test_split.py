"""The change of metrics of one's own split over groups, beside the definition in plain Python; and what can't be split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction

import pytest

from lib.analytics.decomposition import MixEffect, decomposition, mix_masks
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN
from tests.analytics.formulas.conftest import Filled
from tests.analytics.formulas.rows import ZONE, Row, metric_value

BEGIN = datetime(2024, 3, 31, tzinfo=ZONE)
CASES = [
    ("avg(score)", "sum(score)", "count_if(score is not null)", Fraction(1)),
    ("share(field.resolved)", "count_if(field.resolved)", "count_if(field.resolved is not null)", Fraction(1)),
    (
        'count_if(state = "Failed") / count_if(state in ("Completed", "Failed"))',
        'count_if(state = "Failed")',
        'count_if(state in ("Completed", "Failed"))',
        Fraction(1),
    ),
    ("sum(duration_seconds) / count()", "sum(duration_seconds)", "count()", Fraction(1)),
    # Sales has no evaluation that this is divided by, and some that are divided.
    (
        '100 * (sum(score) - 2 * count()) / count_if(is_ai and campaign != "Sales")',
        "sum(score) - 2 * count()",
        'count_if(is_ai and campaign != "Sales")',
        Fraction(100),
    ),
    (
        "7 - avg_if(duration_seconds, is_ai) / 60",
        "sum_if(duration_seconds, is_ai)",
        "count_if(is_ai and duration_seconds is not null)",
        Fraction(-1, 60),
    ),
    ("if(count() >= 3, avg(field.csat) * 2, null)", "sum(field.csat)", "count_if(field.csat is not null)", Fraction(2)),
    ("sum(field.csat) / sum(score)", "sum(field.csat)", "sum(score)", Fraction(1)),
    ("-(netSentiment + 1)", 'count_if(sentiment = "Positive") - count_if(sentiment = "Negative")',
     "count_if(sentiment is not null)", Fraction(-1)),
]  # fmt: skip


def halves(filters: Filters) -> tuple[Filters, Filters]:
    """Return a question about the days from BEGIN on, and about those before."""
    return replace(filters, date_from=BEGIN.date()), replace(filters, date_to=date(2024, 3, 30))


@pytest.mark.parametrize(("formula", "top", "bottom", "factor"), CASES)
def test_parts_are_what_the_definition_says(
    filled: Filled, formula: str, top: str, bottom: str, factor: Fraction
) -> None:
    filters = filled.filters(formula)
    now, before = halves(filters)
    with filled.workspace.facts.read() as connection:
        found = decomposition(connection, now, before, filled.workspace.calendar, CAMPAIGN, "m0")
    sides = [[row for row in filled.rows if (row.when >= BEGIN) is is_now] for is_now in (False, True)]
    assert all(len(side) > 50 for side in sides)

    def value(of: str) -> Callable[[Sequence[Row]], Fraction]:
        expression = filled.reader.expression(of)
        return lambda rows: Fraction(metric_value(expression, rows))

    whole, above, below = value(formula), value(top), value(bottom)
    assert found.change == whole(sides[1]) - whole(sides[0]) == found.within + found.mix != 0
    assert found.change == sum(part.total for part in found.parts) and len(found.parts) == 3
    middle = sum((above(side) / below(side) for side in sides), Fraction()) / 2
    for part in found.parts:
        own = [[row for row in side if _id(row) == part.named.id] for side in sides]
        shares = [below(rows) / below(side) for rows, side in zip(own, sides, strict=True)]
        parts = [above(rows) / below(side) for rows, side in zip(own, sides, strict=True)]
        total = parts[1] - parts[0] - (shares[1] - shares[0]) * middle
        within = total
        if all(shares):
            within = (shares[0] + shares[1]) / 2 * (parts[1] / shares[1] - parts[0] / shares[0])
        assert (part.within, part.total) == (within * factor, total * factor), part.named
        assert part.shown.within + part.shown.mix == part.shown.total


def _id(row: Row) -> str | None:
    campaign = row.groups["campaign"]
    return None if campaign is None else campaign[0]


@pytest.mark.parametrize(
    "formula",
    [
        *("count()", "sum(score)", "median(score)", "percentile(score, 90)", "max(score)", "count_distinct(executive)"),
        *("avg(score) - avg(duration_seconds)", "round(avg(score), 1)", "coalesce(avg(score), 0)", "1 / avg(score)"),
        *(
            "avg(score) * share(is_ai)",
            "least(avg(score), 5)",
            "if(is_ai_share > 1, avg(score), 5)",
            "5",
            "avg(score) / 0",
        ),
    ],
)
def test_what_can_not_be_split(filled: Filled, formula: str) -> None:
    catalog = filled.filters(formula.replace("is_ai_share", "share(is_ai)")).catalog
    assert catalog.all_metrics["m0"].linear is None


def test_built_in_metrics_can_be_split_but_for_counts() -> None:
    names = {name for name, metric in BUILT_IN.metrics.items() if metric.linear is not None}
    assert names == {"averageScore", "averageDurationSeconds", "completionRate", "failureRate", "netSentiment"}


def test_groups_with_less_than_nothing_have_no_shares(filled: Filled) -> None:
    formula = 'count() / (count_if(campaign = "Retention") - 3 * count_if(campaign = "Sales"))'
    for text, is_negative in ((formula, True), (formula.replace("-", "+"), False)):
        filters = filled.filters(text)
        with filled.workspace.facts.read() as connection:
            found = decomposition(connection, *halves(filters), filled.workspace.calendar, CAMPAIGN, "m0")
        assert found.has_negative_shares is is_negative
        assert found.change == sum(part.total for part in found.parts)


@pytest.mark.parametrize("formula", ["share(field.resolved)", "avg(duration_seconds)", "avg(hour)"])
def test_the_mix_of_values_is_judged_alike_with_many_groups(filled: Filled, formula: str) -> None:
    filters = filled.filters(formula)
    asked = *halves(filters), filled.workspace.calendar, CAMPAIGN, "m0"
    with filled.workspace.facts.read() as connection:
        found, masks = decomposition(connection, *asked), mix_masks(connection, *asked)
    assert found.within_interval is not None
    low, high = found.within_interval
    assert low < found.within < high
    assert masks is (found.mix_effect is MixEffect.MASKS)


def test_ratios_of_sums_have_no_interval_within_groups(filled: Filled) -> None:
    filters = filled.filters("sum(field.csat) / sum(score)")
    with filled.workspace.facts.read() as connection:
        found = decomposition(connection, *halves(filters), filled.workspace.calendar, CAMPAIGN, "m0")
        assert (found.within_interval, found.mix_effect) == (None, None)
        with pytest.raises(ValueError, match="not a mean of values"):
            mix_masks(connection, *halves(filters), filled.workspace.calendar, CAMPAIGN, "m0")
