"""The settings: read once from `CALLBOARD_*` variables or `.env`, checked when the program starts.

Each field is one variable; its description is the help that the README repeats. What a setting does
lives with what it sets.
"""

from __future__ import annotations

import os
import re
import zoneinfo
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from lib.errors import ConfigurationError, nearest

PREFIX = "CALLBOARD_"

WeekStart = Literal["monday", "sunday", "saturday"]


class Settings(BaseSettings):
    """The frozen settings of one process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", frozen=True, extra="ignore")

    data_dir: Path = Field(
        Path("data"), description="Folder of the embedded databases, uploads, bad-row reports and temporary files."
    )
    database_url: str = Field(
        "", description="The facts: `duckdb:///…` or `postgresql+psycopg://…`. Default: a DuckDB file in the data dir."
    )
    state_url: str = Field(
        "",
        description="Jobs, keys, mappings. Default: an SQLite file in the data dir; with PostgreSQL, that database.",
    )
    timezone: str = Field("UTC", description="The workspace's time zone (IANA): what a day is.")
    week_start: WeekStart = Field("monday", description="First day of the week: `monday`, `sunday` or `saturday`.")
    sample: Literal["auto", "off"] = Field(
        "auto", description="`auto`: an empty embedded database is filled with sample data; `off`: it stays empty."
    )
    base_url: str = Field("", description="What absolute links begin with. Default: taken from the request.")
    secret_key: str = Field(
        "", description="Signs download links. Default: made once and kept in the data dir, readable by its owner."
    )
    rate_limit: str = Field("600/minute", description="Requests that an API key may make, such as `600/minute`; `off`.")
    max_body_mb: int = Field(32, ge=1, description="Size, in MB, that the body of an API request may have.")
    query_seconds: int = Field(30, ge=1, description="Seconds that an API question may take.")
    export_hours: int = Field(24, ge=1, description="Hours that an exported file is kept.")
    export_mb: int = Field(4096, ge=1, description="Size, in MB, that one exported file may have.")
    exports_mb: int = Field(20480, ge=1, description="Size, in MB, that all exported files together may have.")
    duckdb_memory_mb: int = Field(
        400, ge=100, description="Memory, in MB, that the embedded database may take before it spills to disk."
    )
    reader_memory_mb: int = Field(
        1536,
        ge=256,
        description="Address space, in MB, of the child process that reads a file; past it the file fails.",
    )
    reader_seconds: int = Field(
        900, ge=10, description="Processor seconds that the child process may spend on one import's files."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError(f"'{value}' is not an IANA time zone{nearest(value, zoneinfo.available_timezones())}")
        return value

    @field_validator("week_start", "sample", mode="before")
    @classmethod
    def _folded(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _facts_url(cls, value: str) -> str:
        return _checked_url(value, {"duckdb", "postgresql"}, "duckdb:///path/to/file.duckdb or postgresql://…")

    @field_validator("state_url")
    @classmethod
    def _state_url(cls, value: str) -> str:
        return _checked_url(value, {"sqlite", "postgresql"}, "sqlite:///path/to/file.sqlite or postgresql://…")

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"'{value}' is not a web address; it begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("rate_limit")
    @classmethod
    def _rate(cls, value: str) -> str:
        if value.strip().lower() == "off":
            return "off"
        if not re.fullmatch(r"[1-9]\d{0,8} ?/ ?(second|minute|hour|day)", value.strip(), re.ASCII):
            raise ValueError(f"'{value}' is not a rate; right would be such as 600/minute, or off")
        return value.strip()

    @property
    def facts_url(self) -> URL:
        """The database of the facts."""
        if self.database_url:
            return _driver(make_url(self.database_url))
        return URL.create("duckdb", database=str(self.data_dir.absolute() / "callboard.duckdb"))

    @property
    def state_database_url(self) -> URL:
        """The database of the state: with PostgreSQL facts, the same database unless told otherwise."""
        if self.state_url:
            return _driver(make_url(self.state_url))
        if self.facts_url.get_backend_name() == "postgresql":
            return self.facts_url
        return URL.create("sqlite", database=str(self.data_dir.absolute() / "state.sqlite"))

    @property
    def embedded(self) -> bool:
        """Whether the facts lie in an embedded database, which one process at a time may open."""
        return self.facts_url.get_backend_name() == "duckdb"

    @property
    def exports_dir(self) -> Path:
        """The folder of exported files, the one place that the embedded database may write to beside its own."""
        return self.data_dir.absolute() / "exports"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The workspace's time zone."""
        return zoneinfo.ZoneInfo(self.timezone)


def load() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises ConfigurationError naming every variable that is wrong.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # the values come from the environment
    except ValidationError as error:
        problems = [
            f"  {PREFIX}{str(detail['loc'][0]).upper()}: {detail['msg'].removeprefix('Value error, ')}"
            for detail in error.errors()
        ]
        raise ConfigurationError("The settings are wrong:\n" + "\n".join(problems)) from None


def unknown_variables() -> list[str]:
    """Return a line for each `CALLBOARD_*` variable of the environment that no setting reads: a slip of the pen."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    return [
        f"{name} is not a setting{nearest(name, known)}; it has no effect"
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name not in known
    ]


def _checked_url(value: str, backends: set[str], right: str) -> str:
    if not value:
        return value
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend not in backends:
        raise ValueError(f"not an address that can be used here; right would be {right}")
    return value


def _driver(url: URL) -> URL:
    """Name the driver where an address leaves it open: `postgresql://` means psycopg."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
