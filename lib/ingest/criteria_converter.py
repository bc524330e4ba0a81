"""Criteria with columns of their own: batches of their cells in, lists of answers out.

Each column's distinct values are read once; the answers are then put side by side, a row's in the mapping's order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.timezones import Numbers
from lib.errors.codes import CodedText
from lib.errors.value_codes import ValueCode
from lib.ingest.answer_lists import list_answers
from lib.ingest.answer_values import parse_points
from lib.ingest.cell_checks import words_of_error, wrong_cells
from lib.ingest.cells import CellKind
from lib.ingest.distinct_parsing import MAX_KNOWN, Refuse
from lib.ingest.mapping import EVERYTHING_ELSE, CriterionSource, FileOptions
from lib.ingest.parse_error import ValueParseError
from lib.ingest.source_cells import Cells, is_null, plain
from lib.ingest.text_cleaning import Texts, clean_text
from lib.store.enums import NONE_NAME

_BLANK, _NOT_APPLICABLE, _WRONG = -1, -2, -3
"""What stands for a cell without points: no answer, one that is not applicable, and what can't be read."""


class CriteriaConverter:
    """Converts the cells of criteria's columns, batch by batch, by the criteria of a resolved mapping."""

    def __init__(self, criteria: Mapping[str, CriterionSource], options: FileOptions) -> None:
        """Prepare what all rows share: the criteria's names, sections, forms, and the most points of each."""
        self._columns = [_CriterionColumn(source, options) for source in criteria.values()]
        self._labels = [
            name if name == source.column else f"{source.column} ({name})" for name, source in criteria.items()
        ]
        sources = criteria.values()
        self._names = pa.array(list(criteria), pa.string())
        self._sections = pa.array([source.section for source in sources], pa.string())
        forms = [None if source.form == NONE_NAME else source.form for source in sources]
        self._forms = pa.array(forms, pa.string())
        self._has_form = pa.array([source.form is not None for source in sources], pa.bool_())
        self._most = pa.array([source.max_points for source in sources], pa.int64())
        self._critical = pa.array([source.is_critical for source in sources], pa.bool_())

    def convert(
        self, cells: Mapping[str, Cells], forms: pa.StringArray, refuse_in: Callable[[str], Refuse]
    ) -> pa.Array:
        """Return the answers of each row, a list; `forms` are the evaluations' own.

        What can't be read is no answer, and told to `refuse_in`, which takes the column's name.
        """
        points = np.stack(
            [
                column.points(cells[column.source.column], refuse_in(label))
                for column, label in zip(self._columns, self._labels, strict=True)
            ],
            axis=1,
        )
        is_answer = (points >= 0) | (points == _NOT_APPLICABLE)
        counts = is_answer.sum(axis=1)
        rows, places = np.nonzero(is_answer)
        answered = points[is_answer]
        place = pa.array(places)
        columns = {
            "criterion": self._names.take(place),
            "section": self._sections.take(place),
            "form": self._forms_of(rows, place, forms),
            "points": pa.array(answered, mask=answered == _NOT_APPLICABLE),
            "max_points": self._most.take(place),
            "critical": self._critical.take(place),
        }
        return list_answers(columns, counts)

    def _forms_of(self, rows: Numbers, place: pa.Array, forms: pa.StringArray) -> pa.StringArray:
        if pc.all(self._has_form).as_py():
            return self._forms.take(place)
        own = forms.take(pa.array(rows)) if forms.null_count < len(forms) else pa.nulls(len(rows), pa.string())
        if not pc.any(self._has_form).as_py():
            return own
        return pc.if_else(self._has_form.take(place), self._forms.take(place), own)


class _CriterionColumn:
    """Reads the column of one criterion; what a text of a kind became is remembered."""

    def __init__(self, source: CriterionSource, options: FileOptions) -> None:
        self.source = source
        self._options = options
        self._known: dict[tuple[int, str], int] = {}
        self._words = {
            clean_text(word).casefold(): _NOT_APPLICABLE if points is None else points
            for word, points in source.values.items()
        }

    def points(self, cells: Cells, refuse: Refuse) -> Numbers:
        """Return each row's points, or what stands for none; wrong cells are told to `refuse`."""
        text, kinds = cells
        is_missing = is_null(text)
        wrong = wrong_cells(text, kinds, False, self._words) if kinds is not None or self._words else {}
        for position, error in wrong.items():
            refuse(position, text[position].as_py(), error.problem, error.right)
        if wrong:
            text = pc.if_else(pa.array(np.isin(np.arange(len(text)), [*wrong])), None, plain(text))
        if kinds is None:
            points = self._points_alike(text, CellKind.TEXT, refuse)
        else:
            points = np.full(len(text), _BLANK, dtype=np.int64)
            for kind in np.unique(kinds[~is_null(text)]).tolist():
                of_kind = kinds == kind
                part = text if of_kind.all() else pc.if_else(pa.array(of_kind), plain(text), None)
                points[of_kind] = self._points_alike(part, CellKind(kind), refuse)[of_kind]
        if "" in self._words:
            points[is_missing] = self._words[""]
        return points

    def _points_alike(self, text: Texts, kind: CellKind, refuse: Refuse) -> Numbers:
        """Return the points of cells of one kind."""
        encoded = text.dictionary_encode()
        wrong: dict[int, tuple[CodedText, CodedText]] = {}
        distinct = encoded.dictionary.to_pylist()
        points = np.full(len(distinct) + 1, _BLANK, dtype=np.int64)  # the last stands for a missing cell
        for index, value in enumerate(distinct):
            try:
                points[index] = self._read(value, kind)
            except ValueParseError as error:
                points[index] = _WRONG
                wrong[index] = words_of_error(value, error)
        indices = encoded.indices.fill_null(len(distinct)).to_numpy()
        if wrong:
            for position in np.flatnonzero(np.isin(indices, [*wrong])).tolist():
                problem, right = wrong[int(indices[position])]
                refuse(position, text[position].as_py(), problem, right)
        read: Numbers = points[indices]
        return read

    def _read(self, value: str, kind: CellKind) -> int:
        known = self._known.get((kind, value))
        if known is not None:
            return known
        points = self._words.get(value.casefold(), self._words.get(EVERYTHING_ELSE))
        if points is None:
            try:
                points = parse_points(value, kind, self._options, self.source.max_points)
            except ValueParseError as error:
                right = ValueCode.RIGHT_POINTS_OR_WORD.of(right=error.right)
                raise ValueParseError(error.problem, right) from None
        if len(self._known) < MAX_KNOWN:
            self._known[kind, value] = points
        return points
