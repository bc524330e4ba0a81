"""The command `callboard`, run in a fork of a process that has the program loaded: loading takes longer than all else.

What the command does from its start is held by the tests that start it themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lib import __main__ as program
from tests.conftest import ROOT
from tests.crashes.killing import fork
from tests.waiting import LONG_SECONDS


def run_command(*arguments: str | Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command with these environment variables besides the present ones, and with nothing to read."""
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as folder:
        said, told = Path(folder, "out"), Path(folder, "err")
        process = fork(_be_command, words, {**os.environ, **variables}, said, told)
        process.join(LONG_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, LONG_SECONDS)
        return subprocess.CompletedProcess(words, process.exitcode, said.read_text(), told.read_text())


def _be_command(words: list[str], environment: dict[str, str], said: Path, told: Path) -> None:
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate((Path(os.devnull), said, told)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - to the end
    sys.argv = [program.__file__, *words]
    program.main()
