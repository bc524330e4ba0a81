"""The figures of an alert in words: values, intervals, counts and the names of members, in the language in use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from lib.alerts.alert import AlertChange
from lib.alerts.definition import AlertDefinition, ConditionType
from lib.alerts.states import MemberState
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension
from lib.catalog.metrics import Metric, rounded
from lib.i18n import number, t, t_in_context, t_plural
from lib.reports import catalog_words, formatting
from lib.store.enums import NONE_NAME

MOST_DECIMALS = 6
"""Where two values differ by less, they are shown alike."""


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

    def value(self, amount: float | None, beside: float | None = None) -> str:
        """Return a value with its unit; with as many digits as tell it from another one that it stands `beside`."""
        words = self._shown(amount)
        if amount is None or beside is None or words != self._shown(beside):
            return words
        return self._exact(amount, lambda decimals: self._shown(amount, decimals) != self._shown(beside, decimals))

    def limit(self, amount: float | None) -> str:
        """Return a number that somebody set, with its unit and the digits that it has."""
        if amount is None:
            return formatting.NOTHING
        return self._exact(amount, lambda decimals: rounded(amount, decimals) == amount)

    def _shown(self, amount: float | None, decimals: int | None = None) -> str:
        """Return a value with the metric's decimals, or with others."""
        if amount is None:
            return formatting.NOTHING
        if self._is_age:
            return hours_text(float(amount))
        if self.metric is None:
            return number(amount, 2)
        return formatting.value(self.metric.unit, amount, self.metric.own_decimals if decimals is None else decimals)

    def _exact(self, amount: float, is_enough: Callable[[int], bool]) -> str:
        """Return a value with the fewest decimals that are enough; with the metric's own where none are."""
        if self._is_age or self.metric is None or self.metric.shown_decimals == 0:
            return self._shown(amount)
        decimals = next(filter(is_enough, range(self.metric.shown_decimals, MOST_DECIMALS + 1)), None)
        return self._shown(amount, decimals)

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
