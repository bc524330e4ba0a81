"""The wiring: pages, worker and stores in one process, served by `streamlit run app.py`."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware

from lib import settings, workspace
from lib.access import signing
from lib.api import application, errors
from lib.api.routes import health
from lib.catalog.catalog import BUILT_IN
from lib.errors import (
    CallboardError,
    ConfigurationError,
    DatabaseHeldError,
    DatabaseUnavailableError,
    DatabaseVersionError,
    DiskFullError,
)
from lib.observability import logging_config, redaction
from lib.settings import Settings
from lib.store import data_dir
from lib.ui import live_updates, login_cookie, start_page, streamlit_internals, streamlit_words
from lib.ui.session_storage import ReconnectStorage
from lib.web import server
from lib.web.assets import Assets
from lib.web.gateway import Gateway, Limits
from lib.web.login_redirect import LoginRedirectMiddleware
from lib.web.sockets import Sockets

log = logging.getLogger("callboard")


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the workspace before the first visitor comes, and close it at the end."""
    try:
        await anyio.to_thread.run_sync(workspace.current)
    except (DatabaseUnavailableError, DiskFullError) as error:
        if isinstance(error, DatabaseHeldError | DatabaseVersionError):
            _give_up(error)
        log.warning("Started without a database; every request asks for it again. %s", error.message)
    except CallboardError as error:
        _give_up(error)
    sys.setswitchinterval(SWITCH_SECONDS)
    server.raise_open_files()
    streamlit_internals.keep_sessions(ReconnectStorage(has_login=_settings.has_login))
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield
    await anyio.to_thread.run_sync(workspace.close_current)


def _opened() -> Settings:
    """Return the settings; end the process where they are wrong, or would let in everybody."""
    data_dir.restrict_umask()
    try:
        chosen = settings.load()
    except CallboardError as error:
        _give_up(error)
    redaction.register_secrets(*chosen.secrets)
    logging_config.begin(chosen.log_format)
    streamlit_internals.adopt_loggers()
    streamlit_internals.accept_long_headers()
    streamlit_internals.accept_long_queries()
    address = st.get_option("server.address")
    if chosen.has_login:
        return chosen
    if address in ("127.0.0.1", "localhost", "::1"):
        log.info("No login is set: Callboard listens on this machine alone (%s)", address)
    elif chosen.open:
        log.warning("No login is set, and other machines are served: whoever reaches %s may do everything", address)
    else:
        _give_up(
            ConfigurationError(
                f"Without a login, whoever reaches {address or 'this machine'} could see and load everything. Right "
                "would be to set CALLBOARD_OIDC_ISSUER and what belongs to it; or, where something in front asks who "
                "comes, CALLBOARD_OPEN=yes; or --server.address 127.0.0.1, for this machine alone."
            )
        )
    return chosen


def _secrets(chosen: Settings) -> dict[str, Any]:
    """Return what `st.login` has to know; empty without a login."""
    if not chosen.has_login:
        return {}
    try:
        signs_cookies = signing.cookie_secret(chosen)
    except CallboardError as error:
        _give_up(error)
    return {
        "auth": {
            "redirect_uri": f"{chosen.base_url}/oauth2callback",
            "cookie_secret": signs_cookies,
            "client_id": chosen.oidc_client_id,
            "client_secret": chosen.oidc_client_secret,
            "server_metadata_url": f"{chosen.oidc_issuer}/.well-known/openid-configuration",
            "client_kwargs": {"scope": "openid email profile", "prompt": chosen.oidc_prompt},
        }
    }


def _give_up(error: CallboardError) -> NoReturn:
    """End the process with what is wrong, in words; nothing has begun yet, and the server would show its insides."""
    sys.stderr.write(f"Callboard can't start. {error.message}\n")
    sys.stderr.flush()
    os._exit(2)


def _warm_up() -> None:
    """Load what the pages need while programs are answered already, and keep the collector from going through it.

    Every visit makes and drops many objects; without the freeze, each time all loaded modules are looked at again.
    """
    for name in ("lib.ui.sidebar", "lib.ui.page_view", "lib.reports.pages", "lib.charts.draw"):
        importlib.import_module(name)
    if _settings.has_login:  # else the first log-in loads it on the event loop
        importlib.import_module("authlib.integrations.starlette_client")
    gc.collect()
    gc.freeze()


def _show_unexpected(error: Exception) -> bool:
    return bool(importlib.import_module("lib.ui.page_layout").show_unexpected(error))


SWITCH_SECONDS = 0.0002
"""How long a thread may compute while another waits for its turn: the event loop, which serves all, takes many short
turns, and with the usual 5 ms waits longer the more threads draw pages."""

MESSAGE_BYTES = st.get_option("server.maxWidgetStateSize") * 1_000_000
"""Size of a page's message, by which the pages' server counts, too."""

_settings = _opened()
_bundles = streamlit_internals.script_bundles(start_page.GROUPS)
_page = start_page.compose(streamlit_internals.page_html(), streamlit_internals.page_sheet(), _bundles)
front = Middleware(
    Gateway,
    hosts=_settings.host_names,
    base_url=_settings.base_url,
    page=_page,
    limits=Limits(st.get_option("server.maxUploadSize"), _settings.max_body_mb),
    refusal=errors.refusal,
    sockets=Sockets(
        login_cookie.identify if _settings.has_login else None, streamlit_internals.count_values, MESSAGE_BYTES
    ),
)
app = st.App(
    "pages/main.py",
    routes=[*health.ROUTES, *streamlit_words.ROUTES, *live_updates.ROUTES],
    middleware=[
        Middleware(streamlit_internals.ServerProtocols, message_bytes=MESSAGE_BYTES),
        front,
        Middleware(application.ApiDispatcher, catalog=BUILT_IN),
        Middleware(
            Assets,
            folder=streamlit_internals.static_folder(),
            own=start_page.OWN_FILES,
            replaced=streamlit_internals.page_html(),
            page=_page,
            bundles=_bundles,
        ),
        Middleware(LoginRedirectMiddleware),
    ],
    lifespan=lifespan,
    secrets=_secrets(_settings),
    on_script_error=_show_unexpected,
)
