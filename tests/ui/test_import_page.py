"""The Data page: a file is checked, its good rows are loaded, and sample data stay until that was asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.analytics import queries
from lib.ingest import saved_mappings
from lib.ingest.history import count_imports
from lib.jobs.queue import Job
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

ROWS = b"id,audioDate,averageNote\n1,2024-01-01,7\n2,yesterday,8\n3,2024-01-03,9\n"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield tmp_path / "data"
    workspaces.close_current()


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Give the names of the files that the page offers."""
    names: set[str] = set()
    draw = st.download_button

    def button(label: str, data: Any, file_name: str, *more: Any, **options: Any) -> bool:
        names.add(file_name)
        return draw(label, data, file_name, *more, **options)

    monkeypatch.setattr(st, "download_button", button)
    return names


def uploaded(content: bytes) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS).run()
    app.switch_page("data.py").run()
    app.file_uploader[0].upload("calls.csv", content, "text/csv").run()
    assert not app.exception and not app.error
    return app


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception and not app.error


def done(space: Workspace, count: int) -> Job:
    """Return the newest import, once it is the one of that number and has ended."""
    until = time.monotonic() + LONG_SECONDS
    while time.monotonic() < until:
        jobs = space.queue.newest(("import",))
        if len(jobs) == count and jobs[0].ended:
            job = space.queue.get(jobs[0].id)
            assert job is not None
            return job
        time.sleep(0.1)
    raise AssertionError("the import did not end")


@pytest.mark.usefixtures("data_dir")
def test_good_rows_are_loaded_after_a_check(offered: set[str]) -> None:
    app = uploaded(ROWS)
    press(app, "Validate")
    space = workspaces.current()
    checked = done(space, 1)
    assert checked.payload["dry_run"] and (checked.result or {})["bad"] == 1
    assert space.answers.run(queries.status).evaluations == 0
    assert saved_mappings.find(space.state, ("id", "audioDate", "averageNote")) is None
    with space.facts.read() as connection:
        assert count_imports(connection) == 0
    app.run()
    assert "1 bad row" in [header.value for header in app.subheader]
    problems = next(table.value for table in app.dataframe if "What would be right" in table.value)
    assert problems.iloc[0].tolist()[:4] == ["calls.csv", 3, "audioDate", "yesterday"]
    assert {"mapping.toml", "bad-rows.csv"} <= offered

    press(app, "Load the 2 good rows")
    loaded = done(space, 2)
    assert loaded.payload["skip_bad_rows"] and not loaded.payload["dry_run"]
    assert space.answers.run(queries.status).evaluations == 2
    assert saved_mappings.find(space.state, ("id", "audioDate", "averageNote")) == loaded.payload["mapping"]
    app.run()
    assert not [button for button in app.button if button.label.startswith("Load the")]


@pytest.mark.usefixtures("data_dir")
def test_what_a_check_found_goes_with_the_mapping_that_it_checked() -> None:
    app = uploaded(ROWS)
    press(app, "Validate")
    done(workspaces.current(), 1)
    app.run()
    assert "1 bad row" in [header.value for header in app.subheader]
    score = next(each for each in app.multiselect if each.label == "Score")
    score.set_value([]).run()
    assert "1 bad rows" not in [header.value for header in app.subheader]


def test_sample_data_are_not_replaced_unasked(data_dir: Path) -> None:
    with_sample = Workspace(Settings(data_dir=data_dir, sample="off"))
    TASKS["sample"](with_sample, {"rows": 30, "seed": 1, "until": "2024-01-31"}, lambda *_: None)
    with_sample.close()
    app = uploaded(ROWS.replace(b"yesterday", b"2024-01-02"))
    press(app, "Load")
    space = workspaces.current()
    assert "Replace them" in [button.label for button in app.button] and not space.queue.newest(("import",))
    press(app, "Cancel")
    assert "Replace them" not in [button.label for button in app.button] and not space.queue.newest(("import",))


def test_the_note_about_sample_data_does_not_send_to_the_page_it_stands_on(data_dir: Path) -> None:
    with_sample = Workspace(Settings(data_dir=data_dir, sample="off"))
    TASKS["sample"](with_sample, {"rows": 30, "seed": 1, "until": "2024-01-31"}, lambda *_: None)
    with_sample.close()
    app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS).run()
    assert "Load your own on the Data page" in notes(app)
    assert "Load your own below" in notes(app.switch_page("data.py").run())


def notes(app: AppTest) -> str:
    return " ".join(str(each.proto.body) for each in app.get("html") if "cb-banner" in each.proto.body)
