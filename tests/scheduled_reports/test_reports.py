"""Reports from their order to the inbox: who gets what, when, as what, and what becomes of what fails."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pypdf
import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.audit_log import AuditFilter
from lib.access.owners import Owner
from lib.access.users import Role
from lib.analytics import queries
from lib.analytics.calendar import Calendar
from lib.analytics.grants import EVERYTHING, Grant
from lib.errors import CallboardError, InvalidParameterError
from lib.errors.report_codes import ReportCode
from lib.scheduled_reports import report_json
from lib.scheduled_reports.definition import ReportDefinition
from lib.scheduled_reports.repository import PauseReason, ReportStatus, ScheduledReport, unsubscribe
from lib.scheduled_reports.runs import RunReason, RunStatus
from lib.store.outgoing_schema import report_runs, reports
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters
from tests.mail_server import Inbox
from tests.scheduled_reports.conftest import CALLS, HEAD, OWNER, SENDER, Order, send_mail

PERIOD = {"dateFrom": "2026-04-01", "dateTo": "2026-06-30"}
PARSED = make_filters(date_from=date(2026, 4, 1), date_to=date(2026, 6, 30))
MONDAYS = {"cron": "0 8 * * 1", "timezone": "America/Santiago"}


def run_now(space: Workspace, report: ScheduledReport, recipient: str | None = None) -> Any:
    """Send a report as the app does, and return its run as programs read it."""
    number = space.outgoing.send_now(report, recipient)
    while space.outgoing.runner.make_next():
        pass
    while send_mail(space):
        pass
    return body_of(space, number)


def body_of(space: Workspace, number: str) -> Any:
    run = space.outgoing.runs.get(number)
    assert run is not None
    return report_json.run_body(run, space.outbox.of_causes([number])[number], SENDER)


def states(run: Any) -> dict[str, str]:
    return {each["address"]: each["status"] for each in run["recipients"]}


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def attachment(message: EmailMessage, ending: str) -> bytes:
    content = next(each for each in message.iter_attachments() if str(each.get_filename()).endswith(ending))
    return bytes(content.get_payload(decode=True))


def all_of(message: EmailMessage) -> str:
    """Return all that a mail says, its files included."""
    texts = [str(message["Subject"]), part(message, "plain"), part(message, "html")]
    for each in message.iter_attachments():
        content = bytes(each.get_payload(decode=True))
        name = str(each.get_filename())
        if name.endswith(".pdf"):
            texts += [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
        elif name.endswith(".xlsx"):
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
            texts += [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        else:
            texts.append(content.decode("utf-8-sig"))
    return "\n".join(texts)


def test_a_report_arrives_with_its_files(space: Workspace, order: Order, inbox: Inbox) -> None:
    report = order(
        page="call_centers", parameters=PERIOD, recipients=["adam@example.com"], attachments=["pdf", "xlsx", "csv"]
    )
    run = run_now(space, report)
    assert run["status"] == "sent" and run["error"] is None and run["reason"] == "hand"
    (message,) = inbox.to("adam@example.com")
    (line,) = run["recipients"]
    assert line["messageId"] == message["Message-ID"] and line["answer"] == "250 OK" and line["bytes"] > 10_000
    total = space.answers.run(queries.summary, PARSED, space.calendar).sums
    score = f"{total['score_sum'] / total['scored'] / 10_000:.2f}"
    assert score in part(message, "plain") and score in part(message, "html")
    assert "https://calls.example.com/call_centers?dateFrom=2026-04-01&dateTo=2026-06-30" in part(message, "plain")
    rows = list(csv.DictReader(io.StringIO(attachment(message, ".csv").decode("utf-8-sig"))))
    assert {row["Call center"]: row["Evaluations"] for row in rows} == {
        "Total": "240",
        "North": "120",
        "South": "120",
    }
    assert "South" in all_of(message)
    assert message["List-Unsubscribe"].startswith(f"<https://calls.example.com/v1/unsubscribe/{report.id}?")


def test_the_link_opens_the_period_that_the_mail_shows(
    space: Workspace, order: Order, load: Load, inbox: Inbox
) -> None:
    """Pages begin with the last 90 days of the data: those that one may see."""
    load(HEAD + "old,2025-01-01T12:00:00Z,Completed,7,n,North,k1,Camp 1,xn1,Agent\n")
    load(HEAD + "new,2026-07-02T12:00:00Z,Completed,7,s,South,k1,Camp 1,xs1,Agent\n")
    run_now(space, order(page="overview", recipients=["nora@example.com", "adam@example.com"]))
    for address, dates in (
        ("nora@example.com", "dateFrom=2026-03-30&dateTo=2026-06-27"),
        ("adam@example.com", "dateFrom=2026-04-04&dateTo=2026-07-02"),
    ):
        assert (
            f"Open in Callboard: https://calls.example.com/?{dates}" in part(inbox.to(address)[0], "plain").splitlines()
        )
    run_now(space, order(page="overview", parameters={"period": "all"}, recipients=["boss@example.com"]))
    said = part(inbox.to("boss@example.com")[0], "plain")
    assert "Open in Callboard: https://calls.example.com/?period=all" in said.splitlines()


def test_files_that_fit_are_attached_and_others_linked(
    space: Workspace, order: Order, load: Load, inbox: Inbox
) -> None:
    """12,000 evaluations of long names: their CSV has more than 5 MB, the PDF has the first rows of it."""
    name = "Long name " * 18
    load(
        HEAD + "".join(f"m{n},2026-01-{n % 28 + 1:02},Completed,7,s,{name},k,{name},x,{name}\n" for n in range(12_000))
    )
    parameters = {"dateFrom": "2026-01-01", "dateTo": "2026-01-31"}
    report = order(
        page="evaluations", parameters=parameters, recipients=["adam@example.com"], attachments=["pdf", "csv"]
    )
    run = run_now(space, report)
    assert run["status"] == "sent", run
    (message,) = inbox.to("adam@example.com")
    assert [str(each.get_filename())[-4:] for each in message.iter_attachments()] == [".pdf"]
    assert attachment(message, ".pdf").startswith(b"%PDF") and run["recipients"][0]["bytes"] < 5_000_000
    plain = part(message, "plain")
    assert re.search(r"\.csv \(12,000 rows, \d\.\d MB\): https://calls\.example\.com/v1/", plain), plain[:900]
    assert "What is too large for a mail is linked; the links are good for" in plain and ".pdf (" not in plain


def test_a_csv_of_nothing_is_said_to_be_missing(space: Workspace, order: Order, inbox: Inbox) -> None:
    parameters = {**PERIOD, "campaignId": "camp_nope"}
    report = order(page="campaigns", parameters=parameters, recipients=["adam@example.com"], attachments=["pdf", "csv"])
    assert run_now(space, report)["status"] == "sent"
    (message,) = inbox.to("adam@example.com")
    assert "There is no CSV file: the page has no table for this selection." in part(message, "plain")
    assert [str(each.get_filename())[-4:] for each in message.iter_attachments()] == [".pdf"]


def test_each_gets_what_they_may_see(space: Workspace, order: Order, inbox: Inbox) -> None:
    """The north alone for who sees the north, in every part; the owner's for who has no account."""
    report = order(
        page="executives",
        parameters=PERIOD,
        recipients=["nora@example.com", "adam@example.com", "guest@outside.example"],
        attachments=["pdf", "xlsx", "csv"],
    )
    run = run_now(space, report)
    assert set(states(run).values()) == {"sent"}
    (nora,), (adam,), (guest,) = (inbox.to(each) for each in report.definition.recipients)
    assert "South" not in all_of(nora) and "North" in all_of(nora) and "xs" not in all_of(nora)
    assert "South" in all_of(adam) and "South" in all_of(guest)
    assert "120 evaluations" in part(nora, "plain") and "240 evaluations" in part(adam, "plain")


