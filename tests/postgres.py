"""A PostgreSQL of the tests' own: in a temporary folder, on a Unix socket, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

MEMORY = Path("/dev/shm")  # noqa: S108
ROOM_BYTES = 4 * 1024**3


def programs() -> Path:
    """Return the folder of the server's programs, of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise RuntimeError("PostgreSQL's server programs are missing; make test installs them")
    return found[-1].parent if found else Path(str(on_path)).parent


class Server:
    """A server in a folder of its own, which is the address of its socket, too; it can be stopped and started."""

    def __init__(self, folder: Path, data: Path, primary: Path | None = None) -> None:
        """Make its database cluster in `data`; both folders must be the user's that it runs as.

        With the socket of a `primary` it is a copy of that, which follows it.
        """
        self.folder, self.data = folder, data
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            for path in (folder, data):
                path.mkdir(exist_ok=True)
                os.chown(path, user.pw_uid, user.pw_gid)
            self._as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        if primary is None:
            self._run("initdb", "-U", "callboard", "-A", "trust", "-E", "UTF8", "--no-sync")
        else:
            self.data.chmod(0o700)
            self._run("pg_basebackup", "-h", str(primary), "-U", "callboard", "-R", "-c", "fast", "--no-sync")

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        options = (
            f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=60 -c shared_buffers=128MB "
            "-c max_wal_size=64MB"
        )
        self._run("pg_ctl", "-o", options, "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop: `fast` ends every connection in order, `immediate` leaves the rest to the recovery."""
        self._run("pg_ctl", "-m", mode, "-w", "stop")

    @property
    def process(self) -> int:
        """The id of its first process."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def forget(self) -> None:
        """Remove the files that say that it runs, once all of it is dead.

        A killed process that nobody has waited for still has its number, so that a new server takes it for alive.
        """
        (self.data / "postmaster.pid").unlink()
        for lock in self.folder.glob(".s.PGSQL.*.lock"):
            lock.unlink()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(programs() / program), "-D", str(self.data), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)
        if done.returncode:
            log = self.folder / "log"
            told = log.read_text()[-2000:] if log.exists() else ""
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}{told}")


@contextmanager
def controlled(data: Path | None = None, parent: Path | None = None, primary: Path | None = None) -> Iterator[Server]:
    """Run a server that can be stopped and started, in a folder of `parent`; its cluster in `data` where that is given.

    With the socket of a `primary` it is a standby of that one.
    """
    folder = Path(tempfile.mkdtemp(prefix="callboard-pg-", dir=parent))
    try:
        made = Server(folder, data or folder / "data", primary)
        made.start()
        try:
            yield made
        finally:
            if (made.data / "postmaster.pid").exists():
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[Path]:
    """Run a server, in memory if there is room; give the folder of its socket, which is its address.

    Each database is some three hundred files, which take twenty times as long to make on a disk.
    """
    with controlled(parent=memory()) as made:
        yield made.folder


def memory() -> Path | None:
    """Return a folder in memory, where there is room for a server."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if in_memory else None


def url(socket: Path, database: str) -> str:
    """Return the address of one database of a server."""
    return f"postgresql://callboard@/{database}?host={socket}"


@contextmanager
def database(socket: Path, name: str, template: str = "template1") -> Iterator[str]:
    """Make a database on a server, a copy of another one; give its address; drop it at the end."""
    with psycopg.connect(url(socket, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield url(socket, name)
    finally:
        with psycopg.connect(url(socket, "postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
