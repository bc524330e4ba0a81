"""Storages of each kind: the data dir, a folder on another disk, and a bucket of S3."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.settings import Settings
from tests import s3_server
from tests.postgres import MEMORY
from tests.s3_server import S3Server

_number = itertools.count()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server.server() as found:
        yield found


@pytest.fixture(params=["data dir", "another disk", "S3"])
def storage_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give what CALLBOARD_STORAGE_URL says, for each kind of storage; each is empty."""
    if request.param == "data dir":
        yield ""
    elif request.param == "S3":
        yield request.getfixturevalue("s3").url(f"test-{next(_number)}")
    else:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder:
            yield folder


@pytest.fixture
def settings(storage_url: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", storage_url=storage_url, sample="off")