def test_a_limited_key_sends_its_own_grant_to_who_has_no_account(space: Workspace, order: Order, inbox: Inbox) -> None:
    _, key = api_keys.create(
        space.state, "robot", ["reports:write"], "test", Grant.of({"callCenter": ["s"]}), space.catalog
    )
    report = order(
        Owner.of_key(key),
        page="call_centers",
        parameters=PERIOD,
        recipients=["guest@outside.example"],
        attachments=["csv"],
    )
    assert run_now(space, report)["status"] == "sent"
    assert "North" not in all_of(inbox.to("guest@outside.example")[0])
    api_keys.revoke(space.state, key.prefix, "test")
    run = run_now(space, report)
    assert run["status"] == "failed" and "robot" in run["error"] and run["recipients"] == []
    kept = space.outgoing.reports.get(report.id)
    assert kept is not None and kept.status is ReportStatus.PAUSED and kept.pause_reason is PauseReason.OWNER_GONE
    assert len(inbox.to("guest@outside.example")) == 1
    (notice,) = inbox.to("boss@example.com")  # an admin is told
    assert "robot" in part(notice, "plain") and notice["List-Unsubscribe"] is None


def test_who_lost_all_rights_gets_none(space: Workspace, order: Order, inbox: Inbox) -> None:
    addresses = ["nora@example.com", "adam@example.com", "guest@outside.example"]
    report = order(page="overview", parameters=PERIOD, recipients=addresses)
    nora, adam = (space.people.named(each) for each in addresses[:2])
    space.people.change(nora.id, Role.NONE, EVERYTHING, "test")
    space.people.remove(adam.id, "test")
    space.settings = space.settings.model_copy(update={"mail_domains": ""})
    run = run_now(space, report)
    assert set(states(run).values()) == {"skipped"} and run["status"] == "skipped"
    answers = [each["answer"] for each in run["recipients"]]
    assert answers.count("This person has no access any more.") == 2
    assert "Mail may not go to this domain any more." in answers
    assert inbox.messages == []


