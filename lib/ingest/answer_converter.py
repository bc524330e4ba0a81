"""Files of answers, a row an answer: batches of text columns in, batches of what is stored out.

The rules of each value are in `answer_values.py`; here is what holds among the values of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.catalog.catalog import Catalog
from lib.errors import FileError
from lib.errors.codes import CodedText, FailureCode, joined
from lib.errors.value_codes import ValueCode
from lib.ingest.answer_rows import ANSWER_ROW, MAX_COMMENT, MAX_CRITERION
from lib.ingest.answer_values import parse_flag, parse_max_points, parse_points, points_number
from lib.ingest.cell_checks import wrong_cells
from lib.ingest.cells import CellKind
from lib.ingest.converter import Batch, ConvertedBatch, ProblemList, none_is_none
from lib.ingest.distinct_parsing import check_texts, parse_distinct
from lib.ingest.mapping import ColumnSource, FileOptions, Mapping, folded, shortened, single_match
from lib.ingest.reader import BATCH_ROWS
from lib.ingest.source_cells import Cells, Flags, SourceCells, is_null, plain
from lib.ingest.value_parsers import MAX_TEXT

_TEXTS = {
    "evaluationId": MAX_TEXT,
    "criterion": MAX_CRITERION,
    "section": MAX_CRITERION,
    "form": MAX_TEXT,
    "comment": MAX_COMMENT,
}
"""The columns of texts, and how many characters each may have."""

ANSWER_COLUMNS = (
    "evaluationId", "criterion", "section", "form", "points", "maxPoints", "notApplicable", "critical", "comment",
)  # fmt: skip
"""The columns of a file of answers."""


class _AnswerColumn(NamedTuple):
    """A column as it is stored, as it came, which of its cells are wrong, and what the file calls it."""

    values: pa.Array
    text: pa.StringArray
    is_wrong: Flags
    label: str


def resolve_answers(options: FileOptions, header: Sequence[str], file: str) -> Mapping:
    """Return where the columns of answers are in a header, however it spells them.

    Raises FileError where one is there twice, or is missing and needed in every row.
    """
    columns: dict[str, ColumnSource] = {}
    for canonical in ANSWER_COLUMNS:
        matches = [name for name in header if folded(name) == folded(canonical)]
        if matches:
            columns[canonical] = ColumnSource((single_match(matches, canonical, header, canonical, file),))
    required = ["evaluationId", "criterion", *([] if "notApplicable" in columns else ["points", "maxPoints"])]
    missing = [name for name in required if name not in columns]
    if missing:
        names = ", ".join(f"'{shortened(name)}'" for name in header[:12]) + (" …" if len(header) > 12 else "")
        raise FileError(
            FailureCode.HEADER_LACKS_OF_ANSWERS,
            name=file,
            columns=joined(missing, FailureCode.BOTH),
            row=options.header_row,
            header=names or FailureCode.IT_IS_EMPTY.of(),
        )
    return Mapping(options, columns)


class AnswerConverter:
    """Converts the batches of one file of answers."""

    rows_at_once = BATCH_ROWS
    """How many rows a batch may have."""

    def __init__(self, mapping: Mapping, header: Sequence[str], catalog: Catalog) -> None:
        """Take the mapping that `resolve_answers` made for this header."""
        self._labels = {canonical: source.columns[0] for canonical, source in mapping.columns.items()}
        self._options = mapping.file
        self._cells = SourceCells(mapping, header, catalog)
        self._known: dict[tuple[str, int], dict[str, Any]] = {}  # by column and kind: what each text became

    def convert(self, batch: Batch, first_seq: int) -> ConvertedBatch:
        """Convert one batch; its rows are numbered from `first_seq` on."""
        count = len(batch.numbers)
        cells, blank = self._cells.cleaned(batch.columns, batch.kinds, count)
        problems = ProblemList(batch, blank)
        columns = {name: self._column(name, cells, count, problems) for name in ANSWER_COLUMNS}
        values = {name: column.values for name, column in columns.items()}
        is_not_applicable = _filled(values["notApplicable"])
        _check_rows(columns, is_not_applicable, problems)
        arrays = {
            "seq": pa.array(np.arange(first_seq, first_seq + count)),
            "evaluation_id": values["evaluationId"],
            "form": plain(none_is_none(values["form"])),
            "max_points": values["maxPoints"],
            "critical": pa.array(_filled(values["critical"])),
        }
        # Required columns are null in rows that are about to be left out, so nullability is not claimed here.
        names = ANSWER_ROW.names
        rows = pa.RecordBatch.from_arrays([arrays.get(name, values.get(name)) for name in names], names=names)
        return problems.convert(rows)

    def _column(self, name: str, cells: dict[str, Cells], count: int, problems: ProblemList) -> _AnswerColumn:
        """Return a column; what can't be stored is null there, and listed."""
        if name not in self._labels:
            nothing = pa.nulls(count, pa.string())
            return _AnswerColumn(nothing.cast(_TYPES[name]), nothing, np.zeros(count, dtype=bool), name)
        label = self._labels[name]
        text, kinds = cells[label]
        came = plain(text)
        refuse, is_wrong = problems.refuse_in(label), np.zeros(count, dtype=bool)

        def refuse_once(position: int, value: str, problem: CodedText, right: CodedText) -> None:
            is_wrong[position] = True
            refuse(position, value, problem, right)

        for position, error in wrong_cells(text, kinds, name == "evaluationId", ()).items():
            refuse_once(position, came[position].as_py(), error.problem, error.right)
        if is_wrong.any():
            text = pc.if_else(pa.array(is_wrong), None, came)
        if name in _TEXTS:
            return _AnswerColumn(plain(check_texts(text, _TEXTS[name], refuse_once)), came, is_wrong, label)
        present = [CellKind(kind) for kind in np.unique([] if kinds is None else kinds).tolist()] or [CellKind.TEXT]
        parts = []
        for kind in present:
            part = text if kinds is None else pc.if_else(pa.array(kinds == kind), plain(text), None)
            known = self._known.setdefault((name, kind), {})
            parts.append(parse_distinct(part, self._parser(name, kind), _TYPES[name], refuse_once, known))
        return _AnswerColumn(pc.coalesce(*parts), came, is_wrong, label)

    def _parser(self, name: str, kind: CellKind) -> Callable[[str], Any]:
        if name == "points":
            return partial(parse_points, kind=kind, options=self._options)
        return partial(parse_max_points, kind=kind, options=self._options) if name == "maxPoints" else parse_flag


