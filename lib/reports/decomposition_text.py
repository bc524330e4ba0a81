"""What changed, in words: `Decomposition` as sentences.

A sentence is one text of the catalog, and the groups stand in it as a form of their
own ("the campaigns"): languages differ in the order of words, in articles and in gender.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics.decomposition import Contribution, Decomposition, MixEffect, shown_steps
from lib.catalog.dimensions import Dimension, EnumDimension
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.reports import catalog_words, formatting
from lib.reports.words import Words, formatted, text

_NAMED = 3
"""How many groups are named."""


def groups_text(dimension: Dimension) -> str:
    """Return the message id of the groups of a built-in dimension as they stand in a sentence."""
    return f"the {dimension.plural}"


def none_moved_text(dimension: Dimension) -> str:
    """Return the message id of what is said where no part of a built-in dimension's groups can be seen."""
    return f"No single {dimension.label.lower()} moved it by as much as {{least}}."


def _groups(dimension: Dimension) -> Words:
    """Return a dimension's groups as they stand in a sentence: of own ones and of fixed values by the label."""
    if dimension.is_own or isinstance(dimension, EnumDimension):
        return text("the groups of {field}", field=catalog_words.label(dimension))
    return text(groups_text(dimension))


def _none_moved(dimension: Dimension, metric: Metric) -> Words:
    least = _amount(metric, Fraction(1, shown_steps(metric)))
    if dimension.is_own or isinstance(dimension, EnumDimension):
        return text("No single group moved it by as much as {least}.", least=least)
    return text(none_moved_text(dimension), least=least)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What changed a metric, and which groups most; where mix masks or dampens what happened within, a sentence."""

    change: Words
    parts: Words
    mix_effect: Words | None


def explain(found: Decomposition, dimension: Dimension) -> Explanation | None:
    """Return what changed a metric, in sentences; None where one of the periods has no value. Names are as they are.

    The numbers of a sentence add up as they are shown.
    """
    if found.change is None:
        return None
    named = [_part(part) for part in found.parts[:_NAMED] if part.shown.total]
    groups = _groups(dimension)
    return Explanation(
        _change_sentence(found, groups),
        _parts_sentence(named) if named else _none_moved(dimension, found.metric),
        _mix_effect_sentence(found, groups),
    )


def points(value: Fraction, plus: bool = False) -> Words:
    """Return points of a score in two decimals, with a true minus sign, and with a plus where asked for."""
    return _amount(AVERAGE_SCORE, value, plus)


def _amount(metric: Metric, value: Fraction, plus: bool = False) -> Words:
    return formatted(formatting.amount, metric, value, plus)


def _change(metric: Metric, amount: Fraction) -> Words:
    return _amount(metric, amount, plus=True) if amount else text("no change")


def _change_sentence(found: Decomposition, groups: Words) -> Words:
    shown, metric = found.shown, found.metric
    was, is_now = (formatted(formatting.metric, metric, totals) for totals in (found.before, found.now))
    values: dict[str, Words] = {
        "by": _amount(metric, abs(shown.total)),
        "was": was,
        "now": is_now,
        "mix": _change(metric, shown.mix),
        "within": _change(metric, shown.within),
        "groups": groups,
    }
    if not _is_score(metric):
        return _change_of_metric(metric, shown.total, values)
    if shown.total > 0:
        return text(
            "The average score rose by {by}, from {was} to {now}. Mix (shares of {groups}): {mix}. Performance "
            "within {groups}: {within}.",
            **values,
        )
    if shown.total < 0:
        return text(
            "The average score fell by {by}, from {was} to {now}. Mix (shares of {groups}): {mix}. Performance "
            "within {groups}: {within}.",
            **values,
        )
    return text(
        "The average score is still {now}. Mix (shares of {groups}): {mix}. Performance within {groups}: {within}.",
        **values,
    )


def _is_score(metric: Metric) -> bool:
    return metric.name == AVERAGE_SCORE.name


def _change_of_metric(metric: Metric, total: Fraction, values: Mapping[str, Words]) -> Words:
    """Return how a metric changed that has no words of its own."""
    label = catalog_words.metric_label(metric)
    if total > 0:
        return text(
            "{metric} rose by {by}, from {was} to {now}. Mix (shares of {groups}): {mix}. Performance within {groups}: "
            "{within}.",
            metric=label,
            **values,
        )
    if total < 0:
        return text(
            "{metric} fell by {by}, from {was} to {now}. Mix (shares of {groups}): {mix}. Performance within {groups}: "
            "{within}.",
            metric=label,
            **values,
        )
    return text(
        "{metric} is still {now}. Mix (shares of {groups}): {mix}. Performance within {groups}: {within}.",
        metric=label,
        **values,
    )


def _parts_sentence(parts: Sequence[Words]) -> Words:
    if len(parts) == 1:
        return text("Biggest contributor: {first}.", first=parts[0])
    if len(parts) == 2:
        return text("Biggest contributors: {first} and {second}.", first=parts[0], second=parts[1])
    return text("Biggest contributors: {first}, {second} and {third}.", first=parts[0], second=parts[1], third=parts[2])


def _part(part: Contribution) -> Words:
    metric = part.metric
    name, total = formatted(formatting.member_name, part.named), _amount(metric, part.shown.total, plus=True)
    if not part.before["evaluations"]:
        return text("{name} {total} (new)", name=name, total=total)
    if not part.has_value_before:
        if _is_score(metric):
            return text("{name} {total} (not scored before)", name=name, total=total)
        return text("{name} {total} (no value before)", name=name, total=total)
    if not part.now["evaluations"]:
        return text("{name} {total} (no longer there)", name=name, total=total)
    if not part.has_value_now:
        if _is_score(metric):
            return text("{name} {total} (not scored now)", name=name, total=total)
        return text("{name} {total} (no value now)", name=name, total=total)
    mix, within = (_amount(metric, each, plus=True) for each in (part.shown.mix, part.shown.within))
    return text("{name} {total} (mix {mix}, performance {within})", name=name, total=total, mix=mix, within=within)


def _mix_effect_sentence(found: Decomposition, groups: Words) -> Words | None:
    effect, within = found.mix_effect, found.shown.within
    by = _amount(found.metric, abs(within))
    if not _is_score(found.metric):
        return _mix_effect_of_metric(effect, within > 0, by, groups)
    if effect is MixEffect.MASKS and within > 0:
        return text("Mix masks an improvement: within {groups}, the score rose by {by}.", groups=groups, by=by)
    if effect is MixEffect.MASKS:
        return text("Mix masks a decline: within {groups}, the score fell by {by}.", groups=groups, by=by)
    if effect is MixEffect.DAMPENS and within > 0:
        return text("Mix dampens an improvement: within {groups}, the score rose by {by}.", groups=groups, by=by)
    if effect is MixEffect.DAMPENS:
        return text("Mix dampens a decline: within {groups}, the score fell by {by}.", groups=groups, by=by)
    return None


def _mix_effect_of_metric(effect: MixEffect | None, rose: bool, by: Words, groups: Words) -> Words | None:
    """Return the same of a metric of which it is not said which direction is better."""
    if effect is MixEffect.MASKS and rose:
        return text("Mix masks a rise: within {groups}, the value rose by {by}.", groups=groups, by=by)
    if effect is MixEffect.MASKS:
        return text("Mix masks a fall: within {groups}, the value fell by {by}.", groups=groups, by=by)
    if effect is MixEffect.DAMPENS and rose:
        return text("Mix dampens a rise: within {groups}, the value rose by {by}.", groups=groups, by=by)
    if effect is MixEffect.DAMPENS:
        return text("Mix dampens a fall: within {groups}, the value fell by {by}.", groups=groups, by=by)
    return None
