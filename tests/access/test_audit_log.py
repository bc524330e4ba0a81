"""The audit in words: codes are what it holds, and each reader's language is what it is shown in."""

from __future__ import annotations

import ast
from zoneinfo import ZoneInfo

import pytest

from lib.access.actors import SystemActor
from lib.access.audit_log import DETAIL_TEXTS, Action, AuditFilter, SessionEnd
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.i18n import override_language, t
from lib.store.enums import ImportResult
from lib.workspace import Workspace
from tests.conftest import ROOT


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
            ("import", "a.csv", "result: loaded; bad rows skipped, bad rows: 2"),
            ("importación", "a.csv", "resultado: cargado; se omitieron las filas con errores, filas con errores: 2"),
        ),
        (
            Action.SESSION_ENDED,
            "ann@example.com",
            {"why": SessionEnd.IDLE},
            ("session ended", "ann@example.com", "reason: idle for too long"),
            ("sesión terminada", "ann@example.com", "motivo: demasiado tiempo inactiva"),
        ),
        (
            Action.RESTORE,
            "2024-01-01T12:00:00+00:00",
            {},
            ("restore", "backup of 1 Jan 2024, 12:00 UTC", ""),
            ("restauración", "copia de seguridad de 1 ene 2024, 12:00 UTC", ""),
        ),
        (
            Action.PERSON_CHANGED,
            "idle",  # what people are called is no code
            {"role": "idle", "call_centers": ["loaded", "failed"]},
            ("person changed", "idle", "role: idle, call centers: loaded, failed"),
            ("persona cambiada", "idle", "rol: idle, call centers: loaded, failed"),
        ),
        (
            Action.EXPORT,
            "a.csv",
            {"rows": 200_000, "ordered_by": SystemActor.LOCAL, "weight": 1_234, "sha256": "20"},
            ("export", "a.csv", "rows: 200,000, ordered by: this machine, weight: 1,234, SHA-256: 20"),
            ("exportación", "a.csv", "filas: 200.000, pedido por: esta máquina, weight: 1.234, SHA-256: 20"),
        ),
        (
            Action.DOWNLOAD,
            "a.pdf",
            {"by": "page", "bytes": 1_234_567},
            ("download", "a.pdf", "from: a page, size: 1.2 MB"),
            ("descarga", "a.pdf", "desde: una página, tamaño: 1,2 MB"),
        ),
        (
            Action.PERSON_CHANGED,
            "ann@example.com",
            {"role": "admin", "campaigns": "all", "role_was": "viewer", "call_centers_was": ["all"]},
            (
                "person changed",
                "ann@example.com",
                "role: admin, campaigns: all, role before: viewer, call centers before: all",
            ),
            (
                "persona cambiada",
                "ann@example.com",
                "rol: administrador, campañas: sin límite, rol antes: lector, call centers antes: all",
            ),
        ),
        (
            Action.KEY_CREATED,
            "BI (cb_1)",
            {"scopes": ["read", "write"], "expires": "2026-12-31T23:30+00:00"},
            ("key created", "BI (cb_1)", "scopes: read, write, expires: 31 Dec 2026, 23:30 UTC"),
            ("clave creada", "BI (cb_1)", "permisos: read, write, vence: 31 dic 2026, 23:30 UTC"),
        ),
        (
            Action.KEY_CREATED,
            "BI (cb_2)",
            {"expires": "never"},
            ("key created", "BI (cb_2)", "expires: never"),
            ("clave creada", "BI (cb_2)", "vence: nunca"),
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


def test_details_in_files_stay_as_they_are_kept(workspace: Workspace) -> None:
    details = {
        "rows": 200_000,
        "ordered_by": SystemActor.LOCAL,
        "result": "loaded",
        "expires": "2026-12-31T23:30+00:00",
    }
    workspace.audit.record("root", Action.EXPORT, "a.csv", **details)
    (entry,) = workspace.audit.entries(AuditFilter(ZoneInfo("UTC")), 5)
    assert entry.details_in_files == (
        "rows: 200000, ordered_by: this machine, result: loaded, expires: 2026-12-31T23:30+00:00"
    )


def test_the_names_of_details_are_known() -> None:
    """Every name that is written down somewhere, but for those that are made of the limits of a grant."""
    written = {
        str(keyword.arg)
        for path in (ROOT / "lib").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and any(ast.unparse(each).startswith("Action.") for each in node.args)
        for keyword in node.keywords
        if keyword.arg is not None
    }
    assert {"rows", "bytes", "role"} <= written <= {*DETAIL_TEXTS}
    assert {*EVERYTHING.in_full(BUILT_IN)} <= {*DETAIL_TEXTS}
