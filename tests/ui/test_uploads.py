"""Uploads: what is kept of them, and what is not where they can't be kept."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lib.errors import StorageError
from lib.ingest import uploads
from lib.settings import Settings
from lib.ui import import_page


class Upload(io.BytesIO):
    """An uploaded file as Streamlit hands it over."""

    def __init__(self, name: str, full: bool = False) -> None:
        """With `full`, the disk has no room for its second byte."""
        super().__init__(b"id,audioDate\na,2024-01-01\n")
        self.name, self.file_id, self._full = name, name, full

    def read(self, size: int | None = -1, /) -> bytes:
        if self._full and self.tell():
            raise OSError(28, "No space left on device")
        return super().read(1 if self._full else size)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", sample="off")


@pytest.fixture
def bring(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what draws the upload with some files in it, in one session."""
    monkeypatch.setattr("lib.ui.current_user.allow_uploads", lambda: None)
    monkeypatch.setattr(import_page, "t", lambda text: text)
    session: dict[str, Any] = {}

    def draw(*files: Upload) -> list[str]:
        page = SimpleNamespace(file_uploader=lambda *_, **__: list(files), session_state=session)
        monkeypatch.setattr(import_page, "st", page)
        return [file.name for file in import_page.upload(SimpleNamespace(settings=settings))]  # type: ignore[arg-type]

    return draw


def test_after_an_upload_that_failed_no_earlier_one_is_taken_for_it(bring: Any) -> None:
    january, february = Upload("january.csv"), Upload("february.csv", full=True)
    assert bring(january) == ["january.csv"]
    for _ in range(2):  # nor is it when the page is drawn again
        with pytest.raises(StorageError):
            bring(february)
    assert bring(Upload("february.csv")) == ["february.csv"]
    with pytest.raises(StorageError):
        bring(january, february)
    assert bring(Upload("february.csv")) == ["february.csv"]


def test_of_an_upload_that_failed_nothing_stays(settings: Settings) -> None:
    with pytest.raises(StorageError):
        uploads.keep(settings, [Upload("one.csv"), Upload("two.csv", full=True)], "mine")
    assert not list((settings.data_dir / "uploads").iterdir())


def test_a_folder_that_another_visitor_removes_is_passed_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.keep(settings, [Upload("one.csv")], "theirs")
    listed = Path.iterdir

    def removed_meanwhile(folder: Path) -> Iterator[Path]:
        for path in list(listed(folder)):
            if path.name == "theirs":
                shutil.rmtree(path)
            yield path

    monkeypatch.setattr(Path, "iterdir", removed_meanwhile)
    assert [file.name for file in uploads.keep(settings, [Upload("two.csv")], "mine")] == ["two.csv"]
