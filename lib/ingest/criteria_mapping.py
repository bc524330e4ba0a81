"""Criteria in mappings: where the answers to each come from, and what they say of the score. As TOML, both ways.

Reading the answers themselves is `criteria_converter.py`.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from decimal import Decimal
from typing import Any

from lib.errors import MappingError, nearest
from lib.errors.mapping_codes import MappingCode
from lib.ingest.answer_rows import MAX_CRITERION, MOST_ANSWERS, MOST_POINTS
from lib.ingest.answer_values import points_number, whole_points
from lib.ingest.mapping import CriterionSource, Scoring, folded, shortened
from lib.ingest.mapping_entries import as_number, as_table, check_known
from lib.ingest.text_cleaning import clean_text
from lib.ingest.value_parsers import MAX_TEXT
from lib.store.enums import OWN_SCALE

CRITERION_OPTIONS = ("column", "max", "section", "critical", "values", "form")

FROM_FILE, FROM_CRITERIA = "file", "criteria"
"""Where a score comes from: the file alone, or the answers where the file has none."""

KEEP, ZERO = "keep", "zero"
"""What a failed critical criterion does to the score."""

SCORING_OPTIONS = {"from": (FROM_FILE, FROM_CRITERIA), "critical": (KEEP, ZERO)}


def read_criteria(entries: Table[str, Any], where: str) -> dict[str, CriterionSource]:
    """Read the criteria of a mapping, by their names as they are kept. Raises MappingError naming a wrong entry."""
    if len(entries) > MOST_ANSWERS:
        raise MappingError(MappingCode.MAPPING_CRITERIA_TOO_MANY, where=where, count=len(entries), most=MOST_ANSWERS)
    criteria: dict[str, CriterionSource] = {}
    names: dict[str, str] = {}
    for entry, source in entries.items():
        name = clean_text(entry)
        if not _is_text(name, MAX_CRITERION):
            raise MappingError(
                MappingCode.MAPPING_CRITERION_NAME, where=where, entry=shortened(entry), most=MAX_CRITERION
            )
        other = names.setdefault(folded(name), entry)
        if other != entry:
            raise MappingError(
                MappingCode.MAPPING_CRITERION_ALIKE, where=where, entry=shortened(entry), other=shortened(other)
            )
        criteria[name] = _criterion(source, f"{where} {shortened(name)}:")
    return criteria


def read_scoring(entries: Table[str, Any], where: str) -> Scoring:
    """Read what answers say of the score. Raises MappingError naming a wrong entry."""
    check_known(entries, tuple(SCORING_OPTIONS), MappingCode.MAPPING_UNKNOWN_OPTION, where)
    for option, choices in SCORING_OPTIONS.items():
        chosen = entries.get(option, choices[0])
        if chosen not in choices:
            hint = nearest(chosen, choices) if isinstance(chosen, str) else ""
            raise MappingError(
                MappingCode.MAPPING_SCORING, where=where, option=option, known=", ".join(choices), hint=hint
            )
    return Scoring(entries.get("from") == FROM_CRITERIA, entries.get("critical") == ZERO)


def criterion_entry(source: CriterionSource) -> dict[str, Any]:
    """Return a criterion as it stands in TOML."""
    words = {word: "" if points is None else written_points(points) for word, points in source.values.items()}
    options = {
        "column": source.column,
        "max": written_points(source.max_points),
        "section": source.section,
        "critical": source.is_critical or None,
        "values": words or None,
        "form": source.form,
    }
    return {name: value for name, value in options.items() if value is not None}


def scoring_entry(scoring: Scoring) -> dict[str, Any]:
    """Return what answers say of the score as it stands in TOML; nothing of what is so anyway."""
    options = {
        "from": FROM_CRITERIA if scoring.from_criteria else None,
        "critical": ZERO if scoring.critical_is_zero else None,
    }
    return {name: value for name, value in options.items() if value is not None}


def _criterion(entry: object, where: str) -> CriterionSource:
    if not isinstance(entry, dict):
        raise MappingError(MappingCode.MAPPING_CRITERION_NO_TABLE, where=where, entry=shortened(str(entry)))
    entries: dict[str, Any] = entry
    check_known(entries, CRITERION_OPTIONS, MappingCode.MAPPING_UNKNOWN_OPTION, where)
    column = entries.get("column")
    if not isinstance(column, str):
        raise MappingError(MappingCode.MAPPING_CRITERION_COLUMN, where=where)
    if "max" not in entries:
        raise MappingError(MappingCode.MAPPING_CRITERION_NO_MAX, where=where)
    max_points = max_points_of(entries["max"], f"{where} max")
    is_critical = entries.get("critical", False)
    if not isinstance(is_critical, bool):
        raise MappingError(MappingCode.MAPPING_CRITERION_CRITICAL, where=where)
    section = _text(entries, "section", MAX_CRITERION, where)
    form = _text(entries, "form", MAX_TEXT, where)
    values = _values(as_table(entries.get("values", {}), f"{where} values"), max_points, where)
    return CriterionSource(column, max_points, section, is_critical, values, form)


def _text(entries: Table[str, Any], option: str, most: int, where: str) -> str | None:
    if option not in entries:
        return None
    value = entries[option]
    cleaned = clean_text(value) if isinstance(value, str) else ""
    if not _is_text(cleaned, most):
        raise MappingError(MappingCode.MAPPING_CRITERION_TEXT, where=where, option=option, most=most)
    return cleaned


def _is_text(value: str, most: int) -> bool:
    return 0 < len(value) <= most and "\x00" not in value


def _values(entries: Table[str, Any], max_points: int, where: str) -> dict[str, int | None]:
    """Read what words stand for: points, or nothing where the question does not apply."""
    values: dict[str, int | None] = {}
    known: set[str] = set()
    for word, value in entries.items():
        cleaned = clean_text(word).casefold()
        if cleaned in known:
            raise MappingError(MappingCode.MAPPING_CRITERION_VALUE_TWICE, where=where, entry=shortened(word))
        known.add(cleaned)
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        points = scaled_points(Decimal(value)) if is_number else None
        if value != "" and (points is None or points > max_points):
            most = points_number(max_points)
            raise MappingError(MappingCode.MAPPING_CRITERION_VALUE, where=where, entry=shortened(word), most=most)
        values[word] = points
    return values


def scaled_points(number: Decimal) -> int | None:
    """Return a number of points in 1/OWN_SCALE; None for what can't be one."""
    if not number.is_finite() or not 0 <= number <= MOST_POINTS:
        return None
    return whole_points(number)


def max_points_of(value: object, where: str) -> int:
    """Read the points that a full answer has, in 1/OWN_SCALE of one. Raises MappingError."""
    most = scaled_points(as_number(value, where))
    if most is None or most == 0:
        raise MappingError(MappingCode.MAPPING_CRITERION_MAX, where=where, most=f"{MOST_POINTS:,}")
    return most


def written_points(points: int) -> int | Decimal:
    """Return points, in 1/OWN_SCALE of one, as a number of TOML."""
    number = Decimal(points) / OWN_SCALE
    return int(number) if number == number.to_integral_value() else number
