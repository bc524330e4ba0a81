"""Examples of a survey are read as an import reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from lib.catalog.catalog import BUILT_IN
from lib.errors.value_codes import ValueCode
from lib.ingest.example_reading import read_rows, readings
from lib.ingest.mapping_toml import read_mapping
from tests.ingest.test_survey import survey_of

MAPPING = """
[file]
date_format = "%d/%m/%Y %H:%M"
[columns]
id = { row = true }
audioDate = { columns = ["Fecha", "Hora"], join = " " }
averageNote = { column = "Nota", scale = 2 }
state = "estado"
callCenterName = { value = "Denver" }
executiveName = "Agent"
[values.state]
"ok" = "Completed"
"""


def test_examples_are_read_as_the_import_reads_them(tmp_path: Path) -> None:
    taken = survey_of(tmp_path, "Fecha,Hora,Nota,Estado\n01/02/2024,09:15,4,ok\n31/02/2024,10:00,6,gone\n")
    read = readings(taken, read_mapping(MAPPING, BUILT_IN), BUILT_IN, ZoneInfo("America/Santiago"))
    first, second = read["audioDate"]
    assert (first.raw, first.value) == (
        "01/02/2024 09:15",
        datetime(2024, 2, 1, 9, 15, tzinfo=ZoneInfo("America/Santiago")),
    )
    assert (second.raw, second.value) == ("31/02/2024 10:00", None)
    assert second.problem is not None and second.problem.code is ValueCode.NOT_A_DATE
    assert second.right is not None and "%d/%m/%Y %H:%M" in str(second.right)
    note = read["averageNote"]
    assert (note[0].raw, note[0].value) == ("4", Decimal(8))
    assert note[1].problem is not None and note[1].problem.code is ValueCode.SCORE_BECOMES_OUTSIDE
    assert [(each.raw, each.value) for each in read["state"]] == [("ok", "Completed"), ("gone", None)]
    assert [each.value for each in read["id"]] == ["calls.csv:2", "calls.csv:3"]
    assert [each.value for each in read["callCenterName"]] == ["Denver", "Denver"]
    assert read["executiveName"] == ()


def test_a_row_that_cannot_be_read_shows_the_values_that_can(tmp_path: Path) -> None:
    text = "id,audioDate,averageNote,executiveName\na,2024-01-31,8,Ana\nb,2024-01-31,11,Luis\nc,,7,Eva\n"
    taken = survey_of(tmp_path, text)
    resolved = read_mapping("", BUILT_IN).resolve(BUILT_IN, taken.header, taken.file, lambda _: ())
    good, high, undated = read_rows(taken, resolved, BUILT_IN)
    day = datetime(2024, 1, 31, tzinfo=UTC)
    assert good.values == {"id": "a", "audioDate": day, "averageNote": Decimal(8), "executiveName": "Ana"}
    assert high.values == {"id": "b", "audioDate": day, "executiveName": "Luis"}
    assert high.problem is not None and high.problem.column == "averageNote"
    assert undated.values == {"id": "c", "averageNote": Decimal(7), "executiveName": "Eva"}
    assert undated.problem is not None and undated.problem.column == "audioDate"
