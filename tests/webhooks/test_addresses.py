"""Where webhooks may go: URLs that are refused, and addresses that are, whatever the host is called."""

from __future__ import annotations

import ipaddress

import pytest

from lib.errors import WebhookError
from lib.errors.webhook_codes import WebhookCode
from lib.webhooks.addresses import is_public, parse_target, resolve
from lib.webhooks.webhook import NoAnswer

ANY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", WebhookCode.WEBHOOK_URL),
        ("hooks.example.com", WebhookCode.WEBHOOK_URL),
        ("ftp://example.com/", WebhookCode.WEBHOOK_URL),
        ("https://", WebhookCode.WEBHOOK_URL),
        ("https:///path", WebhookCode.WEBHOOK_URL),
        ("https://example.com:0/", WebhookCode.WEBHOOK_URL),
        ("https://example.com:99999/", WebhookCode.WEBHOOK_URL),
        ("https://example.com/ a", WebhookCode.WEBHOOK_URL),
        ("https://example.com\\@10.0.0.1/", WebhookCode.WEBHOOK_URL),
        ("https://exa%6dple.com/", WebhookCode.WEBHOOK_URL),
        ("https://[fe80::1%25eth0]/", WebhookCode.WEBHOOK_URL),
        ("https://a\r\nX-Other: 1/", WebhookCode.WEBHOOK_URL),
        ("https://example.com/" + "a" * 2_000, WebhookCode.WEBHOOK_URL_LONG),
        ("https://ann@example.com/", WebhookCode.WEBHOOK_URL_SECRET),
        ("https://ann:secret@example.com/", WebhookCode.WEBHOOK_URL_SECRET),
        ("https://@example.com/", WebhookCode.WEBHOOK_URL_SECRET),
        ("https://example.com/#part", WebhookCode.WEBHOOK_URL_FRAGMENT),
        ("http://example.com/", WebhookCode.WEBHOOK_URL_SCHEME),
        ("https://localhost/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://LOCALHOST./", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://a.localhost/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://intranet/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://metadata.google.internal/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://127.0.0.1/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://127.1/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://2130706433/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://0x7f000001/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://017700000001/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://0x7f.0.0.1/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://10.1.2.3/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://169.254.169.254/latest/meta-data", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://[::1]/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://[::ffff:127.0.0.1]/", WebhookCode.WEBHOOK_HOST_PRIVATE),
        ("https://[fd00::1]/", WebhookCode.WEBHOOK_HOST_PRIVATE),
    ],
)
def test_urls_that_are_refused(url: str, code: WebhookCode) -> None:
    with pytest.raises(WebhookError) as caught:
        parse_target(url, ANY)
    assert (caught.value.reason.code, caught.value.parameter) == (code, "url")


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://hooks.example.com/callboard?a=b", "hooks.example.com", 443),
        ("https://Hooks.Example.com:8443/", "hooks.example.com", 8443),
        ("https://ñandú.example.com/", "xn--and-6ma2c.example.com", 443),
        ("https://8.8.8.8/", "8.8.8.8", 443),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 443),
    ],
)
def test_urls_that_are_taken(url: str, host: str, port: int) -> None:
    target = parse_target(url, ANY)
    assert (target.host, target.port, target.is_named) == (host, port, False)


def test_hosts_that_the_setting_names_are_the_only_ones() -> None:
    named = frozenset({"10.0.0.5:8080", "hooks.internal", "[::1]"})
    for url in ("http://10.0.0.5:8080/a", "https://hooks.internal/", "http://hooks.internal:99/", "http://[::1]:7/"):
        assert parse_target(url, named).is_named
    for url in ("http://10.0.0.5/", "http://10.0.0.5:8081/", "https://hooks.example.com/", "https://a.hooks.internal/"):
        with pytest.raises(WebhookError) as caught:
            parse_target(url, named)
        assert caught.value.reason.code is WebhookCode.WEBHOOK_HOST_OTHER
        assert "10.0.0.5:8080, [::1], hooks.internal" in caught.value.message


REFUSED = [
    "0.0.0.0",  # noqa: S104 - not to be bound to
    *("0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("168.63.129.16", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2002:7f00:1::"),
    *("3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", REFUSED)
def test_one_address_that_is_not_public_refuses_all(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    target = parse_target("https://hooks.example.com/", ANY)
    assert resolve(target, lambda *_: ["8.8.8.8", address]) is NoAnswer.ADDRESS_REFUSED


def test_public_addresses_are_taken() -> None:
    target = parse_target("https://hooks.example.com/", ANY)
    assert resolve(target, lambda *_: [*PUBLIC, "8.8.8.8"]) == tuple(PUBLIC)


def test_a_host_without_an_address_is_not_called() -> None:
    def fails(*_: object) -> list[str]:
        raise OSError

    target = parse_target("https://hooks.example.com/", ANY)
    assert resolve(target, fails) is NoAnswer.NO_ADDRESS
    assert resolve(target, lambda *_: []) is NoAnswer.NO_ADDRESS
    assert resolve(target, lambda *_: ["fe80::1%eth0"]) is NoAnswer.ADDRESS_REFUSED


def test_a_named_host_may_have_any_address() -> None:
    target = parse_target("http://hooks.internal/", frozenset({"hooks.internal"}))
    assert resolve(target, lambda *_: ["10.0.0.1"]) == ("10.0.0.1",)
