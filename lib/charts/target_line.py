"""What a metric should be, as a line in the chart of its trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import altair as alt

from lib.catalog.metrics import Metric, Unit
from lib.charts.chart import Chart
from lib.charts.theme import ChartTheme
from lib.i18n import t
from lib.reports import catalog_words, formatting


def with_target_line(
    chart: Chart, metric: Metric, starts: Sequence[date], targets: Sequence[float | None], look: ChartTheme
) -> Chart:
    """Return the chart of a trend with the target of each bucket, by the first day of each; as it is without any."""
    rows = [
        {
            "date": start.isoformat(),
            "target": target,
            "shown": formatting.value(metric.unit, target, metric.own_decimals),
        }
        for start, target in zip(starts, targets, strict=False)
        if target is not None
    ]
    if not rows:
        return chart
    label = str(catalog_words.metric_label(metric))
    line = alt.Chart(alt.NamedData("targets")).mark_line(
        color=look.palette.muted, strokeDash=[1, 4], strokeWidth=2, strokeCap="round", interpolate="step-after"
    )
    layer = line.encode(
        x=alt.X("date:T", title=None, scale=alt.Scale(type="utc")),
        y=alt.Y("target:Q", title=label, scale=alt.Scale(zero=metric.unit in (Unit.COUNT, Unit.SHARE))),
        tooltip=[alt.Tooltip("shown:N", title=t("Target"))],
    ).to_dict()
    spec: dict[str, Any] = {**chart.spec, "layer": [*chart.spec["layer"], _of_layer(layer)]}
    words = t("Dotted line: target.")
    notes = (f"{chart.notes[0]} {words}", *chart.notes[1:]) if chart.notes else (words,)
    return replace(chart, spec=spec, data={**chart.data, "targets": rows}, notes=notes)


def _of_layer(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what of a chart of its own stands in a layer."""
    return {name: spec[name] for name in ("data", "mark", "encoding")}
