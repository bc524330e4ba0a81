"""The part of a mapping's form that says where one column of an evaluation comes from.

What the form leaves as it was comes out as it went in, however it was written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import streamlit as st

from lib.catalog.fields import Field, FieldType
from lib.i18n import t
from lib.ingest.mapping import CLOCK_FORMATS, UNITS, ColumnSource, folded
from lib.reports import reading_text
from lib.ui import inputs, markdown

ROW_NUMBER, CONSTANT = -1, -2
"""What a column may come from beside the columns of the file, which are numbered from 0."""

UNIT_LABELS = {"ms": "milliseconds (ms)", "s": "seconds (s)", "min": "minutes (min)", "h": "hours (h)"}

CLOCK_LABELS = {"mm:ss": "minutes and seconds (mm:ss)", "hh:mm": "hours and minutes (hh:mm)"}

_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """Where a column comes from by the form, and what is wrong with that in words, if anything is."""

    source: ColumnSource | None
    problem: str | None = None


def find_column(name: str, header: Sequence[str]) -> str | None:
    """Return the name of a file's column as its header spells it; None where it lacks it, or has several such."""
    if name in header:
        return name
    matches = [each for each in header if folded(each) == folded(name)]
    return matches[0] if len(matches) == 1 else None


def draw(
    field: Field, base: ColumnSource | None, implied: str | None, header: Sequence[str], scope: str, help_: str
) -> SourceChoice:
    """Draw the inputs of a column, filled in from `base`; return where it comes from.

    `implied` is the column of the file that is taken where the mapping says nothing, as it has the canonical name.
    """
    scope = f"{scope}-{hashlib.sha256(repr((base, implied)).encode()).hexdigest()[:8]}"  # another base, other inputs
    shown = base if base is not None else ColumnSource((implied,)) if implied is not None else None
    names = [*header, *(name for name in (shown.columns if shown else ()) if find_column(name, header) is None)]
    names = list(dict.fromkeys(names))
    label = reading_text.column_in_words(field)
    shown_label = markdown.text(label)
    default = _default(shown, header, names)
    chosen = inputs.multiselect(
        f"{shown_label} *" if field.required else shown_label,
        [*([ROW_NUMBER] if field.name == "id" else []), *range(len(names)), CONSTANT],
        default,
        format_func=lambda place: _source_label(place, names, header),
        key=f"{scope}-{field.name}-columns",
        help=help_,
        placeholder=t("Not mapped: Completed in every row") if field.kind is FieldType.STATE else t("Not mapped"),
    )
    if not chosen:
        if field.required:
            return SourceChoice(None, t("{column}: choose where it comes from.", column=label))
        # Left open, a column of the canonical name would be taken all the same.
        return SourceChoice(None if implied is None else ColumnSource(value=""))
    if len(chosen) > 1 and min(chosen) < 0:
        return SourceChoice(
            base, t("{column}: choose columns, or one value for all rows, or the row number.", column=label)
        )
    value = _value(shown, chosen, scope, field)
    columns = tuple(names[place] for place in chosen if place >= 0)
    if shown is not None and chosen == default:
        columns = shown.columns
    elif shown is not None:
        spelled = {find_column(name, header) or name: name for name in shown.columns}
        columns = tuple(spelled.get(name, name) for name in columns)
    options = ColumnSource() if shown is None else shown
    join, (scale, offset), (unit, form), problem = _options(field, options, len(columns), scope)
    source = ColumnSource(columns, join, scale, offset, value, ROW_NUMBER in chosen, unit, form)
    return SourceChoice(None if base is None and source == shown else source, problem)


def _default(shown: ColumnSource | None, header: Sequence[str], names: Sequence[str]) -> list[int]:
    if shown is None:
        return []
    if shown.row:
        return [ROW_NUMBER]
    if shown.value is not None:
        return [CONSTANT]
    return list(dict.fromkeys(names.index(find_column(name, header) or name) for name in shown.columns))


def _source_label(place: int, names: Sequence[str], header: Sequence[str]) -> str:
    if place == ROW_NUMBER:
        return t("‹file name and row number›")
    if place == CONSTANT:
        return t("‹the same in every row›")
    name = names[place]
    if name not in header:
        return t("{column} (not in this file)", column=name)
    return name or t("‹column {count}, without a name›", count=place + 1)


