"""Jobs: claimed once, renewed, fenced off, cancelled; on both state stores."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lib.api import errors
from lib.errors import BusyError, CallboardError, CancelledError, DatabaseUnavailableError, RefusedError
from lib.errors.codes import FailureCode
from lib.jobs.queue import MAX_ATTEMPTS, MAX_PAYLOAD, MAX_PAYLOADS, MAX_WAITING, IdempotencyKey, Job, JobKind, Queue
from lib.jobs.worker import ProgressReporter, Worker
from lib.store import schema
from lib.store.messages import JobStep, Message
from lib.workspace import Workspace


@pytest.fixture
def queue(workspace: Workspace) -> Queue:
    return workspace.queue


def expire(workspace: Workspace, job: Job) -> None:
    with workspace.state.transaction() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(sa.update(schema.jobs).where(schema.jobs.c.id == job.id).values(lease_until=past))


def test_first_come_first_served(queue: Queue) -> None:
    added = [queue.add("import", {"n": n}, "me") for n in range(3)]
    claimed = [queue.claim(["import"]) for _ in range(4)]
    assert [job and job.id for job in claimed] == [*(job.id for job in added), None]
    assert claimed[0] is not None and (claimed[0].status, claimed[0].payload, claimed[0].attempt) == (
        "processing",
        {"n": 0},
        1,
    )


def test_a_list_of_jobs_carries_neither_payloads_nor_results(queue: Queue) -> None:
    ids = [queue.add("import", {"n": n}, "me").id for n in range(3)]
    claimed = queue.claim(["import"])
    assert claimed is not None and queue.complete(claimed, {"lines": ["done"]})
    listed = queue.newest(["import"])
    assert [each.id for each in listed] == ids[::-1] and [each.ended for each in listed] == [False, False, True]
    assert not any(hasattr(each, name) for each in listed for name in ("payload", "result"))
    job = queue.get(ids[0])
    assert job is not None and (job.payload, job.result) == ({"n": 0}, {"lines": ["done"]})


@pytest.mark.parametrize(("kind", "most"), [(JobKind.EXPORT, MAX_PAYLOADS[JobKind.EXPORT]), ("import", MAX_PAYLOAD)])
def test_a_payload_that_is_too_large(queue: Queue, kind: str, most: int) -> None:
    fits = "x" * (most - len('{"ids": ""}'))
    assert queue.add(kind, {"ids": fits}, "me").payload == {"ids": fits}
    once = IdempotencyKey("cb_live_1", "key", "digest")
    with pytest.raises(RefusedError, match=f"right would be at most {most // 1024:,} KB") as raised:
        queue.add(kind, {"ids": fits + "x"}, "me", once)
    answer = errors.of(raised.value)
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert len(queue.newest([kind])) == 1
    assert queue.add(kind, {}, "me", once).payload == {}  # what was refused has not taken the idempotency key


def test_a_job_is_claimed_once(queue: Queue) -> None:
    added = {queue.add("import", {}, "me").id for _ in range(20)}
    claimed: list[str] = []

    def take() -> None:
        while (job := queue.claim(["import"])) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(added)


def test_a_stale_worker_is_fenced_off(queue: Queue, workspace: Workspace) -> None:
    queue.add("import", {}, "me")
    first = queue.claim(["import"])
    assert first is not None
    expire(workspace, first)
    second = queue.claim(["import"])
    assert second is not None and second.attempt == 2
    with pytest.raises(CancelledError):
        queue.renew(first, 50, Message(JobStep.LOADING, {"rows": 3}))
    assert not queue.complete(first, {"by": "first"})
    assert queue.complete(second, {"by": "second"})
    found = queue.get(first.id)
    assert found is not None and (found.status, found.result) == ("completed", {"by": "second"})


def test_given_up_in_the_end(queue: Queue, workspace: Workspace) -> None:
    job = queue.add("import", {}, "me")
    for _ in range(MAX_ATTEMPTS):
        assert queue.claim(["import"]) is not None
        expire(workspace, job)
    assert queue.claim(["import"]) is None
    found = queue.get(job.id)
    assert found is not None and (found.status, found.message) == (
        "failed",
        Message(FailureCode.GIVEN_UP, {"attempts": 3}),
    )


def test_given_up_is_not_what_was_done(queue: Queue, workspace: Workspace) -> None:
    """Its worker died after the last try had come to its end, or after someone had asked for it to be stopped."""
    jobs = [queue.add("import", {"n": n}, "me") for n in range(2)]
    for job in jobs:
        for _ in range(MAX_ATTEMPTS if job is jobs[0] else 1):
            assert queue.claim(["import"]) is not None
            if job is jobs[1]:
                queue.cancel(job.id)
            expire(workspace, job)
        assert queue.claim(["import"], lambda left: {"n": left.payload["n"]}) is None
    ended = [queue.get(job.id) for job in jobs]
    assert [job and (job.status, job.result, job.message) for job in ended] == [
        ("completed", {"n": 0}, None),
        ("completed", {"n": 1}, None),
    ]


def test_one_worker_finds_out_what_a_job_came_to(queue: Queue, workspace: Workspace) -> None:
    """What it did is written down by whoever finds out: two would write it down twice."""
    job = queue.add("import", {}, "me")
    for _ in range(MAX_ATTEMPTS):
        assert queue.claim(["import"]) is not None
        expire(workspace, job)
    asked: list[str] = []

    def done(left: Job) -> dict[str, str]:
        asked.append(left.id)
        if len(asked) == 1:
            assert queue.claim(["import"], done) is None  # another one that looks meanwhile
        return {"found": left.id}

    assert queue.claim(["import"], done) is None
    found = queue.get(job.id)
    assert asked == [job.id] and found is not None and found.result == {"found": job.id}


def test_an_order_whose_job_was_deleted_is_a_new_one(queue: Queue, workspace: Workspace) -> None:
    once = IdempotencyKey("key", "the same", "order")
    first = queue.add("export", {}, "me", once)
    assert queue.add("export", {}, "me", once).id == first.id
    queue.cancel(first.id)
    queue.delete(first.id)
    second = queue.add("export", {}, "me", once)
    assert second.id != first.id and queue.add("export", {}, "me", once).id == second.id
    with workspace.state.transaction() as connection:  # as earlier versions left it
        connection.execute(sa.delete(schema.jobs))
    assert queue.add("export", {}, "me", once).id not in (first.id, second.id)


def test_nobody_has_more_than_so_many_waiting(queue: Queue) -> None:
    added = [queue.add("export", {}, "me") for _ in range(MAX_WAITING)]
    assert queue.claim(["export"]) is not None  # what is under way counts, too
    once = IdempotencyKey("key", "the same", "order")
    with pytest.raises(BusyError) as caught:
        queue.add("export", {}, "me", once)
    assert errors.of(caught.value).status == 429
    queue.add("export", {}, "another")
    queue.add("import", {}, "me")
    queue.cancel(added[1].id)
    first = queue.add("export", {}, "me", once)  # what was refused has not taken the idempotency key
    assert queue.add("export", {}, "me", once).id == first.id


def test_cancel(queue: Queue) -> None:
    waiting, running = queue.add("check", {}, "me"), queue.add("import", {}, "me")
    claimed = queue.claim(["import"])
    assert claimed is not None
    queue.cancel(waiting.id)
    queue.cancel(running.id)
    found = queue.get(waiting.id)
    assert found is not None and (found.status, found.message) == ("failed", Message(FailureCode.CANCELLED))
    with pytest.raises(CancelledError):
        queue.renew(claimed, 10, None)


def test_worker(queue: Queue) -> None:
    def double(job: Job, steps: ProgressReporter) -> dict[str, int]:
        steps(50, Message(JobStep.MAKING_ROWS, {"done": 1, "total": 2}))
        return {"doubled": job.payload["n"] * 2}

    def refuse(_job: Job, _steps: ProgressReporter) -> dict[str, int]:
        raise CallboardError("no such thing")

    def lose(_job: Job, _steps: ProgressReporter) -> dict[str, int]:
        raise DatabaseUnavailableError('The database does not answer: connection to "10.1.2.3", user "calls" failed')

    worker = Worker(queue, {"double": double, "refuse": refuse, "lose": lose})
    jobs = [queue.add("double", {"n": 4}, "me"), queue.add("refuse", {}, "me"), queue.add("lose", {}, "me")]
    worker.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not all((found := queue.get(job.id)) and found.ended for job in jobs):
        time.sleep(0.05)
    worker.stop()
    ended = [queue.get(job.id) for job in jobs]
    assert [job and (job.status, job.result, job.message) for job in ended] == [
        ("completed", {"doubled": 8}, None),
        ("failed", None, Message(FailureCode.OTHER, {"text": "no such thing"})),
        ("failed", None, Message(FailureCode.DATABASE_UNAVAILABLE)),
    ]
