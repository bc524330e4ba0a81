"""Links to pages: parameters that say their period, as pairs. An address without a period is not one of all time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lib.reports.page import Parameters

PERIOD = "period"
"""The parameter of a period that has a name: all time, or one of `period_presets`."""

ALL_TIME = "all"
"""Its value for all time."""

METRIC = "metric"
"""The parameter of the metric whose trend is shown."""

OPENED = "open"
"""The parameter of the campaign, call center, executive or evaluation whose detail a page shows, by its id."""

SEARCH = "search"
"""The parameter of the text that evaluations are searched for."""

WEEKDAY, HOUR = "weekday", "hour"
"""The parameters of the day of the week and the hour whose evaluations are listed."""

PERIOD_PARAMETERS = ("dateFrom", "dateTo", PERIOD)
"""The parameters that say which period is meant."""


def with_period(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return URL parameters that say their period: all time where they hold none."""
    given = {name: list(values) for name, values in parameters.items()}
    return given if any(name in given for name in PERIOD_PARAMETERS) else {**given, PERIOD: [ALL_TIME]}


def without_period(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return URL parameters without what they say of a period."""
    return {name: [*values] for name, values in parameters.items() if name not in PERIOD_PARAMETERS}


def without_search(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return URL parameters that list all evaluations of a selection, whatever was looked for among them."""
    return {name: [*values] for name, values in parameters.items() if name not in (SEARCH, WEEKDAY, HOUR)}


def of_average_score(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return URL parameters of a page about the average score, whatever metric another page is about."""
    return {name: [*values] for name, values in parameters.items() if name != METRIC}


def pairs(parameters: Mapping[str, Sequence[str]]) -> Parameters:
    """Return URL parameters that say their period as pairs, as links of pages take them."""
    said = with_period(parameters)
    return tuple((name, value) for name in said for value in said[name])
