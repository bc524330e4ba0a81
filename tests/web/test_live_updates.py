"""What open pages ask for by themselves: for whom it is, and that it is no action of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from lib import workspace
from lib.access.sessions import session_id
from lib.access.users import Role, UserRepository
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN
from lib.store.schema import sessions
from lib.store.state import StateStore
from lib.ui import live_updates
from tests.page_client import Visitor, end_session, log_in, rerun
from tests.web.conftest import LoginApp

PATHS = ("live/figures", "data_version")


def ask(visitor: Visitor, path: str, **parameters: Any) -> httpx.Response:
    return httpx.get(f"{visitor.address}/{path}", params=parameters, cookies=visitor.cookies, timeout=60)


def arrive(app: LoginApp, who: str, role: Role, grant: Grant = EVERYTHING) -> tuple[Visitor, dict[str, object]]:
    """Log somebody in whose session has begun."""
    state = StateStore(app.settings)
    UserRepository(state, BUILT_IN).add(f"{who}@example.com", role, grant, "test")
    state.close()
    visitor, claims = log_in(app.address, app.settings, who)
    with visitor.page() as page:
        page.draw(rerun(page="live"))
    return visitor, claims


def seen_at(app: LoginApp, claims: dict[str, object], to: datetime | None = None) -> datetime:
    """Return when a session was last used; set it before where that is asked."""
    mine, state = sessions.c.id == session_id(claims), StateStore(app.settings)
    with state.transaction() as connection:
        if to is not None:
            connection.execute(sa.update(sessions).where(mine).values(seen_at=to))
        found: datetime = connection.execute(sa.select(sessions.c.seen_at).where(mine)).scalar_one()
    state.close()
    return found


@pytest.mark.parametrize("path", PATHS)
def test_nobody_is_answered_without_a_good_session(login_app: LoginApp, path: str) -> None:
    stranger = ask(Visitor(login_app.address), path)
    assert (stranger.status_code, stranger.json()) == (
        401,
        {"problem": "Your session has ended. Log in again to go on."},
    )
    visitor, claims = arrive(login_app, f"ends-{path.replace('/', '-')}", Role.VIEWER)
    assert ask(visitor, path).status_code == 200
    assert ask(visitor, path).headers["cache-control"] == "no-store"
    end_session(login_app.settings, claims)
    assert ask(visitor, path, lang="es").status_code == 401
    nobody, _ = arrive(login_app, f"waits-{path.replace('/', '-')}", Role.NONE)
    assert ask(nobody, path).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_asking_is_no_use_of_a_session(login_app: LoginApp, path: str) -> None:
    """It would never be idle; on a wall, where the page is kept awake, it shall not be."""
    visitor, claims = arrive(login_app, f"idle-{path.replace('/', '-')}", Role.VIEWER)
    before = datetime.now(UTC) - timedelta(hours=1)
    seen_at(login_app, claims, before)
    assert ask(visitor, path).status_code == 200
    assert seen_at(login_app, claims) == before
    if path == "live/figures":
        assert ask(visitor, path, awake="true").status_code == 200
        assert seen_at(login_app, claims) > before
    seen_at(login_app, claims, datetime.now(UTC) - timedelta(minutes=login_app.settings.session_idle_minutes + 1))
    assert ask(visitor, path, awake="true").status_code == 401


def test_grants_and_roles_hold_at_the_next_question(login_app: LoginApp) -> None:
    root, _ = log_in(login_app.address, login_app.settings, "root")
    with root.page() as page:
        page.draw()
    visitor, _ = arrive(login_app, "limited", Role.ANALYST, Grant.of({"callCenter": ["North"]}))
    everything, first = ask(root, "live/figures").json(), ask(visitor, "live/figures").json()
    assert "alerts" in everything["regions"] and "alerts" in first["regions"]
    again = ask(visitor, "live/figures", have=first["have"]).json()
    assert again.keys() == {"asOf", "age", "have"} and again["have"] == first["have"], "nothing changed"
    state = StateStore(login_app.settings)
    people = UserRepository(state, BUILT_IN)
    limited = people.named("limited@example.com").id
    people.change(limited, Role.VIEWER, EVERYTHING, "test")
    assert "alerts" not in ask(visitor, "live/figures").json()["regions"]
    people.remove(limited, "test")
    state.close()
    assert ask(visitor, "live/figures").status_code == 401


def test_what_can_not_be_asked_is_told(login_app: LoginApp) -> None:
    visitor, _ = arrive(login_app, "asks", Role.VIEWER)
    wrong = ask(visitor, "live/figures", **{"field.gone": "x"})
    assert wrong.status_code == 400 and "field.gone" in wrong.json()["problem"]
    spanish = ask(visitor, "live/figures", lang="es").json()
    assert spanish["said"] == "0 evaluaciones hoy, puntaje promedio –."
    assert "Todavía no hay evaluaciones de hoy" in spanish["regions"]["cards"]
    assert ask(visitor, "data_version", lang="es").json()["words"].startswith("Datos nuevos, ")


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """Give the routes alone, in this process."""
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    yield Starlette(routes=live_updates.ROUTES)
    workspace.close_current()


def test_figures_that_wait_for_their_turn_hold_up_nothing_else(routes: Starlette) -> None:
    most = 50  # more than there are threads for all that has none of its own

    async def flood() -> None:
        transport = httpx.ASGITransport(routes)
        async with httpx.AsyncClient(transport=transport, base_url="http://callboard") as client:
            with ExitStack() as turns:
                for person in "abcd":
                    turns.enter_context(live_updates.FIGURE_TURNS.take(person))
                asked = [asyncio.create_task(client.get(f"/live/figures?campaignId={each}")) for each in range(most)]
                while live_updates.FIGURE_THREADS.borrowed_tokens < most:
                    await asyncio.sleep(0.01)
                assert (await client.get("/data_version")).status_code == 200
                assert not any(each.done() for each in asked)
            assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}

    asyncio.run(flood())
