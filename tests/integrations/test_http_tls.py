from __future__ import annotations

import datetime
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outbound.client import Unreachable
from tests.integrations.receivers import (
    OK,
    Answer,
    Receiver,
    Start,
    answering,
    client,
    encrypted,
    post,
    resolve_to,
)

NOW = datetime.datetime.now(datetime.UTC)
YEAR = datetime.timedelta(days=365)


class Certificate:
    """A self-signed certificate for one name, in one file with its key."""

    def __init__(self, folder: Path, name: str, *, ends_at: datetime.datetime = NOW + YEAR) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(NOW - 2 * YEAR)
            .not_valid_after(ends_at)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.path = str(folder / f"{name}.pem")
        Path(self.path).write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.asked: list[str] = []

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        context.sni_callback = lambda connection, name, context: self.asked.append(name)
        return context


def send(receiver: Receiver, certificates: str | None, *, times: int = 1, deadline_seconds: float = 2) -> bytes:
    sender = client(resolve=resolve_to("127.0.0.1"), certificates=certificates)
    request = post(f"https://hooks.test:{receiver.port}/")
    return b"".join(sender.send(request, deadline_seconds=deadline_seconds).body for _ in range(times))


def test_the_name_is_asked_for_and_verified_though_the_address_is_dialled(start: Start, tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, "hooks.test")
    receiver = start(encrypted(certificate.context(), answering(OK)))
    assert send(receiver, certificate.path, times=3) == b"okokok"
    assert certificate.asked == ["hooks.test"]
    assert f"Host: hooks.test:{receiver.port}".encode() in receiver.requests[0]


def test_a_connection_closed_while_idle_is_replaced(start: Start, tmp_path: Path) -> None:
    def once_then_close(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(OK)
        if receiver.connections == 1:
            receiver.read(connection)

    certificate = Certificate(tmp_path, "hooks.test")
    receiver = start(encrypted(certificate.context(), once_then_close))
    assert send(receiver, certificate.path, times=3) == b"okokok"


@pytest.mark.parametrize(
    ("name", "years", "reason"),
    [
        ("other.test", 1, "The TLS certificate is not valid for this host"),
        ("hooks.test", -1, "The TLS certificate has expired"),
    ],
)
def test_a_bad_certificate_is_told_and_nothing_is_sent(
    start: Start, tmp_path: Path, name: str, years: int, reason: str
) -> None:
    certificate = Certificate(tmp_path, name, ends_at=NOW + years * YEAR)
    receiver = start(encrypted(certificate.context(), answering(OK)))
    with pytest.raises(Unreachable, match=f"^{reason}$"):
        send(receiver, certificate.path)
    assert receiver.requests == []


def test_a_certificate_of_no_known_authority_is_told(start: Start, tmp_path: Path) -> None:
    receiver = start(encrypted(Certificate(tmp_path, "hooks.test").context(), answering(OK)))
    with pytest.raises(Unreachable, match="^The TLS certificate is not trusted$"):
        send(receiver, None)
    assert receiver.requests == []


def test_an_answer_without_tls_is_told(start: Start) -> None:
    def plain(receiver: Receiver, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Plain HTTP\r\n\r\n")

    with pytest.raises(Unreachable, match="^The TLS handshake failed$"):
        send(start(plain), None)


def never(receiver: Receiver, connection: socket.socket) -> None:
    receiver.stopped.wait(5)


def dripped(receiver: Receiver, connection: socket.socket) -> None:
    # The header of a long handshake record, then its bytes one by one.
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    receiver.drip(connection, bytes(100))


@pytest.mark.parametrize("answer", [never, dripped])
def test_a_handshake_that_does_not_end_is_left_at_the_deadline(start: Start, answer: Answer) -> None:
    started_at = time.monotonic()
    with pytest.raises(Unreachable, match=r"^The receiver did not answer within 0.5 s$"):
        send(start(answer), None, deadline_seconds=0.5)
    assert 0.45 < time.monotonic() - started_at < 1


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"], ids=["headers", "body"])
def test_an_encrypted_drip_is_cut_at_the_deadline(start: Start, tmp_path: Path, head: bytes) -> None:
    def drip(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(head)
        receiver.drip(connection, b"HTTP/1.1" * 10)

    certificate = Certificate(tmp_path, "hooks.test")
    receiver = start(encrypted(certificate.context(), drip))
    started_at = time.monotonic()
    with pytest.raises(Unreachable, match=r"^The receiver did not answer within 0.5 s$"):
        send(receiver, certificate.path, deadline_seconds=0.5)
    assert 0.45 < time.monotonic() - started_at < 1
