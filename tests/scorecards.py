"""Evaluations with answers to criteria, whose figures one can work out by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from lib.analytics.grants import EVERYTHING
from lib.ingest import converter, service
from lib.ingest.answer_rows import ANSWERS, RESULTS
from lib.settings import Settings
from lib.store.enums import OWN_SCALE
from lib.workspace import Workspace

Answers = Sequence[Mapping[str, Any]]

FIRST, TURN, LAST = date(2024, 1, 1), date(2024, 1, 15), date(2024, 1, 28)
"""The first day, the first of the later half, and the last."""

_BEFORE = ((9, 1), (3, 1), (9, 1), (3, 1))
_NOW = ((9, 1), (9, 1), (3, 1), (9, 0))
"""The points of four calls a day: of 9 for the greeting, of 1 for the identity, which is critical."""


def answer(
    criterion: str,
    points: float | None,
    most: float = 10,
    section: str | None = None,
    form: str | None = None,
    *,
    critical: bool = False,
    comment: str | None = None,
) -> dict[str, Any]:
    """Return an answer as rows of an import have it."""
    return {
        "criterion": criterion,
        "section": section,
        "form": form,
        "points": None if points is None else round(points * OWN_SCALE),
        "max_points": round(most * OWN_SCALE),
        "critical": critical,
        "comment": comment,
    }


@contextmanager
def with_answers(answers: Mapping[str, Answers]) -> Iterator[None]:
    """Have evaluations bring answers, by their ids, with whatever is imported meanwhile."""
    staged = converter._staged

    def with_results(*asked: Any) -> pa.RecordBatch:
        batch = staged(*asked)
        place = batch.schema.get_field_index(RESULTS)
        found = pa.array([answers.get(id_) for id_ in batch.column("id").to_pylist()], ANSWERS)
        return batch.set_column(place, batch.schema.field(place), found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(converter, "_staged", with_results)
        yield


def load(opened: Workspace, evaluations: Sequence[Mapping[str, Any]], answers: Mapping[str, Answers]) -> None:
    """Import evaluations with answers, by their ids."""
    with with_answers(answers):
        service.run_objects(opened.facts, opened.settings, opened.catalog, evaluations, "test", EVERYTHING)


def four_weeks() -> tuple[list[dict[str, Any]], dict[str, Answers]]:
    """Return four calls a day over four weeks, of which the last two are others, and their answers.

    Ann has the first and third call of a day, Bob the others. A failed identity makes the score 0.
    """
    evaluations, answers = [], {}
    for place in range(28 * 4):
        day, call = FIRST + timedelta(days=place // 4), place % 4
        greeting, identity = (_NOW if day >= TURN else _BEFORE)[call]
        id_ = f"e{place:03}"
        evaluations.append(
            {
                "id": id_,
                "audioDate": f"{day}T12:00:00Z",
                "averageNote": str(greeting + identity if identity else 0),
                "executiveName": "Bob" if call % 2 else "Ann",
                "campaignName": "Alpha",
            }
        )
        answers[id_] = (
            answer("Identity checked", identity, 1, "Compliance", critical=True),
            answer("Greeting", greeting, 9, "Opening", comment="No name given" if greeting == 3 else None),
            answer("Refund offered", None, 5, "Closing"),
        )
    return evaluations, answers


def fill(settings: Settings) -> None:
    """Give a workspace the four weeks."""
    opened = Workspace(settings)
    load(opened, *four_weeks())
    opened.close()
