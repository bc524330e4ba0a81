"""Posts: evaluations that programs sent, checked already (`post_checks.py`), and loaded one or several at a time.

Posts that are loaded together are one transaction, and those of one sender one import of it, which is listed and can be
undone. Each is counted by itself: it is as if it had come alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy.engine import Connection

from lib.analytics import queries
from lib.analytics.grants import Grant
from lib.analytics.workspace_zone import check_zone
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField
from lib.errors import (
    ConflictError,
    DatabaseUnavailableError,
    StorageError,
    TakenIdsError,
    TimeZoneChangedError,
)
from lib.ingest import history, loader, service, staging
from lib.ingest.api_records import ValidationResult
from lib.ingest.converter import REPEATED, staged_schema
from lib.ingest.history import ImportReport
from lib.ingest.import_run import ImportRequest, ImportRun, check_fields
from lib.ingest.import_warnings import RowWarnings
from lib.ingest.load_versions import PART_ROWS, POST_ROWS
from lib.ingest.loader import LoadResult
from lib.ingest.new_fields import with_fields
from lib.settings import Settings
from lib.store.enums import ImportResult
from lib.store.facts import FactStore

MOST_TOGETHER = 1_000
"""Rows that are loaded together at most; a post with more is loaded alone."""


@dataclass(frozen=True, slots=True)
class Post:
    """Evaluations that a program sent, as the rules of an import found them. None of them is bad.

    `known` is the catalog by which they were checked, and the fields `added` are defined with them. `started` is the
    monotonic clock's, in seconds.
    """

    actor: str
    grant: Grant
    settings: Settings
    known: Catalog
    added: tuple[OwnField, ...]
    found: ValidationResult
    ids: tuple[str, ...]
    names: frozenset[tuple[str, str, str]]  # that its rows give: column, id and name
    digest: str
    started_at: datetime
    started: float

    @property
    def rows(self) -> int:
        """How many rows there are to load."""
        return len(self.ids)

    @property
    def is_joinable(self) -> bool:
        """Whether it may be loaded with others: it is short, has each id once, and changes no fields."""
        return 0 < self.rows <= MOST_TOGETHER and len({*self.ids}) == self.rows and not self.added


def refuse_sample(connection: Connection) -> None:
    """Raise ConflictError while there are sample data."""
    if queries.is_sample(connection):
        raise ConflictError(
            "The app holds sample data, which do not mix with your own. Right would be to load a first file on the "
            "Data page or with callboard import, which replaces them, or to start with CALLBOARD_SAMPLE=off."
        )


class Gathering:
    """Chooses which posts are loaded together: those that are found the same whether they come alone or not.

    One that has an id in common with an earlier one has to wait until that one is loaded, and so have those that must
    not overtake it, as they have an id in common with it, or give something another name.
    """

    def __init__(self) -> None:
        """Begin without posts."""
        self._first: Post | None = None
        self._rows = 0
        self._ids: set[str] = set()  # of the posts that were taken, and of those that have to wait
        self._names: dict[tuple[str, str], set[str]] = {}  # that those give which have to wait, by column and id

    def take(self, post: Post) -> bool:
        """Return whether a post is to be loaded with those that were taken before."""
        is_apart = not self._ids.isdisjoint(post.ids)
        self._ids.update(post.ids)
        if is_apart or not self._fits(post):
            for column, number, name in post.names:
                self._names.setdefault((column, number), set()).add(name)
            return False
        self._first = self._first or post
        self._rows += post.rows
        return True

    def _fits(self, post: Post) -> bool:
        first = self._first
        if first is None:
            return True
        if not (first.is_joinable and post.is_joinable) or self._rows + post.rows > MOST_TOGETHER:
            return False
        if first.known.own_fields != post.known.own_fields or first.settings.timezone != post.settings.timezone:
            return False
        return all(self._names.get((column, number), {name}) == {name} for column, number, name in post.names)


@dataclass(frozen=True, slots=True)
class LoadedPosts:
    """What came of posts: the imports that they made, and for each post its own report, or why it was not loaded."""

    imports: tuple[ImportReport, ...]
    outcomes: tuple[ImportReport | Exception, ...]


def load(facts: FactStore, posts: Sequence[Post]) -> LoadedPosts:
    """Load posts that were gathered, in one transaction. One that can't be loaded keeps none of the others out.

    Raises what concerns them all: StorageError, DatabaseUnavailableError, TimeZoneChangedError.
    """
    if not posts:
        return LoadedPosts((), ())
    if len(posts) == 1:
        return _alone(facts, posts[0])
    try:
        return _together(facts, posts)
    except (StorageError, DatabaseUnavailableError, TimeZoneChangedError):
        raise
    except TakenIdsError as error:
        taken = {*error.ids}
        are_refused = [not taken.isdisjoint(post.ids) for post in posts]
        rest = load(facts, [post for post, is_refused in zip(posts, are_refused, strict=True) if not is_refused])
        loaded = iter(rest.outcomes)
        return LoadedPosts(rest.imports, tuple(error if each else next(loaded) for each in are_refused))
    except Exception:  # whatever it is, whose fault it is shows when each is loaded alone
        done = [_alone(facts, post) for post in posts]
        return LoadedPosts(
            tuple(report for each in done for report in each.imports),
            tuple(outcome for each in done for outcome in each.outcomes),
        )


def _alone(facts: FactStore, post: Post) -> LoadedPosts:
    try:
        report = load_one(facts, post)
    except Exception as error:  # whatever it is, its sender is told
        return LoadedPosts((), (error,))
    return LoadedPosts((report,), (report,))


def load_one(facts: FactStore, post: Post) -> ImportReport:
    """Load a post by itself; raises as an import does, and TakenIdsError for ids of what its sender may not see."""
    request = ImportRequest((), post.actor)
    batches = post.found.batches if post.rows > MOST_TOGETHER else (_joined([post], np.arange(post.rows)),)
    reader = pa.RecordBatchReader.from_batches(staged_schema(_catalog(post)), batches)
    import_run = ImportRun(
        facts, post.settings, post.known, post.added, request, lambda _: None, post.started, post.grant
    )
    with facts.session() as connection:
        return service.load(import_run, connection, reader, lambda: _report([post], batches))


def _catalog(post: Post) -> Catalog:
    return with_fields(post.known, post.added)


def _report(posts: Sequence[Post], batches: Iterable[pa.RecordBatch]) -> ImportReport:
    """Return the report of the import that posts of one sender make, before their rows are loaded."""
    file = {"name": history.PROGRAM, "sha256": posts[0].digest, "bytes": 0}
    if len(posts) > 1:
        file = {"name": history.PROGRAM, "posts": len(posts), "bytes": 0}
    rows = RowWarnings(history.PROGRAM)
    for batch in batches:
        rows.add(batch)
    started_at = min(post.started_at for post in posts)
    report = ImportReport(service.new_id(), started_at, 0.0, posts[0].actor, (file,), ImportResult.LOADED, None)
    return replace(
        report,
        read=sum(post.found.read for post in posts),
        blank=sum(post.found.blank for post in posts),
        warnings=tuple(rows.finish()),
    )


def _together(facts: FactStore, posts: Sequence[Post]) -> LoadedPosts:
    parts, first = _parts(posts), posts[0]
    rows = [_joined([posts[place] for place in part], _numbers(posts, part, n)) for n, part in enumerate(parts)]
    of_part = [[posts[place] for place in part] for part in parts]
    request = ImportRequest((), first.actor)
    import_run = ImportRun(facts, first.settings, first.known, (), request, lambda _: None, first.started, first.grant)
    with facts.session() as connection:
        staged = staging.stage(
            connection, first.known, pa.RecordBatchReader.from_batches(staged_schema(first.known), rows)
        )
        with facts.write(connection, keeps_catalog=True):
            check_zone(connection, first.settings.timezone)
            refuse_sample(connection)
            check_fields(connection, import_run)
            grants, counts = [part[0].grant for part in of_part], [sum(post.rows for post in part) for part in of_part]
            loaded = loader.apply_together(connection, first.known, staged, grants, counts)
            reports = [_loaded(*each) for each in zip(of_part, rows, loaded, strict=True)]
            for report in reports:
                history.add(connection, report, [history.PROGRAM], None)
            new, replaced = loader.loaded_ids(connection, first.known, loaded)
    of_post = {place: report for part, report in zip(parts, reports, strict=True) for place in part}
    outcomes = (_own_report(of_post[place], post, new, replaced) for place, post in enumerate(posts))
    return LoadedPosts(tuple(reports), tuple(outcomes))


def _parts(posts: Sequence[Post]) -> list[list[int]]:
    """Return the places of the posts of each sender; of the senders, whose last post came last is last.

    So the name that counts is mostly that of a later version, too, as an undo has it.
    """
    by_sender: dict[tuple[str, Grant], list[int]] = {}
    for place, post in enumerate(posts):
        by_sender.setdefault((post.actor, post.grant), []).append(place)
    return sorted(by_sender.values(), key=lambda part: part[-1])


def _numbers(posts: Sequence[Post], part: Sequence[int], number: int) -> npt.NDArray[np.int64]:
    """Return the `seq` of the rows of a part, which tells of each which part and which post it is of."""
    return np.concatenate([number * PART_ROWS + place * POST_ROWS + np.arange(posts[place].rows) for place in part])


def _joined(posts: Sequence[Post], seq: npt.NDArray[np.int64]) -> pa.RecordBatch:
    """Return the rows of posts in one batch, numbered anew, with no text that none of them has."""
    rows = pa.Table.from_batches([batch for post in posts for batch in post.found.batches])
    columns = [_one_chunk(column) for column in rows.columns]
    columns[0] = pa.array(seq)
    return pa.RecordBatch.from_arrays(columns, names=rows.column_names)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    if column.type == REPEATED:
        return column.cast(pa.string()).combine_chunks().dictionary_encode()
    return column.combine_chunks()


def _loaded(posts: Sequence[Post], rows: pa.RecordBatch, loaded: LoadResult) -> ImportReport:
    report = _report(posts, [rows])
    seconds = time.monotonic() - min(post.started for post in posts)
    return replace(report, loaded=loaded, seconds=seconds, warnings=(*report.warnings, *loaded.warnings))


def _own_report(report: ImportReport, post: Post, new: frozenset[str] | None, replaced: frozenset[str]) -> ImportReport:
    """Return what an import did with the rows of one post; `new` are the ids it put in, None for all that it has."""
    different = post.rows if new is None else len(new.intersection(post.ids))
    changed = len(replaced.intersection(post.ids))
    loaded = LoadResult(different - changed, changed, post.rows - different)
    return replace(report, read=post.found.read, blank=post.found.blank, loaded=loaded)
