"""What can be taken along from a page, on a page of Streamlit's own test runner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, DeferredFileRequestPayload
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.audit_log import Action, AuditFilter
from lib.errors import CallboardError, DatabaseUnavailableError
from lib.errors.codes import FailureCode
from lib.exports.file_names import file_name
from lib.i18n import override_language
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import current_user, streamlit_internals
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.ui.test_pages import CALLS
from tests.waiting import LONG_SECONDS


@pytest.fixture
def engine() -> str:
    return "duckdb"


@pytest.fixture
def filled(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    path = settings.data_dir / "calls.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CALLS)
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    yield
    workspaces.close_current()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("en", ["PNG, for slides and mail", "Download PDF", "Download workbook (XLSX)"]),
        ("es", ["PNG, para diapositivas y correo", "Descargar PDF", "Descargar libro (XLSX)"]),
    ],
)
def test_buttons(language: str, labels: list[str]) -> None:
    app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    app.query_params["lang"] = language
    app.run()
    assert not app.exception
    drawn = [button.proto.label for button in app.get("download_button")]
    assert set(labels) <= set(drawn)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Average score over time", "average-score-over-time"),
        ("Nota media / año: ¿cómo?", "nota-media-ano-como"),
        ("../../etc/passwd\x00", "etc-passwd"),
        ("日本", "chart"),
        ("x" * 300, "x" * 60),
    ],
)
def test_file_names_are_safe(title: str, name: str) -> None:
    made = file_name(title, "png")
    assert made.startswith(f"callboard-{name}-2")
    assert made.endswith(".png")


def _pressed(make: Callable[[], bytes]) -> tuple[str, str]:
    """Press a button as a browser does; return the address of its file, and what the button says where it has none."""
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    file_id = files.add_deferred(make, "text/csv", "1.0", file_name="a.csv")
    request = BackendOperationRequest(deferred_file=DeferredFileRequestPayload(file_id=file_id))

    async def answered() -> tuple[str, str]:
        answer = await DeferredFileHandler(lambda: files).handle(request, "a session")
        return answer.deferred_file.url, answer.error_msg

    with ThreadPoolExecutor(1) as alone:
        return alone.submit(asyncio.run, answered()).result()


@pytest.mark.usefixtures("filled")
def test_a_file_that_can_not_be_made_says_why_in_the_language_of_the_page() -> None:
    def failing(error: Exception) -> Callable[[], bytes]:
        def make() -> bytes:
            raise error

        with override_language("es"):
            return current_user.taking(make, "a.csv")

    space = workspaces.current()
    current_user.enter(space)
    long = "La consulta tardó más de lo permitido; pida un período más corto."
    assert _pressed(failing(CallboardError(FailureCode.QUERY_TIMEOUT))) == ("", long)
    _, away = _pressed(failing(DatabaseUnavailableError("connection to 10.1.2.3 failed")))
    assert away.startswith("La base de datos no respondió.") and "10.1.2.3" not in away
    assert _pressed(failing(KeyError("x"))) == ("", streamlit_internals.DOWNLOAD_FAILED)
    taken = AuditFilter(space.settings.zone, actions=(Action.DOWNLOAD,))
    assert space.audit.count(taken) == 0
    url, said = _pressed(current_user.taking(lambda: b"1", "a.csv"))
    assert url.startswith("/media/") and not said and space.audit.count(taken) == 1
