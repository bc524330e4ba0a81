"""Imports of answers alone: lines of long files, brought to the evaluations that they belong to, which are there.

The lines are put together to the lists that other imports bring with their rows, and loaded by the same means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import refuse_archived
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import Catalog
from lib.errors import FileError
from lib.errors.answer_codes import AnswerCode
from lib.errors.codes import CodedText
from lib.ingest.answer_loader import count_answers, define_criteria, insert_answers, section_warnings, set_columns
from lib.ingest.answer_rows import ANSWER, RESULTS
from lib.ingest.load_versions import Versions
from lib.ingest.loader import LoadResult, days_of, load_tables, put_in, take_out
from lib.ingest.mapping import shortened
from lib.ingest.staged_answers import SHORT, AnswerSpool, of_lines
from lib.store.bulk_io import MANY_ROWS, analyze, analyze_grown, create_anew, fill, load_batches, stream_batches
from lib.store.schema import evaluations, forms, workspace

_lines = sa.Table(
    "answer_lines",
    sa.MetaData(),
    sa.Column("seq", sa.BigInteger),
    sa.Column("evaluation_id", sa.Text),
    sa.Column("criterion", sa.Text),
    sa.Column("section", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("points", sa.BigInteger),
    sa.Column("max_points", sa.BigInteger),
    sa.Column("critical", sa.Boolean),
    sa.Column("comment", sa.Text),
    prefixes=["TEMPORARY"],
)

_staged_sets = sa.Table(
    "staged_sets",
    sa.MetaData(),
    sa.Column("seq", sa.BigInteger),
    sa.Column("id", sa.Text),
    sa.Column("answers_digest", sa.BigInteger),
    sa.Column("answers_points", sa.BigInteger),
    sa.Column("answers_max", sa.BigInteger),
    sa.Column("critical_failed", sa.Boolean),
    prefixes=["TEMPORARY"],
)
"""The evaluations that answers came for, with these in short."""

_LINE = pa.schema(
    [pa.field("seq", pa.int64()), pa.field("evaluation_id", pa.string()), pa.field("known_form", pa.string()), *ANSWER]
)
_SET = pa.schema([pa.field("seq", pa.int64()), pa.field("id", pa.string()), *SHORT])


@dataclass(frozen=True, slots=True)
class StagedLines:
    """What was found of lines: those that a later one stands for, and those of evaluations that are not there."""

    total: int
    repeated: int = 0
    missing: int = 0
    examples: tuple[str, ...] = ()  # ids that are not there

    def check(self) -> None:
        """Raise FileError where lines are of evaluations that are not there."""
        if self.missing:
            raise FileError(
                AnswerCode.ANSWERS_WITHOUT_EVALUATION,
                count=f"{self.missing:,}",
                total=f"{self.total:,}",
                examples=", ".join(f"'{shortened(each)}'" for each in self.examples) or "…",
            )

    def warnings(self) -> Iterator[CodedText]:
        """Yield what is odd about the lines that are loaded."""
        if self.repeated:
            yield AnswerCode.ANSWERS_TWICE.of(count=f"{self.repeated:,}")


def stage_lines(connection: Connection, batches: pa.RecordBatchReader) -> StagedLines:
    """Take lines into temporary tables, put together by evaluation; those of evaluations that are not there stay out.

    Of an answer without a form its evaluation says it; of answers to one criterion the last line stands. Raises
    ConflictError where lines are of evaluations that are archived.
    """
    with connection.begin(), AnswerSpool() as answers:
        create_anew(connection, _lines, _staged_sets)
        load_batches(connection, _lines, batches)
        analyze(connection, _lines)
        refuse_archived(connection, sa.select(_lines.c.evaluation_id))
        total = connection.execute(sa.select(sa.func.count()).select_from(_lines)).scalar_one()
        known = sa.select(evaluations.c.id)
        lost = _lines.c.evaluation_id.not_in(known)
        missing = connection.execute(sa.select(sa.func.count()).where(lost)).scalar_one()
        some = sa.select(_lines.c.evaluation_id).where(lost).distinct().order_by(_lines.c.evaluation_id).limit(4)
        examples = tuple(connection.scalars(some)) if missing else ()
        rows = _Counted(stream_batches(connection, _ordered(), _LINE))
        # All of it before any is loaded: DuckDB ends what it reads when it is asked for something else.
        sets = [_short(batch, answers) for batch in of_lines(rows)]
        load_batches(connection, _staged_sets, pa.RecordBatchReader.from_batches(_SET, sets))
        answers.load(connection)
        analyze(connection, _staged_sets)
        return StagedLines(total, total - missing - rows.count, missing, examples)


def apply_answers(connection: Connection, catalog: Catalog) -> LoadResult:
    """Bring the staged answers to their evaluations; must run inside `FactStore.write`. Counts are of evaluations.

    What they replace is kept, so that `undo` can bring it back. Raises FileError where an evaluation has gone.
    """
    version = connection.execute(sa.select(workspace.c.data_version)).scalar_one() + 1
    versions, made = Versions(version, (EVERYTHING,)), sa.literal(version, sa.Integer)
    tables, facts, staged = load_tables(catalog), catalog.evaluations, _staged_sets
    known, incoming, outgoing = tables.known, tables.incoming, tables.outgoing
    fill(connection, known, sa.select(facts).join(staged, staged.c.id == facts.c.id))
    total, found = (
        connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in (staged, known)
    )
    if found < total:
        StagedLines(total, missing=total - found).check()
    columns = set_columns(staged, known, versions)
    both = known.join(staged, staged.c.id == known.c.id)
    differs = known.c.answers_digest.is_distinct_from(staged.c.answers_digest)
    fill(connection, outgoing, sa.select(known, made).select_from(both).where(differs))
    became = (made if each.name == "data_version" else columns.get(each.name, each) for each in known.columns)
    fill(connection, incoming, sa.select(*became).select_from(both).where(differs))
    changed = connection.execute(sa.select(sa.func.count()).select_from(outgoing)).scalar_one()
    loaded = LoadResult(0, changed, total - changed, 0, 0, *days_of(connection, sa.select(incoming.c.day)))
    moved = define_criteria(connection, versions) if total else ()
    loaded = replace(loaded, warnings=tuple(section_warnings(moved)))
    if changed:
        insert_answers(connection, versions, incoming)
        take_out(connection, catalog)
        put_in(connection, catalog)
        loaded = replace(loaded, answers=count_answers(connection, version))
        if loaded.answers >= MANY_ROWS:
            analyze_grown(connection)
    if changed or moved:
        now = datetime.now(UTC)
        connection.execute(sa.update(workspace).values(data_version=version, changed_at=now))
        loaded = replace(loaded, changed_at=now, data_version=version)
    return loaded


class _Counted(Iterator[pa.RecordBatch]):
    """Batches, of which it is counted how many rows they have."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches, self.count = batches, 0

    def __next__(self) -> pa.RecordBatch:
        batch = next(self._batches)
        self.count += len(batch)
        return batch


def _ordered() -> sa.Select[tuple[object, ...]]:
    """Return the lines that stand, with the forms of their evaluations, in the order of these."""
    form = sa.func.coalesce(_lines.c.form, forms.c.id)
    same = (_lines.c.evaluation_id, _lines.c.criterion, sa.func.coalesce(form, ""))
    place = sa.func.row_number().over(partition_by=same, order_by=_lines.c.seq.desc())
    found = (
        sa.select(_lines, forms.c.id.label("known_form"), place.label("place"))
        .join(evaluations, evaluations.c.id == _lines.c.evaluation_id)
        .join(forms, forms.c.key == evaluations.c.form_key)
        .subquery()
    )
    columns = (found.c[field.name] for field in _LINE)
    return sa.select(*columns).where(found.c.place == 1).order_by(found.c.evaluation_id, found.c.seq)


def _short(batch: pa.RecordBatch, answers: AnswerSpool) -> pa.RecordBatch:
    short = answers.take(*(batch.column(name) for name in ("seq", RESULTS, "form")))
    return pa.RecordBatch.from_arrays([batch.column("seq"), batch.column("id"), *short], schema=_SET)
