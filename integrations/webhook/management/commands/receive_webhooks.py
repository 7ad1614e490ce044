"""`manage.py receive_webhooks`: a receiver to try things with, which checks signatures."""

from __future__ import annotations

import json
import threading
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outbound.signing import is_signed

_LONGEST_BODY = 2 * 2**20


class Command(BaseCommand):
    help = "Receive webhooks on loopback, print each as a line of JSON, and check its signatures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=9000)
        parser.add_argument("--secret", default="", help="Refuse with 401 what is not signed with it.")
        parser.add_argument("--status", type=int, default=200, help="What to answer.")
        parser.add_argument("--count", type=int, default=0, help="Stop after so many; 0: go on until Ctrl-C.")

    def handle(self, *args: Any, port: int, secret: str, status: int, count: int, **options: Any) -> None:
        try:
            server = LocalReceiver(port, secret=secret, status=status, count=count, say=self.stdout.write)
        except OSError as error:
            raise CommandError(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from None
        self.stderr.write(f"Receiving at http://127.0.0.1:{server.server_port}/ — Ctrl-C stops.")
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


class LocalReceiver(ThreadingHTTPServer):
    """Says one line of JSON for each request: path, whether it is signed, id, body."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, *, secret: str, status: int, count: int, say: Any) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.secret, self.status, self.say = secret, status, say
        self._left = count
        self._lock = threading.Lock()

    def note(self, line: dict[str, Any]) -> None:
        with self._lock:
            self.say(json.dumps(line, ensure_ascii=False))
            self._left -= 1
            if self._left == 0:
                threading.Thread(target=self.shutdown).start()


class _Handler(BaseHTTPRequestHandler):
    server: LocalReceiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY))
        signed = is_signed(dict(self.headers.items()), body, self.server.secret) if self.server.secret else None
        status = 401 if signed is False else self.server.status
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.note(
            {"path": self.path, "status": status, "signed": signed, "id": self.headers.get("webhook-id"),
             "body": _readable(body)}
        )  # fmt: skip

    do_PUT = do_PATCH = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing beside the lines of `note`."""


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body[:1000].decode("utf-8", "replace")
