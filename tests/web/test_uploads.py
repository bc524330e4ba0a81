"""Who may bring a file: an admin, as long as they are one and logged in, by a page that drew the field for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from lib.access.sessions import session_id
from lib.access.users import Role, UserRepository
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.errors import DatabaseUnavailableError, RefusedError
from lib.store.schema import sessions
from lib.store.state import StateStore
from lib.web.upload_permissions import PATH, UploadPermissions
from tests.page_client import Visitor, end_session, log_in, rerun
from tests.web.conftest import LoginApp
from tests.web.test_gateway import alone


def bring(visitor: Visitor, session: str) -> httpx.Response:
    return httpx.put(
        f"{visitor.address}/_stcore/upload_file/{session}/1",
        files={"file": ("calls.csv", b"id,audioDate\n1,2024-01-01\n")},
        headers={"X-Xsrftoken": visitor.token, "Origin": visitor.address},
        cookies=visitor.cookies,
        timeout=60,
    )


Claims = dict[str, object]


def demote(app: LoginApp, who: str, _: Claims) -> None:
    state = StateStore(app.settings)
    people = UserRepository(state, BUILT_IN)
    people.change(people.named(f"{who}@example.com").id, Role.ANALYST, EVERYTHING, "test")
    state.close()


def remove(app: LoginApp, who: str, _: Claims) -> None:
    state = StateStore(app.settings)
    people = UserRepository(state, BUILT_IN)
    people.remove(people.named(f"{who}@example.com").id, "test")
    state.close()


def log_out(app: LoginApp, _: str, claims: Claims) -> None:
    end_session(app.settings, claims)


def idle(app: LoginApp, _: str, claims: Claims) -> None:
    state = StateStore(app.settings)
    with state.transaction() as connection:
        long_ago = datetime.now(UTC) - timedelta(minutes=app.settings.session_idle_minutes + 1)
        mine = sessions.c.id == session_id(claims)
        connection.execute(sa.update(sessions).where(mine).values(seen_at=long_ago))
    state.close()


@pytest.mark.parametrize("end", [demote, remove, log_out, idle], ids=lambda end: end.__name__)
def test_a_permission_ends_with_what_it_rests_on(
    login_app: LoginApp, end: Callable[[LoginApp, str, Claims], None]
) -> None:
    """The page stays open and is not drawn again: it would only then notice by itself."""
    who = f"admin-{end.__name__}"
    state = StateStore(login_app.settings)
    UserRepository(state, BUILT_IN).add(f"{who}@example.com", Role.ADMIN, EVERYTHING, "test")
    state.close()
    visitor, claims = log_in(login_app.address, login_app.settings, who)
    with visitor.page() as page:
        page.draw()
        assert bring(visitor, page.session).status_code == 403  # this page has no field for files
        assert "Files with evaluations" in page.draw(rerun(page="data"))
        assert bring(visitor, page.session).status_code == 204
        end(login_app, who, claims)
        refused = bring(visitor, page.session)
        assert refused.status_code == 403 and "any more" in refused.text
        assert bring(visitor, page.session).status_code == 403
        assert "Files with evaluations" not in page.draw(rerun(page="data"))


def test_another_visitor_brings_none(login_app: LoginApp) -> None:
    state = StateStore(login_app.settings)
    UserRepository(state, BUILT_IN).add("looks@example.com", Role.VIEWER, EVERYTHING, "test")
    state.close()
    visitor, _ = log_in(login_app.address, login_app.settings, "looks")
    with visitor.page() as page:
        assert "This takes the role" in page.draw(rerun(page="data"))
        assert bring(visitor, page.session).status_code == 403


def test_where_the_database_is_away_nobody_brings_a_file() -> None:
    """Who it is can't be looked up; once it can, the page need not be drawn again."""
    away = True

    def check() -> None:
        if away:
            raise DatabaseUnavailableError("The database does not answer.")

    uploads = UploadPermissions()
    uploads.allow("mine", check)
    with pytest.raises(RefusedError, match="can't be looked up") as caught:
        alone(uploads.check(f"{PATH}mine/1"))
    assert caught.value.status == 503
    away = False
    alone(uploads.check(f"{PATH}mine/1"))
    uploads.end("mine")
    with pytest.raises(RefusedError, match="No file may be brought"):
        alone(uploads.check(f"{PATH}mine/1"))
