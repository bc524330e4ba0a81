"""Parquet: what its types are as the texts that a CSV would have, and which cells they are."""

from __future__ import annotations

import csv
import datetime as dt
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.analytics.query_cache import QueryCache
from lib.analytics.records import records
from lib.ingest.cells import CellKind
from lib.ingest.mapping import FileOptions
from lib.ingest.open_reader import open_source
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def cells_of(folder: Path, table: pa.Table, **options: Any) -> dict[str, tuple[list[str | None], CellKind]]:
    """Write a table; return the texts of each column as they are read, and what they are."""
    path = folder / "a.parquet"
    pq.write_table(table, path, **options)
    reader = open_source(path, "a.parquet", FileOptions(decimal=","), lambda _: None)
    ((batch, _),) = reader.batches
    kinds = [CellKind.TEXT if each is None else CellKind(int(each[0])) for each in batch.kinds]
    return dict(
        zip(reader.header, zip((column.to_pylist() for column in batch.columns), kinds, strict=True), strict=True)
    )


NUMBER, MOMENT, TEXT, NESTED = CellKind.NUMBER, CellKind.MOMENT, CellKind.TEXT, CellKind.NESTED
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("column", "texts", "kind"),
    [
        (pa.array([312.0, 8.5, 312.00000000004, None]), ["312", "8.5", "312", None], NUMBER),
        (pa.array([1234567890123450.0, 1e-7, -0.0]), ["1234567890123450", "0.0000001", "0"], NUMBER),
        (pa.array([float("nan"), float("inf")]), ["nan", "inf"], NUMBER),
        (pa.array([8.6, 312.0, 16777216.0, None], pa.float32()), ["8.6", "312", "16777216", None], NUMBER),
        (pa.array(np.array([8.6, 7], np.float16)), ["8.6", "7"], NUMBER),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"], NUMBER),
        (pa.array([7, None], pa.int8()), ["7", None], NUMBER),
        (pa.array([Decimal("312.00"), Decimal("8.60"), None]), ["312", "8.6", None], NUMBER),
        (pa.array([Decimal("1234567890123456789.00")], pa.decimal256(50, 2)), ["1234567890123456789"], NUMBER),
        (pa.array([True, None]), ["true", None], TEXT),
        (pa.array(["a", None]), ["a", None], TEXT),
        (pa.array(["a"], pa.large_string()), ["a"], TEXT),
        (pa.array(["a"], pa.string_view()), ["a"], TEXT),
        (pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", None], TEXT),
        (pa.array([b"ana", "Núñez".encode()]), ["ana", "Núñez"], TEXT),
        (pa.array([b"\xff\x00"]), ['"ff00"'], NESTED),
        (pa.array([ID.bytes], pa.uuid()), [str(ID)], TEXT),
        (pa.nulls(2), [None, None], TEXT),
        (pa.array([dt.date(2024, 1, 31), None]), ["2024-01-31", None], MOMENT),
        (pa.array([dt.date(2024, 1, 31)], pa.date64()), ["2024-01-31"], MOMENT),
        (pa.array([dt.datetime(2024, 1, 31, 9, 15)], pa.timestamp("ms")), ["2024-01-31 09:15:00"], MOMENT),
        (pa.array([dt.datetime(2024, 1, 31, 9, 15, 0, 500_000)]), ["2024-01-31 09:15:00.500"], MOMENT),
        (pa.array([dt.datetime(9999, 12, 31), dt.datetime(1, 1, 1)]), ["9999-12-31 00:00:00", "0001-01-01 00:00:00"], MOMENT),
        (pa.array([1_706_692_500_000], pa.timestamp("ms", "America/Santiago")), ["2024-01-31 09:15:00Z"], MOMENT),
        (pa.array([1_706_692_500_000], pa.timestamp("ms", "+02:00")), ["2024-01-31 09:15:00Z"], MOMENT),
        (pa.array([1_706_692_500_000_000_001], pa.timestamp("ns")), ["2024-01-31 09:15:00"], MOMENT),
        (pa.array([dt.time(0, 5, 12)]), ["00:05:12"], TEXT),
        (pa.array([312_500], pa.time32("ms")), ["00:05:12.5"], TEXT),
        (pa.array([312_000_000_001], pa.time64("ns")), ["00:05:12.000000001"], TEXT),
        (pa.array([dt.timedelta(hours=36), dt.timedelta(seconds=-5), None]), ["36:00:00", "-00:00:05", None], TEXT),
        (pa.array([312_900], pa.duration("ms")), ["00:05:12.9"], TEXT),
        (pa.array([["x", None], None]), ['["x", null]', None], NESTED),
        (pa.array([{"a": 1, "b": [1.5]}]), ['{"a": 1, "b": [1.5]}'], NESTED),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), ['{"a": 1}'], NESTED),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)  # fmt: skip
