"""The rollups' tables: measures summed by some keys and by day or month. `analytics/rollup.py` fills them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from lib.catalog.dimensions import Dimension
from lib.catalog.measures import ANSWER_NAMES, MEASURES, PLAIN_MEASURES, SCORECARD_NAMES, find_measure
from lib.store.schema import FACTS


@dataclass(frozen=True, slots=True)
class Rollup:
    """Measures summed by some keys and by day or month, or by both where months are much shorter.

    In the monthly table `day` is the first of the month. A cell may have several rows, which add up to it: each change
    of the facts leaves rows of its own, until they are put together. A cell that holds nothing any more adds up to 0.
    """

    keys: tuple[str, ...]
    daily: sa.Table | None
    monthly: sa.Table | None
    summed_from: sa.Table | None = None  # a longer rollup's table, in place of the facts
    of_answers: bool = False  # of the answers to criteria, not of the evaluations

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        """Its tables, from the longer to the shorter."""
        return tuple(table for table in (self.daily, self.monthly) if table is not None)


def _table(
    name: str,
    keys: tuple[str, ...],
    found_by: tuple[str, ...],
    measures: tuple[str, ...] = tuple(MEASURES),
    tables: sa.MetaData = FACTS,
) -> sa.Table:
    table = sa.Table(
        name,
        tables,
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(key, sa.Boolean if key == "is_ai" else sa.Integer, nullable=False) for key in keys),
        *(sa.Column(each, find_measure(each).storage, nullable=False) for each in measures),
    )
    sa.Index(f"{name}_day", table.c.day).ddl_if(dialect="postgresql")
    for key in found_by:
        sa.Index(f"{name}_{key}", table.c[key], table.c.day).ddl_if(dialect="postgresql")
    return table


def _rollup(
    suffix: str,
    *keys: str,
    found_by: tuple[str, ...],
    measures: tuple[str, ...] = PLAIN_MEASURES,
    tables: sa.MetaData = FACTS,
    of_answers: bool = False,
) -> Rollup:
    daily, monthly = (_table(f"{unit}{suffix}", keys, found_by, measures, tables) for unit in ("daily", "monthly"))
    return Rollup(keys, daily, monthly, of_answers=of_answers)


def _monthly_of_answers(of: str, *keys: str) -> Rollup:
    """Return a rollup of answers by criterion and by who evaluated, or was evaluated."""
    return Rollup(keys, None, _table(f"monthly_by_criterion_and_{of}", keys, (), ANSWER_NAMES), of_answers=True)


def own_rollup(dimension: Dimension) -> Rollup:
    """Return the rollup of an own field, by what the shortest one with campaigns has, too."""
    column = dimension.column
    return _rollup(f"_by_{column}", *_SHORT, column, found_by=(column,), tables=sa.MetaData())


def metric_rollups(number: int, measures: tuple[str, ...]) -> tuple[Rollup, ...]:
    """Return the rollups that hold measures of own metrics beside the plain ones: whole, by center, by executive."""
    held, tables = (*PLAIN_MEASURES, *measures), sa.MetaData()
    by_center = _rollup(f"_of_metrics_{number}", *_SHORT, found_by=(), measures=held, tables=tables)
    total = _table(f"daily_total_of_metrics_{number}", ("is_ai",), (), held, tables)
    return (
        Rollup(("is_ai",), total, None, summed_from=by_center.daily),
        by_center,
        _rollup(f"_of_metrics_{number}_by_executive", *_BY_EXECUTIVE, found_by=(), measures=held, tables=tables),
    )


_BY_EXECUTIVE = ("call_center_key", "executive_key", "is_ai")

_SHORT = ("campaign_key", "call_center_key", "is_ai")

BY_CENTER = _rollup(
    "_by_center",
    *_SHORT,
    found_by=("campaign_key",),
    measures=tuple(MEASURES),
)

_OF_CALLS = ("campaign_key", "call_center_key", "engagement_key", "executive_key", "is_ai")
"""What a conversation belongs to; who evaluated it has a rollup of its own."""

DAILY_TOTAL = _table("daily_total", ("is_ai",), ())

OF_SCORECARDS = _rollup("_of_scorecards", *_SHORT, found_by=(), measures=SCORECARD_NAMES)

BY_CRITERION = _rollup("_by_criterion", "criterion_key", *_SHORT, found_by=(), measures=ANSWER_NAMES, of_answers=True)

ROLLUPS = (
    Rollup(("is_ai",), DAILY_TOTAL, None, summed_from=BY_CENTER.daily),
    BY_CENTER,
    _rollup(
        "_by_engagement",
        *("campaign_key", "call_center_key", "engagement_key", "is_ai"),
        found_by=("engagement_key",),
    ),
    _rollup(
        "_by_evaluator",
        *("campaign_key", "call_center_key", "evaluator_key", "form_key", "is_ai"),
        found_by=("evaluator_key", "form_key"),
    ),
    _rollup("_by_executive", *_BY_EXECUTIVE, found_by=("executive_key",)),
    Rollup(
        ("is_ai",),
        _table("daily_total_of_scorecards", ("is_ai",), (), SCORECARD_NAMES),
        None,
        summed_from=OF_SCORECARDS.daily,
    ),
    OF_SCORECARDS,
    Rollup(
        ("criterion_key", "is_ai"),
        _table("daily_total_by_criterion", ("criterion_key", "is_ai"), (), ANSWER_NAMES),
        None,
        summed_from=BY_CRITERION.daily,
        of_answers=True,
    ),
    BY_CRITERION,
    # By month alone, as below.
    _monthly_of_answers("executive", "criterion_key", "call_center_key", "executive_key", "is_ai"),
    _monthly_of_answers("evaluator", "criterion_key", "campaign_key", "call_center_key", "evaluator_key", "is_ai"),
    # By day it would be nearly as long as the facts, which answer for days that make no whole month.
    Rollup(_OF_CALLS, None, _table("monthly", _OF_CALLS, ("engagement_key", "executive_key"))),
)
"""From the shortest to the longest; a question is answered from the first that has the keys and measures it needs."""
