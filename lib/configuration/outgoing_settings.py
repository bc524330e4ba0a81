"""The settings of what goes out: mail and webhooks."""

from __future__ import annotations

import re
from email.utils import parseaddr

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from lib.configuration.addresses import listed_names, plain_address
from lib.configuration.mail_server import MailServer, parse_mail_server


class OutgoingSettings(BaseSettings):
    """The settings of mail and webhooks; `Settings` has them."""

    smtp_url: str = Field(
        "",
        description="The server that mail goes out by: `smtp://user:password@host:587` (STARTTLS is demanded where the "
        "server offers it, `?starttls=off` refuses it) or `smtps://…:465`. None: no mail goes out.",
    )
    mail_from: str = Field("", description="The sender of mail, such as `Callboard <calls@example.com>`.")
    mail_domains: str = Field(
        "",
        description="Domains that mail may go to, with commas between; `*`: any. None: to accounts alone.",
    )
    webhook_hosts: str = Field(
        "",
        description="Hosts that webhooks may go to, with commas between, with or without their port; they alone may be "
        "private, or speak http. None: any public https host.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value:
            parse_mail_server(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value and (len(value.splitlines()) != 1 or not plain_address(parseaddr(value)[1])):
            raise ValueError(f"'{value}' is not a sender; right would be such as Callboard <calls@example.com>")
        return value.strip()

    @field_validator("mail_domains")
    @classmethod
    def _domains(cls, value: str) -> str:
        for name in listed_names(value):
            if name != "*" and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", name):
                raise ValueError(f"'{name}' is not a domain; right would be such as example.com, or *")
        return value

    @field_validator("webhook_hosts")
    @classmethod
    def _webhook_hosts(cls, value: str) -> str:
        for name in listed_names(value):
            if not re.fullmatch(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", name):
                raise ValueError(f"'{name}' is not a host; right would be such as hooks.example.com or 10.0.0.5:8080")
        return value

    @property
    def mail_server(self) -> MailServer | None:
        """The server that mail goes out by; None where none is set, or no sender."""
        return parse_mail_server(self.smtp_url) if self.smtp_url and self.mail_from else None

    @property
    def mail_domain_names(self) -> frozenset[str]:
        """The domains that mail may go to beside people's own addresses; `*` among them: any."""
        return frozenset(listed_names(self.mail_domains))

    @property
    def webhook_host_names(self) -> frozenset[str]:
        """The hosts that webhooks may go to whatever their address; empty: any public one."""
        return frozenset(listed_names(self.webhook_hosts))
