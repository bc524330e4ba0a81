"""Puts the rows of rollups together: changes append signed sums, and many rows for one cell make it slow to read."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lib.analytics import metric_definitions, rollup
from lib.catalog.catalog import Catalog
from lib.store.facts import FactStore

log = logging.getLogger(__name__)


class RollupTidier:
    """Looks at the rollups now and then, and remembers how long they were."""

    def __init__(self, facts: FactStore, catalog: Callable[[], Catalog]) -> None:
        """Look at the rollups of a catalog as it is then."""
        self._facts, self._catalog = facts, catalog
        self._lengths: dict[str, int] = {}

    def tidy(self) -> None:
        """Put the rows of each rollup together that has too many for its cells."""
        with self._facts.read() as connection:
            tables = rollup.fragmented(connection, self._catalog(), self._lengths)
        for table in tables:
            with self._facts.write() as connection:
                rollup.compact(connection, metric_definitions.stored_catalog(connection), table)
            self._lengths.pop(table.name, None)  # it is short again
            log.info("Put the rows of %s together", table.name)
