"""Messages as the stores hold them: a code, and the values that its words take. What they say is in `lib/reports`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lib.errors import CallboardError, DatabaseUnavailableError, FailureCode
from lib.observability.redaction import redact


class JobStep(StrEnum):
    """What a job, or a command, is doing."""

    READING = "reading"
    COMPARING = "comparing"
    LOADING = "loading"
    MAKING_ROWS = "making_rows"
    CHECKING_ROLLUPS = "checking_rollups"
    REPAIRING = "repairing"
    WRITING_ROWS = "writing_rows"
    WRITING_ABOUT_ROWS = "writing_about_rows"
    CHECKING_FILE = "checking_file"
    READING_STATE = "reading_state"
    COPYING_EVALUATIONS = "copying_evaluations"
    WRITING_FILE = "writing_file"
    VERIFYING_BACKUP = "verifying_backup"
    COMPUTING_DAYS = "computing_days"
    COMPUTING_ROLLUPS = "computing_rollups"
    WRITING_CHANGES = "writing_changes"
    SWAPPING = "swapping"


_CODES: dict[str, JobStep | FailureCode] = {code.value: code for kind in (JobStep, FailureCode) for code in kind}


@dataclass(frozen=True, slots=True)
class Message:
    """What a job is doing, or why it or an import failed."""

    code: JobStep | FailureCode
    values: Mapping[str, int | str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the message as a store holds it."""
        return json.dumps({"code": self.code.value, "values": dict(self.values)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | None) -> Message | None:
        """Return the message that a store holds; None where it holds none."""
        if text is None:
            return None
        kept = json.loads(text)
        return cls(_CODES[kept["code"]], kept["values"])


Tell = Callable[[float, Message], None]
"""Told how far something is, 0 to 100, and what is being done; may raise to stop it."""


def failure_of(error: BaseException) -> Message:
    """Return why something failed.

    What a database says when it does not answer names hosts and files, and is left out: the log has it.
    """
    if not isinstance(error, CallboardError):
        return Message(FailureCode.UNEXPECTED, {"kind": type(error).__name__})
    if type(error) is DatabaseUnavailableError:
        return Message(FailureCode.DATABASE_UNAVAILABLE)
    if error.code is FailureCode.OTHER:
        return Message(FailureCode.OTHER, {"text": redact(error.message)})
    return Message(error.code, error.values)
