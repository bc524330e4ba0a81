"""What an import warns of, in the report, in the history and in words; on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lib.analytics.grants import EVERYTHING
from lib.errors.import_codes import ImportCode
from lib.i18n import override_language
from lib.ingest import history
from lib.ingest.answer_rows import ANSWERS, RESULTS
from lib.ingest.history import ImportReport
from lib.ingest.import_warnings import RepeatedIds, RowWarnings, repeated_ids
from lib.ingest.mapping import ColumnSource, Mapping
from lib.jobs.tasks import describe_import
from lib.reports import import_text
from lib.workspace import Workspace
from tests.conftest import Load

WARNED = {
    ImportCode.WARN_FUTURE,
    ImportCode.WARN_SCALE,
    ImportCode.WARN_UNKEPT,
    ImportCode.WARN_REPEATED,
    ImportCode.WARN_REPLACED,
    ImportCode.WARN_ALIKE,
}


def said(report: ImportReport) -> dict[ImportCode, str]:
    return {ImportCode(warning.code): str(warning) for warning in report.warnings}


def send(workspace: Workspace, *rows: tuple[str, ...], **more: str) -> dict[ImportCode, str]:
    """Load evaluations: id, day, name of the executive."""
    names = ("id", "audioDate", "executiveName")
    objects = [{**dict(zip(names, row, strict=False)), **more} for row in rows]
    return said(workspace.write_evaluations(objects, "robot", EVERYTHING))


def test_an_ordinary_file_warns_of_nothing(load: Load) -> None:
    report = load("id,audioDate,averageNote,campaignName\na,2024-01-01,5,Alpha\nb,2024-01-02,6,Beta\n")
    assert report.warnings == ()


def test_all_that_one_file_is_warned_of(load: Load, workspace: Workspace) -> None:
    load("id,audioDate\nknown,2024-01-01\n")
    text = (
        "id,audioDate,averageNote,Región,campaignName,Notes\na,2024-01-01,1,N,ventas,\na,2024-01-02,5,N,Ventas,\n"
        "b,2090-12-31,3,N,ventas,\nknown,2024-01-05,2,N,Otras,\n"
    )
    for is_dry in (True, False):
        report = load(text, dry_run=is_dry)
        told = said(report)
        assert set(told) == WARNED
        assert told[ImportCode.WARN_FUTURE] == "calls.csv: rows dated in the future: 1, the latest on 2090-12-31."
        assert (
            "none of 4 scores is above 5" in told[ImportCode.WARN_SCALE] and "scale = 2" in told[ImportCode.WARN_SCALE]
        )
        assert told[ImportCode.WARN_UNKEPT] == "calls.csv: columns that are not kept: 'Región', 'Notes'."
        assert (
            "has, too: 1, of which 1 differ" in told[ImportCode.WARN_REPEATED]
            and "'a'" in told[ImportCode.WARN_REPEATED]
        )
        assert told[ImportCode.WARN_REPLACED].endswith("differ: 1, such as 'known'.")
    with workspace.facts.read() as connection:
        newest = history.entries(connection)[0]
    assert newest.warnings == report.warnings and newest.id == report.id
    result = describe_import(workspace, report)
    assert import_text.warnings_in_words(result) == list(told.values())
    with override_language("es"):
        spanish = import_text.warnings_in_words(result)
    assert len(set(spanish) & set(told.values())) == 0


def test_names_that_differ_by_case_or_accents_alone(workspace: Workspace) -> None:
    assert send(workspace, ("1", "2024-01-01", "José Núñez"), ("2", "2024-01-01", "Ana")) == {}
    within = send(workspace, ("3", "2024-01-01", "ventas"), ("4", "2024-01-01", "VENTAS"))
    assert within == {
        ImportCode.WARN_ALIKE: "executiveName: names that differ by case or accents alone (1): 'VENTAS', 'ventas'."
    }
    new = send(workspace, ("5", "2024-01-01", "jose nunez"), ("6", "2024-01-01", "Ana"))
    assert new == {
        ImportCode.WARN_ALIKE: "executiveName: names that differ by case or accents alone (1): 'José Núñez', 'jose nunez'."
    }
    assert (
        send(workspace, ("7", "2024-01-01", "Ana"), ("8", "2024-01-01", "José Núñez")) == {}
    )  # known, and told of then
    assert set(send(workspace, ("9", "2024-01-01", "ÁNA"), executiveId="x")) == {ImportCode.WARN_ALIKE}
    renamed = send(workspace, ("10", "2024-01-01", "ventás"), executiveId="x")
    assert "'VENTAS', 'ventas', 'ventás'" in renamed[ImportCode.WARN_ALIKE]


def test_a_day_with_ten_times_the_usual_rows(workspace: Workspace) -> None:
    usual = [(f"{day}-{n}", f"2024-01-{day:02}") for day in range(1, 15) for n in range(3)]
    assert send(workspace, *usual) == {}
    assert send(workspace, *((f"few-{n}", "2024-01-20") for n in range(19))) == {}
    busy = send(workspace, *((f"many-{n}", "2024-01-21") for n in range(30)))
    assert busy == {
        ImportCode.WARN_BUSY: "Days with ten times the usual rows, or more (1; usual are 3): 2024-01-21 (30)."
    }
    assert send(workspace, ("one", "2024-01-21")) == {}  # which did not bring the day's many


def test_programs_are_told_of_the_future(workspace: Workspace) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert set(send(workspace, ("1", tomorrow.isoformat()), ("2", "2024-01-01"), averageNote="1")) == {
        ImportCode.WARN_FUTURE
    }


def test_exact_repetitions_are_warned_of_where_they_are_many(load: Load) -> None:
    few = "".join(f"{n},2024-01-01\n" for n in range(200))
    assert load(f"id,audioDate\n{few}7,2024-01-01\n").warnings == ()
    many = load("id,audioDate\na,2024-01-01\na,2024-01-01\nb,2024-01-01\n")
    assert said(many) == {
        ImportCode.WARN_REPEATED: "Rows whose id a later row of the import has, too: 1, of which 0 differ from it; "
        "only the last of each id stands. Such ids are 'a'."
    }


def test_one_in_a_hundred_is_not_yet_many() -> None:
    assert list(repeated_ids(RepeatedIds(2, 2, ("a",)), 200)) == []
    assert len(list(repeated_ids(RepeatedIds(3, 3, ("a",)), 200))) == 1
    assert len(list(repeated_ids(RepeatedIds(1, 0, ("a",)), 200))) == 1


@pytest.mark.parametrize(
    ("scores", "source", "scale"),
    [
        ([10_000, 2_000], {}, 10),
        ([10_000, 50_000], {}, 2),
        ([10_000, 50_001], {}, None),
        ([10_000], {}, None),  # one alone says nothing
        ([10_000, None], {}, None),
        ([10_000, 50_000], {"scale": 1}, None),
        ([10_000, 50_000], {"offset": 0}, None),
    ],
)
def test_scales(scores: list[int | None], source: dict[str, Any], scale: int | None) -> None:
    mapping = Mapping(columns={"averageNote": ColumnSource(("Nota",), **source)})
    seen = RowWarnings("a.csv", ("Nota",), mapping)
    instants = pa.array([datetime.combine(date(2024, 1, 1), datetime.min.time())] * len(scores), pa.timestamp("us"))
    rows = {"audio_at": instants, "score": pa.array(scores, pa.int32()), RESULTS: pa.nulls(len(scores), ANSWERS)}
    seen.add(pa.record_batch(rows))
    assert [warning.values.get("scale") for warning in seen.finish()] == ([] if scale is None else [scale])


def test_columns_that_are_kept_by_what_they_hold() -> None:
    mapping = Mapping(columns={"id": ColumnSource(("id",)), "executiveName": ColumnSource(("Agent.Name",))})
    header = ("id", "Agent", "Agent.Name", "Agent.Team", "", "Team", "Team")
    (warning,) = RowWarnings("a.jsonl", header, mapping).finish()
    assert warning.values["columns"] == "'Agent.Team', 'Team'"


def test_files_that_are_warned_of_alike_are_named_together(load: Load, tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in paths:
        path.write_text(f"id,audioDate,Region\n{path.stem},2024-01-01,North\n")
    assert [str(warning) for warning in load(paths).warnings] == [
        "a.csv, b.csv: columns that are not kept: 'Region'.",
    ]
