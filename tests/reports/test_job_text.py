"""What jobs do, and why they failed: kept as codes, shown in the language of whoever looks."""

from __future__ import annotations

import pytest

from lib.errors import (
    CallboardError,
    DatabaseUnavailableError,
    DiskFullError,
    FileError,
    QueryTimeoutError,
    SampleDataError,
    StorageError,
    TimeZoneChangedError,
    nearest,
)
from lib.errors.codes import FailureCode
from lib.errors.workbook_codes import WorkbookCode
from lib.i18n import override_language
from lib.reports import job_text
from lib.store.messages import JobStep, Message, failure_of


def overtaken(error: CallboardError) -> CallboardError:
    error.restate(FailureCode.SAMPLE_INCOMPLETE, done=1, total=2, why=error.reason)
    return error


@pytest.mark.parametrize(
    ("error", "code", "english", "spanish"),
    [
        (
            StorageError(FailureCode.EXPORT_TOO_LARGE, megabytes=20),
            "export_too_large",
            "The file is larger than 20 MB (CALLBOARD_EXPORT_MB). Right would be fewer rows.",
            "El archivo ocupa más de 20 MB (CALLBOARD_EXPORT_MB). Lo correcto serían menos filas.",
        ),
        (
            TimeZoneChangedError("Europe/Madrid", "UTC"),
            "timezone_changed",
            "The workspace's time zone was changed from UTC to Europe/Madrid. Ask again; where this goes on, restart "
            "the app with CALLBOARD_TIMEZONE=Europe/Madrid, or without it.",
            "La zona horaria del espacio de trabajo cambió de UTC a Europe/Madrid. Inténtelo de nuevo; si esto sigue, "
            "reinicie la aplicación con CALLBOARD_TIMEZONE=Europe/Madrid, o sin ella.",
        ),
        (
            DiskFullError(FailureCode.DISK_FULL),
            "disk_full",
            "The disk is full; nothing was changed. Right would be room on the disk.",
            "El disco está lleno; no se cambió nada. Lo correcto sería liberar espacio en el disco.",
        ),
        (
            DatabaseUnavailableError("connection to 10.1.2.3 failed"),  # what names a host is not kept
            "database_unavailable",
            "The database did not answer. Nothing is lost; right would be to try again.",
            "La base de datos no respondió. No se perdió nada; lo correcto sería intentarlo de nuevo.",
        ),
        (
            KeyError("of the program's own"),
            "unexpected",
            "An error that should not be (KeyError); the log says more.",
            "Un error que no debería ocurrir (KeyError); el registro dice más.",
        ),
        (
            FileError(
                WorkbookCode.XLSX_NO_SHEET_NAME,
                name="a.xlsx",
                sheet="cals",
                hint=nearest("cals", ["calls"]),
                sheets="calls",
            ),
            "xlsx_no_sheet_name",
            "a.xlsx: there is no sheet 'cals' (did you mean 'calls'?); it has: calls.",
            "a.xlsx: no existe la hoja 'cals' (¿quiso decir 'calls'?); tiene: calls.",
        ),
        (
            FileError(FailureCode.FILE_UNREADABLE_WHY, name="password=secret1.csv", error="it is a {folder}"),
            "file_unreadable_why",
            "password=***: can't be read: it is a {folder}.",
            "password=***: no se puede leer: it is a {folder}.",
        ),
        (
            overtaken(SampleDataError(FailureCode.SAMPLE_OVERTAKEN)),
            "sample_incomplete",
            "1 of 2 rows of sample data are in; then: The data were changed meanwhile, so no more sample data were added.",
            "Ya están cargadas 1 de 2 filas de datos de ejemplo; después: Los datos cambiaron mientras tanto, así que no se "
            "agregaron más datos de ejemplo.",
        ),
        (FileError("a {b}.csv: is wrong"), "other", "a {b}.csv: is wrong", "a {b}.csv: is wrong"),
        (QueryTimeoutError("It took too long."), "other", "It took too long.", "It took too long."),
        (CallboardError("password=secret1"), "other", "password=***", "password=***"),
    ],
)
def test_a_failure_is_kept_as_a_code(error: Exception, code: str, english: str, spanish: str) -> None:
    kept = Message.from_json(failure_of(error).to_json())
    assert kept is not None and kept.code == code
    for language, words in (("en", english), ("es", spanish)):
        with override_language(language):
            assert job_text.in_words(kept) == words


def test_a_step_in_words() -> None:
    kept = Message.from_json(Message(JobStep.READING, {"rows": 3}).to_json())
    assert kept is not None and job_text.in_words(kept) == "reading (rows read: 3)"
    with override_language("es"):
        assert job_text.in_words(kept) == "leyendo (filas leídas: 3)"
