"""Grants drawn at random: nothing that a mail holds, its files and links included, lies outside of one."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import product

import pytest

from lib.analytics.grants import Grant
from lib.delivery.mail_message import mail_message
from lib.scheduled_reports.content import page_content
from lib.workspace import Workspace
from tests.conftest import Load
from tests.scheduled_reports.conftest import SENDER, Order
from tests.scheduled_reports.test_reports import all_of

CENTERS, CAMPAIGNS = ("Norte", "Sur", "Este"), ("Ventas", "Soporte", "Cobranza")
HEAD = "id,audioDate,state,averageNote,callCenterId,callCenterName,campaignId,campaignName,executiveId,executiveName\n"
PAGES = ("overview", "campaigns", "call_centers", "executives", "evaluations", "drivers")
PERIOD = {"dateFrom": "2026-05-01", "dateTo": "2026-05-31"}
DRAWS = 3


def person(center: str, campaign: str) -> str:
    """Return the name of the one executive of a center and a campaign."""
    return f"Persona{center}{campaign}"


@pytest.mark.parametrize("page", PAGES)
def test_no_mail_holds_what_its_recipient_may_not_see(
    workspace: Workspace, load: Load, order: Order, page: str
) -> None:
    rows = (
        f"{c}{k}{n},2026-0{n % 2 + 4}-{n % 28 + 1:02}T12:00:00Z,Completed,{(n * 7) % 11},{c},Centro{c},{k},Campana{k},"
        f"{c}{k},{person(c, k)}\n"
        for (c, k), n in product(product(CENTERS, CAMPAIGNS), range(40))
    )
    load(HEAD + "".join(rows))
    chance = random.Random(page)
    report = order(page=page, parameters=PERIOD, attachments=["pdf", "xlsx", "csv"])
    for _ in range(DRAWS):
        centers = chance.sample(CENTERS, chance.randint(1, 3))
        campaigns = chance.sample(CAMPAIGNS, chance.randint(1, 3))
        limits = {"callCenter": centers, "campaign": campaigns if chance.random() < 0.7 else None}
        seen = campaigns if limits["campaign"] is not None else list(CAMPAIGNS)
        content = page_content(report, Grant.of(limits), workspace)
        message = mail_message(content, "dlv_1", SENDER, "ann@example.com", datetime.now(UTC), "https://x.example/u")
        text = all_of(message)
        count = len(centers) * len(seen) * 20
        assert f"{count} evaluations" in text
        for center, campaign in product(CENTERS, CAMPAIGNS):
            if center not in centers or campaign not in seen:
                assert person(center, campaign) not in text and f"{center}{campaign}" not in text
        for name in {f"Centro{each}" for each in CENTERS if each not in centers}:
            assert name not in text
        for name in {f"Campana{each}" for each in CAMPAIGNS if each not in seen}:
            assert name not in text
        if page == "executives":
            assert all(person(*each) in text for each in product(centers, seen))
