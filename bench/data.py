"""The data sets that are measured on: made once, kept in bench/cache."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql

from lib.analytics import queries
from lib.ingest.sample_fields import SAMPLE_FIELDS
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace, bring_up_to_date
from tests import postgres

FOLDER = Path(__file__).parent / "cache"
YARDSTICK_ROWS = 10_000_000
"""Evaluations that the table of results is about."""

LEAST_ROWS = 1_000


def _rows(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) >= LEAST_ROWS):
        sys.exit(
            f"ROWS '{text}' is not a number of evaluations; right would be {LEAST_ROWS:,} or more, such as 100000."
        )
    return int(text)


ROWS = _rows(os.environ.get("ROWS") or str(YARDSTICK_ROWS))
IS_TRIAL = ROWS != YARDSTICK_ROWS
"""Whether all is only tried out: with fewer evaluations, for seconds where minutes are measured, and no table."""

UNTIL = date(2026, 10, 31)


@contextmanager
def server() -> Iterator[str]:
    """Run PostgreSQL over the kept cluster; give the address of its database."""
    folder = FOLDER / "postgresql"
    data = folder / "cluster"
    folder.mkdir(parents=True, exist_ok=True)
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    tools = postgres.programs()

    def run(*command: str | Path) -> None:
        done = subprocess.run([*as_user, *map(str, command)], capture_output=True, text=True, cwd=folder, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    if not data.exists():
        run(tools / "initdb", "-D", data, "-U", "callboard", "-A", "trust", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c shared_buffers=1GB -c max_wal_size=8GB -c max_connections=200"
    run(tools / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    try:
        yield postgres.url(folder, "postgres")
    finally:
        run(tools / "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


def version() -> str:
    """Return which PostgreSQL it is."""
    told = subprocess.run([postgres.programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    return "PostgreSQL " + told.stdout.split()[2]


def settings(engine: str, address: str = "", rows: int = ROWS) -> Settings:
    """Return the settings of the workspace of that many rows, at the address of PostgreSQL in a database of its own."""
    if address:
        address = _other_database(address, "postgres" if rows == YARDSTICK_ROWS else f"callboard_{rows}")
    return Settings(data_dir=FOLDER / f"{engine}-{rows}", database_url=address, sample="off", rate_limit="off")


def made(chosen: Settings, rows: int = ROWS) -> Settings:
    """Make the data where they are missing; return the settings."""
    bring_up_to_date(chosen)
    workspace = Workspace(chosen)
    try:
        with workspace.facts.read() as connection:
            held = queries.status(connection).evaluations
        if held < rows:
            order = {"rows": rows, "seed": 1, "until": UNTIL.isoformat(), "replace": True}
            TASKS["sample"](workspace, order, lambda share, told: print(f"{share:3.0f} % {told}", end="\r", flush=True))
    finally:
        workspace.close()
    return chosen


def _other_database(address: str, name: str) -> str:
    """Return the address of another database of the same server, made where it is missing."""
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return postgres.url(FOLDER / "postgresql", name)


def copied(chosen: Settings, name: str) -> Settings:
    """Return the settings of a copy of an embedded workspace, which may be changed; delete its data dir afterwards."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(chosen.data_dir, folder)
    return chosen.model_copy(update={"data_dir": folder})


def new_calls(rows: int) -> Path:
    """Return a CSV of evaluations that no data set has, without own fields."""
    path = FOLDER / f"new-{rows}.csv"
    if not path.exists():
        made_file = path.with_suffix(".part")
        order = ["sample", "--rows", str(rows), "--seed", "2", "--until", UNTIL.isoformat(), "--to", str(made_file)]
        subprocess.run([sys.executable, "-m", "lib", *order], check=True, capture_output=True)
        with made_file.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as target:
            for line in source:
                plain = line.rsplit(",", len(SAMPLE_FIELDS))[0]  # theirs are the last columns, and hold no commas
                target.write(plain.replace('"ev_', '"new_', 1) + "\n")
        made_file.unlink()
    return path
