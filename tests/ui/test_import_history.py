"""The Data page's history: an import is undone after a question, all data deleted after the workspace's name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.analytics import queries
from lib.analytics.grants import EVERYTHING
from lib.ingest.history import PROGRAM, entries
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

FIRST = "id,audioDate,averageNote\n1,2024-01-01,7\n2,2024-01-02,8\n"
SECOND = "id,audioDate,averageNote\n2,2024-01-02,9\n3,2024-01-03,9\n"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Give the page of a workspace with two imports, of which the second changed a row of the first."""
    opened = Workspace(Settings(data_dir=tmp_path / "data", sample="off"))
    for name, content in (("first.csv", FIRST), ("second.csv", SECOND)):
        (tmp_path / name).write_text(content)
        TASKS["import"](opened, {"files": [(str(tmp_path / name), name)], "actor": "test"}, lambda *_: None)
    opened.close()
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.setenv("CALLBOARD_NAME", "North team")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    drawn = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS).run()
    yield drawn.switch_page("data.py").run()
    workspaces.close_current()


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def wait_for(app: AppTest, kind: JobKind) -> None:
    assert workspaces.current().queue.newest((kind,))
    queue, until = workspaces.current().queue, time.monotonic() + LONG_SECONDS
    while not all(job.ended for job in queue.newest((kind,))) and time.monotonic() < until:
        time.sleep(0.1)
    app.run()
    assert not app.exception


def evaluations() -> int:
    return workspaces.current().answers.run(queries.status).evaluations


def test_an_undo_asks_first(app: AppTest) -> None:
    """That it is done then, a browser shows: what a dialog holds is not pressed here."""
    press(app, "Undo this import")
    assert "Undo it" in [button.label for button in app.button]
    assert [each.value for each in app.markdown if "added (1)" in each.value and "changed (1)" in each.value]
    assert not workspaces.current().queue.newest((JobKind.UNDO,)) and evaluations() == 3


def test_an_import_that_a_later_one_changed_names_it(app: AppTest) -> None:
    with workspaces.current().facts.read() as connection:
        newest, *_, first = entries(connection)
    app.selectbox(key=f"_history_import-{newest.id}").set_value(first.id).run()
    assert "Undo this import" not in [button.label for button in app.button]
    assert [each.value for each in app.caption if "second\\.csv" in each.value]


def test_posts_do_not_hide_the_files(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    space = workspaces.current()
    for number in range(3):
        space.write_evaluations([{"id": f"p{number}", "audioDate": "2024-01-05"}], "test", EVERYTHING)
    monkeypatch.setattr("lib.ingest.history.PAGE_SIZE", 2)
    monkeypatch.setattr("lib.ui.import_history.PAGE_SIZE", 2)
    assert files(app.run()) == ["second.csv", "first.csv"]
    app.radio(key="_history_posted").set_value(True).run()
    assert files(app) == [PROGRAM] * 2
    app.number_input(key="_history_page_posts").set_value(2).run()
    assert files(app) == [PROGRAM]
    assert "Undo this import" in [button.label for button in app.button]


def files(app: AppTest) -> list[str]:
    """Return the files of the imports that are listed, which are also those that can be chosen."""
    assert not app.exception
    listed = next(table.value for table in app.dataframe if "Files" in table.value)
    (chosen,) = [each for each in app.selectbox if each.label == "Import"]
    assert len(chosen.options) == len(listed)
    return [*listed["Files"]]


def test_all_data_go_after_the_workspace_s_name_alone(app: AppTest) -> None:
    app.text_input(key="_delete_name").input("Callboard")
    press(app, "Delete all data")
    assert [each.value for each in app.error] == ["Nothing was deleted: that is not the workspace's name."]
    assert not workspaces.current().queue.newest((JobKind.DELETE_ALL,)) and evaluations() == 3
    app.text_input(key="_delete_name").input("North team")
    press(app, "Delete all data")
    wait_for(app, JobKind.DELETE_ALL)
    assert evaluations() == 0
    assert [each.value for each in app.success] == ["All data deleted: 3 evaluations."]
