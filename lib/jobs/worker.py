"""The worker: one thread that takes jobs from the queue and does them, one after another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lib.errors import CallboardError
from lib.errors.codes import FailureCode
from lib.jobs.queue import LEASE, Completed, Done, Job, Queue
from lib.store.messages import Message, failure_of

POLL_SECONDS = 0.3
RENEW_SECONDS = 1.0
TIDY_SECONDS = 300
AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)


class ProgressReporter:
    """What a job tells its progress to. Telling raises CancelledError once the job was cancelled."""

    def __init__(self, queue: Queue, job: Job) -> None:
        """Tell about one claimed job."""
        self._queue, self._job = queue, job
        self._told = 0.0
        self._lock = threading.Lock()
        self.progress = 0.0
        self.message: Message | None = None
        self.stopped: CallboardError | None = None

    def __call__(self, progress: float, message: Message) -> None:
        """Tell the progress, 0 to 100, and what is being done; written at most once a second."""
        with self._lock:
            self.progress, self.message = progress, message
            if self.stopped is not None:
                raise self.stopped
            if time.monotonic() - self._told >= RENEW_SECONDS:
                self._told = time.monotonic()
                self._queue.renew(self._job, progress, message)

    def heartbeat(self, done: threading.Event) -> None:
        """Renew the lease until done, whatever the job itself tells."""
        while not done.wait(LEASE.total_seconds() / 6):
            try:
                self._queue.renew(self._job, self.progress, self.message)
            except CallboardError as error:
                self.stopped = error
            except Exception:  # whatever it is, it may pass before the lease runs out
                log.exception("The lease of job %s can't be renewed", self._job.id)


Handler = Callable[[Job, ProgressReporter], dict[str, Any]]
"""Does one job and returns its result; what it raises is why the job failed."""


class Worker:
    """Does the queue's jobs by their kind, in a thread of its own."""

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handler],
        tidy: Callable[[], None] = lambda: None,
        done: Done = lambda _: None,
        completed: Completed = lambda *_: None,
    ) -> None:
        """Prepare; `start` begins. `tidy` is done at the start and every few minutes, `done` as `Queue.claim` says.

        `completed` is told of each job that ends well, within the transaction that writes this.
        """
        self._completed = completed
        self._done = done
        self._tidy = tidy
        self._tidied: float | None = None
        self._queue = queue
        self._handlers = handlers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def stop(self) -> None:
        """Take no further job; one under way goes on for at most five seconds, and is done again by the next worker."""
        self._stopping.set()
        self._queue.wake()
        self._thread.join(timeout=5)

    def do_next(self) -> bool:
        """Do the job that waits the longest; return whether there was one."""
        job = self._queue.claim(tuple(self._handlers), self._done)
        if job is not None:
            self._do(job)
        return job is not None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._tidied is None or time.monotonic() - self._tidied > TIDY_SECONDS:
                    self._tidied = time.monotonic()
                    self._tidy()
                if self.do_next():
                    continue
            except CallboardError as error:
                log.warning("The queue can't be read: %s", error.message)
            except Exception:  # whatever it is, the worker has to be there for the next job
                log.exception("The queue can't be used")
            self._queue.wait(POLL_SECONDS)

    def _do(self, job: Job) -> None:
        steps = ProgressReporter(self._queue, job)
        done = threading.Event()
        keeper = threading.Thread(target=steps.heartbeat, args=(done,), name="lease", daemon=True)
        keeper.start()
        try:
            result = self._handlers[job.kind](job, steps)
        except CallboardError as error:
            reason = failure_of(error)
            if reason.code is FailureCode.DATABASE_UNAVAILABLE:  # which leaves out what the database said
                log.warning("Job %s failed: %s", job.id, error.message)
            self._end(lambda: self._queue.fail(job, reason))
        except Exception as error:  # a job's own fault must end the job, not the worker
            log.exception("Job %s failed", job.id)
            reason = failure_of(error)
            self._end(lambda: self._queue.fail(job, reason))
        else:
            self._end(lambda: self._queue.complete(job, result, self._completed))
        finally:
            done.set()
            keeper.join()

    def _end(self, tell: Callable[[], bool]) -> None:
        """Tell the queue how a job ended, again while that can't be written; a worker that is stopped leaves it."""
        while True:
            try:
                tell()
                return
            except CallboardError as error:
                log.warning("The end of a job can't be written: %s", error.message)
            if self._stopping.wait(AGAIN_SECONDS):
                return
