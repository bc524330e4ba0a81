"""What is wrong with a webhook, and what would be right: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class WebhookCode(TextCode):
    """Why a webhook can't be made, changed or shown."""

    WEBHOOK_URL = (
        "webhook_url",
        "url is not a web address; right would be such as https://hooks.example.com/callboard.",
    )
    WEBHOOK_URL_LONG = "webhook_url_long", "url has {characters} characters; right would be at most {most}."
    WEBHOOK_URL_SECRET = (
        "webhook_url_secret",
        "url holds a user name or a password; right would be an address without them, as each call is signed.",
    )
    WEBHOOK_URL_FRAGMENT = "webhook_url_fragment", "url has a part after #, which is never sent; leave it out."
    WEBHOOK_URL_SCHEME = (
        "webhook_url_scheme",
        "url should begin with https://; http:// is for hosts that CALLBOARD_WEBHOOK_HOSTS names.",
    )
    WEBHOOK_HOST_OTHER = (
        "webhook_host_other",
        "url leads to {host}, and webhooks may go to {hosts} alone (CALLBOARD_WEBHOOK_HOSTS).",
    )
    WEBHOOK_HOST_PRIVATE = (
        "webhook_host_private",
        "url leads to {host}, which is no public host; an administrator can name it in CALLBOARD_WEBHOOK_HOSTS.",
    )
    WEBHOOK_EVENTS = "webhook_events", "events should name at least one event; there are {known}."
    WEBHOOK_EVENT = "webhook_event", "events: '{event}' is not an event{hint}; there are {known}."
    WEBHOOK_DESCRIPTION = (
        "webhook_description",
        "description should have {most} characters at most, in one line.",
    )
    WEBHOOK_FORMAT = "webhook_format", "format: '{format}' is not a format{hint}; there are {known}."
    WEBHOOK_STATUS = "webhook_status", "status: '{status}' is not a status{hint}; there are {known}."
    WEBHOOK_UNKNOWN = "webhook_unknown", "There is no webhook {id} that is yours."
