"""A report as a form has it: no definition changes by being opened and saved, and pages become forms."""

from __future__ import annotations

from typing import Any

import pytest

from lib.access.owners import Owner
from lib.access.users import LOCAL, Role
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN
from lib.delivery.schedule_choice import ScheduleChoice, ScheduleKind
from lib.reports.words import Words
from lib.scheduled_reports.content import find_view
from lib.scheduled_reports.definition import DefinitionReader
from lib.scheduled_reports.report_form import ReportForm, form_of, page_values, parameters_for
from lib.scheduled_reports.report_text import ReportWording, status_text
from lib.scheduled_reports.repository import PauseReason
from lib.workspace import Workspace
from tests.scheduled_reports.conftest import Order

ANN, NORA = "ann@outside.example", "nora@example.com"


@pytest.mark.parametrize(
    "body",
    [
        {"page": "overview", "parameters": {}},
        {"page": "overview", "parameters": {"period": ["all"]}},
        {"page": "executives", "parameters": {"open": ["x1"], "scores": ["alike"], "period": ["lastWeek"]}},
        {"page": "trends", "parameters": {"campaignId": ["k0", "k1"], "dateFrom": ["2026-05-01"]}},
        {"page": "trends", "parameters": {"dateTo": ["2026-05-01T12:00:00+00:00"], "averageNote.min": ["7.5"]}},
        {"view": "abcdefgh", "parameters": {}},
        {"view": "abcdefgh", "parameters": {"period": ["last7"]}},
        {"export": {"report": "trends", "format": "xlsx", "granularity": "weekly"}, "parameters": {"period": ["all"]}},
    ],
)
def test_what_is_opened_and_saved_stays_as_it_is(space: Workspace, body: dict[str, Any]) -> None:
    is_export = "export" in body
    order = {
        "name": "Weekly",
        **body,
        "schedule": {"cron": "0 8 * * 1", "timezone": "UTC"},
        "recipients": [NORA, ANN],
        "attachments": [] if is_export else ["pdf"],
        "language": "es",
    }
    reader = DefinitionReader(space.catalog, space.calendar, {NORA: True}, space.settings.mail_domain_names)
    definition = reader.read(order)
    form = form_of(definition, {NORA}, space.catalog, space.settings.zone)
    assert (form.people, form.addresses) == ((NORA,), (ANN,))
    assert form.to_body(space.catalog) == order
    assert reader.read(form.to_body(space.catalog)) == definition


def test_an_export_of_the_api_has_its_filters_beside_it(space: Workspace, order: Order) -> None:
    definition = order(export={"report": "summary", "campaignId": "k0", "period": "last7"}).definition
    form = form_of(definition, (), space.catalog, space.settings.zone)
    body = form.to_body(space.catalog)
    assert body["parameters"] == {"campaignId": ["k0"], "period": ["last7"]}
    assert body["export"] == {"report": "summary", "format": "csv"}


@pytest.mark.parametrize(
    ("preset", "parameters", "period"),
    [
        ("last7", {"dateFrom": ["2026-05-01"], "dateTo": ["2026-05-07"]}, {"period": ["last7"]}),
        ("all", {"period": ["all"]}, {"period": ["all"]}),
        ("start", {"dateFrom": ["2026-05-01"], "dateTo": ["2026-05-07"]}, {}),
        ("start", {"dateFrom": ["2026-05-01"], "campaignId": ["k0"]}, {"period": ["last90"]}),
        ("own", {"dateFrom": ["2026-05-01"], "dateTo": ["2026-05-07"]}, None),
        ("own", {"dateFrom": ["2026-05-01T12:00:00+00:00"]}, None),
    ],
)
def test_a_page_as_a_form(space: Workspace, preset: str, parameters: Any, period: Any) -> None:
    zone = space.settings.zone
    look = {"compare": ["year"], "lang": ["es"], "page": ["3"], "link": ["abcdefgh"]}
    values = page_values("trends", {**parameters, **look}, preset, space.catalog, zone)
    form = ReportForm(ScheduleChoice(ScheduleKind.HAND, "UTC"), **values)
    dates = {name: each for name, each in parameters.items() if name.startswith("date")}
    kept = {name: each for name, each in parameters.items() if name == "campaignId"}
    assert form.to_body(space.catalog)["parameters"] == kept | {"compare": ["year"]} | (
        dates if period is None else period
    )
    assert page_values("", {}, "all", space.catalog, zone)["page"] == "overview"


def test_another_page_has_the_filters_alone() -> None:
    form = ReportForm(
        ScheduleChoice(ScheduleKind.HAND, "UTC"),
        page="executives",
        parameters={"campaignId": ["k0"], "open": ["x1"], "scores": ["alike"]},
    )
    assert parameters_for("executives", form, BUILT_IN) == form.parameters
    assert parameters_for("trends", form, BUILT_IN) == {"campaignId": ["k0"]}


def test_words_name_nothing_beyond_what_one_may_see(space: Workspace) -> None:
    def subject(grant: Grant, **fields: Any) -> Words:
        wording = ReportWording(space.answers, space.calendar, space.catalog, grant, {"abcdefgh": "Mine"})
        return wording.subject(ReportForm(ScheduleChoice(ScheduleKind.HAND, "UTC"), **fields))

    north = Grant.of({"callCenter": ["n"]})
    filters: dict[str, Any] = {"page": "call_centers", "parameters": {"callCenterId": ["s"]}, "period": "last7"}
    assert str(subject(EVERYTHING, **filters)) == "Call centers · Last 7 days · Call center: South"
    assert str(subject(north, **filters)) == "Call centers · Last 7 days · Call center: s"
    opened: dict[str, Any] = {"page": "call_centers", "parameters": {"open": ["s"]}, "period": "own"}
    assert str(subject(EVERYTHING, **opened)).startswith("Call centers: South · ")
    assert str(subject(north, **opened)).startswith("Call centers: s · ")
    assert str(subject(north, subject="view", view="abcdefgh", period="view")) == "View Mine"
    assert str(subject(north, subject="view", view="other123", period="last7")) == "A view that is gone · Last 7 days"


def test_how_a_report_stands(space: Workspace, order: Order) -> None:
    adam = Owner.of_user(space.people.named("adam@example.com"))
    report = order(adam, page="overview", schedule={"after": "import"}, recipients=[NORA])
    reports = space.outgoing.reports
    assert status_text(report) == "Active"
    assert status_text(reports.pause(report.id, "test")) == "Paused"
    gone = reports.pause(report.id, "test", PauseReason.OWNER_GONE)
    assert status_text(gone) == "Paused: adam@example.com has no access any more"


def test_whoever_sits_at_the_machine_owns_as_the_audit_names_them() -> None:
    assert Owner.of_user(LOCAL) == Owner("system:local", "local")


def test_a_person_s_own_view_is_theirs(space: Workspace) -> None:
    """Views know people by their ids, whatever their addresses are."""
    person = space.people.add("una@example.com", Role.ANALYST, EVERYTHING, "test")
    view = space.views.save(person.id, "Mine", "trends", {})
    assert find_view(space, view.id, Owner.of_user(person)) == view
    assert find_view(space, view.id, Owner.of_user(space.people.named("adam@example.com"))) is None
