"""What drivers raise, as errors of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from lib.errors import (
    CallboardError,
    DatabaseHeldError,
    DatabaseUnavailableError,
    DatabaseVersionError,
    DiskFullError,
    FieldsChangedError,
    QueryTimeoutError,
    StorageError,
)
from lib.errors.codes import FailureCode
from lib.store.duckdb_engine import FATAL

_FULL_DISK = ("no space left on device", "disk full", "database or disk is full", "could not extend file")
_UNOPENED = re.compile(r'Cannot open file "(?P<path>[^"\n]+)": (?P<reason>[^\n]+)')  # DuckDB's
_OWN_FIELD = re.compile(r"\bfield_\d+|_by_field_\d+|_of_metrics_\d+")
_GONE = ("does not exist", "does not have a column", "not found")  # of a column or a table
_LOST = (
    *(OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError),
    *(duckdb.OperationalError, duckdb.ConnectionException),
)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what a driver raises when its database can't be used into an error of ours."""
    try:
        yield
    except (CallboardError, IntegrityError):
        raise  # the latter quotes the row that was refused, whose words are not to be taken for the driver's
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from None  # DuckDB's own form of it, where Ctrl-C came within a call
        raise
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(
            "Every connection that this process may have to the database is busy (CALLBOARD_POOL_SIZE)."
        ) from error
    except (
        DBAPIError,
        psycopg.Error,
        duckdb.Error,
    ) as error:
        plain = translate_driver_error(error)
        if plain is None:
            raise
        raise plain from error


def translate_driver_error(error: DBAPIError | psycopg.Error | duckdb.Error) -> CallboardError | None:
    """Return an error of ours for a driver's, by what it says; None where it is not the database's fault."""
    message = str(error.orig if isinstance(error, DBAPIError) else error)
    if "INTERRUPT" in message or "statement timeout" in message:
        return QueryTimeoutError(FailureCode.QUERY_TIMEOUT)
    if "Could not set lock on file" in message:
        return DatabaseHeldError(
            "Another process holds the embedded database, which one at a time may open. Right would be to end that "
            "process, or to use another CALLBOARD_DATA_DIR, or PostgreSQL for several."
        )
    if "database file with version number" in message:
        return DatabaseVersionError(
            "A newer version of Callboard wrote the database: its file has a form that this one can't read. Nothing "
            "was changed. Right would be to start the version that wrote it, or a newer one."
        )
    if any(sign in message.lower() for sign in _FULL_DISK):
        return DiskFullError(FailureCode.DISK_FULL)
    if unwritten := _UNOPENED.search(message):
        # Its name alone: who reads this need not know where it lies.
        return StorageError(FailureCode.STORE_UNOPENED, name=Path(unwritten["path"]).name, error=unwritten["reason"])
    if _OWN_FIELD.search(message) and any(sign in message for sign in _GONE):
        return FieldsChangedError(FailureCode.FIELDS_CHANGED_MEANWHILE)
    if "Unable to connect to Postgres" in message:  # DuckDB goes on with the address, and the password in it
        return DatabaseUnavailableError("The database does not answer: the catalog of the lake can't be reached.")
    if "HTTP" in message and isinstance(getattr(error, "orig", error), duckdb.IOException | duckdb.HTTPException):
        return DatabaseUnavailableError(f"The files of the lake can't be reached: {message.splitlines()[0]}")
    lost = isinstance(error, _LOST) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if lost or message.startswith(FATAL):
        return DatabaseUnavailableError(f"The database does not answer: {message.splitlines()[0]}")
    return None
