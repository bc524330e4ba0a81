"""Staged answers: those of an import's rows in a temporary table, and what a row keeps of all its answers in short.

The rows bring them as lists; `answer_rows.py` says how one looks. A row's short form is its number of points, the most
that there could be, whether a critical criterion failed, and a digest that is the same for the same answers.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.errors import FileError
from lib.errors.answer_codes import AnswerCode
from lib.ingest.answer_rows import ANSWER, MOST_ANSWERS, MOST_CRITERIA, RESULTS
from lib.store.bulk_io import analyze, create_anew, load_batches
from lib.store.enums import SHARE_SCALE

staged_answers = sa.Table(
    "staged_answers",
    sa.MetaData(),
    sa.Column("seq", sa.BigInteger),  # of the row
    sa.Column("criterion", sa.Integer),  # its code in `staged_criteria`
    sa.Column("points", sa.Integer),
    sa.Column("max_points", sa.Integer),
    sa.Column("critical", sa.Boolean),
    sa.Column("share", sa.Integer),
    sa.Column("lost", sa.Integer),
    sa.Column("comment", sa.Text),
    prefixes=["TEMPORARY"],
)
"""The answers of all staged rows."""

staged_criteria = sa.Table(
    "staged_criteria",
    sa.MetaData(),
    sa.Column("code", sa.Integer),
    sa.Column("name", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("section", sa.Text),
    prefixes=["TEMPORARY"],
)
"""The criteria of the staged answers, each once."""

SHORT = pa.schema(
    [
        pa.field("answers_digest", pa.int64()),
        pa.field("answers_points", pa.int64()),
        pa.field("answers_max", pa.int64()),
        pa.field("critical_failed", pa.bool_()),
    ]
)
"""What a row keeps of its answers in short; all null where it came without any."""

_ANSWERS = pa.schema(
    [
        pa.field("seq", pa.int64()),
        pa.field("criterion", pa.int32()),
        pa.field("points", pa.int32()),
        pa.field("max_points", pa.int32()),
        pa.field("critical", pa.bool_()),
        pa.field("share", pa.int32()),
        pa.field("lost", pa.int32()),
        pa.field("comment", pa.string()),
    ]
)

_Integers = npt.NDArray[np.uint64]

_DIGEST_BITS = 48
"""Of one answer: the sum of all that an evaluation may have fits into 63."""


class AnswerSpool(AbstractContextManager["AnswerSpool"]):
    """Takes the answers of an import's batches apart, and keeps their rows in a file until the batches are loaded."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._files = ExitStack()
        self._file: IO[bytes] | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None
        self._codes: dict[tuple[str, str | None], int] = {}
        self._sections: dict[tuple[str, str | None], str | None] = {}
        self._wrong: FileError | None = None  # told once all is taken: within a stream DuckDB takes it for its own

    def __exit__(self, *_: object) -> None:
        """Forget the file."""
        self._files.close()

    def load(self, connection: Connection) -> bool:
        """Take what was kept into the temporary tables, which are made here if there is anything; return whether it is.

        Raises FileError for a criterion in two sections, for more criteria than there may be, and for an evaluation
        with more answers than it may have.
        """
        if self._wrong is not None:
            raise self._wrong
        if self._file is None or self._writer is None:
            return False
        create_anew(connection, staged_answers, staged_criteria)
        self._writer.close()
        self._file.seek(0)
        load_batches(connection, staged_answers, pa.ipc.open_stream(self._file))
        load_batches(connection, staged_criteria, self._criteria)
        analyze(connection, staged_answers)
        return True

    def _keep(self, answers: pa.RecordBatch) -> None:
        if self._writer is None:
            self._file = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is one
            self._writer = pa.ipc.new_stream(self._file, _ANSWERS, options=pa.ipc.IpcWriteOptions(compression="lz4"))
        self._writer.write_batch(answers)

    def take(self, seq: pa.Array, results: pa.Array, forms: pa.Array) -> list[pa.Array]:
        """Keep the answers of rows, and return what the rows keep of theirs in short.

        `forms` are those of the rows: an answer without one is of its row's.
        """
        answers: pa.StructArray = results.flatten()  # without those of null lists
        if not len(answers):
            return [pa.nulls(len(seq), field.type) for field in SHORT]
        parents = pc.list_parent_indices(results).to_numpy()
        of_row = forms.take(pa.array(parents))
        own_form = answers.field("form")
        form = pc.coalesce(own_form, of_row.cast(pa.string()))
        points, most = answers.field("points"), answers.field("max_points")
        critical = pc.fill_null(answers.field("critical"), False)
        comment = answers.field("comment")
        criterion, identity = self._identified(answers.field("criterion"), form, answers.field("section"))
        has_points = points.is_valid().to_numpy(zero_copy_only=False)
        points_given = points.fill_null(0).to_numpy()
        possible = most.fill_null(0).to_numpy()
        is_critical = critical.to_numpy(zero_copy_only=False)
        words = _hashes(comment)
        digest = _mixed(identity, np.where(has_points, points_given + 1, 0), possible, is_critical, words)
        starts = np.flatnonzero(np.diff(parents, prepend=-1))
        rows = parents[starts]
        failed = has_points & (points_given == 0) & is_critical
        sums = {
            "answers_digest": np.add.reduceat((digest >> np.uint64(64 - _DIGEST_BITS)).astype(np.int64), starts),
            "answers_points": np.add.reduceat(np.where(has_points, points_given, 0), starts),
            "answers_max": np.add.reduceat(np.where(has_points, possible, 0), starts),
            "critical_failed": np.logical_or.reduceat(failed, starts),
        }
        places = np.full(len(seq), -1)
        places[rows] = np.arange(len(rows))
        indices = pa.array(places, pa.int64(), mask=places < 0)
        lengths = np.diff(np.append(starts, len(parents)))
        if lengths.max() > MOST_ANSWERS:
            self._wrong = FileError(
                AnswerCode.EVALUATION_WITH_TOO_MANY_ANSWERS, count=int(lengths.max()), most=MOST_ANSWERS
            )
        total = np.repeat(sums["answers_max"], lengths)
        columns = [
            seq.take(pa.array(parents)),
            pa.array(criterion, pa.int32()),
            points.cast(pa.int32()),
            most.cast(pa.int32()),
            critical,
            _shares(points_given, possible, has_points),
            _shares(possible - points_given, total, has_points),
            comment,
        ]
        self._keep(pa.RecordBatch.from_arrays(columns, schema=_ANSWERS))
        return [pa.array(sums[field.name], field.type).take(indices) for field in SHORT]

    @property
    def _criteria(self) -> pa.RecordBatchReader:
        """The criteria so far, by code."""
        names = [name for name, _ in self._codes]
        forms = [form for _, form in self._codes]
        sections = [self._sections[key] for key in self._codes]
        columns = {
            "code": pa.array(self._codes.values(), pa.int32()),
            "name": pa.array(names, pa.string()),
            "form": pa.array(forms, pa.string()),
            "section": pa.array(sections, pa.string()),
        }
        return pa.table(columns).to_reader()

    def _identified(self, name: pa.Array, form: pa.Array, section: pa.Array) -> tuple[npt.NDArray[Any], _Integers]:
        """Return the code of each answer's criterion, and a hash of its name and form."""
        encoded = [column.dictionary_encode() for column in (name, form, section)]
        words = [column.dictionary.to_pylist() for column in encoded]
        indices = [column.indices.fill_null(-1).to_numpy().astype(np.int64) for column in encoded]
        together = (indices[0] * (len(words[1]) + 1) + indices[1] + 1) * (len(words[2]) + 1) + indices[2] + 1
        distinct, first, inverse = np.unique(together, return_index=True, return_inverse=True)
        codes, hashes = np.empty(len(distinct), np.int32), np.empty(len(distinct), np.uint64)
        for place, position in enumerate(first.tolist()):
            named, of_form, in_section = (
                words[part][indices[part][position]] if indices[part][position] >= 0 else None for part in range(3)
            )
            codes[place] = self._code(str(named), of_form, in_section)
            hashes[place] = _hash(f"{named}\0{of_form or ''}")
        return codes[inverse], hashes[inverse]

    def _code(self, name: str, form: str | None, section: str | None) -> int:
        """Return the code of a criterion."""
        key = (name, form)
        known = self._sections.setdefault(key, section)
        if section is not None and known is None:
            self._sections[key] = section
        elif section is not None and known is not None and section != known:
            self._wrong = FileError(AnswerCode.CRITERION_IN_TWO_SECTIONS, name=name, one=known, other=section)
        if key not in self._codes and len(self._codes) == MOST_CRITERIA:
            self._wrong = FileError(AnswerCode.TOO_MANY_CRITERIA, most=f"{MOST_CRITERIA:,}")
            return 0
        return self._codes.setdefault(key, len(self._codes))


