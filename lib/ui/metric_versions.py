"""The versions of a metric: what each was, who made it and when, and the way back to one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.access.actors import actor_in_words
from lib.analytics import metric_definitions
from lib.analytics.metric_definitions import MetricVersion
from lib.catalog.own_metrics import MetricDefinition
from lib.i18n import number, t, t_plural
from lib.reports import formatting
from lib.reports.table import MOST_ROWS
from lib.ui import data_grid, inputs, metric_draft
from lib.ui.metric_draft import MetricDraft
from lib.workspace import Workspace


def show(space: Workspace, draft: MetricDraft) -> None:
    """Draw the versions of the metric that is changed, the newest first; nothing where it has none."""
    if all(each.name != draft.name for each in space.catalog.metric_definitions):
        return
    with space.facts.read() as connection:
        versions = metric_definitions.versions(connection, draft.name)[::-1]
    zone = space.settings.zone
    with st.expander(t("Versions ({count})", count=number(len(versions))), expanded=len(versions) > 1):
        rows = [
            {
                t("Version"): each.definition.version,
                t("When"): each.created_at.astimezone(zone).replace(tzinfo=None),
                t("Who"): actor_in_words(each.created_by),
                t("Formula"): each.definition.formula,
                t("Label"): each.definition.label,
            }
            for each in versions[:MOST_ROWS]
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            width="stretch",
            placeholder=formatting.NOTHING,
            alt=t_plural("{count} version, the newest first", "{count} versions, the newest first", len(versions)),
        )
        data_grid.say_cut(len(rows), len(versions), t("newest first"))
        if len(versions) > 1 and not draft.is_built_in:
            _choice(versions, draft)


def _choice(versions: tuple[MetricVersion, ...], draft: MetricDraft) -> None:
    """Draw the choice of an earlier version, and what puts its values into the editor."""
    earlier = {each.definition.version: each for each in versions[1:]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        version = inputs.selectbox(
            t("Earlier version"),
            list(earlier),
            format_func=lambda version: f"{number(version)} · {earlier[version].definition.formula[:60]}",
            key=draft.key("version"),
            width=420,
        )
        st.button(
            t("Use this version again"),
            icon=":material/restore:",
            help=t("Puts its values into the editor; saving makes them a new version."),
            on_click=_use,
            args=(draft.name, earlier[version].definition, versions[0].definition.version),
        )


def _use(name: str, earlier: MetricDefinition, last: int) -> None:
    metric_draft.begin(name, earlier, last)
    st.toast(t("Version {version} is in the editor now; nothing is saved yet.", version=number(earlier.version)))
