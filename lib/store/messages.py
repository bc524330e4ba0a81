"""Messages as the stores hold them: a code, and the values that its words take."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from lib.errors import CallboardError, DatabaseUnavailableError
from lib.errors.access_codes import AccessCode
from lib.errors.alert_codes import AlertCode
from lib.errors.answer_codes import AnswerCode
from lib.errors.codes import CodedText, FailureCode, TextCode, restored
from lib.errors.field_codes import FieldCode
from lib.errors.formula_codes import FormulaCode
from lib.errors.import_codes import ImportCode
from lib.errors.mapping_codes import MappingCode
from lib.errors.metric_codes import MetricCode
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.errors.storage_codes import StorageCode
from lib.errors.value_codes import ValueCode
from lib.errors.webhook_codes import WebhookCode
from lib.errors.workbook_codes import WorkbookCode
from lib.observability.redaction import redact


class JobStep(TextCode):
    """What a job, or a command, is doing."""

    READING = "reading", "reading (rows read: {rows})"
    COMPARING = "comparing", "comparing (rows read: {rows})"
    LOADING = "loading", "loading (rows read: {rows})"
    MAKING_ROWS = "making_rows", "{done} of {total} rows made"
    CHECKING_ROLLUPS = "checking_rollups", "recomputing the rollup"
    REPAIRING = "repairing", "computing it anew"
    WRITING_ROWS = "writing_rows", "{done} of {total} rows"
    WRITING_ABOUT_ROWS = "writing_about_rows", "about {done} of {total} rows"
    CHECKING_FILE = "checking_file", "checking the file"
    READING_STATE = "reading_state", "reading the state"
    COPYING_EVALUATIONS = "copying_evaluations", "{done} of {total} evaluations"
    WRITING_FILE = "writing_file", "writing it to the disk"
    VERIFYING_BACKUP = "verifying_backup", "verifying the backup"
    COMPUTING_DAYS = "computing_days", "computing the days"
    COMPUTING_ROLLUPS = "computing_rollups", "computing the rollups"
    WRITING_CHANGES = "writing_changes", "writing the changes"
    UNDOING = "undoing", "undoing the import"
    DELETING = "deleting", "deleting all data"
    SWAPPING = "swapping", "putting it in place"


_KINDS: tuple[type[TextCode], ...] = (
    JobStep,
    FailureCode,
    ParameterCode,
    ValueCode,
    WorkbookCode,
    MappingCode,
    ImportCode,
    FieldCode,
    AnswerCode,
    FormulaCode,
    MetricCode,
    ReportCode,
    WebhookCode,
    AlertCode,
    StorageCode,
    AccessCode,
)
_CODES = {code.value: code for kind in _KINDS for code in kind}


@dataclass(frozen=True, slots=True)
class Message(CodedText):
    """What a job is doing, or why it or an import failed."""

    values: Mapping[str, int | str | CodedText] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the message as a store holds it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | None) -> Message | None:
        """Return the message that a store holds; None where it holds none."""
        if text is None:
            return None
        kept = json.loads(text)
        return cls(_CODES[kept["code"]], {name: restored(value) for name, value in kept["values"].items()})


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
    reason = _redacted(error.reason)
    return Message(reason.code, reason.values)


def _redacted(text: CodedText) -> CodedText:
    values = {
        name: redact(value) if isinstance(value, str) else _redacted(value) if isinstance(value, CodedText) else value
        for name, value in text.values.items()
    }
    return CodedText(text.code, values)
