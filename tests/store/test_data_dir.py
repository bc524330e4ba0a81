"""The data dir: nobody but its owner reads what lies in it, however it came there; nobody else's files are touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from lib.settings import Settings
from lib.workspace import Workspace
from tests.api_client import Client, make_key
from tests.conftest import ROOT
from tests.page_client import Visitor, rerun
from tests.serving import served
from tests.waiting import until

CALLS = "id,audioDate,averageNote\n1,2024-01-01,5\n2,2024-01-02,50\n"


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    previous = os.umask(0o022)
    yield
    os.umask(previous)


def modes(folder: Path) -> dict[str, int]:
    """Return what all may do with a folder and everything in it."""
    found = {".": folder.stat().st_mode}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a running app has removed it meanwhile
            found[str(path.relative_to(folder))] = path.lstat().st_mode
    return {name: mode for name, mode in found.items() if not stat.S_ISLNK(mode)}


def read_by_others(folder: Path) -> dict[str, str]:
    return {name: oct(mode) for name, mode in modes(folder).items() if mode & 0o077}


def command(settings: Settings, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    variables = {"CALLBOARD_DATA_DIR": str(settings.data_dir), "CALLBOARD_DATABASE_URL": settings.database_url}
    return subprocess.run(
        [sys.executable, "-m", "lib", *arguments],
        cwd=cwd,
        env={**os.environ, **variables, "CALLBOARD_SAMPLE": "off", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def uploaded(widget: str) -> bytes:
    """Return the message by which a page says that its field has a file."""
    message = BackMsg()
    message.rerun_script.page_name = "data"
    state = message.rerun_script.widget_states.widgets.add()
    state.id = widget
    info = state.file_uploader_state_value.uploaded_file_info.add()
    info.file_id, info.name, info.size = "1", "calls.csv", len(CALLS)
    info.file_urls.file_id = "1"
    content: bytes = message.SerializeToString()
    return content


def bring(address: str) -> None:
    """Bring a file on the Data page, as whoever sits at the machine."""
    token = httpx.get(f"{address}/_stcore/health", timeout=60).cookies["_streamlit_xsrf"]
    with Visitor(address, {"_streamlit_xsrf": token}, token).page() as page:
        drawn = page.draw(rerun(page="data"))
        widget = drawn.split("file_uploader {", 1)[1].split('id: "', 1)[1].split('"', 1)[0]
        where = f"{address}/_stcore/upload_file/{page.session}/1"
        sent = httpx.put(
            where,
            files={"f": ("calls.csv", CALLS.encode())},
            headers={"X-Xsrftoken": token},
            cookies={"_streamlit_xsrf": token},
        )
        assert sent.status_code == 204, sent.text
        page.draw(uploaded(widget))


def export(address: str, settings: Settings, form: str) -> None:
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    client = Client(address, key)
    job = client.ask("POST", "/v1/analytics/export", json={"format": form}).json()["jobId"]
    until(lambda: client.get(f"/v1/analytics/export/{job}")["status"] == "completed")
    client.close()


def test_what_the_server_and_its_commands_write(settings: Settings, tmp_path: Path) -> None:
    calls, backups = tmp_path / "calls.csv", tmp_path / "backups"
    calls.write_text(CALLS)
    backups.mkdir()
    variables = {"CALLBOARD_SAMPLE": "off", "CALLBOARD_DATABASE_URL": settings.database_url}
    with served(settings.data_dir, **variables) as address:
        until(lambda: httpx.get(f"{address}/readyz", timeout=60).status_code == 200)
        assert command(settings, "import", str(calls), "--skip-bad-rows").returncode == 1  # one was bad
        bring(address)
        for form in ("csv", "xlsx"):
            export(address, settings, form)
        assert read_by_others(settings.data_dir) == {}  # before a command opens it, and mends it
        assert command(settings, "backup", str(backups)).returncode == 0
        assert read_by_others(settings.data_dir) == {}
        folders = {"uploads": 1, "exports": 2, "bad-rows": 1}
        assert {
            name: sum(path.is_file() for path in (settings.data_dir / name).rglob("*")) for name in folders
        } == folders
    assert read_by_others(settings.data_dir) == {}
    assert stat.S_IMODE(backups.stat().st_mode) == 0o755
    assert [stat.S_IMODE(path.stat().st_mode) for path in backups.iterdir()] == [0o600]


def opened_up(settings: Settings) -> None:
    """Make a data dir as an older version left it."""
    Workspace(settings).close()
    for name in ("exports", "uploads/mine", "bad-rows", "spill/callboard.duckdb"):
        (settings.data_dir / name).mkdir(parents=True, exist_ok=True)
        (settings.data_dir / name / "file").write_text("x")
    for path in [settings.data_dir, *settings.data_dir.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("by_server", [True, False])
def test_what_an_older_version_wrote(settings: Settings, tmp_path: Path, by_server: bool) -> None:
    opened_up(settings)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "file").write_text("x")
    for name in ("link", "exports/link"):
        (settings.data_dir / name).symlink_to(theirs)
    (settings.data_dir / "uploads" / "file").symlink_to(theirs / "file")
    if by_server:
        with served(settings.data_dir, CALLBOARD_SAMPLE="off", CALLBOARD_DATABASE_URL=settings.database_url):
            assert read_by_others(settings.data_dir) == {}
    else:
        assert command(settings, "keys", "list").returncode == 0
    assert read_by_others(settings.data_dir) == {}
    assert {oct(stat.S_IMODE(mode)) for mode in modes(theirs).values()} == {"0o755", "0o644"}


def test_databases_elsewhere_are_private_and_their_folder_is_not_changed(tmp_path: Path) -> None:
    place = tmp_path / "shared [1]"
    place.mkdir()
    (place / "notes.txt").write_text("x")
    settings = Settings(
        data_dir=tmp_path / "data",
        sample="off",
        database_url=f"duckdb:///{place}/facts.duckdb",
        state_url=f"sqlite:///{place}/people.sqlite",
    )
    opened_up(settings)
    for path in place.iterdir():
        path.chmod(0o644)
    Workspace(settings).close()
    found = {name: stat.S_IMODE(mode) for name, mode in modes(place).items()}
    assert found.pop(".") == 0o755 and found.pop("notes.txt") == 0o644
    assert set(found.values()) == {0o600} and {"facts.duckdb", "people.sqlite"} <= set(found)


def test_a_folder_that_is_not_callboards_alone_stays_open(tmp_path: Path) -> None:
    """The working directory as the data dir: others go on reaching what else is in it, and are told of nothing."""
    settings = Settings(data_dir=tmp_path, sample="off")
    (tmp_path / "notes.txt").write_text("x")
    tmp_path.chmod(0o755)
    done = command(settings, "keys", "list", cwd=tmp_path)
    assert done.returncode == 0 and "could not be made private" in done.stderr
    assert set(read_by_others(tmp_path)) == {".", "notes.txt"}


def test_files_that_people_ask_for_have_the_rights_of_their_other_files(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", sample="off")
    made = tmp_path / "sample.csv"
    done = command(settings, "sample", "--rows", "10", "--to", str(made))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(made.stat().st_mode) == 0o644
