"""A workspace with the sample data, for the mails of its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.settings import Settings
from lib.workspace import Workspace


@pytest.fixture(scope="module")
def sample(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = shutil.copytree(sample_folder, tmp_path_factory.mktemp("mail") / "data")
    opened = Workspace(Settings(data_dir=folder))
    yield opened
    opened.close()
