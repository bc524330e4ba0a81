"""The error family: every error that Callboard raises on purpose derives from `CallboardError`.

A message is written for the person who reads it: it names what is wrong and where, and says what would be right. What
a job or an import fails of has a code, declared with its words in `codes`, and so has what is wrong with a parameter,
in `parameter_codes`. How an error looks over HTTP or on a page is decided elsewhere, once each.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from lib.errors.codes import CodedText, FailureCode, TextCode


class CallboardError(Exception):
    """Something that the user or the operator can put right; the message says what and how."""

    def __init__(self, reason: TextCode | CodedText | str, **values: int | str | CodedText) -> None:
        """Keep why: a code with its values, a text that has both, or the words of what has no code."""
        self.restate(reason, **values)

    def restate(self, reason: TextCode | CodedText | str, **values: int | str | CodedText) -> None:
        """Say something else, as who catches the error knows more."""
        if isinstance(reason, TextCode):
            reason = CodedText(reason, values)
        elif isinstance(reason, str):
            reason = FailureCode.OTHER.of(text=reason)
        self.reason = reason
        self.message = str(reason)
        self.args = (self.message,)


class ConfigurationError(CallboardError):
    """A setting is missing or wrong."""


class InvalidParameterError(CallboardError):
    """A filter or another parameter of a question does not parse."""

    def __init__(self, parameter: str, code: TextCode, **values: int | str | CodedText) -> None:
        """Keep the parameter's public name, which the words may name, too."""
        super().__init__(code, parameter=parameter, **values)
        self.parameter = parameter


class FileError(CallboardError):
    """A file can't be read as what it should be; the message names the file."""


class MappingError(CallboardError):
    """A mapping is wrong in itself, or names what a file does not have."""


class FieldError(CallboardError):
    """An own field can't be defined, changed or filled as is asked for."""


class MetricError(CallboardError):
    """An own metric can't be defined, changed or shown as is asked for."""


class ReportError(CallboardError):
    """There is no such report, or not any more."""


class WebhookError(CallboardError):
    """A webhook can't be made, changed or shown as is asked for; `parameter` is what of it is wrong, if one is."""

    def __init__(self, parameter: str | None, code: TextCode, **values: int | str | CodedText) -> None:
        """Keep what is wrong, by its public name."""
        super().__init__(code, **values)
        self.parameter = parameter


class AlertError(CallboardError):
    """An alert can't be kept, changed or checked as is asked for."""

    def __init__(self, parameter: str | None, code: TextCode, **values: int | str | CodedText) -> None:
        """Keep the place in the alert's JSON that is wrong, if any."""
        super().__init__(code, **values)
        self.parameter = parameter


class FormulaError(CallboardError):
    """A text is no metric; `position` is the place from 1 where the fault begins."""

    def __init__(self, position: int, code: TextCode, **values: int | str | CodedText) -> None:
        """Keep where and what; where something is missing at the end, the place is one past it."""
        super().__init__(code, **values)
        self.position = position


class BadRowsError(CallboardError):
    """An import holds rows that can't be loaded, so nothing was."""


class SampleDataError(CallboardError):
    """The action would mix one's own data with sample data, or overwrite data unasked."""


class DatabaseUnavailableError(CallboardError):
    """A database does not answer."""


class StandbyLostError(DatabaseUnavailableError):
    """The standby stopped answering while it was asked; the primary may answer."""


class FieldsChangedError(DatabaseUnavailableError):
    """Somebody changed the own fields while a question was answered, which went by what they were before."""


class QueryTimeoutError(DatabaseUnavailableError):
    """A question took longer than a question may."""


class DatabaseHeldError(DatabaseUnavailableError):
    """Another process holds the embedded database."""


class DatabaseVersionError(DatabaseUnavailableError):
    """A database was written by another version of the program, and this one can't use it as it is."""


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


class TakenIdsError(ConflictError):
    """Evaluations that somebody sends have ids of others, which they may not see."""

    def __init__(self, ids: Sequence[str]) -> None:
        """Take the ids, which nobody is told."""
        super().__init__("Nothing was loaded: some of the ids are taken.")
        self.ids = ids


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


def nearest(name: str, known: Iterable[str]) -> CodedText | str:
    """Return `` (did you mean 'x'?)`` for the known name most like `name`; `` (nearest: 'x')`` where none is like it.

    An empty string where nothing is known. Of long names the beginnings are compared.
    """
    by_folded = {candidate.casefold()[:_COMPARED]: candidate for candidate in known}
    asked = name.casefold()[:_COMPARED]
    for code, cutoff in ((FailureCode.DID_YOU_MEAN, 0.6), (FailureCode.NEAREST, 0.0)):
        if close := difflib.get_close_matches(asked, by_folded, n=1, cutoff=cutoff):
            return code.of(name=by_folded[close[0]][:_COMPARED])
    return ""
