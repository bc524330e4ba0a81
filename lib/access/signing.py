"""The workspace's secrets, and what they sign: links that download a file without a key, and log-ins' cookies.

A secret is the settings', or made once and kept where every process of the workspace finds it: in the state, where that
is in PostgreSQL, else in the data dir, readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from lib.errors import DatabaseUnavailableError, StorageError
from lib.observability import redaction
from lib.settings import Settings
from lib.store import schema
from lib.store.state import StateStore, insert_if_absent

_LINKS, _LOG_INS = "secret", "login-secret"
"""What the secrets are called, in the data dir and in the state."""


def load(settings: Settings, state: StateStore) -> bytes:
    """Return the secret that signs links. Raises StorageError and DatabaseUnavailableError."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_dir / _LINKS
    return _made(path) if state.embedded else _shared(state, path)


def cookie_secret(settings: Settings) -> str:
    """Return what signs the cookies of log-ins: made of the settings' secret, or once, and in no backup.

    Where the state is in PostgreSQL, it is copied to the data dir, so that the app can also start while that is away.
    """
    path = settings.data_dir / _LOG_INS
    if settings.secret_key:
        kept = settings.secret_key.encode()
    elif settings.state_file is not None:
        kept = _made(path)
    else:
        kept = _shared_or_copied(settings, path)
    found = sign(kept, "log-in")
    redaction.register_secrets(found)
    return found


def replace(settings: Settings, state: StateStore, value: bytes) -> None:
    """Have another secret sign links from now on, in place of the one that is kept. Raises as `load` does."""
    if state.embedded:
        _put(settings.data_dir / _LINKS, value)
        return
    with state.transaction() as connection:
        connection.execute(sa.delete(schema.secrets).where(schema.secrets.c.name == _LINKS))
        insert_if_absent(connection, schema.secrets, **_row(_LINKS, value))


def sign(secret: bytes, *parts: str) -> str:
    """Return the signature (HMAC-SHA256) of some parts, in their order."""
    message = b"\x00".join(part.encode() for part in parts)
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def verify(secret: bytes, signature: str, *parts: str) -> bool:
    """Return whether a signature is that of the parts, in constant time."""
    return hmac.compare_digest(sign(secret, *parts).encode(), signature.encode())


def _shared(state: StateStore, path: Path) -> bytes:
    """Return the secret that the state keeps by a path's name; if there is none, the file's, or a new one."""
    held = sa.select(schema.secrets.c.value).where(schema.secrets.c.name == path.name)
    with state.read() as connection:
        value = connection.execute(held).scalar_one_or_none()
    if value is None:
        with state.transaction() as connection:
            own = _made(path) if path.exists() else _new()  # an earlier version kept it in the file
            insert_if_absent(connection, schema.secrets, **_row(path.name, own))
            value = connection.execute(held).scalar_one()
    redaction.register_secrets(value)
    return str(value).encode()


def _shared_or_copied(settings: Settings, path: Path) -> bytes:
    """Return the secret that the state keeps, and copy it; the copy where the database does not answer."""
    try:
        with closing(StateStore(settings)) as state:
            kept = _shared(state, path)
    except DatabaseUnavailableError:
        if path.exists():
            return _made(path)
        raise
    if not path.exists() or path.read_bytes() != kept:
        _put(path, kept)
    return kept


def _row(name: str, value: bytes) -> dict[str, object]:
    return {"name": name, "value": value.decode(), "created_at": datetime.now(UTC)}


def _new() -> bytes:
    return secrets.token_hex(32).encode()


def _made(path: Path) -> bytes:
    """Return the secret that a file keeps, which is made if there is none. Raises StorageError."""
    try:
        _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise _unkept(path, error) from None
    redaction.register_secrets(found.decode("latin-1"))
    return found


def _make(path: Path) -> None:
    """Write a new secret, whole, unless there is one."""
    if path.exists():
        return
    partial = _written(path, _new())
    try:
        os.link(partial, path)  # never over another process's
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def _put(path: Path, value: bytes) -> None:
    """Write a secret to a file, in place of what is there. Raises StorageError."""
    try:
        os.replace(_written(path, value), path)
    except OSError as error:
        raise _unkept(path, error) from None


def _unkept(path: Path, error: OSError) -> StorageError:
    return StorageError(f"The secret {path} can't be kept: {error.strerror}.")


def _written(path: Path, value: bytes) -> Path:
    """Return a file beside a path that holds the secret, readable by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".secret-{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    return partial
