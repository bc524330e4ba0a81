"""Two processes over one PostgreSQL, each with a data dir of its own: what one keeps the other finds in the storage."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from lib.access import api_keys, signing
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.errors import StorageError
from lib.errors.storage_codes import StorageCode
from lib.exports import file_storage, signed_urls
from lib.exports.service import ExportRequest
from lib.ingest import bad_row_reports, uploads
from lib.jobs.queue import JobKind, JobStatus
from lib.settings import Settings
from lib.workspace import Workspace
from tests import postgres
from tests.api_client import Client
from tests.browser.conftest import served
from tests.filters import make_filters
from tests.s3_server import S3Server
from tests.waiting import until

CALLS = "id,audioDate,averageNote\n" + "".join(f"{n},2024-01-{n % 28 + 1:02},{n % 11}\n" for n in range(200))
BAD = "x,never,5\n"


class Brought(io.BytesIO):
    """A file as the Data page hands it over."""

    name = "calls.csv"


@pytest.fixture
def database_url(postgres_socket: Path, empty_database: str) -> Iterator[str]:
    with postgres.database(postgres_socket, f"shared_{os.getpid()}", template=empty_database) as url:
        yield url


@pytest.fixture(params=["folder", "S3"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "shared")
    found: S3Server = request.getfixturevalue("s3")
    return found.url("shared")


def test_what_one_process_keeps_another_finds(database_url: str, shared: str, tmp_path: Path) -> None:
    """A page of one takes a file and orders an export, the jobs of the other do both, and the first hands them out."""
    variables = {"CALLBOARD_DATABASE_URL": database_url, "CALLBOARD_STORAGE_URL": shared, "CALLBOARD_SAMPLE": "off"}
    first, second = (
        Settings(data_dir=tmp_path / name, database_url=database_url, storage_url=shared, sample="off")
        for name in ("first", "second")
    )
    with closing(Workspace(first)) as page:
        files = uploads.keep(first, [Brought((CALLS + BAD).encode())], "visitor")
        payload: dict[str, Any] = {
            "files": [("/nowhere/0", "calls.csv")],
            "uploads": [(each.stored_name, each.name) for each in uploads.stored_uploads(files)],
            "skip_bad_rows": True,
        }
        imported = page.queue.add(JobKind.IMPORT, payload, "test").id
        text, _ = api_keys.create(page.state, "test", api_keys.SCOPES, "test", EVERYTHING, BUILT_IN)
        with served(second.data_dir, **variables) as address, Client(address, text) as client:
            until(lambda: (job := page.queue.get(imported)) is not None and job.ended)
            done = page.queue.get(imported)
            assert done is not None and done.status is JobStatus.COMPLETED, done
            result = done.result or {}
            assert (result["added"], result["bad"]) == (200, 1)
            report = Path(result["bad_rows_file"]).name
            assert result["bad_rows_file"] == f"{first.storage_address}/bad-rows/{report}"
            assert bad_row_reports.read(first, report).decode("utf-8-sig").startswith("id,audioDate,averageNote,reason")
            ordered = client.ask("POST", "/v1/analytics/export", json={"format": "csv"}).json()["jobId"]
            until(lambda: client.get(f"/v1/analytics/export/{ordered}")["status"] == "completed")
            exported = page.queue.get(ordered)
            assert exported is not None and exported.result is not None
            content = file_storage.read(first, exported.result["file"])
            assert len(content.splitlines()) == 201
            assert hashlib.sha256(content).hexdigest() == exported.result["sha256"]
            link = signed_urls.make(signing.load(first, page.state), address, exported).url
            assert httpx.get(link, timeout=60).content == content
            part = httpx.get(link, headers={"Range": "bytes=3-10"}, timeout=60)
            assert (part.status_code, part.content) == (206, content[3:11])
            assert part.headers["content-range"] == f"bytes 3-10/{len(content)}"
            assert "attachment" in part.headers["content-disposition"]
            assert httpx.get(link, headers={"Range": "bytes=-5"}, timeout=60).content == content[-5:]
            head = httpx.head(link, timeout=60)
            assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(content)), b"")
            assert httpx.get(link, headers={"Range": "bytes=99999999-"}, timeout=60).status_code == 400
            file_storage.remove(first, ordered)
            assert httpx.get(link, timeout=60).status_code == 404
    for folder in (first.data_dir, second.data_dir):
        left = [path for name in ("exports", "bad-rows") for path in (folder / name).glob("*") if path.is_file()]
        assert left == []


@pytest.mark.usefixtures("s3")  # for its credentials
def test_all_else_goes_on_without_the_storage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone = "s3://callboard/x?endpoint=http://127.0.0.1:9"
    settings = Settings(data_dir=tmp_path, storage_url=gone, sample="off")
    with closing(Workspace(settings)) as workspace:
        workspace._jobs.tidy()
        workspace._jobs.remove_old_exports()
        assert [each for each in caplog.messages if each.startswith("Old files")] == [
            "Old files are not deleted: The storage of files does not answer. Nothing is lost; right would be to try again."
        ] * 2
        order = ExportRequest("summary", "csv", make_filters(), Granularity.DAILY, "all").to_json()
        job = workspace.ended_export(workspace.queue.add(JobKind.EXPORT, order, "test").id, 60)
    assert job is not None and job.message is not None
    assert job.message.code is StorageCode.STORAGE_UNREACHABLE
    with pytest.raises(StorageError, match="does not answer"):
        uploads.keep(settings, [Brought(b"id\n1\n")], "visitor")
    assert not [path for folder in ("exports", "uploads") for path in (tmp_path / folder).rglob("*")]


def test_files_of_an_upload_go_after_a_day(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = uploads.keep(settings, [Brought(b"id\n1\n")], "visitor")
    stored = uploads.stored_uploads([file])
    with uploads.opened(settings, stored) as opened:
        assert [each.path.read_bytes() for each in opened] == [b"id\n1\n"]
    uploads.remove_old(settings)
    assert file.path.exists()
    monkeypatch.setattr(uploads, "KEPT_SECONDS", -1)
    uploads.remove_old(settings)
    assert not file.path.exists()
