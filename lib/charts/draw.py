"""Draws a page's figures as charts."""

from __future__ import annotations

from lib.charts.chart import Chart
from lib.charts.control_chart import control_chart
from lib.charts.criteria_map import criteria_map
from lib.charts.funnel import funnel
from lib.charts.heatmap import heatmap
from lib.charts.histogram import histogram
from lib.charts.ranking import ranking
from lib.charts.score_parts import score_parts
from lib.charts.standardized import standardized
from lib.charts.target_line import with_target_line
from lib.charts.theme import ChartTheme
from lib.charts.trend import trend
from lib.charts.waterfall import waterfall
from lib.reports.figures import (
    ControlChartFigure,
    CriteriaMapFigure,
    Figure,
    FunnelFigure,
    HeatmapFigure,
    HistogramFigure,
    RankingFigure,
    ScorePartsFigure,
    StandardizedFigure,
    TrendFigure,
)


def draw(figure: Figure, look: ChartTheme) -> Chart | None:
    """Return the chart of a figure, in the language in use; None where it has nothing to show."""
    match figure:
        case TrendFigure():
            courses = {str(name): course for name, course in figure.courses}
            drawn = trend(
                courses,
                figure.metric,
                look,
                compared=figure.compared,
                notes=figure.notes,
                height=figure.height,
                counted=figure.counted,
            )
            starts = [point.bucket.first for point in figure.courses[0][1].points]
            return with_target_line(drawn, figure.metric, starts, figure.targets, look)
        case ControlChartFigure():
            return control_chart(figure.chart, figure.granularity, look, notes=figure.notes, height=figure.height)
        case HistogramFigure():
            return histogram(figure.counts, look, figure.before)
        case FunnelFigure():
            return funnel(figure.groups, figure.total, figure.dimension, look, is_adjusted=figure.is_adjusted)
        case RankingFigure():
            return ranking(figure, look)
        case StandardizedFigure():
            return standardized(figure.scores, figure.dimension, look)
        case HeatmapFigure():
            return heatmap(figure.heatmap, figure.metric, figure.days, look)
        case CriteriaMapFigure():
            return criteria_map(figure, look)
        case ScorePartsFigure():
            return score_parts(figure, look)
    return waterfall(figure.decomposition, str(figure.before), str(figure.now), look)
