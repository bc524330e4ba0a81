"""Two processes of the app over one PostgreSQL, and the proxies of deploy/ before them."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.access import api_keys
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests import postgres
from tests.api.conftest import CALLS
from tests.api_client import make_key
from tests.conftest import ROOT
from tests.mail_server import Inbox, mail_server
from tests.serving import free_port
from tests.waiting import until

DEPLOY = ROOT / "deploy"


@dataclass(frozen=True)
class Pair:
    """Two processes: their addresses, what they share, and the mail that they send."""

    processes: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
    addresses: tuple[str, str]
    settings: Settings
    inbox: Inbox

    def key(self, *scopes: str) -> str:
        """Make a key for both."""
        database = {"database_url": self.settings.database_url}
        return make_key(self.settings.data_dir, scopes or api_keys.SCOPES, settings=database)


def answers(address: str) -> bool:
    """Return whether a server is alive, or a proxy has one that is."""
    with suppress(urllib.error.URLError, OSError):
        urllib.request.urlopen(f"{address}/healthz", timeout=2, context=trusting()).close()
        return True
    return False


def trusting() -> ssl.SSLContext:
    """Return what takes any certificate, as the tests' own is signed by nobody."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def running(command: list[str], log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, and end it."""
    with log.open("wb") as output:
        environment = {**os.environ, **variables}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgres_socket: Path) -> Iterator[Pair]:
    """Run two processes over six evaluations; the limits are those that are set by themselves."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "calls.csv").write_text(CALLS)
    with postgres.database(postgres_socket, f"pair_{os.getpid()}") as url, mail_server() as inbox:
        chosen = Settings(data_dir=folder / "data", sample="off", database_url=url)
        workspace = Workspace(chosen)
        order = {"files": [(str(folder / "calls.csv"), "calls.csv")], "actor": "test"}
        TASKS["import"](workspace, order, lambda *_: None)
        workspace.close()
        variables = {
            "CALLBOARD_DATA_DIR": str(chosen.data_dir),
            "CALLBOARD_DATABASE_URL": url,
            "CALLBOARD_SMTP_URL": inbox.url,
            "CALLBOARD_MAIL_FROM": "Callboard <calls@example.com>",
            "CALLBOARD_MAIL_DOMAINS": "example.com",
        }
        ports = free_port(), free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
        with (
            running([*command, str(ports[0])], folder / "one.log", **variables) as one,
            running([*command, str(ports[1])], folder / "two.log", **variables) as two,
        ):
            addresses = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
            until(lambda: all(answers(each) for each in addresses))
            yield Pair((one, two), addresses, chosen, inbox)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of a certificate and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    made = ["-out", str(folder / "certificate"), "-keyout", str(folder / "key"), "-subj", "/CN=localhost", "-days", "2"]
    openssl = shutil.which("openssl")
    assert openssl
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return both


@contextmanager
def behind_nginx(pair: Pair, certificate: Path, folder: Path) -> Iterator[str]:
    """Run nginx with the configuration that deploy/ has; only places are others."""
    port = free_port()
    text = (DEPLOY / "nginx.conf").read_text()
    places = {
        "127.0.0.1:8501": pair.addresses[0].removeprefix("http://"),
        "127.0.0.1:8502": pair.addresses[1].removeprefix("http://"),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/callboard.pem": str(certificate),
        "/etc/ssl/callboard.key": str(certificate),
        "/run/nginx.pid": str(folder / "pid"),
        "/var/log/nginx/error.log": str(folder / "errors"),
    }
    for given, place in places.items():
        assert given in text
        text = text.replace(given, place)
    (folder / "nginx.conf").write_text(text)
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    with running([nginx, "-c", str(folder / "nginx.conf"), "-g", "daemon off;"], folder / "log"):
        address = f"https://localhost:{port}"
        until(lambda: answers(address))
        yield address


@contextmanager
def behind_haproxy(pair: Pair, certificate: Path, folder: Path) -> Iterator[str]:
    """Run HAProxy with the configuration that deploy/ has, whose places are variables."""
    port = free_port()
    variables = {
        "LISTEN": f"127.0.0.1:{port}",
        "CERTIFICATE": str(certificate),
        "PROCESS_ONE": pair.addresses[0].removeprefix("http://"),
        "PROCESS_TWO": pair.addresses[1].removeprefix("http://"),
    }
    haproxy = shutil.which("haproxy") or "/usr/sbin/haproxy"
    with running([haproxy, "-db", "-f", str(DEPLOY / "haproxy.cfg")], folder / "log", **variables):
        address = f"https://localhost:{port}"
        until(lambda: answers(address))
        yield address


@pytest.fixture(scope="module")
def proxies(pair: Pair, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the address of each proxy by its name."""
    folders = (tmp_path_factory.mktemp(name) for name in ("nginx", "haproxy"))
    with (
        behind_nginx(pair, certificate, next(folders)) as nginx,
        behind_haproxy(pair, certificate, next(folders)) as haproxy,
    ):
        yield {"nginx": nginx, "haproxy": haproxy}
