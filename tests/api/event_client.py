"""A program that reads server-sent events, over a connection of its own."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.waiting import LONG_SECONDS


@dataclass(frozen=True)
class Event:
    """What came between two empty lines: its fields, and the comments."""

    name: str | None
    id: int | None
    data: Any
    retry: int | None
    comments: tuple[str, ...]


def connected(address: str) -> http.client.HTTPConnection:
    """Return a connection to a server, by TLS with whatever certificate it has where its address says so."""
    where = urlsplit(address)
    if where.scheme == "http":
        return http.client.HTTPConnection(where.netloc, timeout=LONG_SECONDS)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(where.netloc, timeout=LONG_SECONDS, context=context)


class EventClient:
    """An open stream, or the refusal of one."""

    def __init__(self, address: str, key: str, last: object = None, cookie: str = "", **parameters: Any) -> None:
        """Ask for the stream; `last` is the id of the last event that came, `cookie` what a proxy goes by."""
        self._connection = connected(address)
        headers = {"Authorization": f"Bearer {key}"} | ({} if last is None else {"Last-Event-ID": str(last)})
        headers |= {"Cookie": cookie} if cookie else {}
        query = urlencode(parameters, doseq=True)
        self._connection.request("GET", f"/v1/analytics/stream?{query}", headers=headers)
        self._answer = self._connection.getresponse()
        self.status, self.headers = self._answer.status, self._answer.headers
        if self.status == 200:
            assert self.block() == Event(None, None, None, 3000, ())

    def __enter__(self) -> EventClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()
        self._connection.close()

    def body(self) -> Any:
        """Return the body of a refusal."""
        return json.loads(self._answer.read())

    def block(self) -> Event | None:
        """Return what comes next, comments too; None at the end."""
        fields: dict[str, str] = {}
        comments: list[str] = []
        while line := self._answer.readline():
            text = line.decode().removesuffix("\n")
            if not text:
                number, retry, data = fields.get("id"), fields.get("retry"), fields.get("data")
                return Event(
                    fields.get("event"),
                    None if number is None else int(number),
                    None if data is None else json.loads(data),
                    None if retry is None else int(retry),
                    tuple(comments),
                )
            name, _, value = text.partition(":")
            if name:
                assert name not in fields
                fields[name] = value.removeprefix(" ")
            else:
                comments.append(value.strip())
        assert not fields and not comments
        return None

    def event(self) -> Event:
        """Return the next event, whatever is said between."""
        while True:
            found = self.block()
            assert found is not None, "the stream has ended"
            if found.name is not None:
                return found

    def summary(self) -> dict[str, Any]:
        """Return what the next event says, which is a summary."""
        found = self.event()
        assert found.name == "summary" and found.id is not None
        said: dict[str, Any] = found.data
        return said

    def has_ended(self) -> bool:
        """Wait for the end; return whether nothing but comments came before it."""
        while (found := self.block()) is not None:
            if found.name is not None:
                return False
        return True
