"""The form of a mapping is the mapping: whatever a TOML says is shown, can be changed, and comes out as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.catalog.catalog import BUILT_IN
from lib.catalog.fields import Field, FieldType
from lib.catalog.own_fields import OwnFieldType, field_of_type
from lib.ingest import saved_mappings
from lib.ingest.mapping import CLOCK_FORMATS, THOUSANDS, UNITS, ColumnSource, FieldRequest, FileOptions, Mapping
from lib.ingest.mapping_toml import read_mapping, write_mapping
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

ROWS = """\
Call ID,When,Rating,Talk time,Agent,agent name,Mood,state
a1,2024-01-31,8,312,Ana,A,Very good,Completed
a2,2024-01-31,7,288,Luis,B,Bad,Failed
a3,2024-02-01,7,288,Luis,B,Bad,Failed
"""

FORM = """\
import streamlit as st
from pathlib import Path
from lib import workspace
from lib.ingest.mapping_toml import write_mapping
from lib.ingest.file_reading import InputFile
from lib.ui import mapping_form
draft = mapping_form.show(workspace.current(), (InputFile(Path({path!r}), {name!r}),), {toml!r}, {stamp!r})
st.session_state["draft"] = draft
"""

NAMES = ("Call ID", "call_id", "When", "RATING", "talk_time", "Agent", "agentname", "Mood", "state", "Not there", "")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
OWN = ("channel", "csat", "resolved", "firstContact")
NUMBERS = st.one_of(
    st.sampled_from([Decimal(1), Decimal(0), Decimal("-2"), Decimal("1.50"), Decimal("1E+3"), Decimal("0.1")]),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=7),
)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield tmp_path
    workspaces.close_current()


def form(path: Path, toml: str | None, stamp: str = "x") -> AppTest:
    source = FORM.format(path=str(path), name=path.name, toml=toml, stamp=stamp)
    app = AppTest.from_string(source, default_timeout=LONG_SECONDS).run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def mapped(app: AppTest) -> Mapping:
    assert not app.exception, app.exception[0].stack_trace
    mapping: Mapping = app.session_state["draft"].mapping
    return mapping


@st.composite
def requests(draw: st.DrawFn) -> FieldRequest:
    type_ = draw(st.none() | st.sampled_from(OwnFieldType))
    words = st.none() | st.sampled_from(["x", " x ", "CSAT (1-5)", "a*b*"])
    return FieldRequest(type_, draw(words), draw(words) if type_ is OwnFieldType.NUMBER else None)


@st.composite
def sources(draw: st.DrawFn, field: Field) -> ColumnSource:
    name, kind = field.name, field.kind
    numbers = st.none() | NUMBERS if kind in (FieldType.SCORE, FieldType.SECONDS, FieldType.NUMBER) else st.none()
    is_duration = kind is FieldType.SECONDS
    way = draw(st.sampled_from(["columns", "columns", "value", *(["row"] if name == "id" else [])]))
    return ColumnSource(
        tuple(draw(st.lists(st.sampled_from(NAMES) | TEXTS, min_size=1, max_size=3))) if way == "columns" else (),
        draw(st.sampled_from(["", "-", " "]) | TEXTS),
        draw(numbers),
        draw(numbers),
        draw(TEXTS) if way == "value" else None,
        way == "row",
        draw(st.none() | st.sampled_from(list(UNITS))) if is_duration else None,
        draw(st.none() | st.sampled_from(CLOCK_FORMATS)) if is_duration else None,
    )


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    decimal = draw(st.sampled_from([".", ","]))
    options = FileOptions(
        encoding=draw(st.sampled_from([None, "utf-8", "mac_roman"])),
        delimiter=draw(st.sampled_from([None, ",", "~"])),
        sheet=draw(st.none() | st.sampled_from([2, 1]) | st.sampled_from(["Data", "2"])),
        header_row=draw(st.sampled_from([1, 2])),
        date_formats=tuple(
            draw(st.lists(st.sampled_from(["%d/%m/%Y", "%Y/%m/%d", "excel", "%d %b %Y at %H"]), max_size=3))
        ),
        timezone=draw(st.sampled_from([None, "America/Santiago"])),
        locale=draw(st.sampled_from([None, "es", "pt-BR", "en_US"])),
        decimal=decimal,
        thousands=draw(st.none() | st.sampled_from([each for each in THOUSANDS if each != decimal])),
        null_values=tuple(draw(st.lists(st.sampled_from(["N/A", "-", ""]) | TEXTS, max_size=3))),
    )
    names = draw(st.lists(st.sampled_from(list(BUILT_IN.fields)), unique=True, max_size=5))
    translated = draw(st.lists(st.sampled_from(list(BUILT_IN.fields)), unique=True, max_size=2))
    keys = st.sampled_from(["*", "", "bad", "Bad", "Very good"]) | TEXTS
    targets = st.sampled_from(["", "Negative", "positive", "Completed"]) | TEXTS
    values = {name: draw(st.dictionaries(keys, targets, max_size=3)) for name in translated}
    columns = {name: draw(sources(BUILT_IN.fields[name])) for name in names}
    fields = {name: draw(requests()) for name in draw(st.lists(st.sampled_from(OWN), unique=True, max_size=3))}
    for name, asked in fields.items():
        columns[f"field.{name}"] = draw(sources(field_of_type(name, asked.type or OwnFieldType.CATEGORY)))
        if draw(st.booleans()):
            values[f"field.{name}"] = draw(st.dictionaries(keys, targets, max_size=3))
    return Mapping(options, columns, values, fields)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mapping=mappings())
def test_every_mapping_comes_out_as_it_went_in(data_dir: Path, mapping: Mapping) -> None:
    path = data_dir / "calls.csv"
    path.write_text(ROWS)
    toml = write_mapping(mapping)
    came = read_mapping(toml, BUILT_IN)
    assert came == mapping
    shown = mapped(form(path, toml))
    assert shown == came
    assert read_mapping(write_mapping(shown), BUILT_IN) == came


def test_two_readings_of_a_date_are_asked_for(data_dir: Path) -> None:
    path = data_dir / "calls.csv"
    path.write_text("Call ID,Call Date,Rating\nc0,01/02/2024,7\nc1,01/03/2024,9\n")
    app = form(path, None)
    (question,) = app.radio
    assert [each.replace("\\", "") for each in question.options] == [
        "day first: 01/02/2024 → 1 Feb 2024, 00:00",
        "month first: 01/02/2024 → 2 Jan 2024, 00:00",
    ]
    assert question.value is None and not app.session_state["draft"].is_complete
    question.set_value(1).run()
    assert app.session_state["draft"].is_complete
    assert "Dates are shown in the time zone UTC." in [each.value.replace("\\", "") for each in app.caption]
    assert mapped(app).file.date_formats == ("%m/%d/%Y",)


def test_a_question_is_settled_by_hand_as_well(data_dir: Path) -> None:
    path = data_dir / "calls.csv"
    path.write_text("Call ID,Call Date,Rating\nc0,01/02/2024,7\nc1,01/03/2024,9\n")
    app = form(path, None)
    next(each for each in app.multiselect if each.label == "Date formats").set_value(["%m/%d/%Y"]).run()
    assert app.session_state["draft"].is_complete
    assert mapped(app).file.date_formats == ("%m/%d/%Y",)


def test_a_saved_mapping_that_does_not_fit_leaves_nothing_in_the_guess(data_dir: Path) -> None:
    path = data_dir / "calls.csv"
    path.write_text("id,audioDate,averageNote\na1,45322,8\na2,45322.395833,7\n")
    saved = '[file]\ndate_format = "%d/%m/%Y"\ndecimal = ","\n[columns]\nid = "id"\naudioDate = "audioDate"\n'
    saved_mappings.keep(workspaces.current().state, ("id", "audioDate", "averageNote"), saved)
    app = form(path, None)
    assert [each.value for each in app.caption if "does not fit these rows" in each.value]
    assert (mapped(app).file.date_formats, mapped(app).file.decimal) == (("excel",), ".")


def test_values_come_from_all_rows_and_none_is_silently_none(data_dir: Path) -> None:
    path = data_dir / "calls.csv"
    rare = "".join(f"r{number},2024-01-31,Odd\n" for number in range(3))
    path.write_text("Call ID,Date,Mood\n" + "".join(f"a{n},2024-01-31,Positive\n" for n in range(1_700)) + rare)
    app = form(path, "[columns]\nid = 'Call ID'\naudioDate = 'Date'\nsentiment = 'Mood'\n")
    target = next(each for each in app.selectbox if each.label == "Odd \\(3\\)")
    assert target.value is None and mapped(app).values == {}
    target.set_value("Negative").run()
    assert mapped(app).values == {"sentiment": {"Odd": "Negative"}}


def test_a_column_of_a_canonical_name_can_be_left_out(data_dir: Path) -> None:
    """Left open, an import would take it all the same."""
    path = data_dir / "calls.csv"
    path.write_text("id,audioDate,averageNote\n1,2024-01-31,8\n")
    app = form(path, "")
    score = next(each for each in app.multiselect if each.label == "Score")
    assert score.value == [2] and mapped(app) == Mapping()
    score.set_value([]).run()
    assert mapped(app).columns == {"averageNote": ColumnSource(value="")}
    resolved = mapped(app).resolve(BUILT_IN, ("id", "audioDate", "averageNote"), path.name, lambda _: ())
    assert resolved.columns["averageNote"] == ColumnSource(value="")


def test_the_sheet_that_was_found_is_in_the_mapping(data_dir: Path) -> None:
    """An import would read the first one otherwise."""
    book = openpyxl.Workbook()
    cover, sheet = book.worksheets[0], book.create_sheet("Data")
    cover.append(["Quality report"])
    for row in (["Call ID", "Date", "Score"], ["a1", "2024-01-31", 8]):
        sheet.append(row)
    path = data_dir / "calls.xlsx"
    book.save(path)
    app = form(path, None)
    assert mapped(app).file.sheet == "Data" and app.session_state["draft"].is_complete
    guessed = "Guessed from all rows: 1 row · sheet “Data” · header in row 1 · dates ISO 8601."
    assert guessed in [each.value.replace("\\", "") for each in app.caption]


def test_what_is_wrong_is_said_in_words(data_dir: Path) -> None:
    path = data_dir / "calls.csv"
    path.write_text(ROWS)
    app = form(path, "[columns]\nid = 'Call ID'\naudioDate = 'When'\naverageNote = 'Rating'\nexecutiveName = 'Agnt'\n")
    assert not app.session_state["draft"].is_complete
    assert [each.value for each in app.error if "Agnt" in each.value and "Agent" in each.value]
    app = form(path, "[columns]\nid = 'Call ID'\naudioDate = 'When'\naverageNote = 'Rating'\n", "y")
    next(each for each in app.text_input if each.label == "Multiply by").input("two").run()
    assert [each.value for each in app.error if "is not a number" in each.value]
    assert not app.session_state["draft"].is_complete
    next(each for each in app.text_input if each.label == "Multiply by").input("-0,5").run()
    assert mapped(app).columns["averageNote"] == ColumnSource(("Rating",), scale=Decimal("-0.5"))


def test_the_options_of_a_column_are_called_after_what_is_typed(data_dir: Path) -> None:
    path = data_dir / "calls.csv"
    path.write_text(ROWS)
    score = "{ column = 'Rating', scale = 0.1, offset = 0 }"
    app = form(path, f"[columns]\nid = 'Call ID'\naudioDate = 'When'\naverageNote = {score}\n")

    def label() -> str:
        name: str = app.get("popover")[0].proto.popover.label
        return name.replace("\\", "")

    assert label() == "Options · × 0.1"
    next(each for each in app.text_input if each.label == "Then add").input("3").run()
    assert label() == "Options · × 0.1 · + 3"
    next(each for each in app.text_input if each.label == "Multiply by").input("").run()
    next(each for each in app.text_input if each.label == "Then add").input("").run()
    assert label() == "Options"
    assert mapped(app).columns["averageNote"] == ColumnSource(("Rating",))
