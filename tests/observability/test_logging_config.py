"""What the server writes down: one form, whose request it was, and no secret, on whatever way it comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest

from lib import settings
from lib.errors import CallboardError
from lib.observability.redaction import redact, register_secrets
from lib.ui import markdown
from tests import postgres
from tests.api_client import make_key
from tests.conftest import ROOT
from tests.serving import served
from tests.waiting import until

SECRET = "k3y/of+the house"  # noqa: S105 - made up here
PASSWORD = "pa55:w/rd&of it"  # noqa: S105 - made up here
KEY = "cb_live_AbCdEfGh_" + "x9" * 16 + "Q1w2E3"
SIGNATURE = "5f" * 32
COOKIE = "2|eyJzdWIiOiJhbm4ifQ|c0ffee"


@dataclass(frozen=True)
class App:
    """A running app: its address, its data dir, and the file of all that it wrote."""

    address: str
    data_dir: Path
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def lines_of(self, answer: httpx.Response) -> list[dict[str, Any]]:
        """Return what was written of a request; the last of it is written after the answer."""
        number = answer.headers["x-request-id"]

        def mine() -> list[dict[str, Any]]:
            return [line for line in self.lines() if line.get("requestId") == number]

        until(lambda: any(line["logger"] == "lib.web.gateway" for line in mine()))
        return mine()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Run an app that writes JSON, and takes every question for slow."""
    data_dir = tmp_path_factory.mktemp("logs") / "data"
    variables = {"LOG_FORMAT": "json", "SLOW_QUERY_MS": "0", "SECRET_KEY": SECRET, "SAMPLE": "off"}
    with served(data_dir, **{f"CALLBOARD_{name}": value for name, value in variables.items()}) as address:
        yield App(address, data_dir, data_dir.parent / "data.log")


def test_a_request_from_end_to_end(app: App) -> None:
    key = make_key(app.data_dir)
    headers = {"Authorization": f"Bearer {key}"}
    path = "/v1/analytics/summary"
    found = httpx.get(f"{app.address}{path}?dateFrom=2024-01-01&campaignId=camp_1", headers=headers, timeout=60)
    mine = app.lines_of(found)
    assert [(line["level"], line["logger"]) for line in mine] == [
        ("WARNING", "lib.analytics.query_cache"),  # written in another thread than the request was served in
        ("INFO", "lib.web.gateway"),
    ]
    slow, served_ = mine
    assert (slow["question"], slow["engine"]) == ("analytics.summary", "duckdb") and slow["ms"] > 0
    assert slow["filters"] == "dateFrom=2024-01-01 campaignId=camp_1"
    assert (served_["method"], served_["path"], served_["status"], served_["key"]) == ("GET", path, 200, key[:16])
    assert served_["ms"] > 0 and served_["time"].endswith("+00:00") and served_["message"].startswith(f"GET {path} 200")


def test_no_text_begins_a_line_or_shows_a_key(app: App) -> None:
    """A slow question says what was asked: as it was sent, but for keys, on the one line that is its own."""
    headers = {"Authorization": f"Bearer {make_key(app.data_dir)}"}
    sent = {"campaignId": f"x\n2026-01-01 00:00:00,000 INFO lib: forged {KEY}\x1b[31m"}
    found = httpx.get(f"{app.address}/v1/analytics/summary", headers=headers, params=sent, timeout=60)
    slow = app.lines_of(found)[0]
    for said in (slow["message"], slow["filters"]):
        assert "forged" in said and KEY not in said and KEY[:17] in said
    assert "\n" not in slow["message"] and "\x1b" not in slow["message"] and "x\\n2026" in slow["message"]


