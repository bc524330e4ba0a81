"""The address of files that several processes need, as a setting holds it: a folder, or a place in an S3 bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_RIGHT = "right would be a folder, or such as s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-west-1"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """Where shared files lie: in a folder, or in an S3 bucket under a prefix, where `folder` is None.

    Without an endpoint the bucket is one of Amazon's; without a region the environment's is taken.
    """

    folder: Path | None
    bucket: str = ""
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None

    def within(self, name: str) -> StorageAddress:
        """Return the place of a folder in it."""
        if self.folder is not None:
            return replace(self, folder=self.folder / name)
        return replace(self, prefix=f"{self.prefix}/{name}".lstrip("/"))

    def __str__(self) -> str:
        """Return the address as people read it."""
        return f"s3://{'/'.join(filter(None, (self.bucket, self.prefix)))}" if self.folder is None else str(self.folder)


def parse_storage_address(value: str) -> StorageAddress:
    """Read `/folder`, `file:///folder` or `s3://bucket/prefix?endpoint=http://…&region=…`. Raises ValueError."""
    try:
        parts = urlsplit(value)
    except ValueError:  # it quotes what it took for a host
        raise ValueError(f"not an address of files; {_RIGHT}") from None
    if "://" not in value:
        return StorageAddress(Path(value).absolute())
    if parts.scheme == "file" and not parts.netloc and parts.path:
        return StorageAddress(Path(unquote(parts.path)))
    if parts.scheme != "s3":
        raise ValueError(f"not an address of files; {_RIGHT}")
    if "@" in parts.netloc:
        raise ValueError("it holds credentials; right would be AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError(f"'{parts.netloc}' is not the name of a bucket; {_RIGHT}")
    options = parse_qs(parts.query, keep_blank_values=True)
    unknown = [name for name in options if name not in ("endpoint", "region")]
    if unknown:
        raise ValueError(f"'{unknown[0]}' is not known after the ?; {_RIGHT}")
    endpoint, region = (options.get(name, [""])[-1] for name in ("endpoint", "region"))
    if endpoint and not re.fullmatch(r"https?://[^/@?#\s]+/?", endpoint):
        raise ValueError(f"the endpoint is not such as https://s3.example.com or http://127.0.0.1:9000; {_RIGHT}")
    prefix = unquote(parts.path).strip("/")
    if {".", ".."} & {*prefix.split("/")}:
        raise ValueError(f"'{prefix}' goes up or nowhere; {_RIGHT}")
    return StorageAddress(None, parts.netloc, prefix, endpoint.rstrip("/") or None, region or None)
