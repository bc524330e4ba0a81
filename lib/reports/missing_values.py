"""Why a metric has no value in a selection, in place of a chart with empty axes."""

from __future__ import annotations

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.reports import catalog_words
from lib.reports.page import Empty
from lib.reports.words import text

_REASONS = {
    "averageScore": text("None of the completed evaluations has a score."),
    "averageDurationSeconds": text("None of the completed evaluations has a duration."),
    "netSentiment": text("None of the completed evaluations has a sentiment."),
}
"""Why a metric has no value where evaluations are completed."""


def missing_values(metric: Metric, sums: MeasureTotals) -> Empty | None:
    """Return why a metric has no value; None where it has one."""
    if metric.value(sums) is not None:
        return None
    what = text("No value for {metric}", metric=catalog_words.metric_label(metric))
    if not sums["completed"]:
        return Empty(what, text("None of these evaluations is completed."))
    return Empty(what, _REASONS.get(metric.name, text("None of these evaluations has what it is calculated from.")))
