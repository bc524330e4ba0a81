"""What the columns of a file that no canonical column takes are proposed as: their names, types and labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lib.analytics.field_definitions import check_name
from lib.catalog.catalog import BUILT_IN
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.ingest.field_proposals import FieldProposal, field_label, field_name, propose_fields
from lib.ingest.mapping import FileOptions
from tests.ingest.test_column_guess import surveyed, table

CHANNEL = OwnField(1, "channel", OwnFieldType.CATEGORY, "Channel")
CSAT = OwnField(2, "sat", OwnFieldType.NUMBER, "CSAT", "points")
HIDDEN = OwnField(3, "topic", OwnFieldType.CATEGORY, "Topic", archived=True)


def proposed(
    folder: Path,
    text: str,
    known: Sequence[OwnField] = (),
    taken: Sequence[str] = (),
    options: FileOptions | None = None,
) -> dict[str, FieldProposal]:
    """Return what is proposed for the columns of a file, by column."""
    options = options or FileOptions()
    reserved = [*BUILT_IN.fields, *(own.name for own in known)]
    found = propose_fields(surveyed(folder, text), taken, known, reserved, options)
    return {each.column.name: each for each in found}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Channel", "channel"),
        ("CSAT (1-5)", "csat"),
        ("(NPS)", "nps"),
        ("Resolved on first contact?", "resolvedOnFirstContact"),
        ("resolved_on_first_contact", "resolvedOnFirstContact"),
        ("¿Resuelto en la 1ª llamada?", "resueltoEnLa1ALlamada"),
        ("Año", "anio"),
        ("Región / País", "regionPais"),
        ("agent.Team", "agentTeam"),
        ("1. Greeting", "greeting"),
        ("Q7", "q7"),
        ("State", "state2"),
        ("Audio_Date", "audioDate2"),
        ("100 %", "column4"),
        ("渠道", "column4"),
        ("", "column4"),
        ("How did the agent handle the objections of the customer?", "howDidTheAgentHandleTheObjectionsOfThe"),
        ("x" * 90, "x" * 40),
    ],
)
def test_a_name_is_made_of_a_header(header: str, name: str) -> None:
    found = field_name(header, 4, BUILT_IN.fields)
    assert found == name
    check_name(found, [])


def test_the_names_of_long_headers_differ() -> None:
    taken: list[str] = []
    for _ in range(120):
        taken.append(field_name("x" * 90, 1, taken))
    assert len({*taken}) == 120 and max(map(len, taken)) == 40


def test_names_differ(tmp_path: Path) -> None:
    headers = ("CSAT (1-5)", "CSAT (1-10)", "csat", "C.S.A.T.", "field.topic", "Topic")
    text = table(*((header, "4", "5") for header in headers))
    found = proposed(tmp_path, text, [OwnField(1, "other", OwnFieldType.TEXT, "Other")])
    names = [each.own.name for each in found.values()]
    assert names == ["csat", "csat2", "csat3", "cSAT4", "topic", "topic2"]
    for place, name in enumerate(names):
        check_name(name, [OwnField(0, each, OwnFieldType.TEXT, each) for each in names[:place]])


def test_a_label_is_the_header_in_one_line() -> None:
    assert field_label("  CSAT \n (1-5)\t", "csat") == "CSAT (1-5)"
    assert field_label("y" * 200, "y") == "y" * 80
    assert field_label("\u200b", "firstContact") == "First contact"


def test_types_are_those_that_all_values_fit(tmp_path: Path) -> None:
    text = table(
        ("Channel", "chat", "phone", "chat"),
        ("CSAT", "4,5", "3", "N/A"),
        ("Share", "10%", "12.5%", "0%"),
        ("Resolved", "Sí", "No", ""),
        ("S/N", "S", "N", "S"),
        ("Both", "1", "0", "1"),
        ("Ones", "1", "1", ""),
        ("Case code", "48211", "48212", "48213"),
        ("Plan", "007", "012", "007"),
        ("Escalated", "2024-01-31 09:00", "", "2024-02-01"),
        ("Called back", "31/01/2024 09:00", "", "01/02/2024 10:30"),
        ("Comments", "x" * 150, "ok", ""),
        ("Nothing", "", "", ""),
    )
    found = proposed(tmp_path, text)
    assert {name: each.own.type.value for name, each in found.items()} == {
        "Channel": "category",
        "CSAT": "number",
        "Share": "number",
        "Resolved": "yes_no",
        "S/N": "yes_no",
        "Both": "yes_no",
        "Ones": "number",
        "Case code": "category",
        "Plan": "category",
        "Escalated": "instant",
        "Called back": "category",
        "Comments": "text",
    }
    assert (found["Share"].own.unit, found["CSAT"].own.unit) == ("%", None)
    dated = FileOptions(date_formats=("%d/%m/%Y %H:%M",))
    assert proposed(tmp_path, text, options=dated)["Called back"].own.type is OwnFieldType.INSTANT


def test_many_different_values_are_a_text(tmp_path: Path) -> None:
    text = table(("Topic", *(f"topic {number}" for number in range(1_500))), ("Ref id", *map(str, range(1_500))))
    assert [each.own.type for each in proposed(tmp_path, text).values()] == [OwnFieldType.TEXT] * 2


def test_a_column_that_a_field_fits_goes_into_it(tmp_path: Path) -> None:
    known = [CHANNEL, CSAT, HIDDEN]
    text = table(
        *(("CHANNEL", "chat", "phone"), ("CSAT (1-5)", "4", "5"), ("Topic", "a", "b"), ("channel_", "x", "y")),
    )
    found = proposed(tmp_path, text, known)
    assert (found["CHANNEL"].own, found["CHANNEL"].is_new, found["CSAT (1-5)"].own) == (CHANNEL, False, CSAT)
    assert found["Topic"].is_new and found["Topic"].own.name == "topic2", "an archived field is not filled unasked"
    assert found["channel_"].is_new and found["channel_"].own.name == "channel2", "one column a field"
    wrong = proposed(tmp_path, table(("CSAT", "good", "bad")), known)["CSAT"]
    assert wrong.is_new and wrong.own.type is OwnFieldType.CATEGORY


def test_our_own_exports_name_the_field(tmp_path: Path) -> None:
    found = proposed(
        tmp_path, table(("field.topic", "a", "b"), ("field.channel", "a", "b"), ("field.id", "1", "2")), [CHANNEL]
    )
    assert [(each.own.name, each.is_named, each.is_new) for each in found.values()] == [
        ("topic", True, True),
        ("channel", True, False),
        ("fieldId", False, True),
    ]
    assert found["field.topic"].own.label == "Topic"


def test_what_can_not_be_kept_is_left_out(tmp_path: Path) -> None:
    text = table(("id", "1", "2"), ("Twice", "a", "b"), ("Twice", "c", "d"), ("Empty", "", ""), ("Team", "x", "y"))
    assert [*proposed(tmp_path, text, taken=["id"])] == ["Team"]
