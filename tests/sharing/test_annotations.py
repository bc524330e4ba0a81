"""Notes: pinned to a day, seen by all; on both state stores."""

from __future__ import annotations

from datetime import date

import pytest

from lib.access.audit_log import Action, AuditFilter
from lib.errors import CallboardError, ConflictError, InvalidParameterError
from lib.sharing.annotations import Annotations
from lib.workspace import Workspace
from tests.sharing.test_saved_views import WEIRD

DAY = date(2024, 1, 31)


@pytest.fixture
def notes(workspace: Workspace) -> Annotations:
    return workspace.notes


def test_the_notes_of_a_period(notes: Annotations) -> None:
    added = [
        notes.add(date(2024, month, day), f"{month}/{day}", "ada") for month, day in ((2, 1), (1, 1), (1, 31), (1, 31))
    ]
    assert notes.between(date(2024, 1, 1), DAY) == [added[1], added[2], added[3]]
    assert notes.between(DAY, date(2024, 2, 1)) == [added[2], added[3], added[0]]
    assert (
        notes.between(date(2023, 1, 1), date(2023, 12, 31)) == notes.between(date(2024, 2, 1), date(2024, 1, 1)) == []
    )


def test_a_note_is_deleted(notes: Annotations) -> None:
    note, other = notes.add(DAY, " New script in use ", "ada"), notes.add(DAY, "Other", "bob")
    assert (note.text, note.author) == ("New script in use", "ada")
    notes.delete(note.id)
    assert notes.between(DAY, DAY) == [other]
    for number in (note.id, "", "a\x00aaaaaa", "' OR 1=1"):
        with pytest.raises(CallboardError, match="There is no note"):
            notes.delete(number)
    assert notes.between(DAY, DAY) == [other]


def test_an_author_has_so_many_notes_and_all_so_many(
    notes: Annotations, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.sharing.annotations.MAX_OF_ONE", 2)
    monkeypatch.setattr("lib.sharing.annotations.MAX_IN_ALL", 3)
    for _ in range(2):
        notes.add(DAY, "Hers", "ada")
    with pytest.raises(ConflictError, match="You have 2 notes"):
        notes.add(DAY, "One more", "ada")
    notes.add(DAY, "His", "bob")
    with pytest.raises(ConflictError, match="There are 3 notes"):
        notes.add(DAY, "Too many", "cyd")
    assert notes.authors() == {"ada": 2, "bob": 1}
    assert notes.delete_all("ada", "root") == 2 and [each.author for each in notes.between(DAY, DAY)] == ["bob"]
    asked = AuditFilter(workspace.settings.zone, actions=(Action.NOTES_DELETED,))
    assert [(each.actor, each.subject) for each in workspace.audit.entries(asked, 5)] == [("root", "ada")]


@pytest.mark.parametrize("text", [*WEIRD, "x" * 200, "🦊" * 200])
def test_weird_texts_come_back_as_they_were(notes: Annotations, text: str) -> None:
    note = notes.add(DAY, text, "ada")
    assert notes.between(DAY, DAY) == [note] and note.text == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; right would be 1 to 200"),
        ("\u200b ", "is empty"),
        ("x" * 201, "has 201 characters; right would be at most 200"),
        ("x" * 5000, "has 5,000 characters"),
        ("a\x00", r"U\+0000"),
        ("two\nlines", r"U\+000A"),
        ("\udc80 x", r"U\+DC80"),
    ],
)
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)  # refused before any store is asked
def test_what_can_not_be_kept_is_refused(notes: Annotations, text: str, told: str) -> None:
    kept = notes.add(DAY, "Kept", "ada")
    with pytest.raises(InvalidParameterError, match=told) as caught:
        notes.add(DAY, text, "ada")
    assert caught.value.parameter == "text"
    assert notes.between(DAY, DAY) == [kept]


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize("day", [date(1969, 12, 31), date(2100, 1, 1)])
def test_a_day_without_any_evaluation_has_no_note(notes: Annotations, day: date) -> None:
    with pytest.raises(InvalidParameterError, match="right would be one from 1970-01-01 to 2099-12-31") as caught:
        notes.add(day, "Text", "ada")
    assert caught.value.parameter == "day"