def test_who_unsubscribed_gets_none_but_may_send_to_themselves(space: Workspace, order: Order, inbox: Inbox) -> None:
    report = order(page="overview", parameters=PERIOD, recipients=["nora@example.com", "adam@example.com"])
    unsubscribe(space.state, report.id, "nora@example.com")
    assert states(run_now(space, report)) == {"nora@example.com": "skipped", "adam@example.com": "sent"}
    assert states(run_now(space, report, "nora@example.com")) == {"nora@example.com": "sent"}
    assert len(inbox.to("nora@example.com")) == 1


def test_nothing_is_sent_half(space: Workspace, order: Order, inbox: Inbox) -> None:
    """A view that is gone: nobody gets anything; again after 1, 5 and 30 minutes; then owner and admin are told."""
    adam = space.people.named("adam@example.com")
    view = space.views.save(adam.id, "Mine", "campaigns", {"state": ["Completed"]})
    owner = Owner(adam.actor, adam.id)
    report = order(owner, view=view.id, recipients=["nora@example.com", "guest@outside.example"])
    run = run_now(space, report)
    assert run["status"] == "sent", run["error"]
    inbox.messages.clear()
    space.views.delete(view.id, adam.id)
    number = space.outgoing.send_now(report)
    for wait in (1, 5, 30):
        assert space.outgoing.runner.make_next() and not space.outgoing.runner.make_next()
        assert body_of(space, number)["status"] == "queued" and view.id in body_of(space, number)["error"]
        with space.state.transaction() as connection:
            (at,) = connection.execute(sa.select(report_runs.c.try_at).where(report_runs.c.id == number)).scalars()
            assert abs(at - datetime.now(UTC) - timedelta(minutes=wait)) < timedelta(seconds=30)
            connection.execute(
                sa.update(report_runs).where(report_runs.c.id == number).values(try_at=datetime.now(UTC))
            )
    assert space.outgoing.runner.make_next()
    assert body_of(space, number)["status"] == "failed"
    send_mail(space)
    assert sorted(to for to, _ in inbox.messages) == ["adam@example.com", "boss@example.com"]


