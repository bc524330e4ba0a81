"""What the sample data hold for every page to have something to show."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lib.analytics.decomposition import decomposition
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CAMPAIGN, ENGAGEMENT
from lib.catalog.metrics import METRICS
from lib.jobs.tasks import TASKS
from lib.reports.decomposition_text import explain
from lib.workspace import Workspace
from tests.filters import make_filters

LAST_DAY = date(2024, 12, 31)
LAST_QUARTER = (LAST_DAY - timedelta(days=89), LAST_DAY)
QUARTER_BEFORE = (LAST_DAY - timedelta(days=179), LAST_DAY - timedelta(days=90))

SCORE = METRICS["averageScore"]


@pytest.fixture
def _sample(workspace: Workspace) -> None:
    TASKS["sample"](workspace, {"rows": 40_000, "seed": 1, "until": LAST_DAY.isoformat()}, lambda *_: None)


@pytest.mark.usefixtures("_sample")
def test_the_mix_hides_an_improvement(workspace: Workspace, answers: QueryCache) -> None:
    now, before = (make_filters(*days).narrowed(CAMPAIGN, "camp_702") for days in (LAST_QUARTER, QUARTER_BEFORE))
    found = answers.run(decomposition, now, before, workspace.calendar, ENGAGEMENT)
    assert found.change is not None and found.change < 0 and SCORE.differs(found.before, found.now)
    assert found.within > 0 > found.mix and found.hidden
    # Every engagement rises by more than chance explains, and the harder one grows.
    assert len(found.parts) == 2
    for part in found.parts:
        assert part.within > 0 and SCORE.differs(part.before, part.now)
    hard = min(found.parts, key=lambda part: SCORE.value(part.now) or 0)
    assert hard.now["scored"] * found.before["scored"] > 2 * hard.before["scored"] * found.now["scored"]
    words = explain(found, ENGAGEMENT)
    assert (
        words is not None and words.hidden is not None and str(words.hidden).startswith("The mix hides an improvement")
    )

    # And in the whole, by engagement.
    whole = answers.run(
        decomposition, make_filters(*LAST_QUARTER), make_filters(*QUARTER_BEFORE), workspace.calendar, ENGAGEMENT
    )
    assert whole.change is not None and whole.change < 0 < whole.within and whole.hidden
