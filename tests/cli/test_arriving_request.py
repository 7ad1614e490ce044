from __future__ import annotations

from pathlib import Path

import pytest

from cli.web_server.arriving_request import LONGEST_HEAD, ArrivingRequest

KEPT = 1000
BODY = bytes(range(256)) * 3
HEAD = f"POST /graphql HTTP/1.1\r\nHost: runbell.test\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()


def read_all(request: ArrivingRequest) -> bytes:
    pieces = []
    while piece := request.read(100):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_however_it_is_cut_the_same_request_is_read(tmp_path: Path, size: int) -> None:
    request, sent = ArrivingRequest(tmp_path, KEPT), HEAD + BODY
    for start in range(0, len(sent), size):
        assert not request.is_ready
        request.take(sent[start : start + size])
    assert (request.is_ready, request.is_streamed, request.surplus) == (True, False, b"")
    assert read_all(request) == sent
    assert request.is_read


def test_what_comes_behind_it_is_the_next_request(tmp_path: Path) -> None:
    request = ArrivingRequest(tmp_path, KEPT)
    request.take(HEAD + BODY + b"GET / HTTP/1.1\r\n")
    assert (read_all(request), request.surplus) == (HEAD + BODY, b"GET / HTTP/1.1\r\n")


def test_a_request_without_a_body_is_ready_with_its_head(tmp_path: Path) -> None:
    request = ArrivingRequest(tmp_path, KEPT)
    request.take(b"GET / HTTP/1.1\r\nHost: runbell.test\r\n\r\n")
    assert (request.is_ready, request.is_streamed) == (True, False)


@pytest.mark.parametrize("said", [f"content-length:{KEPT + 1}", "Transfer-Encoding: chunked"], ids=["long", "chunked"])
def test_a_body_that_is_not_kept_is_read_from_the_socket(tmp_path: Path, said: str) -> None:
    request, head = ArrivingRequest(tmp_path, KEPT), f"PUT /files HTTP/1.1\r\n{said}\r\n\r\n".encode()
    request.take(head + b"begin")
    assert (request.is_ready, request.is_streamed) == (True, True)
    assert [request.read(1000), request.read(1000), request.read(1000)] == [head, b"begin", None]
    assert not request.is_read


def test_a_head_without_an_end_is_too_long_at_some_time(tmp_path: Path) -> None:
    request = ArrivingRequest(tmp_path, KEPT)
    request.take(b"GET / HTTP/1.1\r\n")
    assert not request.is_too_long
    request.take(b"a" * LONGEST_HEAD)
    assert (request.is_too_long, request.is_ready) == (True, False)


@pytest.mark.parametrize(("version", "expects"), [("1.1", True), ("1.0", False)])
def test_only_http_1_1_is_told_to_continue(tmp_path: Path, version: str, expects: bool) -> None:
    request = ArrivingRequest(tmp_path, KEPT)
    request.take(f"PUT / HTTP/{version}\r\nexpect: 100-Continue\r\nContent-Length: 9\r\n\r\n".encode())
    assert request.expects_continue is expects
