"""The same formula, but only where a condition holds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lib.catalog.catalog import BUILT_IN
from lib.catalog.formulas.narrowing import PLACE, narrowed
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, reader_of

METRICS: Mapping[str, str] = {
    **BUILT_IN_FORMULAS,
    "twice": "2 * averageScore",
    "middle": "median(score)",
    "loop": "loop + 1",
}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("count()", "count_if(is_ai)"),
        ("Count( )", "count_if(is_ai)"),
        ("avg(score)", "avg_if(score, is_ai)"),
        ("sum(duration_seconds + 1)", "sum_if(duration_seconds + 1, is_ai)"),
        ("share(score >= 8 or is_ai)", "share_if(score >= 8 or is_ai, is_ai)"),
        ("count_if(score < 5)", "count_if(score < 5 and is_ai)"),
        ("count_if(score < 5 or score > 9)", "count_if((score < 5 or score > 9) and is_ai)"),
        ("avg_if(score, hour in (8, 9))", "avg_if(score, hour in (8, 9) and is_ai)"),
        ('share_if(failed("A, b"), state = "Completed")', 'share_if(failed("A, b"), state = "Completed" and is_ai)'),
        ("if(count() >= 30, avg(score) - 7, null)", "if(count_if(is_ai) >= 30, avg_if(score, is_ai) - 7, null)"),
        ("averageScore - 7", "(avg_if(score, is_ai)) - 7"),
        ("twice", "(2 * (avg_if(score, is_ai)))"),
        ("round(avg(score), 1)", "round(avg_if(score, is_ai), 1)"),
    ],
)
def test_a_condition_more(formula: str, expected: str) -> None:
    assert narrowed(formula, "is_ai", METRICS.get) == expected


@pytest.mark.parametrize(
    "formula",
    ["median(score)", "1 + max(score)", "count_distinct(executive)", "middle", "loop", "nothing", "avg(", "", "$", "x" * 2_001],
)  # fmt: skip
def test_what_no_condition_goes_into(formula: str) -> None:
    """Or what is no formula at all: then nothing is offered, and nothing breaks."""
    assert narrowed(formula, "is_ai", METRICS.get) in (None, "avg_if(, is_ai)")


def test_a_condition_that_is_yet_to_be_written() -> None:
    assert narrowed("count_if(is_ai)", PLACE, METRICS.get) == f"count_if(is_ai and ({PLACE}))"
    assert narrowed("count_if(is_ai)", "score > 9 or score < 2", METRICS.get) == (
        "count_if(is_ai and (score > 9 or score < 2))"
    )


@pytest.mark.parametrize("name", BUILT_IN_FORMULAS)
def test_every_built_in_metric_can_be_narrowed(name: str) -> None:
    reader = reader_of(BUILT_IN, ())
    made = narrowed(BUILT_IN_FORMULAS[name], 'campaign = "Retention"', reader.formula_of)
    assert made is not None
    reader.expression(made)