def test_metrics(app: App) -> None:
    headers = {"Authorization": f"Bearer {make_key(app.data_dir)}"}

    def read() -> dict[str, float]:
        lines = httpx.get(f"{app.address}/metrics", timeout=60).text.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    before = read()
    for _ in range(3):
        httpx.get(
            f"{app.address}/v1/analytics/trends?dateFrom=2023-02-03", headers=headers, timeout=60
        ).raise_for_status()
    httpx.get(app.address, headers={"Host": "evil.example"}, timeout=60)
    httpx.post(
        f"{app.address}/v1/evaluations", headers=headers, json=[{"id": "m1", "audioDate": "2024-05-31"}], timeout=60
    )
    now = read()

    def grown(name: str) -> float:
        return now[name] - before.get(name, 0)

    labels = 'engine="duckdb",question="analytics.course"'
    assert grown(f"callboard_question_seconds_count{{{labels}}}") == 1
    assert grown('callboard_question_seconds_bucket{engine="duckdb",le="+Inf",question="analytics.course"}') == 1
    assert grown(f"callboard_question_seconds_sum{{{labels}}}") > 0
    assert grown('callboard_cache_hits_total{question="analytics.course"}') == 2
    assert grown("callboard_cache_misses_total") >= 1
    assert now["callboard_cache_answers"] > 0 and now["callboard_cache_bytes"] > 0
    assert grown('callboard_refused_total{status="400"}') == 1
    assert grown('callboard_page_requests_total{status="400"}') == 1
    assert grown('callboard_imports{result="loaded"}') == grown('callboard_import_rows{rows="added"}') == 1
    assert now["process_resident_memory_bytes"] > 2**20 and grown("process_cpu_seconds_total") >= 0
    assert "callboard_page_sessions" in now and "callboard_page_failures_total" in now


def test_no_secret_is_written_or_answered(app: App) -> None:
    """Each at a wrong place; then all that the server wrote and answered is read."""
    key = make_key(app.data_dir)
    answers = []
    for path, headers in (
        (f"/v1/analytics/summary?apiKey={key}", {}),
        (f"/v1/analytics/summary?{key}=1", {"Authorization": f"Bearer {key}"}),
        (f"/v1/analytics/summary?dateFrom={key}", {"Authorization": f"Bearer {key}"}),
        (f"/v1/analytics/trends?granularity={key}", {"Authorization": f"Bearer {key}"}),
        (f"/v1/analytics/trends?timezone={quote(SECRET)}", {"Authorization": f"Bearer {key}"}),
        (f"/v1/analytics/summary/{key}", {"Authorization": f"Bearer {key}"}),
        ("/v1/analytics/summary", {"Authorization": f"Bearer {KEY}"}),
        ("/v1/analytics/summary", {"Authorization": f"Basic {SIGNATURE}"}),
        (f"/v1/downloads/job_1/calls.csv?expires=1&signature={SIGNATURE}", {}),
        (f"/v1/downloads/job_1/calls.csv?expires=1&signature={SIGNATURE}", {"Host": "evil.example"}),
        (f"/?apiKey={key}&signature={SIGNATURE}", {"Host": key[:60]}),
        (f"/{key}", {"Cookie": f"_streamlit_user={COOKIE}"}),
        (f"/media/{key}?signature={SIGNATURE}", {}),
        (f"/oauth2callback?code={SIGNATURE}&state=x", {"Cookie": f"_streamlit_user={COOKIE}"}),
    ):
        answers.append(httpx.get(app.address + path, headers=headers, timeout=60).text)
    bodies = ([{"id": key, "audioDate": key}], {"format": "csv", "dateFrom": key, key: 1}, key)
    for body in bodies:
        for path in ("/v1/evaluations", "/v1/analytics/export"):
            headers = {"Authorization": f"Bearer {key}"}
            answer = httpx.post(app.address + path, headers=headers, json=body, timeout=60)
            answers.append(answer.text)
    assert app.lines_of(answer)
    written = app.log.read_text()
    for text in (written, *answers):
        for secret in (key[17:], KEY[17:], SECRET, quote(SECRET), SIGNATURE, COOKIE):
            assert secret not in text, text[max(0, text.find(secret) - 300) : text.find(secret) + 300]
    assert key[:16] in "".join(answers)  # what names the key may be read


