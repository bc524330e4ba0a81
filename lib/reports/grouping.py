"""What pages group by: the options of a parameter, those of them that the data know, and the one that is chosen."""

from __future__ import annotations

from dataclasses import replace

from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CAMPAIGN, Dimension
from lib.reports import catalog_words
from lib.reports.context import PageContext
from lib.reports.page import SelectParameter
from lib.reports.words import Words, text

Options = tuple[tuple[str, Words], ...]


def options(catalog: Catalog) -> Options:
    """Return all that may be grouped by, own categories and yes and no too, as options of a parameter."""
    return tuple((each.name, catalog_words.label(each)) for each in catalog.groupings)


BY = SelectParameter("by", text("Split by"), options, CAMPAIGN.name, as_list=True)
"""What a page is grouped by, as in the API; several pages have it, and one list of options."""


def offered(context: PageContext, select: SelectParameter, *without: Dimension) -> SelectParameter:
    """Return a parameter with what the data know, and with what is chosen all the same, as by a link."""
    unknown = {each.name for each in context.catalog.groupings if each not in context.groupings_in_use}
    left_out = (unknown | {each.name for each in without}) - {context.selected(select)}
    found = tuple(pair for pair in select.options(context.catalog) if pair[0] not in left_out)
    return replace(select, options=lambda _: found)


def chosen(context: PageContext, select: SelectParameter) -> Dimension | None:
    """Return the dimension that is chosen; None for an option that is none."""
    name = context.selected(select)
    return next((each for each in context.catalog.groupings if each.name == name), None)
