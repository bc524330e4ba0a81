"""What the child processes have in common: whose code they run, what they take, how they are heard, and end."""

from __future__ import annotations

import ctypes
import os
import resource
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from lib.errors import StorageError

_ROOT = Path(__file__).parent.parent.parent

ENVIRONMENT = {
    # A csv.py in the folder where the program was started is not the one that is meant; this package is.
    "PYTHONSAFEPATH": "1",
    "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
    # Arrow's first choice would reserve a gigabyte of addresses, which a limit of memory counts.
    "ARROW_DEFAULT_MEMORY_POOL": "jemalloc",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

_SILENCE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


def start(module: str, *arguments: str, stderr: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[bytes]:
    """Start one of our modules as a child whose pipes are the parent's."""
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, **ENVIRONMENT, **environment},
        start_new_session=True,  # the terminal's Ctrl-C is the parent's to act on
    )


def run(module: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run one of our modules as a child to its end, and return what it wrote.

    How long it computes is its own to limit. Raises StorageError with the last line of what it said where it failed.
    """
    child = start(module, *arguments)
    try:
        written, said = child.communicate(given)
    except BaseException:
        child.kill()
        child.communicate()
        raise
    if child.returncode == -signal.SIGXCPU:
        raise StorageError("it took longer than it may")
    if child.returncode:
        raise StorageError(last_line(said))
    return written


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child, whatever it does, and close its pipes."""
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        with suppress(OSError):  # what was still to be written has no reader any more
            if pipe is not None:
                pipe.close()


def last_line(said: bytes) -> str:
    """Return in words why a child failed: the last line that it said."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it broke off"


def limit(megabytes: int, seconds: int) -> None:
    """Have a process end that takes more memory, or computes for longer; it leaves no core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def make_way() -> None:
    """Have a process compute where nobody else wants to: a file written in the background can wait for pages."""
    os.nice(10)


def end_with_parent() -> None:
    """Have a process killed when the thread that started it ends, however that comes about; Linux alone knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def lines(pipe: IO[bytes]) -> Iterator[bytes | None]:
    """Yield a pipe's lines as they come, and None after each second in which none came."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(_SILENCE_SECONDS):
                yield None
                continue
            found = os.read(pipe.fileno(), 2**16)
            if not found:
                break
            *whole, rest = (rest + found).split(b"\n")
            yield from whole
    if rest:
        yield rest


def block_pandas() -> None:
    """Have a process do without pandas, which Arrow would load to know its arrays; it takes 0.3 s."""
    sys.meta_path.insert(0, _NoPandas())


class _NoPandas:
    def find_spec(self, name: str, *_: object) -> None:
        """Refuse pandas, and leave all others to the next finder."""
        if name == "pandas":
            raise ModuleNotFoundError(name)
        return None
