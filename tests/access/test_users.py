"""People and their sessions: who is taken for whom, what ends a session, and what is written down of it."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lib.access.audit_log import Action, AuditFilter, AuditLog, SessionEnd
from lib.access.sessions import Sessions, end_all
from lib.access.users import Role, User, UserRepository
from lib.analytics.grants import EVERYTHING, Grant
from lib.errors import CallboardError, ConflictError, InvalidParameterError
from lib.store import schema
from lib.workspace import Workspace

NORTH = Grant.of({"callCenter": ["north"]})
IDLE, AGE = timedelta(minutes=30), timedelta(hours=8)


def claims(
    subject: str, email: str | None = None, *, verified: bool = True, ago: float = 0, **more: Any
) -> dict[str, Any]:
    """Return what a provider says at a log-in some seconds ago, each time at another one."""
    issued = int(datetime.now(UTC).timestamp() - ago)
    said = {"iss": "https://id.example", "sub": subject, "iat": issued, "nonce": secrets.token_hex(8), "name": subject}
    return {**said, **({"email": email, "email_verified": verified} if email else {}), **more}


@pytest.fixture
def people(workspace: Workspace) -> UserRepository:
    return UserRepository(workspace.state, workspace.catalog, ("Boss@example.com", "boss-subject"))


@pytest.fixture
def sessions(workspace: Workspace, people: UserRepository) -> Sessions:
    return Sessions(workspace.state, people, IDLE, AGE)


def who(sessions: Sessions, said: dict[str, Any]) -> User:
    found = sessions.enter(said).person
    assert found is not None
    return found


def test_who_was_added_by_email_is_found_by_it_once(people: UserRepository, sessions: Sessions) -> None:
    people.add("Ann@Example.com", Role.ANALYST, NORTH, "root")
    ann = who(sessions, claims("s1", "ann@example.com"))
    assert (ann.role, ann.grant, ann.actor) == (Role.ANALYST, NORTH, "ann@example.com")
    # The address is another person's now: it is the subject that counts.
    other = who(sessions, claims("s2", "ann@example.com"))
    assert (other.role, other.email, other.actor) == (Role.NONE, None, "s2 (s2)")
    assert who(sessions, claims("s1", "ann.new@example.com")).id == ann.id
    assert people.named("ann.new@example.com").id == ann.id


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_email_that_is_not_verified_is_nobody_s(
    people: UserRepository, sessions: Sessions, verified: object
) -> None:
    people.add("ann@example.com", Role.ADMIN, EVERYTHING, "root")
    said = claims("s1", "ann@example.com") | {"email_verified": verified}
    found = who(sessions, said)
    assert (found.role, found.email) == (Role.NONE, None)
    assert who(sessions, claims("s3", "boss@example.com", verified=False)).role is Role.NONE


def test_the_settings_make_admins(people: UserRepository, sessions: Sessions) -> None:
    by_email = who(sessions, claims("s1", "boss@example.com"))
    by_subject = who(sessions, claims("boss-subject"))
    assert by_email.role is by_subject.role is Role.ADMIN and by_email.fixed
    with pytest.raises(CallboardError, match="CALLBOARD_ADMINS"):
        people.change(by_email.id, Role.VIEWER, EVERYTHING, "root")
    with pytest.raises(CallboardError, match="CALLBOARD_ADMINS"):
        people.remove(by_subject.id, "root")


@pytest.mark.parametrize(
    ("subject", "email"),
    [
        ("boss@example.com", None),  # a subject that looks like an address, which nobody has verified
        ("s1", "boss@example.com."),
        ("s1", "bo\u017fs@example.com"),  # what folds to the same
        ("s1", "bos\uff53@example.com"),
        ("BOSS-SUBJECT", None),  # subjects have cases
        ("s1", "boss-subject"),
    ],
)
def test_what_only_looks_like_an_admin_is_none(sessions: Sessions, subject: str, email: str | None) -> None:
    assert who(sessions, claims(subject, email)).role is Role.NONE


@pytest.mark.parametrize(
    "slip", ["ann@example.com;bob@example.com", "Ann <ann@example.com>", "müller@example.com", "@"]
)
def test_a_slip_in_the_settings_makes_nobody_an_admin(workspace: Workspace, slip: str) -> None:
    sessions = Sessions(
        workspace.state, UserRepository(workspace.state, workspace.catalog, (slip, "boss-subject")), IDLE, AGE
    )
    for said in (claims("s1"), claims("s2", "ann@example.com"), claims("s3", "x@example.com", verified=False)):
        assert who(sessions, said).role is Role.NONE
    assert who(sessions, claims("boss-subject")).role is Role.ADMIN


def test_an_email_goes_when_the_provider_no_longer_vouches_for_it(sessions: Sessions) -> None:
    boss = who(sessions, claims("s1", "Boss@example.com"))
    assert boss.fixed and boss.email == "boss@example.com"
    again = who(sessions, claims("s1", "boss@example.com", verified=False))
    assert (again.id, again.email, again.role) == (boss.id, None, Role.NONE)


def test_the_same_subject_of_another_issuer_is_another(sessions: Sessions, people: UserRepository) -> None:
    ann = who(sessions, claims("s1"))
    people.change(ann.id, Role.ANALYST, EVERYTHING, "root")
    assert who(sessions, claims("s1")).role is Role.ANALYST
    assert who(sessions, claims("s1") | {"iss": "https://evil.example"}).role is Role.NONE


def test_another_role_holds_from_the_next_action(people: UserRepository, sessions: Sessions) -> None:
    said = claims("s1")
    ann = who(sessions, said)
    people.change(ann.id, Role.VIEWER, NORTH, "root")
    assert (who(sessions, said).role, who(sessions, said).grant) == (Role.VIEWER, NORTH)
    people.change(ann.id, Role.ADMIN, EVERYTHING, "root")
    assert who(sessions, said).grant == EVERYTHING
    people.remove(ann.id, "root")
    assert sessions.enter(said).person is None
    assert who(sessions, claims("s1")).role is Role.NONE


def test_an_admin_has_no_limits(people: UserRepository) -> None:
    with pytest.raises(InvalidParameterError, match="An admin sees everything"):
        people.add("ann@example.com", Role.ADMIN, NORTH, "root")
    people.add("ann@example.com", Role.VIEWER, NORTH, "root")
    with pytest.raises(ConflictError, match="known already"):
        people.add("ANN@example.com", Role.VIEWER, NORTH, "root")
    for address in ("", "ann", "ann@", "a b@example.com", "@example.com", "x" * 300 + "@example.com"):
        with pytest.raises(InvalidParameterError, match="not an e-mail"):
            people.add(address, Role.VIEWER, NORTH, "root")


def test_a_session_ends_and_does_not_begin_again(workspace: Workspace, sessions: Sessions) -> None:
    said = claims("s1")
    visit = sessions.enter(said)
    assert sessions.is_active(visit.session)
    sessions.end(visit.session, "s1", Action.LOG_OUT)
    assert sessions.enter(said).person is None and not sessions.is_active(visit.session)
    with workspace.state.transaction() as connection:  # even where the row is gone
        connection.execute(sa.delete(schema.sessions))
    old = claims("s1", ago=3600)
    assert sessions.enter(old).person is None


@pytest.mark.parametrize(
    ("column", "age", "why"),
    [("seen_at", IDLE, SessionEnd.IDLE), ("started_at", AGE, SessionEnd.TOO_OLD)],
)
def test_a_session_ends_by_time(
    workspace: Workspace, sessions: Sessions, column: str, age: timedelta, why: SessionEnd
) -> None:
    said = claims("s1")
    number = sessions.enter(said).session
    for beyond, good in ((-timedelta(minutes=1), True), (timedelta(minutes=1), False)):
        with workspace.state.transaction() as connection:
            connection.execute(sa.update(schema.sessions).values({column: datetime.now(UTC) - age - beyond}))
        assert sessions.is_active(number) is good
        assert (sessions.enter(said).person is not None) is good
    (entry, *_) = AuditLog(workspace.state).entries(AuditFilter(ZoneInfo("UTC")), 5)
    assert (entry.action, entry.details) == (Action.SESSION_ENDED, {"why": why})


@pytest.mark.parametrize(
    ("ago", "begins"),
    [
        (timedelta(minutes=9, seconds=30), True),
        (timedelta(minutes=10, seconds=30), False),
        (-timedelta(minutes=4, seconds=30), True),
        (-timedelta(minutes=5, seconds=30), False),
    ],
)
def test_a_log_in_is_of_the_last_minutes(sessions: Sessions, ago: timedelta, begins: bool) -> None:
    """The provider's clock may be five minutes ahead of ours."""
    said = claims("s1", ago=ago.total_seconds())
    assert (sessions.admit(said) is not None) is begins
    assert (sessions.enter(said).person is not None) is begins


