"""Which dimensions the data know: pages leave out what no evaluation says."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from lib.analytics.grants import Grant
from lib.analytics.queries import options
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import NamedDimension


def dimensions_in_use(connection: Connection, grant: Grant, catalog: Catalog) -> tuple[NamedDimension, ...]:
    """Return the dimensions that some evaluation in sight belongs to a group of, in the catalog's order."""
    return tuple(
        dimension
        for dimension in catalog.dimensions
        if any(member.id is not None for member in options(connection, dimension, grant, catalog))
    )
