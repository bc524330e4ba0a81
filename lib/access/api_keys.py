"""API keys: made, shown once, kept as a hash, recognized, revoked.

A key reads `cb_live_` + 8 characters that name it + `_` + 32 random characters (190 bits) + 6 characters of checksum,
by which a key that leaked into a log or a repository can be told from noise.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import string
import zlib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access import audit_log
from lib.access.actors import key_actor
from lib.access.audit_log import Action
from lib.analytics.grants import Grant
from lib.catalog.catalog import Catalog
from lib.errors import CallboardError, nearest
from lib.store.disk_space import skip_when_disk_full
from lib.store.schema import api_keys
from lib.store.state import StateStore

SCOPES = (
    "analytics:read",
    "analytics:export",
    "evaluations:read",
    "evaluations:write",
    "fields:write",
    "metrics:write",
    "reports:read",
    "reports:write",
    "webhooks:manage",
)

MARK = "cb_live_"
_ALPHABET = string.ascii_letters + string.digits
_FORM = re.compile(rf"{MARK}([A-Za-z0-9]{{8}})_([A-Za-z0-9]{{32}})([A-Za-z0-9]{{6}})")
_USED_EVERY = timedelta(minutes=1)
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: everything but the secret."""

    name: str
    prefix: str
    scopes: tuple[str, ...]
    grant: Grant
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """Return whether the key is neither expired nor revoked."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def actor(self) -> str:
        """What the audit and jobs call who asks with it: its name, and what tells it from others of that name."""
        return key_actor(self.name, self.prefix)

    @property
    def status(self) -> str:
        """The key's state in a word."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.usable(datetime.now(UTC)) else "expired"


def create(
    state: StateStore,
    name: str,
    scopes: Sequence[str],
    created_by: str,
    grant: Grant,
    catalog: Catalog,
    expires_in: timedelta | None = None,
) -> tuple[str, Key]:
    """Make a key; return its secret text, which is kept nowhere, and what is kept.

    Raises CallboardError for no name, no scope or an unknown one.
    """
    if not name.strip() or len(name) > 200:
        raise CallboardError("A key needs a name, of at most 200 characters.")
    if not scopes:
        raise CallboardError(f"A key needs a scope; right would be one or more of {', '.join(SCOPES)}.")
    for scope in scopes:
        if scope not in SCOPES:
            raise CallboardError(
                f"'{scope}' is not a scope{nearest(scope, SCOPES)}; right would be one of {', '.join(SCOPES)}."
            )
    ident = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    text = f"{MARK}{ident}_{secret}{_checksum(ident + secret)}"
    now = datetime.now(UTC)
    with state.transaction() as connection:
        connection.execute(
            sa.insert(api_keys).values(
                prefix=MARK + ident,
                name=name.strip(),
                hash=_hash(text),
                scopes=json.dumps([scope for scope in SCOPES if scope in scopes]),
                grant_limits=grant.to_column(),
                created_at=now,
                created_by=created_by,
                expires_at=None if expires_in is None else now + expires_in,
            )
        )
        row = connection.execute(sa.select(api_keys).where(api_keys.c.prefix == MARK + ident)).one()
        named = f"{name.strip()} ({row.prefix})"
        expires = "never" if row.expires_at is None else row.expires_at.isoformat(timespec="minutes")
        details = {"scopes": list(scopes), **grant.in_full(catalog), "expires": expires}
        audit_log.record(connection, created_by, Action.KEY_CREATED, named, **details)
    return text, _key(row._mapping)


