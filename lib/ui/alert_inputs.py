"""The inputs of an alert that is being written: what it watches, when it fires, when it is checked, whom it tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from lib.access.users import User
from lib.alerts.alert import Alert
from lib.alerts.alert_form import CHECK_KINDS, NONE, THRESHOLDS, AlertForm, offered_periods
from lib.alerts.alert_text import CONDITION_HELP, CONDITION_LABELS, SelectionWording
from lib.alerts.definition import ConditionType
from lib.alerts.definition_reader import MAX_NAME, MOST_CHECKS, MOST_HOURS, MOST_MINIMUM, MOST_REMINDER_HOURS
from lib.alerts.schedule import read_schedule
from lib.analytics import queries
from lib.analytics.query import MAX_VALUES
from lib.catalog.dimensions import Dimension, EnumDimension, FlagDimension
from lib.catalog.metrics import Unit
from lib.delivery.schedule_choice import ScheduleChoice, ScheduleKind, zone_name
from lib.errors import CallboardError
from lib.i18n import LANGUAGES, dated, t, t_plural
from lib.reports import catalog_words, formatting
from lib.reports.period_labels import OWN, PRESET_LABELS
from lib.ui import alert_draft, current_user, inputs, markdown, recipient_inputs, schedule_inputs
from lib.ui.alert_draft import FILTER, AlertDraft
from lib.workspace import Workspace

NEXT_TIMES = 3
"""So many times of a schedule are named."""


def subject(space: Workspace, draft: AlertDraft, wording: SelectionWording) -> dict[str, Any]:
    """Draw what an alert is called and what it watches; return what is chosen."""
    catalog = space.catalog
    values: dict[str, Any] = {
        "name": st.text_input(
            t("Name"), key=alert_draft.filled(draft, "name"), max_chars=MAX_NAME, placeholder=t("Score of Lima")
        )
    }
    left, right = st.columns(2)
    metrics = {name: str(catalog_words.metric_label(each)) for name, each in catalog.all_metrics.items()}
    metrics.setdefault(draft.start.metric, draft.start.metric)
    values["metric"] = inputs.selectbox(
        t("Metric"),
        list(metrics),
        format_func=lambda name: metrics.get(name, name),
        key=alert_draft.filled(draft, "metric"),
        place=left,
    )
    groups = {
        NONE: t("The whole"),
        **{name: str(catalog_words.label(d)) for name, d in catalog.groupings_by_name.items()},
    }
    groups.setdefault(draft.start.by, draft.start.by)
    values["by"] = inputs.selectbox(
        t("Each"),
        list(groups),
        format_func=lambda name: groups.get(name, name),
        key=alert_draft.filled(draft, "by"),
        place=right,
        help=t("With a dimension each of its members has a state of its own; one message names all that fire anew."),
    )
    values["period"] = inputs.selectbox(
        t("Period"),
        offered_periods(draft.start),
        format_func=lambda name: t("Fixed dates") if name == OWN else t(PRESET_LABELS[name]),
        key=alert_draft.filled(draft, "period"),
        help=t("It moves on: each check looks at the days that it means by then."),
    )
    values["parameters"] = _filters(space, draft, wording)
    return values


def _filters(space: Workspace, draft: AlertDraft, wording: SelectionWording) -> Mapping[str, Any]:
    """Draw the filters, and say them in words; ranges and the time zone stay as the alert, or a page, has them."""
    names = {each.parameter for each in space.catalog.filters}
    kept = {name: values for name, values in draft.start.parameters.items() if name not in names}
    with st.expander(t("Filters"), key=draft.key("filters")):
        for dimension in space.catalog.filters:
            chosen = _filter(space, draft, dimension)
            if chosen:
                kept[dimension.parameter] = chosen
    words = [markdown.text(each) for each in wording.filters(kept)]
    st.caption(t("Filters: {filters}", filters=" · ".join(words) if words else t("none")))
    return kept


def _filter(space: Workspace, draft: AlertDraft, dimension: Dimension) -> list[str]:
    field = f"{FILTER}{dimension.parameter}"
    if isinstance(dimension, EnumDimension):
        labels = {value.id: formatting.value_name(value) for value in dimension.values}
    else:
        grant = current_user.current().grant
        members = space.answers.run(queries.options, dimension, grant, space.catalog)
        labels = {each.parameter_value: formatting.member_name(each) for each in members}
    key = alert_draft.filled(draft, field)
    for value in st.session_state[key]:
        labels.setdefault(value, t("{id} (unknown)", id=value))
    if isinstance(dimension, FlagDimension):
        placeholder, most = t(dimension.all_label), 1
    else:
        placeholder, most = str(catalog_words.all_label(dimension)), MAX_VALUES
    return inputs.multiselect(
        markdown.text(str(catalog_words.label(dimension))),
        list(labels),
        format_func=lambda value: labels.get(value, value),
        key=key,
        placeholder=placeholder,
        max_selections=most,
    )


def condition(space: Workspace, draft: AlertDraft, metric: str) -> dict[str, Any]:
    """Draw what makes an alert fire, and what ends that; return what is chosen."""
    values: dict[str, Any] = {
        "condition": inputs.selectbox(
            t("Fires where it is"),
            list(ConditionType),
            format_func=lambda kind: t(CONDITION_LABELS[kind]),
            key=alert_draft.filled(draft, "condition"),
        )
    }
    kind: ConditionType = values["condition"]
    left, right = st.columns(2)
    if kind in THRESHOLDS:
        unit = _unit_help(space, metric)
        values["value"] = inputs.number_field(t("Value"), alert_draft.filled(draft, "value"), place=left, help=unit)
        values["ends_at"] = inputs.number_field(
            t("Ends at"),
            alert_draft.filled(draft, "ends_at"),
            place=right,
            placeholder=t("The same value"),
            help=t("What lies between the two values neither fires nor ends, so that nobody is told at each change."),
        )
    if kind is ConditionType.NO_DATA:
        with left:
            values["hours"] = inputs.whole_number(t("Hours"), MOST_HOURS, alert_draft.filled(draft, "hours"))
    st.caption(t(CONDITION_HELP[kind]))
    left, right = st.columns(2)
    if kind is not ConditionType.NO_DATA:
        values["minimum"] = left.number_input(
            t("Minimum n"),
            0,
            MOST_MINIMUM,
            None,
            1,
            key=alert_draft.filled(draft, "minimum"),
            placeholder=t("The metric's own"),
            help=t("Below so many evaluations nothing is said of a value."),
        )
    values["checks"] = int(
        right.number_input(
            t("Checks in a row"),
            1,
            MOST_CHECKS,
            step=1,
            key=alert_draft.filled(draft, "checks"),
            help=t("It takes so many to fire, and as many to recover."),
        )
    )
    return values


def _unit_help(space: Workspace, metric: str) -> str | None:
    known = space.catalog.all_metrics.get(metric)
    if known is not None and known.unit is Unit.SHARE:
        return t("A share of 80 % is 0.8.")
    return t("In seconds.") if known is not None and known.unit is Unit.SECONDS else None


def schedule(space: Workspace, draft: AlertDraft) -> ScheduleChoice:
    """Draw when an alert is checked, and when that is next; return what is chosen."""
    chosen = schedule_inputs.draw(
        lambda field: alert_draft.filled(draft, field), draft.start.when, CHECK_KINDS, t("Checked"), _two_columns
    )
    if chosen.kind is ScheduleKind.CRON and not chosen.cron.strip():
        st.caption(t("The next times are listed here once the line is complete."))
        return chosen
    now = datetime.now(UTC)
    try:
        read = read_schedule(chosen.to_json(), now, space.settings.zone)
    except CallboardError as error:
        st.error(markdown.problem(error))
        return chosen
    if not read.is_after_import:
        times = read.times_after(now, NEXT_TIMES)
        listed = " · ".join(f"{dated(due, 'EEE d MMM y')}, {due:%H:%M}" for due in times)
        st.caption(t("Next: {times} ({zone})", times=listed, zone=zone_name(chosen.timezone)))
    return chosen


def receivers(space: Workspace, draft: AlertDraft, alert: Alert | None, people: Mapping[str, User]) -> dict[str, Any]:
    """Draw whom an alert tells, how often again, and in which language; return what is chosen."""
    values = recipient_inputs.choose(
        space, lambda field: alert_draft.filled(draft, field), draft.start, people, _without_account
    )
    if alert is not None:
        recipient_inputs.say_unsubscribed(space, alert.id, (*values["people"], *values["addresses"]))
    hooks = {
        each.id: f"{each.host} · {each.description}" if each.description else each.name
        for each in space.webhooks.repository.all(alert_draft.owner(alert).id)
    }
    for number in draft.start.webhooks:
        hooks.setdefault(number, t("{id} (unknown)", id=number))
    if hooks:
        values["webhooks"] = tuple(
            inputs.multiselect(
                t("Webhooks"),
                list(hooks),
                format_func=lambda number: hooks.get(number, number),
                key=alert_draft.filled(draft, "webhooks"),
                placeholder=t("none"),
            )
        )
    left, right = st.columns(2)
    with left:
        values["reminder_hours"] = inputs.whole_number(
            t("Reminder every (hours)"),
            MOST_REMINDER_HOURS,
            alert_draft.filled(draft, "reminder_hours"),
            placeholder=t("none"),
            help=t("While it fires, unless somebody acknowledged it."),
        )
    values["language"] = inputs.selectbox(
        t("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=alert_draft.filled(draft, "language"),
        place=right,
    )
    return values


def _without_account(addresses: str, count: int) -> str:
    return t_plural(
        "{addresses} has no account here and is told of all that the owner of the alert may see.",
        "{addresses} have no account here and are told of all that the owner of the alert may see.",
        count,
        addresses=addresses,
    )


def _two_columns() -> tuple[Any, Any]:
    left, right = st.columns(2)
    return left, right


def form_with(draft: AlertDraft, values: Mapping[str, Any]) -> AlertForm:
    """Return the draft's form with what its inputs say."""
    return draft.start.replaced({**values, "checks": values.get("checks") or 1})
