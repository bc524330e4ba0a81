"""A metric that is being written: what it began as, and what its inputs hold, also while another page is looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from lib.analytics.metric_definitions import label_of
from lib.catalog.catalog import Catalog
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, UNITS, MetricDefinition
from lib.catalog.uncertainty import FEW_EVALUATIONS

NEW = ""
"""What is chosen for a metric that is not there yet."""

OTHER_UNIT = "other"
"""What is chosen for a unit of one's own."""

MOST_GROUPS = 50
"""Groups that may have a target of their own here; the API and the command take more."""

UNSET = ""
"""What is chosen for decimals as the unit has them, and for no direction: of None, lists show nothing."""

CHOSEN = "_metric_chosen"
_FIELDS = (
    *("name", "label", "description", "formula", "unit", "own_unit", "decimals", "better", "minimum", "target"),
    *("condition", "target_by"),
)
TARGET_OF = "target_of:"
"""How the fields of groups' targets begin: a dimension's name follows for which groups have one, then a group's id."""

_DRAFT, _VALUES, _CHOSEN_FOR = "_metric_draft", "_metric_values", "_metric_chosen_for"


@dataclass(frozen=True, slots=True)
class UndatedTarget:
    """A target that the inputs hold: `value` for all, and others for groups of the dimension `by`, by their ids."""

    value: float | None = None
    by: str = UNSET
    groups: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: str | None) -> UndatedTarget | None:
        """Return a target that is kept as JSON; None where it is more than the inputs hold."""
        given = None if stored is None else json.loads(stored)
        if given is None or isinstance(given, int | float):
            return cls(given)
        if isinstance(given, list) or "from" in given or len(given.keys() - {"value"}) != 1:
            return None
        by = next(name for name in given if name != "value")
        return cls(given.get("value"), by, given[by]) if len(given[by]) <= MOST_GROUPS else None

    @property
    def as_json(self) -> Any:
        """The target as definitions have it: a number, an object, or None."""
        value = _plain_number(self.value)
        if not self.groups:
            return value
        groups = {self.by: {id_: _plain_number(target) for id_, target in self.groups.items()}}
        return groups if value is None else {"value": value, **groups}


def _plain_number(value: float | None) -> int | float | None:
    return int(value) if value is not None and value == int(value) else value


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
        return self.name in BUILT_IN_FORMULAS

    @property
    def target(self) -> UndatedTarget | None:
        """The target that the inputs begin with; None where it is more than they hold, and stays as it is."""
        return UndatedTarget.of(self.start.target)

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
    return draft


def begin_with(catalog: Catalog, name: str) -> None:
    """Begin to change a metric, or to write a new one."""
    definition = stored(catalog, name)
    if definition is None:
        begin(NEW, MetricDefinition(NEW, "", ""))
    else:
        begin(name, definition, definition.version)


def fill_choice(draft: MetricDraft) -> None:
    """Let the choice of a metric say which one is being written, once a draft is begun and on each return."""
    if CHOSEN not in st.session_state or st.session_state.get(_CHOSEN_FOR) != draft.number:
        st.session_state[CHOSEN], st.session_state[_CHOSEN_FOR] = draft.name, draft.number


def stored(catalog: Catalog, name: str) -> MetricDefinition | None:
    """Return a metric as it is now; None where there is none of the name, or it is archived."""
    definition = next((each for each in catalog.metric_definitions if each.name == name and not each.archived), None)
    if definition is not None or name not in BUILT_IN_FORMULAS:
        return definition
    built_in = catalog.metrics[name]
    return MetricDefinition(name, built_in.label, BUILT_IN_FORMULAS[name], built_in.help, built_in.unit.value)


def filled(draft: MetricDraft, field: str) -> str:
    """Return the key of an input that is drawn next; it holds what it last did, or what the draft begins with."""
    held: Mapping[str, Any] = st.session_state.get(_VALUES, {})
    key = draft.key(field)
    if key not in st.session_state:
        st.session_state[key] = held[field] if field in held else _beginning(draft, field)
    return key


def _beginning(draft: MetricDraft, field: str) -> Any:
    is_own_unit = draft.start.unit not in UNITS
    match field:
        case "unit":
            return OTHER_UNIT if is_own_unit else draft.start.unit
        case "own_unit":
            return draft.start.unit if is_own_unit else ""
        case "target":
            return None if draft.target is None else draft.target.value
        case "target_by":
            return UNSET if draft.target is None else draft.target.by
        case "decimals":
            return UNSET if draft.start.decimals is None else str(draft.start.decimals)
        case "better":
            return draft.start.better or UNSET
        case "condition":
            return ""
    if field.startswith(TARGET_OF):
        return _target_beginning(draft, *field.removeprefix(TARGET_OF).split(":", 1))
    return getattr(draft.start, field)


def _target_beginning(draft: MetricDraft, dimension: str, group: str | None = None) -> Any:
    """Return which groups of a dimension have a target at first, or that of one of them."""
    begun = draft.target
    groups = begun.groups if begun is not None and begun.by == dimension else {}
    return list(groups) if group is None else groups.get(group)


def keep(draft: MetricDraft) -> None:
    """Remember what the inputs hold."""
    fields = (str(key).removeprefix(draft.key("")) for key in st.session_state if str(key).startswith(draft.key("")))
    now = {
        field: st.session_state[draft.key(field)] for field in fields if field in _FIELDS or field.startswith(TARGET_OF)
    }
    st.session_state[_VALUES] = {**st.session_state.get(_VALUES, {}), **now}


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
        None if values["decimals"] == UNSET else int(values["decimals"]),
        values["better"] or None,
        FEW_EVALUATIONS if minimum is None else int(minimum),
        draft.start.target,
        draft.version,
    )
