"""Jobs are done within what whoever asked for them may see and do at the time, not within what they might when asking."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial

import pytest

from lib.access import api_keys
from lib.access.users import LOCAL, Role, User
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN
from lib.exports import file_storage
from lib.exports.service import ExportRequest, exported_grant
from lib.jobs import tasks
from lib.jobs.queue import Job, JobKind, JobStatus
from lib.jobs.worker import Worker
from lib.reports import job_text
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

CALLS = "id,audioDate,campaignId,campaignName,callCenterId,callCenterName\n" + "".join(
    f"{campaign}{center},2024-01-01,{campaign},{campaign},{center},{center}\n" for campaign in "abc" for center in "ns"
)


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    """Name the one engine: that of the state makes no difference here."""
    name: str = request.param
    return name


@pytest.fixture
def order(workspace: Workspace, load: Load) -> Callable[..., str]:
    """Order an export of all that a grant lets one see; return its job."""
    load(CALLS)

    def ask(owner: str, grant: Grant) -> str:
        filters = make_filters(grant=grant)
        request = ExportRequest("evaluations", "csv", filters, Granularity.DAILY, "all")
        return workspace.queue.add(JobKind.EXPORT, {**request.to_json(), "owner": owner}, "somebody").id

    return ask


def analyst(workspace: Workspace, grant: Grant) -> User:
    return workspace.people.add("ana@example.com", Role.ANALYST, grant, "test")


def exported(workspace: Workspace, number: str) -> tuple[set[str], Grant]:
    """Return the ids in an export's file, and what may be seen in it."""
    job = workspace.ended_export(number, 60)
    assert job is not None and job.status is JobStatus.COMPLETED, job
    content = file_storage.read(workspace.settings, (job.result or {})["file"]).decode("utf-8-sig")
    return {row["id"] for row in csv.DictReader(io.StringIO(content))}, exported_grant(job)


def why_failed(job: Job | None) -> str:
    assert job is not None and job.status is JobStatus.FAILED and job.message is not None, job
    return job_text.in_words(job.message)


def test_limits_that_were_narrowed_since_the_order_hold(workspace: Workspace, order: Callable[..., str]) -> None:
    ordered = Grant.of({"campaign": ["a", "b"]})
    ana = analyst(workspace, ordered)
    numbers = [order(ana.id, ordered) for _ in range(3)]
    assert exported(workspace, numbers[0]) == ({"an", "as", "bn", "bs"}, ordered)
    workspace.people.change(ana.id, Role.ANALYST, Grant.of({"campaign": ["b", "c"], "callCenter": ["n"]}), "test")
    both = Grant.of({"campaign": ["b"], "callCenter": ["n"]})
    assert exported(workspace, numbers[1]) == ({"bn"}, both)
    workspace.people.change(ana.id, Role.ADMIN, EVERYTHING, "test")  # more than was ordered is not given either
    assert exported(workspace, numbers[2]) == ({"an", "as", "bn", "bs"}, ordered)


def test_who_has_lost_access_gets_nothing(workspace: Workspace, order: Callable[..., str]) -> None:
    ana = analyst(workspace, EVERYTHING)
    _, key = api_keys.create(workspace.state, "test", api_keys.SCOPES, "test", EVERYTHING, BUILT_IN)
    numbers = [order(owner, EVERYTHING) for owner in (ana.id, ana.id, key.prefix, LOCAL.id)]
    workspace.people.change(ana.id, Role.VIEWER, EVERYTHING, "test")
    said = [why_failed(workspace.ended_export(numbers[0], 60))]
    workspace.people.remove(ana.id, "test")
    api_keys.revoke(workspace.state, key.prefix, "test")
    said += [why_failed(workspace.ended_export(number, 60)) for number in numbers[1:3]]
    assert said == [
        "Who asked for it may not do so any more, so it was not done.",
        "Who asked for it is not known any more, so it was not done.",
        "The API key that asked for it was revoked or has expired, so it was not done.",
    ]
    assert file_storage.published(workspace.settings) == {}
    assert len(exported(workspace, numbers[3])[0]) == 6  # whoever sits at the machine, where nobody logs in
    late = order(LOCAL.id, EVERYTHING)
    workspace.settings = workspace.settings.model_copy(update={"oidc_issuer": "https://login.example.com"})
    assert "not known any more" in why_failed(workspace.ended_export(late, 60))


def test_what_an_admin_asked_for_takes_one_when_it_is_done(workspace: Workspace, load: Load) -> None:
    load(CALLS)
    admin = workspace.people.add("bob@example.com", Role.ADMIN, EVERYTHING, "test")
    payload = {"name": workspace.settings.name}
    worker = Worker(workspace.queue, {JobKind.DELETE_ALL: partial(workspace._jobs.do, tasks.delete_all)})
    owned = workspace.queue.add(JobKind.DELETE_ALL, {**payload, "owner": admin.id}, admin.actor)
    workspace.people.change(admin.id, Role.ANALYST, EVERYTHING, "test")
    assert worker.do_next()
    assert "may not do so any more" in why_failed(workspace.queue.get(owned.id))
    by_command = workspace.queue.add(JobKind.DELETE_ALL, payload, "root")  # who may run commands is not a person here
    assert worker.do_next()
    done = workspace.queue.get(by_command.id)
    assert done is not None and done.result == {"evaluations": 6}
