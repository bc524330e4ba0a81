"""Tallies of columns: what the cells of one column hold, gathered batch by batch into its survey."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.ingest.cells import CellKind, Kinds
from lib.ingest.date_shapes import Counts, DateShapes, Flags, time_formats
from lib.ingest.distinct_counter import DistinctCounter
from lib.ingest.mapping import shortened
from lib.ingest.survey import MAX_VALUES, CellExample, ColumnSurvey, Form
from lib.ingest.text_cleaning import Texts, clean_column
from lib.ingest.value_forms import NUMBERS, numbers_of, split_by_form

EXAMPLES = 3

_TIME_OF_ISO = r"[Tt ][0:]*[1-9]"
"""A time that is not midnight, in an ISO date."""

LONGEST = 200
"""Characters of an example."""

_FREE_TEXTS = 2_000
"""Distinct texts of no form, after which a column is taken for one of free texts: no forms are looked for."""

_MANY = 10_000
_FEW_ARE_DISTINCT = 0.5
"""With less than this share of many cells distinct, a column has no ids and is not counted any further."""


class ColumnTally:
    """Tallies one column."""

    def __init__(self, name: str, characters: int) -> None:
        """Begin with no cells; distinct values are kept one by one as long as they have so many characters at most."""
        self._name = name
        self._room = characters
        self._filled = 0
        self._values: dict[tuple[str, CellKind], int] | None = {}
        self._distinct = DistinctCounter()
        self._forms: Counter[Form] = Counter()
        self._others = 0  # distinct texts of no form
        self._dates = DateShapes()
        self._has_times = False  # of ISO dates
        self._times: dict[str, None] | None = {}
        self._smallest: float | None = None
        self._largest: float | None = None
        self._longest_first = self._most_hours = 0
        self._null_words: dict[str, None] = {}
        self._examples: dict[CellExample, Form] = {}

    def add(self, column: Texts, kinds: Kinds | None) -> None:
        """Add the cells of a batch."""
        for kind, texts, counts in _by_kind(column, kinds):
            self._filled += int(counts.sum())
            if self._values is not None and len(texts) <= MAX_VALUES:
                for text, count in zip(texts.to_pylist(), counts.tolist(), strict=True):
                    if (text, kind) not in self._values:
                        self._room -= len(text)
                    self._values[text, kind] = self._values.get((text, kind), 0) + count
                if len(self._values) > MAX_VALUES or self._room < 0:
                    self._release_values()
                continue
            self._release_values()
            self._examine(texts, counts, kind)

    def result(self) -> ColumnSurvey:
        """Return what the column holds."""
        is_complete = self._values is not None
        merged: Counter[str] = Counter()
        for (text, _), count in (self._values or {}).items():
            merged[text] += count
        self._release_values()
        values = tuple(merged.most_common())
        repeated = tuple(text for text, count in values[:EXAMPLES] if count > 1)
        return ColumnSurvey(
            self._name,
            self._filled,
            values,
            is_complete,
            len(values) if is_complete else self._distinct.count,
            repeated if is_complete else tuple(self._distinct.repeated),
            self._chosen_examples(),
            self._smallest,
            self._largest,
            dict(self._forms),
            {form: example.text for example, form in reversed(self._examples.items())},
            self._dates.alternatives(),
            self._has_times or self._dates.has_times,
            tuple(self._times or ()),
            self._longest_first,
            self._most_hours,
            tuple(self._null_words),
        )

    def _release_values(self) -> None:
        """Examine the values that were kept one by one; from here on, each batch is examined by itself."""
        if self._values is None:
            return
        kept, self._values = self._values, None
        for kind in dict.fromkeys(kind for _, kind in kept):
            of_kind = {text: count for (text, each), count in kept.items() if each is kind}
            counts = np.array([*of_kind.values()], dtype=np.int64)
            self._examine(pa.array([*of_kind], pa.string()), counts, kind)

    def _examine(self, texts: pa.StringArray, counts: Counts, kind: CellKind) -> None:
        self._find_forms(texts, counts, kind)
        self._distinct.add(texts, counts)
        many = self._filled > _MANY
        if many and ((self._distinct.count or 0) < _FEW_ARE_DISTINCT * self._filled or not self._may_be_ids()):
            self._distinct.give_up()

    def _may_be_ids(self) -> bool:
        return any(form in (Form.WHOLE, Form.OTHER) for form, _ in self._forms.most_common(1))

    def _find_forms(self, texts: pa.StringArray, counts: Counts, kind: CellKind) -> None:
        if self._others > _FREE_TEXTS and kind is CellKind.TEXT:
            self._forms[Form.OTHER] += int(counts.sum())
            return
        likeliest = tuple(form for form, _ in self._forms.most_common(4))
        found, rest = split_by_form(texts, kind, likeliest)
        for form, flags in found.items():
            self._count(form, texts.filter(pa.array(flags)), int(counts[flags].sum()), kind)
        if rest.any():
            left, left_counts = texts.filter(pa.array(rest)), counts[rest]
            is_date = self._dates.add(left, left_counts)
            others = left.filter(pa.array(~is_date))
            self._others += len(others)
            self._count(Form.DATE, left.filter(pa.array(is_date)), int(left_counts[is_date].sum()), kind)
            self._count(Form.OTHER, others, int(left_counts[~is_date].sum()), kind)

    def _count(self, form: Form, texts: pa.StringArray, count: int, kind: CellKind) -> None:
        if not len(texts):
            return
        if form not in self._forms:
            self._examples[CellExample(shortened(texts[0].as_py(), LONGEST), kind)] = form
        self._forms[form] += count
        if form in NUMBERS:
            numbers = numbers_of(texts, form)
            if len(numbers):
                self._smallest = _extreme(min, self._smallest, numbers)
                self._largest = _extreme(max, self._largest, numbers)
        elif form in (Form.CLOCK, Form.SHORT_CLOCK, Form.TIME_OF_DAY):
            self._add_clocks(form, texts)
        elif form is Form.ISO_DATE and not self._has_times:
            self._has_times = bool(pc.any(pc.match_substring_regex(texts, _TIME_OF_ISO)).as_py())
        elif form is Form.NULL_WORD:
            self._null_words.update(dict.fromkeys(texts.to_pylist()[:MAX_VALUES]))
        if form not in (Form.CLOCK, Form.SHORT_CLOCK, Form.TIME_OF_DAY, Form.NULL_WORD):
            self._times = None
        if len(self._examples) < EXAMPLES:
            for text in texts[:EXAMPLES].to_pylist():
                self._examples.setdefault(CellExample(shortened(text, LONGEST), kind), form)

    def _add_clocks(self, form: Form, texts: pa.StringArray) -> None:
        first = pc.replace_substring_regex(texts, r":.*$", "").cast(pa.int64())
        largest = int(pc.max(first).as_py())
        if form is Form.SHORT_CLOCK:
            self._longest_first = max(self._longest_first, largest)
        elif form is Form.CLOCK:
            self._most_hours = max(self._most_hours, largest)
        formats = time_formats(texts) if largest < 24 else None
        if formats is None:
            self._times = None
        elif self._times is not None:
            self._times.update(dict.fromkeys(formats))

    def _chosen_examples(self) -> tuple[CellExample, ...]:
        """Return the cells that show most: a date that two orders read differently, and one of each form."""
        examples = [example for example, form in self._examples.items() if form is not Form.NULL_WORD]
        firsts = {self._examples[example]: example for example in reversed(examples)}
        chosen = dict.fromkeys([*reversed(firsts.values()), *examples, *self._examples])
        if self._dates.asymmetric is not None and len(self._dates.alternatives()) > 1:
            chosen = dict.fromkeys([CellExample(shortened(self._dates.asymmetric, LONGEST)), *chosen])
        return tuple(chosen)[:EXAMPLES]


def _extreme(choose: Any, known: float | None, numbers: Any) -> float:
    """Return the smallest or the largest of some numbers and the one known so far."""
    found = float(numbers.min() if choose is min else numbers.max())
    return found if known is None else float(choose(known, found))


def _by_kind(column: Texts, kinds: Kinds | None) -> Iterator[tuple[CellKind, pa.StringArray, Counts]]:
    """Yield the distinct texts of each kind of cell, trimmed, and how many cells have each."""
    if kinds is None or not kinds.any():
        yield from _distinct(column, CellKind.TEXT)
        return
    texts = column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
    for kind in np.unique(kinds).tolist():
        yield from _distinct(texts.filter(pa.array(kinds == kind)), CellKind(kind))


def _distinct(column: Texts, kind: CellKind) -> Iterator[tuple[CellKind, pa.StringArray, Counts]]:
    encoded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    indices = encoded.indices.drop_null().to_numpy()
    counts = np.bincount(indices, minlength=len(encoded.dictionary))
    cleaned = clean_column(encoded.dictionary).dictionary_encode()
    filled = cleaned.indices.is_valid().to_numpy(zero_copy_only=False)
    indices = cleaned.indices.drop_null().to_numpy()
    sums = np.bincount(indices, weights=counts[filled], minlength=len(cleaned.dictionary)).astype(np.int64)
    keep: Flags = sums > 0
    if keep.any():
        yield kind, cleaned.dictionary.filter(pa.array(keep)), sums[keep]
