"""Why it moved, in words: `Decomposition` as sentences of the language in use.

Numbers are formatted first. A sentence is one text of the catalog, and the groups stand in it as a form of their
own ("the campaigns"): languages differ in the order of words, in articles and in gender.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics.decomposition import SHOWN, Contribution, Decomposition
from lib.catalog.dimensions import Dimension
from lib.catalog.metrics import AVERAGE_SCORE, rounded
from lib.i18n import number, t
from lib.reports import formatting

_NAMED = 3
"""How many groups are named."""

GROUPS = {
    "campaign": "the campaigns",
    "callCenter": "the call centers",
    "engagement": "the engagements",
    "executive": "the executives",
}
"""A dimension's groups, by its name, as they stand in a sentence."""

NONE_MOVED = {
    "campaign": "No single campaign moved it by as much as {least}.",
    "callCenter": "No single call center moved it by as much as {least}.",
    "engagement": "No single engagement moved it by as much as {least}.",
    "executive": "No single executive moved it by as much as {least}.",
}
"""What is said where no group's part can be seen, by the dimension's name."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What moved the score, and which groups most; `hidden` is the sentence for what the mix hides, where it does."""

    change: str
    parts: str
    hidden: str | None


def explain(found: Decomposition, dimension: Dimension) -> Explanation | None:
    """Return what moved the score, in sentences; None where one of the periods has no score. Names are as they are.

    Every number is rounded for itself to two decimals, so that those shown may miss each other by 0.01.
    """
    change = found.change
    if change is None:
        return None
    named = [_part(part) for part in found.parts[:_NAMED] if abs(part.total) >= SHOWN]
    groups = t(GROUPS[dimension.name])
    return Explanation(
        _change_sentence(found, change, groups),
        _parts_sentence(named) if named else t(NONE_MOVED[dimension.name], least=number(0.01, 2)),
        _hidden_sentence(found.within, groups) if found.hidden else None,
    )


def points(value: Fraction, plus: bool = False) -> str:
    """Return points of a score in two decimals, with a true minus sign, and with a plus where asked for."""
    text = number(rounded(abs(value), 2) or 0, 2)
    if abs(value) < SHOWN:
        return text
    return f"−{text}" if value < 0 else f"+{text}" if plus else text


def _change_sentence(found: Decomposition, change: Fraction, groups: str) -> str:
    score = AVERAGE_SCORE
    was, is_now = (points(Fraction(score.value(sums) or 0)) for sums in (found.before, found.now))
    values = {
        "by": points(abs(change)),
        "was": was,
        "now": is_now,
        "mix": points(found.mix, plus=True),
        "within": points(found.within, plus=True),
        "groups": groups,
    }
    if abs(change) >= SHOWN and change > 0:
        return t(
            "The average score rose by {by}, from {was} to {now}: {mix} because the shares of {groups} changed (mix) "
            "and {within} within {groups}.",
            **values,
        )
    if abs(change) >= SHOWN:
        return t(
            "The average score fell by {by}, from {was} to {now}: {mix} because the shares of {groups} changed (mix) "
            "and {within} within {groups}.",
            **values,
        )
    if was != is_now:
        return t(
            "The average score hardly moved, from {was} to {now}: {mix} because the shares of {groups} changed (mix) "
            "and {within} within {groups}.",
            **values,
        )
    return t(
        "The average score is at {now}, as before: {mix} because the shares of {groups} changed (mix) and {within} "
        "within {groups}.",
        **values,
    )


def _parts_sentence(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return t("The largest part: {first}.", first=parts[0])
    if len(parts) == 2:
        return t("The largest parts: {first} and {second}.", first=parts[0], second=parts[1])
    return t("The largest parts: {first}, {second} and {third}.", first=parts[0], second=parts[1], third=parts[2])


def _part(part: Contribution) -> str:
    name, total = formatting.member_name(part.named), points(part.total, plus=True)
    if not part.before["scored"]:
        return t("{name} {total} (new)", name=name, total=total)
    if not part.now["scored"]:
        return t("{name} {total} (no longer there)", name=name, total=total)
    mix, within = points(part.mix, plus=True), points(part.within, plus=True)
    return t("{name} {total} (mix {mix}, within {within})", name=name, total=total, mix=mix, within=within)


def _hidden_sentence(within: Fraction, groups: str) -> str:
    by = points(abs(within))
    if within > 0:
        return t(
            "The mix hides an improvement: within {groups} the score rose by {by}, weighted with the average of both "
            "periods' shares.",
            groups=groups,
            by=by,
        )
    return t(
        "The mix hides a decline: within {groups} the score fell by {by}, weighted with the average of both periods' "
        "shares.",
        groups=groups,
        by=by,
    )
