"""The workspace's secret, and what it signs: links that download a file without a key."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from lib.errors import StorageError
from lib.settings import Settings


def load(settings: Settings) -> bytes:
    """Return the secret: of the settings, or made once and kept in the data dir, readable by its owner alone."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_dir / "secret"
    try:
        _make(path)
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"The secret {path} can't be kept: {error.strerror}.") from None


def sign(secret: bytes, *parts: str) -> str:
    """Return the signature (HMAC-SHA256) of some parts, in their order."""
    message = b"\x00".join(part.encode() for part in parts)
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def holds(secret: bytes, signature: str, *parts: str) -> bool:
    """Return whether a signature is that of the parts, in constant time."""
    return hmac.compare_digest(sign(secret, *parts).encode(), signature.encode())


def _make(path: Path) -> None:
    """Write a new secret, whole, unless there is one."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".secret-{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # never over another process's
    except FileExistsError:
        pass
    finally:
        partial.unlink()
