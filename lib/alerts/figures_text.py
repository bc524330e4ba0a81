"""The figures of an alert in words: values, intervals, counts and the names of members, in the language in use."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from lib.alerts.alert import AlertChange
from lib.alerts.definition import AlertDefinition, ConditionType
from lib.alerts.states import MemberState
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension
from lib.catalog.metrics import Metric
from lib.i18n import number, t, t_in_context, t_plural
from lib.reports import catalog_words, formatting
from lib.store.enums import NONE_NAME


class AlertFigures:
    """Says the figures of one alert's states and changes."""

    def __init__(self, definition: AlertDefinition, catalog: Catalog, zone: ZoneInfo) -> None:
        """Use the units of the catalog's metric, where it is still there; times are those of the zone."""
        self._is_age = definition.condition.type is ConditionType.NO_DATA
        self._zone = zone
        self.metric: Metric | None = catalog.all_metrics.get(definition.metric)
        self.dimension: Dimension | None = catalog.groupings_by_name.get(definition.by or "")
        self.metric_label = definition.metric if self.metric is None else str(catalog_words.metric_label(self.metric))

    def name(self, state: MemberState | AlertChange) -> str:
        """Return the name of a member; an empty text for the whole."""
        if state.member == NONE_NAME:
            return t(NONE_NAME)
        return t_in_context("evaluation", state.name) if isinstance(self.dimension, EnumDimension) else state.name

    def value(self, amount: float | None) -> str:
        """Return a value, or a threshold, with its unit."""
        if amount is None:
            return formatting.NOTHING
        if self._is_age:
            return hours_text(float(amount))
        if self.metric is None:
            return number(amount, 2)
        return formatting.value(self.metric.unit, amount, self.metric.own_decimals)

    def interval(self, ends: tuple[float, float] | None) -> str:
        """Return an interval."""
        if self.metric is None or self._is_age:
            return formatting.NOTHING
        return formatting.metric_interval(self.metric, ends)

    def n(self, count: int | None) -> str:
        """Return how many evaluations a value rests on."""
        return formatting.NOTHING if count is None else formatting.count(count)

    def instant(self, when: datetime) -> str:
        """Return an instant by the zone's clock."""
        return formatting.instant(when.astimezone(self._zone))


def hours_text(amount: float) -> str:
    """Return a number of hours with the word for them."""
    if amount.is_integer():
        return t_plural("{count} hour", "{count} hours", int(amount))
    return t("{count} hours", count=number(amount, 1))
