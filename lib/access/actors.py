"""Who did something, as the stores hold it: a code for who has no name, a form for API keys, a name for others.

People are held as `User.actor` names them, and those who run a command as the machine names them.
"""

from __future__ import annotations

from enum import StrEnum

from lib.i18n import t

_API_KEY = "key:"


class SystemActor(StrEnum):
    """An actor that is no person, or one that nobody knows by name."""

    LOCAL = "system:local"  # whoever sits at the machine, where no login is configured
    FIRST_START = "system:first_start"
    FIRST_LOG_IN = "system:first_log_in"
    SESSION_TIMEOUT = "system:session_timeout"
    SIGNED_LINK = "system:signed_link"
    WEBHOOKS = "system:webhooks"
    # Whoever used these pages of the versions that knew no login.
    DATA_PAGE = "system:data_page"
    EXPORTS_PAGE = "system:exports_page"
    SETTINGS_PAGE = "system:settings_page"

    @property
    def label(self) -> str:
        """The message id of the actor."""
        return _LABELS[self]


_LABELS: dict[str, str] = {
    SystemActor.LOCAL: "this machine",
    SystemActor.FIRST_START: "the first start",
    SystemActor.FIRST_LOG_IN: "first log-in",
    SystemActor.SESSION_TIMEOUT: "time",
    SystemActor.SIGNED_LINK: "signed link",
    SystemActor.WEBHOOKS: "webhook sender",
    SystemActor.DATA_PAGE: "Data page",
    SystemActor.EXPORTS_PAGE: "Exports page",
    SystemActor.SETTINGS_PAGE: "Settings page",
}


def key_actor(name: str, prefix: str) -> str:
    """Return the actor of an API key: its name, and what tells it from others of that name."""
    return f"{_API_KEY}{name} ({prefix})"


def actor_in_words(actor: str) -> str:
    """Return an actor as readers of the language in use know it."""
    if actor in _LABELS:
        return t(_LABELS[actor])
    if actor.startswith(_API_KEY):
        return t("API key {name}", name=actor.removeprefix(_API_KEY))
    return actor
