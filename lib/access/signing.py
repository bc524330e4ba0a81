"""The workspace's secrets, and what they sign: links that download a file without a key, and log-ins' cookies."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from lib.errors import StorageError
from lib.observability import redaction
from lib.settings import Settings


def load(settings: Settings) -> bytes:
    """Return the secret: of the settings, or made once and kept in the data dir, readable by its owner alone."""
    if settings.secret_key:
        return settings.secret_key.encode()
    return _made(settings.data_dir / "secret")


def cookie_secret(settings: Settings) -> str:
    """Return what signs the cookies of log-ins: made of the settings' secret, or once, and in no backup."""
    kept = settings.secret_key.encode() or _made(settings.data_dir / "login-secret")
    found = sign(kept, "log-in")
    redaction.register_secrets(found)
    return found


def replace(settings: Settings, value: bytes) -> None:
    """Have another secret take the place of the one in the data dir. Raises StorageError."""
    path = settings.data_dir / "secret"
    try:
        os.replace(_written(path, value), path)
    except OSError as error:
        raise StorageError(f"The secret {path} can't be kept: {error.strerror}.") from None


def sign(secret: bytes, *parts: str) -> str:
    """Return the signature (HMAC-SHA256) of some parts, in their order."""
    message = b"\x00".join(part.encode() for part in parts)
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def verify(secret: bytes, signature: str, *parts: str) -> bool:
    """Return whether a signature is that of the parts, in constant time."""
    return hmac.compare_digest(sign(secret, *parts).encode(), signature.encode())


def _made(path: Path) -> bytes:
    """Return the secret that a file keeps, which is made if there is none. Raises StorageError."""
    try:
        _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise StorageError(f"The secret {path} can't be kept: {error.strerror}.") from None
    redaction.register_secrets(found.decode("latin-1"))
    return found


def _make(path: Path) -> None:
    """Write a new secret, whole, unless there is one."""
    if path.exists():
        return
    partial = _written(path, secrets.token_hex(32).encode())
    try:
        os.link(partial, path)  # never over another process's
    except FileExistsError:
        pass
    finally:
        partial.unlink()


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
