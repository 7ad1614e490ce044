"""The vault's keys change, or do not fit, while real workers deliver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.processes import Environment, Worker, free_port, manage, new_environment, run_module, wait_until

pytestmark = pytest.mark.processes

OLD, NEW, WRONG = (f"the {name} key of more than 32 characters" for name in ("old", "new", "wrong"))
DELIVERIES, SECRETS = 300, 400


class Tokens(ThreadingHTTPServer):
    """Notes the token of each delivery."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.seen: dict[str, str] = {}
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Tokens
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen[self.headers["webhook-id"]] = self.headers["Authorization"]
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def scene(environment: Environment, *step: str) -> str:
    return run_module(environment, "tests.stories.scene", *step)


def with_keys(environment: Environment, *keys: str) -> Environment:
    return {**environment, "RUNBELL_FERNET_KEYS": ",".join(keys)}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    with new_environment(tmp_path) as fresh:
        yield {**with_keys(fresh, OLD), "RUNBELL_ALLOWED_PRIVATE_CIDRS": "127.0.0.1/32"}


@pytest.fixture
def receiver(environment: Environment) -> Iterator[Tokens]:
    manage(environment, "migrate", "--verbosity=0")
    with Tokens() as server:
        scene(environment, "prepare", f"http://127.0.0.1:{server.server_port}/hook")
        yield server
        server.shutdown()


def test_the_keys_are_rotated_while_a_worker_delivers(environment: Environment, receiver: Tokens) -> None:
    scene(environment, "use_secrets", str(SECRETS))
    scene(environment, "burst", str(DELIVERIES))
    both = with_keys(environment, NEW, OLD)
    with Worker(both):
        wait_until(lambda: receiver.seen, 60, "the first delivery")
        said = manage(both, "rotate_vault_keys")
        wait_until(lambda: json.loads(scene(both, "states")) == {"delivered": DELIVERIES}, 120, "all deliveries")
    assert f"secrets_vault.Secret.value: {SECRETS} rotated, 0 already new, 0 unreadable" in said
    assert set(receiver.seen.values()) == {"Bearer the value of number 0"}
    looked = manage(with_keys(environment, NEW), "rotate_vault_keys", "--check")
    assert f"secrets_vault.Secret.value: 0 to rotate, {SECRETS} already new, 0 unreadable" in looked


def test_without_the_key_the_worker_says_so_and_deliveries_wait_for_it(
    environment: Environment, receiver: Tokens
) -> None:
    scene(environment, "use_secrets", "2")
    scene(environment, "burst", "3")
    with Worker(with_keys(environment, WRONG)) as worker:
        wait_until(lambda: "No key in RUNBELL_FERNET_KEYS opens 2 of the values" in worker.printed, 30, "the warning")
        worker.wait_until_idle()
        assert json.loads(scene(environment, "states")) == {"pending": 3}
    assert receiver.seen == {}
    with Worker(environment) as worker:
        wait_until(lambda: len(receiver.seen) == 3, 60, "the deliveries")
        assert "RUNBELL_FERNET_KEYS" not in worker.printed