def test_types_as_cells(column: pa.Array, texts: list[str | None], kind: CellKind, tmp_path: Path) -> None:
    assert cells_of(tmp_path, pa.table({"a": column}))["a"] == (texts, kind)


def test_instants_of_96_bits_beyond_2262_are_what_they_were_meant_to_be(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    at = pa.array([dt.datetime(2608, 8, 20, 9), dt.datetime(2024, 1, 31, 9)])
    pq.write_table(pa.table({"id": ["a1", "a2"], "audioDate": at}), path, use_deprecated_int96_timestamps=True)
    report = load([path])
    assert [(problem.row, problem.value) for problem in report.problems] == [(1, "2608-08-20 09:00:00")]


@pytest.mark.parametrize("is_nested_first", [True, False])
def test_fields_of_structs_have_columns_of_their_own(is_nested_first: bool, tmp_path: Path) -> None:
    agent = [{"Username": "ana", "Group": {"Level": 2}}, None, {"Username": None, "Group": None}]
    columns = {"Agent": pa.array(agent), "Agent.Login": ["x", "y", "z"]}
    table = pa.table(columns if is_nested_first else dict(reversed(columns.items())))
    cells = cells_of(tmp_path, table)
    assert cells == {
        "Agent": (
            ['{"Username": "ana", "Group": {"Level": 2}}', None, '{"Username": null, "Group": null}'],
            NESTED,
        ),
        "Agent.Username": (["ana", None, None], TEXT),
        "Agent.Group": (['{"Level": 2}', None, None], NESTED),
        "Agent.Group.Level": (["2", None, None], NUMBER),
        "Agent.Login": (["x", "y", "z"], TEXT),
    }


def test_columns_that_nobody_mapped_are_passed_over_and_kept_with_bad_rows(
    load: Load, workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table(
        {
            "id": ["a1", "a2"],
            "audioDate": ["2024-01-31", "never"],
            "tags": [["x"], ["y"]],
            "Agent": [{"Username": "ana", "Duration": 312.0}, {"Username": "luis", "Duration": 313.0}],
            "recording": [b"\xff", b"\xfe"],
            "by": pa.array([{"k": [1]}, {"k": [2]}]),
        }
    )
    pq.write_table(table, path)
    report = load([path], '[columns]\nexecutiveName = "Agent.Username"', skip_bad_rows=True)
    assert (report.loaded.added, report.bad) == (1, 1)
    assert report.bad_rows_file is not None
    with (workspace.settings.data_dir / "bad-rows" / report.bad_rows_file).open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert "audioDate is not a" in row.pop("reason")
    assert row == {
        "id": "a2",
        "audioDate": "never",
        "tags": '["y"]',
        "Agent": '{"Username": "luis", "Duration": 313.0}',
        "Agent.Username": "luis",
        "Agent.Duration": "313",
        "recording": '"fe"',
        "by": '{"k": [2]}',
        "by.k": "[2]",
    }


def test_columns_that_nobody_mapped_cost_little(tmp_path: Path) -> None:
    rows, path = 20_000, tmp_path / "a.parquet"
    vector = pa.FixedSizeListArray.from_arrays(pa.array(np.random.default_rng(1).random(rows * 64)), 64)
    ids = [str(number) for number in range(rows)]
    pq.write_table(pa.table({"id": ids, "audioDate": ["2024-01-31"] * rows, "vector": vector}), path)
    seconds = []
    for named in (frozenset({"id", "audiodate"}), None):
        started = time.process_time()
        reader = open_source(path, "a.parquet", FileOptions(), lambda _: None, named)
        assert sum(len(batch.numbers) for batch, _ in reader.batches) == rows
        seconds.append(time.process_time() - started)
    assert seconds[0] * 4 < seconds[1]


def test_large_values_are_read_few_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    blob = [np.random.default_rng(place).bytes(2**20) for place in range(200)]
    pq.write_table(pa.table({"id": [str(place) for place in range(200)], "blob": blob}), path)
    reader = open_source(path, "a.parquet", FileOptions(), lambda _: None, frozenset({"id"}))
    sizes = [len(batch.numbers) for batch, _ in reader.batches]
    assert sum(sizes) == 200 and max(sizes) <= 64


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
