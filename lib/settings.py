"""The settings: read once from `CALLBOARD_*` variables or `.env`, checked when the program starts.

Each field is one variable; its description is the help that `docs/administrator.md` repeats. What a setting does
lives with what it sets.
"""

from __future__ import annotations

import os
import re
import zoneinfo
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from lib.configuration.addresses import (
    PREFIX,
    checked_database_url,
    database_file,
    listed_names,
    web_host,
    with_driver,
)
from lib.configuration.lake_address import LakeAddress, is_lake, parse_lake_address
from lib.configuration.login_settings import LoginSettings
from lib.configuration.mail_server import parse_mail_server
from lib.configuration.outgoing_settings import OutgoingSettings
from lib.configuration.storage_address import StorageAddress, parse_storage_address
from lib.errors import ConfigurationError, nearest

WeekStart = Literal["monday", "sunday", "saturday"]


class Settings(LoginSettings, OutgoingSettings):
    """The frozen settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    name: str = Field(
        "Callboard",
        min_length=1,
        max_length=60,
        description="What this workspace is called, as who deletes all of its data has to repeat.",
    )
    data_dir: Path = Field(
        Path("data"),
        description="Folder of the embedded databases, uploads, exports, bad-row reports and temporary files.",
    )
    storage_url: str = Field(
        "",
        description="Files that several processes need (uploads, exports, bad-row reports): a folder that all of them "
        "have, or `s3://bucket/prefix?endpoint=https://…&region=…`. Default: the data dir.",
    )
    database_url: str = Field(
        "",
        description="The facts: `duckdb:///…`, `postgresql+psycopg://…` or `ducklake:postgresql://…?data=…`. Default: "
        "a DuckDB file in the data dir.",
    )
    state_url: str = Field(
        "",
        description="People, keys, jobs, audit. Default: a SQLite file in the data dir; with PostgreSQL or DuckLake, "
        "its database of PostgreSQL.",
    )
    read_url: str = Field(
        "",
        description="A standby that follows the facts' PostgreSQL and answers questions: `postgresql+psycopg://…`. "
        "None: the primary answers all.",
    )
    pool_size: int = Field(
        40,
        ge=10,
        le=10_000,
        description="Connections to PostgreSQL that one process may have: half for the facts, half for the rest.",
    )
    timezone: str = Field(
        "UTC",
        description="The workspace's time zone (IANA), what a day is: taken at the first start. Later one that differs "
        "is refused; `callboard timezone ZONE` changes the workspace's.",
    )
    week_start: WeekStart = Field("monday", description="First day of the week: `monday`, `sunday` or `saturday`.")
    sample: Literal["auto", "off"] = Field(
        "auto", description="`auto`: an empty embedded database is filled with sample data; `off`: it stays empty."
    )
    secret_key: str = Field(
        "",
        description="Signs links and log-ins. Default: made once and kept in the data dir, readable by its owner; "
        "where the state is in PostgreSQL, there, for all processes.",
    )
    hosts: str = Field(
        "",
        description="Host names that are answered, with commas between; `*`: any. Default: this machine's own names "
        "(`localhost`, `127.0.0.1`, `[::1]`) and the base URL's.",
    )
    rate_limit: str = Field("600/minute", description="Requests that an API key may make, such as `600/minute`; `off`.")
    max_body_mb: int = Field(
        32, ge=1, description="Size, in MB, that a body of evaluations may have which a program sends."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: `text` for people, `json` for programs, an object a line."
    )
    slow_query_ms: int = Field(1000, ge=0, description="Milliseconds after which a question is logged as slow.")
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
    open: bool = Field(
        False, description="`yes`: without a login, serve other machines too, as something in front asks who comes."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in zone_names():
            raise ValueError(f"'{value}' is not an IANA time zone{nearest(value, zone_names())}")
        return value

    @field_validator("week_start", "sample", "log_format", mode="before")
    @classmethod
    def _folded(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _facts_url(cls, value: str) -> str:
        if is_lake(value):
            parse_lake_address(value)
            return value
        return checked_database_url(value, {"duckdb", "postgresql"}, "duckdb:///path/to/file.duckdb or postgresql://…")

    @field_validator("state_url")
    @classmethod
    def _state_url(cls, value: str) -> str:
        return checked_database_url(value, {"sqlite", "postgresql"}, "sqlite:///path/to/file.sqlite or postgresql://…")

    @field_validator("storage_url")
    @classmethod
    def _storage(cls, value: str) -> str:
        folder = parse_storage_address(value).folder if value else None
        if folder is not None and not value.startswith("file:") and not Path(value).is_absolute():
            # Each process would take another one, by where it was started.
            raise ValueError(f"'{value}' is not the whole path of a folder; right would be such as {folder}, or s3://…")
        return value

    @field_validator("read_url")
    @classmethod
    def _read_url(cls, value: str, info: ValidationInfo) -> str:
        checked = checked_database_url(value, {"postgresql"}, "postgresql://user@standby/database")
        facts = info.data.get("database_url", "")
        if value and (not facts or make_url(facts).get_backend_name() != "postgresql"):
            raise ValueError("a standby is PostgreSQL's; right would be CALLBOARD_DATABASE_URL=postgresql://… too")
        return checked

    @field_validator("rate_limit")
    @classmethod
    def _rate(cls, value: str) -> str:
        if value.strip().lower() == "off":
            return "off"
        if not re.fullmatch(r"[1-9]\d{0,8} ?/ ?(second|minute|hour|day)", value.strip(), re.ASCII):
            raise ValueError(f"'{value}' is not a rate; right would be such as 600/minute, or off")
        return value.strip()

    @field_validator("hosts")
    @classmethod
    def _host_names(cls, value: str) -> str:
        for name in listed_names(value):
            if name != "*" and not re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", name):
                raise ValueError(
                    f"'{name}' is not a host name; right would be such as callboard.example, without a port"
                )
        return value

    @property
    def host_names(self) -> frozenset[str]:
        """The host names that are answered, in small letters; `*` among them: any."""
        if self.hosts.strip():
            return frozenset(listed_names(self.hosts))
        own = web_host(self.base_url) or "localhost"
        return frozenset({"localhost", "127.0.0.1", "[::1]", f"[{own}]" if ":" in own else own})

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of the settings nobody may read in a log."""
        addresses = [self.facts_url, self.state_database_url, *([make_url(self.read_url)] if self.read_url else [])]
        mail = parse_mail_server(self.smtp_url).password if self.smtp_url else ""
        passwords = (str(each.password) for each in addresses if each.password)
        storage = [os.environ[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") if name in os.environ]
        return (self.secret_key, self.oidc_client_secret, *passwords, *([mail] if mail else []), *storage)

    @property
    def lake(self) -> LakeAddress | None:
        """Where the facts are, if that is a DuckLake."""
        return parse_lake_address(self.database_url) if is_lake(self.database_url) else None

    @property
    def facts_url(self) -> URL:
        """The database of the facts, of a DuckLake its catalog."""
        if self.lake is not None:
            return self.lake.catalog
        if self.database_url:
            return with_driver(make_url(self.database_url))
        return URL.create("duckdb", database=str(self.data_dir.absolute() / "callboard.duckdb"))

    @property
    def state_database_url(self) -> URL:
        """The database of the state: with facts in PostgreSQL or a DuckLake, the same one unless told otherwise."""
        if self.state_url:
            return with_driver(make_url(self.state_url))
        if self.facts_url.get_backend_name() == "postgresql":
            return self.facts_url
        return URL.create("sqlite", database=str(self.data_dir.absolute() / "state.sqlite"))

    @property
    def standby_url(self) -> URL | None:
        """The database that follows the facts' and answers questions; None without one."""
        return with_driver(make_url(self.read_url)) if self.read_url else None

    @property
    def facts_connections(self) -> int:
        """How many connections to a PostgreSQL of the facts a process may have.

        The state has its own, so that nobody who holds one of the facts waits for others who do the same.
        """
        return self.pool_size - self.state_connections

    @property
    def state_connections(self) -> int:
        """How many connections to a PostgreSQL of the state a process may have."""
        return self.pool_size // 2

    @property
    def facts_file(self) -> Path | None:
        """The file of the facts, where they lie in an embedded database."""
        return database_file(self.facts_url)

    @property
    def state_file(self) -> Path | None:
        """The file of the state, where it lies in an embedded database."""
        return database_file(self.state_database_url)

    @property
    def embedded(self) -> bool:
        """Whether the facts lie in an embedded database, which one process at a time may open."""
        return self.facts_url.get_backend_name() == "duckdb"

    @property
    def storage_address(self) -> StorageAddress:
        """Where the files lie that several processes need: in the data dir unless told otherwise."""
        return parse_storage_address(self.storage_url) if self.storage_url else StorageAddress(self.data_dir.absolute())

    @property
    def exports_dir(self) -> Path:
        """The folder in which exports are written, the one that the embedded database may write to beside its own."""
        return self.data_dir.absolute() / "exports"

    @property
    def archive_folder(self) -> StorageAddress:
        """Where evaluations are archived unless the command names another place."""
        return self.storage_address.within("archive")

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone as a value."""
        return zoneinfo.ZoneInfo(self.timezone)

    @property
    def timezone_variable(self) -> str | None:
        """The time zone that was set; None where nobody set one."""
        return self.timezone if "timezone" in self.model_fields_set else None


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the time zones that mean the same on every machine."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})


def load() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises ConfigurationError naming every variable that is wrong.
    """
    try:
        return Settings()  # the values come from the environment
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
