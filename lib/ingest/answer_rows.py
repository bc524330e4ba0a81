"""Answers to a scorecard's criteria, as they travel with the rows of an import. No reading of files.

A row has the list of its answers in the column `results`: null where it came without any.
"""

from __future__ import annotations

import pyarrow as pa

RESULTS = "results"
"""The column of a staged row that has its answers, and the name of the list in JSON."""

ANSWER = pa.struct(
    [
        pa.field("criterion", pa.string()),
        pa.field("section", pa.string()),  # null: it is in none
        pa.field("form", pa.string()),  # of the scorecard; null: of none
        pa.field("points", pa.int64()),  # in 1/OWN_SCALE of a point; null: not applicable
        pa.field("max_points", pa.int64()),  # as points; null only where the answer is not applicable
        pa.field("critical", pa.bool_()),  # to get no points fails the call
        pa.field("comment", pa.string()),
    ]
)
"""One answer."""

ANSWERS = pa.list_(ANSWER)
"""The answers of a row."""

ANSWER_ROW = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),  # the order of the rows over all files
        pa.field("evaluation_id", pa.string(), nullable=False),
        *ANSWER,
    ]
)
"""One row of a file of answers."""

MOST_POINTS = 100_000
"""The largest maximum of a criterion."""

MOST_CRITERIA = 1_000
"""Criteria that a workspace may have, those of all forms counted."""

MOST_ANSWERS = 500
"""Answers that one evaluation may have, and criteria that one mapping may name."""

MAX_CRITERION = 200
"""Characters that the name of a criterion, or of a section, may have."""

MAX_COMMENT = 1_000
"""Characters that the comment of an answer may have."""
