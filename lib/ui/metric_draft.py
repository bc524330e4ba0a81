"""A metric that is being written: what it began as, and what its inputs hold, also while another page is looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.analytics.metric_definitions import label_of
from lib.catalog.catalog import Catalog
from lib.catalog.metrics import METRICS
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, UNITS, MetricDefinition
from lib.catalog.uncertainty import FEW_EVALUATIONS

NEW = ""
"""What is chosen for a metric that is not there yet."""

OTHER_UNIT = "other"
"""What is chosen for a unit of one's own."""

CHOSEN = "_metric_chosen"
_DRAFT, _VALUES = "_metric_draft", "_metric_values"


@dataclass(frozen=True, slots=True)
class MetricDraft:
    """A metric that is being written. Another draft has another number, and so inputs of its own."""

    number: int
    name: str  # of the metric that is changed; NEW for one that is not there yet
    version: int  # that the metric had then; 0 for one that is not there yet
    start: MetricDefinition  # what the inputs begin with
    narrowed_from: str = ""  # the formula that is to hold only where a condition does

    @property
    def is_new(self) -> bool:
        """Whether the metric is not there yet."""
        return self.name == NEW

    @property
    def is_built_in(self) -> bool:
        """Whether the metric is a built-in one, which has nothing but a target to be changed."""
        return self.name in METRICS

    @property
    def target(self) -> int | float | None:
        """The target that the inputs begin with, where that is one number."""
        value = None if self.start.target is None else json.loads(self.start.target)
        return value if isinstance(value, int | float) else None

    @property
    def has_targets_by_group(self) -> bool:
        """Whether its target is more than a number, and is none of the inputs."""
        return self.start.target is not None and self.target is None

    def key(self, field: str) -> str:
        """Return the key of an input."""
        return f"_metric-{self.number}-{field}"


def current(catalog: Catalog) -> MetricDraft:
    """Return what is being written; where nothing is, or its metric went, a new one."""
    draft: MetricDraft | None = st.session_state.get(_DRAFT)
    if draft is None or (draft.name != NEW and stored(catalog, draft.name) is None):
        return begin(NEW, MetricDefinition(NEW, "", ""))
    return draft


def begin(name: str, start: MetricDefinition, version: int = 0, narrowed_from: str = "") -> MetricDraft:
    """Begin to write a metric anew."""
    before: MetricDraft | None = st.session_state.get(_DRAFT)
    number = 1 if before is None else before.number + 1
    draft = MetricDraft(number, name, version, start, narrowed_from)
    st.session_state[_DRAFT], st.session_state[_VALUES] = draft, {}
    st.session_state[CHOSEN] = name
    return draft


def begin_with(catalog: Catalog, name: str) -> None:
    """Begin to change a metric, or to write a new one."""
    definition = stored(catalog, name)
    if definition is None:
        begin(NEW, MetricDefinition(NEW, "", ""))
    else:
        begin(name, definition, definition.version)


def stored(catalog: Catalog, name: str) -> MetricDefinition | None:
    """Return a metric as it is now; None where there is none of the name, or it is archived."""
    definition = next((each for each in catalog.metric_definitions if each.name == name and not each.archived), None)
    if definition is not None or name not in METRICS:
        return definition
    built_in = METRICS[name]
    return MetricDefinition(name, built_in.label, BUILT_IN_FORMULAS[name], built_in.help, built_in.unit.value)


def fill(draft: MetricDraft) -> None:
    """Let the inputs that are new hold what they held when they were drawn last, or what the draft begins with."""
    held: Mapping[str, Any] = st.session_state.get(_VALUES, {})
    start = draft.start
    is_own_unit = start.unit not in UNITS
    values = {
        "name": start.name,
        "label": start.label,
        "description": start.description,
        "formula": start.formula,
        "unit": OTHER_UNIT if is_own_unit else start.unit,
        "own_unit": start.unit if is_own_unit else "",
        "decimals": start.decimals,
        "better": start.better,
        "minimum": start.minimum,
        "target": draft.target,
        "condition": "",
    }
    for field, value in values.items():
        st.session_state.setdefault(draft.key(field), held.get(field, value))


def keep(draft: MetricDraft) -> None:
    """Remember what the inputs hold."""
    fields = ("name", "label", "description", "formula", "unit", "own_unit", "decimals", "better", "minimum", "target")
    held = {field: st.session_state.get(draft.key(field)) for field in (*fields, "condition")}
    st.session_state[_VALUES] = held


def proposed_name(label: str) -> str:
    """Return a name for a label: `Resolved on first contact` is resolvedOnFirstContact; an empty one for none."""
    letters = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in label)
    words = letters.split()
    name = "".join(word.lower() if not place else word[:1].upper() + word[1:] for place, word in enumerate(words))
    return name.lstrip("0123456789")[:40]


def written(draft: MetricDraft, values: Mapping[str, Any]) -> MetricDefinition:
    """Return the metric that inputs say, its target as it was."""
    if draft.is_built_in:
        return draft.start
    label = str(values["label"]).strip()
    name = draft.name or str(values["name"]).strip() or proposed_name(label)
    unit = values["unit"] if values["unit"] != OTHER_UNIT else str(values["own_unit"]).strip()
    minimum = values["minimum"]
    return MetricDefinition(
        name,
        label or label_of(name),
        str(values["formula"]).strip(),
        str(values["description"]).strip(),
        unit,
        values["decimals"],
        values["better"],
        FEW_EVALUATIONS if minimum is None else int(minimum),
        draft.start.target,
        draft.version,
    )
