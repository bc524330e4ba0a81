"""Failures as codes: each with its words in English, which name its values in braces.

The words are the message ids of `lib.i18n`; `lib.reports.job_text` says them in the language in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class TextCode(StrEnum):
    """A code that the stores hold, and what it says."""

    text: str

    def __new__(cls, code: str, text: str = "") -> Self:
        """Make a member of its code and its message id."""
        member = str.__new__(cls, code)
        member._value_, member.text = code, text
        return member

    def of(self, **values: int | str | CodedText) -> CodedText:
        """Return the text of this code with its values."""
        return CodedText(self, values)


@dataclass(frozen=True, slots=True)
class CodedText:
    """A text as the stores hold it: a code, and the values of its words, some of them coded texts themselves."""

    code: TextCode
    values: Mapping[str, int | str | CodedText]

    def __str__(self) -> str:
        """Return the words in English."""
        return self.code.text.format(**self.values)


class FailureCode(TextCode):
    """Why something failed, what is wrong with a row, and what would be right."""

    OTHER = "other", "{text}"  # what has no code of its own

    # Jobs, exports and stores.
    CANCELLED = "cancelled", "cancelled"
    STOPPED = "stopped", "Stopped; the data are as they were."
    GIVEN_UP = "given_up", "given up after {attempts} attempts"
    UNFINISHED_IN_BACKUP = "unfinished_in_backup", "it had not ended when the backup was made that was restored"
    UNEXPECTED = "unexpected", "An error that should not be ({kind}); the log says more."
    DATABASE_UNAVAILABLE = (
        "database_unavailable",
        "The database did not answer. Nothing is lost; right would be to try again.",
    )
    QUERY_TIMEOUT = "query_timeout", "The question took longer than it may; ask for a shorter period."
    FIELDS_CHANGED_MEANWHILE = (
        "fields_changed_meanwhile",
        "Somebody changed the own fields while the question was answered; ask it again.",
    )
    STORE_UNOPENED = (
        "store_unopened",
        "The file '{name}' can't be opened: {error}. Right would be a folder that is there, and that the program may "
        "write in.",
    )
    DISK_STILL_FULL = "disk_still_full", "The disk is full: nothing can be changed until there is room."
    FOLDER_UNWRITABLE = "folder_unwritable", "The folder {folder} can't be written: {error}."
    DISK_FULL = "disk_full", "The disk is full; nothing was changed. Right would be room on the disk."
    TIMEZONE_CHANGED = (
        "timezone_changed",
        "The workspace's time zone was changed from {expected} to {stored}. Ask again; where this goes on, "
        "restart the app with CALLBOARD_TIMEZONE={stored}, or without it.",
    )
    EXPORT_TOO_LARGE = (
        "export_too_large",
        "The file is larger than {megabytes} MB (CALLBOARD_EXPORT_MB). Right would be fewer rows.",
    )
    EXPORTS_TOO_LARGE = (
        "exports_too_large",
        "All exported files together are larger than {megabytes} MB (CALLBOARD_EXPORTS_MB). Right would "
        "be to delete some on the Exports page.",
    )
    EXPORT_INCOMPLETE = (
        "export_incomplete",
        "{written} rows were written where {expected} were expected, so the file was thrown away.",
    )
    EXPORT_UNWRITTEN = "export_unwritten", "The file could not be written: {error}."
    EXPORTS_FOLDER = "exports_folder", "The folder of exports can't be made: {error}."
    BACKUP_EXISTS = (
        "backup_exists",
        "There is a file {path} already. Right would be another name, or --yes to replace it.",
    )
    BACKUP_UNWRITABLE = "backup_unwritable", "The backup {path} can't be written: {error}."
    BACKUP_INCOMPLETE = (
        "backup_incomplete",
        "{done} evaluations were read where {total} were expected; no backup was written.",
    )

    # Sample data.
    SAMPLE_IN_THE_WAY = (
        "sample_in_the_way",
        "The app holds sample data, which do not mix with your own. Right would be to replace them.",
    )
    SAMPLE_REPLACES_OWN = (
        "sample_replaces_own",
        "The database holds evaluations of your own ({count}), which sample data would replace. To do "
        "that: callboard sample --yes.",
    )
    SAMPLE_OVERTAKEN = (
        "sample_overtaken",
        "The data were changed meanwhile, so no more sample data were added.",
    )
    SAMPLE_INCOMPLETE = "sample_incomplete", "{done} of {total} rows of sample data are in; then: {why}"

    # Files.
    FILE_MISSING = "file_missing", "{name}: there is no such file ({path})."
    FILE_NOT_REGULAR = "file_not_regular", "{name}: can't be read: it is no file."
    FILE_UNREADABLE = "file_unreadable", "{name}: can't be read."
    FILE_UNREADABLE_WHY = "file_unreadable_why", "{name}: can't be read: {error}."
    FILE_UNOPENED = "file_unopened", "{name}: can't be opened: {error}."
    UPLOAD_UNWRITTEN = "upload_unwritten", "The upload can't be kept: {error}."
    FILE_EMPTY = (
        "file_empty",
        "{name}: the file is empty. Right would be a header and a row for each evaluation.",
    )
    FILES_OF_ONE_NAME = (
        "files_of_one_name",
        "{name}: two files have this name, and their rows would have the same ids, made of the file's name and "
        "the row's number. Right would be names that differ, or a column with ids.",
    )
    EXCEL_OLD = (
        "excel_old",
        "{name}: an old or an encrypted Excel file. Right would be XLSX without a password, or CSV.",
    )
    FILE_TO_SAVE_ANEW = (
        "file_to_save_anew",
        "{name}: the file is {kind} by its content, which is not read here, whatever its name says. Right would be to "
        "open it in a spreadsheet and save it as XLSX or CSV.",
    )
    FILE_WITHOUT_TABLE = (
        "file_without_table",
        "{name}: the file is {kind} by its content, whatever its name says. Right would be a table of evaluations as "
        "CSV, XLSX, Parquet or JSON.",
    )
    FILE_PACKED = (
        "file_packed",
        "{name}: the file is packed ({kind}), whatever its name says. Right would be the file that is in it, unpacked.",
    )
    ZIP_NO_WORKBOOK = (
        "zip_no_workbook",
        "{name}: the file is a ZIP archive, not an XLSX file. Right would be the files that are in it, unpacked.",
    )
    FILE_MISNAMED = (
        "file_misnamed",
        "{name}: not a {kind} file, whatever its name says, or one that is damaged. Right would be a whole one, or "
        "the ending of what it is.",
    )
    READING_GIVEN_UP = (
        "reading_given_up",
        "{names}: reading was given up: the file needs more memory or time than an import may take "
        "(CALLBOARD_READER_MEMORY_MB, CALLBOARD_READER_SECONDS), or is made to do harm.",
    )
    READING_OUT_OF_MEMORY = (
        "reading_out_of_memory",
        "{names}: needs more than the {megabytes} MB that reading a file may take.",
    )
    READING_STOPPED = "reading_stopped", "Reading stopped: {error}."
    READING_UNEXPECTED = (
        "reading_unexpected",
        "{names}: can't be read; an error that should not be ({kind}), which the log shows.",
    )
    TOO_MANY_BAD_ROWS = (
        "too_many_bad_rows",
        "{name}: more than {most} rows are bad, so that reading was given up. The first: row {row}, {column}: "
        "'{value}' {problem}; right would be {right}.",
    )

    # Packed files and headers.
    GZIP_MISNAMED = (
        "gzip_misnamed",
        "{name}: not a gzip file, whatever its name says. Right would be its name without .gz.",
    )
    GZIP_HOLDS = "gzip_holds", "{name}: the gzip file holds a {kind} file. Right would be that file, unpacked."
    GZIP_TOO_LARGE = (
        "gzip_too_large",
        "{name}: unpacks to more than {times} times its size, which no file of evaluations does. "
        "Right would be the file as it was before it was packed.",
    )
    GZIP_CUT_SHORT = "gzip_cut_short", "{name}: the gzip file is cut short. Right would be the whole file."
    GZIP_DAMAGED = (
        "gzip_damaged",
        "{name}: the gzip file is damaged ({error}). Right would be to fetch it or pack it again.",
    )
    HEADER_TOO_WIDE = "header_too_wide", "{name}: the header has {columns} columns; right would be at most {most}."
    HEADER_NAME_TOO_LONG = (
        "header_name_too_long",
        "{name}: the name of column {column} has {characters} characters; right would be at most {most}.",
    )

    # CSV.
    CSV_WITH_NUL = (
        "csv_with_nul",
        "{name}: holds NUL bytes, so it is no text. Right would be CSV, JSON, XLSX or Parquet.",
    )
    CSV_WITHOUT_HEADER = "csv_without_header", "{name}: ends before row {row}, which should be the header."
    CSV_HEADER_UNREADABLE = "csv_header_unreadable", "{name}: row {row} can't be read as a header: {error}."
    CSV_HEADER_BLANK = (
        "csv_header_blank",
        "{name}: row {row} is blank, so there is no header. Right would be the columns' names "
        "there, or a mapping with header_row.",
    )
    CSV_TOO_RAGGED = (
        "csv_too_ragged",
        "{name}: more than {most} rows are blank or have more or fewer cells than the header. "
        "Right would be {cells} cells in each row.",
    )
    CSV_UNREADABLE_AFTER = "csv_unreadable_after", "{name}: can't be read after row {row}: {error}"
    CSV_NOT_ENCODED = (
        "csv_not_encoded",
        "{name}: can't be read as {encoding}: {error}. Right would be another encoding in the mapping, or none.",
    )
    CSV_QUOTES_MIXED = (
        "csv_quotes_mixed",
        "{name}: row {row}: a quote within a text is neither doubled nor, as all others, after a backslash. Right "
        "would be one of the two in the whole file.",
    )
    CSV_WRONG_BYTE = (
        "csv_wrong_byte",
        "{name}: row {row}, column {column}: a byte (0x{byte}) that is not {encoding} text. Right would be {right}.",
    )
    CSV_CELL_TOO_LONG = (
        "csv_cell_too_long",
        "{name}: row {row}, column {column}: a cell of {characters} characters. Right would be at most {most}.",
    )
    CSV_QUOTE_OPEN = (
        "csv_quote_open",
        "{name}: row {row} (line {line}): a quote is opened and never closed. Right would be a "
        "closing {quote}, or {quote}{quote} where the text itself has one.",
    )
    RIGHT_UTF8 = "right_utf8", 'UTF-8 text; a mapping can name another encoding, such as encoding = "{encoding}"'
    RIGHT_ENCODING = "right_encoding", "{encoding} text, as the mapping says"

    # JSON.
    JSONL_NO_OBJECTS = (
        "jsonl_no_objects",
        "{name}: no row is a JSON object. Right would be one object a line, or an array of objects.",
    )
    JSON_BROKEN = (
        "json_broken",
        "{name}: object {row} is no JSON, or is cut off. Right would be one object a line, objects one after another, "
        "or an array of objects.",
    )
    JSON_NOT_ENCODED = "json_not_encoded", "{name}: object {row} is not {encoding} text. Right would be {right}."
    JSONL_FEW_OBJECTS = (
        "jsonl_few_objects",
        "{name}: more than {most} rows are blank or no objects. Right would be one object a line.",
    )
    JSONL_TOO_MANY_NAMES = (
        "jsonl_too_many_names",
        "{name}: the rows have more than {most} different names. Right would be evaluations, each with the same names.",
    )
    JSONL_ROW_TOO_LONG = (
        "jsonl_row_too_long",
        "{name}: row {row} is longer than {megabytes} MB. Right would be one evaluation a line.",
    )
    JSONL_NOT_ENCODED = (
        "jsonl_not_encoded",
        "{name}: row {row} is not {encoding} text (byte {byte} of the row). Right would be {right}.",
    )

    # Parquet.
    PARQUET_BROKEN = (
        "parquet_broken",
        "{name}: not a whole Parquet file ({error}). Right would be to fetch or write it again.",
    )
    PARQUET_TOO_MANY_ROWS = (
        "parquet_too_many_rows",
        "{name}: {rows} rows in {bytes} bytes, so that they can only be the same over and over.",
    )
    PARQUET_DAMAGED_AFTER = (
        "parquet_damaged_after",
        "{name}: damaged after row {row} ({error}). Right would be to fetch or write it again.",
    )

    # A mapping and a file's header.
    HEADER_UNDIVIDED = (
        "header_undivided",
        "{name}: row {row} was read as a header of one column, '{header}', without {columns}. Right would be "
        "delimiter = '{sign}' in the mapping.",
    )
    HEADER_LACKS_REQUIRED = (
        "header_lacks_required",
        "{name}: no column for {columns}. Row {row} was read as the header: {header}. Right would be columns of these "
        "names, or a mapping that says where they come from (and header_row, where the header is in another row).",
    )
    HEADER_LACKS_OF_ANSWERS = (
        "header_lacks_of_answers",
        "{name}: no column for {columns} of answers. Row {row} was read as the header: {header}. Right would be "
        "columns of these names.",
    )
    HEADER_LACKS_SOURCE = (
        "header_lacks_source",
        "{name}: {column} should come from the column '{source}', which the file does not have{hint}. It has: "
        "{header}.",
    )
    HEADER_AMBIGUOUS = (
        "header_ambiguous",
        "{name}: the header has the column '{source}' {count} times (columns {places}), so it can't be told which "
        "{column} should come from. Right would be one.",
    )
    IT_IS_EMPTY = "it_is_empty", "it is empty"

    # What is wrong with a value or a row.
    WHOLE_ROW = "whole_row", "the row"
    VALUE_MISSING = "value_missing", "is missing"
    WRONG_CELLS = "wrong_cells", "has {cells} cells where the header has {expected}"
    NOT_A_JSON_OBJECT = "not_a_json_object", "is not a JSON object"
    NESTED = "nested", "holds a list or an object"
    NOT_AN_OBJECT = "not_an_object", "is not an object"
    NOT_A_COLUMN = "not_a_column", "is not a column{hint}"
    TWICE = "twice", "is there twice"
    OUTSIDE_GRANT = "outside_grant", "lies outside what the key may write"

    # What would be right.
    RIGHT_ID = "right_id", "what tells one evaluation from all others"
    RIGHT_AUDIO_DATE = "right_audio_date", "when the conversation took place"
    RIGHT_CELLS = "right_cells", "{cells} cells"
    RIGHT_OBJECT_A_LINE = "right_object_a_line", "one object a line"
    RIGHT_SINGLE = "right_single", "a single value"
    RIGHT_OBJECT = "right_object", "an object"
    RIGHT_ONE = "right_one", "one value"

    # Parts of the others.
    DID_YOU_MEAN = "did_you_mean", " (did you mean '{name}'?)"
    NEAREST = "nearest", " (nearest: '{name}')"
    BOTH = "both", "{first} and {last}"
    EITHER = "either", "{first} or {last}"


def joined(texts: list[str], code: FailureCode) -> str | CodedText:
    """Return texts as one: with BOTH as `a and b and c`, with EITHER as `a or b or c`."""
    *before, last = texts
    return code.of(first=joined(before, code), last=last) if before else last


def restored(value: Any) -> Any:
    """Return what a store holds of a coded text, its code by name; what is none is returned as it is."""
    if not isinstance(value, dict):
        return value
    from lib.errors.access_codes import AccessCode
    from lib.errors.alert_codes import AlertCode
    from lib.errors.answer_codes import AnswerCode
    from lib.errors.field_codes import FieldCode
    from lib.errors.formula_codes import FormulaCode
    from lib.errors.import_codes import ImportCode  # here, as these modules are made of this one
    from lib.errors.mapping_codes import MappingCode
    from lib.errors.metric_codes import MetricCode
    from lib.errors.report_codes import ReportCode
    from lib.errors.storage_codes import StorageCode
    from lib.errors.value_codes import ValueCode
    from lib.errors.webhook_codes import WebhookCode
    from lib.errors.workbook_codes import WorkbookCode

    kinds: tuple[type[TextCode], ...] = (
        *(ValueCode, WorkbookCode, MappingCode, ImportCode, FieldCode, AnswerCode, FormulaCode, MetricCode, ReportCode),
        *(WebhookCode, AlertCode, StorageCode, AccessCode),
    )
    kind = next((kind for kind in kinds if value["code"] in {*kind}), FailureCode)
    if value["code"] not in {*kind}:  # of an earlier version
        return FailureCode.OTHER.of(text=value["code"])
    return CodedText(kind(value["code"]), {name: restored(each) for name, each in value["values"].items()})
