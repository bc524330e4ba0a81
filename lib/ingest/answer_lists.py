"""Lists of the answers of rows, as Arrow has them: made of columns of answers, and summed up to scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.timezones import Numbers
from lib.ingest.answer_rows import ANSWER
from lib.ingest.mapping import Scoring
from lib.store.enums import SCORE_SCALE

Counts = np.ndarray[Any, np.dtype[np.int64]]

BEST_SCORE = 10 * SCORE_SCALE
"""The highest score, as it is stored."""


def list_answers(columns: dict[str, pa.Array], counts: Counts) -> pa.ListArray:
    """Return rows' answers as lists: columns of all answers in the rows' order, and how many each row has.

    A column that is not there holds nothing. A row without answers is null.
    """
    total = int(counts.sum())
    arrays = [columns[field.name] if field.name in columns else pa.nulls(total, field.type) for field in ANSWER]
    answers = pa.StructArray.from_arrays(arrays, fields=list(ANSWER))
    offsets = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), answers, mask=pa.array(counts == 0))


def score_answers(answers: pa.ListArray, scores: pa.Int32Array, scoring: Scoring) -> pa.Int32Array:
    """Return scores, in 1/SCORE_SCALE of a point, with what the answers say of them.

    A score that is missing becomes 10 × Σ points ÷ Σ max of the applicable answers, rounded half up (none is
    negative), where scores are made from criteria; any score becomes 0 where a failed critical criterion makes it so.
    """
    if not (scoring.from_criteria or scoring.critical_is_zero) or answers.null_count == len(answers):
        return scores
    offsets, flat = answers.offsets.to_numpy(), answers.values
    points = flat.field("points")
    is_applicable = points.is_valid().to_numpy(zero_copy_only=False)
    got = points.fill_null(0).to_numpy()
    if scoring.from_criteria:
        most = np.where(is_applicable, flat.field("max_points").fill_null(0).to_numpy(), 0)
        sums, totals = _sums(got, offsets), _sums(most, offsets)
        halves = 2 * np.maximum(totals, 1)
        made = pa.array(((2 * BEST_SCORE * sums + totals) // halves).astype(np.int32), mask=totals == 0)
        scores = pc.coalesce(scores, made)
    if scoring.critical_is_zero:
        is_critical = flat.field("critical").to_numpy(zero_copy_only=False)
        failed = _sums((is_critical & is_applicable & (got == 0)).astype(np.int64), offsets) > 0
        scores = pc.if_else(pa.array(failed), pa.scalar(0, pa.int32()), scores)
    return scores


def _sums(values: Numbers, offsets: Numbers) -> Numbers:
    """Return the sum of the values of each list."""
    running = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=running[1:])
    sums: Numbers = running[offsets[1:]] - running[offsets[:-1]]
    return sums
