"""A workspace with calls of two centers, people who see one of them, and a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lib.access.owners import Owner
from lib.access.users import LOCAL, Role
from lib.analytics import queries
from lib.analytics.grants import EVERYTHING, Grant
from lib.delivery.mail_sender import MailAccount, MailSender
from lib.delivery.outbox import Delivery
from lib.scheduled_reports.definition import DefinitionReader
from lib.scheduled_reports.repository import ScheduledReport
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import Load
from tests.mail_server import Inbox, mail_server

HEAD = "id,audioDate,state,averageNote,callCenterId,callCenterName,campaignId,campaignName,executiveId,executiveName\n"
CALLS = HEAD + "".join(
    f"{n},2026-0{n % 3 + 4}-{n % 27 + 1:02}T12:00:00Z,Completed,{n % 11},{c},{name},k{n % 2},Camp {n % 2},x{c}{n % 3},"
    f"Agent {name} {n % 3}\n"
    for c, name in (("n", "North"), ("s", "South"))
    for n in range(c == "s", 240, 2)
)
"""120 calls of each of two centers in April, May and June 2026."""

SENDER = "Callboard <calls@example.com>"
OWNER = Owner(LOCAL.actor, LOCAL.id)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, inbox: Inbox) -> Settings:
    """Give settings with a mail server."""
    return settings.model_copy(
        update={
            "smtp_url": inbox.url,
            "mail_from": SENDER,
            "mail_domains": "outside.example",
            "base_url": "https://calls.example.com",
        }
    )


@pytest.fixture
def space(workspace: Workspace, load: Load) -> Workspace:
    """Give a workspace with calls, Nora who sees the north, Adam who sees everything, and an admin."""
    load(CALLS)
    workspace.people.add("nora@example.com", Role.VIEWER, Grant.of({"callCenter": ["n"]}), "test")
    workspace.people.add("adam@example.com", Role.ANALYST, EVERYTHING, "test")
    workspace.people.add("boss@example.com", Role.ADMIN, EVERYTHING, "test")
    return workspace


Order = Callable[..., ScheduledReport]


@pytest.fixture
def order(space: Workspace) -> Order:
    """Keep a report of some body."""

    def run(owner: Owner = OWNER, **body: Any) -> ScheduledReport:
        addresses = body.get("recipients", ())
        accounts = {each: space.owners.person(each) is not None for each in addresses}
        reader = DefinitionReader(space.catalog, space.calendar, accounts, space.settings.mail_domain_names)
        version = space.answers.run(queries.status).data_version
        return space.outgoing.reports.add(reader.read({"name": "Weekly", **body}), owner, version)

    return run


def send_mail(space: Workspace, on_end: Callable[[Delivery], None] | None = None) -> int:
    """Send what waits in the outbox, as the app's thread does."""
    server = space.settings.mail_server
    assert server is not None
    account = MailAccount(server, SENDER, "calls@example.com")
    outgoing = space.outgoing
    ended = on_end or outgoing.runner.on_delivery_end
    return MailSender(space.outbox, account, outgoing.unsubscribe_link, ended).send_batch()
