"""kill -9 while several programs post evaluations that are committed together."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection

import sqlalchemy as sa

from lib.analytics.grants import EVERYTHING
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, KILLS, Kills, Openings, differences

SENDERS, POSTS = 6, 8


def post(tell: Connection, settings: Settings, round_: int) -> None:
    """Send posts by several threads, and tell of each before and after."""
    workspace = Workspace(settings)
    telling = threading.Lock()

    def told(what: str, number: str) -> None:
        with telling:
            tell.send((what, number))

    def send(sender: int) -> None:
        for number in range(POSTS):
            name = f"{round_}-{sender}-{number}"
            told("sent", name)
            objects = [{"id": name, "audioDate": f"2024-{sender + 1:02}-03", "campaignId": f"c{number}"}]
            workspace.write_evaluations(objects, f"key:{sender % 2}", EVERYTHING)
            told("acknowledged", name)

    tell.send(BEGIN)
    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    workspace.close()


def test_killed_while_posts_are_committed_together(settings: Settings, openings: Openings) -> None:
    Workspace(settings).close()
    sent: set[str] = set()
    acknowledged: set[str] = set()
    kills = Kills(max(2, KILLS // 4))
    for round_ in kills.rounds():
        ended = kills.run("post", post, settings, round_)
        for what, number in ended.told:
            (sent if what == "sent" else acknowledged).add(number)
        workspace = openings.open(settings)
        with workspace.facts.read() as connection:
            held = list(connection.scalars(sa.select(schema.evaluations.c.id)))
            listed = connection.execute(sa.select(sa.func.sum(schema.imports.c.added))).scalar_one()
        assert acknowledged <= {*held} <= sent and len(held) == len({*held}) == (listed or 0)
        assert differences(workspace) == []
        workspace.close()
    assert acknowledged