class KeyAuthenticator:
    """Tells whose key a request carries; what was recognized is kept while the state is as it was."""

    def __init__(self, state: StateStore) -> None:
        """Recognize the keys that this store holds."""
        self._state = state
        self._kept: dict[str, tuple[Hashable, str, Key]] = {}  # by prefix: the state's mark, the secret's hash, the key

    def get_cached(self, text: str) -> Key | None:
        """Return the usable key that a text is the secret of, where that is known without asking the store."""
        mark, digest, key = self._kept.get(text[: len(MARK) + 8], (None, "", None))
        if key is None or mark is None or mark != self._state.change_token():
            return None
        now = datetime.now(UTC)
        known = hmac.compare_digest(digest, _hash(text)) and key.usable(now) and not _use_is_old(key, now)
        return key if known else None

    def authenticate(self, text: str) -> Key | None:
        """Return the usable key that a text is the secret of; None for anything else."""
        form = _FORM.fullmatch(text)
        if form is None or not hmac.compare_digest(_checksum(form[1] + form[2]), form[3]):
            return None
        now = datetime.now(UTC)
        mark = self._state.change_token()
        with self._state.read() as connection:
            row = connection.execute(sa.select(api_keys).where(api_keys.c.prefix == MARK + form[1])).one_or_none()
        if row is None or not hmac.compare_digest(row.hash, _hash(text)):
            return None
        key = _key(row._mapping)
        if not key.usable(now):
            return None
        if _use_is_old(key, now):
            used = sa.update(api_keys).where(api_keys.c.prefix == key.prefix).values(last_used_at=now)
            with skip_when_disk_full("the use of a key"), self._state.transaction() as connection:
                connection.execute(used)
        elif mark is not None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key.prefix] = (mark, row.hash, key)
        return key


def _use_is_old(key: Key, now: datetime) -> bool:
    return key.last_used_at is None or now - key.last_used_at > _USED_EVERY


def all_keys(state: StateStore) -> list[Key]:
    """Return every key, the newest first."""
    with state.read() as connection:
        rows = connection.execute(sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.prefix))
        return [_key(row._mapping) for row in rows]


def usable_keys(state: StateStore, prefixes: Collection[str]) -> dict[str, Key]:
    """Return those of some keys that are usable now, by prefix."""
    now = datetime.now(UTC)
    with state.read() as connection:
        rows = connection.execute(sa.select(api_keys).where(api_keys.c.prefix.in_(prefixes)))
        found = [_key(row._mapping) for row in rows]
    return {key.prefix: key for key in found if key.usable(now)}


def find(connection: Connection, prefix: str) -> Key | None:
    """Return the key of a prefix; None where there is none."""
    row = connection.execute(sa.select(api_keys).where(api_keys.c.prefix == prefix)).one_or_none()
    return None if row is None else _key(row._mapping)


def revoke(state: StateStore, prefix: str, by: str) -> tuple[Key, bool]:
    """Revoke a key for good; return it, and whether it had not been revoked before.

    It is named by its prefix (with or without `cb_live_`), or by its whole text. Raises CallboardError where no key
    has it.
    """
    ident = prefix.removeprefix(MARK).partition("_")[0]
    with state.transaction() as connection:
        row = connection.execute(sa.select(api_keys).where(api_keys.c.prefix == MARK + ident)).one_or_none()
        if row is None:
            raise CallboardError(f"No key begins with '{MARK + ident[:8]}'. callboard keys list shows them all.")
        is_first = row.revoked_at is None
        if is_first:
            revoked = {"revoked_at": datetime.now(UTC)}
            connection.execute(sa.update(api_keys).where(api_keys.c.prefix == row.prefix).values(revoked))
            row = connection.execute(sa.select(api_keys).where(api_keys.c.prefix == row.prefix)).one()
            audit_log.record(connection, by, Action.KEY_REVOKED, f"{row.name} ({row.prefix})")
    return _key(row._mapping), is_first


def parse_duration(text: str) -> timedelta:
    """Read `90d`, `12h` or `8w`. Raises CallboardError."""
    form = re.fullmatch(r"(\d{1,5})([hdw])", text.strip(), re.ASCII)
    if form is None or int(form[1]) == 0:
        raise CallboardError(f"'{text}' is not a duration; right would be such as 90d, 12h or 8w.")
    length = int(form[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[form[2]]
    if length > timedelta(days=3660):
        raise CallboardError(f"'{text}' is longer than ten years; a key that never expires needs no duration.")
    return length


def _hash(text: str) -> str:
    # The secret has 190 random bits, so that a plain hash can't be guessed from; a slow one would only slow us.
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    signs = []
    for _ in range(6):
        number, place = divmod(number, len(_ALPHABET))
        signs.append(_ALPHABET[place])
    return "".join(signs)


def _key(row: sa.RowMapping) -> Key:
    return Key(
        name=row["name"],
        prefix=row["prefix"],
        scopes=tuple(json.loads(row["scopes"])),
        grant=Grant.from_column(row["grant_limits"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )
