"""What changed: by hand, whatever the rows are, and on real calls."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lib import i18n
from lib.analytics import rollup
from lib.analytics.breakdowns import Breakdown, Group
from lib.analytics.decomposition import (
    Contribution,
    Decomposition,
    MixEffect,
    decompose,
    decomposition,
    exact_sum,
    mix_masks,
)
from lib.analytics.grants import Grant
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Unit
from lib.reports import formatting
from lib.reports.decomposition_text import explain, points
from lib.store import schema
from lib.store.enums import SCORE_SCALE
from lib.workspace import Workspace
from tests.conftest import ROOT, SHARED, Load
from tests.filters import make_filters

HEADER = "id,audioDate,averageNote,campaignId,callCenterName,executiveName\n"
JANUARY = make_filters(date(2024, 1, 1), date(2024, 1, 31))
FEBRUARY = make_filters(date(2024, 2, 1), date(2024, 2, 29))

# January: easy 8, 8, 9, 9 (mean 8.5), hard 4 and old 6: (34 + 4 + 6) / 6 = 22/3.
# February: easy 9 (mean 9), hard 5, 5, 5 (mean 5) and new 10, 10: (9 + 15 + 20) / 6 = 22/3.
# Rows without a score count for nothing, and a campaign that has only such is no part.
ROWS = (
    HEADER
    + """\
