"""The spread of executives in sentences, on their page alone."""

from __future__ import annotations

from lib.analytics.breakdowns import Group
from lib.catalog.dimensions import Member
from lib.catalog.measures import MeasureTotals
from lib.reports.spread_text import spread_sentences


def executives(means: list[float], n: int = 50) -> list[Group]:
    """Return executives of these averages, half of whose scores lie a point above and half a point below."""
    groups = []
    for place, mean in enumerate(means):
        low, high = round((mean - 1) * 10_000), round((mean + 1) * 10_000)
        sums = MeasureTotals(
            scored=n, score_sum=n // 2 * (low + high), score_square_sum=n // 2 * (low * low + high * high)
        )
        groups.append(Group(Member(f"{place}", f"Ann {place}"), sums))
    return groups


def test_what_there_is_to_win() -> None:
    # s² = 50/49, so that chance gives each mean 0.0204; the means' variance is 0.25: √(0.25 − 0.0204) = 0.479.
    said = spread_sentences(executives([6.5, 7.5] * 8 + [7.0]))
    assert said is not None
    first, second = map(str, said.sentences)
    assert "about ±0.48 points (95 %: 0.34–0." in first and second.endswith("rise by about 0.4.")


def test_what_can_be_chance() -> None:
    said = spread_sentences(executives([7.0, 7.1, 7.2, 6.9, 6.8, 7.0]))
    assert said is not None and len(said.sentences) == 1
    assert str(said.sentences[0]).startswith("What executives' averages differ by can be chance alone")


def test_few_evaluations_and_nobody_take_no_part() -> None:
    four = executives([5, 6, 7, 8])
    assert spread_sentences(four) is None
    assert spread_sentences([*four, *executives([9.0], n=28)]) is None
    assert spread_sentences([*four, Group(Member(None, "(none)"), four[0].sums)]) is None
    assert spread_sentences(executives([5, 6, 7, 8, 9])) is not None
