"""Notes: a line pinned to a day, such as "New script in use", seen by all beside the figures of that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from lib.access import audit_log
from lib.analytics.calendar import FIRST_DAY, LAST_DAY
from lib.errors import CallboardError, InvalidParameterError
from lib.errors.parameter_codes import ParameterCode
from lib.sharing import validation
from lib.store.schema import notes
from lib.store.state import StateStore

MAX_TEXT = 200
"""Characters of a note."""

MAX_OF_ONE, MAX_IN_ALL = 500, 1_000
"""Notes that one author may have, and that there may be: charts show all of a period."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note. `day` is a day of the workspace's calendar."""

    id: str
    day: date
    text: str
    author: str
    created_at: datetime


class Annotations:
    """The notes of one workspace."""

    def __init__(self, state: StateStore) -> None:
        """Use the state's store."""
        self._state = state

    def between(self, first: date, last: date) -> list[Annotation]:
        """Return the notes of a period, both ends included: by day, then in the order they were written."""
        query = sa.select(notes).where(notes.c.day.between(first, last))
        with self._state.read() as connection:
            rows = connection.execute(query.order_by(notes.c.day, notes.c.created_at, notes.c.id))
            return [Annotation(**row._mapping) for row in rows]

    def add(self, day: date, text: str, author: str) -> Annotation:
        """Pin a line of 1 to MAX_TEXT characters to a day; return the note.

        Raises InvalidParameterError for a text that can't be, and for a day on which no evaluation can be;
        ConflictError where there are as many as there may be.
        """
        note = Annotation(
            validation.new_id(), _day(day), validation.line("text", text, MAX_TEXT), author, datetime.now(UTC)
        )
        values = {name: getattr(note, name) for name in Annotation.__dataclass_fields__}
        with self._state.transaction() as connection:
            validation.check_count(connection, notes, "notes", notes.c.author == author, MAX_OF_ONE, MAX_IN_ALL)
            connection.execute(sa.insert(notes).values(values))
        return note

    def delete(self, number: str, author: str | None = None) -> None:
        """Forget a note, of an author alone or anyone's. Raises CallboardError where there is no such note."""
        _must_be_id(number)
        theirs = [] if author is None else [notes.c.author == author]
        with self._state.transaction() as connection:
            gone = connection.execute(sa.delete(notes).where(notes.c.id == number, *theirs)).rowcount
        if gone != 1:
            raise _none_such(number)

    def authors(self) -> dict[str, int]:
        """Return how many notes each author has."""
        counted = sa.select(notes.c.author, sa.func.count()).group_by(notes.c.author).order_by(notes.c.author)
        with self._state.read() as connection:
            return {name: int(count) for name, count in connection.execute(counted)}

    def delete_all(self, author: str, actor: str) -> int:
        """Forget every note of an author, and write that down; return how many they were."""
        with self._state.transaction() as connection:
            count = int(connection.execute(sa.delete(notes).where(notes.c.author == author)).rowcount)
            audit_log.record(connection, actor, audit_log.Action.NOTES_DELETED, author, count=count)
        return count


def _day(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        first, last = str(FIRST_DAY), str(LAST_DAY)
        raise InvalidParameterError("day", ParameterCode.DAY_OUT_OF_REACH, day=str(day), first=first, last=last)
    return day


def _must_be_id(number: str) -> None:
    if not validation.is_id(number):
        raise _none_such(number)


def _none_such(number: str) -> CallboardError:
    return CallboardError(f"There is no note '{number[:20]}'; it may have been deleted.")