def test_a_provider_whose_clock_is_ahead_makes_no_session_longer(workspace: Workspace, sessions: Sessions) -> None:
    said = claims("s1", ago=-240)
    before = datetime.now(UTC)
    number = sessions.enter(said).session
    with workspace.state.read() as connection:
        row = connection.execute(sa.select(schema.sessions)).one()
    assert row.id == number and before <= row.started_at == row.seen_at <= datetime.now(UTC)


def test_a_log_in_of_before_a_restore_begins_nothing(workspace: Workspace, sessions: Sessions) -> None:
    """The rows of the sessions went with the old state, those that were ended among them."""
    before = claims("s1", ago=60)
    workspace.audit.record("root", Action.RESTORE, "a backup")
    assert sessions.enter(before).person is None
    assert sessions.enter(claims("s1", ago=-2)).person is not None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"iss": "https://id.example", "sub": "s1"},
        {"iss": "https://id.example", "sub": "", "iat": 1},
        {"iss": "https://id.example", "sub": "s1", "iat": "now"},
        {"iss": "https://id.example", "sub": "s1", "iat": True},
        {"iss": "https://id.example", "sub": "s1", "iat": 1e300},
        {"iss": "https://id.example", "sub": "s1", "iat": -1},
        claims("s1", ago=-3600),
        claims("s1", ago=3600),
    ],
)
def test_claims_that_begin_nothing(sessions: Sessions, said: dict[str, Any], people: UserRepository) -> None:
    assert sessions.enter(said).person is None
    assert people.all() == []


