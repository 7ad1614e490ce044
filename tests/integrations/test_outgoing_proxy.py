"""The operator's proxy: CONNECT names the checked address, and what is forbidden stays so; whose certificates count."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from config import well_formed
from config.setting_groups.file_storage import _proxies
from outbound.addresses import DEFAULT_POLICY, Policy, Refused
from outbound.client import Client, Unreachable
from outbound.proxy import outgoing_proxy
from outbound.url_validation import check_url
from tests.integrations.receivers import LOOPBACK, OK, Receiver, Start, answering, client, encrypted, post, resolve_to
from tests.integrations.test_http_tls import Certificate
from tests.processes import free_port


class ConnectProxy:
    """A proxy that takes CONNECT. It notes each head, and leads every target to `leads_to`, or answers `says`."""

    def __init__(self, leads_to: int = 0, says: bytes = b"") -> None:
        self.leads_to, self.says = leads_to, says
        self.heads: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def targets(self) -> list[str]:
        return [head.split()[1].decode() for head in self.heads]

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.heads.append(head)
            if self.says:
                connection.sendall(self.says)
                connection.recv(1)
                return
            with socket.create_connection(("127.0.0.1", self.leads_to)) as there:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
                back = threading.Thread(target=_copy, args=(there, connection), daemon=True)
                back.start()
                _copy(connection, there)
                back.join(5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxies() -> Iterator[list[ConnectProxy]]:
    started: list[ConnectProxy] = []
    yield started
    for one in started:
        one.listener.close()


def through(proxy: ConnectProxy, url: str = "http://127.0.0.1", **options: Any) -> outgoing_proxy.OutgoingProxy:
    return outgoing_proxy.parse(f"{url}:{proxy.port}", **options)


def started(proxies: list[ConnectProxy], leads_to: int = 0, says: bytes = b"") -> ConnectProxy:
    proxies.append(ConnectProxy(leads_to, says))
    return proxies[-1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_proxy_is_told_the_checked_address_and_the_receiver_the_name(
    start: Start, proxies: list[ConnectProxy], tmp_path: Path, scheme: str
) -> None:
    certificate = Certificate(tmp_path, "hooks.test")
    answer = answering(OK)
    receiver = start(encrypted(certificate.context(), answer) if scheme == "https" else answer)
    proxy = started(proxies, receiver.port)
    sender = Client(
        DEFAULT_POLICY, version="1", resolve=resolve_to("8.8.8.8"), certificates=certificate.path, proxy=through(proxy)
    )

    replies = [sender.send(post(f"{scheme}://hooks.test:8443/in"), deadline_seconds=5) for _ in range(2)]

    assert [reply.body for reply in replies] == [b"ok", b"ok"]
    # The connection is kept, as without a proxy.
    assert proxy.targets == ["8.8.8.8:8443"]
    assert b"Host: hooks.test:8443\r\n" in receiver.requests[0]
    assert certificate.asked == (["hooks.test"] if scheme == "https" else [])


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_forbidden_stays_so_behind_a_proxy(proxies: list[ConnectProxy], scheme: str, address: str) -> None:
    proxy = started(proxies, 9)
    sender = Client(DEFAULT_POLICY, version="1", resolve=resolve_to(address), proxy=through(proxy))

    with pytest.raises(Refused, match="private or reserved"):
        sender.send(post(f"{scheme}://hooks.test/"))

    assert proxy.heads == []


def test_user_and_password_go_to_the_proxy_and_to_nobody_else(start: Start, proxies: list[ConnectProxy]) -> None:
    receiver = start(answering(OK))
    proxy = started(proxies, receiver.port)
    sender = client(resolve=resolve_to("127.0.0.1"), proxy=through(proxy, "http://bell:s%40fe@127.0.0.1"))

    sender.send(post("http://hooks.test/"), deadline_seconds=5)

    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"bell:s@fe") in proxy.heads[0]
    assert b"roxy" not in receiver.requests[0]
    assert "s@fe" not in repr(through(proxy, "http://bell:s%40fe@127.0.0.1"))
    assert "s%40fe" not in repr(through(proxy, "http://bell:s%40fe@127.0.0.1"))


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", r"The outgoing proxy gave no way \(403\)"),
        (b"HTTP/1.1 407 Who\r\n\r\n", "The outgoing proxy gave no way .* set them in RUNBELL_OUTGOING_PROXY"),
        (b"SSH-2.0-x\r\n\r\n", "The outgoing proxy did not answer as one"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000, "The outgoing proxy closed the connection without an answer"),
    ],
    ids=["forbidden", "password", "no proxy", "endless"],
)
def test_what_a_proxy_refuses_is_told_without_an_address(proxies: list[ConnectProxy], says: bytes, reason: str) -> None:
    sender = client(resolve=resolve_to("127.0.0.1"), proxy=through(started(proxies, says=says)))

    with pytest.raises(Unreachable, match=f"^{reason}"):
        sender.send(post("https://hooks.test/"), deadline_seconds=5)


def test_a_proxy_that_is_away_is_told() -> None:
    proxy = outgoing_proxy.parse(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match="^The outgoing proxy could not be reached$"):
        client(resolve=resolve_to("127.0.0.1"), proxy=proxy).send(post("http://hooks.test/"))


def test_the_deadline_holds_for_the_proxy_too(start: Start) -> None:
    def dripped(receiver: Receiver, connection: socket.socket) -> None:
        connection.recv(4096)
        receiver.drip(connection, b"HTTP/1.1 200 " + b"x" * 100)

    slow = start(dripped)
    sender = client(resolve=resolve_to("127.0.0.1"), proxy=outgoing_proxy.parse(f"http://127.0.0.1:{slow.port}"))
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"^The receiver did not answer within 0.5 s$"):
        sender.send(post("http://hooks.test/"), deadline_seconds=0.5)
    assert 0.45 < time.monotonic() - begun < 1.5


def test_a_proxy_that_judges_is_told_the_name_and_asked_for_no_address_of_ours(
    start: Start, proxies: list[ConnectProxy]
) -> None:
    def nobody(*_: object, **__: object) -> Any:
        raise AssertionError("a name was resolved")

    receiver = start(answering(OK))
    proxy = started(proxies, receiver.port)
    sender = Client(DEFAULT_POLICY, version="1", resolve=nobody, proxy=through(proxy, takes_names=True))

    assert sender.send(post("http://hooks.example.com/"), deadline_seconds=5).body == b"ok"
    assert proxy.targets == ["hooks.example.com:80"]
    for forbidden in ("http://10.0.0.1/", "http://localhost/", "http://metadata.google.internal/", "http://db/"):
        with pytest.raises(Refused, match="private or reserved"):
            sender.send(post(forbidden))
    assert len(proxy.heads) == 1


def test_where_the_proxy_judges_a_saved_address_is_not_resolved_either(settings: Any) -> None:
    settings.OUTGOING_PROXY = outgoing_proxy.parse("http://proxy.test:3128", takes_names=True)
    settings.ALLOWED_PRIVATE_NETWORKS = ()

    check_url("https://surely-not-there.example.com/")
    with pytest.raises(ValidationError):
        check_url("https://localhost/")
    with pytest.raises(ValidationError):
        check_url("https://169.254.169.254/")


@pytest.mark.parametrize("past", ["127.0.0.0/8", "hooks.test", ".test"])
def test_what_goes_past_the_proxy_is_dialled(start: Start, proxies: list[ConnectProxy], past: str) -> None:
    receiver, proxy = start(answering(OK)), started(proxies)
    sender = client(resolve=resolve_to("127.0.0.1"), proxy=through(proxy, past=[past]))

    assert sender.send(post(f"http://hooks.test:{receiver.port}/")).body == b"ok"
    assert proxy.heads == []


def test_past_the_proxy_addresses_are_judged_all_the_same(proxies: list[ConnectProxy]) -> None:
    proxy = through(started(proxies), past=["10.0.0.0/8"], takes_names=True)
    with pytest.raises(Refused):
        Client(Policy(), version="1", resolve=resolve_to("10.0.0.1"), proxy=proxy).send(post("http://10.0.0.1/"))


@pytest.mark.parametrize("proxied", [False, True])
def test_only_authorities_of_the_bundle_are_trusted(
    start: Start, proxies: list[ConnectProxy], tmp_path: Path, proxied: bool
) -> None:
    right, wrong = Certificate(tmp_path, "hooks.test"), Certificate(tmp_path, "other.test")
    receiver = start(encrypted(right.context(), answering(OK)))
    proxy = through(started(proxies, receiver.port)) if proxied else None
    request = post(f"https://hooks.test:{receiver.port}/")

    for bundle in (None, wrong.path):
        with pytest.raises(Unreachable, match="^The TLS certificate is not trusted$"):
            Client(LOOPBACK, version="1", resolve=resolve_to("127.0.0.1"), certificates=bundle, proxy=proxy).send(
                request
            )
    trusting = Client(LOOPBACK, version="1", resolve=resolve_to("127.0.0.1"), certificates=right.path, proxy=proxy)
    assert trusting.send(request).body == b"ok"
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url", ["http://", "http://proxy.test/path", "http://proxy.test?x=1", "socks5://proxy.test:1080"]
)
def test_an_address_that_is_no_proxys_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="like http://user:password@proxy.example.com:3128"):
        outgoing_proxy.parse(url)


@pytest.mark.parametrize("past", ["10.0.0.0/99", "http://x", "", "."])
def test_what_is_neither_network_nor_host_is_refused(past: str) -> None:
    with pytest.raises(ValueError, match=r"neither a network like 10.0.0.0/8 nor a host"):
        outgoing_proxy.past_places([past])


def test_a_bundle_without_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ValueError, match="it holds no certificate in PEM"):
        well_formed.certificates(tmp_path / "empty.pem")
    with pytest.raises(ValueError, match="No such file"):
        well_formed.certificates(tmp_path / "not-there.pem")
    well_formed.certificates(Path(Certificate(tmp_path, "hooks.test").path))


def test_s3_goes_through_the_proxy_unless_it_is_left_out() -> None:
    proxy = outgoing_proxy.parse("http://u:p@proxy.test:3128", past=["minio.internal", "10.0.0.0/8"])

    assert _proxies(None, proxy) == {"http": "http://u:p@proxy.test:3128", "https": "http://u:p@proxy.test:3128"}
    assert _proxies("http://minio.internal:9000", proxy) is None
    assert _proxies("http://10.1.2.3:9000", proxy) is None
    assert _proxies("https://s3.example.com", None) is None
