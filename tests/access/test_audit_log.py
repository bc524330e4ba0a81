"""The audit in words: codes are what it holds, and each reader's language is what it is shown in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from lib.access.audit_log import Action, AuditFilter, SessionEnd
from lib.i18n import override_language, t
from lib.store.enums import ImportResult
from lib.workspace import Workspace


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize(
    ("action", "subject", "details", "english", "spanish"),
    [
        (
            Action.IMPORT,
            "a.csv",
            {"result": ImportResult.LOADED_WITHOUT_BAD_ROWS.value, "bad": 2},
            ("import", "a.csv", "result: loaded without bad rows, bad: 2"),
            ("importación", "a.csv", "result: cargado sin las filas con errores, bad: 2"),
        ),
        (
            Action.SESSION_ENDED,
            "ann@example.com",
            {"why": SessionEnd.IDLE},
            ("session ended", "ann@example.com", "why: idle for too long"),
            ("sesión terminada", "ann@example.com", "why: demasiado tiempo inactiva"),
        ),
        (
            Action.RESTORE,
            "2024-01-01T12:00:00+00:00",
            {},
            ("restore", "backup of 2024-01-01T12:00:00+00:00", ""),
            ("restauración", "copia de seguridad de 2024-01-01T12:00:00+00:00", ""),
        ),
        (
            Action.PERSON_CHANGED,
            "idle",  # what people are called is no code
            {"role": "idle", "call_centers": ["loaded", "failed"]},
            ("person changed", "idle", "role: idle, call_centers: loaded, failed"),
            ("persona cambiada", "idle", "role: idle, call_centers: loaded, failed"),
        ),
    ],
)
def test_an_entry_in_words(
    workspace: Workspace,
    action: Action,
    subject: str,
    details: dict[str, object],
    english: tuple[str, str, str],
    spanish: tuple[str, str, str],
) -> None:
    workspace.audit.record("root", action, subject, **details)
    (entry,) = workspace.audit.entries(AuditFilter(ZoneInfo("UTC")), 5)
    for language, words in (("en", english), ("es", spanish)):
        with override_language(language):
            assert (t(entry.action.label), entry.subject_in_words, entry.details_in_words) == words
