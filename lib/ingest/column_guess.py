"""Guesses the mapping of a file from the survey of all its rows: what is certain, what it asks, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from lib.catalog.catalog import Catalog
from lib.catalog.fields import FieldType
from lib.catalog.ranged_fields import SCORE_RANGE
from lib.errors.codes import CodedText
from lib.errors.guess_codes import GuessCode
from lib.ingest.answer_list_guess import guess_answer_paths
from lib.ingest.answer_rows import MOST_ANSWERS
from lib.ingest.criterion_proposals import are_questions, propose_criterion
from lib.ingest.date_guess import DATED, date_choices, date_notes, guess_dates
from lib.ingest.example_reading import UTC, read_examples, readings
from lib.ingest.guesses import Guess, GuessedMapping, MappingChoice, Question
from lib.ingest.mapping import ColumnSource, CriterionSource, FileOptions, Mapping, Scoring, folded, shortened
from lib.ingest.number_guess import ColumnSuggestion, guess_duration, guess_score, guess_signs
from lib.ingest.role_guess import guess_sources
from lib.ingest.survey import ColumnSurvey, Form, Survey
from lib.ingest.value_forms import NUMBERS
from lib.ingest.value_names import target_of
from lib.store.enums import Sentiment, State

_ASKED = 3
"""Values that a note names."""

_OWN_WORDS = {
    FieldType.STATE: frozenset(member.name.casefold() for member in State),
    FieldType.SENTIMENT: frozenset(member.name.casefold() for member in Sentiment),
    FieldType.FLAG: frozenset({"true", "false", "1", "0", "yes", "no", "y", "n", "t", "f"}),
}
"""Values that need no translation, by the kind of column."""

_READ_WITH_CARE = (FieldType.SCORE, FieldType.SECONDS, FieldType.INSTANT)
"""Kinds of columns in which a text such as N/A is no value."""


def guess(survey: Survey, options: FileOptions, catalog: Catalog, zone: ZoneInfo = UTC) -> GuessedMapping:
    """Return the mapping that a survey suggests, its reasons, and what it leaves open; examples are in `zone`.

    `options` are those that are known already; what they leave open is guessed.
    """
    draft = _Draft(survey, options, catalog, zone)
    draft.guess_file()
    draft.guess_numbers()
    draft.guess_dates()
    draft.guess_values()
    draft.guess_id()
    return draft.result()


class _Draft:
    """A mapping that is being guessed, part by part."""

    def __init__(self, survey: Survey, options: FileOptions, catalog: Catalog, zone: ZoneInfo) -> None:
        self._survey, self._catalog, self._zone = survey, catalog, zone
        self._file = options
        self._sources = guess_sources(survey, catalog)
        self._values: dict[str, dict[str, str]] = {}
        self._questions: list[Question] = []
        self._notes: list[CodedText] = []

    def guess_file(self) -> None:
        """Take over how the file was read, as far as that was found out."""
        layout, detected = self._survey.layout, self._survey.detected
        self._file = replace(self._file, header_row=layout.header_row)
        if "sheet" in detected and layout.sheet is not None:
            self._file = replace(self._file, sheet=layout.sheet)
            self._notes.append(GuessCode.SHEET_IS_GUESSED.of(sheet=layout.sheet))
        if "encoding" in detected and layout.encoding is not None:
            self._file = replace(self._file, encoding=layout.encoding)
            self._notes.append(GuessCode.ENCODING_IS_GUESSED.of(encoding=layout.encoding))
        if not self._file.null_values:
            self._guess_null_words()

    def _guess_null_words(self) -> None:
        columns = [column for canonical in self._of_kinds(*_READ_WITH_CARE) for column in self._columns(canonical)]
        words = tuple(dict.fromkeys(word for column in columns for word in column.null_words))
        if words:
            self._file = replace(self._file, null_values=words)
            self._notes.append(GuessCode.WORDS_FOR_NOTHING.of(examples=_listed(words)))

    def guess_numbers(self) -> None:
        """Guess decimal signs, the scale of scores and the unit of durations."""
        columns = [
            column for name in self._of_kinds(FieldType.SCORE, FieldType.SECONDS) for column in self._columns(name)
        ]
        if columns and self._file.decimal == "." and self._file.thousands is None:
            signs = guess_signs(columns)
            numeric = [*self._of_kinds(FieldType.SCORE, FieldType.SECONDS)]
            canonical = next((name for name in numeric if signs.asked in self._columns(name)), numeric[0])
            self._take(canonical, *_parts(signs))
        if not any({*column.forms} - {Form.WHOLE, Form.NULL_WORD} for column in columns):
            self._guess_signs_of_others()
        for kind, suggest in ((FieldType.SCORE, guess_score), (FieldType.SECONDS, guess_duration)):
            for canonical in self._of_kinds(kind):
                for column in self._columns(canonical):
                    self._take(canonical, *_parts(suggest(column, self._sources[canonical])))

    def _guess_signs_of_others(self) -> None:
        """Go by columns that may become own fields, where the others have no number with a sign; they ask nothing."""
        taken = {name for source in self._sources.values() for name in source.columns}
        others = [each for each in self._survey.columns if each.name not in taken and each.has_only(*NUMBERS)]
        if others and self._file.decimal == "." and self._file.thousands is None:
            signs = guess_signs(others)
            if len(signs.choices) == 1:
                self._file = replace(self._file, **signs.choices[0].file)

    def guess_dates(self) -> None:
        """Guess the formats of dates; where the order of day and month is open, ask."""
        if self._file.date_formats:
            return
        guesses = guess_dates(self._survey, self._sources, self._file.locale)
        self._notes.extend(date_notes(guesses))
        asked = next((each.column for each in guesses if len(each.alternatives) > 1), None)
        words = None
        if asked is not None:
            words = GuessCode.WHICH_ORDER.of(column=asked.name, example=asked.examples[0].text)
        canonical = next((name for name in DATED if asked in self._columns(name)), "audioDate")
        self._take(canonical, date_choices(guesses, self._survey), words)

    def guess_values(self) -> None:
        """Translate the states, sentiments and flags that are known by another name; name the others."""
        for canonical in self._of_kinds(*_OWN_WORDS):
            kind = self._catalog.fields[canonical].kind
            for column in self._columns(canonical):
                foreign = [
                    (value, count)
                    for value, count in column.values
                    if value.casefold() not in _OWN_WORDS[kind] and value not in self._file.null_values
                ]
                known = {value: target for value, _ in foreign if (target := target_of(value, kind)) is not None}
                unknown = [f"{value} ({count})" for value, count in foreign if value not in known]
                if known:
                    self._values[canonical] = known
                if unknown:
                    note = GuessCode.VALUES_ARE_UNKNOWN.of(column=column.name, examples=_listed(unknown))
                    self._notes.append(note)

    def guess_id(self) -> None:
        """Warn where ids are missing or come again, and offer what would tell the rows apart."""
        columns = self._columns("id")
        if not columns:
            return
        column, rows = columns[0], self._survey.rows - self._survey.blank
        if column.filled < rows - self._survey.malformed:
            note = GuessCode.IDS_ARE_MISSING.of(column=column.name, count=rows - column.filled, rows=rows)
            self._notes.append(note)
        if not column.repeated:
            return
        examples = _listed(column.repeated)
        if column.distinct is None:
            self._notes.append(GuessCode.IDS_REPEAT_OFTEN.of(column=column.name, examples=examples))
        else:
            note = GuessCode.IDS_REPEAT.of(
                column=column.name, distinct=column.distinct, rows=column.filled, examples=examples
            )
            self._notes.append(note)
        source = self._sources["id"]
        choices = [
            MappingChoice(GuessCode.ID_AS_IT_IS.of(column=column.name), source=source),
            MappingChoice(GuessCode.ID_BY_ROW_NUMBER.of(), source=ColumnSource(row=True)),
        ]
        self._questions.append(Question("id", GuessCode.WHICH_ID.of(), tuple(choices), is_open=False))

    def result(self) -> GuessedMapping:
        """Return the mapping with the examples of its guesses and questions."""
        lists = guess_answer_paths(self._survey)
        criteria = self._criteria() if lists is None else {}
        scoring = Scoring(from_criteria=bool(criteria or lists) and SCORE_RANGE.name not in self._sources)
        mapping = Mapping(self._file, self._sources, self._values, {}, criteria, scoring, lists)
        read = readings(self._survey, mapping, self._catalog, self._zone)
        guesses = tuple(
            Guess(canonical, source, _reason(source), read[canonical]) for canonical, source in self._sources.items()
        )
        questions = (self._with_examples(question, mapping) for question in self._questions)
        return GuessedMapping(mapping, guesses, tuple(filter(None, questions)), tuple(self._notes))

    def _criteria(self) -> dict[str, CriterionSource]:
        """Return the columns that are questions by their names, each named once."""
        taken = {name for source in self._sources.values() for name in source.columns}
        criteria: dict[str, CriterionSource] = {}
        free = [each for each in self._survey.columns if each.name not in taken]
        for column in are_questions([each for each in free if self._survey.header.count(each.name) == 1]):
            name, source = propose_criterion(column)
            if folded(name) not in map(folded, criteria) and len(criteria) < MOST_ANSWERS:
                criteria[name] = source
        return criteria

    def _with_examples(self, question: Question, mapping: Mapping) -> Question | None:
        """Return a question with examples of each choice; None where all choices read all alike."""
        choices = tuple(
            replace(
                choice,
                examples=read_examples(
                    self._survey, question.answered(mapping, choice), question.canonical, self._catalog, self._zone
                ),
            )
            for choice in question.choices
        )
        read = [choice.examples for choice in choices]
        is_settled = all(each == read[0] for each in read) and all(each.problem is None for each in read[0])
        return None if question.is_open and is_settled else replace(question, choices=choices)

    def _take(
        self, canonical: str, choices: tuple[MappingChoice, ...], words: CodedText | None, *notes: CodedText
    ) -> None:
        """Put the first choice in force; where there are others, ask."""
        first = choices[0]
        self._file = replace(self._file, **first.file)
        if first.source is not None:
            self._sources[canonical] = first.source
        if words is not None and len(choices) > 1:
            self._questions.append(Question(canonical, words, choices))
        self._notes.extend(notes)

    def _of_kinds(self, *kinds: FieldType) -> Iterator[str]:
        return (canonical for canonical in [*self._sources] if self._catalog.fields[canonical].kind in kinds)

    def _columns(self, canonical: str) -> list[ColumnSurvey]:
        source = self._sources.get(canonical, ColumnSource())
        return [column for name in source.columns if (column := self._survey.column(name)) is not None]


def _parts(suggestion: ColumnSuggestion) -> tuple[Any, ...]:
    return suggestion.choices, suggestion.words, *suggestion.notes


def _reason(source: ColumnSource) -> CodedText:
    if source.row:
        return GuessCode.BY_ROW_NUMBER.of()
    return GuessCode.BY_NAME_AND_TIME.of() if len(source.columns) > 1 else GuessCode.BY_NAME.of()


def _listed(texts: Sequence[str]) -> str:
    """Return texts as a list, the first ones of many."""
    return ", ".join(f"'{shortened(text, 40)}'" for text in texts[:_ASKED]) + (", …" if len(texts) > _ASKED else "")
