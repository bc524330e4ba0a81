"""The own fields of sample data: the channel, what customers say in a survey, and whether the first contact was enough.

They are drawn apart from the rest, which is the same with and without them. What happens in it: each campaign has its
own mix of channels, and what is written scores lower than what is said; four in ten customers answer the survey, and
say the better, the better the score; a call with a good score more often resolves what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from lib.analytics.field_definitions import new_fields
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField, OwnFieldType, catalog_with
from lib.errors import FieldError
from lib.store.enums import NO, OWN_SCALE, YES

Array = np.ndarray[Any, Any]

SAMPLE_FIELDS = (
    OwnField(0, "channel", OwnFieldType.CATEGORY, "Channel", is_sample=True),
    OwnField(0, "csat", OwnFieldType.NUMBER, "CSAT", is_sample=True),
    OwnField(0, "resolved", OwnFieldType.YES_NO, "Resolved on first contact", is_sample=True),
)
"""Their definitions, whose numbers do not count."""

_CHANNELS = ("Phone", "Chat", "E-mail", "WhatsApp")
_MIXES = np.array(
    [
        (0.50, 0.22, 0.12, 0.16),
        (0.38, 0.38, 0.14, 0.10),
        (0.42, 0.16, 0.34, 0.08),
        (0.78, 0.10, 0.04, 0.08),
        (0.86, 0.02, 0.02, 0.10),
        (0.60, 0.04, 0.10, 0.26),
        (0.55, 0.15, 0.06, 0.24),
        (0.30, 0.10, 0.42, 0.18),
        (0.80, 0.08, 0.05, 0.07),
        (0.58, 0.12, 0.06, 0.24),
        (0.66, 0.04, 0.16, 0.14),
        (0.40, 0.26, 0.04, 0.30),
    ]
)  # of the channels, a row a campaign
_TILTS = np.array([0.0, -0.12, -0.22, 0.08])  # how much likelier each point of the score makes a channel
_USUAL = 7.4  # the score at which the mixes hold
_ANSWERED, _KNOWN = 0.4, 0.93  # of completed evaluations, those with the survey, and those that say whether it resolved


def missing_fields(catalog: Catalog) -> tuple[OwnField, ...]:
    """Return the sample's fields that are not there and can be, with the numbers that they would have."""
    made: tuple[OwnField, ...] = ()
    for own in SAMPLE_FIELDS:
        if own.name not in catalog.own_fields_by_name:
            try:
                made = (*made, *new_fields((*catalog.own_fields, *made), [own]))
            except FieldError:  # there is one alike, or there are as many as may be: the sample does without
                continue
    return made


def with_sample_fields(catalog: Catalog) -> Catalog:
    """Return the catalog with the sample's fields, as far as they can be."""
    return catalog_with((*catalog.own_fields, *missing_fields(catalog)))


def sample_values(
    random: np.random.Generator, catalog: Catalog, campaign: Array, score: Array, completed: Array
) -> Mapping[str, pa.Array]:
    """Return the values of evaluations in the catalog's fields that are the sample's, as columns of checked rows."""
    wanted = {(own.name, own.type) for own in SAMPLE_FIELDS}
    held = [own for own in catalog.own_fields if (own.name, own.type) in wanted]
    if not held:
        return {}
    values = {
        "channel": _channels(random, campaign, score),
        "csat": _answers(random, score, completed),
        "resolved": _resolved(random, score, completed),
    }
    return {column: values[own.name] for own in held for column in _columns(catalog, own)}


def _columns(catalog: Catalog, own: OwnField) -> tuple[str, ...]:
    """Return the columns of checked rows that have a field's values: of a category its id and, the same, its name."""
    dimension = next((each for each in catalog.stored_dimensions if each.name == own.parameter), None)
    return (own.column,) if dimension is None else (dimension.staged_id, dimension.staged_name)


def _channels(random: np.random.Generator, campaign: Array, score: Array) -> pa.DictionaryArray:
    weights = np.cumsum(_MIXES[campaign] * np.exp(np.outer(score - _USUAL, _TILTS)), axis=1)
    place = (weights < (random.random(len(score)) * weights[:, -1])[:, None]).sum(axis=1)
    return pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), pa.array(_CHANNELS))


def _answers(random: np.random.Generator, score: Array, completed: Array) -> pa.Array:
    count = len(score)
    said = np.clip(np.round(3.9 + 0.42 * (score - _USUAL) + random.normal(0, 0.9, count)), 1, 5).astype(np.int64)
    return pa.array(said * OWN_SCALE, mask=~completed | (random.random(count) >= _ANSWERED))


def _resolved(random: np.random.Generator, score: Array, completed: Array) -> pa.Array:
    count = len(score)
    chance = 1 / (1 + np.exp(-1.1 - 0.55 * (score - _USUAL)))
    is_resolved = np.where(random.random(count) < chance, YES, NO).astype(np.int16)
    return pa.array(is_resolved, mask=~completed | (random.random(count) >= _KNOWN))
