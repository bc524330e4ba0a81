"""The states of what an alert watches, and how a look at it changes them. Pure: no query, no clock.

A state is settled as ok or firing. What is shown may be something else for a while: pending and recovering while too
few looks in a row speak for the other one, `no_data` while too little is known, `error` while looks fail. None of these
changes what is settled, so that an outage is told neither as a recovery nor as a second firing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lib.alerts.conditions import Judgment, Verdict


class AlertState(StrEnum):
    """The state of a member, or of the whole."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no_data"
    ERROR = "error"


WORST_FIRST = (
    AlertState.FIRING,
    AlertState.RECOVERING,
    AlertState.PENDING,
    AlertState.ERROR,
    AlertState.NO_DATA,
    AlertState.OK,
)
"""The order in which states are listed."""

WHOLE = ""
"""The member that stands for the whole, where an alert looks at no dimension's members."""


@dataclass(frozen=True, slots=True)
class MemberState:
    """The state of one member: what is shown, what is settled, and the last values.

    `streak` is how many looks in a row speak against what is settled; looks that know nothing neither add to it nor end
    it. `announced` says whether people know it as firing, `reminded_at` when they were last told so.
    """

    member: str
    name: str
    state: AlertState
    settled: AlertState
    since: datetime
    settled_since: datetime
    streak: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    threshold: float | None = None
    severity: float = 0.0
    announced: bool = False
    reminded_at: datetime | None = None
    acknowledged_by: str | None = None
    remark: str | None = None

    @classmethod
    def begin(cls, member: str, name: str, now: datetime) -> MemberState:
        """Return the state of a member that was never looked at."""
        return cls(member, name, AlertState.OK, AlertState.OK, now, now)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the value."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def is_firing(self) -> bool:
        """Whether it is settled as firing, whatever is shown."""
        return self.settled is AlertState.FIRING


@dataclass(frozen=True, slots=True)
class AlertOverview:
    """How the members of an alert stand: how many are in each state, and the worst of those settled as firing."""

    counts: Mapping[AlertState, int]
    worst: MemberState | None  # None where none fires

    @property
    def state(self) -> AlertState | None:
        """The worst state that a member is in; None before the first check."""
        return next((state for state in WORST_FIRST if self.counts.get(state)), None)


@dataclass(frozen=True, slots=True)
class MemberReading:
    """What a look says of one member."""

    member: str
    name: str
    judgment: Judgment


def advance(before: MemberState, reading: MemberReading, checks: int, now: datetime) -> MemberState:
    """Return the state after a look; `checks` looks in a row settle it anew."""
    judgment = reading.judgment
    low, high = judgment.interval or (None, None)
    after = replace(
        before,
        name=reading.name or before.name,
        value=judgment.value,
        low=low,
        high=high,
        n=judgment.n,
        threshold=judgment.threshold,
        severity=judgment.severity,
    )
    if judgment.verdict is Verdict.UNKNOWN:
        return _moved(after, AlertState.NO_DATA, now)
    if before.is_firing:
        is_against, waiting, settled = judgment.verdict is Verdict.ENDED, AlertState.RECOVERING, AlertState.OK
    else:
        is_against, waiting, settled = judgment.verdict is Verdict.HOLDS, AlertState.PENDING, AlertState.FIRING
    if not is_against:
        return _moved(replace(after, streak=0), before.settled, now)
    if before.streak + 1 < checks:
        return _moved(replace(after, streak=before.streak + 1), waiting, now)
    after = replace(after, streak=0, settled=settled, settled_since=now, acknowledged_by=None, remark=None)
    return _moved(after, settled, now)


def advance_all(
    before: Mapping[str, MemberState], readings: Sequence[MemberReading], checks: int, now: datetime
) -> dict[str, MemberState]:
    """Return the states of all members after a look; of those that it says nothing of, nothing is known."""
    unknown = Judgment(Verdict.UNKNOWN)
    known = {each.member for each in readings}
    unseen = (MemberReading(each.member, each.name, unknown) for each in before.values() if each.member not in known)
    after = {}
    for reading in (*readings, *unseen):
        state = before.get(reading.member) or MemberState.begin(reading.member, reading.name, now)
        after[reading.member] = advance(state, reading, checks, now)
    return after


def _moved(state: MemberState, to: AlertState, now: datetime) -> MemberState:
    return state if state.state is to else replace(state, state=to, since=now)
