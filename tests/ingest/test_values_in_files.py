"""Files as people have them: what their values become in the store, or what the refusal tells to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from lib.errors import MappingError
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load

pytestmark = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)

HEAD = "id,audioDate,averageNote"


def held(workspace: Workspace, *columns: str) -> list[tuple[Any, ...]]:
    facts = schema.evaluations.c
    with workspace.facts.read() as connection:
        rows = connection.execute(sa.select(*(facts[column] for column in columns)).order_by(facts.id))
        return [tuple(row) for row in rows]


MINUTES = "id,audioDate,Talk Time\na1,2024-01-31,05:12\na2,2024-01-31,62:05\n"


def test_minutes_and_seconds(workspace: Workspace, load: Load) -> None:
    report = load(MINUTES, '[columns]\ndurationInSeconds = "Talk Time"')
    assert (report.result, report.bad) == ("nothing_loaded", 2)
    assert all('format = "mm:ss"' in str(problem.right) for problem in report.problems)
    load(MINUTES, '[columns]\ndurationInSeconds = { column = "Talk Time", format = "mm:ss" }')
    assert held(workspace, "duration_seconds") == [(312,), (3725,)]


def test_fractions_of_a_second(workspace: Workspace, load: Load) -> None:
    load("id,audioDate,durationInSeconds\na1,2024-01-31,00:05:12.900\n")
    assert held(workspace, "duration_seconds") == [(313,)]
    text = "id,audioDate,durationInSeconds\na1,2024-01-31,312.45\na2,2024-01-31,311.99999999\n"
    assert load(text).bad == 2
    load(text, '[columns]\ndurationInSeconds = { column = "durationInSeconds", scale = 1 }')
    assert held(workspace, "duration_seconds") == [(312,), (312,)]


def test_ids_that_a_spreadsheet_cut(load: Load) -> None:
    rows = [f"1.23457E+14,2024-01-31 {hour:02}:00,8" for hour in range(9, 13)]
    report = load("\n".join([HEAD, *rows, "1.23458E+14,2024-01-31 13:00,5", ""]))
    assert (report.result, report.bad) == ("nothing_loaded", 5)
    assert {str(problem.problem) for problem in report.problems} == {"is a number that a spreadsheet cut"}


def test_halves_of_the_day_in_spanish(workspace: Workspace, load: Load) -> None:
    text = (
        f"{HEAD}\na1,31/01/2024 3:15:00 p.\u00a0m.,8\na2,31/01/2024 9:05:00 a. m.,7\na3,31/01/2024 12:00:00 a. m.,6\n"
    )
    load(text, '[file]\nlocale = "es"\ndate_format = "%d/%m/%Y %I:%M:%S %p"')
    times = [at.astimezone(dt.UTC).time() for (at,) in held(workspace, "audio_at")]
    assert times == [dt.time(15, 15), dt.time(9, 5), dt.time(0, 0)]


def test_an_hour_of_24_beside_a_half_of_the_day(load: Load) -> None:
    with pytest.raises(MappingError, match=r"%p .* needs %I"):
        load(f"{HEAD}\na1,31/01/2024 03:15 PM,8\n", '[file]\ndate_format = "%d/%m/%Y %H:%M %p"')


def test_months_in_spanish(workspace: Workspace, load: Load) -> None:
    text = f"{HEAD}\na1,31-ene-2024,8\na2,05-sept-2024,7\na3,05/set/2024,6\n"
    formats = '[file]\ndate_format = ["%d-%b-%Y", "%d/%b/%Y"]'
    report = load(text, formats)
    # September is Sept in English too
    assert [problem.value for problem in report.problems] == ["31-ene-2024", "05/set/2024"]
    assert all("locale" in str(problem.right) for problem in report.problems)
    load(text, f'{formats}\nlocale = "es"')
    assert [day for (day,) in held(workspace, "day")] == [
        dt.date(2024, 1, 31),
        dt.date(2024, 9, 5),
        dt.date(2024, 9, 5),
    ]


def test_times_since_1970(workspace: Workspace, load: Load) -> None:
    text = f"{HEAD}\na1,1706693400,8\na2,1706693400000,7\n"
    report = load(text)
    assert [str(problem.right) for problem in report.problems] == [
        f'a date, or date_format = "{name}" in the mapping' for name in ("epoch", "epoch_ms")
    ]
    load(text, '[file]\ntimezone = "America/Santiago"\ndate_format = ["epoch", "epoch_ms"]')
    at = dt.datetime(2024, 1, 31, 9, 30, tzinfo=dt.UTC)
    assert held(workspace, "audio_at") == [(at,), (at,)]


def test_serials(workspace: Workspace, load: Load) -> None:
    text = f"{HEAD}\na1,45322.395833,8\na2,45322,7\n"
    report = load(text)
    assert (report.bad, {str(problem.right) for problem in report.problems}) == (
        2,
        {'a date, or date_format = "excel" in the mapping'},
    )
    load(text, '[file]\ndate_format = "excel"')
    assert held(workspace, "audio_at") == [
        (dt.datetime(2024, 1, 31, 9, 30, tzinfo=dt.UTC),),
        (dt.datetime(2024, 1, 31, tzinfo=dt.UTC),),
    ]


def test_signs_between_thousands(workspace: Workspace, load: Load) -> None:
    text = (
        f"{HEAD},durationInSeconds\n"
        'a1,2024-01-31,"8,5","1,234"\na2,2024-01-31,"7,5","1 234"\na3,2024-01-31,8.5,"1.234"\n'
    )
    report = load(text)
    assert [(problem.row, problem.column) for problem in report.problems] == [
        (2, "averageNote"),
        (2, "durationInSeconds"),
        (3, "averageNote"),
        (3, "durationInSeconds"),
        (4, "durationInSeconds"),
    ]
    assert all(
        "decimal = " in str(problem.right) and "thousands = " in str(problem.right) for problem in report.problems
    )
    load(f'{HEAD},durationInSeconds\na1,2024-01-31,"8,5",1.234\n', '[file]\ndecimal = ","\nthousands = "."')
    assert held(workspace, "score", "duration_seconds") == [(85_000, 1234)]


def test_a_scale_that_turns_around(workspace: Workspace, load: Load) -> None:
    load(
        "id,audioDate,Grade\na1,2024-01-31,1\na2,2024-01-31,5\n",
        '[columns]\naverageNote = { column = "Grade", scale = -2, offset = 12 }',
    )
    assert held(workspace, "score") == [(100_000,), (20_000,)]


def test_a_header_in_another_case_and_another_form(workspace: Workspace, load: Load) -> None:
    """`ñ` as one character in the mapping and as two in the file; blanks and marks that nobody sees."""
    load(
        "\u200bCall ID,Call\u00a0Date,RATING ,Campan\u0303a\na1,2024-01-31,8,Ventas\n",
        '[columns]\nid = "call_id"\naudioDate = "call date"\naverageNote = "Rating"\ncampaignName = "campaña"',
    )
    assert held(workspace, "id", "score") == [("a1", 80_000)]


def test_one_agent(workspace: Workspace, load: Load) -> None:
    names = ["José Pérez", "Jose\u0301 Pérez", "José\u00a0Pérez", " José Pérez ", "\u200bJosé Pérez"]
    load("id,audioDate,executiveName\n" + "".join(f"a{n},2024-01-31,{name}\n" for n, name in enumerate(names)))
    with workspace.facts.read() as connection:
        assert connection.execute(
            sa.select(schema.executives.c.name).order_by(schema.executives.c.name)
        ).scalars().all() == ["(none)", "José Pérez"]
