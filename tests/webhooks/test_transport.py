"""Calls over real sockets: which address is called, how long it may take, what is read, whom TLS trusts."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.webhooks.addresses import WebhookTarget, parse_target, system_addresses
from lib.webhooks.transport import CallResult, WebhookTransport
from lib.webhooks.webhook import NoAnswer
from tests.webhooks.receiver import Receiver, dripping, plain, receiver, silent

BODY = b'{"a": 1}'


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def target(url: str) -> WebhookTarget:
    host = url.partition("://")[2].partition("/")[0]
    return parse_target(url, frozenset({host}))


def post(url: str, seconds: float = 10) -> CallResult:
    return WebhookTransport(seconds=seconds).post(target(url), {"X-One": "1"}, BODY)


def test_a_call_arrives(server: Receiver) -> None:
    result = post(f"{server.address}/in?a=b")
    assert (result.is_success, str(result)) == (True, "200 fine")
    (call,) = server.calls
    assert (call.path, call.body, call.headers["x-one"]) == ("/in?a=b", BODY, "1")
    assert call.headers["host"] == f"127.0.0.1:{server.port}"
    assert call.headers["content-length"] == str(len(BODY))


def test_proxies_of_the_environment_are_not_used(server: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(f"{server.address}/").is_success


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server: Receiver, status: int) -> None:
    server.answers["/away"] = plain(status, b"", Location=f"{server.address}/private")
    result = post(f"{server.address}/away")
    assert (result.is_success, result.status) == (False, status)
    assert [call.path for call in server.calls] == ["/away"]


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_success(server: Receiver, status: int) -> None:
    server.answer = plain(status, b"")
    assert post(server.address).is_success


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_what_is_no_2xx_is_a_failure(server: Receiver, status: int) -> None:
    server.answer = plain(status, "ñ\x00\x1b[31m no\r\n\t way".encode() + b"\xff")
    result = post(server.address)
    assert not result.is_success
    assert str(result) == f"{status} ñ[31m no way\N{REPLACEMENT CHARACTER}"


def test_of_a_long_answer_the_beginning_is_kept(server: Receiver) -> None:
    server.answer = plain(200, b"x" * 50_000_000)
    began = time.monotonic()
    result = post(server.address)
    assert result.is_success and result.text == "x" * 200
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("answer", [silent(30), dripping("head", 0.2)], ids=["silent", "drips its head"])
def test_a_call_ends_in_time(server: Receiver, answer: object) -> None:
    server.answer = answer  # type: ignore[assignment]
    began = time.monotonic()
    assert post(server.address, seconds=1) == CallResult(None, NoAnswer.TIMEOUT)
    assert 0.9 < time.monotonic() - began < 2


def test_a_body_that_drips_is_not_waited_for_longer(server: Receiver) -> None:
    server.answer = dripping("body", 0.2)
    began = time.monotonic()
    result = post(server.address, seconds=1)
    assert result.is_success, "its status came in time"
    assert 0.9 < time.monotonic() - began < 2


def test_a_receiver_that_reads_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        began = time.monotonic()
        result = WebhookTransport(seconds=1).post(target(url), {}, b"x" * 20_000_000)
    assert result.text == NoAnswer.TIMEOUT and time.monotonic() - began < 2


def test_what_is_no_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                request = b""
                while BODY not in request:  # one that is closed with something unread is reset
                    request += connection.recv(65536)
                connection.sendall(b"220 smtp ready\r\n")

        threading.Thread(target=answer, daemon=True).start()
        result = post(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    assert result == CallResult(None, NoAnswer.INVALID_ANSWER)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/") == CallResult(None, NoAnswer.CONNECTION_FAILED)


def test_a_host_that_is_private_by_its_address_is_not_called(server: Receiver) -> None:
    checked = parse_target(f"https://hooks.example.com:{server.port}/", frozenset())
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254"):
        result = WebhookTransport(lambda *_, address=address: [address]).post(checked, {}, BODY)
        assert result == CallResult(None, NoAnswer.ADDRESS_REFUSED)
    assert not server.calls


def test_a_name_is_resolved_once_and_what_was_checked_is_called(server: Receiver) -> None:
    """A name server that gives another address at every question: each call goes to what was checked for it."""
    resolved: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"] if len(resolved) == 1 else ["127.0.0.99"]

    named = parse_target(f"http://rebinding.example.com:{server.port}/", frozenset({"rebinding.example.com"}))
    transport = WebhookTransport(rebinding, seconds=2)
    assert transport.post(named, {}, BODY).is_success
    assert resolved == ["rebinding.example.com"], "it was asked for once"
    assert server.calls[0].headers["host"] == f"rebinding.example.com:{server.port}"
    assert transport.post(named, {}, BODY).text == NoAnswer.CONNECTION_FAILED, "and anew at the next call"
    public_first = iter([["8.8.8.8"], ["127.0.0.1"]])
    unnamed = parse_target(f"https://rebinding.example.com:{server.port}/", frozenset())
    again = WebhookTransport(lambda *_: next(public_first), seconds=0.5)
    assert again.post(unnamed, {}, BODY).status is None
    assert again.post(unnamed, {}, BODY).text == NoAnswer.ADDRESS_REFUSED
    assert len(server.calls) == 1


def test_the_next_address_is_called_where_one_is_not_there(server: Receiver) -> None:
    named = parse_target(f"http://two.example.com:{server.port}/", frozenset({"two.example.com"}))
    assert WebhookTransport(lambda *_: ["127.0.0.99", "127.0.0.1"]).post(named, {}, BODY).is_success


def test_the_system_resolves_names() -> None:
    assert {*system_addresses("localhost", 80)} & {"127.0.0.1", "::1"}
    with pytest.raises(OSError):
        system_addresses("a" * 70 + ".example", 80)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for hooks.example.com, which vouches for itself."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    assert openssl
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks"]
    command += ["-addext", "subjectAltName=DNS:hooks.example.com"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_tls_is_checked_against_the_hosts_name(authority: Path) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    trusted = ssl.create_default_context(cafile=str(authority / "cert.pem"))
    with receiver(own) as server:

        def call(host: str, trusts: ssl.SSLContext | None) -> CallResult:
            named = parse_target(f"https://{host}:{server.port}/", frozenset({host}))
            return WebhookTransport(lambda *_: ["127.0.0.1"], trusts).post(named, {}, BODY)

        assert call("hooks.example.com", trusted).is_success
        assert call("other.example.com", trusted) == CallResult(None, NoAnswer.TLS_FAILED)
        assert call("hooks.example.com", None) == CallResult(None, NoAnswer.TLS_FAILED)
        assert len(server.calls) == 1


def test_a_handshake_that_never_comes_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = "hooks.example.com"
        named = parse_target(f"https://{host}:{listening.getsockname()[1]}/", frozenset({host}))
        began = time.monotonic()
        result = WebhookTransport(lambda *_: ["127.0.0.1"], seconds=1).post(named, {}, BODY)
    assert result.text == NoAnswer.TIMEOUT and time.monotonic() - began < 2
