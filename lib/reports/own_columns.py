"""Own fields as columns of a table of evaluations: typed values, under the labels that their users gave them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lib.analytics.ranges import number_text
from lib.analytics.records import Record
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.i18n import number, t_in_context
from lib.reports import formatting
from lib.reports.table import Column, FileField, Look
from lib.store.enums import OWN_SCALE, YES


def column(own: OwnField, zone: ZoneInfo) -> Column[Record]:
    """Return a field's column: numbers are sorted as such, and instants are of a zone."""
    name, label = own.parameter, own.label_with_unit
    match own.type:
        case OwnFieldType.CATEGORY:
            return _words(own, lambda record: formatting.member_name(record.members[name]))
        case OwnFieldType.YES_NO:
            return _words(own, lambda record: _yes_or_no(record.own[own.column]))
        case OwnFieldType.NUMBER:
            in_file: FileField[Record] = FileField(name, label, lambda record: _number(own, record), "number")
            return Column(
                label, in_file.value, lambda record: said(_exact(own, record)), Look.NUMBER, in_file=(in_file,)
            )
        case OwnFieldType.INSTANT:
            return _instant(own, zone)
    return _words(own, lambda record: record.own[own.column] or "")


def said(amount: Decimal | None) -> str:
    """Return a number as it was given, with the separators of the language in use."""
    if amount is None:
        return formatting.NOTHING
    decimals = len(number_text(amount).partition(".")[2])
    return formatting.signed(number(float(amount), decimals))


def _words(own: OwnField, value: Callable[[Record], str]) -> Column[Record]:
    return Column(own.label, value, in_file=(FileField(own.parameter, own.label, value),))


def _instant(own: OwnField, zone: ZoneInfo) -> Column[Record]:
    def local(record: Record) -> datetime | None:
        when: datetime | None = record.own[own.column]
        return None if when is None else when.astimezone(zone)

    def plain(record: Record) -> datetime | None:
        return None if (when := local(record)) is None else when.replace(tzinfo=None)

    def text(record: Record) -> str:
        return formatting.NOTHING if (when := local(record)) is None else formatting.instant(when)

    return Column(own.label, plain, text, in_file=(FileField(own.parameter, own.label, local, "instant"),))


def _exact(own: OwnField, record: Record) -> Decimal | None:
    held: int | None = record.own[own.column]
    return None if held is None else Decimal(held) / OWN_SCALE


def _number(own: OwnField, record: Record) -> float | None:
    amount = _exact(own, record)
    return None if amount is None else float(amount)


def _yes_or_no(held: Any) -> str:
    return "" if held is None else t_in_context("evaluation", "Yes" if held == YES else "No")
