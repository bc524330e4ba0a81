"""Pinned links: a page with fixed days, and with the figures, the data and the definitions that it was made with.

A figure that was sent around can be held against what the same selection says today; `link_diff.py` tells what came
between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from lib.analytics.grants import Grant
from lib.analytics.queries import DatasetStatus, SelectionSummary
from lib.catalog.catalog import Catalog
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.sharing import validation
from lib.store.enums import SCORE_SCALE
from lib.store.schema import pinned_links
from lib.store.state import StateStore

MetricValue = int | float | None
"""A metric's value as answers and files hold it: rounded, None where there is nothing to divide by."""

_DATES = ("dateFrom", "dateTo")


@dataclass(frozen=True, slots=True)
class PinnedLink:
    """A link that lasts. `measures` are the sums that the figures were computed from, by the definitions then."""

    id: str
    page: str  # its URL path; empty for the overview
    parameters: dict[str, list[str]]
    created_at: datetime
    created_by: str
    data_version: int
    data_changed_at: datetime  # ask `imports_since` by this
    definitions: dict[str, str]  # by the metric's name, or the term's
    figures: dict[str, MetricValue]  # by the metric's name
    measures: dict[str, int]  # by the measure's name
    grant: Grant  # what its maker might see, which the figures are of


_JSON = ("parameters", "definitions", "figures", "measures")


def definitions(catalog: Catalog) -> dict[str, str]:
    """Return what each metric means, by its name, and what the terms mean that the metrics use."""
    return {
        **{metric.name: metric.help for metric in catalog.metrics.values()},
        **{name: _formula(catalog, name) for name in catalog.defined_metrics},
        "Few evaluations": f"Fewer than {FEW_EVALUATIONS} scored evaluations: marked, and no part of rankings.",
        "Unit of scores": f"A score is kept in units of 1/{SCORE_SCALE:,} of a point.",
    }


def _formula(catalog: Catalog, name: str) -> str:
    """Return the formula of a metric that the workspace defined, and which version of it that is."""
    defined = next(each for each in catalog.metric_definitions if each.name == name)
    return f"{defined.formula} (version {defined.version})"


def figures(summary: SelectionSummary, catalog: Catalog) -> dict[str, MetricValue]:
    """Return a summary's metrics, rounded, by their names."""
    return {metric.name: metric.rounded(summary.sums) for metric in catalog.metrics.values()}


class PinnedLinks:
    """The pinned links of one workspace."""

    def __init__(self, state: StateStore, catalog: Callable[[], Catalog]) -> None:
        """Use the state's store; the catalog as it is now says which parameters are filters."""
        self._state = state
        self._catalog = catalog

    def make(
        self,
        page: str,
        parameters: Mapping[str, Sequence[str]],
        summary: SelectionSummary,
        status: DatasetStatus,
        who: str,
        grant: Grant,
        view_parameters: Collection[str] = (),
    ) -> PinnedLink:
        """Keep a link to a page; its days are the summary's, whatever the parameters say of dates. Return it.

        Where there are no data, an end that was left open stays so.

        The summary is that of the parameters' selection within the grant, and of the same version of the facts as the
        status. Of the parameters the filters' and those named in `view_parameters` are kept. Raises
        InvalidParameterError for a page or a parameter that can't be.
        """
        period = {"dateFrom": summary.period.date_from, "dateTo": summary.period.date_to}
        fixed = {name: [moment.isoformat()] for name, moment in period.items() if moment is not None}
        link = PinnedLink(
            id=validation.new_id(),
            page=validation.page(page),
            parameters={
                **fixed,
                **validation.parameters(parameters, (*self._catalog().parameters, *sorted(view_parameters)), _DATES),
            },
            created_at=datetime.now(UTC),
            created_by=who,
            data_version=status.data_version,
            data_changed_at=status.changed_at,
            definitions=definitions(self._catalog()),
            figures=figures(summary, self._catalog()),
            measures=dict(summary.sums),
            grant=grant,
        )
        values = {name: getattr(link, name) for name in PinnedLink.__dataclass_fields__ if name != "grant"}
        with self._state.transaction() as connection:
            texts = {name: json.dumps(values[name]) for name in _JSON} | {"grant_limits": grant.to_column()}
            connection.execute(sa.insert(pinned_links).values({**values, **texts}))
        return link

    def count_using(self, parameter: str, value: str) -> int:
        """Return how many links have a value of a parameter."""
        with self._state.read() as connection:
            held = connection.scalars(sa.select(pinned_links.c.parameters)).all()
        return sum(value in json.loads(each).get(parameter, ()) for each in held)

    def get(self, number: str) -> PinnedLink | None:
        """Return the link of an id, or None where there is none: any text may be asked for."""
        if not validation.is_id(number):
            return None
        with self._state.read() as connection:
            row = connection.execute(sa.select(pinned_links).where(pinned_links.c.id == number)).one_or_none()
        if row is None:
            return None
        values = dict(row._mapping)
        values["grant"] = Grant.from_column(values.pop("grant_limits"))
        return PinnedLink(**{**values, **{name: json.loads(values[name]) for name in _JSON}})
