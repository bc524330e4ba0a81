"""The columns of tables in files: the API's names, what pages call them, and the figures of a selection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lib.analytics.breakdowns import Group
from lib.analytics.queries import Trend
from lib.analytics.rank_ranges import GroupRanks
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CALL_CENTER, EXECUTIVE, Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric

_COUNTS = ("positive", "neutral", "negative", "pending", "processing", "failed")
"""What is there besides the metrics, by state and sentiment."""


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column: its name in the API, the kind of its values (a format of the exports, or `text`), its metric if any.

    `label` is what a page calls it, in the reader's language; files of the API have none.
    """

    name: str
    kind: str = "text"
    metric: Metric | None = None
    label: str = ""

    @property
    def heading(self) -> str:
        """What stands above it."""
        return self.label or self.name

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


def metric_columns(names: Iterable[str], catalog: Catalog) -> tuple[FileColumn, ...]:
    """Return the columns of metrics that are asked for besides: value, interval, and how many evaluations it rests on.

    What `figure_columns` have of built-in ones is not said twice.
    """
    return tuple(column for name in names for column in _columns_of(catalog.all_metrics[name], catalog))


def _columns_of(metric: Metric, catalog: Catalog) -> list[FileColumn]:
    ends = [FileColumn(f"{metric.name}{end}", metric.unit.value) for end in ("Low", "High")]
    n = FileColumn(f"{metric.name}N", "count")
    if metric == AVERAGE_SCORE:
        return [n]
    return [*ends, n] if metric.name in catalog.metrics else [FileColumn.of(metric), *ends, n]


def metric_values(names: Iterable[str], totals: MeasureTotals, catalog: Catalog) -> tuple[Any, ...]:
    """Return the figures of a selection, in the order of `metric_columns`."""
    values: list[Any] = []
    for metric in (catalog.all_metrics[name] for name in names):
        held = [metric.rounded(totals), *(metric.rounded_interval(totals) or (None, None)), metric.n(totals)]
        values += held[-len(_columns_of(metric, catalog)) :]
    return tuple(values)


Row = tuple[Any, ...]
"""The values of one line of a file, in the order of its columns."""


def group_columns(dimension: Dimension, catalog: Catalog) -> tuple[FileColumn, ...]:
    """Return the columns of a table of groups: who they are, an executive's call center, and their figures."""
    named = [dimension, *([CALL_CENTER] if dimension == EXECUTIVE else [])]
    names = (FileColumn(name) for each in named for name in (each.parameter, each.name_field))
    return (*names, *figure_columns(catalog))


def group_rows(groups: Iterable[Group], dimension: Dimension, catalog: Catalog) -> tuple[Row, ...]:
    """Return a line for each group, in the order of `group_columns`."""
    rows = []
    for group in groups:
        names = [group.named.id, group.named.name]
        if dimension == EXECUTIVE:
            names += [group.call_center.id, group.call_center.name] if group.call_center else [None, None]
        rows.append((*names, *figure_values(group.sums, catalog)))
    return tuple(rows)


RANK_COLUMNS = (FileColumn("rankLow", "count"), FileColumn("rankHigh", "count"))
"""The lowest and highest place of a group by average score."""


def rank_values(ranks: GroupRanks, member: Member) -> Row:
    """Return the lowest and highest place of a group; empty for one that is not ranked."""
    return ranks.groups.get(member, (None, None))


def trend_columns(catalog: Catalog) -> tuple[FileColumn, ...]:
    """Return the columns of a trend: the first day of each bucket, whether it is cut short, and its figures."""
    return (FileColumn("date", "date"), FileColumn("partial"), *figure_columns(catalog))


def trend_rows(trend: Trend, catalog: Catalog) -> tuple[Row, ...]:
    """Return a line for each bucket, in the order of `trend_columns`."""
    return tuple(
        (point.bucket.first, point.bucket.partial, *figure_values(point.sums, catalog)) for point in trend.points
    )
