from __future__ import annotations

import socket
import struct
import threading
import time

import pytest

from outbound.client import Request, Unreachable
from tests.integrations.receivers import OK, Answer, Receiver, Start, answering, client, post, resolve_to

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def reason(request: Request) -> str:
    with pytest.raises(Unreachable) as failure:
        client().send(request, deadline_seconds=20)
    return str(failure.value)


def late(url: str, **options: object) -> float:
    """Give the seconds until the deadline of half a second was noticed."""
    started_at = time.monotonic()
    with pytest.raises(Unreachable, match=r"^The receiver did not answer within 0.5 s$"):
        client(**options).send(post(url), deadline_seconds=0.5)
    return time.monotonic() - started_at


def silent(receiver: Receiver, connection: socket.socket) -> None:
    receiver.stopped.wait(5)


def dripping(sent: bytes, dripped: bytes) -> Answer:
    def answer(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(sent)
        receiver.drip(connection, dripped)

    return answer


LATE = {
    "silence": silent,
    "dripped status": dripping(b"", b"H" * 100),
    "dripped headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 20),
    "dripped body": dripping(HEAD, b"x" * 100),
    "dripped body without end": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100),
    "dripped chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 20),
    "endless continues": dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 9, b"HTTP/1.1 100 OK\r\n\r\n" * 9),
}


@pytest.mark.parametrize("answer", LATE.values(), ids=LATE.keys())
def test_an_answer_is_waited_for_until_the_deadline_and_no_longer(start: Start, answer: Answer) -> None:
    assert 0.45 < late(start(answer).url) < 3


def test_a_receiver_that_never_accepts_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert 0.45 < late(f"http://127.0.0.1:{listener.getsockname()[1]}/") < 3


def test_a_receiver_that_never_reads_is_left_at_the_deadline(start: Start) -> None:
    request = post(start(silent).url, bytes(50_000_000))
    started_at = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer within 0.5 s"):
        client().send(request, deadline_seconds=0.5)
    assert 0.45 < time.monotonic() - started_at < 3


def test_a_name_server_that_never_answers_is_left_at_the_deadline() -> None:
    released = threading.Event()
    assert 0.45 < late("http://hooks.test/", resolve=lambda *a, **b: released.wait(5)) < 3
    released.set()


def test_an_address_that_swallows_packets_leaves_time_for_the_next(start: Start) -> None:
    receiver = start(answering(OK))
    with socket.create_server(("127.0.0.2", receiver.port), backlog=0) as full:
        first, second = socket.socket(), socket.socket()
        with first, second:
            first.connect(full.getsockname())
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            sender = client(resolve=resolve_to("127.0.0.2", "127.0.0.1"))
            reply = sender.send(post(f"http://hooks.test:{receiver.port}/"), deadline_seconds=4)
    assert reply.body == b"ok"
    assert 1.6 < reply.seconds < 3.9


def test_the_time_of_one_request_does_not_count_for_the_next(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, sender, now = start(answering(OK)), client(), time.monotonic
    sender.send(post(receiver.url), deadline_seconds=10)
    monkeypatch.setattr(time, "monotonic", lambda: now() + 60)
    assert sender.send(post(receiver.url), deadline_seconds=10).body == b"ok"
    assert receiver.connections == 1


def test_a_fresh_connection_closed_without_an_answer_is_not_tried_again(start: Start) -> None:
    receiver = start(lambda receiver, connection: receiver.read(connection) and None)
    assert reason(post(receiver.url)) == "The receiver closed the connection without an answer"
    assert receiver.connections == 1


def test_a_reset_is_told_without_an_address(start: Start) -> None:
    def reset(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert reason(post(start(reset).url)) == "The receiver closed the connection without an answer"


def test_a_closed_port_is_told(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert reason(post(f"http://127.0.0.1:{port}/")) == "The connection was refused"


def test_an_unknown_name_is_told() -> None:
    def unknown(*arguments: object, **options: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unreachable, match="^The name could not be resolved$"):
        client(resolve=unknown).send(post("http://hooks.test/"))


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x00" * 70_000,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    ids=["ssh", "nulls", "status", "too many headers", "long header", "two lengths"],
)
def test_garbage_is_told(start: Start, garbage: bytes) -> None:
    assert reason(post(start(answering(garbage)).url)) == "The answer was not valid HTTP"


@pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n9\r\n"])
def test_an_answer_cut_short_is_told(start: Start, framing: bytes) -> None:
    def cut(receiver: Receiver, connection: socket.socket) -> None:
        receiver.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"half")

    assert reason(post(start(cut).url)) == "The answer ended before it was complete"
