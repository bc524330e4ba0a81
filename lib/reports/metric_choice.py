"""Which metric a page is about: the parameter that chooses it, and what it offers."""

from __future__ import annotations

from dataclasses import replace

from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.reports import catalog_words, page_links
from lib.reports.context import PageContext
from lib.reports.page import SelectParameter
from lib.reports.words import text

METRIC = SelectParameter(
    page_links.METRIC,
    text("Metric"),
    lambda catalog: tuple((each.name, catalog_words.metric_label(each)) for each in catalog.all_metrics.values()),
    AVERAGE_SCORE.name,
    as_list=True,
)
"""The parameter; several pages have it, and one list of options."""


def offered_metrics(context: PageContext) -> SelectParameter:
    """Return the choice of a metric, with those of the own fields that the data know, and what is chosen."""
    catalog, used = context.catalog, {metric.name for metric in context.own_metrics_in_use}
    left_out = set(catalog.own_metrics) - used - {context.selected(METRIC)}
    found = tuple(pair for pair in METRIC.options(catalog) if pair[0] not in left_out)
    return replace(METRIC, options=lambda _: found)


def chosen_metric(context: PageContext) -> Metric:
    """Return the metric that is chosen."""
    return context.catalog.all_metrics[context.selected(METRIC)]
