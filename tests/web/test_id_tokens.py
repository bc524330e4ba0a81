"""Tokens of a log-in: signed by the provider's private key, or nobody is let in."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry
from streamlit.proto.BackMsg_pb2 import BackMsg

from lib.errors import ConfigurationError
from lib.web import id_tokens
from tests.page_client import Visitor
from tests.serving import free_port, served
from tests.web.test_gateway import ask

CLIENT_SECRET = "a secret of 32 bytes, which it shares"  # noqa: S105 - that of the tests' own provider
LISTED = ["RS256", "PS256", "ES256", "Ed25519", "HS256", "HS384", "none"]


@dataclass
class Provider:
    """An OpenID provider that signs as it is told."""

    port: int
    keys: dict[str, Any] = field(default_factory=dict)
    sign: str = "RS256"
    key: str = "rsa"
    listed: list[str] | None = field(default_factory=lambda: LISTED)
    nonce: str = ""

    def answer(self, path: str) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self.port}"
        if path == "/.well-known/openid-configuration":
            found = {
                "issuer": address,
                "authorization_endpoint": f"{address}/authorize",
                "token_endpoint": f"{address}/token",
                "jwks_uri": f"{address}/jwks",
            }
            return found if self.listed is None else {**found, "id_token_signing_alg_values_supported": self.listed}
        if path == "/jwks":
            public = [key.as_dict(private=key.key_type == "oct", kid=name) for name, key in self.keys.items()]
            return {"keys": [each for each in public if each["kid"] != "not listed"]}
        return {"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": self.token()}

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": f"http://127.0.0.1:{self.port}", "sub": "ann", "aud": "callboard", "nonce": self.nonce}
        header = {"alg": self.sign, "kid": self.key}
        whole = {**claims, "iat": now, "exp": now + 60}
        if self.sign == "none":
            parts = [
                base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (header, whole)
            ]
            return ".".join([*parts, ""])
        registry = JWSRegistry(algorithms=[self.sign])
        return jwt.encode(header, whole, self.keys[self.key], registry=registry)


@contextmanager
def providing(provider: Provider) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = json.dumps(provider.answer(urlsplit(self.path).path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", provider.port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Place:
    """A running app, its provider and its log."""

    address: str
    provider: Provider
    log: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("tokens")
    port, provider = free_port(), Provider(free_port())
    rsa = jwk.RSAKey.generate_key(2048)
    provider.keys = {
        "rsa": rsa,
        "ec": jwk.ECKey.generate_key("P-256"),
        "ed": jwk.OKPKey.generate_key("Ed25519"),
        # What is listed beside the others by a provider that also signs by what it shares.
        "shared": jwk.OctKey.import_key(CLIENT_SECRET),
        "public": jwk.OctKey.import_key(base64.b64encode(rsa.as_der(private=False))),
        "not listed": jwk.RSAKey.generate_key(2048),
    }
    variables = {
        "CALLBOARD_SAMPLE": "off",
        "CALLBOARD_BASE_URL": f"http://127.0.0.1:{port}",
        "CALLBOARD_OIDC_ISSUER": f"http://127.0.0.1:{provider.port}",
        "CALLBOARD_OIDC_CLIENT_ID": "callboard",
        "CALLBOARD_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    with providing(provider), served(folder / "data", port, **variables) as address:
        yield Place(address, provider, folder / "data.log")


def press_log_in(address: str) -> str:
    """Press the button, and return where the page leads."""
    with Visitor(address).page() as page:
        drawn = page.draw()
        button = re.search(r'id: "([^"]*log-in)"', drawn)
        assert button, drawn[-2_000:]
        message = BackMsg()
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.trigger_value = button[1], True
        page.draw(message.SerializeToString())
        assert page.redirect
        return page.redirect


def is_let_in(place: Place) -> bool:
    """Log in as a browser does; return whether it gets the cookie of a log-in."""
    with httpx.Client(base_url=place.address, timeout=60) as browser:
        asked = browser.get(press_log_in(place.address))
        assert asked.status_code == 302, asked.text
        query = parse_qs(urlsplit(asked.headers["location"]).query)
        place.provider.nonce = query["nonce"][0]
        browser.get("/oauth2callback", params={"state": query["state"][0], "code": "x"})
        found = browser.cookies.get("_streamlit_user")
        return bool(found and found.strip('"'))


@pytest.mark.parametrize(("sign", "key"), [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec"), ("Ed25519", "ed")])
def test_a_provider_signs_by_its_own_key(place: Place, sign: str, key: str) -> None:
    place.provider.sign, place.provider.key, place.provider.listed = sign, key, LISTED
    assert is_let_in(place)


@pytest.mark.parametrize(
    ("sign", "key"),
    [
        ("HS256", "shared"),
        ("HS384", "shared"),
        ("HS256", "public"),
        ("none", "rsa"),
        ("none", "nobody's"),
        ("RS256", "not listed"),
    ],
)
def test_what_others_could_sign_lets_nobody_in(place: Place, sign: str, key: str) -> None:
    """The provider's description lists these signatures, and the keys, as some do."""
    place.provider.sign, place.provider.key, place.provider.listed = sign, key, LISTED
    assert not is_let_in(place)


def test_a_provider_that_lists_nothing_signs_by_rsa(place: Place) -> None:
    place.provider.listed = None
    for sign, key, expected in (("RS256", "rsa", True), ("HS256", "shared", False), ("ES256", "ec", False)):
        place.provider.sign, place.provider.key = sign, key
        assert is_let_in(place) is expected


def test_a_provider_without_such_a_signature_is_named_in_the_log(place: Place) -> None:
    place.provider.listed = ["HS256", "none"]
    where = urlsplit(press_log_in(place.address))
    status, body, _ = ask(place.address, f"{where.path}?{where.query}")
    assert status == 400 and "HS256" not in body
    assert "The OpenID provider signs its tokens by HS256, none alone" in place.log.read_text()


def test_an_odd_list_is_no_list() -> None:
    odd: tuple[object, ...] = (None, [], "HS256", {"HS256": 1})
    for listed in odd:
        assert id_tokens._allowed(listed) == ["RS256"]
    assert id_tokens._allowed(["none", 1, None, "ES256"]) == ["ES256"]
    with pytest.raises(ConfigurationError, match="Right would be"):
        id_tokens._allowed(["HS256"])
