"""kill -9 in the middle of publishing files: each is in the storage whole or not at all, and no part of one stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.settings import Settings
from lib.storage.open_storage import FileStorage, open_storage
from tests import s3_server
from tests.conftest import ROOT
from tests.crashes.publishing import CONTENT
from tests.postgres import MEMORY
from tests.s3_server import S3Server
from tests.waiting import until


@pytest.fixture(params=["another disk", "S3"])
def storage_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "S3":
        with s3_server.server() as server:
            yield server.url("killed")
    else:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder:
            yield folder


def unfinished(storage: FileStorage) -> list[str]:
    """Return what is in a storage of files that are not there yet."""
    if storage.folder is not None:
        return [path.name for path in storage.folder.rglob(".*")]
    client = S3Server(str(storage.address.endpoint)).client()
    return [each["Key"] for each in client.list_multipart_uploads(Bucket="callboard").get("Uploads", ())]


def is_in_the_middle(process: int, storage: FileStorage) -> bool:
    """Return whether a process is in the middle of a file; then it stands still from now on."""
    os.kill(process, signal.SIGSTOP)
    if unfinished(storage):
        return True
    os.kill(process, signal.SIGCONT)
    return False


def test_killed_while_it_publishes(storage_url: str, tmp_path: Path) -> None:
    storage = open_storage(Settings(data_dir=tmp_path, storage_url=storage_url))
    command = [sys.executable, "-m", "tests.crashes.publishing", str(tmp_path), storage_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        published = [child.stdout.readline().strip()]
        until(lambda: is_in_the_middle(child.pid, storage))
        child.kill()
        published += child.stdout.read().split()
    assert unfinished(storage)
    storage.delete_unfinished(0)
    assert not unfinished(storage)
    files = [file.name for file in storage.list_files("exports/")]
    assert set(published) <= set(files)
    assert all(b"".join(storage.read(name)) == CONTENT for name in files)
