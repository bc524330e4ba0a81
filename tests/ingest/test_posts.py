"""Posts that come together: loaded in one transaction, each counted and refused by itself, undone by sender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access.audit_log import AuditFilter
from lib.analytics import integrity
from lib.analytics.field_definitions import define
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.errors import BadRowsError, CallboardError, ConflictError, FieldError, TakenIdsError
from lib.ingest import history, undo
from lib.ingest.history import ImportReport
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load


def call(number: str, score: str = "7", **more: Any) -> dict[str, Any]:
    return {"id": number, "audioDate": "2024-01-05", "averageNote": score, **more}


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.loaded.added, report.loaded.changed, report.loaded.unchanged


@contextmanager
def busy_writer(workspace: Workspace) -> Iterator[None]:
    """Keep the writer busy with a post, so that all that comes meanwhile is loaded together."""
    with workspace.facts.write():
        first = workspace.begin_writing([call("first")], "warm", EVERYTHING)
        while not first.running():
            pass
        yield
    first.result(60)


def sent(workspace: Workspace, *posts: tuple[str, Iterable[object]], grant: Grant = EVERYTHING) -> list[Any]:
    """Send posts while the writer is busy; return what came of each."""
    with busy_writer(workspace):
        begun = [workspace.begin_writing(objects, actor, grant) for actor, objects in posts]
    return [outcome(each) for each in begun]


def outcome(begun: Future[ImportReport]) -> Any:
    error = begun.exception(60)
    return begun.result() if error is None else error


def scores(workspace: Workspace) -> dict[str, int]:
    facts = schema.evaluations.c
    with workspace.facts.read() as connection:
        rows = connection.execute(sa.select(facts.id, facts.score)).all()
        assert len(rows) == len(dict(rows))
        assert integrity.findings(connection, workspace.catalog).lines == ()
    return {number: score // 10_000 for number, score in rows}


def test_posts_that_come_together_are_one_import_of_each_sender(workspace: Workspace) -> None:
    workspace.write_evaluations([call("old"), call("same")], "test", EVERYTHING)
    found = sent(
        workspace,
        ("ann", [call("a1", campaignId="c"), call("old", "9")]),
        ("bob", [call("b1", campaignId="c"), call("same")]),
        ("ann", [call("a2")]),
    )
    assert [counts(each) for each in found] == [(1, 1, 0), (1, 0, 1), (1, 0, 0)]
    assert [each.read for each in found] == [2, 2, 1]
    assert found[0].id == found[2].id != found[1].id
    assert scores(workspace) == {"first": 7, "old": 9, "same": 7, "a1": 7, "b1": 7, "a2": 7}
    with workspace.facts.read() as connection:
        ann, bob = (history.find(connection, each.id) for each in found[:2])
        assert ann is not None and bob is not None and ann.data_version != bob.data_version
        assert (ann.actor, ann.read, ann.added, ann.changed, ann.unchanged) == ("ann", 3, 2, 1, 0)
        assert (bob.actor, bob.read, bob.added, bob.changed, bob.unchanged) == ("bob", 2, 1, 0, 1)
    audited = [
        entry.details["import_id"] for entry in workspace.audit.entries(AuditFilter(workspace.settings.zone), 10)
    ]
    assert Counter(audited)[found[0].id] == Counter(audited)[found[1].id] == 1


def test_an_undo_takes_back_what_its_sender_sent_alone(workspace: Workspace) -> None:
    workspace.write_evaluations([call("old")], "test", EVERYTHING)
    found = sent(workspace, ("ann", [call("a1"), call("old", "9")]), ("bob", [call("b1")]))
    with workspace.facts.write() as connection:
        undo.undo(connection, workspace.catalog, found[0].id, "test")
    assert scores(workspace) == {"first": 7, "old": 7, "b1": 7}


def test_of_posts_with_one_id_the_later_wins_and_each_is_counted(workspace: Workspace) -> None:
    found = sent(
        workspace,
        ("ann", [call("x", "1")]),
        ("bob", [call("x", "2"), call("y")]),
        ("ann", [call("x", "2")]),
        ("bob", [call("y", "3")]),
        ("ann", [call("z")]),
    )
    assert [counts(each) for each in found] == [(1, 0, 0), (1, 1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)]
    assert scores(workspace) == {"first": 7, "x": 2, "y": 3, "z": 7}
    with workspace.facts.read() as connection:
        first, second = (history.find(connection, found[place].id) for place in (0, 1))
    assert first is not None and second is not None
    assert second.id in {later.id for later in first.later}


@pytest.mark.parametrize(("undone", "left"), [((2, 1), ("Two", None)), ((1, 2), ("Three", None))])
def test_the_later_of_names_that_differ_counts(
    workspace: Workspace, undone: tuple[int, int], left: tuple[str | None, str | None]
) -> None:
    named = (("ann", "a", "One"), ("bob", "b", "Two"), ("ann", "c", "Three"))
    found = sent(workspace, *((actor, [call(n, campaignId="c", campaignName=name)]) for actor, n, name in named))
    assert found[0].id == found[2].id != found[1].id
    assert campaigns(workspace) == {"c": "Three"}
    for place, name in zip(undone, left, strict=True):
        with workspace.facts.write() as connection:
            undo.undo(connection, workspace.catalog, found[place].id, "test")
        assert campaigns(workspace) == ({"c": name} if name else {})


def test_posts_of_unlike_keys_are_loaded_together(workspace: Workspace) -> None:
    """Each key sees and renames what it may see and rename by itself; the answers go to their evaluations."""
    theirs = [call("theirs", campaignId="c1"), call("old", campaignId="c1", campaignName="Old")]
    workspace.write_evaluations(theirs, "test", EVERYTHING)
    some, everything = Grant.of({"campaign": ["c1", "c2"]}), EVERYTHING
    posts = [
        ("ann", some, call("a1", campaignId="c2", campaignName="New", results=[answer("Greeting", "Opening")])),
        ("bob", Grant.of({"campaign": ["c2"]}), call("theirs", campaignId="c2")),
        ("cy", everything, call("old", campaignId="c1", campaignName="Renamed", results=[answer("Offer", "Closing")])),
        ("ann", some, call("a2", campaignId="c1", campaignName="Not mine", results=[answer("Offer", "Closing")])),
        ("ann", some, call("a3", campaignId="c2", campaignName="Nor that one")),
        ("cy", everything, call("c3", "3")),
    ]
    with busy_writer(workspace):
        begun = [workspace.begin_writing([sent_object], actor, grant) for actor, grant, sent_object in posts]
    found = [outcome(each) for each in begun]
    assert isinstance(found.pop(1), TakenIdsError)
    assert [counts(each) for each in found] == [(1, 0, 0), (0, 1, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0)]
    assert [each.id for each in found] == [found[place].id for place in (0, 1, 0, 0, 1)]
    assert campaigns(workspace) == {"c1": "Renamed", "c2": "New"}
    assert scores(workspace) == {"first": 7, "theirs": 7, "old": 7, "a1": 7, "a2": 7, "a3": 7, "c3": 3}
    assert answered(workspace) == {"a1": "Greeting", "a2": "Offer", "old": "Offer"}
    with workspace.facts.write() as connection:
        undo.undo(connection, workspace.catalog, found[0].id, "test")
    assert campaigns(workspace) == {"c1": "Renamed"}
    assert answered(workspace) == {"old": "Offer"}
    with workspace.facts.write() as connection:
        undo.undo(connection, workspace.catalog, found[1].id, "test")
    assert campaigns(workspace) == {"c1": "Old"}
    assert (scores(workspace), answered(workspace)) == ({"first": 7, "theirs": 7, "old": 7}, {})


def answered(workspace: Workspace) -> dict[str, str]:
    facts, said, criteria = schema.evaluations.c, schema.answers.c, schema.criteria.c
    asked = sa.select(facts.id, criteria.name).where(
        facts.answer_set == said.answer_set, said.criterion_key == criteria.key
    )
    with workspace.facts.read() as connection:
        return dict(connection.execute(asked).all())


def campaigns(workspace: Workspace) -> dict[str, str]:
    names = schema.campaigns.c
    with workspace.facts.read() as connection:
        return dict(connection.execute(sa.select(names.id, names.name).where(names.id.is_not(None))).all())


def test_a_post_that_is_refused_keeps_none_of_the_others_out(workspace: Workspace) -> None:
    workspace.write_evaluations([call("theirs", campaignId="other")], "test", EVERYTHING)
    mine = Grant.of({"campaign": ["c"]})
    found = sent(
        workspace,
        ("ann", [call("a", campaignId="c")]),
        ("bob", [call("good", campaignId="c"), call("bad", "eleven", campaignId="c")]),
        ("ann", [call("theirs", campaignId="c"), call("never", campaignId="c")]),
        ("bob", [call("b", campaignId="c")]),
        grant=mine,
    )
    bad = found.pop(1)
    assert isinstance(bad, BadRowsError) and "1 bad of 2. row 2, averageNote: 'eleven'" in bad.message
    assert isinstance(found[1], ConflictError)
    taken = [("ann", [call("theirs", campaignId="c")]), ("bob", [call("first", campaignId="c")])]
    assert [type(each) for each in sent(workspace, *taken, grant=mine)] == [TakenIdsError] * 2
    assert [counts(each) for each in (found[0], found[2])] == [(1, 0, 0), (1, 0, 0)]
    assert scores(workspace) == {"first": 7, "theirs": 7, "a": 7, "b": 7}


def test_a_post_by_fields_that_were_changed_meanwhile_is_told_so(workspace: Workspace) -> None:
    posts = [("ann", [call("b")]), ("bob", [call("c")])]
    with workspace.facts.write() as connection:
        first = workspace.begin_writing([call("first")], "warm", EVERYTHING)
        while not first.running():
            pass
        begun = [workspace.begin_writing(objects, actor, EVERYTHING) for actor, objects in posts]
        define(connection, [OwnField(0, "channel", OwnFieldType.CATEGORY, "Channel")])
    assert isinstance(outcome(first), FieldError)
    assert [counts(outcome(each)) for each in begun] == [(1, 0, 0)] * 2  # they were checked afterwards
    assert scores(workspace) == {"b": 7, "c": 7}
    assert workspace.write_evaluations([call("a", fields={"channel": "chat"})], "ann", EVERYTHING).loaded.added == 1


def answer(criterion: str, section: str) -> dict[str, Any]:
    return {"criterion": criterion, "section": section, "points": 1, "maxPoints": 2}


def test_what_can_be_loaded_alone_can_be_loaded_among_others(workspace: Workspace) -> None:
    """Within one import a criterion has one section; two posts may give it two, one after the other."""
    found = sent(
        workspace,
        ("ann", [call("a", results=[answer("Greeting", "Opening")])]),
        ("ann", [call("b", results=[answer("Greeting", "Closing")])]),
        ("bob", [call("c", results=[answer("Offer", "Closing")])]),
    )
    assert [counts(each) for each in found] == [(1, 0, 0)] * 3
    assert scores(workspace).keys() == {"first", "a", "b", "c"}


def test_many_who_post_the_same_and_others(workspace: Workspace) -> None:
    """Each of eight senders sends its own ids, and all of them some of the same; the counts add up to the rows."""

    def send(sender: int) -> list[tuple[int, int, int]]:
        made = []
        for number in range(6):
            objects = [call(f"{sender}-{number}", str(number)), call(f"shared-{number % 3}", str(sender))]
            made.append(counts(workspace.write_evaluations(objects, f"key:{sender % 3}", EVERYTHING)))
        return made

    with ThreadPoolExecutor(8) as pool:
        done = [each for of_sender in pool.map(send, range(8)) for each in of_sender]
    assert all(sum(each) == 2 for each in done)
    held = scores(workspace)
    assert sum(added for added, _, _ in done) == len(held) == 8 * 6 + 3
    assert all(held[f"{sender}-{number}"] == number for sender in range(8) for number in range(6))


def test_blank_rows_and_posts_of_nothing_are_counted_by_themselves(workspace: Workspace) -> None:
    found = sent(
        workspace,
        ("ann", [{}, call("a1", campaignId="a"), {}]),
        ("bob", [call("b1", campaignId="b"), {}, call("b2")]),
        ("ann", [{}]),
        ("bob", []),
    )
    assert [counts(each) for each in found] == [(1, 0, 0), (2, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert [(each.read, each.blank) for each in found] == [(3, 2), (3, 1), (1, 1), (0, 0)]
    assert scores(workspace).keys() == {"first", "a1", "b1", "b2"}


def test_posts_do_not_push_files_out_of_the_history(workspace: Workspace, load: Load) -> None:
    load("id,audioDate\nfile,2024-01-01\n")
    for number in range(history.MOST_POSTS + 2):
        workspace.write_evaluations([call(f"p{number}")], "ann", EVERYTHING)
    with workspace.facts.read() as connection:
        listed = history.entries(connection)
    assert [record.files[0]["name"] for record in listed] == [history.PROGRAM] * history.MOST_POSTS + ["calls.csv"]


def test_what_was_sent_before_the_end_is_loaded(workspace: Workspace) -> None:
    with busy_writer(workspace):
        begun = [workspace.begin_writing([call(f"e{n}")], "ann", EVERYTHING) for n in range(3)]
    workspace.close()
    assert [counts(each.result(60)) for each in begun] == [(1, 0, 0)] * 3
    with pytest.raises(CallboardError, match="about to end"):
        workspace.write_evaluations([call("late")], "ann", EVERYTHING)
