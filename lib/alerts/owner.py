"""What the owner of an alert may see now: a check asks by nothing else."""

from __future__ import annotations

from datetime import datetime

from lib.access import api_keys
from lib.access.users import LOCAL, Role, UserRepository
from lib.alerts.alert import AlertPause
from lib.analytics.grants import Grant
from lib.store.state import StateStore


def owner_grant(
    state: StateStore, people: UserRepository, owner_id: str, now: datetime, *, has_login: bool
) -> Grant | AlertPause:
    """Return what an owner may see, or why nothing any more.

    Whoever sits at the machine owns alerts as long as no login is configured.
    """
    if owner_id == LOCAL.id:
        return AlertPause.OWNER_GONE if has_login else LOCAL.grant
    if owner_id.startswith(api_keys.MARK):
        with state.read() as connection:
            key = api_keys.find(connection, owner_id)
        return key.grant if key is not None and key.usable(now) else AlertPause.KEY_ENDED
    person = people.get(owner_id)
    if person is None:
        return AlertPause.OWNER_GONE
    return person.grant if person.may(Role.VIEWER) else AlertPause.OWNER_WITHOUT_ACCESS
