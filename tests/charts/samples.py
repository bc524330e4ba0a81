"""Drawings to render, of rows made up here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from lib.analytics import breakdowns, control_charts, queries
from lib.analytics.calendar import Bucket, Granularity
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.rank_ranges import GroupRanks
from lib.catalog.dimensions import CAMPAIGN, Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.charts.chart import Chart
from lib.charts.control_chart import control_chart
from lib.charts.funnel import funnel
from lib.charts.histogram import histogram
from lib.charts.ranking import ranking
from lib.charts.theme import LIGHT, ChartTheme, Palette
from lib.charts.trend import trend
from lib.reports.figures import RankingFigure, TrendNote
from tests.hostile.names import NAMES

HOSTILE = (
    'Q1 <script>alert("x")</script> & "Sales" \'y\'',
    "]]><!-- &amp; ${x} {y} %s",
    "Emoji 🎉 and 😀",
    "حملة الربيع · קמפיין",
    "Control \x00\x08\x0b\x1f\x7f\x85\ufffe end",
    "Lone \ud800 surrogate",
    "Long " + "name " * 39,
    "日本語のキャンペーン",
    "url(#clip0) id='clip0'",
    "#5cc8bd",
)


EMOJI = "😀" * 60
"""A name whose letters have two halves each."""


def sums(scored: int, average: float) -> MeasureTotals:
    total = round(scored * average * 10_000)
    squares = round(scored * (average**2 + 1.7) * 100_000_000)
    positive, negative = scored // 2, scored // 5
    return MeasureTotals(
        evaluations=scored + 7,
        pending=2,
        processing=1,
        completed=scored,
        failed=4,
        scored=scored,
        positive=positive,
        neutral=scored - positive - negative,
        negative=negative,
        timed=scored,
        score_sum=total,
        score_square_sum=squares,
        duration_sum=scored * 312,
        duration_square_sum=scored * (312**2 + 150**2),
    )


def course(days: int = 60, first: date = date(2024, 1, 1), lift: float = 0) -> queries.Trend:
    points = []
    for place in range(days):
        day = first + timedelta(place)
        average = 7.3 + lift + 0.4 * ((place * 37) % 11 - 5) / 5 + place * 0.004
        points.append(queries.TrendPoint(Bucket(day, day, place == days - 1), sums(80 + place * 13 % 60, average)))
    return queries.Trend(ResolvedPeriod(first, first + timedelta(days - 1)), Granularity.DAILY, tuple(points))


def groups(names: tuple[str, ...] | None = None) -> list[breakdowns.Group]:
    found = names or tuple(f"Campaign {place + 1}" for place in range(12))
    return [
        breakdowns.Group(Member(str(place), name), sums(25 + place * 60, 7 + (place * 7 % 5) * 0.2))
        for place, name in enumerate(found)
    ]


def ranked(some: Sequence[breakdowns.Group], dimension: Dimension = CAMPAIGN) -> RankingFigure:
    """Return groups of which all may have any place."""
    places = {group.named: (1, len(some)) for group in some}
    return RankingFigure(dimension, some, MeasureTotals.total(group.sums for group in some), GroupRanks(places, 1, 1))


def drawings(palette: Palette = LIGHT, language: str = "en") -> dict[str, Chart]:
    look = ChartTheme(palette, language)
    some = groups()
    total = MeasureTotals()
    for group in some:
        total += group.sums
    metric = METRICS["averageScore"]
    pinned = [TrendNote(date(2024, 1, 20), "New script <b>& more</b>")]
    compared = course(first=date(2023, 11, 2), lift=-0.3)
    usual = control_charts.control_chart(course(), metric, date(2025, 1, 1), [])
    assert usual is not None
    found = {
        "usual range": control_chart(usual, Granularity.DAILY, look, notes=pinned),
        "trend": trend({"": course()}, metric, look, compared=compared, notes=pinned),
        "series": trend(
            {name: course(lift=place / 4) for place, name in enumerate((*HOSTILE[:4], EMOJI))}, metric, look
        ),
        "distribution": histogram([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 50, 40, 30, 20, 10, 5, 3, 1], look),
        "ranking": ranking(ranked(some), look),
        "hostile": ranking(ranked(groups(HOSTILE)), look),
        "classic": ranking(ranked(groups(NAMES[:25])), look),
        "more classic": ranking(ranked(groups(NAMES[-25:])), look),
        "funnel": funnel(some, total, CAMPAIGN, look),
    }
    return {name: drawing for name, drawing in found.items() if drawing is not None}
