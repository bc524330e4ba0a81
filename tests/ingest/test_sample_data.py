"""What the sample data hold for every page to have something to show."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest

from lib.analytics.decomposition import MixEffect, decomposition
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, ENGAGEMENT
from lib.catalog.metrics import METRICS
from lib.ingest import sample_data
from lib.jobs.tasks import TASKS
from lib.reports.decomposition_text import explain
from lib.statistics.intervals import welch_interval
from lib.store.enums import SCORE_SCALE
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
def test_the_mix_masks_an_improvement(workspace: Workspace, answers: QueryCache) -> None:
    now, before = (make_filters(*days).narrowed(CAMPAIGN, "camp_702") for days in (LAST_QUARTER, QUARTER_BEFORE))
    found = answers.run(decomposition, now, before, workspace.calendar, ENGAGEMENT)
    assert found.change is not None and found.change < 0
    assert found.within > 0 > found.mix and found.mix_effect is MixEffect.MASKS
    # Every engagement rises by more than chance explains, and the harder one grows.
    assert len(found.parts) == 2
    for part in found.parts:
        # Welch's interval of its own movement, of which no group's days are read.
        before_sample, now_sample = (
            (each["scored"], each["score_sum"], each["score_square_sum"]) for each in (part.before, part.now)
        )
        ends = welch_interval(before_sample, now_sample, SCORE_SCALE)
        assert part.within > 0 and ends is not None and ends[0] > 0
    hard = min(found.parts, key=lambda part: SCORE.value(part.now) or 0)
    assert hard.now["scored"] * found.before["scored"] > 2 * hard.before["scored"] * found.now["scored"]
    words = explain(found, ENGAGEMENT)
    assert (
        words is not None
        and words.mix_effect is not None
        and str(words.mix_effect).startswith("Mix masks an improvement")
    )

    # And in the whole, by engagement.
    whole = answers.run(
        decomposition, make_filters(*LAST_QUARTER), make_filters(*QUARTER_BEFORE), workspace.calendar, ENGAGEMENT
    )
    assert whole.change is not None and whole.change < 0 < whole.within and whole.mix_effect is MixEffect.MASKS


DIGESTS = {
    "id": "1ed0f556",
    "audioDate": "c812f0f8",
    "state": "461d4c80",
    "sentiment": "030c4a99",
    "averageNote": "7ccffbc3",
    "durationInSeconds": "97760707",
    "isAICall": "20bef034",
    "campaignId": "193d4ef3",
    "campaignName": "6f8a50f8",
    "callCenterId": "c6aeeea7",
    "callCenterName": "a205218f",
    "engagementId": "cec30b34",
    "engagementName": "c39c14d4",
    "executiveId": "4d8ceea5",
    "executiveName": "2a075fc4",
    "evaluatorId": "aa16045a",
    "evaluatorName": "3683a91e",
    "form": "0251b513",
    "audioFileName": "9a481357",
    "createdAt": "b80080b8",
    "evaluatedAt": "ee9f92d3",
    "recordingUrl": "10c8c75c",
}
"""SHA-256 of each column's values, one a line. A newer numpy may draw other numbers: see then whether what the module
promises still holds, and write down what came."""


def test_the_same_rows_seed_and_last_day_make_the_same_sample() -> None:
    made = sample_data.batches(4_000, 1, date(2025, 3, 31), ZoneInfo("America/Santiago"), BUILT_IN)
    table = pa.Table.from_batches([sample_data.canonical(batch, BUILT_IN) for batch in made])
    digests = {
        name: hashlib.sha256("\n".join(map(str, table[name].to_pylist())).encode()).hexdigest()[:8]
        for name in table.column_names
    }
    assert digests == DIGESTS


def test_what_happens_in_the_sample() -> None:
    made = sample_data.batches(40_000, 1, LAST_DAY, ZoneInfo("UTC"), BUILT_IN)
    frame = pa.Table.from_batches([sample_data.canonical(batch, BUILT_IN) for batch in made]).to_pandas()
    # From seven in the morning in Madrid to half past nine in the evening in Mexico is less than a day.
    days = (pd.to_datetime(frame["audioDate"]) - pd.Timedelta(hours=5)).dt.date
    assert (frame["callCenterName"].nunique(), frame["campaignName"].nunique()) == (5, 12)
    assert frame["engagementName"].nunique() == 30 and 195 < frame["executiveId"].nunique() <= 200
    assert frame["executiveId"].value_counts().min() < 10
    assert frame["id"].is_unique and len(frame) == 40_000

    months = days.map(lambda day: day.month)
    for campaign, running in {"Q1 Outbound Sales": {1, 2, 3}, "Holiday Offers": {11, 12}}.items():
        assert set(months[frame["campaignName"] == campaign]) == running

    is_ai = frame["isAICall"]
    assert is_ai[months == 1].mean() < 0.05 < 0.25 < is_ai[months == 12].mean()

    lima, others = (frame["callCenterName"] == "Lima Norte"), frame["callCenterName"] != "Lima Norte"
    bad = (days > LAST_DAY - timedelta(days=74)) & (days <= LAST_DAY - timedelta(days=60))
    scores = frame["averageNote"]
    assert scores[lima & bad].mean() < scores[lima & ~bad].mean() - 1
    assert abs(scores[others & bad].mean() - scores[others & ~bad].mean()) < 0.5

    newest = frame[days == LAST_DAY]["state"]
    assert 0.3 < (newest == "Pending").mean() < 0.6 and 0 < (frame["state"] == "Failed").mean() < 0.05
