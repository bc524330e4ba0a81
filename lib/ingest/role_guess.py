"""Guesses which columns of a file are which canonical columns, by their names and by what their cells are."""

from __future__ import annotations

from collections.abc import Sequence

from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.ingest.header_names import fold_name, is_time_name, known_names, likeness
from lib.ingest.mapping import ColumnSource
from lib.ingest.survey import ColumnSurvey, Form, RawRow, Survey
from lib.ingest.value_forms import NUMBERS
from lib.ingest.value_names import target_of

_NUMERIC = frozenset((*NUMBERS, Form.PERCENT, Form.SHARE))
_LASTING = frozenset((*NUMBERS, Form.CLOCK, Form.SHORT_CLOCK, Form.LENGTH))
_DATED = frozenset((Form.ISO_DATE, Form.DATE, *NUMBERS))
_UNREADABLE = frozenset((Form.NULL_WORD, Form.ERROR, Form.FORMULA))

_MOSTLY = 0.5
"""The share of its cells that must look like what a column is taken for."""

_FORMS = {
    FieldType.SCORE: _NUMERIC,
    FieldType.SECONDS: _LASTING,
    FieldType.INSTANT: _DATED,
}
"""The forms that the cells of a kind of column have."""


def guess_sources(survey: Survey, catalog: Catalog) -> dict[str, ColumnSource]:
    """Return where each canonical column comes from, in the catalog's order; no column of the file comes twice.

    A column that is called like an own field is left to that, unless it has the canonical name or nothing else will do.
    """
    of_fields = {fold_name(name) for own in catalog.own_fields if not own.archived for name in (own.name, own.label)}
    likely = [
        (-like, place, canonical, column)
        for canonical, field in catalog.fields.items()
        for place, column in enumerate(survey.columns)
        if (like := likeness(column.name, canonical, catalog)) > 0
        and is_plausible(column, field)
        and (like == 1 or field.required or fold_name(column.name) not in of_fields)
    ]
    chosen: dict[str, ColumnSource] = {}
    taken: set[str] = set()
    doubled = {name for name in survey.header if survey.header.count(name) > 1}
    for _, _, canonical, column in sorted(likely, key=lambda each: each[:2]):
        if canonical not in chosen and column.name not in taken and column.name not in doubled:
            chosen[canonical] = ColumnSource((column.name,))
            taken.add(column.name)
    if "audioDate" not in chosen:
        dated = [column for column in survey.columns if column.has_only(Form.ISO_DATE, Form.DATE)]
        free = [column.name for column in dated if column.name not in taken | doubled]
        if len(free) == 1:  # whatever it is called
            chosen["audioDate"] = ColumnSource((free[0],))
            taken.add(free[0])
    time = _time_of_day(survey, chosen, taken | doubled)
    if time is not None:
        chosen["audioDate"] = ColumnSource((*chosen["audioDate"].columns, time.name), " ")
    if "id" not in chosen:
        chosen["id"] = ColumnSource(row=True)
    return {canonical: chosen[canonical] for canonical in catalog.fields if canonical in chosen}


def is_plausible(column: ColumnSurvey, field: Field) -> bool:
    """Return whether the cells of a column may be those of a canonical column."""
    counts = {form: count for form, count in column.forms.items() if form not in _UNREADABLE}
    if not counts:
        return True
    if Form.NESTED in counts:
        return False
    if field.kind in (FieldType.STATE, FieldType.SENTIMENT, FieldType.FLAG):
        return any(target_of(value, field.kind) for value, _ in column.values)
    forms = _FORMS.get(field.kind)
    if forms is None:
        return True
    return sum(count for form, count in counts.items() if form in forms) >= _MOSTLY * sum(counts.values())


def _time_of_day(survey: Survey, chosen: dict[str, ColumnSource], taken: set[str]) -> ColumnSurvey | None:
    """Return the column with the times of the dates in another one, where they have none themselves."""
    source = chosen.get("audioDate")
    date = survey.column(source.columns[0]) if source is not None else None
    if date is None or date.has_times:
        return None
    return next(
        (
            column
            for column in survey.columns
            if column.times and column.name not in taken and is_time_name(column.name)
        ),
        None,
    )


def guess_header_row(rows: Sequence[RawRow], catalog: Catalog) -> int:
    """Return the number of the header's row: of those that may be one, the first that has the most known names."""
    widest = max((_filled(row) for row in rows), default=0)
    candidates = [row for row in rows if _may_be_header(row, widest)]
    best = max(candidates, key=lambda row: known_names(row.cells, catalog), default=None)
    return 1 if best is None else best.number


def _filled(row: RawRow) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)


def _may_be_header(row: RawRow, widest: int) -> bool:
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    texts = [cell for cell in cells if any(character.isalpha() for character in cell)]
    return (
        bool(cells)
        and len(cells) * 2 >= widest
        and len(texts) * 5 >= len(cells) * 4
        and len({*cells}) == len(cells)
        and all(len(cell) <= 80 for cell in cells)
    )