1,2024-01-05,8,easy,North,Ann
2,2024-01-06,8,easy,South,Ann
3,2024-01-31,9,easy,North,Bob
4,2024-01-07,9,easy,North,Bob
5,2024-01-08,4,hard,North,Ann
6,2024-01-09,6,old,South,Bob
7,2024-01-09,,silent,South,Bob
8,2024-02-01,9,easy,South,Ann
9,2024-02-29,5,hard,South,Bob
10,2024-02-03,5,hard,North,Ann
11,2024-02-04,5,hard,North,Ann
12,2024-02-05,10,new,South,Ann
13,2024-02-06,10,new,North,Bob
14,2024-02-06,,silent,North,Bob
15,2024-02-07,,easy,North,Bob
16,2024-03-01,10,easy,North,Bob
"""
)


def test_by_hand(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    found = answers.run(decomposition, FEBRUARY, JANUARY, workspace.calendar, CAMPAIGN)
    assert (found.period, found.compared_period) == (
        ResolvedPeriod(FEBRUARY.date_from, FEBRUARY.date_to),
        ResolvedPeriod(JANUARY.date_from, JANUARY.date_to),
    )
    assert (found.before["scored"], found.now["scored"], found.before["evaluations"], found.now["evaluations"]) == (
        6,
        6,
        7,
        8,
    )
    # M = 22/3 in both months, so the whole stays; shares 4/6 → 1/6, 1/6 → 3/6, 1/6 → 0, 0 → 2/6.
    parts = {part.named.id: (part.within, part.mix) for part in found.parts}
    assert parts == {
        "hard": (Fraction(2, 6) * 1, Fraction(2, 6) * (Fraction(9, 2) - Fraction(22, 3))),
        "new": (0, Fraction(2, 6) * (10 - Fraction(22, 3))),
        "easy": (Fraction(5, 12) * Fraction(1, 2), Fraction(-3, 6) * (Fraction(35, 4) - Fraction(22, 3))),
        "old": (0, Fraction(-1, 6) * (6 - Fraction(22, 3))),
    }
    assert [part.named.id for part in found.parts] == ["new", "hard", "easy", "old"]  # 8/9, −11/18, −1/2, 2/9
    assert [part.total for part in found.parts] == [Fraction(8, 9), Fraction(-11, 18), Fraction(-1, 2), Fraction(2, 9)]
    assert found.change == found.within + found.mix == 0
    assert (found.within, found.mix) == (Fraction(13, 24), Fraction(-13, 24))
    assert (found.within_interval, found.mix_effect) == (None, None)  # of few scores nothing is said


def test_executives_of_several_centers_are_one_group(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    found = answers.run(decomposition, FEBRUARY, JANUARY, workspace.calendar, EXECUTIVE)
    # Ann: 8, 8, 4 then 9, 5, 5, 10; Bob: 9, 9, 6 then 5, 10. 3/6 → 4/6 and 3/6 → 2/6; M = 22/3 twice.
    parts = {part.named.name: (part.before["scored"], part.now["scored"], part.within) for part in found.parts}
    assert parts == {
        "Ann": (3, 4, Fraction(7, 12) * (Fraction(29, 4) - Fraction(20, 3))),
        "Bob": (3, 2, Fraction(5, 12) * (Fraction(15, 2) - 8)),
    }


def test_filters_and_grants_hold_in_both_periods(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    grant = Grant.of({"callCenter": ["North"]})
    january, february = (make_filters(each.date_from, each.date_to, grant=grant) for each in (JANUARY, FEBRUARY))
    found = answers.run(decomposition, february, january, workspace.calendar, CAMPAIGN)
    # North: easy 8, 9, 9 and hard 4, then hard 5, 5 and new 10.
    assert found.change == Fraction(20, 3) - Fraction(30, 4)
    assert {part.named.id for part in found.parts} == {"easy", "hard", "new"}
    now, before = (make_filters(each.date_from, each.date_to, timezone="Asia/Tokyo") for each in (FEBRUARY, JANUARY))
    assert answers.run(decomposition, now, before, workspace.calendar, CAMPAIGN).change == 0


def test_without_two_averages_there_is_nothing_to_tell(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(ROWS)
    empty = make_filters(date(2023, 1, 1), date(2023, 12, 31))
    for asked in ((FEBRUARY, empty), (empty, JANUARY)):
        found = answers.run(decomposition, *asked, workspace.calendar, CAMPAIGN)
        assert (found.change, found.parts, found.within, found.mix, found.mix_effect) == (None, (), 0, 0, None)
        assert (found.shown.within, found.shown.mix, found.shown.total) == (0, 0, 0)
        assert answers.run(mix_masks, *asked, workspace.calendar, CAMPAIGN) is False
        assert explain(found, CAMPAIGN) is None


call = st.tuples(
    st.sampled_from(["2024-01-15", "2024-02-15"]),
    st.sampled_from(["", "0", "10", "7.25", "9.99", "3.3333", "5"]),
    st.sampled_from(["", "a", "b", "c", "d"]),
    st.sampled_from(["North", "South"]),
    st.sampled_from(["", "Ann", "Bob"]),
)


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(call, min_size=1, max_size=25))
def test_the_parts_are_the_change(workspace: Workspace, load: Load, calls: list[tuple[str, ...]]) -> None:
    with workspace.facts.write() as connection:
        connection.execute(sa.delete(schema.evaluations))
        rollup.clear(connection, BUILT_IN)
    load(HEADER + "\n".join(f"{number},{','.join(call)}" for number, call in enumerate(calls)))
    scores = [
        [Fraction(score) for day, score, *_ in calls if score and day.startswith(month)]
        for month in ("2024-01", "2024-02")
    ]
    for dimension in (CAMPAIGN, EXECUTIVE):
        found = QueryCache(workspace.facts).run(decomposition, FEBRUARY, JANUARY, workspace.calendar, dimension)
        if not all(scores):
            assert (found.change, found.parts) == (None, ())
            continue
        was, is_now = (sum(each) / len(each) for each in scores)
        assert found.change == is_now - was == sum(part.total for part in found.parts)
        assert found.within + found.mix == found.change
        assert sum(float(part.within) + float(part.mix) for part in found.parts) == pytest.approx(
            float(found.change), abs=1e-9
        )
        for part in found.parts:
            assert part.within == 0 or (part.before["scored"] and part.now["scored"])


@given(st.lists(st.fractions(max_denominator=10_000), max_size=40))
def test_fractions_are_added_exactly(amounts: list[Fraction]) -> None:
    assert exact_sum(amounts) == sum(amounts, Fraction())


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 100_000), st.integers(0, 9), st.integers(0, 100_000)), max_size=12
    )
)
def test_parts_are_what_the_formula_says(groups: list[tuple[int, int, int, int]]) -> None:
    """Computed here as it is written in the definitions, with fractions alone."""
    pairs = [
        (
            MeasureTotals(evaluations=m, scored=m, score_sum=m and b),
            MeasureTotals(evaluations=n, scored=n, score_sum=n and s),
        )
        for m, b, n, s in groups
    ]
    before, now = ([pair[side] for pair in pairs] for side in (0, 1))
    found = decompose(breakdown_of(now), breakdown_of(before))
    whole = MeasureTotals.total(before), MeasureTotals.total(now)
    if not whole[0]["scored"] or not whole[1]["scored"]:
        assert not found.parts
        return
    middle = sum((Fraction(side["score_sum"], side["scored"] * SCORE_SCALE) for side in whole), Fraction()) / 2
    expected = {}
    for number, sides in enumerate(pairs):
        shares = [Fraction(side["scored"], all_["scored"]) for side, all_ in zip(sides, whole, strict=True)]
        means = [Fraction(side["score_sum"], side["scored"] * SCORE_SCALE) for side in sides if side["scored"]]
        if means:
            within = (shares[0] + shares[1]) / 2 * (means[1] - means[0]) if len(means) == 2 else Fraction()
            expected[str(number)] = (within, (shares[1] - shares[0]) * (sum(means, Fraction()) / len(means) - middle))
    assert {part.named.id: (part.within, part.mix) for part in found.parts} == expected
    order = [(-abs(part.total), part.named.id) for part in found.parts]
    assert order == sorted(order) and found.within + found.mix == (found.change or 0)


def breakdown_of(sides: list[MeasureTotals]) -> Breakdown:
    groups = tuple(Group(Member(str(number), str(number)), side) for number, side in enumerate(sides))
    return Breakdown(ResolvedPeriod(None, None), groups, MeasureTotals.total(sides), len(groups), 1, len(groups))


def sums(n: int, mean: float) -> MeasureTotals:
    """Return the measures of so many scores that are all the same."""
    score = round(mean * SCORE_SCALE)
    return MeasureTotals(evaluations=n, completed=n, scored=n, score_sum=n * score, score_square_sum=n * score * score)


def told(before: MeasureTotals, now: MeasureTotals, *parts: Contribution) -> Decomposition:
    nothing = ResolvedPeriod(None, None)
    return Decomposition(nothing, nothing, before, now, parts)


def part(name: str, within: str, mix: str, before: int = 9, now: int = 9) -> Contribution:
    """Return a part of a change between two periods of 100 scores each."""
    moved = float(Fraction(within)) / ((before + now) / 200)
    return Contribution(Member(name, name), sums(before, 5), sums(now, 5 + moved), Fraction(within), Fraction(mix))


def test_in_words() -> None:
    found = told(
        sums(100, 7.92),
        sums(100, 7.71),
        part("Retention", "0.02", "-0.2"),
        part("Care", "0.07", "0"),
        part("Fibre", "0", "-0.06", before=0),
        part("Survey", "0", "-0.04", now=0),
    )
    words = explain(found, CAMPAIGN)
    assert words is not None
    assert str(words.change) == (
        "The average score fell by 0.21, from 7.92 to 7.71. Mix (shares of the campaigns): −0.30. Performance within "
        "the campaigns: +0.09."
    )
    assert str(words.parts) == (
        "Biggest contributors: Retention −0.18 (mix −0.20, performance +0.02), Care +0.07 (mix 0.00, performance +0.07) "
        "and Fibre −0.06 (new)."
    )
    assert str(words.mix_effect) == "Mix masks an improvement: within the campaigns, the score rose by 0.09."


def test_in_words_where_little_happened() -> None:
    still = explain(told(sums(100, 7.5), sums(100, 7.501), part("A", "0.001", "0")), CAMPAIGN)
    assert still is not None
    assert str(still.change) == (
        "The average score is still 7.50. Mix (shares of the campaigns): no change. Performance within the campaigns: "
        "no change."
    )
    assert (str(still.parts), still.mix_effect) == ("No single campaign moved it by as much as 0.01.", None)
    rounded = explain(told(sums(1000, 7.504), sums(1000, 7.507), part("A", "-0.017", "0.02", now=0)), EXECUTIVE)
    assert rounded is not None
    assert str(rounded.change).startswith(
        "The average score rose by 0.01, from 7.50 to 7.51. Mix (shares of the executives): +0.02. Performance within the executives: −0.01."
    )
    gone = explain(told(sums(10, 7), sums(10, 8), part("A", "0", "1", now=0)), CAMPAIGN)
    assert gone is not None and str(gone.parts) == "Biggest contributor: A +1.00 (no longer there)."


@pytest.mark.parametrize(
    ("within", "mix", "effect"),
    [
        ("0.1", "-0.3", "masks an improvement: within the campaigns, the score rose by 0.10."),
        ("0.1", "-0.1", "masks an improvement: within the campaigns, the score rose by 0.10."),  # the average stays
        ("0.1", "-0.05", "dampens an improvement: within the campaigns, the score rose by 0.10."),  # half of it is gone
        ("0.1", "-0.04", None),
        ("0.1", "0.3", None),
        ("-0.1", "0.3", "masks a decline: within the campaigns, the score fell by 0.10."),
        ("-0.1", "0.06", "dampens a decline: within the campaigns, the score fell by 0.10."),
        ("0.004", "-0.3", None),  # shown as 0.00
        ("0.1", "0", None),
    ],
)
def test_what_the_mix_does(within: str, mix: str, effect: str | None) -> None:
    change = Fraction(within) + Fraction(mix)
    words = explain(told(sums(100, 5), sums(100, 5 + float(change)), part("A", within, mix)), CAMPAIGN)
    assert words is not None
    assert str(words.mix_effect) == f"Mix {effect}" if effect else words.mix_effect is None


def test_what_the_mix_does_is_said_beyond_chance_alone(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    """20 of 40 calls were easy, 5 are now; each kind is better by half a point or, in the second case, by one call."""

    def calls(gain: int) -> str:
        rows = []
        for number in range(80):
            place, is_now = number % 40, number >= 40
            easy = place < (5 if is_now else 20)
            spread = place % 5 - 2
            better = is_now and (gain == 2 or place == 39)
            rows.append(
                f"{number},2024-0{1 + is_now}-10,{(7 if easy else 4) + (spread + better) / 2},{'easy' if easy else 'hard'},N,A"
            )
        return HEADER + "\n".join(rows)

    for gain, masked in ((2, True), (1, False)):
        load(calls(gain))
        found = answers.run(decomposition, FEBRUARY, JANUARY, workspace.calendar, CAMPAIGN)
        assert found.change < 0 < found.within and 2 * abs(found.mix) > found.within
        assert (found.mix_effect is MixEffect.MASKS) is masked
        assert answers.run(mix_masks, FEBRUARY, JANUARY, workspace.calendar, CAMPAIGN) is masked
        low, high = found.within_interval
        assert low < found.within < high and (low > 0) is masked


score = st.integers(0, 10 * SCORE_SCALE)
group = st.tuples(st.integers(0, 9), score, st.integers(0, 9), score)


@given(st.lists(group, min_size=1, max_size=5), st.sampled_from(["en", "es"]))
def test_numbers_add_up_as_shown(groups: list[tuple[int, int, int, int]], language: str) -> None:
    before = [MeasureTotals(evaluations=m, scored=m, score_sum=m and b) for m, b, _, _ in groups]
    now = [MeasureTotals(evaluations=n, scored=n, score_sum=n and s) for _, _, n, s in groups]
    found = decompose(breakdown_of(now), breakdown_of(before))
    with i18n.override_language(language):
        words, nothing = explain(found, CAMPAIGN), i18n.t("no change")
        if words is None:
            return
        numbers = [Fraction(text) for text in re.findall(r"[+-]?\d+\.\d\d", plain(words.change, nothing))]
        by, was, is_now, mix, within = numbers if len(numbers) == 5 else [Fraction(), numbers[0], *numbers]
        assert is_now - was == mix + within and abs(is_now - was) == by
        card = plain(formatting.change(Unit.SCORE, *(AVERAGE_SCORE.value(each) for each in (found.before, found.now))))
        assert Fraction(card) == is_now - was
        for total, of_mix, of_within in re.findall(r" (\S+) \(\w+ (\S+), \w+ (\S+)\)", plain(words.parts)):
            assert Fraction(total) == Fraction(of_mix) + Fraction(of_within) != 0
    for each in found.parts:
        amounts = (each.shown.within, each.within), (each.shown.mix, each.mix), (each.shown.total, each.total)
        assert each.shown.within + each.shown.mix == each.shown.total
        assert all(abs(shown - exact) < Fraction(1, 100) for shown, exact in amounts)


def plain(words: object, nothing: str = "no change") -> str:
    """Return words with numbers as Python reads them; `nothing` stands for none."""
    return re.sub(r"(\d),(\d\d)\b", r"\1.\2", str(words)).replace("−", "-").replace(nothing, "0.00")


def test_points() -> None:
    assert [str(points(Fraction(text), plus=True)) for text in ("0.005", "-0.005", "0.0049", "-0.0049")] == [
        "+0.01",
        "−0.01",
        "0.00",
        "0.00",
    ]
    assert str(points(Fraction("7.125"))) == "7.13"


@pytest.mark.skipif(not (SHARED / "data").exists(), reason="the real data sets lie beside the repository, not in it")
def test_real_calls(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    files = sorted((SHARED / "data" / "consumidor").glob("*.csv"))
    load(files, (ROOT / "samples" / "consumidor.toml").read_text())
    now, before = make_filters(date(2014, 9, 1), date(2014, 9, 30)), make_filters(date(2014, 8, 1), date(2014, 8, 31))
    for dimension in (CAMPAIGN, EXECUTIVE):
        found = answers.run(decomposition, now, before, workspace.calendar, dimension)
        assert found.before["scored"] > 1000 and found.now["scored"] > 1000
        assert found.change == sum(part.total for part in found.parts) != 0
        totals = [abs(part.total) for part in found.parts]
        assert totals == sorted(totals, reverse=True)
