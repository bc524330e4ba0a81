"""What a trend says beside its drawing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.charts.theme import LIGHT, ChartTheme
from lib.charts.trend import trend
from lib.i18n import override_language
from tests.charts.samples import course


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Dashed: incomplete day, week or month."), ("es", "Línea discontinua: día, semana o mes incompleto.")],
)
def test_dashes_are_explained_where_there_are_some(language: str, words: str) -> None:
    cut = course(5)  # its last day is partial
    *others, last = cut.points
    whole = replace(cut, points=(*others, replace(last, bucket=replace(last.bucket, partial=False))))
    empty = replace(cut, points=(*others, replace(last, sums=MeasureTotals())))
    with override_language(language):
        for points, is_dashed in ((cut, True), (whole, False), (empty, False)):
            drawn = trend({"": points}, METRICS["averageScore"], ChartTheme(LIGHT, language))
            assert (words in " ".join(drawn.notes)) is is_dashed
            assert bool(drawn.data["dashes"]) is is_dashed