def test_one_of_three_is_refused(space: Workspace, order: Order, inbox: Inbox) -> None:
    inbox.refused["nora@example.com"] = "550 no such user"
    addresses = ["nora@example.com", "adam@example.com", "guest@outside.example"]
    run = run_now(space, order(page="overview", parameters=PERIOD, recipients=addresses))
    assert states(run) == {"nora@example.com": "failed", "adam@example.com": "sent", "guest@outside.example": "sent"}
    assert run["status"] == "failed" and "1 of 3" in run["error"]
    assert [each["answer"] for each in run["recipients"] if each["status"] == "failed"] == ["550 no such user"]
    assert len(inbox.to("boss@example.com")) == 1 and len(inbox.to("adam@example.com")) == 1


def test_without_a_mail_server_a_run_says_so(space: Workspace, order: Order) -> None:
    space.settings = space.settings.model_copy(update={"smtp_url": ""})
    report = order(page="overview", recipients=["adam@example.com"])
    number = space.outgoing.send_now(report)
    assert space.outgoing.runner.make_next()
    assert "CALLBOARD_SMTP_URL" in body_of(space, number)["error"] and body_of(space, number)["status"] == "failed"


def test_an_export_is_a_file_or_a_link(space: Workspace, order: Order, inbox: Inbox) -> None:
    space.start_workers()
    body = {"report": "evaluations", "format": "csv", "callCenterId": ["n"], **PERIOD}
    report = order(export=body, recipients=["nora@example.com", "adam@example.com"])
    number = space.outgoing.send_now(report)
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while (run := space.outgoing.runs.get(number)) and run.finished_at is None and datetime.now(UTC) < deadline:
        pass
    assert body_of(space, number)["status"] == "sent"
    for address in report.definition.recipients:
        rows = list(csv.DictReader(io.StringIO(attachment(inbox.to(address)[0], ".csv").decode("utf-8-sig"))))
        assert len(rows) == 120 and {row["callCenterName"] for row in rows} == {"North"}
        assert "120 rows" in inbox.to(address)[0]["Subject"]


def test_relative_periods_stay_relative(space: Workspace, order: Order) -> None:
    report = order(page="overview", parameters={"period": "last7", "campaignId": "k1"}, recipients=["adam@example.com"])
    assert report.definition.to_json()["parameters"] == {"period": "last7", "campaignId": "k1"}
    from lib.scheduled_reports.content import reported_page

    def on(day: date) -> dict[str, list[str]]:
        class Dated:
            calendar = Calendar(ZoneInfo("UTC"), "monday", day)
            views = space.views

        return reported_page(report, Dated()).parameters  # type: ignore[arg-type]

    assert on(date(2026, 6, 10)) == {"campaignId": ["k1"], "dateFrom": ["2026-06-04"], "dateTo": ["2026-06-10"]}
    assert on(date(2026, 7, 1))["dateFrom"] == ["2026-06-25"]


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_another_zone_has_its_own_days(space: Workspace, order: Order, inbox: Inbox, zone: str) -> None:
    period = {"period": "yesterday", "timezone": zone}
    report = order(page="campaigns", parameters=period, recipients=["adam@example.com"])
    assert run_now(space, report)["status"] == "sent"
    text = part(inbox.to("adam@example.com")[0], "plain")
    yesterday = datetime.now(ZoneInfo(zone)).date() - timedelta(days=1)
    assert zone in text and f"dateFrom={yesterday}&dateTo={yesterday}" in text.replace(f"timezone={zone}&", "")


def test_what_waits_by_hand_waits_once_and_behind_what_is_due(space: Workspace, order: Order) -> None:
    one = order(page="overview", recipients=["adam@example.com"])
    two = order(page="overview", schedule=MONDAYS, recipients=["adam@example.com"])
    first = space.outgoing.send_now(one)
    assert space.outgoing.send_now(one) == first and space.outgoing.send_now(one, "adam@example.com") != first
    due(space, two, datetime.now(UTC) - timedelta(minutes=1))
    space.outgoing.runner.look_ahead(datetime.now(UTC))
    claimed = space.outgoing.runs.claim()
    assert claimed is not None and claimed.report == two.id


