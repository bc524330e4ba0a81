"""Mail over real SMTP: STARTTLS, log-ins, and every way in which a server can refuse, hang or go away."""

from __future__ import annotations

import email
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lib.configuration.mail_server import MailServer, parse_mail_server
from lib.delivery import outbox
from lib.delivery.mail_message import mail_message, message_id
from lib.delivery.mail_sender import RETRIES, MailAccount, MailSender
from lib.delivery.mail_transport import MailConnection, MailUnsentError
from lib.delivery.outbox import Channel, Delivery, DeliveryStatus, Outbox
from lib.mail.content import InlinePicture, MailAttachment, MailContent
from lib.settings import Settings
from lib.store.outgoing_schema import deliveries
from lib.store.state import StateStore
from tests.mail_server import Inbox, mail_server

SENDER = '"Callboard, Ñandú" <calls@example.com>'
MAIL = MailContent("Señal: 7,42 ▲", "<p>Ñ</p>", "Ñ\n", (InlinePicture("chart1", b"\x89PNG"),), (), "es")


def plain() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("x")
    return message


def server(inbox: Inbox, options: str = "", user: str = "", scheme: str = "smtp") -> MailServer:
    return parse_mail_server(f"{scheme}://{user}localhost:{inbox.port}{options}")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that is good for localhost, and one whose time is over."""
    folder = tmp_path_factory.mktemp("tls")
    for name, ends in (("good", datetime(2099, 1, 1)), ("expired", datetime(2020, 1, 2))):
        key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        named = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, datetime(2020, 1, 1), ends)
        made = builder.add_extension(named, critical=False).sign(key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
    return folder


def tls(folder: Path, name: str = "good") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


@pytest.fixture
def trusted(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the machine trust both certificates."""
    both = certificates / "both.pem"
    both.write_bytes((certificates / "good.pem").read_bytes() + (certificates / "expired.pem").read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    return certificates


def test_starttls_and_a_login_are_used_where_the_server_offers_them(trusted: Path) -> None:
    with (
        mail_server(tls(trusted), ("ann", "p ss:@")) as inbox,
        MailConnection(server(inbox, user="ann:p%20ss%3A%40@")) as connection,
    ):
        answer, size = connection.send(plain(), "calls@example.com", "bo@example.com")
        connection.send(plain(), "calls@example.com", "cy@example.com")
    assert answer == "250 OK" and size > 50
    assert inbox.logins == [("ann", "p ss:@")]  # one connection for both
    assert inbox.was_secret == [True, True]


def test_tls_from_the_start(trusted: Path) -> None:
    with (
        mail_server(tls(trusted), from_the_start=True) as inbox,
        MailConnection(server(inbox, scheme="smtps")) as connection,
    ):
        assert connection.send(plain(), "calls@example.com", "bo@example.com")[0] == "250 OK"
    assert inbox.was_secret == [True]


def test_starttls_can_be_refused(trusted: Path) -> None:
    with mail_server(tls(trusted)) as inbox, MailConnection(server(inbox, "?starttls=off")) as connection:
        connection.send(plain(), "calls@example.com", "bo@example.com")
    assert inbox.was_secret == [False]


@pytest.mark.parametrize("name", ["expired", "good"])
def test_a_certificate_that_is_not_good_sends_nothing(
    certificates: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired, or of nobody whom the machine trusts: the mail waits."""
    monkeypatch.setenv(
        "SSL_CERT_FILE", str(certificates / ("expired.pem" if name == "expired" else "both-missing.pem"))
    )
    with (
        mail_server(tls(certificates, name)) as inbox,
        MailConnection(server(inbox)) as connection,
        pytest.raises(MailUnsentError, match=r"certificate") as error,
    ):
        connection.send(plain(), "calls@example.com", "bo@example.com")
    assert not error.value.is_final and inbox.messages == []


def test_a_wrong_password_may_be_mended(trusted: Path) -> None:
    with (
        mail_server(tls(trusted), ("ann", "right")) as inbox,
        MailConnection(server(inbox, user="ann:wrong@")) as connection,
        pytest.raises(MailUnsentError, match="535") as error,
    ):
        connection.send(plain(), "calls@example.com", "bo@example.com")
    assert not error.value.is_final


def test_a_server_that_hangs() -> None:
    with mail_server() as inbox, MailConnection(server(inbox), timeout=0.5) as connection:
        inbox.hang_seconds = 1.5
        with pytest.raises(MailUnsentError, match="did not answer in time") as error:
            connection.send(plain(), "calls@example.com", "bo@example.com")
        assert not error.value.is_final
        inbox.hang_seconds = 0
        assert connection.send(plain(), "calls@example.com", "bo@example.com")[0] == "250 OK"  # connected again


def test_a_server_that_is_not_there() -> None:
    with mail_server() as inbox:
        pass
    with MailConnection(server(inbox)) as connection, pytest.raises(MailUnsentError, match="refused") as error:
        connection.send(plain(), "calls@example.com", "bo@example.com")
    assert not error.value.is_final


def test_a_message_has_its_parts_and_headers() -> None:
    file = MailAttachment("größe.csv", "text/csv", b"a\n")
    content = MAIL.with_attachments(file)
    message = mail_message(content, "dlv_1", SENDER, "bo@example.com", datetime.now(UTC), "https://x.example/u?a=b&c=d")
    read = email.message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    assert (
        read["Subject"] == MAIL.subject and read["Message-ID"] == message_id("dlv_1", SENDER) == "<dlv_1@example.com>"
    )
    assert read["From"].addresses[0].display_name == "Callboard, Ñandú"
    assert read["List-Unsubscribe"] == "<https://x.example/u?a=b&c=d>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    kinds = [part.get_content_type() for part in read.walk()]
    assert kinds == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"),
        "text/csv",
    ]
    assert next(read.iter_attachments()).get_filename() == "größe.csv"
    without = mail_message(content, "dlv_1", SENDER, "bo@example.com", datetime.now(UTC), None)
    assert without["List-Unsubscribe"] is None


HOSTILE = [
    "=?utf-8?B?QQ0KQmNjOiB4QGV2aWwuY29tDQpYLVJlc3Q6IA==?= x",
    "=?utf-8?Q?A=0D=0AReply-To:_x@evil.com?=",
    "= ?=?utf-8?Q?=0A?=",
    "Ñ =?utf-8?B?QQ0KQmNjOiB4QGV2aWwuY29t?= " * 4,
    "a\r\nBcc: x@evil.com",
]
"""Subjects that would end their header if something in them were decoded, or sent as it is."""


@pytest.mark.parametrize("subject", HOSTILE)
def test_no_subject_ends_its_header(subject: str) -> None:
    content = MailContent(subject, "<p>x</p>", "x\n", (), (), "en")
    link = f"https://x.example/v1/unsubscribe/rep_{'0' * 16}?address=bo%40example.com&signature={'0' * 64}"
    raw = mail_message(content, "dlv_1", SENDER, "bo@example.com", datetime.now(UTC), link).as_bytes(policy=SMTP_POLICY)
    head = raw.split(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == sorted(
        [
            *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"Content-Language"),
            *(b"List-Unsubscribe", b"List-Unsubscribe-Post", b"MIME-Version", b"Content-Type"),
        ]
    )
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in raw  # whole: encoded or cut it would lead nowhere


def test_a_mail_that_can_not_be_written_fails_for_good(state: StateStore) -> None:
    with mail_server() as inbox:
        box, ended = Outbox(state), []  # type: ignore[var-annotated]
        queue_mail(state, ".a@example.com", "b@example.com")
        assert sender(box, inbox, ended).send_batch() == 2
    states = {each.address: each.status for each in box.of_causes(["run_1"])["run_1"]}
    assert states == {".a@example.com": DeliveryStatus.FAILED, "b@example.com": DeliveryStatus.SENT}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    opened = StateStore(Settings(data_dir=tmp_path / "data"))
    yield opened
    opened.close()


def queue_mail(state: StateStore, *addresses: str, cause: str = "run_1") -> None:
    with state.transaction() as connection:
        content = outbox.add_content(connection, MAIL.to_bytes())
        for address in addresses:
            outbox.add(connection, Channel.MAIL, cause, "rep_1", address, content)


def make_due(state: StateStore) -> None:
    with state.transaction() as connection:
        waiting = deliveries.c.try_at.is_not(None)
        connection.execute(sa.update(deliveries).where(waiting).values(try_at=datetime.now(UTC)))


def sender(box: Outbox, inbox: Inbox, ended: list[Delivery]) -> MailSender:
    account = MailAccount(server(inbox), SENDER, "calls@example.com")
    return MailSender(box, account, lambda _: None, ended.append)


def test_each_goes_once_for_each_cause_and_address(state: StateStore) -> None:
    with mail_server() as inbox:
        box, ended = Outbox(state), []  # type: ignore[var-annotated]
        for _ in range(2):
            queue_mail(state, "a@example.com", "b@example.com")
        queue_mail(state, "a@example.com", cause="run_2")
        assert sender(box, inbox, ended).send_batch() == 3 and sender(box, inbox, ended).send_batch() == 0
        assert sorted(to for to, _ in inbox.messages) == ["a@example.com", "a@example.com", "b@example.com"]
        assert len(set(inbox.ids())) == len(ended) == 3


def test_one_of_three_is_refused(state: StateStore) -> None:
    with mail_server() as inbox:
        box, ended = Outbox(state), []  # type: ignore[var-annotated]
        inbox.refused["b@example.com"] = "550 No such user here"
        queue_mail(state, "a@example.com", "b@example.com", "c@example.com")
        sender(box, inbox, ended).send_batch()
        states = {each.address: (each.status, each.answer) for each in box.of_causes(["run_1"])["run_1"]}
    assert states == {
        "a@example.com": (DeliveryStatus.SENT, "250 OK"),
        "b@example.com": (DeliveryStatus.FAILED, "550 No such user here"),
        "c@example.com": (DeliveryStatus.SENT, "250 OK"),
    }
    assert [to for to, _ in inbox.messages] == ["a@example.com", "c@example.com"]


def test_what_fails_is_tried_again_after_one_five_and_thirty_minutes(state: StateStore) -> None:
    with mail_server() as inbox:
        box, ended = Outbox(state), []  # type: ignore[var-annotated]
        inbox.answers = ["451 Try again later"] * 4
        queue_mail(state, "a@example.com")
        for wait in RETRIES:
            assert sender(box, inbox, ended).send_batch() == 1 and not ended
            (waiting,) = box.of_causes(["run_1"])["run_1"]
            assert waiting.status is DeliveryStatus.QUEUED and waiting.answer == "451 Try again later"
            assert waiting.try_at is not None
            assert abs(waiting.try_at - datetime.now(UTC) - wait) < timedelta(seconds=30)
            assert sender(box, inbox, ended).send_batch() == 0  # not yet
            make_due(state)
        assert sender(box, inbox, ended).send_batch() == 1
    assert [each.status for each in box.of_causes(["run_1"])["run_1"]] == [DeliveryStatus.FAILED] and len(ended) == 1


def test_a_server_that_goes_away_after_the_data_gets_the_same_message_again(state: StateStore) -> None:
    with mail_server() as inbox:
        box, ended = Outbox(state), []  # type: ignore[var-annotated]
        inbox.answers = ["drop"]
        queue_mail(state, "a@example.com")
        sender(box, inbox, ended).send_batch()
        assert inbox.messages == [] and not ended
        make_due(state)
        sender(box, inbox, ended).send_batch()
    assert inbox.ids() == [message_id(ended[0].id, SENDER)]


def test_who_died_while_sending_leaves_it_to_the_next(state: StateStore) -> None:
    with mail_server() as inbox:
        box, ended = Outbox(state), []  # type: ignore[var-annotated]
        queue_mail(state, "a@example.com")
        (claimed,) = box.claim(Channel.MAIL)
        assert sender(box, inbox, ended).send_batch() == 0  # somebody has it
        box.expire_leases()
        assert sender(box, inbox, ended).send_batch() == 1
        assert not box.succeed(claimed, "250 OK", 1)  # the first one's word counts no more
    assert len(inbox.messages) == 1
