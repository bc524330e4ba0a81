"""The error family: every error that Callboard raises on purpose derives from `CallboardError`.

A message is written for the person who reads it: it names what is wrong and where, and says what
would be right. How an error looks over HTTP or on a page is decided elsewhere, once each.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum


class FailureCode(StrEnum):
    """Why something failed, by the codes that the stores hold; `FAILURE_TEXTS` has their words."""

    OTHER = "other"  # what has no code of its own: its text is one of its values
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    GIVEN_UP = "given_up"
    UNFINISHED_IN_BACKUP = "unfinished_in_backup"
    UNEXPECTED = "unexpected"
    DATABASE_UNAVAILABLE = "database_unavailable"
    DISK_FULL = "disk_full"
    TIMEZONE_CHANGED = "timezone_changed"
    SAMPLE_IN_THE_WAY = "sample_in_the_way"
    EXPORT_TOO_LARGE = "export_too_large"
    EXPORTS_TOO_LARGE = "exports_too_large"
    EXPORT_INCOMPLETE = "export_incomplete"


FAILURE_TEXTS = {
    FailureCode.OTHER: "{text}",
    FailureCode.CANCELLED: "cancelled",
    FailureCode.STOPPED: "Stopped; the data are as they were.",
    FailureCode.GIVEN_UP: "given up after {attempts} attempts",
    FailureCode.UNFINISHED_IN_BACKUP: "it had not ended when the backup was made that was restored",
    FailureCode.UNEXPECTED: "An error that should not be ({kind}); the log says more.",
    FailureCode.DATABASE_UNAVAILABLE: ("The database did not answer. Nothing is lost; right would be to try again."),
    FailureCode.DISK_FULL: "The disk is full; nothing was changed. Right would be room on the disk.",
    FailureCode.TIMEZONE_CHANGED: (
        "The workspace's time zone was changed from {expected} to {stored}. Ask again; where this goes on, "
        "restart the app with CALLBOARD_TIMEZONE={stored}, or without it."
    ),
    FailureCode.SAMPLE_IN_THE_WAY: (
        "The app holds sample data, which do not mix with your own. Right would be to replace them."
    ),
    FailureCode.EXPORT_TOO_LARGE: (
        "The file is larger than {megabytes} MB (CALLBOARD_EXPORT_MB). Right would be fewer rows."
    ),
    FailureCode.EXPORTS_TOO_LARGE: (
        "All exported files together are larger than {megabytes} MB (CALLBOARD_EXPORTS_MB). Right would "
        "be to delete some on the Exports page."
    ),
    FailureCode.EXPORT_INCOMPLETE: (
        "{written} rows were written where {expected} were expected, so the file was thrown away."
    ),
}
"""The message id of each code; names in braces are its values."""


class CallboardError(Exception):
    """Something that the user or the operator can put right; the message says what and how."""

    def __init__(self, reason: str, **values: int | str) -> None:
        """Keep the message: `reason` as it is, or the words of a FailureCode with its values."""
        coded = isinstance(reason, FailureCode)
        self.code = FailureCode(reason) if coded else FailureCode.OTHER
        self.values = values
        self.message = FAILURE_TEXTS[self.code].format(**values) if coded else reason
        super().__init__(self.message)


class ConfigurationError(CallboardError):
    """A setting is missing or wrong."""


class InvalidParameterError(CallboardError):
    """A filter or another parameter of a question does not parse."""

    def __init__(self, parameter: str, message: str) -> None:
        """Keep the parameter's public name beside the message."""
        super().__init__(message)
        self.parameter = parameter


class FileError(CallboardError):
    """A file can't be read as what it should be; the message names the file."""


class MappingError(CallboardError):
    """A mapping is wrong in itself, or names what a file does not have."""


class BadRowsError(CallboardError):
    """An import holds rows that can't be loaded, so nothing was."""


class SampleDataError(CallboardError):
    """The action would mix one's own data with sample data, or overwrite data unasked."""


class DatabaseUnavailableError(CallboardError):
    """A database does not answer."""


class QueryTimeoutError(DatabaseUnavailableError):
    """A question took longer than a question may."""


class DatabaseHeldError(DatabaseUnavailableError):
    """Another process holds the embedded database."""


class DatabaseVersionError(DatabaseUnavailableError):
    """A database was written by a newer version of the program."""


class TimeZoneConflictError(ConfigurationError):
    """CALLBOARD_TIMEZONE names another zone than the workspace has."""


class TimeZoneChangedError(DatabaseUnavailableError):
    """The workspace's time zone is another one than the process went by; nothing was computed or changed."""

    def __init__(self, stored: str, expected: str) -> None:
        """Keep the zone that the facts have now; `expected` is the one that the process went by."""
        super().__init__(FailureCode.TIMEZONE_CHANGED, expected=expected, stored=stored)
        self.stored = stored


class AccessError(CallboardError):
    """The visitor may not do, or see, what is asked for."""


class ConflictError(CallboardError):
    """What is asked for clashes with what is there."""


class BusyError(CallboardError):
    """Someone has as much waiting as they may; some of it has to be done first."""


class StorageError(CallboardError):
    """The disk is full or can't be written."""


class BackupError(CallboardError):
    """A file is no backup, is damaged, or is one that this program can't restore."""


class DiskFullError(StorageError):
    """No room is left on the disk of a database; there is again once somebody makes some."""


class RenderingError(CallboardError):
    """A picture or a printed page can't be drawn, or not now."""


class RefusedError(CallboardError):
    """A request that is not answered, whatever it asks; `status` is HTTP's word for why."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


class CancelledError(CallboardError):
    """The user stopped what was running; the data are as they were."""


_COMPARED = 100


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known name most like `name`; `` (nearest: 'x')`` where none is like it.

    An empty string where nothing is known. Of long names the beginnings are compared.
    """
    by_folded = {candidate.casefold()[:_COMPARED]: candidate for candidate in known}
    asked = name.casefold()[:_COMPARED]
    if close := difflib.get_close_matches(asked, by_folded, n=1, cutoff=0.6):
        return f" (did you mean '{by_folded[close[0]][:_COMPARED]}'?)"
    if close := difflib.get_close_matches(asked, by_folded, n=1, cutoff=0.0):
        return f" (nearest: '{by_folded[close[0]][:_COMPARED]}')"
    return ""
