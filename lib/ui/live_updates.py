"""What the script of open pages asks for: the figures of the page Live, and the version of the data.

Both are for the same visitors as pages are, looked up anew each time, and neither counts as something that they do: a
session goes on to be idle meanwhile. A Live page that is kept awake, as on a wall, uses its session.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib import workspace
from lib.access.users import LOCAL, Role, User
from lib.alerts import alert_text
from lib.alerts.alert import Alert
from lib.alerts.figures_text import AlertFigures
from lib.alerts.states import AlertOverview, AlertState
from lib.analytics import queries
from lib.analytics.grants import Grant
from lib.analytics.minutes import undated
from lib.analytics.query import Filters
from lib.errors import CallboardError, InvalidParameterError
from lib.i18n import current, override_language, t
from lib.live.timed_answers import TimedAnswer
from lib.reports.live_page import live_page
from lib.reports.page_parameters import AWAKE
from lib.ui import live_html, markdown, streamlit_internals
from lib.web.turns import Turns
from lib.workspace import Workspace

log = logging.getLogger(__name__)

HAVE, LANGUAGE = "have", "lang"
"""Parameters of the script besides the page's: a digest of what it shows, and in which language."""

ALERT_SECONDS = 5
"""Seconds after which alerts are looked at again though the data have not changed: they fire a little later."""

FIGURE_THREADS = anyio.CapacityLimiter(64)
"""Threads that work out figures, or wait for their turn, so that pages and other questions have theirs."""

FIGURE_TURNS = Turns(of_one=2, in_all=4)
"""Figures that are worked out at once, of one person and of all."""


@dataclass(frozen=True, slots=True)
class LiveRegions:
    """The regions of the page Live as HTML, what is heard of them, and a digest of all."""

    regions: Mapping[str, str]
    said: str
    digest: str


def figures(space: Workspace, filters: Filters, person: User) -> TimedAnswer[LiveRegions]:
    """Return the page Live of a selection for a person, in the language in use; all who ask the same share it."""
    chosen, language = undated(filters), current()
    now = datetime.now(UTC).replace(second=0, microsecond=0)

    def work_out() -> LiveRegions:
        page = live_page(space.answers, space.calendar, chosen, now)
        drawn, said = live_html.regions(page), str(page.said)
        return LiveRegions(drawn, said, _digest([*drawn.values(), said]))

    found = space.timed_answers.get((chosen, language), now, work_out)
    fires = _firing(space, person)
    if fires is None:
        return found
    shared = found.answer
    own = LiveRegions({**shared.regions, "alerts": fires}, shared.said, _digest([shared.digest, fires]))
    return TimedAnswer(own, found.as_of)


def _firing(space: Workspace, person: User) -> str | None:
    """Return the alerts that fire, of those that a person may see; None for who may see none."""
    if not person.may(Role.ANALYST):
        return None
    owner = None if person.may(Role.ADMIN) else person.id

    def work_out() -> str:
        listed, _ = space.alerts.all_of(owner)
        overviews = space.alerts.overviews([each.id for each in listed])
        firing = [each for each in listed if overviews[each.id].state is AlertState.FIRING]
        return live_html.alerts(
            [(each.definition.name, _how_it_fires(space, each, overviews[each.id], person.grant)) for each in firing]
        )

    moment = int(monotonic()) // ALERT_SECONDS
    return space.timed_answers.get((AlertState.FIRING, owner, person.grant, current()), moment, work_out).answer


def _how_it_fires(space: Workspace, alert: Alert, overview: AlertOverview, grant: Grant) -> str:
    """Return an alert's state, and of the worst that it watches the value, the threshold and since when it fires."""
    state = alert_text.state_text(alert, overview)
    members = [overview.worst] if overview.worst else []
    if not alert_text.visible(members, alert.definition, space.catalog, grant):
        return state
    worst = members[0]
    figures_of = AlertFigures(alert.definition, space.catalog, space.settings.zone)
    since = t("since {time}", time=figures_of.instant(worst.settled_since))
    return " · ".join([state, alert_text.worst_text(figures_of, worst), since])


def time_of(space: Workspace, found: TimedAnswer[LiveRegions]) -> str:
    """Return the time up to which figures hold, on the workspace's clock."""
    return f"{found.as_of.astimezone(space.settings.zone):%H:%M:%S}"


def source(filters: Filters) -> list[tuple[str, str]]:
    """Return the parameters by which the script asks for the figures of a selection, in the language in use."""
    asked = undated(filters).to_parameters()
    return [*((name, value) for name, values in asked.items() for value in values), (LANGUAGE, current())]


async def _figures(request: Request) -> Response:
    """Answer with what changed since the script asked last; a flood of questions slows nobody else."""
    return await anyio.to_thread.run_sync(_changed_figures, request, limiter=FIGURE_THREADS)


def _changed_figures(request: Request) -> Response:
    with override_language(request.query_params.get(LANGUAGE, "")):
        try:
            space, person = _entered(request, is_use=request.query_params.get(AWAKE) == "true")
            if person is None:
                return _problem(401, t("Your session has ended. Log in again to go on."))
            parameters = {name: request.query_params.getlist(name) for name in request.query_params}
            parameters = {name: values for name, values in parameters.items() if name not in (AWAKE, HAVE, LANGUAGE)}
            filters = Filters.from_parameters(parameters, space.settings.zone, person.grant, space.catalog)
            with FIGURE_TURNS.take(person.id):
                found = figures(space, filters, person)
        except CallboardError as error:
            return _failed(error)
    age = max(0.0, (datetime.now(UTC) - found.as_of).total_seconds())
    body: dict[str, Any] = {"asOf": time_of(space, found), "age": round(age, 3), "have": found.answer.digest}
    if request.query_params.get(HAVE) != found.answer.digest:
        body |= {"regions": found.answer.regions, "said": found.answer.said}
    return _json(body)


def _data_version(request: Request) -> Response:
    """Answer with the version of the data, and the words that tell of it on a page that was drawn before."""
    with override_language(request.query_params.get(LANGUAGE, "")):
        try:
            space, person = _entered(request)
            if person is None:
                return _problem(401, t("Your session has ended. Log in again to go on."))
            status = space.answers.run(queries.status)
        except CallboardError as error:
            return _failed(error)
        changed = f"{status.changed_at.astimezone(space.settings.zone):%H:%M}"
        return _json({"version": status.data_version, "words": t("New data, {time} – refresh", time=changed)})


def _entered(request: Request, *, is_use: bool = False) -> tuple[Workspace, User | None]:
    """Return the workspace, and who asks by the cookies of their log-in; nobody where they may see no page."""
    space = workspace.current()
    if not space.settings.has_login:
        return space, LOCAL
    claims = streamlit_internals.login_claims(request.cookies)
    if claims is None:
        return space, None
    check = space.sessions.enter(claims) if is_use else space.sessions.look(claims)
    person = check.person
    return space, person if person is not None and person.may(Role.VIEWER) else None


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})


def _failed(error: CallboardError) -> Response:
    """Answer with what is wrong with a question, or with the database."""
    log.warning("A page's script could not be answered: %s", error.message)
    return _problem(400 if isinstance(error, InvalidParameterError) else 503, markdown.problem_text(error))


def _problem(status: int, why: str) -> Response:
    return _json({"problem": why}, status)


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]


ROUTES = (Route("/live/figures", _figures), Route("/data_version", _data_version))
"""Where browsers ask; in threads, as each looks into the databases."""
