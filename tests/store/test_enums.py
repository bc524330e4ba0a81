"""The numbers that the facts hold: a store that is there was written with these."""

from __future__ import annotations

from lib.store import enums
from lib.store.enums import Sentiment, State


def test_numbers_that_stand_in_every_store() -> None:
    assert {state.name: state.value for state in State} == {"Pending": 1, "Processing": 2, "Completed": 3, "Failed": 4}
    assert {each.name: each.value for each in Sentiment} == {"Positive": 1, "Neutral": 2, "Negative": 3}
    assert (enums.SCORE_SCALE, enums.HISTOGRAM_BINS, enums.NO_KEY) == (10_000, 20, 0)
