"""Saved views: a page with its filters under a name, for oneself or for all; one of them may be what one begins with.

A view's dates are fixed, or relative: the name of a preset, which means other days each day. Who owns a view alone
may change it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from lib.access import audit_log
from lib.analytics.calendar import Calendar
from lib.catalog.catalog import Catalog
from lib.errors import CallboardError, ConflictError
from lib.reports.period_presets import DATES, check_preset, preset_dates
from lib.sharing import validation
from lib.store.schema import views
from lib.store.state import StateStore

EVERYONE = "everyone"
"""The owner of the views that are made without a login."""

MAX_NAME = 80
"""Characters of a view's name."""

MAX_OF_ONE, MAX_IN_ALL = 200, 2_000
"""Views that one owner may have, and that there may be."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view. `parameters` are the URL's, without dates where `period`, a preset's name, stands for them."""

    id: str
    name: str
    owner: str
    shared: bool
    page: str  # its URL path; empty for the overview
    parameters: dict[str, list[str]]
    period: str | None
    is_default: bool
    created_at: datetime
    changed_at: datetime


def resolved(view: SavedView, calendar: Calendar) -> dict[str, list[str]]:
    """Return the URL parameters that a view stands for today: `calendar`'s, in its zone.

    Raises InvalidParameterError, parameter `period`, where the view's preset is not known any more.
    """
    if view.period is None:
        return {name: list(values) for name, values in view.parameters.items()}
    return {**preset_dates(view.period, calendar), **view.parameters}


class SavedViews:
    """The saved views of one workspace."""

    def __init__(self, state: StateStore, catalog: Callable[[], Catalog]) -> None:
        """Use the state's store; the catalog as it is now says which parameters are filters."""
        self._state = state
        self._catalog = catalog

    def all(self, owner: str) -> list[SavedView]:
        """Return the views that an owner sees, by name: one's own first, then those that others share."""
        seen = sa.or_(views.c.owner == owner, views.c.shared)
        with self._state.read() as connection:
            found = [_view(row) for row in connection.execute(sa.select(views).where(seen))]
        return sorted(found, key=lambda view: (view.owner != owner, view.name.casefold(), view.name, view.id))

    def using(self, parameter: str, value: str) -> tuple[tuple[str, ...], int]:
        """Return the names of the shared views that have a value of a parameter, in order, and how many others have."""
        with self._state.read() as connection:
            found = [_view(row) for row in connection.execute(sa.select(views))]
        used = [view for view in found if value in view.parameters.get(parameter, ())]
        return tuple(sorted(view.name for view in used if view.shared)), sum(not view.shared for view in used)

    def get(self, number: str, owner: str) -> SavedView | None:
        """Return the view of an id, or None where an owner sees none of that id: any text may be asked for."""
        if not validation.is_id(number):
            return None
        seen = sa.or_(views.c.owner == owner, views.c.shared)
        with self._state.read() as connection:
            row = connection.execute(sa.select(views).where(views.c.id == number, seen)).one_or_none()
        return None if row is None else _view(row)

    def default(self, owner: str) -> SavedView | None:
        """Return the view that an owner begins with, or None."""
        with self._state.read() as connection:
            row = connection.execute(sa.select(views).where(views.c.owner == owner, views.c.is_default)).one_or_none()
        return None if row is None else _view(row)

    def save(
        self,
        owner: str,
        name: str,
        page: str,
        parameters: Mapping[str, Sequence[str]],
        *,
        view_parameters: Collection[str] = (),
        period: str | None = None,
        shared: bool = False,
    ) -> SavedView:
        """Keep a new view; return it as kept.

        Of the parameters the filters' and those named in `view_parameters` are kept; with a `period`, no dates.
        Raises InvalidParameterError for a name, page, period or parameter that can't be, ConflictError where another
        view of the owner has the name or there are as many as there may be.
        """
        number, now, trimmed = validation.new_id(), datetime.now(UTC), validation.line("name", name, MAX_NAME)
        row = {
            "id": number,
            "name": trimmed,
            "owner": owner,
            "shared": shared,
            "page": validation.page(page),
            "parameters": json.dumps(
                validation.parameters(
                    parameters, (*self._catalog().parameters, *sorted(view_parameters)), DATES if period else ()
                )
            ),
            "period": None if period is None else check_preset(period),
            "is_default": False,
            "created_at": now,
            "changed_at": now,
        }
        try:
            with self._state.transaction() as connection:
                validation.check_count(connection, views, "saved views", views.c.owner == owner, MAX_OF_ONE, MAX_IN_ALL)
                connection.execute(sa.insert(views).values(row))
                return _own(connection, number, owner)
        except IntegrityError:
            words = f"There is a view named '{trimmed}' already; right would be another name."
            raise ConflictError(words) from None

    def delete(self, number: str, owner: str) -> None:
        """Forget a view of one's own. Raises CallboardError where it is not the owner's."""
        with self._state.transaction() as connection:
            _own(connection, number, owner)
            connection.execute(sa.delete(views).where(views.c.id == number))

    def owners(self) -> dict[str, int]:
        """Return how many views each owner has."""
        counted = sa.select(views.c.owner, sa.func.count()).group_by(views.c.owner).order_by(views.c.owner)
        with self._state.read() as connection:
            return {name: int(count) for name, count in connection.execute(counted)}

    def delete_all(self, owner: str, actor: str) -> int:
        """Forget every view of an owner, and write that down; return how many they were."""
        with self._state.transaction() as connection:
            count = int(connection.execute(sa.delete(views).where(views.c.owner == owner)).rowcount)
            audit_log.record(connection, actor, audit_log.Action.VIEWS_DELETED, owner, count=count)
        return count

    def set_default(self, number: str | None, owner: str) -> None:
        """Make a view of one's own what one begins with, in place of another; with None, begin with none.

        Raises CallboardError where the view is not the owner's.
        """
        mine = views.c.owner == owner
        with self._state.transaction() as connection:
            # Who sets a default at the same time waits here, and then sees what was set.
            connection.execute(sa.select(views.c.id).where(mine).order_by(views.c.id).with_for_update()).all()
            connection.execute(sa.update(views).where(mine, views.c.is_default).values(is_default=False))
            if number is not None:
                _own(connection, number, owner)
                connection.execute(sa.update(views).where(views.c.id == number).values(is_default=True))


def _own(connection: Connection, number: str, owner: str) -> SavedView:
    """Return an owner's view, which then waits for this transaction. Raises CallboardError where it is not theirs."""
    asked = sa.select(views).where(views.c.id == number).with_for_update()
    row = connection.execute(asked).one_or_none() if validation.is_id(number) else None
    if row is None or not (row.owner == owner or row.shared):
        raise CallboardError(f"There is no view '{number[:20]}'; it may have been deleted.")
    if row.owner != owner:
        raise CallboardError(
            f"The view '{row.name}' is {row.owner}'s, who alone may change it. Right would be to save one of your own."
        )
    return _view(row)


def _view(row: sa.Row[Any]) -> SavedView:
    return SavedView(**{**row._mapping, "parameters": json.loads(row.parameters)})
