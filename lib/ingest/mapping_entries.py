"""Entries of a mapping's TOML: what every part of it checks in the same way."""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from lib.errors import MappingError, nearest
from lib.errors.mapping_codes import MappingCode
from lib.ingest.mapping import shortened


def check_known(table: Table[str, Any], known: Sequence[str], unknown: MappingCode, where: str) -> None:
    """Raise MappingError of the code `unknown` for the first name of a table that is none of those known."""
    for name in table:
        if name not in known:
            raise MappingError(
                unknown, where=where, entry=shortened(name), hint=nearest(name, known), known=", ".join(known)
            )


def as_table(entry: object, where: str) -> dict[str, Any]:
    """Return an entry that is a table. Raises MappingError for any other."""
    if not isinstance(entry, dict):
        raise MappingError(MappingCode.MAPPING_NO_TABLE, where=where)
    return entry


def as_number(value: object, where: str) -> Decimal:
    """Return an entry that is a finite number, exactly. Raises MappingError for any other."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MappingError(MappingCode.MAPPING_NO_NUMBER, where=where)
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise MappingError(MappingCode.MAPPING_NOT_FINITE, where=where)
    return number
