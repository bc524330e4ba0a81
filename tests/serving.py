"""The running app: forked from a process that has the program loaded, which is soon there, or started by its command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT
from tests.crashes.killing import fork
from tests.waiting import LONG_SECONDS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class AppProcess:
    """A process of the app on a port; it begins at once, and is ready some time later."""

    def __init__(self, port: int, variables: dict[str, str], log: Path, *, by_command: bool = False) -> None:
        arguments = ["run", "app.py", "--server.port", str(port)]
        self._command = self._fork = None
        if by_command:
            with log.open("w") as said:
                words = [sys.executable, "-m", "streamlit", *arguments]
                environment = {**os.environ, **variables}
                self._command = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=said, stderr=said)
        else:
            self._fork = fork(_serve, arguments, {**os.environ, **variables}, log)

    @property
    def has_ended(self) -> bool:
        """Whether it is gone."""
        if self._command is not None:
            return self._command.poll() is not None
        return self._fork is None or self._fork.exitcode is not None

    def kill(self) -> None:
        """End it as a power cut would."""
        for process in (self._command, self._fork):
            if process is not None:
                process.kill()
        self._wait(None)

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        for process in (self._command, self._fork):
            if process is not None:
                process.terminate()
        self._wait(15)
        if not self.has_ended:
            self.kill()

    def _wait(self, seconds: float | None) -> None:
        if self._fork is not None:
            self._fork.join(seconds)
        if self._command is not None:
            try:
                self._command.wait(seconds)
            except subprocess.TimeoutExpired:
                return


def _serve(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    from streamlit.web import cli

    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    cli.main(arguments)


@contextmanager
def served(data_dir: Path, port: int | None = None, /, **variables: str) -> Iterator[str]:
    """Run the app, on a port or a free one; give its address."""
    with _running(data_dir, port or free_port(), variables, by_command=False) as address:
        yield address


@contextmanager
def served_by_command(data_dir: Path, port: int | None = None, /, **variables: str) -> Iterator[str]:
    """Run the app in a process of its own from the beginning, as one has to that is measured; give its address."""
    with _running(data_dir, port or free_port(), variables, by_command=True) as address:
        yield address


@contextmanager
def _running(data_dir: Path, port: int, variables: dict[str, str], *, by_command: bool) -> Iterator[str]:
    log = data_dir.parent / f"{data_dir.name}.log"
    process = AppProcess(port, {"CALLBOARD_DATA_DIR": str(data_dir), **variables}, log, by_command=by_command)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + LONG_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                assert not process.has_ended, log.read_text()
                time.sleep(0.1)
        else:
            raise AssertionError(f"the app was not alive in time: {log.read_text()[-2000:]}")
        yield address
    finally:
        process.stop()
