"""Targets of metrics: a number, others for groups, each from a day on; and whether a value meets one."""

from __future__ import annotations

import enum
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.uncertainty import OfShare
from lib.errors import MetricError, nearest
from lib.errors.metric_codes import MetricCode
from lib.formats import iso_dates
from lib.statistics.intervals import share_interval

MOST_GROUPS = 1_000
"""Groups that the targets of a metric may name in all."""


MAX_ID = 1_000
"""Characters of the id of a group."""


class TargetState(enum.StrEnum):
    """Whether a value meets its target: not yet sure where chance alone may carry it to the other side."""

    MET = "met"
    MISSED = "missed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Target:
    """What a metric should be from a day on: `value`, None where only groups have one; and those of groups by id."""

    value: Fraction | None
    groups: Mapping[str, Mapping[str, Fraction]]  # by the dimension's name
    begins: date | None

    def of(self, dimension: str | None = None, id_: str | None = None) -> Fraction | None:
        """Return the target of a group, which is that of all where it has none of its own."""
        own = None if dimension is None or id_ is None else self.groups.get(dimension, {}).get(id_)
        return self.value if own is None else own


def parse_targets(given: Any, dimensions: Collection[str]) -> tuple[Target, ...]:
    """Return the targets that JSON says, the earliest first: a number, an object, or a list of objects; none for null.

    Raises MetricError.
    """
    if given is None:
        return ()
    listed = given if isinstance(given, list) else [given]
    targets = [_target(each, dimensions) for each in listed]
    begins = [each.begins for each in targets]
    groups = sum(len(ids) for each in targets for ids in each.groups.values())
    if not listed or len(set(begins)) < len(begins) or groups > MOST_GROUPS:
        raise MetricError(MetricCode.TARGET_SHAPE)
    return tuple(sorted(targets, key=lambda each: each.begins or date.min))


def _target(given: Any, dimensions: Collection[str]) -> Target:
    if not isinstance(given, dict):
        return Target(_number(given), {}, None)
    groups = {}
    for name, ids in given.items():
        if name in ("value", "from"):
            continue
        if name not in dimensions:
            raise MetricError(MetricCode.TARGET_DIMENSION, name=name[:60], hint=nearest(name, dimensions))
        if not isinstance(ids, dict) or not ids:
            raise MetricError(MetricCode.TARGET_SHAPE)
        if any(len(id_) > MAX_ID for id_ in ids):
            raise MetricError(MetricCode.TARGET_SHAPE)
        groups[name] = {id_: _number(value) for id_, value in ids.items()}
    value = None if given.get("value") is None else _number(given["value"])
    if value is None and not groups:
        raise MetricError(MetricCode.TARGET_SHAPE)
    return Target(value, groups, _day(given.get("from")))


def _number(value: Any) -> Fraction:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) < 10**15:
        raise MetricError(MetricCode.TARGET_SHAPE)
    return Fraction(repr(value))


def _day(given: Any) -> date | None:
    if given is None:
        return None
    try:
        return iso_dates.parse_date(str(given))
    except ValueError:
        raise MetricError(MetricCode.TARGET_DAY, day=str(given)[:60]) from None


def visible_targets(given: Any, limits: Mapping[str, Collection[str]] | None) -> Any:
    """Return what JSON says of targets to who may see some groups alone, by dimension; to all where that is None."""
    if limits is None or not isinstance(given, list | dict):
        return given
    if isinstance(given, list):
        return [visible_targets(each, limits) for each in given]
    shown = {name: given[name] for name in ("value", "from") if name in given}
    for name, ids in limits.items():
        if seen := {id_: value for id_, value in given.get(name, {}).items() if id_ in ids}:
            shown[name] = seen
    return shown


def stored_targets(text: str | None) -> tuple[Target, ...]:
    """Return the targets that a definition holds as JSON."""
    if text is None:
        return ()
    given = json.loads(text)
    listed = given if isinstance(given, list) else [given]
    names = {name for each in listed if isinstance(each, dict) for name in each}
    return parse_targets(given, names)


def target_at(targets: Sequence[Target], day: date | None) -> Target | None:
    """Return the target that is in force on a day, the last one where that is open; None before the first one."""
    begun = [each for each in targets if each.begins is None or day is None or each.begins <= day]
    return begun[-1] if begun else None


def state_of(metric: Metric, totals: MeasureTotals, target: Fraction) -> TargetState | None:
    """Return whether a selection meets a target; None where the metric has no value.

    Where the metric is uncertain, its interval must not hold the target, and few evaluations are never sure. Counts and
    sums are what they are.
    """
    value = metric.value(totals)
    if value is None:
        return None
    if metric.uncertainty is not None:
        ends = metric.interval(totals) or _of_all_or_none(metric, totals)
        if ends is None or metric.is_small_sample(totals) or ends[0] <= target <= ends[1]:
            return TargetState.UNSURE
    is_met = value <= target if metric.better == "lower" else value >= target
    return TargetState.MET if is_met else TargetState.MISSED


def _of_all_or_none(metric: Metric, totals: MeasureTotals) -> tuple[float, float] | None:
    """Return Wilson's interval of a share of all or of none, which has no spread; None of what is no share."""
    kind = metric.uncertainty
    if not isinstance(kind, OfShare):
        return None
    return share_interval(kind.total.of(totals), kind.count.of(totals))