def _value(shown: ColumnSource | None, chosen: Sequence[int], scope: str, field: Field) -> str | None:
    if CONSTANT not in chosen:
        return None
    before = shown.value if shown is not None and shown.value is not None else ""
    return inputs.text_input(
        t("{column} in every row", column=markdown.text(reading_text.column_in_words(field))),
        before,
        key=f"{scope}-{field.name}-value",
    )


def _options(
    field: Field, shown: ColumnSource, columns: int, scope: str
) -> tuple[str, tuple[Decimal | None, Decimal | None], tuple[str | None, str | None], str | None]:
    """Draw how the values of a column are joined, scaled and read; return it, and what is wrong with it."""
    is_number = field.kind in (FieldType.SCORE, FieldType.SECONDS, FieldType.NUMBER)
    is_duration = field.kind is FieldType.SECONDS
    join = shown.join if len(shown.columns) > 1 or columns < 2 else "-" if field.name == "id" else " "
    if not is_number and columns < 2 and not join:
        return join, (None, None), (None, None), None
    label = _options_label(shown, f"{scope}-{field.name}")
    with st.popover(label, key=f"{scope}-{field.name}-options", icon=":material/tune:"):
        if columns > 1 or join:
            join = inputs.text_input(t("Text between the columns"), join, key=f"{scope}-{field.name}-join")
        if not is_number:
            return join, (None, None), (None, None), None
        scale, wrong = _number(t("Multiply by"), shown.scale, f"{scope}-{field.name}-scale")
        offset, wrong_too = _number(t("Then add"), shown.offset, f"{scope}-{field.name}-offset")
        unit = form = None
        if is_duration:
            unit = _of_list(t("Plain numbers are"), UNITS, UNIT_LABELS, shown.unit, f"{scope}-{field.name}-unit")
            form = _of_list(
                t("Times such as 05:12 are"), CLOCK_FORMATS, CLOCK_LABELS, shown.format, f"{scope}-{field.name}-format"
            )
    wrong = wrong or wrong_too
    problem = t("{column}: {what}", column=reading_text.column_in_words(field), what=wrong) if wrong else None
    return join, (scale, offset), (unit, form), problem


def _options_label(shown: ColumnSource, key: str) -> str:
    """Return what a column's options are called, with those in sight that their fields set, which are drawn later."""
    before = {"scale": _text(shown.scale), "offset": _text(shown.offset), "unit": shown.unit, "format": shown.format}
    held = {name: st.session_state.get(f"{key}-{name}", value) or "" for name, value in before.items()}
    scale, offset = (markdown.text(held[name].strip()) for name in ("scale", "offset"))
    parts = [f"× {scale}" if scale else "", f"+ {offset}" if offset not in ("", "0") else ""]
    parts += [t(UNIT_LABELS[held["unit"]]) if held["unit"] else "", held["format"]]
    return " · ".join([t("Options"), *filter(None, parts)])


def _of_list(
    label: str, known: Sequence[str] | dict[str, Decimal], labels: dict[str, str], value: str | None, key: str
) -> str | None:
    options: list[str | None] = [None, *known, *([value] if value is not None and value not in known else [])]
    return inputs.selectbox(
        label,
        options,
        options.index(value),
        format_func=lambda each: t("Not set") if each is None else t(labels[each]) if each in labels else each,
        key=key,
    )


def _number(label: str, before: Decimal | None, key: str) -> tuple[Decimal | None, str | None]:
    """Draw a field for a number, digit by digit as it is; return it, or what is wrong with it."""
    shown = _text(before)
    typed = inputs.text_input(label, shown, key=key, placeholder=t("Not set")).strip()
    if typed == shown:
        return before, None
    if not typed:
        return None, None
    if not _NUMBER.fullmatch(typed):
        wrong = t("“{typed}” is not a number; right would be 0.1 or -2.", typed=typed[:40])
        st.error(wrong)
        return before, wrong
    return Decimal(typed.replace(",", ".")), None


def _text(number: Decimal | None) -> str:
    return "" if number is None else str(number)
