"""`callboard reports` as a user types it: beside the running app, and without one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from lib.settings import Settings
from lib.workspace import Workspace
from tests.command import run_command
from tests.mail_server import Inbox
from tests.scheduled_reports.conftest import SENDER, Order
from tests.serving import served

Command = Callable[..., subprocess.CompletedProcess[str]]


def variables_of(settings: Settings) -> dict[str, str]:
    return {
        "CALLBOARD_DATA_DIR": str(settings.data_dir),
        "CALLBOARD_DATABASE_URL": settings.database_url,
        "CALLBOARD_SMTP_URL": settings.smtp_url,
        "CALLBOARD_MAIL_FROM": SENDER,
        "CALLBOARD_MAIL_DOMAINS": settings.mail_domains,
        "CALLBOARD_SAMPLE": "off",
    }


@pytest.fixture
def command(settings: Settings) -> Command:
    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return run_command("reports", *arguments, variables={**variables_of(settings), **more})

    return call


@pytest.mark.parametrize("with_app", [False, True])
def test_reports_are_listed_and_sent(
    space: Workspace, order: Order, inbox: Inbox, command: Command, settings: Settings, *, with_app: bool
) -> None:
    report = order(page="campaigns", schedule={"cron": "0 8 * * 1", "timezone": "UTC"}, recipients=["adam@example.com"])
    rows = order(name="Rows", export={"report": "campaigns", "format": "csv"}, recipients=["guest@outside.example"])
    inbox.refused["nobody@outside.example"] = "550 no such user"
    bad = order(name="Bad", page="overview", recipients=["nobody@outside.example"])
    space.close()

    def ask() -> None:
        listed = command("list").stdout.splitlines()
        assert [line.split("  ")[1] for line in listed] == ["Bad", "Rows", "Weekly"]
        assert listed[2].startswith(report.id) and "T08:00:00" in listed[2] and "never sent" in listed[2]
        sent = command("send", report.id)
        assert (sent.returncode, sent.stdout) == (0, "adam@example.com: sent (250 OK)\nsent\n"), sent
        assert command("send", rows.id).returncode == 0
        failed = command("send", bad.id)
        assert failed.returncode == 1 and "550 no such user" in failed.stdout and "failed" in failed.stdout
        assert "last: sent" in command("list").stdout
        unknown = command("send", report.id[:-1])
        assert unknown.returncode != 0 and report.id in unknown.stderr

    if with_app:
        folder = settings.data_dir
        with served(folder, **{k: v for k, v in variables_of(settings).items() if k != "CALLBOARD_DATA_DIR"}):
            ask()
    else:
        ask()
    assert len(inbox.to("adam@example.com")) == len(inbox.to("guest@outside.example")) == 1
    assert inbox.to("nobody@outside.example") == []


@pytest.mark.parametrize("others", [["nobody@outside.example"], []])
def test_an_address_that_waits_for_another_try_is_not_reached(
    space: Workspace, order: Order, inbox: Inbox, command: Command, others: list[str]
) -> None:
    inbox.refused |= {"nobody@outside.example": "550 no such user", "later@outside.example": "451 try again later"}
    report = order(page="overview", recipients=["adam@example.com", *others, "later@outside.example"])
    space.close()
    sent = command("send", report.id)
    assert sent.returncode == 1 and sent.stdout.endswith("sending\n"), sent
    assert "adam@example.com: sent" in sent.stdout and "451 try again later" in sent.stdout


def test_without_a_mail_server_a_command_says_so(space: Workspace, order: Order, command: Command) -> None:
    report = order(page="campaigns", recipients=["adam@example.com"])
    space.close()
    failed = command("send", report.id, CALLBOARD_SMTP_URL="")
    assert failed.returncode == 1 and "CALLBOARD_SMTP_URL" in failed.stdout
