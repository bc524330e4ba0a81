"""The pages: what each says about a selection. `PAGES` holds all of them, by their URL paths."""

from __future__ import annotations

from lib.reports.page import PageDefinition
from lib.reports.pages import (
    breakdown,
    breakdowns,
    criteria,
    drivers,
    evaluations,
    evaluators,
    overview,
    sample_size,
    trends,
)

PAGES: dict[str, PageDefinition] = {
    page.name: page
    for page in (
        overview.PAGE,
        breakdowns.CAMPAIGNS,
        breakdowns.CALL_CENTERS,
        breakdowns.EXECUTIVES,
        evaluators.PAGE,
        criteria.PAGE,
        breakdown.PAGE,
        trends.PAGE,
        drivers.PAGE,
        sample_size.PAGE,
        evaluations.PAGE,
    )
}
