"""What can be taken along from a page, on a page of Streamlit's own test runner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import downloads
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
    made = downloads.file_name(title, "png")
    assert made.startswith(f"callboard-{name}-2")
    assert made.endswith(".png")
