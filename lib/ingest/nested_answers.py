"""Lists of answers within evaluations: `results` of JSON, or such JSON as a text, checked answer by answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import pyarrow as pa

from lib.errors import nearest
from lib.errors.codes import CodedText, FailureCode
from lib.errors.value_codes import ValueCode
from lib.ingest.answer_lists import list_answers
from lib.ingest.answer_rows import ANSWER, MAX_COMMENT, MAX_CRITERION, MOST_ANSWERS, RESULTS
from lib.ingest.answer_values import parse_flag, parse_max_points, parse_points, points_number
from lib.ingest.cells import CellKind
from lib.ingest.json_values import NESTED, JsonNumber, decoded, json_text, nested_text
from lib.ingest.listed_answers import AnswerLists, ListShapeError
from lib.ingest.mapping import FileOptions, folded, shortened
from lib.ingest.parse_error import ValueParseError
from lib.ingest.text_cleaning import clean_text
from lib.ingest.typed_numbers import float_text
from lib.ingest.value_parsers import text as checked_text

ANSWER_KEYS = ("criterion", "section", "points", "maxPoints", "notApplicable", "critical", "comment")
"""What an answer within a list may say."""

_KEYS = {key: key for key in ANSWER_KEYS}
_FOLDED = {folded(key): key for key in ANSWER_KEYS}

RefuseIn: TypeAlias = Callable[[int, str, str, CodedText, CodedText], None]
"""Told of what can't be stored: the row's position, the place in the list, the value, what is wrong, what is right."""


class _ListedAnswer(NamedTuple):
    criterion: str
    section: str | None
    points: int | None
    max_points: int | None
    critical: bool
    comment: str | None


class _AnswerError(Exception):
    """One thing that is wrong in a list of answers: where it is, and what."""

    def __init__(self, place: str, value: object, error: ValueParseError) -> None:
        super().__init__(place)
        self.place = _speakable(place)
        self.value = shortened(_speakable(value) if isinstance(value, str) else nested_text(value), 60)
        self.error = error


class _DistinctAnswers:
    """The answers of a batch that differ in more than their comments, and the place of each."""

    def __init__(self) -> None:
        self.answers: list[_ListedAnswer] = []
        self.places: dict[tuple[object, ...], int] = {}


class NestedAnswers:
    """Reads lists of answers, one a row; those of a batch that are the same are read once."""

    def __init__(self, options: FileOptions, lists: AnswerLists | None = None) -> None:
        """Take the options by which numbers that are texts are read, and what makes answers of other lists."""
        self._options = options
        self._lists = lists

    def convert(self, values: Iterable[object], forms: pa.StringArray, refuse: RefuseIn) -> pa.ListArray:
        """Return the answers of rows, of a list each, or its JSON as a text; None where a row has none.

        Where other lists are made into answers, of the values of their columns.

        `forms` are the evaluations' own. Of a wrong list the first thing that is wrong is told.
        """
        distinct = _DistinctAnswers()
        counts: list[int] = []
        places: list[int] = []  # of each answer in the distinct ones
        comments: list[str | None] = []
        for position, value in enumerate(values):
            try:
                of_row = self._answers(value, distinct)
            except _AnswerError as wrong:
                refuse(position, wrong.place, wrong.value, wrong.error.problem, wrong.error.right)
                of_row = []
            counts.append(len(of_row))
            for place, comment in of_row:
                places.append(place)
                comments.append(comment)
        of_lists = np.array(counts, dtype=np.int64)
        columns: dict[str, pa.Array] = {}
        if places:
            indices = pa.array(places, pa.int32())
            for name, column in zip(_ListedAnswer._fields, zip(*distinct.answers, strict=True), strict=True):
                columns[name] = pa.array(column, ANSWER.field(name).type).take(indices)
            columns["comment"] = pa.array(comments, pa.string())
            if forms.null_count < len(forms):
                columns["form"] = forms.take(pa.array(np.repeat(np.arange(len(of_lists)), of_lists)))
        return list_answers(columns, of_lists)

    def _answers(self, value: object, distinct: _DistinctAnswers) -> list[tuple[int, str | None]]:
        """Return the answers of a row: the place of each among the distinct ones, and its comment."""
        entries = _entries(value) if self._lists is None else self._listed(cast(Sequence[object], value))
        if len(entries) > MOST_ANSWERS:
            many, right = (
                ValueCode.TOO_MANY_ANSWERS.of(count=len(entries)),
                ValueCode.RIGHT_LENGTH.of(most=MOST_ANSWERS),
            )
            place = RESULTS if self._lists is None else self._lists.name
            raise _AnswerError(place, "", _error(many, right))
        answers = [self._place(entry, where, distinct) for where, entry in entries]
        names = [distinct.answers[place].criterion for place, _ in answers]
        if len({*names}) < len(names):
            number = next(number for number, name in enumerate(names) if name in names[:number])
            error = _error(FailureCode.TWICE.of(), ValueCode.RIGHT_ONE_ANSWER.of())
            raise _AnswerError(f"{entries[number][0]}.{self._key('criterion')}", names[number], error)
        return answers

    def _listed(self, row: Sequence[object]) -> list[tuple[str, dict[str, object]]]:
        assert self._lists is not None  # noqa: S101 - asked by the caller
        try:
            return self._lists.answers(row)
        except ListShapeError as wrong:
            error = _error(ValueCode.NOT_ANSWERS.of(), ValueCode.RIGHT_LISTS.of())
            raise _AnswerError(wrong.place, wrong.value, error) from None

    def _key(self, part: str) -> str:
        """Return what a part of an answer is called in the file."""
        return part if self._lists is None else self._lists.keys.get(part, part)

    def _place(self, entry: object, where: str, distinct: _DistinctAnswers) -> tuple[int, str | None]:
        """Return the place of an answer among those that are the same but for their comment, and its comment."""
        if not isinstance(entry, dict):
            raise _AnswerError(where, entry, _error(FailureCode.NOT_AN_OBJECT.of(), ValueCode.RIGHT_ANSWERS.of()))
        comment = None
        if entry.get("comment") is not None:
            _by_key(entry, where)  # which may have it in another spelling, too
            comment = _comment_of(entry["comment"], f"{where}.{self._key('comment')}")
            entry = {key: value for key, value in entry.items() if key != "comment"}
        key = (*entry.items(), *map(type, entry.values()))  # the text 1.5 may be another number than the number is
        try:
            place = distinct.places.get(key)
        except TypeError:  # a list or an object, which is refused
            place, key = None, ()
        if place is None:
            distinct.answers.append(self._answer(entry, where))
            place = len(distinct.answers) - 1
            if key:
                distinct.places[key] = place
        return place, comment or distinct.answers[place].comment

    def _answer(self, entry: dict[str, object], place: str) -> _ListedAnswer:
        values = _by_key(entry, place)

        def read(key: str, parse: Callable[[Any], Any]) -> Any:
            value = values.get(key)
            if value is None or (isinstance(value, str) and not value.strip()):
                return None
            try:
                return parse(value)
            except ValueParseError as error:
                raise _AnswerError(f"{place}.{self._key(key)}", value, error) from None

        def missing(key: str, right: CodedText) -> _AnswerError:
            return _AnswerError(f"{place}.{self._key(key)}", "", _error(FailureCode.VALUE_MISSING.of(), right))

        criterion = read("criterion", _name)
        if criterion is None:
            raise missing("criterion", ValueCode.RIGHT_CRITERION.of())
        most = read("maxPoints", self._max_points)
        points = read("points", self._points_of)
        if read("notApplicable", _flag):
            if points is not None:
                error = _error(ValueCode.POINTS_NOT_APPLICABLE.of(), ValueCode.RIGHT_NO_POINTS.of())
                raise _AnswerError(f"{place}.{self._key('points')}", values["points"], error)
        elif points is None:
            raise missing("points", ValueCode.RIGHT_POINTS_MISSING.of())
        elif most is None:
            raise missing("maxPoints", ValueCode.RIGHT_MAX_POINTS_MISSING.of())
        elif points > most:
            above = ValueCode.POINTS_ABOVE_MAX.of(most=points_number(most))
            right = ValueCode.RIGHT_POINTS.of(most=points_number(most))
            raise _AnswerError(f"{place}.{self._key('points')}", values["points"], _error(above, right))
        is_critical = bool(read("critical", _flag))
        return _ListedAnswer(criterion, read("section", _name), points, most, is_critical, read("comment", _comment))

    def _points_of(self, value: object) -> int:
        return parse_points(*_number(value), self._options)

    def _max_points(self, value: object) -> int:
        return parse_max_points(*_number(value), self._options)


def _entries(value: object) -> Sequence[tuple[str, object]]:
    """Return the entries of a list of answers, or of its JSON, each with its place."""
    entries = decoded(value) if isinstance(value, str) else value
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise _AnswerError(RESULTS, value, _error(ValueCode.NOT_ANSWERS.of(), ValueCode.RIGHT_ANSWERS.of()))
    return [(f"{RESULTS}[{number}]", entry) for number, entry in enumerate(entries)]


def _by_key(entry: dict[str, object], place: str) -> dict[str, object]:
    """Return what an answer says, by the names of its keys as they are written here."""
    if entry.keys() <= _KEYS.keys():
        return entry
    values: dict[str, object] = {}
    for name, value in entry.items():
        shown = shortened(_speakable(name), 60)
        key = _KEYS.get(name) or _FOLDED.get(folded(name))
        if key is None:
            unknown = ValueCode.NOT_OF_AN_ANSWER.of(hint=nearest(shown, ANSWER_KEYS))
            known = FailureCode.OTHER.of(text=", ".join(ANSWER_KEYS))
            raise _AnswerError(f"{place}.{shown}", value, _error(unknown, known))
        if key in values:
            raise _AnswerError(f"{place}.{key}", "", _error(FailureCode.TWICE.of(), FailureCode.RIGHT_ONE.of()))
        values[key] = value
    return values


def _name(value: object) -> str | None:
    return checked_text(clean_text(_single(value)), MAX_CRITERION) or None


def _number(value: object) -> tuple[str, CellKind]:
    """Return a number of points as text, and whether it is a typed number or a text, read by the file's options."""
    is_text = isinstance(value, str | bool) and not isinstance(value, JsonNumber)
    return clean_text(_single(value)), CellKind.TEXT if is_text else CellKind.NUMBER


def _single(value: object) -> str:
    """Return a value as text; refuse a list or an object."""
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    written = json_text(value)
    if written is NESTED:
        raise _error(FailureCode.NESTED.of(), FailureCode.RIGHT_SINGLE.of())
    return str(written)


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else parse_flag(clean_text(_single(value)))


def _comment(value: object) -> str | None:
    return checked_text(clean_text(_single(value)), MAX_COMMENT) or None


def _comment_of(value: object, place: str) -> str | None:
    try:
        return _comment(value)
    except ValueParseError as error:
        raise _AnswerError(place, value, error) from None


def _speakable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which no answer can hold."""
    return text.encode("utf-8", "replace").decode()


def _error(problem: CodedText, right: CodedText) -> ValueParseError:
    return ValueParseError(problem, right)
