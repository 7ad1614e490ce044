"""Clients that mean no good, each a program of its own beside the bench: `python -m bench.abusers KIND PORT KEY`.

They reach loopback alone, and stop by themselves after two minutes. A further one is a function in KINDS.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlencode

_LONGEST_SECONDS = 120
_SOCKETS = 200
_BEGINNINGS = (
    b"",
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n{",
    b"PUT /files/send/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000000\r\n\r\n",
)


def slow_sockets(port: int, key: str) -> None:
    """Keep 200 sockets open that say nothing, or a byte now and then; who is closed comes back."""
    sockets: dict[int, socket.socket] = {}
    for _ in _until_the_end(1.0):
        for number in range(_SOCKETS):
            try:
                if number not in sockets:
                    sockets[number] = socket.create_connection(("127.0.0.1", port), timeout=1)
                    sockets[number].sendall(_BEGINNINGS[number % len(_BEGINNINGS)])
                elif number % len(_BEGINNINGS):
                    sockets[number].sendall(b"x")
            except OSError:
                with suppress(KeyError):
                    sockets.pop(number).close()


def hostile_documents(port: int, key: str) -> None:
    """Send 50 documents a second, each another one: too large, too many fragments, too dear, as many as are allowed."""
    with ThreadPoolExecutor(64) as pool:
        for number, _ in enumerate(_until_the_end(1 / 50)):
            document = _DOCUMENTS[number % len(_DOCUMENTS)](number)
            pool.submit(_post, port, "/graphql", {"query": document}, key)


def strangers_documents(port: int, key: str) -> None:
    """Send the same without a key, and what strangers may send at most."""
    with ThreadPoolExecutor(64) as pool:
        for number, _ in enumerate(_until_the_end(1 / 50)):
            document = (*_DOCUMENTS, _strangers)[number % (len(_DOCUMENTS) + 1)](number)
            pool.submit(_post, port, "/graphql", {"query": document}, "")


def wrong_passwords(port: int, key: str) -> None:
    """Try 20 passwords a second, of a person that there is and of names that there are not."""
    with ThreadPoolExecutor(32) as pool:
        for number, _ in enumerate(_until_the_end(1 / 20)):
            pool.submit(_sign_in, port, "abuser" if number % 2 else f"nobody{number}", f"wrong-{number}")


def greedy_key(port: int, key: str) -> None:
    """Ask for the largest pages of REST, and log rows, by 16 sockets, each as soon as the one before is answered."""
    with ThreadPoolExecutor(16) as pool:
        for _ in range(16):
            pool.submit(_be_greedy, port, key)


def _fragments(number: int) -> str:
    used = " ".join(f"...f{one}" for one in range(800))
    return f"{{ viewer {{ {used} }} }} " + " ".join(
        f"fragment f{one} on User {{ a{number}: id }}" for one in range(800)
    )


def _nested(number: int) -> str:
    down, up = "{ teams { edges { node { organization ", " } } } }"
    return f"{{ viewer {down * 60} {{ a{number}: name }} {up * 60} }}"


def _lists(number: int) -> str:
    inner = f"runs(first: 5000) {{ edges {{ node {{ a{number}: name config summaryMetrics project {{ %s }} }} }} }}"
    return '{ project(name: "bench", entityName: "bench") { ' + inner % (inner % (inner % "id")) + " } }"


def _allowed(number: int) -> str:
    """As dear as validation may become."""
    inner = "teams { edges { node { name } } } organizations { name }"
    used = " ".join(f"...f{one}" for one in range(10))
    return f"{{ viewer {{ a{number}: id {used} }} }} " + " ".join(
        f"fragment f{one} on User {{ {inner} }}" for one in range(10)
    )


def _strangers(number: int) -> str:
    names = " ".join(f"a{number}x{one}: id" for one in range(45))
    return f"{{ viewer {{ {names} teams {{ edges {{ node {{ nmae{number} }} }} }} }} }}"


_DOCUMENTS: tuple[Callable[[int], str], ...] = (_fragments, _nested, _lists, _allowed)


def _post(port: int, path: str, body: object, key: str) -> None:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    _ask(port, "POST", path, json.dumps(body), headers)


def _sign_in(port: int, name: str, password: str) -> None:
    token = "x" * 32
    body = urlencode({"login": name, "username": name, "password": password, "csrfmiddlewaretoken": token})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token}"}
    _ask(port, "POST", "/sign-in", body, headers)


def _be_greedy(port: int, key: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    for number, _ in enumerate(_until_the_end(0)):
        if number % 4:
            _ask(port, "GET", "/api/v1/projects/bench/bench/runs?page_size=500", None, headers)
        else:
            rows = json.dumps({"offset": 0, "rows": [{"_step": step, "loss": number} for step in range(1000)]})
            _ask(port, "POST", "/api/v1/projects/bench/bench/runs/greedy/history", rows, headers)


def _ask(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with suppress(OSError, http.client.HTTPException):
        connection.request(method, path, body, headers)
        connection.getresponse().read()
    connection.close()


def _until_the_end(every: float) -> Iterator[None]:
    begun, turn = time.monotonic(), 0
    while time.monotonic() - begun < _LONGEST_SECONDS:
        yield
        turn += 1
        time.sleep(max(0.0, begun + turn * every - time.monotonic()))


KINDS: dict[str, Callable[[int, str], None]] = {
    "200 slow sockets": slow_sockets,
    "50 hostile documents/s, strangers": strangers_documents,
    "50 hostile documents/s, signed in": hostile_documents,
    "20 wrong passwords/s": wrong_passwords,
    "one greedy key": greedy_key,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
