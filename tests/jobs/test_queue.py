"""Jobs: claimed once, renewed, fenced off, cancelled; on both state stores."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lib import schema
from lib.errors import CallboardError, CancelledError
from lib.jobs.queue import MAX_ATTEMPTS, Job, Queue
from lib.jobs.worker import Steps, Worker
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
        queue.renew(first, 50, "still here")
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
    assert found is not None and (found.status, found.message) == ("failed", "given up after 3 attempts")


def test_cancel(queue: Queue) -> None:
    waiting, running = queue.add("check", {}, "me"), queue.add("import", {}, "me")
    claimed = queue.claim(["import"])
    assert claimed is not None
    queue.cancel(waiting.id)
    queue.cancel(running.id)
    found = queue.get(waiting.id)
    assert found is not None and (found.status, found.message) == ("failed", "cancelled")
    with pytest.raises(CancelledError):
        queue.renew(claimed, 10, "on")


def test_worker(queue: Queue) -> None:
    def double(job: Job, steps: Steps) -> dict[str, int]:
        steps(50, "half way")
        return {"doubled": job.payload["n"] * 2}

    def refuse(_job: Job, _steps: Steps) -> dict[str, int]:
        raise CallboardError("no such thing")

    worker = Worker(queue, {"double": double, "refuse": refuse})
    jobs = [queue.add("double", {"n": 4}, "me"), queue.add("refuse", {}, "me")]
    worker.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not all((found := queue.get(job.id)) and found.ended for job in jobs):
        time.sleep(0.05)
    worker.stop()
    ended = [queue.get(job.id) for job in jobs]
    assert [job and (job.status, job.result, job.message) for job in ended] == [
        ("completed", {"doubled": 8}, None),
        ("failed", None, "no such thing"),
    ]
