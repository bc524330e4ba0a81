"""Proposals of criteria: what a column of points or words says of a question of a scorecard, by its name and values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping as Table
from collections.abc import Sequence
from decimal import Decimal

from lib.catalog.fields import FieldType
from lib.ingest.answer_rows import MAX_CRITERION, MOST_POINTS
from lib.ingest.header_names import fold_name
from lib.ingest.mapping import CriterionSource
from lib.ingest.survey import ColumnSurvey, Form
from lib.ingest.text_cleaning import clean_text
from lib.ingest.value_forms import NUMBERS
from lib.ingest.value_names import target_of
from lib.store.enums import OWN_SCALE

MOST_WORDS = 20
"""Words of a column that each can be given points."""

_NUMBER = r"(\d{1,5}(?:\.\d{1,4})?)"
_POINTS = r"(?:pts?\.?|points?|puntos?|pontos?)"
_MARKS = (
    re.compile(rf"\s*[(\[](?:max\.?|out of|de|/)?\s*{_NUMBER}\s*{_POINTS}?[)\]]\s*$", re.IGNORECASE),  # (10), (max 5)
    re.compile(rf"\s*/\s*{_NUMBER}\s*$"),  # Greeting /10
    re.compile(rf"\s+{_NUMBER}\s*{_POINTS}\s*$", re.IGNORECASE),  # Greeting 10 pts
)
"""How the name of a column ends that says how many points there are."""

_SIGNS = re.compile(r"\s*(?:::|: | - | – | — | › | > | \| )\s*")
"""What stands between the name of a section and that of a question."""

_PASSED = frozenset({"pass", "passed", "met", "yes", "ok", "correct", "compliant", "cumple", "aprobado", "conforme"})
_FAILED = frozenset(
    {"fail", "failed", "notmet", "no", "incorrect", "noncompliant", "nocumple", "reprobado", "naoconforme", "autofail"}
)
_SEVERAL = 3
_FATAL = re.compile(r"\s*[(\[]\s*(critical|fatal|auto[- ]?fail|cr[ií]tic[ao]|fatal[a-z]*)\s*[)\]]", re.IGNORECASE)
"""What the name of a column says whose question is critical."""

_ROUND = (1, 2, 3, 4, 5, 10, 15, 20, 25, 50, 100)


def is_question(column: ColumnSurvey) -> bool:
    """Return whether the name of a column says that it has points: `Greeting (10)`, `Listening /5`."""
    return _marked(column.name) is not None and column.has_only(*NUMBERS, Form.OTHER)


def are_questions(columns: Sequence[ColumnSurvey]) -> list[ColumnSurvey]:
    """Return the columns that are questions by their names, or by the names of sections before them.

    The latter where three or more have such names, and only numbers or words whose points are known.
    """
    questions = {
        column.name for column in columns if is_question(column) or (_has_section(column.name) and _has_points(column))
    }
    is_scorecard = len(questions) >= _SEVERAL
    return [each for each in columns if is_question(each) or (is_scorecard and each.name in questions)]


def _has_section(name: str) -> bool:
    return len([part for part in _SIGNS.split(clean_text(name), maxsplit=1) if part]) > 1


def _has_points(column: ColumnSurvey) -> bool:
    if not column.filled or not column.has_only(*NUMBERS, Form.OTHER):
        return False
    words = words_of_column(column)
    known = word_points(column, OWN_SCALE)
    if any(word not in known for word in words):
        return False
    return len(words) < len(column.values) or any(points is not None for points in known.values())


def propose_criterion(column: ColumnSurvey) -> tuple[str, CriterionSource]:
    """Return what a column is as a criterion: its name, section and most points, and what its words stand for."""
    is_critical = _FATAL.search(column.name) is not None
    marked = _marked(_FATAL.sub("", column.name))
    plain, said = marked if marked is not None else (_FATAL.sub("", column.name), None)
    parts = [part for part in _SIGNS.split(clean_text(plain), maxsplit=1) if part]
    section = parts[0][:MAX_CRITERION] if len(parts) > 1 else None
    name = clean_text(parts[-1] if parts else column.name)[:MAX_CRITERION] or column.name
    most = said or _largest(column)
    return name, CriterionSource(column.name, most, section, is_critical, word_points(column, most))


def words_of_column(column: ColumnSurvey) -> list[str]:
    """Return the words of a column that are no numbers, the most frequent first; none where they are too many."""
    words = [value for value, _ in column.values if not _is_number(value)]
    return words if len(words) <= MOST_WORDS else []


def word_points(column: ColumnSurvey, most: int) -> Table[str, int | None]:
    """Return what a column's words stand for, where that is known: all points, none, or that it does not apply."""
    points: dict[str, int | None] = {}
    for word in words_of_column(column):
        folded = fold_name(word)
        target = target_of(word, FieldType.YES_NO)
        if word in column.null_words or folded in ("na", "notapplicable", "noaplica", "naoseaplica"):
            points[word] = None
        elif target == "true" or folded in _PASSED:
            points[word] = most
        elif target == "false" or folded in _FAILED:
            points[word] = 0
    return points


def _marked(name: str) -> tuple[str, int] | None:
    """Return a name without what it says of points, and the points, in 1/OWN_SCALE of one."""
    for mark in _MARKS:
        ending = mark.search(name)
        if ending is not None and ending.start() > 0 and 0 < Decimal(ending[1]) <= MOST_POINTS:
            return name[: ending.start()], int(Decimal(ending[1]) * OWN_SCALE)
    return None


def _largest(column: ColumnSurvey) -> int:
    largest = column.largest if column.largest is not None and math.isfinite(column.largest) else 1
    if words_of_column(column) and not any(form in column.forms for form in NUMBERS):
        return OWN_SCALE
    return OWN_SCALE * next((most for most in _ROUND if largest <= most), min(math.ceil(largest), MOST_POINTS))


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(?:[.,]\d+)*\s*%?", value) is not None
