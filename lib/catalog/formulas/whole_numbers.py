"""Whole numbers of more than 64 bits, and what engines compute with whole numbers each in its own words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

MOST_DIGITS = 38
"""Digits of the largest whole number that the stores hold."""

PLAIN_DIGITS = 18
"""Digits that every whole number of 64 bits may have."""


class HugeInteger(sa.types.UserDefinedType[int]):
    """A whole number of 128 bits, as DuckDB has it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return its name in SQL."""
        return "HUGEINT"


WIDE: sa.types.TypeEngine[Any] = sa.Numeric(MOST_DIGITS, 0).with_variant(HugeInteger(), "duckdb")
"""The type of whole numbers that 64 bits do not hold."""


class WholeQuotient(FunctionElement[int]):
    """A whole number divided by another, without what is left."""

    inherit_cache = True
    type = WIDE


@compiles(WholeQuotient)
def _divided(element: WholeQuotient, compiler: Any, **options: Any) -> str:
    left, right = (compiler.process(each, **options) for each in element.clauses)
    return f"(({left}) // ({right}))"


@compiles(WholeQuotient, "postgresql")
def _divided_on_postgresql(element: WholeQuotient, compiler: Any, **options: Any) -> str:
    return f"div({compiler.process(element.clauses, **options)})"


class Microseconds(FunctionElement[int]):
    """The microseconds from one instant to another, which comes first."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(Microseconds)
def _between(element: Microseconds, compiler: Any, **options: Any) -> str:
    last, first = (compiler.process(each, **options) for each in element.clauses)
    return f"(epoch_us({last}) - epoch_us({first}))"


@compiles(Microseconds, "postgresql")
def _between_on_postgresql(element: Microseconds, compiler: Any, **options: Any) -> str:
    last, first = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST((extract(epoch from {last}) - extract(epoch from {first})) * 1000000 AS BIGINT)"
