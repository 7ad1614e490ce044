from __future__ import annotations

import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outbound.addresses import Policy, Refused
from outbound.client import BODY_LIMIT, Request
from tests.integrations.receivers import OK, Answer, Receiver, Start, answering, client, post, resolve_to


def test_a_reply_holds_what_the_receiver_said(start: Start) -> None:
    receiver = start(answering(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nwait"))
    reply = client().send(post(receiver.url))
    assert (reply.status, reply.headers["retry-after"], reply.body, reply.truncated) == (
        429,
        "7",
        b"wait",
        False,
    )
    assert 0 < reply.seconds < 2


def test_the_receiver_gets_the_request_as_given(start: Start) -> None:
    receiver = start(answering(OK))
    client().send(Request("POST", receiver.url + "?a=1#b", {"webhook-id": "msg_1"}, b'{"run": 1}'))
    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /hook?a=1 HTTP/1.1"
    assert sorted(head.split(b"\r\n")[1:]) == [
        b"Accept-Encoding: identity",
        b"Content-Length: 10",
        f"Host: 127.0.0.1:{receiver.port}".encode(),
        b"User-Agent: Runbell/1.2.3",
        b"webhook-id: msg_1",
    ]
    assert body == b'{"run": 1}'


def test_a_redirect_is_returned_and_not_followed(start: Start) -> None:
    other = start(answering(OK))
    redirect = f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n"
    receiver = start(answering(redirect.encode()))
    assert client().send(post(receiver.url)).status == 302
    assert other.connections == 0


def endless(head: bytes) -> Answer:
    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(head)
        for _ in range(1024):
            connection.sendall(bytes(1024 * 1024))
        receiver.requests.append(b"all of it was read")

    return answer


@pytest.mark.parametrize("status", [b"200 OK", b"302 Found\r\nLocation: /"])
def test_a_body_of_a_gigabyte_is_cut_and_the_connection_dropped(start: Start, status: bytes) -> None:
    receiver = start(endless(b"HTTP/1.1 " + status + b"\r\nContent-Length: 1073741824\r\n\r\n"))
    reply = client().send(post(receiver.url))
    assert (len(reply.body), reply.truncated) == (BODY_LIMIT, True)
    assert len(receiver.requests) == 1


def test_a_body_of_just_the_limit_is_whole(start: Start) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BODY_LIMIT
    reply = client().send(post(start(answering(head + bytes(BODY_LIMIT))).url))
    assert (len(reply.body), reply.truncated) == (BODY_LIMIT, False)


def test_a_chunked_body_is_joined(start: Start) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    receiver = start(answering(head + b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"))
    sender = client()
    assert [sender.send(post(receiver.url)).body for _ in range(2)] == [b"abcde", b"abcde"]
    assert receiver.connections == 1


def test_a_compressed_body_is_left_compressed(start: Start) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    assert client().send(post(start(answering(head + bomb)).url)).body == bomb


def test_a_rebinding_name_is_dialled_at_the_address_that_was_checked(start: Start) -> None:
    receiver = start(answering(OK))
    asked = iter(["127.0.0.1", "10.0.0.1"])
    sender = client(resolve=lambda host, port, **options: resolve_to(next(asked))(host, port))
    assert sender.send(post(f"http://hooks.test:{receiver.port}/")).body == b"ok"
    assert list(asked) == ["10.0.0.1"]
    assert f"Host: hooks.test:{receiver.port}".encode() in receiver.requests[0]


@pytest.mark.parametrize("addresses", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::1"]])
def test_a_name_with_one_forbidden_address_is_not_dialled(start: Start, addresses: list[str]) -> None:
    receiver = start(answering(OK))
    with pytest.raises(Refused):
        client(resolve=resolve_to(*addresses)).send(post(f"http://hooks.test:{receiver.port}/"))
    assert receiver.connections == 0


def test_a_private_address_is_not_dialled_by_default(start: Start) -> None:
    receiver = start(answering(OK))
    with pytest.raises(Refused, match="private or reserved"):
        client(Policy()).send(post(receiver.url))
    assert receiver.connections == 0


def test_the_next_address_is_tried_when_one_refuses(start: Start) -> None:
    receiver = start(answering(OK))
    sender = client(resolve=resolve_to("127.0.0.9", "127.0.0.1"))
    assert sender.send(post(f"http://hooks.test:{receiver.port}/")).body == b"ok"


@pytest.mark.parametrize("name", ["Host", "Content-Length", "transfer-encoding", "bad name", "x\r\ny", ""])
def test_a_header_that_frames_the_message_is_refused(start: Start, name: str) -> None:
    receiver = start(answering(OK))
    with pytest.raises(Refused):
        client().send(post(receiver.url, **{name: "1"}))
    assert receiver.connections == 0


def test_a_line_break_in_a_header_is_refused() -> None:
    with pytest.raises(Refused, match="'Authorization' has a character that cannot be sent"):
        client().send(post("http://127.0.0.1/", Authorization="Bearer a\r\nHost: b"))


def test_proxies_and_netrc_of_the_environment_are_ignored(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, receiver = start(answering(OK)), start(answering(OK))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    client().send(post(receiver.url))
    assert (proxy.connections, receiver.connections) == (0, 1)
    assert b"Authorization" not in receiver.requests[0]


def test_cookies_are_not_kept(start: Start) -> None:
    receiver = start(answering(b"HTTP/1.1 204 None\r\nSet-Cookie: team=a\r\n\r\n"))
    sender = client()
    sender.send(post(receiver.url))
    sender.send(post(receiver.url))
    assert not any(b"Cookie" in request for request in receiver.requests)


def test_a_connection_is_used_again(start: Start) -> None:
    receiver = start(answering(OK))
    sender = client()
    assert [sender.send(post(receiver.url)).body for _ in range(5)] == [b"ok"] * 5
    assert receiver.connections == 1


def once_then_close(receiver: Receiver, connection: socket.socket) -> None:
    receiver.read(connection)
    connection.sendall(OK)
    if receiver.connections == 1:
        receiver.read(connection)


def test_a_connection_closed_while_idle_is_not_a_failure(start: Start) -> None:
    receiver = start(once_then_close)
    sender = client()
    # The second finds its connection closed in its face, the third a fresh one.
    assert [sender.send(post(receiver.url)).body for _ in range(3)] == [b"ok"] * 3


def test_the_second_try_takes_no_other_idle_connection(start: Start) -> None:
    both = threading.Barrier(2)

    def once_then_close_both(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        if receiver.connections < 3:
            both.wait(2)
        connection.sendall(OK)
        receiver.read(connection)

    receiver, sender = start(once_then_close_both), client()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: sender.send(post(receiver.url)), range(2)))
    assert sender.send(post(receiver.url)).body == b"ok"
    assert receiver.connections == 3


def test_thirty_two_threads_get_each_their_own_answer(start: Start) -> None:
    def echo(receiver: Receiver, connection: socket.socket) -> None:
        while True:
            body = receiver.read(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    receiver, sender = start(echo), client()
    bodies = [b"event %d" % number for number in range(640)]
    with ThreadPoolExecutor(32) as threads:
        answered = list(threads.map(lambda body: sender.send(post(receiver.url, body)).body, bodies))
    assert answered == bodies
    assert receiver.connections <= 32


def test_a_small_request_goes_out_in_one_piece(start: Start) -> None:
    pieces = []

    def answer(receiver: Receiver, connection: socket.socket) -> None:
        pieces.append(connection.recv(65536))
        connection.sendall(OK)

    client().send(post(start(answer).url, b'{"run": "r1"}'))
    assert pieces[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert pieces[0].endswith(b'\r\n\r\n{"run": "r1"}')
