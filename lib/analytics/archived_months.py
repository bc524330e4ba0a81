"""The months that are archived, and how questions come to read their evaluations beside those of the facts.

Rollups go on holding archived months. What needs the evaluations themselves takes a catalog from here, whose
`evaluations` and `answers` hold the archived ones, too. How months come to be archived is in `archiving.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.query import Filters, first_instant, last_instant
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import FailedCriterionDimension
from lib.errors import ConflictError
from lib.errors.archive_codes import ArchiveCode
from lib.store import archived_rows, schema
from lib.store.archive_files import ArchiveFile, ArchiveFolder
from lib.store.arrow_shapes import shape
from lib.store.facts import archive_folder, check_time

_HELD = schema.archives.c


@dataclass(frozen=True, slots=True)
class ArchivedMonth:
    """A month whose evaluations are archived, but for those that came back."""

    number: int
    month: date  # its first day
    location: str  # empty: where the settings say
    files: Mapping[str, ArchiveFile]  # of `evaluations`, and of `answers` where there are any
    evaluations: int  # that it stands for
    first_at: datetime
    last_at: datetime
    first_version: int | None
    last_version: int | None
    fields_used: frozenset[str]  # columns of own fields that some have a value in
    archived_at: datetime
    archived_by: str

    @property
    def name(self) -> str:
        """The month as commands take it, such as 2025-01."""
        return f"{self.month:%Y-%m}"

    def folder(self, connection: Connection) -> ArchiveFolder:
        """Return where its files are."""
        return ArchiveFolder(self.location, archive_folder(connection))


def archived_months(connection: Connection) -> tuple[ArchivedMonth, ...]:
    """Return the archived months, the oldest first."""
    rows = connection.execute(sa.select(schema.archives).where(_HELD.ended_at.is_(None)).order_by(_HELD.month)).all()
    return tuple(map(month_of_row, rows))


def month_of_row(row: sa.Row[Any]) -> ArchivedMonth:
    """Return a row of the archives as a value."""
    values = {name: value for name, value in row._mapping.items() if name != "ended_at"}
    files = {table: ArchiveFile(**file) for table, file in json.loads(row.files).items()}
    return ArchivedMonth(**{**values, "files": files, "fields_used": frozenset(json.loads(row.fields_used))})


def count_evaluations(connection: Connection) -> int:
    """Return how many evaluations there are, archived ones too."""
    count = connection.execute(sa.select(sa.func.count()).select_from(schema.evaluations)).scalar_one()
    return int(count) + sum(each.evaluations for each in archived_months(connection))


def with_months(
    connection: Connection, catalog: Catalog, months: Sequence[ArchivedMonth], *, answers: bool = True
) -> Catalog:
    """Return a catalog whose evaluations, and answers, hold those of months, too; the same one where there are none.

    Others that were attached to the connection's transaction before are among them. Raises StorageError where a file
    of a month is not there.
    """
    if not months:
        return catalog
    base = catalog.stored
    for table, key in ((base.evaluations, "id"), (base.answers, "answer_set")):
        if table is base.answers and not answers:
            months = ()  # the view is there, as statements name it
        rows = {each.number: _rows(connection, each, table) for each in months if table.name in each.files}
        archived_rows.attach(connection, table, key, rows, partial(check_time, connection))
    return catalog.with_archived


def with_all_months(connection: Connection, catalog: Catalog, *, answers: bool = True) -> Catalog:
    """Return a catalog whose evaluations, and answers, hold all that are archived, too."""
    return with_months(connection, catalog, archived_months(connection), answers=answers)


def catalog_between(
    connection: Connection, catalog: Catalog, first: datetime | None, last: datetime | None, *, answers: bool = False
) -> Catalog:
    """Return a catalog whose evaluations hold those archived from an instant to another; None where it is open."""
    return with_months(connection, catalog, _months_between(connection, first, last), answers=answers)


def with_archived_rows(
    connection: Connection, filters: Filters, calendar: Calendar, *, answers: bool = False
) -> Filters:
    """Return the same question of evaluations among which are the archived ones of its period."""
    first, last = _ends(filters, calendar)
    answers = answers or asks_answers(filters)
    return replace(filters, catalog=catalog_between(connection, filters.catalog, first, last, answers=answers))


def months_in_period(connection: Connection, filters: Filters, calendar: Calendar) -> str:
    """Return the names of the archived months that a question's period meets; empty where it meets none."""
    return names_of(_months_between(connection, *_ends(filters, calendar)))


