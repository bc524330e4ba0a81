"""Surveys of whole files: what all the rows hold, not the first ones alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import FileError
from lib.ingest.reader_process import InputFile, survey
from lib.ingest.survey import Survey
from lib.settings import Settings


def survey_of(folder: Path, text: str, mapping: str | None = None) -> Survey:
    path = folder / "calls.csv"
    path.write_text(text, "utf-8")
    return survey(InputFile(path, path.name), mapping, Settings(data_dir=folder))


def test_values_of_all_rows_are_counted(tmp_path: Path) -> None:
    late = "".join(f"c{row},{'Dropped' if row >= 1_600 else 'Closed'}\n" for row in range(2_000))
    taken = survey_of(tmp_path, "id,Status\n" + late)
    status = taken.column("status")
    assert status is not None
    assert status.values == (("Closed", 1_600), ("Dropped", 400))
    assert (status.filled, status.is_complete, status.distinct) == (2_000, True, 2)
    assert (taken.file, taken.header, taken.rows) == ("calls.csv", ("id", "Status"), 2_000)


def test_a_file_that_cant_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the file is empty"):
        survey_of(tmp_path, "")
