"""The inputs of a schedule: when a report goes out, or an alert is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lib.delivery.schedule_choice import (
    DAY_LABELS,
    KIND_LABELS,
    LAST_MONTH_DAY,
    TIMED,
    ScheduleChoice,
    ScheduleKind,
    offered_times,
)
from lib.i18n import t
from lib.settings import zone_names
from lib.ui import inputs

MAX_CRON = 100
"""Characters of a cron line."""

FIELDS_OF_A_SCHEDULE = ("kind", "timezone", "time", "weekday", "month_day", "cron")
"""The fields that are inputs."""

Place = Any
"""A column that inputs are drawn in."""


def draw(
    filled: Callable[[str], str],
    start: ScheduleChoice,
    kinds: Sequence[ScheduleKind],
    label: str,
    columns: Callable[[], tuple[Place, Place]],
) -> ScheduleChoice:
    """Draw when something is due, and return what is chosen; `filled` returns the key of a field's input.

    `columns` makes the two places of a line.
    """
    left, right = columns()
    values: dict[str, Any] = {
        "kind": inputs.selectbox(
            label, list(kinds), format_func=lambda kind: t(KIND_LABELS[kind]), key=filled("kind"), place=left
        )
    }
    kind = values["kind"]
    if kind is ScheduleKind.WEEKLY:
        values["weekday"] = inputs.selectbox(
            t("Day of the week"),
            [*range(1, len(DAY_LABELS)), 0],
            format_func=lambda day: t(DAY_LABELS[day]),
            key=filled("weekday"),
            place=right,
        )
    if kind is ScheduleKind.MONTHLY:
        values["month_day"] = inputs.selectbox(
            t("Day of the month"), list(range(1, LAST_MONTH_DAY + 1)), key=filled("month_day"), place=right
        )
    if kind is ScheduleKind.CRON:
        values["cron"] = right.text_input(
            t("Cron line"),
            key=filled("cron"),
            max_chars=MAX_CRON,
            placeholder="0 8 * * 1",
            help=t("Minute, hour, day of the month, month, day of the week."),
        )
    if kind in (*TIMED, ScheduleKind.CRON):
        values |= _clock(filled, start, kind, columns)
    return ScheduleChoice(**{name: values.get(name, getattr(start, name)) for name in FIELDS_OF_A_SCHEDULE})


def _clock(
    filled: Callable[[str], str],
    start: ScheduleChoice,
    kind: ScheduleKind,
    columns: Callable[[], tuple[Place, Place]],
) -> dict[str, Any]:
    left, right = columns()
    values: dict[str, Any] = {}
    if kind in TIMED:
        values["time"] = inputs.selectbox(t("Time"), offered_times(start.time), key=filled("time"), place=left)
    values["timezone"] = inputs.selectbox(
        t("Time zone"),
        sorted({*zone_names(), start.timezone}),
        key=filled("timezone"),
        place=right if kind in TIMED else left,
    )
    return values
