"""The columns of a file that nobody mapped, in the form of a mapping: offered as own fields, kept, loaded, kept again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.analytics.field_definitions import define, fields_in_use
from lib.analytics.grants import EVERYTHING
from lib.catalog.own_fields import MOST_FIELDS, OwnField, OwnFieldType
from lib.ingest import saved_mappings
from lib.ingest.mapping import ColumnSource, FieldRequest, Mapping
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.jobs.tasks import TASKS
from tests.ui import test_mapping_form
from tests.ui.test_forged_values import FORGERIES, forged, run
from tests.ui.test_mapping_form import form, mapped

data_dir = test_mapping_form.data_dir

WIDE = """\
Call ID,Call date,QA Score,Lang,CSAT (1-5),Resolved,Remark,Nothing
a1,2024-01-31,8,en,4.5,Sí,great,
a2,2024-01-31,7,es,N/A,No,"well, well",
a3,2024-02-01,7,es,3,No,,
"""


@pytest.fixture
def path(data_dir: Path) -> Path:
    found = data_dir / "wide.csv"
    found.write_text(WIDE)
    return found


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception, app.exception[0].stack_trace


def tick(app: AppTest, column: str, *, keep: bool = True) -> None:
    box = next(box for box in app.checkbox if box.label.replace("\\", "") == f"**{column}**")
    (box.check() if keep else box.uncheck()).run()
    assert not app.exception, app.exception[0].stack_trace


def said(app: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in [*app.caption, *app.error, *app.warning]]


def load(path: Path, mapping: Mapping) -> dict[str, Any]:
    payload = {"files": [(str(path), path.name)], "actor": "test", "mapping": write_mapping(mapping)}
    return TASKS["import"](workspaces.current(), payload, lambda *_: None)


def test_nothing_is_kept_unasked_and_all_in_one_click(path: Path) -> None:
    app = form(path, None)
    assert mapped(app).fields == {} and "0 of 4 columns are kept." in said(app)
    assert "Not kept: Lang, CSAT (1-5), Resolved, Remark, Nothing." in said(app)
    assert "yes or no · No, Sí · 2 different values" in said(app)
    press(app, "Keep all")
    kept = mapped(app)
    assert kept.fields == {
        "lang": FieldRequest(OwnFieldType.CATEGORY, "Lang"),
        "csat": FieldRequest(OwnFieldType.NUMBER, "CSAT (1-5)"),
        "resolved": FieldRequest(OwnFieldType.YES_NO, "Resolved"),
        "remark": FieldRequest(OwnFieldType.CATEGORY, "Remark"),
    }
    assert kept.columns["field.csat"] == ColumnSource(("CSAT (1-5)",))
    assert kept.values == {"field.csat": {"N/A": ""}}, "which is no number"
    assert "Not kept: Nothing." in said(app) and "Yes: Sí · No: No" in said(app)
    preview = app.dataframe[-1].value
    assert preview["CSAT (1-5)"].tolist()[0::2] == ["4.5", "3"] and preview["Resolved"].tolist() == ["Yes", "No", "No"]
    press(app, "Keep none")
    assert mapped(app).fields == {} and mapped(app).values == {}


def test_what_is_loaded_is_what_the_form_goes_on_to_say(path: Path) -> None:
    """Else the result of the load would not be shown: it is for another mapping."""
    app = form(path, None)
    press(app, "Keep all")
    kept = mapped(app)
    result = load(path, kept)
    assert (result["bad"], result["added"]) == (0, 3)
    assert [each["name"] for each in result["new_fields"]] == ["lang", "csat", "resolved", "remark"]
    app.run()
    assert write_mapping(mapped(app)) == write_mapping(kept)
    with workspaces.current().facts.read() as connection:
        assert [(use.own.name, use.values) for use in fields_in_use(connection, EVERYTHING)] == [
            ("lang", 3),
            ("csat", 2),
            ("resolved", 3),
            ("remark", 2),
        ]
    saved_mappings.keep(workspaces.current().state, WIDE.splitlines()[0].split(","), write_mapping(kept))
    again = form(path, None, "y")
    assert mapped(again) == kept and "4 of 4 columns are kept." in said(again)
    assert load(path, mapped(again))["unchanged"] == 3


def test_a_field_with_the_label_of_another_column_changes_no_guess(path: Path) -> None:
    path.write_text(WIDE.replace("Lang", "Agent"))
    app = form(path, None)
    tick(app, "Remark")
    label = next(box for box in app.text_input if box.label == "Label")
    label.set_value("Agent").run()
    kept = mapped(app)
    assert kept.columns["executiveName"] == ColumnSource(("Agent",)) and load(path, kept)["added"] == 3
    app.run()
    assert mapped(app) == kept


def test_a_column_of_another_file_is_proposed_as_the_field_that_is_there(path: Path) -> None:
    form(path, None)
    with workspaces.current().facts.write() as connection:
        define(connection, [OwnField(0, "sat", OwnFieldType.NUMBER, "CSAT", "points")])
    app = form(path, None, "z")
    kept = mapped(app)
    assert kept.fields == {"sat": FieldRequest(OwnFieldType.NUMBER, "CSAT", "points")}
    assert "Goes into the field **CSAT (points)**." in said(app)
    assert [box.label for box in app.selectbox if box.label == "Type"] == [], "its type is what it is"
    tick(app, "CSAT (1-5)", keep=False)
    assert mapped(app).fields == {}


def test_a_header_that_names_a_field_is_taken_unless_it_is_told_otherwise(data_dir: Path) -> None:
    path = data_dir / "export.csv"
    path.write_text("id,audioDate,field.channel\n1,2024-01-31,chat\n2,2024-01-31,phone\n")
    app = form(path, None)
    assert mapped(app).columns["field.channel"] == ColumnSource(("field.channel",))
    (box,) = app.checkbox
    states = WidgetStates()
    states.widgets.add(id=box.proto.id).bool_value = False
    app._run(widget_state=states)
    assert box.disabled and "field.channel" in mapped(app).columns, "an import would define it all the same"
    load(path, mapped(app))
    later = form(path, None, "y")
    assert not mapped(later).fields and "1 of 1 column is kept." in said(later)
    tick(later, "field.channel", keep=False)
    assert mapped(later).columns["field.channel"] == ColumnSource(value="")
    back = form(path, write_mapping(mapped(later)), "w")
    assert mapped(back) == mapped(later) and not any(box.value for box in back.checkbox)
    tick(back, "field.channel")
    assert "field.channel" not in mapped(back).columns


TOML = """\
[columns]
id = "Call ID"
audioDate = "Call date"
[fields]
lang = "lang"
csat = { column = "CSAT (1-5)", type = "number", unit = "points", scale = 20, offset = -1 }
resolved = { column = "Resolved", type = "yes_no", yes = ["Sí", "Oui"], no = ["No"] }
place = { columns = ["Lang", "Remark"], join = "/", type = "text", label = "Place" }
branch = { value = "Denver" }
gone = { column = "Not there", label = "Gone" }
[values."field.csat"]
"N/A" = ""
[values."field.lang"]
"es" = "Spanish"
"""


def test_a_mapping_with_fields_comes_out_as_it_went_in(path: Path) -> None:
    app = form(path, TOML)
    came = read_mapping(TOML, workspaces.current().catalog)
    assert mapped(app) == came
    lacking = [each for each in said(app) if "Not there" in each]
    assert lacking and not app.session_state["draft"].is_complete
    gone = next(box for box in app.multiselect if box.label == "Gone")
    gone.set_value([]).run()
    assert app.session_state["draft"].is_complete and {*mapped(app).fields} == {*came.fields} - {"gone"}
    assert load(path, mapped(app))["added"] == 3
    done = write_mapping(mapped(app))
    app.run()
    assert write_mapping(mapped(app)) == done
    assert mapped(form(path, done, "y")) == read_mapping(done, workspaces.current().catalog)


def test_a_renamed_field_keeps_its_words(path: Path) -> None:
    app = form(path, TOML)
    name = next(box for box in app.text_input if box.label == "Name" and box.value == "resolved")
    name.set_value("solved").run()
    assert mapped(app).values["field.solved"] == {"Sí": "true", "Oui": "true", "No": "false"}
    assert "field.resolved" not in mapped(app).values and mapped(app).fields["solved"].type is OwnFieldType.YES_NO
    next(box for box in app.multiselect if box.label == "Gone").set_value([]).run()
    branch = next(box for box in app.text_input if box.label == "Label" and box.value == "Branch")
    branch.set_value(" Our branch ").run()
    assert mapped(app).fields["branch"] == FieldRequest(None, "Our branch")
    done = write_mapping(mapped(app))
    assert load(path, mapped(app))["added"] == 3
    app.run()
    assert write_mapping(mapped(app)) == done


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("First", "Lang: 'First' can't be the name of a field"),
        ("state", "Lang: 'state' can't be the name of a field: it is a column that every evaluation has."),
        ("", "Lang: '' can't be the name of a field"),
        ("csat", "CSAT (1-5): another column goes into the field csat."),
    ],
)
def test_a_name_that_can_not_be_is_said(path: Path, name: str, why: str) -> None:
    app = form(path, None)
    press(app, "Keep all")
    box = next(box for box in app.text_input if box.label == "Name" and box.value == "lang")
    box.set_value(name).run()
    assert any(line.startswith(why) for line in said(app)), said(app)
    assert not app.session_state["draft"].is_complete and len(mapped(app).fields) == 3


def test_words_that_are_neither_yes_nor_no_are_asked_for(path: Path) -> None:
    app = form(path, None)
    press(app, "Keep all")
    types = [box for box in app.selectbox if box.label == "Type"]
    types[0].set_value(OwnFieldType.YES_NO).run()
    assert "Say what each value stands for: Lang. Rows with the others will be bad." in said(app)
    for word, target in (("es", "Yes"), ("en", "No")):
        box = next(box for box in app.selectbox if box.label.startswith(f"{word} "))
        assert "AI" not in box.options
        box.set_value({"Yes": "true", "No": "false"}[target]).run()
    assert mapped(app).values["field.lang"] == {"es": "true", "en": "false"} and "Yes: es · No: en" in said(app)
    assert load(path, mapped(app))["bad"] == 0


def test_there_are_only_so_many_fields(data_dir: Path) -> None:
    path = data_dir / "many.csv"
    names = [f"Question {number}" for number in range(70)]
    path.write_text(",".join(["id", "audioDate", *names]) + "\n" + ",".join(["1", "2024-01-31", *["x"] * 70]) + "\n")
    app = form(path, None)
    press(app, "Keep all")
    assert len(mapped(app).fields) == MOST_FIELDS and app.session_state["draft"].is_complete
    assert "60 of 70 columns are kept. A workspace has 60 fields at most." in said(app)
    tick(app, "Question 69")
    assert "There would be 61 fields, of 60 at most; delete one that is not used." in said(app)
    assert not app.session_state["draft"].is_complete


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_values_make_no_field_that_may_not_be(path: Path, name: str) -> None:
    app = form(path, None)
    press(app, "Keep all")
    kept = mapped(app)
    forge: Callable[[Any], Any] = forged(FORGERIES[name])
    run(app, lambda node: forge(node) if "-field-" in str(node.key) else None)
    assert not app.exception, app.exception[0].stack_trace
    for field, request in mapped(app).fields.items():
        assert field in kept.fields and len(request.label or "") <= 80 and request.type in OwnFieldType
    states = WidgetStates()
    for box in app.checkbox:
        states.widgets.add(id=box.proto.id).string_value = "nonsense"
    app._run(widget_state=states)
    assert not app.exception
