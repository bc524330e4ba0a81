"""Metrics beside the figures of answers: which are asked for, and their values, intervals and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.analytics.metric_names import METRICS_PARAMETER, check_metric_names
from lib.api.query_description import parameter
from lib.catalog.catalog import Catalog
from lib.catalog.measures import MeasureTotals

PARAMETER = parameter(
    METRICS_PARAMETER,
    "Metrics to add to each row, by name: own or built-in ones; may be repeated.",
    {"type": "array", "items": {"type": "string"}},
)


def parse_metrics(parameters: Mapping[str, list[str]], catalog: Catalog) -> tuple[str, ...]:
    """Return the metrics that are asked for, each once. Raises InvalidParameterError for what is none."""
    return check_metric_names(parameters.get(METRICS_PARAMETER, ()), catalog)


def metric_values(metrics: tuple[str, ...], totals: MeasureTotals, catalog: Catalog) -> dict[str, Any]:
    """Return what is added to a row: values, intervals, and how many evaluations each rests on.

    Nothing is added where none is asked for.
    """
    if not metrics:
        return {}
    by_name = {name: catalog.all_metrics[name] for name in metrics}
    return {
        "metrics": {name: metric.rounded(totals) for name, metric in by_name.items()},
        "metricIntervals": {name: metric.rounded_interval(totals) for name, metric in by_name.items()},
        "metricN": {name: metric.n(totals) for name, metric in by_name.items()},
    }