def test_a_wrong_database_password(tmp_path: Path, postgres_socket: Path) -> None:
    """Refused by PostgreSQL, and nobody there at all: neither the log nor an answer has the password."""
    rules = postgres_socket / "data" / "pg_hba.conf"
    rules.write_text(f"local all locked scram-sha-256\n{rules.read_text()}")
    with psycopg.connect(postgres.url(postgres_socket, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'another'")
        connection.execute("SELECT pg_reload_conf()")
    url = f"postgresql://locked:{quote(PASSWORD, '')}@/postgres?host={postgres_socket}"
    with served(tmp_path / "data", CALLBOARD_DATABASE_URL=url) as address:
        answers = [
            httpx.get(address + path, timeout=60).text for path in ("/readyz", "/v1/analytics/summary", "/metrics")
        ]
    written = (tmp_path / "data.log").read_text()
    assert "password authentication failed" in written
    command = [sys.executable, "-m", "lib", "check"]
    environment = {**os.environ, "CALLBOARD_DATABASE_URL": url, "CALLBOARD_DATA_DIR": str(tmp_path / "other")}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert told.returncode == 2
    for text in (written, *answers, told.stdout + told.stderr):
        assert PASSWORD not in text and quote(PASSWORD, "") not in text


@pytest.mark.parametrize("password", ["a:b@c", "pa55@wxyz", "1/2", "x@1:2"])
def test_a_password_that_is_not_escaped(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("CALLBOARD_DATABASE_URL", f"postgresql://user:{password}@host/base")
    try:
        shown = str(settings.load().facts_url)
    except CallboardError as error:
        shown = error.message
        assert "CALLBOARD_DATABASE_URL" in shown
    assert password not in shown and password.rpartition("@")[2] not in shown.replace("%40", "")


PROGRAM = """
import logging, sys, threading
from lib.observability import logging_config, redaction
redaction.register_secrets({secret!r})
logging_config.begin({form!r})
logging_config.serve(logging_config.RequestContext("req_1", "GET", "/v1/x"))
other = logging.getLogger("uvicorn.error")
logging.getLogger("a.b").warning("key %s", {key!r})
logging.getLogger("a.b").warning("not %d", {key!r})
other.error({{"Authorization": "Bearer " + {key!r}}})
def fail():
    raise ValueError({key!r} + " and " + {secret!r})
try:
    fail()
except ValueError:
    logging.getLogger("a.b").exception("Failed with postgresql://u:{secret}@host/x")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_that_holds_a_key(form: str) -> None:
    """In a message, in arguments that do not fit, in a traceback, at the end of a thread and of the program."""
    program = PROGRAM.format(secret=SECRET, key=KEY, form=form)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    for secret in (KEY[17:], SECRET):
        assert secret not in done.stdout + done.stderr
    assert done.stderr.count("Traceback") == 3 and done.stderr.count("ValueError: cb_live_AbCdEfGh_***") == 3
    if form == "json":
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["level"] for line in lines] == ["WARNING", "WARNING", "ERROR", "ERROR", "ERROR", "CRITICAL"]
        assert lines[0]["message"] == "key cb_live_AbCdEfGh_***" and lines[0]["requestId"] == "req_1"
    else:
        assert "WARNING a.b: key cb_live_AbCdEfGh_*** [req_1]\n" in done.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (f"Bearer {KEY}!", "Bearer cb_live_AbCdEfGh_***!"),
        (f"'{KEY}'", "'cb_live_AbCdEfGh_***'"),
        ("postgresql+psycopg://ann:s3cret@host:5432/x", "postgresql+psycopg://ann:***@host:5432/x"),
        ("postgresql://ann:s3@cret@host/x", "postgresql://ann:***@host/x"),
        (f"GET /v1/downloads/1/a.csv?expires=1&signature={SIGNATURE}", "GET /v1/downloads/1/a.csv?expires=1&signature=***"),
        (f"{{'client_secret': '{SIGNATURE}', 'a': 1}}", "{'client_secret': '***', 'a': 1}"),
        (f'{{"id_token": "{SIGNATURE}"}}', '{"id_token": "***"}'),
        (f"_streamlit_user={COOKIE}; other=1", "_streamlit_user=***; other=1"),
        ("/oauth2callback?code=abc&state=xyz HTTP/1.1", "/oauth2callback?*** HTTP/1.1"),
        ("state=Completed code 1011, Authorization: Bearer cb_live_…", "state=Completed code 1011, Authorization: Bearer cb_live_…"),
    ],
)  # fmt: skip
def test_secrets_are_known_by_their_form(given: str, told: str) -> None:
    assert redact(given) == told


@pytest.mark.parametrize(
    "piece", ["pass", "a", "a-b.", "://", "a://", "_streamlit_", "password ", "bearer ", "cb_live_"]
)
def test_a_long_text_is_gone_through_once(piece: str) -> None:
    """An address may have 32 KB, and is written down before anybody is known: no form may look at it again and again."""
    text = "pass" + piece * (1_000_000 // len(piece))
    assert len(redact(text)) > 100


def test_secrets_of_the_settings_are_known() -> None:
    register_secrets("sw0rd&fish", "tiny")
    assert redact("a sw0rd&fish, sw0rd%26fish; tiny sw0rd&fishes") == "a ***, ***; tiny sw0rd&fishes"


def test_a_page_does_not_say_a_key_back() -> None:
    assert KEY[17:] not in markdown.problem(CallboardError(f"dateFrom '{KEY}' is not a day"))
