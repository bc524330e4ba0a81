"""Why it moved, in words: `Drivers` as sentences. Numbers are formatted first, and sentences made of texts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics.dimensions import Dimension
from lib.analytics.drivers import SHOWN, Drivers, Part
from lib.analytics.measures import METRICS, rounded

_NAMED = 3
"""How many groups are named."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What moved the score, and which groups most; `hidden` is the sentence for what the mix hides, where it does."""

    change: str
    parts: str
    hidden: str | None


def explain(found: Drivers, dimension: Dimension) -> Explanation | None:
    """Return what moved the score, in sentences; None where one of the periods has no score. Names are as they are.

    Every number is rounded for itself to two decimals, so that those shown may miss each other by 0.01.
    """
    change = found.change
    if change is None:
        return None
    score = METRICS["averageScore"]
    was, is_now = (points(Fraction(score.value(sums) or 0)) for sums in (found.before, found.now))
    by = points(abs(change)) if abs(change) >= SHOWN else None
    named = [_part(part) for part in found.parts[:_NAMED] if abs(part.total) >= SHOWN]
    return Explanation(
        _change_sentence(
            change > 0, by, was, is_now, points(found.mix, plus=True), points(found.within, plus=True), dimension.plural
        ),
        _parts_sentence(named, dimension.label.lower()),
        _hidden_sentence(found.within > 0, points(abs(found.within)), dimension.plural) if found.hidden else None,
    )


def points(value: Fraction, plus: bool = False) -> str:
    """Return points of a score in two decimals, with a true minus sign, and with a plus where asked for."""
    text = f"{rounded(abs(value), 2):.2f}"
    if abs(value) < SHOWN:
        return text
    return f"−{text}" if value < 0 else f"+{text}" if plus else text


def _part(part: Part) -> str:
    name, total = part.named.name, points(part.total, plus=True)
    if not part.before.scored or not part.now.scored:
        return _one_sided(name, total, not part.before.scored)
    return _two_sided(name, total, points(part.mix, plus=True), points(part.within, plus=True))


# From here on: English.


def _change_sentence(up: bool, by: str | None, was: str, is_now: str, mix: str, within: str, groups: str) -> str:
    moved = f"{'rose' if up else 'fell'} by {by}, from {was} to {is_now}" if by else f"is at {is_now}, as before"
    moved = moved if by or was == is_now else f"hardly moved, from {was} to {is_now}"
    return (
        f"The average score {moved}: {mix} because the shares of the {groups} changed (mix) and {within} within the "
        f"{groups}."
    )


def _parts_sentence(parts: Sequence[str], group: str) -> str:
    if not parts:
        return f"No single {group} moved it by as much as 0.01."
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"The largest part{'s' if len(parts) > 1 else ''}: {listed}."


def _one_sided(name: str, total: str, is_new: bool) -> str:
    return f"{name} {total} ({'new' if is_new else 'no longer there'})"


def _two_sided(name: str, total: str, mix: str, within: str) -> str:
    return f"{name} {total} (mix {mix}, within {within})"


def _hidden_sentence(up: bool, by: str, groups: str) -> str:
    what, moved = ("an improvement", "risen") if up else ("a decline", "fallen")
    return f"The mix hides {what}: had the shares of the {groups} not changed, the score would have {moved} by {by}."
