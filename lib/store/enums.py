"""The codes that the facts hold: states, sentiments, the scale of scores, results of imports."""

from __future__ import annotations

import enum

SCORE_SCALE = 10_000
"""Scores are kept as whole ten-thousandths of a point, so that sums are exact and need no order."""

OWN_SCALE = 10_000
"""Numbers of own fields are kept as whole ten-thousandths."""

YES, NO = 1, 2
"""How own fields of yes and no are kept; none is null."""

SHARE_SCALE = 1_163_962_800
"""Shares of points are summed in parts of one, of which all numbers up to 20 and 25, 50 and 100 divide so many.

So the shares of most scorecards are exact; others are rounded to that.
"""

HISTOGRAM_BINS = 20
"""Bins of half a point; 10 falls in the last."""

NO_KEY = 0
"""The key of the row that stands for "belongs to none" in every table of names."""

NONE_NAME = "(none)"
"""How "belongs to none" is shown, and how it is asked for in a filter."""


class State(enum.IntEnum):
    """States of an evaluation, by the codes that the facts hold."""

    Pending = 1
    Processing = 2
    Completed = 3
    Failed = 4


class Sentiment(enum.IntEnum):
    """Sentiments of an evaluation, by the codes that the facts hold; none is null."""

    Positive = 1
    Neutral = 2
    Negative = 3


class ImportResult(enum.StrEnum):
    """What came of an import, by the codes that the history of imports holds; a dry run is not listed there."""

    LOADED = "loaded"
    LOADED_WITHOUT_BAD_ROWS = "loaded_without_bad_rows"
    NOTHING_LOADED = "nothing_loaded"
    FAILED = "failed"
    DRY_RUN = "dry_run"

    @property
    def label(self) -> str:
        """The message id of the result."""
        return _RESULT_LABELS[self]


_RESULT_LABELS = {
    ImportResult.LOADED: "loaded",
    ImportResult.LOADED_WITHOUT_BAD_ROWS: "loaded; bad rows skipped",
    ImportResult.NOTHING_LOADED: "nothing loaded",
    ImportResult.FAILED: "failed",
    ImportResult.DRY_RUN: "checked, nothing loaded",
}

LOADED_RESULTS = (ImportResult.LOADED, ImportResult.LOADED_WITHOUT_BAD_ROWS)
"""The results of imports that changed the facts, or might have."""