def test_what_is_done_is_written_down(workspace: Workspace, people: UserRepository, sessions: Sessions) -> None:
    ann = people.add("ann@example.com", Role.VIEWER, NORTH, "root")
    sessions.enter(claims("s1", "ann@example.com"))
    sessions.enter(claims("s1", "ann@example.com"))
    assert sessions.open_ones() == {ann.id: 2}
    people.change(ann.id, Role.ANALYST, EVERYTHING, "root")
    assert end_all(workspace.state, ann, "root") == 2
    audit = AuditLog(workspace.state)
    entries = audit.entries(AuditFilter(ZoneInfo("UTC")), 10)
    assert [(each.actor, each.action.value, each.subject, each.details_in_words) for each in reversed(entries)] == [
        ("root", "person_added", "ann@example.com", "role: viewer, call centers: north, campaigns: all"),
        ("ann@example.com", "log_in", "ann@example.com", "role: viewer"),
        ("ann@example.com", "log_in", "ann@example.com", "role: viewer"),
        (
            "root",
            "person_changed",
            "ann@example.com",
            "role: analyst, call centers: all, campaigns: all, role before: viewer, call centers before: north, "
            "campaigns before: all",
        ),
        ("root", "session_ended", "ann@example.com", "sessions: 2"),
    ]
    assert audit.actors() == ["ann@example.com", "root"]
    assert audit.count(AuditFilter(ZoneInfo("UTC"), actions=(Action.LOG_IN,))) == 2
    assert audit.count(AuditFilter(ZoneInfo("UTC"), actors=("root",))) == 3
    today = datetime.now(UTC).date()
    assert audit.count(AuditFilter(ZoneInfo("UTC"), today - timedelta(days=1), today)) == 5
    assert audit.count(AuditFilter(ZoneInfo("UTC"), date(2020, 1, 1), date(2020, 1, 2))) == 0


_BY_POSTGRESQL = (
    "TRUNCATE audit",
    "TRUNCATE audit CASCADE",
    "MERGE INTO audit USING (SELECT id FROM audit) AS held ON audit.id = held.id "
    "WHEN MATCHED THEN UPDATE SET actor = 'somebody else'",
    "MERGE INTO audit USING (SELECT id FROM audit) AS held ON audit.id = held.id WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM audit RETURNING *) SELECT * FROM gone",
)


def test_the_audit_is_added_to_alone(workspace: Workspace) -> None:
    audit = AuditLog(workspace.state)
    audit.record("root", Action.EXPORT, "file.csv", rows=3)
    with workspace.state.read() as connection:
        row = dict(connection.execute(sa.select(schema.audit)).one()._mapping)
    forged = {**row, "actor": "somebody else"}
    insert = (sqlite if workspace.state.engine.dialect.name == "sqlite" else postgresql).insert(schema.audit)
    changes = [
        sa.update(schema.audit).values(actor="somebody else"),
        sa.delete(schema.audit),
        insert.values(forged).on_conflict_do_update(index_elements=["id"], set_={"actor": "somebody else"}),
    ]
    if workspace.state.engine.dialect.name == "postgresql":
        changes += [sa.text(each) for each in _BY_POSTGRESQL]
    else:
        plain = sa.insert(schema.audit).values(forged)
        changes += [plain.prefix_with("OR REPLACE"), plain.prefix_with("OR IGNORE"), plain.prefix_with("OR FAIL")]
        changes += [sa.text("UPDATE OR REPLACE audit SET actor = 'somebody else'")]
    for change in changes:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), workspace.state.engine.begin() as connection:
            connection.execute(change)
    (entry,) = audit.entries(AuditFilter(ZoneInfo("UTC")), 10)
    assert (entry.actor, entry.details_in_words) == ("root", "rows: 3")


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_no_line_of_the_audit_is_replaced_by_its_row_id(workspace: Workspace) -> None:
    """SQLite has a second key of each row, unless its table is made without."""
    AuditLog(workspace.state).record("root", Action.EXPORT, "file.csv")
    replaced = (
        "INSERT OR REPLACE INTO audit (rowid, id, at, actor, action, subject, details) "
        "SELECT 1, 'x', at, 'somebody else', action, subject, details FROM audit"
    )
    with pytest.raises(sa.exc.OperationalError, match="rowid"), workspace.state.engine.begin() as connection:
        connection.exec_driver_sql(replaced)
    assert AuditLog(workspace.state).actors() == ["root"]


def test_what_fails_is_not_written_down(workspace: Workspace, people: UserRepository) -> None:
    with pytest.raises(RuntimeError), workspace.state.transaction() as connection:
        people.upsert_from_claims(connection, claims("s1"), datetime.now(UTC))
        raise RuntimeError
    assert people.all() == [] and AuditLog(workspace.state).count(AuditFilter(ZoneInfo("UTC"))) == 0