def of_lines(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield evaluations with the list of their answers, made of lines with one answer each.

    A line has `seq`, `evaluation_id`, `known_form`, which is its evaluation's, and what an answer has; the lines of one
    evaluation follow each other. What comes out has `seq` of the first line, `id`, `form` and `results`.
    """
    rest: pa.RecordBatch | None = None
    for batch in batches:
        lines = batch if rest is None else pa.concat_batches([rest, batch])
        starts = _starts(lines)
        yield _listed(lines.slice(0, starts[-1]), starts[:-1])
        rest = lines.slice(int(starts[-1]))
    if rest is not None and len(rest):
        yield _listed(rest, _starts(rest))


def _starts(lines: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Return where the lines of each evaluation begin."""
    codes = lines.column("evaluation_id").dictionary_encode().indices.to_numpy()
    return np.flatnonzero(np.diff(codes, prepend=-1))


def _listed(lines: pa.RecordBatch, starts: npt.NDArray[np.int64]) -> pa.RecordBatch:
    answers = pa.StructArray.from_arrays([lines.column(field.name) for field in ANSWER], fields=list(ANSWER))
    offsets = pa.array(np.append(starts, len(lines)), pa.int32())
    first = pa.array(starts, pa.int64())
    names = ["seq", "id", "form", RESULTS]
    kept = [lines.column(name).take(first) for name in ("seq", "evaluation_id", "known_form")]
    return pa.RecordBatch.from_arrays([*kept, pa.ListArray.from_arrays(offsets, answers)], names)


def _shares(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64], is_there: npt.NDArray[np.bool_]) -> pa.Array:
    """Return part ÷ whole in 1/SHARE_SCALE, rounded half up, null where there is none."""
    divisor = np.where(is_there, whole, 1)
    shares = (2 * np.where(is_there, part, 0) * SHARE_SCALE + divisor) // (2 * divisor)
    return pa.array(shares.astype(np.int32), mask=~is_there)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _hashes(texts: pa.Array) -> _Integers:
    """Return a hash of each text; 0 where there is none."""
    encoded = texts.dictionary_encode()
    hashes = np.array([*map(_hash, encoded.dictionary.to_pylist()), 0], np.uint64)
    found: _Integers = hashes[encoded.indices.fill_null(-1).to_numpy()]
    return found


def _mixed(*parts: npt.NDArray[Any]) -> _Integers:
    """Return a hash of several numbers, position by position (the steps of splitmix64)."""
    mixed = np.zeros(len(parts[0]), np.uint64)
    for part in parts:
        mixed = (mixed ^ part.astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