def _ends(filters: Filters, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last instant of a question's period; None where it is open."""
    zone = filters.zone(calendar.zone)
    return (
        None if filters.date_from is None else first_instant(filters.date_from, zone),
        None if filters.date_to is None else last_instant(filters.date_to, zone),
    )


def _months_between(connection: Connection, first: datetime | None, last: datetime | None) -> list[ArchivedMonth]:
    return [
        each
        for each in archived_months(connection)
        if (first is None or each.last_at >= first) and (last is None or each.first_at <= last)
    ]


def asks_answers(filters: Filters) -> bool:
    """Return whether which evaluations are meant depends on their answers to criteria."""
    known = filters.catalog.filters_by_name
    return any(isinstance(known[each.dimension], FailedCriterionDimension) for each in filters.predicates)


def months_of_ids(connection: Connection, ids: sa.Select[Any] | Sequence[str]) -> tuple[ArchivedMonth, ...]:
    """Return the months in which evaluations of some ids are archived."""
    held = schema.archived_ids.c
    numbers = set(connection.scalars(sa.select(held.archive).where(held.id.in_(ids)).distinct()))
    return tuple(each for each in archived_months(connection) if each.number in numbers)


def answers_of_archived(connection: Connection, id_: str, answer_set: int) -> list[dict[str, Any]]:
    """Return the rows of the answers of an archived evaluation."""
    rows: list[dict[str, Any]] = []
    for each in months_of_ids(connection, [id_]):
        if schema.answers.name in each.files:
            ours = pyarrow.dataset.field("answer_set") == answer_set
            rows += _rows(connection, each, schema.answers).to_table(filter=ours).to_pylist()
    return rows


def archived_batches(connection: Connection, table: sa.Table) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table of the facts that are archived, in its shape."""
    form, key = shape(table), "id" if table.name == schema.evaluations.name else "answer_set"
    came_back = schema.returned_ids.c
    for each in archived_months(connection):
        if table.name not in each.files:
            continue
        of_month = sa.select(came_back[key]).where(came_back.archive == each.number, came_back[key].is_not(None))
        gone = list(connection.scalars(of_month))
        chosen = ~pyarrow.dataset.field(key).isin(gone) if gone else None
        for batch in _rows(connection, each, table).to_batches(columns=form.names, filter=chosen):
            yield pa.RecordBatch.from_arrays(
                [_filled(batch.column(column.name), column) for column in table.columns], schema=form
            )


def _filled(values: pa.Array, column: sa.Column[Any]) -> pa.Array:
    """Return values with a column's default where there are none, as of a field that was defined since."""
    default = column.server_default
    return pa.compute.fill_null(values, int(str(default.arg))) if isinstance(default, sa.DefaultClause) else values


def refuse_while_archived(connection: Connection) -> None:
    """Raise ConflictError, which names the months, where any is archived."""
    _refuse(archived_months(connection))


def refuse_archived(connection: Connection, ids: sa.Select[Any]) -> None:
    """Raise ConflictError, which names the months, where evaluations of some ids are archived."""
    _refuse(months_of_ids(connection, ids))


def _refuse(months: Sequence[ArchivedMonth]) -> None:
    if months:
        raise ConflictError(ArchiveCode.ARCHIVED_IN_THE_WAY, months=names_of(months))


def names_of(months: Iterable[ArchivedMonth]) -> str:
    """Return the names of months, those that follow one another as a range, such as 2025-01 to 2025-03, 2025-06."""
    runs: list[list[ArchivedMonth]] = []
    for each in months:
        if runs and _place(each.month) == _place(runs[-1][-1].month) + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ", ".join(run[0].name if len(run) == 1 else f"{run[0].name} to {run[-1].name}" for run in runs)


def _place(month: date) -> int:
    return month.year * 12 + month.month


def _rows(connection: Connection, month: ArchivedMonth, table: sa.Table) -> pyarrow.dataset.Dataset:
    folder, file = month.folder(connection), month.files[table.name]
    folder.look(month.name, file)
    return folder.dataset([file], archived_rows.archived_shape(table))
