"""What a click on a chart does."""

from __future__ import annotations

from datetime import date

import pytest

from lib.analytics.query_cache import QueryCache
from lib.reports.context import ViewOptions, build_context
from lib.reports.page import Click
from lib.ui import clicks, url_state
from lib.workspace import Workspace
from tests.filters import make_filters


@pytest.mark.parametrize("engine", ["duckdb"])
def test_a_click_that_opens_a_group_goes_to_its_details(workspace: Workspace, answers: QueryCache) -> None:
    days = make_filters(date(2024, 1, 1), date(2024, 1, 31))
    context = build_context(answers, workspace.calendar, days, ViewOptions(), lambda *_: ())
    assert clicks.action(context, Click("open")) is url_state.open_detail
