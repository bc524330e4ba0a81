"""Signed links: good for two hours, and for the one file."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from lib.access import signing
from lib.exports import signed_urls
from lib.jobs.queue import Job, JobStatus

NAME = "callboard-summary.csv"


SECRET = b"of these tests"


def exported() -> Job:
    now = datetime.now(UTC)
    return Job(
        id="job_1",
        kind="export",
        status=JobStatus.COMPLETED,
        actor="local",
        progress=100.0,
        message=None,
        created_at=now,
        started_at=now,
        finished_at=now,
        attempt=1,
        cancel_requested=False,
        payload={},
        result={"downloadName": NAME},
    )


def test_a_link_is_good_for_two_hours_from_the_next_minute_on() -> None:
    before = datetime.now(UTC)
    link = signed_urls.make(SECRET, "https://calls.example.com", exported())
    assert before + timedelta(hours=2) < link.expires_at <= datetime.now(UTC) + timedelta(hours=2, minutes=1)
    assert link.expires_at.second == 0  # whoever asks twice in a minute is given the same link
    address, parts = urlsplit(link.url), parse_qs(urlsplit(link.url).query)
    assert (
        f"{address.scheme}://{address.netloc}{address.path}" == f"https://calls.example.com/v1/downloads/job_1/{NAME}"
    )
    (expires,), (signature,) = parts["expires"], parts["signature"]
    assert int(expires) == link.expires_at.timestamp()
    assert signed_urls.verify(SECRET, "job_1", NAME, expires, signature)
    for job, name, until, sign in (
        ("job_2", NAME, expires, signature),
        ("job_1", f"x{NAME}", expires, signature),
        ("job_1", NAME, str(int(expires) + 60), signature),
        ("job_1", NAME, expires, "0" * len(signature)),
    ):
        assert not signed_urls.verify(SECRET, job, name, until, sign)


def test_a_link_ends() -> None:
    """A link whose parts are all signed is refused from its last second on, and where that is no number."""
    now = int(time.time())
    for expires, is_good in ((str(now + 30), True), (str(now - 1), False), ("soon", False), ("२", False), ("", False)):
        signature = signing.sign(SECRET, "job_1", NAME, expires)
        assert signed_urls.verify(SECRET, "job_1", NAME, expires, signature) is is_good, expires
