"""Texts of files, written in the store's own SQL: numbers, and texts that no spreadsheet takes for formulas."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lib.formats.csv_injection import NUMBER, STARTS
from lib.store.enums import OWN_SCALE


def number_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return a number in 1/OWN_SCALE as text, exactly, without zeros at its end: -0.5, 4."""
    size = sa.func.abs(column)
    whole = sa.cast(sa.cast((size - size % OWN_SCALE) / OWN_SCALE, sa.BigInteger), sa.Text)
    digits = sa.func.rtrim(sa.func.lpad(sa.cast(size % OWN_SCALE, sa.Text), len(str(OWN_SCALE)) - 1, "0"), "0")
    sign = sa.case((column < 0, sa.literal("-")), else_=sa.literal(""))
    decimals = sa.case((digits == "", sa.literal("")), else_=sa.literal(".").concat(digits))
    return sa.case((column.is_not(None), sign.concat(whole).concat(decimals)))


def escape_formula(text: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return what `csv_injection.escape_formula` returns, as SQL."""
    first = sa.func.ascii(text)
    risky = sa.and_(first.in_([ord(start) for start in STARTS]), sa.not_(text.regexp_match(NUMBER)))
    return sa.case((risky, sa.literal("'").concat(text)), else_=text)
