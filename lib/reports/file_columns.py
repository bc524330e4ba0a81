"""The columns of tables in files: English names as the API has them, and the figures of a selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS

_COUNTS = ("positive", "neutral", "negative", "pending", "processing", "failed")
"""What is there besides the metrics, by state and sentiment."""


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column: its header, and what its values are (a format of the exports, or `text`)."""

    name: str
    kind: str = "text"

    @classmethod
    def metric(cls, name: str) -> FileColumn:
        """Return the column of a metric, under the API's name."""
        return cls(name, METRICS[name].unit.value)


def figure_columns() -> list[FileColumn]:
    """Return the columns of a selection's figures."""
    columns = []
    for name in METRICS:
        columns.append(FileColumn.metric(name))
        if name == "averageScore":
            columns += [
                FileColumn("averageScoreLow", "score"),
                FileColumn("averageScoreHigh", "score"),
                FileColumn("fewEvaluations"),
            ]
    return [*columns, *(FileColumn(name, "count") for name in _COUNTS)]


def figure_values(totals: MeasureTotals) -> tuple[Any, ...]:
    """Return the figures of a selection, in the order of `figure_columns`."""
    values: list[Any] = []
    for name, metric in METRICS.items():
        values.append(metric.rounded(totals))
        if name == "averageScore":
            values += [*(metric.rounded_interval(totals) or (None, None)), metric.is_small_sample(totals)]
    return (*values, *(totals[name] for name in _COUNTS))