def test_owners_take_turns(space: Workspace, order: Order) -> None:
    """Six reports of Adam are due, two of Nora; what a third one sends by hand waits for one of each at most."""
    people = {name: space.people.named(f"{name}@example.com") for name in ("adam", "nora", "boss")}
    owners = {name: Owner(person.actor, person.id) for name, person in people.items()}
    names = {}
    for name, count in (("adam", 6), ("nora", 2)):
        for _ in range(count):
            report = order(owners[name], page="overview", schedule=MONDAYS, recipients=["adam@example.com"])
            names[report.id] = name
            due(space, report, datetime.now(UTC) - timedelta(minutes=1))
    runner, runs = space.outgoing.runner, space.outgoing.runs
    runner.look_ahead(datetime.now(UTC))
    by_hand = order(owners["boss"], page="overview", recipients=["adam@example.com"])
    names[by_hand.id] = "boss"
    space.outgoing.send_now(by_hand)
    turns = []
    while (run := runs.claim()) is not None:
        turns.append(names[run.report])
    assert set(turns[:3]) == {"adam", "nora", "boss"} and set(turns[3:5]) == {"adam", "nora"}
    assert turns[5:] == ["adam"] * 4


def due(space: Workspace, report: ScheduledReport, at: datetime) -> None:
    with space.state.transaction() as connection:
        connection.execute(sa.update(reports).where(reports.c.id == report.id).values(next_at=at))


def test_what_was_missed_goes_out_once_and_says_so(space: Workspace, order: Order, inbox: Inbox) -> None:
    report = order(
        page="overview",
        parameters=PERIOD,
        schedule={"cron": "0 * * * *", "timezone": "America/Santiago"},
        recipients=["adam@example.com"],
    )
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    last = now.replace(minute=0)
    due(space, report, last - timedelta(hours=5))
    space.outgoing.runner.look_ahead(now)
    space.outgoing.runner.look_ahead(now)
    while space.outgoing.runner.make_next():
        pass
    send_mail(space)
    (message,) = inbox.to("adam@example.com")
    assert "This was due at" in part(message, "plain") and "America/Santiago" in part(message, "plain")
    listed, _ = space.outgoing.runs.of_report(report.id, 0, 10)
    assert [(run.status, run.due_at) for run in listed] == [
        (RunStatus.SENT, last),
        (RunStatus.SKIPPED, last - timedelta(hours=5)),
    ]


def test_what_is_a_day_late_goes_out_no_more(space: Workspace, order: Order) -> None:
    other_day = (datetime.now(UTC) + timedelta(days=3)).isoweekday() % 7  # so that it is not due by itself today
    weekly = {"cron": f"0 8 * * {other_day}", "timezone": "UTC"}
    report = order(page="overview", schedule=weekly, recipients=["adam@example.com"])
    due(space, report, datetime.now(UTC) - timedelta(hours=25))
    space.outgoing.runner.look_ahead(datetime.now(UTC))
    assert not space.outgoing.runner.make_next()
    ((run,), _) = space.outgoing.runs.of_report(report.id, 0, 10)
    assert run.status is RunStatus.SKIPPED and run.error is not None and run.error.code is ReportCode.TOO_LATE


def test_after_an_import_once_for_a_period(space: Workspace, order: Order, load: Load, inbox: Inbox) -> None:
    today = space.calendar.today
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    report = order(
        page="overview",
        parameters={"period": "lastMonth"},
        schedule={"after": "import"},
        recipients=["adam@example.com"],
    )
    runner = space.outgoing.runner

    def runs() -> int:
        runner.look_ahead(datetime.now(UTC))
        return space.outgoing.runs.of_report(report.id, 0, 10)[1]

    assert runs() == 0  # nothing was imported since
    load(HEAD + f"a,{first}T12:00:00Z,Completed,5,n,North,,,,\n")
    assert runs() == 0  # the month is not in yet
    load(HEAD + f"b,{today.replace(day=1) - timedelta(days=1)}T12:00:00Z,Completed,5,n,North,,,,\n")
    assert runs() == 1 and runs() == 1
    load(HEAD + f"c,{today}T12:00:00Z,Completed,5,n,North,,,,\n")
    assert runs() == 1  # the same month
    while runner.make_next():
        pass
    send_mail(space)
    assert len(inbox.messages) == 1
    ((run,), _) = space.outgoing.runs.of_report(report.id, 0, 10)
    assert run.reason is RunReason.IMPORT and run.status is RunStatus.SENT


