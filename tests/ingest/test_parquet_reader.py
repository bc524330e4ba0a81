"""Parquet: what its types are as the texts that a CSV would have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.analytics.query_cache import QueryCache
from lib.analytics.records import records
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_instants_finer_than_a_millionth_of_a_second(
    load: Load, workspace: Workspace, answers: QueryCache, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    at = pa.array([1_704_067_200_123_456_789], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"id": ["1"], "audioDate": at}), path)
    report = load([path])
    assert (report.loaded.added, report.bad) == (1, 0)
    (record,) = answers.run(records, make_filters(), workspace.calendar).records
    assert record.audio_at.isoformat() == "2024-01-01T00:00:00.123456+00:00"