_TYPES = {
    **dict.fromkeys(_TEXTS, pa.string()),
    "points": pa.int64(),
    "maxPoints": pa.int64(),
    "notApplicable": pa.bool_(),
    "critical": pa.bool_(),
}


def _check_rows(columns: dict[str, _AnswerColumn], is_not_applicable: Flags, problems: ProblemList) -> None:
    """Refuse what the values of a row can't be together; a value that was refused already is not looked at again."""
    applies = ~is_not_applicable & ~columns["notApplicable"].is_wrong
    everywhere = np.ones(len(applies), dtype=bool)
    for name, is_needed, right in (
        ("evaluationId", everywhere, ValueCode.RIGHT_EVALUATION_ID.of()),
        ("criterion", everywhere, ValueCode.RIGHT_CRITERION.of()),
        ("points", applies, ValueCode.RIGHT_POINTS_MISSING.of()),
        ("maxPoints", applies, ValueCode.RIGHT_MAX_POINTS_MISSING.of()),
    ):
        column = columns[name]
        refuse = problems.refuse_in(column.label)
        for position in np.flatnonzero(is_needed & is_null(column.values) & ~column.is_wrong).tolist():
            refuse(position, "", FailureCode.VALUE_MISSING.of(), right)
    points, most = columns["points"], columns["maxPoints"]
    refuse = problems.refuse_in(points.label)
    for position in np.flatnonzero(is_not_applicable & ~is_null(points.values)).tolist():
        refuse(
            position,
            points.text[position].as_py(),
            ValueCode.POINTS_NOT_APPLICABLE.of(),
            ValueCode.RIGHT_NO_POINTS.of(),
        )
    is_above = _filled(pc.greater(points.values, most.values)) & ~is_not_applicable
    for position in np.flatnonzero(is_above).tolist():
        limit = points_number(most.values[position].as_py())
        above, right = ValueCode.POINTS_ABOVE_MAX.of(most=limit), ValueCode.RIGHT_POINTS.of(most=limit)
        refuse(position, points.text[position].as_py(), above, right)


def _filled(flags: pa.BooleanArray) -> Flags:
    """Return flags, those that are missing as not set."""
    filled: Flags = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return filled
