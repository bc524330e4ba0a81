"""What an alert would have done, in words: how often, on which days, and for whom."""

from __future__ import annotations

from lib.alerts.figures_text import AlertFigures
from lib.alerts.replay import Replay, ReplayDay
from lib.alerts.states import AlertState
from lib.i18n import dated, number, t, t_plural

MOST_DAYS_NAMED = 8
"""So many days a sentence names, the first ones."""

DAY_LABELS = {
    AlertState.FIRING: "firing",
    AlertState.NO_DATA: "too few data",
    AlertState.OK: "nothing",
}
"""What is said of a day on which nobody is named."""


def state_of_day(day: ReplayDay) -> AlertState:
    """Return how a day is drawn: whether somebody would have fired, nobody, or nothing was known."""
    if day.firing:
        return AlertState.FIRING
    known = sum(count for state, count in day.counts.items() if state is not AlertState.NO_DATA)
    return AlertState.OK if known else AlertState.NO_DATA


def summary(replayed: Replay) -> str:
    """Return how often an alert would have fired, and on which days."""
    began = [each for each in replayed.days if each.began]
    count = len(replayed.days)
    if not began:
        return t_plural(
            "It would not have fired on the last day.", "It would not have fired in the last {count} days.", count
        )
    named = ", ".join(_began(each) for each in began[:MOST_DAYS_NAMED])
    more = len(began) - MOST_DAYS_NAMED
    if more > 0:
        named = t("{days} and {count} more", days=named, count=number(more))
    return t_plural(
        "In the last {total} days it would have fired once: on {days}.",
        "In the last {total} days it would have fired {count} times: on {days}.",
        len(began),
        total=number(count),
        days=named,
    )


def day_text(day: ReplayDay, figures: AlertFigures) -> str:
    """Return what an alert would have seen at the end of a day: `3 Oct: firing, 6.81`."""
    words = t(DAY_LABELS[state_of_day(day)])
    if day.whole is not None and day.whole.value is not None:
        words = f"{words}, {figures.value(day.whole.value, day.whole.threshold)}"
    elif day.firing and day.whole is None:
        words = t("firing: {names}", names=", ".join(each or t("none") for each in day.firing))
    return f"{_short(day)}: {words}"


def _began(day: ReplayDay) -> str:
    return _short(day) if day.began < 2 else f"{_short(day)} ({number(day.began)})"


def _short(day: ReplayDay) -> str:
    return dated(day.day, "d MMM")
