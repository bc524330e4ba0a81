"""Mappings: read, written, resolved; what is wrong is named with the nearest right."""

from __future__ import annotations

import pytest

from lib.catalog.catalog import BUILT_IN
from lib.errors import FileError, MappingError
from lib.ingest.mapping import Mapping
from lib.ingest.mapping_toml import MAX_MAPPING, read_mapping, write_mapping
from tests.conftest import ROOT

FULL = """
[file]
encoding = "cp1252"
delimiter = ";"
sheet = "Data"
header_row = 6
date_format = ["%d/%m/%Y", "%d/%m/%Y %H:%M", "excel"]
timezone = "America/Santiago"
locale = "es"
decimal = ","
thousands = "."
null_values = ["N/A", "-"]

[columns]
id = { columns = ["vru+line", "call_id"], join = "-" }
audioDate = { columns = ["Date", "Time"], join = " " }
averageNote = { column = "Satisfaction rating", scale = 2, offset = -0.5 }
durationInSeconds = { column = "call duration in minutes", unit = "min", format = "mm:ss" }
campaignName = "reason"
callCenterName = { value = "Denver" }

[values.sentiment]
"Very Negative" = "Negative"
[values.state]
"N" = "Failed"
"*" = "Completed"
"""


def test_there_and_back() -> None:
    found = read_mapping(FULL, BUILT_IN)
    assert found.file.date_formats == ("%d/%m/%Y", "%d/%m/%Y %H:%M", "excel")
    assert (found.file.locale, found.file.thousands, found.file.null_values) == ("es", ".", ("N/A", "-"))
    assert (found.columns["durationInSeconds"].unit, found.columns["durationInSeconds"].format) == ("min", "mm:ss")
    assert str(found.columns["averageNote"].offset) == "-0.5"
    assert read_mapping(write_mapping(found), BUILT_IN) == found


@pytest.mark.parametrize(
    "form", ["%d/%m/%Y %I:%M %p", "%d/%m/%y", "%d %%p %B %Y %H:%M", "%c", "%G-W%V-%u", "excel", "epoch", "epoch_ms"]
)
def test_formats_of_dates(form: str) -> None:
    assert read_mapping(f'[file]\ndate_format = "{form}"', BUILT_IN).file.date_formats == (form,)


