"""One survey of several files: a mapping for all of them has to fit what any of them holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lib.ingest.survey import DAY_FIRST, MAX_VALUES, MONTH_FIRST, ColumnSurvey, DateFormats, Form, ListedPart, Survey

_EXAMPLES = 3


def merge_surveys(surveys: Sequence[Survey]) -> Survey:
    """Return what files hold together, under the header of the first; columns that it lacks are left out."""
    first = surveys[0]
    if len(surveys) == 1:
        return first
    columns = []
    for column in first.columns:
        others = (other.column(column.name) for other in surveys[1:])
        columns.append(_merge_columns([column, *(each for each in others if each is not None)]))
    return replace(
        first,
        columns=tuple(columns),
        rows=sum(each.rows for each in surveys),
        blank=sum(each.blank for each in surveys),
        malformed=sum(each.malformed for each in surveys),
    )


def _merge_columns(columns: Sequence[ColumnSurvey]) -> ColumnSurvey:
    counts: Counter[str] = Counter()
    forms: Counter[Form] = Counter()
    for column in columns:
        counts.update(dict(column.values))
        forms.update(column.forms)
    is_complete = all(column.is_complete for column in columns) and len(counts) <= MAX_VALUES
    known = [column.distinct for column in columns if column.distinct is not None]
    distinct = len(counts) if is_complete else sum(known) if len(known) == len(columns) else None
    repeated = [value for value, count in counts.items() if count > 1] if is_complete else []
    repeated = repeated or [value for column in columns for value in column.repeated]
    numbers = [number for column in columns for number in (column.smallest, column.largest) if number is not None]
    filled = [column for column in columns if column.filled]
    times = set.intersection(*(set(column.times) for column in filled)) if filled else set()
    return replace(
        columns[0],
        filled=sum(column.filled for column in columns),
        values=tuple(counts.most_common()) if is_complete else (),
        is_complete=is_complete,
        distinct=distinct,
        repeated=tuple(repeated[:_EXAMPLES]),
        examples=tuple(example for column in columns for example in column.examples)[:_EXAMPLES],
        smallest=min(numbers, default=None),
        largest=max(numbers, default=None),
        forms=dict(forms),
        form_examples={form: text for column in reversed(columns) for form, text in column.form_examples.items()},
        dates=_common_dates(filled),
        has_times=any(column.has_times for column in columns),
        times=tuple(time for time in columns[0].times if time in times),
        longest_first=max(column.longest_first for column in columns),
        most_hours=max(column.most_hours for column in columns),
        listed=_merge_listed(columns),
        null_words=tuple(dict.fromkeys(word for column in columns for word in column.null_words)),
    )


def _merge_listed(columns: Sequence[ColumnSurvey]) -> tuple[ListedPart, ...]:
    """Return what lists hold in any of the files."""
    merged: dict[str, ListedPart] = {}
    for part in (part for column in columns for part in column.listed):
        before = merged.get(part.path, replace(part, filled=0, examples=()))
        is_number = part.largest is not None and before.largest is not None
        merged[part.path] = replace(
            part,
            filled=before.filled + part.filled,
            examples=tuple(dict.fromkeys((*before.examples, *part.examples)))[:_EXAMPLES],
            largest=max(part.largest or 0, before.largest or 0) if is_number else None,
            is_flag=part.is_flag and before.is_flag,
        )
    return tuple(merged.values())


def _common_dates(columns: Sequence[ColumnSurvey]) -> tuple[DateFormats, ...]:
    """Return the alternatives that fit all of the columns with dates that are no ISO 8601: none where orders differ."""
    dated = [column.dates for column in columns if Form.DATE in column.forms]
    found: dict[tuple[str, ...], DateFormats] = {}
    for order in (DAY_FIRST, MONTH_FIRST):
        picked = [next((each for each in dates if each.order in (None, order)), None) for dates in dated]
        fitting = [each for each in picked if each is not None]
        if fitting and len(fitting) == len(dated):
            formats = tuple(dict.fromkeys(form for each in fitting for form in each.formats))
            locale = next((each.locale for each in fitting if each.locale), None)
            known = next((each.order for each in fitting if each.order), None)
            by_sequence = any(each.is_by_sequence for each in fitting)
            found.setdefault(formats, DateFormats(formats, locale, known, by_sequence))
    return tuple(found.values())
