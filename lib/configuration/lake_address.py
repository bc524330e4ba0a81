"""The address of a DuckLake: the PostgreSQL of its catalog, and where its Parquet files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from lib.configuration.addresses import checked_database_url, web_host, with_driver

PREFIX = "ducklake:"
"""What the address of a DuckLake begins with."""

S3 = "s3://"

_OURS = ("data", "endpoint", "region")  # what of an address PostgreSQL does not know

RIGHT = "ducklake:postgresql://user@host/catalog?data=s3://bucket/calls, or data=/whole/path/of/a/folder"


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """Where a DuckLake is."""

    catalog: URL  # the database of PostgreSQL that knows the files
    data: str  # an absolute folder, or s3://bucket/prefix
    endpoint: str | None = None  # the web address of a server that speaks S3; None for Amazon's own
    region: str | None = None  # of the bucket; None where AWS_REGION says it, or nobody

    @property
    def folder(self) -> Path | None:
        """The folder of the files; None where they are in S3."""
        return None if self.data.startswith(S3) else Path(self.data)


def is_lake(address: str) -> bool:
    """Return whether an address is meant as that of a DuckLake."""
    return address.startswith(PREFIX)


def parse_lake_address(value: str) -> LakeAddress:
    """Return what an address says. Raises ValueError, saying what would be right."""
    catalog_text = value.removeprefix(PREFIX)
    if not catalog_text:
        raise ValueError(f"it names no catalog; right would be {RIGHT}")
    checked_database_url(catalog_text, {"postgresql"}, RIGHT)
    catalog = make_url(catalog_text)
    said = catalog.normalized_query
    data, endpoint, region = (said[name][-1] if name in said else "" for name in _OURS)
    if not data.removeprefix(S3).strip("/") or not data.startswith(("/", S3)):
        raise ValueError(f"data= names no place for the files, a whole path or a bucket; right would be {RIGHT}")
    if endpoint and not (endpoint.startswith(("http://", "https://")) and web_host(endpoint)):
        raise ValueError("endpoint= names no web address; right would be such as endpoint=https://s3.example.com")
    plain = with_driver(catalog.difference_update_query(_OURS))
    return LakeAddress(plain, data.rstrip("/"), endpoint or None, region or None)
