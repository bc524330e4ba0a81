"""The whole server, killed while it takes evaluations and writes exports: the same on each engine."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.api_client import make_key
from tests.crashes.killing import KILLS, Kills, Openings, differences
from tests.serving import AppProcess, free_port
from tests.waiting import LONG_SECONDS

ROWS = 12_000  # that an export writes, besides those that are sent
BATCH = 20
SENDERS = 2
EVERY = 5  # of so many starts one is by the command, and timed


class Server:
    """A server on a port of its own, which is killed and started again."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = settings.data_dir.parent / "server.log"
        self._variables = {
            "CALLBOARD_DATA_DIR": str(settings.data_dir),
            "CALLBOARD_DATABASE_URL": settings.database_url,
            "CALLBOARD_SAMPLE": "off",
            "CALLBOARD_RATE_LIMIT": "off",
        }
        self._process: AppProcess | None = None

    def start(self, *, by_command: bool) -> float:
        """Start, and wait until it is ready; return how long that took."""
        began = time.monotonic()
        self._process = AppProcess(self.port, self._variables, self._log, by_command=by_command)
        while time.monotonic() - began < LONG_SECONDS:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.02)
        raise AssertionError("the server was not ready")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()


@dataclass
class Sent:
    """What was sent: the batches by their number, those that were acknowledged, the exports."""

    batches: set[int] = field(default_factory=set)
    acknowledged: set[int] = field(default_factory=set)
    jobs: list[str] = field(default_factory=list)
    answers: set[int] = field(default_factory=set)
    numbers: Any = field(default_factory=itertools.count)


def batch(number: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{number}-{n}",
            "audioDate": f"2024-{number % 12 + 1:02}-{n % 28 + 1:02}",
            "averageNote": (number + n) % 11,
            "audioFileName": f"{number}-{n}.wav",
        }
        for n in range(BATCH)
    ]


def send(address: str, key: str, sent: Sent, most: int, stopped: threading.Event) -> None:
    """Send batches one after another until the server is gone."""
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for _ in range(most):
            number = next(sent.numbers)
            sent.batches.add(number)
            try:
                answer = client.post("/v1/evaluations", json=batch(number))
            except httpx.HTTPError:
                return
            sent.answers.add(answer.status_code)
            if answer.status_code == 200:
                sent.acknowledged.add(number)
            if stopped.is_set():
                return


def order(address: str, key: str, sent: Sent, form: str) -> str | None:
    """Order an export; return its job, None where the server is gone."""
    try:
        answer = httpx.post(
            f"{address}/v1/analytics/export",
            json={"format": form},
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        )
    except httpx.HTTPError:
        return None
    job: str = answer.json()["jobId"]
    sent.jobs.append(job)
    return job


def status(address: str, key: str, job: str) -> dict[str, Any]:
    answer = httpx.get(f"{address}/v1/analytics/export/{job}", headers={"Authorization": f"Bearer {key}"}, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(address: str, key: str, jobs: list[str]) -> dict[str, dict[str, Any]]:
    """Wait until exports have ended, and return how."""
    deadline = time.monotonic() + LONG_SECONDS
    found: dict[str, dict[str, Any]] = {}
    while len(found) < len(jobs) and time.monotonic() < deadline:
        for job in set(jobs) - set(found):
            told = status(address, key, job)
            if told["status"] in ("completed", "failed"):
                found[job] = told
                deadline = time.monotonic() + LONG_SECONDS  # for the next one
        time.sleep(0.05)
    assert set(found) == set(jobs)
    return found


def run(settings: Settings, openings: Openings) -> None:
    """Kill a server `KILLS` times while two programs send evaluations and an export is written."""
    workspace = Workspace(settings)
    path = settings.data_dir / "base.csv"
    path.write_text("id,audioDate\n" + "".join(f"base-{n},2024-02-{n % 28 + 1:02}\n" for n in range(ROWS)))
    TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    workspace.close()
    key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
    sent = Sent()
    server = Server(settings)
    try:
        server.start(by_command=True)
        began = time.monotonic()
        first = [job for form in ("csv", "xlsx") if (job := order(server.address, key, sent, form))]
        send(server.address, key, sent, 5, threading.Event())
        ended(server.address, key, first)
        length = time.monotonic() - began
        kills = Kills()
        for number in kills.rounds():
            stopped = threading.Event()
            senders = [
                threading.Thread(target=send, args=(server.address, key, sent, 100_000, stopped))
                for _ in range(SENDERS)
            ]
            for sender in senders:
                sender.start()
            ordering = threading.Thread(target=order, args=(server.address, key, sent, ("csv", "xlsx")[number % 2]))
            ordering.start()
            stopped.wait(kills.moment(length))
            server.kill()
            for thread in (*senders, ordering):
                thread.join()
            by_command = number % EVERY == 0
            took = server.start(by_command=by_command)
            if by_command:
                openings.seconds.append(took)
            counted = httpx.get(
                f"{server.address}/v1/analytics/summary", headers={"Authorization": f"Bearer {key}"}, timeout=60
            ).json()["totalEvaluations"]
            there, rest = divmod(counted - ROWS, BATCH)
            assert rest == 0 and len(sent.acknowledged) <= there <= len(sent.batches)
        _check_exports(server.address, key, sent, settings)
    finally:
        server.kill()
    assert sent.answers == {200}
    _check_facts(settings, sent)


def _check_exports(address: str, key: str, sent: Sent, settings: Settings) -> None:
    found = ended(address, key, sent.jobs)
    completed = {job: told for job, told in found.items() if told["status"] == "completed"}
    assert len(completed) >= 2 and all(told["error"] for job, told in found.items() if job not in completed)
    for told in completed.values():
        content = httpx.get(told["downloadUrl"], timeout=60).content
        assert (len(content), hashlib.sha256(content).hexdigest()) == (told["bytes"], told["sha256"])
        assert told["rows"] >= ROWS
        if ".csv" in told["downloadUrl"]:
            assert content.count(b"\n") == told["rows"] + 1
    workspace_files = {path.name for path in settings.exports_dir.iterdir() if not path.name.startswith(".")}
    # A job that was told of to nobody, as the server was killed before, has its file, too.
    assert set(completed) <= {name.split(".")[0] for name in workspace_files}


def _check_facts(settings: Settings, sent: Sent) -> None:
    workspace = Workspace(settings)
    facts = schema.evaluations.c
    with workspace.facts.read() as connection:
        rows = connection.execute(sa.select(facts.id, facts.score, facts.audio_file_name)).all()
        listed = connection.execute(sa.select(sa.func.sum(schema.imports.c.added))).scalar_one()
    held = {row.id: (row.score, row.audio_file_name) for row in rows}
    assert len(held) == len(rows)
    there = set()
    for number in sent.batches:
        expected = {each["id"]: (each["averageNote"] * 10_000, each["audioFileName"]) for each in batch(number)}
        found = {key: held[key] for key in expected if key in held}
        assert found in ({}, expected)
        if found:
            there.add(number)
    assert sent.acknowledged <= there
    assert len(held) == ROWS + BATCH * len(there) == listed
    assert len(sent.acknowledged) > KILLS
    assert differences(workspace) == []
    workspace.close()
