"""Guesses as values: a mapping with the reason for each of its parts, and the questions that the file leaves open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from lib.errors.codes import CodedText
from lib.ingest.mapping import ColumnSource, Mapping

ReadValue: TypeAlias = datetime | Decimal | int | bool | str
"""What a cell can be read as."""


@dataclass(frozen=True, slots=True)
class ReadExample:
    """A cell as it came, and what it is read as, or else what is wrong with it and what would be right."""

    raw: str
    value: ReadValue | None = None
    problem: CodedText | None = None
    right: CodedText | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """Where a canonical column is guessed to come from, and why."""

    canonical: str
    source: ColumnSource
    why: CodedText
    examples: tuple[ReadExample, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingChoice:
    """One of the answers to a question: its words, what it changes in the mapping, and examples as it reads them."""

    words: CodedText
    file: dict[str, Any] = field(default_factory=dict)  # options of the file, by their names in FileOptions
    source: ColumnSource | None = None
    examples: tuple[ReadExample, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a file leaves open about a canonical column; the mapping has the first choice until it is answered."""

    canonical: str
    words: CodedText
    choices: tuple[MappingChoice, ...]
    is_open: bool = True  # whether a person has to answer; otherwise the first choice will do

    def answered(self, mapping: Mapping, choice: MappingChoice) -> Mapping:
        """Return a mapping with one of the choices in force."""
        columns = mapping.columns
        if choice.source is not None:
            columns = {**columns, self.canonical: choice.source}
        return replace(mapping, file=replace(mapping.file, **choice.file), columns=columns)


@dataclass(frozen=True, slots=True)
class GuessedMapping:
    """The mapping that a survey suggests, with a guess for each of its columns."""

    mapping: Mapping
    guesses: tuple[Guess, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[CodedText, ...] = ()  # what a person should know before the rows are loaded
