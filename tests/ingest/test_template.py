"""Templates: the file is taken as it is, the mapping names every canonical column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lib.catalog.catalog import BUILT_IN
from lib.ingest import template
from lib.ingest.answer_rows import RESULTS
from lib.ingest.file_reading import InputFile, read_files
from lib.ingest.mapping import ColumnSource
from lib.ingest.mapping_toml import read_mapping
from lib.settings import Settings


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_is_read_as_it_is(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"template.{kind}"
    path.write_bytes(template.xlsx(BUILT_IN) if kind == "xlsx" else template.csv(BUILT_IN).encode())
    with read_files(
        [InputFile(path, path.name)], None, tmp_path / "bad.csv", Settings(data_dir=tmp_path), BUILT_IN, lambda *_: None
    ) as reading:
        rows = reading.batches.read_all().to_pylist()
        reading.finish()
    assert (reading.outcome.read, reading.outcome.bad) == (2, 0)
    assert [row["score"] for row in rows] == [85_000, 70_000]
    assert [row["duration_seconds"] for row in rows] == [312, 245]
    assert all(value is not None for row in rows for name, value in row.items() if name != RESULTS)


def test_the_mapping_can_be_read_and_names_every_column() -> None:
    text = template.mapping(BUILT_IN)
    assert read_mapping(text, BUILT_IN).columns == {
        "id": ColumnSource(("Call ID",)),
        "audioDate": ColumnSource(("Date",)),
    }
    whole = re.sub(r"^# (?=[\w\[\"]+.* = |\[)", "", text, flags=re.MULTILINE)
    assert set(read_mapping(whole, BUILT_IN).columns) == set(BUILT_IN.fields)
