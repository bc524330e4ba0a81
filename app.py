"""The wiring: pages, worker and stores in one process, served by `streamlit run app.py`."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware

from lib import workspace
from lib.api import application
from lib.api.routes import service
from lib.errors import CallboardError, DatabaseHeldError, DatabaseUnavailableError, DatabaseVersionError
from lib.ui import page

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("alembic").setLevel(logging.WARNING)
log = logging.getLogger("callboard")


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the workspace before the first visitor comes, and close it at the end."""
    try:
        await anyio.to_thread.run_sync(workspace.current)
    except DatabaseUnavailableError as error:
        if isinstance(error, DatabaseHeldError | DatabaseVersionError):
            _give_up(error)
        log.warning("Started without a database; every request asks for it again. %s", error.message)
    except CallboardError as error:
        _give_up(error)
    _answer_at_once()
    await anyio.to_thread.run_sync(_warm_up)
    yield
    await anyio.to_thread.run_sync(workspace.close_current)


def _give_up(error: CallboardError) -> NoReturn:
    """End the process with what is wrong, in words; nothing has begun yet, and the server would show its insides."""
    sys.stderr.write(f"Callboard can't start. {error.message}\n")
    sys.stderr.flush()
    os._exit(2)


def _warm_up() -> None:
    """Load what the pages need before the first visitor waits for it, and keep the collector from going through it.

    Every visit makes and drops many objects; without the freeze, each time all loaded modules are looked at again.
    """
    for name in ("cards", "tables", "sidebar"):
        importlib.import_module(f"lib.ui.{name}")
    for name in ("trend", "distribution", "ranking", "funnel"):
        importlib.import_module(f"lib.charts.{name}")
    gc.collect()
    gc.freeze()


def _answer_at_once() -> None:
    """Have the system send answers as they are written: held back, a small one takes 40 ms longer.

    Streamlit's listening socket names no protocol, so that asyncio does not do this by itself; what a connection is
    set to, it has from the socket that it came in by.
    """
    for each in gc.get_objects():
        internet = isinstance(each, socket.socket) and each.family in (socket.AF_INET, socket.AF_INET6)
        if internet and each.fileno() >= 0 and each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


app = st.App(
    "pages/main.py",
    routes=service.ROUTES,
    middleware=[Middleware(application.UnderV1)],
    lifespan=lifespan,
    on_script_error=page.show_unexpected,
)
