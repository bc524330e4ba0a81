"""What making a report works on: the workspace, as far as reports know it."""

from __future__ import annotations

from typing import Protocol
from zoneinfo import ZoneInfo

from lib.access.owners import OwnerLookup
from lib.analytics.calendar import Calendar
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import Catalog
from lib.delivery.outbox import Outbox
from lib.jobs.queue import Job, Queue
from lib.settings import Settings
from lib.sharing.annotations import Annotations
from lib.sharing.saved_views import SavedViews
from lib.store.state import StateStore
from lib.webhooks.service import WebhookService


class ReportContext(Protocol):
    """The workspace, as far as reports know it."""

    settings: Settings
    state: StateStore
    answers: QueryCache
    queue: Queue
    views: SavedViews
    notes: Annotations
    owners: OwnerLookup
    outbox: Outbox
    webhooks: WebhookService

    @property
    def catalog(self) -> Catalog:
        """What can be asked."""

    @property
    def calendar(self) -> Calendar:
        """The calendar, as of now."""

    def calendar_in(self, zone: ZoneInfo) -> Calendar:
        """Return the calendar of another zone."""

    def ended_export(self, number: str, seconds: float) -> Job | None:
        """Return an export's job once it has ended, or that long has passed."""
