"""The names of metrics that a question asks for besides the figures that every answer has."""

from __future__ import annotations

from collections.abc import Iterable

from lib.catalog.catalog import Catalog
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode

METRICS_PARAMETER = "metrics"
"""The name of the parameter."""

MOST_METRICS = 20
"""Metrics that a question may ask for."""


def check_metric_names(names: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """Return the names of metrics, each once. Raises InvalidParameterError for what is none, and for too many."""
    distinct = tuple(dict.fromkeys(names))
    if len(distinct) > MOST_METRICS:
        raise InvalidParameterError(
            METRICS_PARAMETER, ParameterCode.TOO_MANY_ASKED_FOR, count=len(distinct), most=MOST_METRICS
        )
    for name in distinct:
        check_metric_name(METRICS_PARAMETER, name, catalog)
    return distinct


def check_metric_name(parameter: str, name: str, catalog: Catalog) -> None:
    """Raise InvalidParameterError where a parameter names no metric that can be asked for."""
    if name in catalog.metric_problems:
        problem = catalog.metric_problems[name].reason
        raise InvalidParameterError(parameter, ParameterCode.METRIC_IS_BROKEN, name=name, problem=problem)
    if name not in catalog.all_metrics:
        hint = nearest(name, catalog.all_metrics)
        raise InvalidParameterError(parameter, ParameterCode.NO_SUCH_METRIC, value=name[:60], hint=hint)
