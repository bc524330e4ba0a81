"""The wiring: pages, worker and stores in one process, served by `streamlit run app.py`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import streamlit as st
from starlette.routing import Mount

from lib import workspace
from lib.api import application
from lib.api.routes import service
from lib.ui import page

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the workspace before the first visitor comes, and close it at the end."""
    await anyio.to_thread.run_sync(workspace.current)
    yield
    await anyio.to_thread.run_sync(workspace.close_current)


app = st.App(
    "pages/main.py",
    routes=[*service.ROUTES, Mount("/v1", app=application.build())],
    lifespan=lifespan,
    on_script_error=page.show_unexpected,
)
