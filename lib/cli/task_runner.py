"""How a command does a task: here, or by the running app where that holds the embedded database.

The app's worker then does the task, and the output is the same.
"""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from lib import settings
from lib.cli.interrupts import Interrupts
from lib.cli.terminal import echo
from lib.errors import CallboardError, CancelledError, DatabaseHeldError, SampleDataError
from lib.errors.codes import FailureCode
from lib.jobs.queue import JobStatus, Queue
from lib.jobs.tasks import TASKS
from lib.reports import job_text
from lib.store.messages import Message
from lib.store.state import StateStore
from lib.workspace import Workspace

POLL_SECONDS = 0.2
UNCLAIMED_SECONDS = 15
STOPPED_SECONDS = 60

Show = Callable[[float, Message | None], None]
"""Shows how far a task is, 0 to 100, and what is being done; None while it waits for the running app."""


def this_user() -> str:
    """Return who runs the command, for the audit: the name of the user, or the number of one who has no name here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, say; which of them it is depends on Python's version
        return f"uid {os.getuid()}"


def perform(kind: str, payload: dict[str, Any], new_zone: str | None = None) -> dict[str, Any]:
    """Do a task here, or have the process do it that holds the embedded database.

    The task goes by the workspace's time zone; CALLBOARD_TIMEZONE may name no other, but for `new_zone`.
    """
    for line in settings.unknown_variables():
        echo(f"Warning: {line}", err=True)
    chosen = settings.load()
    show, done = progress()
    payload = {**payload, "actor": this_user(), "timezone": chosen.timezone_variable}
    try:
        try:
            workspace = Workspace(chosen, new_zone)
        except DatabaseHeldError:
            return queue_task(StateStore(chosen), kind, payload, show)
        try:
            return TASKS[kind](workspace, payload, show)
        finally:
            workspace.close()
    finally:
        done()


def queue_task(state: StateStore, kind: str, payload: dict[str, Any], show: Show) -> dict[str, Any]:
    """Put a task into the queue and wait for its end; Ctrl-C asks for it to be stopped."""
    queue = Queue(state)
    job = queue.add(kind, payload, payload["actor"])
    added = time.monotonic()
    stopped = None
    try:
        while not job.ended:
            if job.attempt == 0 and time.monotonic() - added > UNCLAIMED_SECONDS and not _busy(queue):
                queue.cancel(job.id)
                raise DatabaseHeldError(
                    "Another process holds the embedded database and takes no jobs. Right would be to end it, or to "
                    "use the app's own data dir (CALLBOARD_DATA_DIR)."
                )
            show(job.progress, job.message)
            time.sleep(POLL_SECONDS)
            job = queue.get(job.id) or job
    except KeyboardInterrupt:
        queue.cancel(job.id)
        stopped = time.monotonic()
        while not job.ended:  # it may be in by then, and ends at its next step otherwise
            if time.monotonic() - stopped > STOPPED_SECONDS:
                raise CancelledError("The running app was asked to stop, and has not yet done so.") from None
            time.sleep(POLL_SECONDS)
            job = queue.get(job.id) or job
    finally:
        state.close()
    if job.status is JobStatus.FAILED and stopped is not None:
        raise CancelledError(FailureCode.STOPPED)
    if job.status is JobStatus.FAILED:
        if job.message is not None and job.message.code is FailureCode.SAMPLE_IN_THE_WAY:
            raise SampleDataError(FailureCode.SAMPLE_IN_THE_WAY)
        raise CallboardError("failed" if job.message is None else job_text.in_words(job.message))
    return job.result or {}


def _busy(queue: Queue) -> bool:
    return any(job.status is JobStatus.PROCESSING for job in queue.newest(tuple(TASKS)))


def progress() -> tuple[Show, Callable[[], None]]:
    """Return how progress is shown: a bar on a terminal, plain lines elsewhere; and what ends it.

    Until then no Ctrl-C is lost: showing a step stops a task that went on.
    """
    interrupts = Interrupts()
    draw, close = _bar() if sys.stderr.isatty() else (_lines(), lambda: None)

    def show(share: float, message: Message | None) -> None:
        interrupts.check()
        draw(share, message)

    def done() -> None:
        interrupts.end()
        close()

    return show, done


def _bar() -> tuple[Show, Callable[[], None]]:
    bar: Any = click.progressbar(length=100, file=sys.stderr, item_show_func=lambda item: str(item or ""))
    bar.__enter__()

    def move(share: float, message: Message | None) -> None:
        bar.update(max(0, int(share) - bar.pos), _doing(message))

    return move, lambda: bar.__exit__(None, None, None)


def _lines() -> Show:
    last: dict[str, Any] = {"at": time.monotonic(), "line": ""}

    def say(share: float, message: Message | None) -> None:
        line = f"{int(share):3} % {_doing(message)}"
        if time.monotonic() - last["at"] >= 2 and line != last["line"]:
            last.update(at=time.monotonic(), line=line)
            echo(line, err=True)

    return say


def _doing(message: Message | None) -> str:
    return "waiting for the running app" if message is None else job_text.in_words(message)
