"""The Audit page: entries page by page, those that are chosen, and files that hold them all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.audit_log import Action
from lib.ui import audit_page
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

AUDIT = """
from lib import workspace
from lib.ui import audit_page, current_user
current_user.enter(workspace.current())
audit_page.show(workspace.current())
"""
ENTRIES = audit_page.PAGE_SIZE + 3


@pytest.fixture
def space(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(tmp_path_factory.mktemp("audit")))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.setenv("CALLBOARD_TIMEZONE", "Asia/Tokyo")
    monkeypatch.chdir(ROOT)
    yield workspaces.current()
    workspaces.close_current()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """Give what makes the files that the page offers, by their names."""
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr("lib.ui.current_user.taking", lambda make, name, *_: offered.update({name: make}) or make)
    return offered


def drawn() -> AppTest:
    app = AppTest.from_string(AUDIT, default_timeout=LONG_SECONDS).run()
    assert not app.exception
    return app


def test_nothing_was_done_yet(space: Workspace) -> None:
    assert space.audit.actors() == []
    app = drawn()
    (empty,) = app.get("html")
    assert "Nothing to show" in empty.proto.body and not app.dataframe


def test_pages_of_entries(space: Workspace, files: dict[str, Callable[[], bytes]]) -> None:
    for number in range(ENTRIES):
        space.audit.record("Ann" if number else "Bob", Action.DOWNLOAD, f"file {number}", bytes=1234)
    app = drawn()
    shown = app.dataframe[0].value
    assert list(shown) == ["When", "Who", "Action", "Object", "Details"]
    assert shown["Object"].tolist() == [f"file {number}" for number in reversed(range(3, ENTRIES))]
    assert shown.iloc[0].tolist()[1:] == ["Ann", "download", f"file {ENTRIES - 1}", "size: 1 KB"]
    assert app.caption[0].value == "1 to 200 of 203, newest first."
    app.number_input[0].set_value(2).run()
    assert app.dataframe[0].value["Object"].tolist() == ["file 2", "file 1", "file 0"]
    assert app.caption[0].value == "201 to 203 of 203, newest first."
    assert app.number_input[0].max == 2

    name = f"callboard-audit-{date.today().isoformat()}"
    assert set(files) == {f"{name}.csv", f"{name}.xlsx"}
    rows = list(csv.reader(io.StringIO(files[f"{name}.csv"]().decode("utf-8-sig"))))
    assert rows[0] == ["at", "actor", "action", "subject", "details"] and len(rows) == ENTRIES + 1
    assert rows[1][0].endswith("+09:00") and rows[1][1:] == ["Ann", "download", f"file {ENTRIES - 1}", "bytes: 1234"]

    app.multiselect[0].select("Bob").run()
    assert app.dataframe[0].value["Object"].tolist() == ["file 0"] and not app.number_input
    app.multiselect[1].select(Action.IMPORT).run()
    assert not app.dataframe
