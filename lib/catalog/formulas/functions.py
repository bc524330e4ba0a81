"""The functions of formulas: how many values each takes, and a right example of it."""

from __future__ import annotations

EXAMPLES = {
    "count": "count()", "count_if": "count_if(score < 5)", "sum": "sum(duration_seconds)",
    "sum_if": "sum_if(duration_seconds, is_ai)", "avg": "avg(score)", "avg_if": "avg_if(score, is_ai)",
    "share": "share(score >= 8)", "share_if": "share_if(score >= 8, is_ai)", "min": "min(score)", "max": "max(score)",
    "median": "median(score)", "percentile": "percentile(score, 90)", "count_distinct": "count_distinct(executive)",
    "if": "if(count() >= 30, avg(score), null)", "coalesce": "coalesce(avg(score), 0)", "round": "round(avg(score), 1)",
    "abs": "abs(avg(score) - 7)", "least": "least(avg(score), 9)", "greatest": "greatest(avg(score), 5)",
    "criterion": 'criterion("Greeting")', "failed": 'failed("Greeting")',
}  # fmt: skip
"""Every function, with a right example of it."""

COUNTS = {
    "count": (0, 0), "count_if": (1, 1), "sum": (1, 1), "sum_if": (2, 2), "avg": (1, 1), "avg_if": (2, 2),
    "share": (1, 1), "share_if": (2, 2), "min": (1, 1), "max": (1, 1), "median": (1, 1), "percentile": (2, 2),
    "count_distinct": (1, 1), "if": (3, 3), "coalesce": (1, 40), "round": (1, 2), "abs": (1, 1), "least": (1, 40),
    "greatest": (1, 40), "criterion": (1, 1), "failed": (1, 1),
}  # fmt: skip
"""How many values each function takes: at least and at most."""

AGGREGATES = (
    "count", "count_if", "sum", "sum_if", "avg", "avg_if", "share", "share_if", "min", "max", "median", "percentile",
    "count_distinct",
)  # fmt: skip
"""The functions over many evaluations."""

ANSWERS = ("criterion", "failed")
"""The functions of one evaluation's answers."""
