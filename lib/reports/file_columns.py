"""The columns of tables in files: English names as the API has them, and the figures of a selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lib.catalog.catalog import Catalog
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric

_COUNTS = ("positive", "neutral", "negative", "pending", "processing", "failed")
"""What is there besides the metrics, by state and sentiment."""


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column: its header, what its values are (a format of the exports, or `text`), and its metric if it is one's."""

    name: str
    kind: str = "text"
    metric: Metric | None = None

    @classmethod
    def of(cls, metric: Metric) -> FileColumn:
        """Return the column of a metric, under the API's name."""
        return cls(metric.name, metric.unit.value, metric)


def figure_columns(catalog: Catalog) -> list[FileColumn]:
    """Return the columns of a selection's figures."""
    columns = []
    for metric in catalog.metrics.values():
        columns.append(FileColumn.of(metric))
        if metric == AVERAGE_SCORE:
            columns += [
                FileColumn("averageScoreLow", "score"),
                FileColumn("averageScoreHigh", "score"),
                FileColumn("fewEvaluations"),
            ]
    return [*columns, *(FileColumn(name, "count") for name in _COUNTS)]


def figure_values(totals: MeasureTotals, catalog: Catalog) -> tuple[Any, ...]:
    """Return the figures of a selection, in the order of `figure_columns`."""
    values: list[Any] = []
    for metric in catalog.metrics.values():
        values.append(metric.rounded(totals))
        if metric == AVERAGE_SCORE:
            values += [*(metric.rounded_interval(totals) or (None, None)), metric.is_small_sample(totals)]
    return (*values, *(totals[name] for name in _COUNTS))