def test_pause_resume_hand_over_delete(space: Workspace, order: Order) -> None:
    kept, report = space.outgoing.reports, order(page="overview", schedule=MONDAYS, recipients=["adam@example.com"])
    assert [each.utcoffset() for each in report.next_times(datetime.now(UTC))] and len(
        report.next_times(datetime.now(UTC))
    ) == 3
    paused = kept.pause(report.id, "test")
    assert paused.next_at is None and paused.next_times(datetime.now(UTC)) == ()
    space.outgoing.runner.look_ahead(datetime.now(UTC) + timedelta(days=30))
    assert not space.outgoing.runner.make_next()
    resumed = kept.resume(report.id, "test")
    assert resumed.next_at is not None and resumed.next_at > datetime.now(UTC)
    adam = space.people.named("adam@example.com")
    given = kept.hand_over(report.id, Owner(adam.actor, adam.id), "test")
    assert (given.owner.actor, given.version) == ("adam@example.com", 4)
    assert kept.all(OWNER) == [] and [each.id for each in kept.all()] == [report.id]
    kept.delete(report.id, "test")
    assert kept.get(report.id) is None
    with pytest.raises(CallboardError, match="no such report"):
        kept.pause(report.id, "test")
    actions = [each.action for each in space.audit.entries(AuditFilter(ZoneInfo("UTC")), 10)]
    assert actions[:5] == ["report_deleted", "report_handed_over", "report_resumed", "report_paused", "report_created"]


@pytest.mark.parametrize(
    ("body", "parameter", "says"),
    [
        ({"page": "overviw"}, "page", "overview"),
        ({}, "page", "exactly one"),
        ({"page": "overview", "view": "x"}, "page", "exactly one"),
        ({"page": "overview", "recipients": ["eve@else.example"]}, "recipients", "eve@else.example"),
        ({"page": "overview", "recipients": ["eve"]}, "recipients", "not an e-mail"),
        ({"page": "overview", "schedule": MONDAYS}, "recipients", "needs a recipient"),
        ({"page": "overview", "parameters": {"perod": "last7"}}, "perod", "period"),
        ({"page": "overview", "parameters": {"period": "last8"}}, "period", "last7"),
        ({"page": "overview", "parameters": {"dateFrom": "yesterday"}}, "dateFrom", "date"),
        ({"page": "overview", "parameters": {"campaignId": {"a": 1}}}, "campaignId", "a text"),
        ({"page": "overview", "attachments": ["doc"]}, "attachments", "pdf"),
        ({"page": "overview", "language": "fr"}, "language", "en, es"),
        ({"page": "overview", "name": "a\nb"}, "name", "line"),
        ({"export": {"report": "evaluation"}}, "export", "evaluations"),
        ({"export": {"repot": "evaluations"}}, "repot", "report"),
        ({"export": {}, "attachments": ["pdf"]}, "attachments", "attached itself"),
        ({"export": {"report": "campaigns", "metrics": "averageScor"}}, "metrics", "averageScore"),
        ({"export": {"metrics": ["averageScore"]}}, "metrics", "campaigns"),
    ],
)
def test_what_can_not_be_is_refused(order: Order, body: dict[str, Any], parameter: str, says: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        order(**body)
    assert error.value.parameter == parameter and says in error.value.message


def test_a_definition_comes_back_from_its_row(order: Order) -> None:
    report = order(page="overview", parameters={"period": "last7"}, schedule=MONDAYS, recipients=["adam@example.com"])
    kept = json.loads(json.dumps(report.definition.to_row()))
    assert ReportDefinition.from_row(kept) == report.definition
    assert report.definition.accounts == ("adam@example.com",) and CALLS
