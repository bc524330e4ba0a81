"""What the data know: pages leave out the dimensions and own fields of which no evaluation says anything."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import archived_months
from lib.analytics.conditions import grant_conditions
from lib.analytics.grants import Grant
from lib.analytics.queries import options
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension, NamedDimension
from lib.catalog.own_fields import OwnField


def dimensions_in_use(connection: Connection, grant: Grant, catalog: Catalog) -> tuple[NamedDimension, ...]:
    """Return the dimensions that some evaluation in sight belongs to a group of, in the catalog's order."""
    return tuple(each for each in catalog.dimensions if _has_groups(connection, each, grant, catalog))


def groupings_in_use(connection: Connection, grant: Grant, catalog: Catalog) -> tuple[Dimension, ...]:
    """Return what pages group by: what `catalog.groupings` has, without what no evaluation in sight says anything of.

    The fixed values that every workspace has, as states, are always there.
    """
    return tuple(each for each in filters_in_use(connection, grant, catalog) if each.is_grouping)


def filters_in_use(connection: Connection, grant: Grant, catalog: Catalog) -> tuple[Dimension, ...]:
    """Return what pages filter by: what `catalog.filters` has, without what no evaluation in sight says anything of."""
    return tuple(
        each
        for each in catalog.filters
        if (isinstance(each, EnumDimension) and not each.is_own) or _has_groups(connection, each, grant, catalog)
    )


def own_fields_in_use(connection: Connection, grant: Grant, catalog: Catalog) -> tuple[OwnField, ...]:
    """Return the own fields, without archived ones, of which some evaluation in sight has a value; in their order."""
    visible = [own for own in catalog.own_fields if not own.archived]
    grouped = {each.column: each for each in catalog.groupings if each.is_own}  # these have rollups to ask
    plain = [own for own in visible if own.column not in grouped]
    held = {column for column, each in grouped.items() if _has_groups(connection, each, grant, catalog)}
    if plain:  # the first value that there is ends each search
        facts = catalog.evaluations
        limits = grant_conditions(facts, grant, catalog)
        tests = [sa.exists().where(facts.c[own.column].is_not(None), *limits).label(own.column) for own in plain]
        has_value = connection.execute(sa.select(*tests)).one()
        held |= {own.column for own, is_held in zip(plain, has_value, strict=True) if is_held}
        held |= {column for month in archived_months(connection) for column in month.fields_used}
    return tuple(own for own in visible if own.column in held)


def _has_groups(connection: Connection, dimension: Dimension, grant: Grant, catalog: Catalog) -> bool:
    return any(member.id is not None for member in options(connection, dimension, grant, catalog))
