"""What children of the tests need, loaded before they are forked. Starts no thread, which a fork would leave behind."""

import tempfile
from pathlib import Path

import pandas  # noqa: F401
import sqlalchemy as sa
import streamlit.web.cli  # noqa: F401

import lib.api.application
import lib.charts.funnel
import lib.cli
import lib.ui.page_view
import lib.ui.sidebar
import lib.workspace  # noqa: F401
from lib.settings import Settings
from lib.store.state import StateStore

with tempfile.TemporaryDirectory() as folder:
    StateStore(Settings(data_dir=Path(folder), database_url="", state_url="")).close()
for address in ("duckdb:///:memory:", "postgresql+psycopg:///none"):
    sa.create_engine(address).dispose()
