"""What measures of formulas need of evaluations beside their columns: the wall clock, and answers to criteria."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lib.analytics.sql_time import local_time
from lib.catalog.catalog import Catalog
from lib.catalog.formulas.row_sql import WEEKDAY
from lib.catalog.measures import ExtraColumn
from lib.store.schema import criteria


def extra_columns(
    catalog: Catalog, extras: Sequence[ExtraColumn], zone: ZoneInfo, first: datetime, last: datetime
) -> list[sa.ColumnElement[Any]]:
    """Return columns of the facts, each under its name; hours and weekdays are right from `first` to `last`."""
    return [
        _wall_clock(catalog.evaluations, each, zone, first, last)
        if each.criterion is None
        else _share(catalog.evaluations, catalog.answers, each)
        for each in extras
    ]


def _wall_clock(
    facts: sa.FromClause, extra: ExtraColumn, zone: ZoneInfo, first: datetime, last: datetime
) -> sa.ColumnElement[Any]:
    """Return the hour, 0 to 23, or the weekday, 1 for Monday, on the wall clock of a zone."""
    part = "isodow" if extra.name == WEEKDAY else "hour"
    return sa.cast(sa.extract(part, local_time(facts.c.audio_at, zone, first, last)), sa.BigInteger).label(extra.name)


def _share(facts: sa.FromClause, answers: sa.Table, extra: ExtraColumn) -> sa.ColumnElement[Any]:
    """Return the share of points of the answer to a criterion of a name; null where there is none that applies."""
    keys = sa.select(criteria.c.key).where(criteria.c.name == extra.criterion)
    share = sa.select(sa.func.max(answers.c.share)).where(
        answers.c.answer_set == facts.c.answer_set, answers.c.criterion_key.in_(keys)
    )
    return sa.cast(share.correlate(facts).scalar_subquery(), sa.BigInteger).label(extra.name)
