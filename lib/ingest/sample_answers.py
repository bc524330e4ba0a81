"""The answers of sample data: a form of ten criteria in three sections, whose points make the score that is there.

What happens in it: one criterion is critical and fails now and then, one does not always apply, and in Billing
Questions calls end without a summary more and more often in the last quarter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from lib.ingest.answer_rows import ANSWER
from lib.store.enums import OWN_SCALE

Array = np.ndarray[Any, Any]

BEST = 10
"""The highest score."""


@dataclass(frozen=True, slots=True)
class _SampleQuestion:
    name: str
    section: str
    most: int
    weight: float  # how much of what a call loses it takes, for each of its points


_QUESTIONS = (
    _SampleQuestion("Greeting", "Opening", 5, 0.5),
    _SampleQuestion("Identity checked", "Opening", 10, 0.0),
    _SampleQuestion("Reason understood", "Opening", 10, 0.9),
    _SampleQuestion("Listening", "Handling", 15, 1.0),
    _SampleQuestion("Right solution", "Handling", 20, 1.2),
    _SampleQuestion("Knows the product", "Handling", 10, 1.0),
    _SampleQuestion("Clear language", "Handling", 10, 0.7),
    _SampleQuestion("Summary of what was agreed", "Closing", 8, 0.9),
    _SampleQuestion("Offer of further help", "Closing", 7, 1.5),
    _SampleQuestion("Farewell", "Closing", 5, 0.4),
)
_CRITICAL, _SUMMARY, _OFFER = 1, 7, 8  # places above
_FAILS, _NOT_APPLICABLE = 0.03, 0.12
_MOST = np.array([each.most for each in _QUESTIONS])
_WEIGHTS = np.array([each.weight for each in _QUESTIONS])
_WORSE = 5.0


def sample_answers(random: np.random.Generator, score: Array, has_answers: Array, is_worse: Array) -> pa.ListArray:
    """Return the answers of evaluations, a list each; null for those that have none.

    Scores are from 0 to 10 with one decimal; where all criteria apply, the points add up to ten times the score.
    """
    count = int(has_answers.sum())
    applies = np.ones((count, len(_QUESTIONS)), dtype=bool)
    applies[:, _OFFER] = random.random(count) >= _NOT_APPLICABLE
    room = np.where(applies, _MOST, 0)
    lost = np.round((1 - score[has_answers] / BEST) * room.sum(axis=1)).astype(np.int64)
    fails = (random.random(count) < _FAILS) & (lost >= _MOST[_CRITICAL])
    weights = _WEIGHTS * random.gamma(1.5, size=room.shape)
    weights[:, _SUMMARY] *= np.where(is_worse[has_answers], _WORSE, 1.0)
    taken = np.zeros(room.shape, dtype=np.int64)
    taken[fails, _CRITICAL] = _MOST[_CRITICAL]
    _distribute(lost - taken.sum(axis=1), weights, room, taken)
    places = np.repeat(np.arange(len(_QUESTIONS))[None, :], count, axis=0).ravel()
    missing = ~applies.ravel()
    values = {
        "criterion": _texts([each.name for each in _QUESTIONS], places),
        "section": _texts([each.section for each in _QUESTIONS], places),
        "points": pa.array(((_MOST - taken) * OWN_SCALE).ravel(), mask=missing),
        "max_points": pa.array(_MOST[places] * OWN_SCALE),
        "critical": pa.array(places == _CRITICAL),
    }
    total = len(places)
    answers = [values.get(field.name, pa.nulls(total, field.type)).cast(field.type) for field in ANSWER]
    ends = np.cumsum(has_answers) * len(_QUESTIONS)
    offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32), mask=np.append(~has_answers, False))
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(answers, fields=list(ANSWER)))


def _distribute(lost: Array, weights: Array, room: Array, taken: Array) -> None:
    """Take whole points away, `lost` of each row, by weights; no more than there are."""
    for _ in range(3):
        left = room - taken
        shares = weights * left
        whole = shares.sum(axis=1, keepdims=True)
        step = np.floor(lost[:, None] * shares / np.where(whole > 0, whole, 1)).astype(np.int64)
        step = np.minimum(step, left)
        taken += step
        lost = lost - step.sum(axis=1)
    while (rows := np.flatnonzero(lost > 0)).size:
        left = (room - taken)[rows]
        likely = np.where(left > 0, 1 + weights[rows] * left, 0)
        taken[rows, likely.argmax(axis=1)] += 1
        lost[rows] -= 1


def _texts(texts: list[str], places: Array) -> pa.StringArray:
    return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), pa.array(texts)).dictionary_decode()
