"""What the owner of an alert may see now: a check asks by nothing else."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from lib.access.api_keys import all_keys
from lib.access.users import LOCAL, Role, UserRepository
from lib.alerts.alert import AlertPause
from lib.analytics.grants import Grant
from lib.store.schema import api_keys
from lib.store.state import StateStore


def owner_grant(
    state: StateStore, people: UserRepository, owner_id: str, now: datetime, *, has_login: bool
) -> Grant | AlertPause:
    """Return what an owner may see, or why nothing any more.

    Whoever sits at the machine owns alerts as long as no login is configured.
    """
    if owner_id == LOCAL.id:
        return AlertPause.OWNER_GONE if has_login else LOCAL.grant
    with state.read() as connection:
        is_key = connection.execute(sa.select(api_keys.c.prefix).where(api_keys.c.prefix == owner_id)).first()
    if is_key is not None:
        key = next((each for each in all_keys(state) if each.prefix == owner_id), None)
        return key.grant if key is not None and key.usable(now) else AlertPause.KEY_ENDED
    person = people.get(owner_id)
    if person is None:
        return AlertPause.OWNER_GONE
    return person.grant if person.may(Role.VIEWER) else AlertPause.OWNER_WITHOUT_ACCESS
