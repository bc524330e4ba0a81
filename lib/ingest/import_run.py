"""One import: what is asked for, and what it works by while it is under way, its own fields above all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from lib.analytics.field_definitions import define, delete, fields_in_use, own_fields
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.metric_definitions import stored_catalog
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField, catalog_with, without_sample_fields
from lib.errors import CallboardError, FieldError
from lib.errors.field_codes import FieldCode
from lib.ingest.file_reading import InputFile, survey
from lib.ingest.mapping import Mapping
from lib.ingest.mapping_toml import read_mapping
from lib.ingest.new_fields import guessed_fields, requested_fields, with_fields
from lib.settings import Settings
from lib.store.facts import FactStore
from lib.store.messages import JobStep

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import and how. `mapping_toml` None: the columns have their canonical names.

    One with an `id` is loaded once: asked for again, as by the next worker after a crash, it is only reported.
    """

    files: tuple[InputFile, ...]
    actor: str
    mapping_toml: str | None = None
    skip_bad_rows: bool = False
    dry_run: bool = False
    replace_sample: bool = False  # sample data may go
    answers: bool = False  # the files hold answers to criteria, of evaluations that are there
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: what it does, from 0 to 1, and the rows read so far."""

    step: JobStep
    share: float
    rows: int


@dataclass(frozen=True, slots=True)
class ImportRun:
    """An import under way. `started` is the monotonic clock's, in seconds; `grant` is what its sender may see.

    `known` is the catalog as own data find it, and the fields `added` are defined when the rows are loaded.
    """

    facts: FactStore
    settings: Settings
    known: Catalog
    added: tuple[OwnField, ...]
    request: ImportRequest
    progress: Callable[[ImportProgress], None]
    started: float
    grant: Grant

    @property
    def catalog(self) -> Catalog:
        """The catalog as the rows need it."""
        return with_fields(self.known, self.added)


def with_guessed_fields(import_run: ImportRun) -> ImportRun:
    """Return the import with the fields that headers name and that are not there, of types that their values fit."""
    request, known = import_run.request, import_run.catalog
    surveys = [survey(file, request.mapping_toml, import_run.settings, known) for file in request.files]
    added = (*import_run.added, *guessed_fields(surveys, mapping_of(request, known), known))
    return replace(import_run, added=added)


def renewed(import_run: ImportRun) -> ImportRun:
    """Return the import by the fields as they are now."""
    with import_run.facts.read() as connection:
        known = catalog_for(import_run.request, stored_catalog(connection))
    return replace(import_run, known=known, added=requested_fields(mapping_of(import_run.request, known), known))


def catalog_for(request: ImportRequest, catalog: Catalog) -> Catalog:
    """Return the catalog as an import finds it: evaluations take the place of sample data, and their fields go."""
    return catalog if request.answers else without_sample_fields(catalog)


def mapping_of(request: ImportRequest, catalog: Catalog) -> Mapping:
    """Return the mapping of an import, by a catalog; an empty one where none was given."""
    return Mapping() if request.mapping_toml is None else read_mapping(request.mapping_toml, catalog)


@contextmanager
def fields_ahead(import_run: ImportRun) -> Iterator[ImportRun]:
    """On PostgreSQL, define new fields before the rows are loaded: readers would wait for the whole of that.

    They do where the fields of sample data go for it. What fails, or is only tried, leaves no field behind that holds
    nothing.
    """
    added = import_run.added
    if import_run.facts.embedded or not added:
        yield import_run
        return
    with import_run.facts.write() as connection:
        check_fields(connection, import_run)
        replaces = any(own.is_sample for own in own_fields(connection))
        define(connection, () if replaces else added)
    if replaces:
        yield import_run
        return
    try:
        yield replace(import_run, known=import_run.catalog, added=())
    except BaseException:
        _forget_fields(import_run)
        raise
    if import_run.request.dry_run:
        _forget_fields(import_run)


def _forget_fields(import_run: ImportRun) -> None:
    """Delete the new fields of an import that did not load."""
    try:
        with import_run.facts.write() as connection:
            held = {use.own: use.values for use in fields_in_use(connection, EVERYTHING)}
            for own in import_run.added:
                if held.get(own) == 0:
                    delete(connection, own.name)
    except CallboardError as error:  # what the import failed of is what its sender has to know
        log.warning("Fields of an import that failed are left: %s", error.message)


def check_fields(connection: Connection, import_run: ImportRun) -> None:
    """Raise FieldError where somebody changed the fields since the import began."""
    if catalog_for(import_run.request, catalog_with(own_fields(connection))).own_fields != import_run.known.own_fields:
        raise FieldError(FieldCode.FIELDS_CHANGED)
