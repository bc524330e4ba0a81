"""Evaluations with answers to criteria, whose figures one can work out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from lib.analytics.grants import EVERYTHING
from lib.settings import Settings
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
    """Return an answer as programs send it."""
    said: dict[str, Any] = {"criterion": criterion, "maxPoints": most, "critical": critical}
    said |= {"notApplicable": True} if points is None else {"points": points}
    more = {"section": section, "form": form, "comment": comment}
    return said | {name: value for name, value in more.items() if value is not None}


def load(opened: Workspace, evaluations: Sequence[Mapping[str, Any]], answers: Mapping[str, Answers]) -> None:
    """Import evaluations with answers, by their ids."""
    objects = [{**each, "results": list(answers.get(each["id"], ()))} for each in evaluations]
    objects = [{name: value for name, value in each.items() if value not in ("", [])} for each in objects]
    opened.write_evaluations(objects, "test", EVERYTHING)


def four_weeks() -> tuple[list[dict[str, Any]], dict[str, Answers]]:
    """Return four calls a day over four weeks, of which the last two are others, and their answers.

    Ann has the first and third call of a day, Bob the others. A failed identity makes the score 0.
    """
    evaluations: list[dict[str, Any]] = []
    answers: dict[str, Answers] = {}
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