@pytest.mark.parametrize("path", sorted((ROOT / "samples").glob("*.toml")), ids=lambda path: path.stem)
def test_our_own(path: object) -> None:
    found = read_mapping(path.read_text("utf-8"), BUILT_IN)  # type: ignore[attr-defined]
    assert read_mapping(write_mapping(found), BUILT_IN) == found


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("[columns", "not valid TOML"),
        ("[colums]", "did you mean 'columns'"),
        ('[fields]\nrate = { column = "Rate", type = "numbr" }', "[fields] rate: 'numbr' is not a type of fields"),
        ('[fields]\nrate = { column = "Rate", type = "numbr" }', "did you mean 'number'"),
        ('[fields]\nrate = { column = "Rate", label = "" }', "[fields] rate: The label of a field"),
        ('[columns]\naverageNot = "x"', "did you mean 'averageNote'"),
        ('[file]\ndecimal = ","\nthousands = ","', "not the decimal sign"),
        ('[file]\nnull_values = "-"', "list of texts"),
        ('[file]\nlocale = "tlh"', "'tlh' is not known"),
        ('[columns]\nid = { column = "x", unit = "ms" }', "unit is for durationInSeconds"),
        ('[columns]\ndurationInSeconds = { column = "x", format = "ss" }', "one of: mm:ss, hh:mm"),
        ("[columns]\nid = 7", "neither a column's name nor a table"),
        ("[columns]\nid = { colum = 'x' }", "did you mean 'column'"),
        ("[columns]\nid = { column = 'x', value = 'y' }", "exactly one of"),
        ("[columns]\nid = { columns = [] }", "a list of column names"),
        ("[columns]\naudioDate = { row = true }", "only id"),
        ("[columns]\nid = { column = 'x', scale = 2 }", "averageNote, durationInSeconds and fields of the type number"),
        ("[columns]\naverageNote = { column = 'x', scale = nan }", "finite"),
        ("[columns]\naverageNote = { column = 'x', scale = '2' }", "a number"),
        ("[values.sentimen]\na = 'b'", "did you mean 'sentiment'"),
        ("[values]\nsentiment = 'x'", "should be a table"),
        ("[file]\nencodin = 'x'", "did you mean 'encoding'"),
        ("[file]\nencoding = 'klingon'", "is not known"),
        ("[file]\nencoding = 'rot13'", "is not known"),
        ("[file]\ndelimiter = ';;'", "one ASCII character"),
        ("[file]\ndecimal = ';'", "'.' or ','"),
        ("[file]\ntimezone = 'Europe/Madird'", "did you mean 'Europe/Madrid'"),
        ("[file]\nsheet = 0", "a number from 1"),
        ("[file]\nheader_row = 0", "from 1"),
        ("[file]\ndate_format = 'yyyy'", "strptime"),
        (
            "[file]\ndate_format = '%d/%m/%Y %H:%M %p'",
            "needs %I, an hour from 1 to 12; right would be '%d/%m/%Y %I:%M %p'",
        ),
        ("[file]\ndate_format = '%d/%m/%Y %p'", "right would be '%d/%m/%Y %I %p'"),
        ("[file]\ndate_format = '%d/%m/%Y %I:%M'", "right would be '%d/%m/%Y %H:%M' for hours from 0 to 23"),
        (
            "[file]\ndate_format = ['%d/%m/%Y', '%d/%m %H:%M']",
            "'%d/%m %H:%M' has no year; right would be one with %Y (2024)",
        ),
        ("[file]\ndate_format = '%%Y %d'", "has no year"),
        ("[file]\ndate_format = '%d %d %Y'", "has %d twice; %m is the month"),
        ("[file]\ndate_format = '%d/%m/%Y %H:%m'", "has %m twice; %m is the month, %M are the minutes"),
        ("[file]\ndate_format = '%d/%M/%Y'", "has no month or no day"),
        ("[file]\ndate_format = ['%d/%m/%Y', '%Y']", "'%Y' has no month or no day"),
        ("[file]\ndate_format = '%F %T'", "%F stands for no part of a date here; right would be %Y-%m-%d"),
        ("[file]\ndate_format = '%s'", 'right would be date_format = "epoch"'),
        ("[file]\ndate_format = '%d/%m/%Y %'", "% stands for no part of a date here"),
        ("[file]\ndate_format = '%d/%m/%Y %Q'", "%Q stands for no part of a date here"),
        ("#" * (MAX_MAPPING + 1), "longer than 1,000,000 characters"),
    ],
)
def test_wrong(toml: str, told: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(toml, BUILT_IN, "m.toml")
    assert caught.value.message.startswith("m.toml")
    assert told in caught.value.message


@pytest.mark.parametrize(
    "entry",
    [
        'averageNote = { value = "4", scale = 2, offset = 1 }',
        'durationInSeconds = { value = "5", unit = "min", format = "mm:ss" }',
        'campaignName = { column = "Topic", join = "-" }',
        'executiveName = { columns = ["First"], join = " " }',
        "averageNote = { column = 'Grade', scale = 1e400, offset = -1e-7 }",
        "averageNote = { column = 'Grade', scale = 0, offset = 1.50 }",
    ],
)
def test_whatever_an_entry_says_is_written(entry: str) -> None:
    mapping = read_mapping(f"[columns]\n{entry}\n", BUILT_IN)
    assert read_mapping(write_mapping(mapping), BUILT_IN) == mapping


def resolve(toml: str, header: list[str], values: dict[str, list[str]] | None = None) -> Mapping:
    return read_mapping(toml, BUILT_IN).resolve(BUILT_IN, header, "f.csv", lambda name: (values or {}).get(name, []))


def test_canonical_names_in_any_spelling() -> None:
    found = resolve("", ["ID", "Audio Date", "average_note", "IsAiCall", "Something"])
    assert {name: source.columns for name, source in found.columns.items()} == {
        "id": ("ID",),
        "audioDate": ("Audio Date",),
        "averageNote": ("average_note",),
        "isAICall": ("IsAiCall",),
    }


def test_what_the_mapping_leaves_open_is_filled_in() -> None:
    found = resolve(
        '[columns]\naverageNote = "score"', ["id", "audioDate", "score", "averageNote", "state"], {"state": ["Failed"]}
    )
    assert found.columns["averageNote"].columns == ("score",)
    assert set(found.columns) == {"id", "audioDate", "averageNote", "state"}


def test_a_state_of_the_country_is_no_state() -> None:
    found = resolve('[columns]\nid = "id"\naudioDate = "when"', ["id", "when", "state"], {"state": ["Ohio", "Utah"]})
    assert "state" not in found.columns


@pytest.mark.parametrize(
    ("toml", "header", "told"),
    [
        ('[columns]\nid = "cal_id"', ["call_id", "audioDate"], "did you mean 'call_id'"),
        ("", ["id", "when"], "no column for audioDate"),
        ("", ["7", "2024-01-01"], "no column for id and audioDate"),
        ("", ["id", "audioDate", "ID"], "2 times (columns 1, 3)"),
        ("", ["id", "audioDate", "score", "averageNote", "average note"], "columns 4, 5"),
    ],
)
def test_unresolved(toml: str, header: list[str], told: str) -> None:
    with pytest.raises((MappingError, FileError)) as caught:
        resolve(toml, header)
    assert told in caught.value.message
    assert "f.csv" in caught.value.message


SHEETS = {"id": ["Old", "Data"], "audioDate": ["Data"], "when": ["Data", "Old"]}


@pytest.mark.parametrize(
    ("toml", "header", "told"),
    [
        ("", ["Quality report"], "no column for id and audioDate in this sheet; the file has it in the sheet 'Data'."),
        ('[columns]\nid = "x"', ["x"], "no column for audioDate in this sheet; the file has it in the sheet 'Data'."),
        (
            '[columns]\naudioDate = "when"',
            ["id"],
            "does not have (nearest: 'id'); the file has it in the sheet 'Data' and 'Old'.",
        ),
        ('[columns]\naudioDate = "whe"', ["id", "when"], "which the file does not have (did you mean 'when'?). It has"),
    ],
)
def test_the_sheets_that_have_what_is_missing_are_named(toml: str, header: list[str], told: str) -> None:
    def elsewhere(column: str) -> list[str]:
        return SHEETS.get(column, [])

    with pytest.raises((MappingError, FileError)) as caught:
        read_mapping(toml, BUILT_IN).resolve(BUILT_IN, header, "f.xlsx", lambda _: [], elsewhere)
    assert told in caught.value.message
