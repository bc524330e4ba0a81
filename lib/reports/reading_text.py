"""What a cell of a file is read as, in words."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from lib.catalog.fields import Field, FieldType
from lib.errors.codes import CodedText
from lib.i18n import number, t, t_in_context
from lib.reports import formatting, job_text

ReadValue: TypeAlias = datetime | Decimal | int | bool | str | None


def column_in_words(field: Field) -> str:
    """Return what people call a column: an own field's label is what its workspace calls it, in any language."""
    return field.label if field.is_own else t(field.label)


def value_in_words(value: ReadValue, field: Field) -> str:
    """Return a value as it is stored of a column: a date, a number with its unit, a name."""
    if value is None:
        return t("empty")
    if isinstance(value, datetime):
        text = formatting.instant(value)
        return f"{text}:{value:%S}" if value.second else text
    if isinstance(value, bool) and field.kind is FieldType.YES_NO:
        return t("Yes") if value else t("No")
    if isinstance(value, bool):
        return t("AI") if value else t("Human")
    if isinstance(value, Decimal):
        return number(float(value), max(0, -int(value.normalize().as_tuple().exponent)))
    if field.kind is FieldType.SECONDS and isinstance(value, int):
        return t("{clock} ({seconds} s)", clock=formatting.duration(value), seconds=number(value))
    if field.kind in (FieldType.STATE, FieldType.SENTIMENT):
        return t_in_context("evaluation", str(value))
    return str(value)


def problem_in_words(problem: CodedText, right: CodedText | None) -> str:
    """Return what is wrong with a cell, and what would be right."""
    wrong = job_text.in_words(problem)
    return (
        wrong
        if right is None
        else t("{problem}; right would be {right}", problem=wrong, right=job_text.in_words(right))
    )
