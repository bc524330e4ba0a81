"""Numbers leave the database by the column, the same from each engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from lib.store.bulk_io import read_numbers
from lib.store.duckdb_engine import unoptimized
from lib.workspace import Workspace

_WIDEST = 2**63 - 1


def rows(*values: tuple[object, ...]) -> sa.Select[tuple[object, ...]]:
    """Return a query for rows of a whole number, a day, yes or no, and a number with a fraction."""
    types = (sa.BigInteger, sa.Date, sa.Boolean, sa.Double)
    selects: list[Any] = [
        sa.select(*(sa.cast(value, type_).label(f"c{n}") for n, (value, type_) in enumerate(zip(row, types))))  # noqa: B905
        for row in values
    ]
    found = sa.union_all(*selects).subquery()
    return sa.select(*found.c).where(found.c.c0 >= sa.bindparam("least", type_=sa.BigInteger)).order_by(found.c.c0)


def test_numbers_days_and_flags_come_as_arrays(workspace: Workspace) -> None:
    asked = rows(
        (_WIDEST, date(1969, 12, 31), True, -0.5),
        (-_WIDEST, date(2026, 2, 28), False, 1e300),
        (7, date(1970, 1, 1), True, 0.1),
    )
    with workspace.facts.read() as connection:
        whole, days, flags, fractions = read_numbers(connection, asked, {"least": -_WIDEST})
        assert whole.tolist() == [-_WIDEST, 7, _WIDEST]
        assert days.tolist() == [(date(2026, 2, 28) - date(1970, 1, 1)).days, 0, -1]
        assert flags.tolist() == [0, 1, 1] and fractions.tolist() == [1e300, 0.1, -0.5]
        assert all(each.dtype.isnative for each in (whole, days, flags, fractions))
        nothing = read_numbers(connection, asked.where(sa.false()), {"least": 0})
        assert [len(each) for each in nothing] == [0] * 4
        assert np.issubdtype(nothing[3].dtype, np.floating)


def test_where_a_number_is_missing_no_row_gets_that_of_another(workspace: Workspace) -> None:
    asked = rows((1, date(2026, 1, 1), True, 0.5), (2, date(2026, 1, 1), True, None))
    with workspace.facts.read() as connection:
        try:
            *_, fractions = read_numbers(connection, asked, {"least": 0})
        except ValueError as error:
            assert "null" in str(error)
        else:
            assert fractions[0] == 0.5 and np.isnan(fractions[1])


def test_a_connection_optimizes_again_after_a_failure(workspace: Workspace) -> None:
    if workspace.facts.engine.dialect.name != "duckdb":
        pytest.skip("PostgreSQL has no such setting")
    plan = "EXPLAIN SELECT day FROM (SELECT day, id FROM evaluations) WHERE day > DATE '2026-01-01' AND 1 = 1"

    def planned() -> str:
        with workspace.facts.session() as connection:
            return "\n".join(map(str, connection.exec_driver_sql(plan).all()))

    usual = planned()
    with workspace.facts.session() as connection, unoptimized(connection):
        assert "\n".join(map(str, connection.exec_driver_sql(plan).all())) != usual
    assert planned() == usual
    with (
        pytest.raises(DBAPIError),
        workspace.facts.session() as connection,
        connection.begin(),
        unoptimized(connection),
    ):
        connection.exec_driver_sql("SELECT 1 FROM nowhere")
    assert planned() == usual
