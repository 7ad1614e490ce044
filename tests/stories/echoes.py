"""Receivers that say back what they were sent, in every encoding: of webhooks, a Slack, a mail server."""

from __future__ import annotations

import base64
import itertools
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from tests.canaries import CANARIES, ENCODINGS
from tests.processes import free_port
from tests.slack_server import TEAM, Answer, Seen, SlackServer
from tests.smtp_server import SmtpServer

# What a channel of the echoing Slack does; and a user of the echoing mail server.
SLACK_KINDS = ("ECHO", "FAIL", "HANG", "GONE")
MAIL_KINDS = ("echo", "fail", "hang", "gone", "auth")
# Longer than the deadline of the deliveries.
_HANGS_SECONDS = 4


class Echo(ThreadingHTTPServer):
    """Says it in its body, its headers and its status line."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.bodies: dict[str, list[str]] = {name: [] for name in CANARIES}
        self.hanging = 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Echo
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        _, kind, name = self.path.partition("?")[0].split("/")
        self.server.bodies[name].append(body.decode())
        if kind == "hang":
            self.server.hanging += 1
            time.sleep(_HANGS_SECONDS)
            return
        secret = CANARIES[name]
        said = in_every_encoding(secret)
        line = "".join(one if 32 <= ord(one) < 127 else "?" for one in secret[:500])
        answer = (
            f"HTTP/1.1 {200 if kind == 'echo' else 500} {line}\r\n"
            f"X-Echo: {line}\r\nX-Base: {ENCODINGS['base64'](secret[:300])}\r\n"
            f"X-Percent: {ENCODINGS['percent'](secret[:99])}\r\n"
            f"X-{ENCODINGS['hexadecimal'](secret[:30])}: name\r\n"
            f"Authorization: {line}\r\nContent-Length: {len(said.encode())}\r\n\r\n"
        )
        with suppress(OSError):
            self.wfile.write(answer.encode() + said.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class EchoingSlack(SlackServer):
    """Says back tokens, and addresses of incoming webhooks.

    What it does stands in the channel's id (`CFAILPLAIN`) and in the address (`/services/FAIL/PLAIN/…`).
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[tuple[str, str, str], list[str]] = {}
        self.hanging = 0
        self._turns = itertools.count()
        # Clients that gave up are what is wanted here.
        setattr(self._http, "handle_error", lambda *_: None)  # noqa: B010 (it is a method to mypy)

    def take(self, seen: Seen) -> Answer:
        if seen.path.startswith("/services/"):
            _, _, kind, name, _ = seen.path.split("/", 4)
            return self._echo("hook", kind, name, f"{self.url}{seen.path}")
        if seen.path.endswith("chat.postMessage"):
            kind, name = kind_and_name(str(seen.body["channel"]))
            # As http.server reads headers.
            token = (
                seen.headers.get("authorization", "")
                .removeprefix("Bearer ")
                .encode("latin-1")
                .decode("utf-8", "replace")
            )
            return self._echo("bot", kind, name, token)
        return Answer({"ok": True, "team": TEAM["name"], "team_id": TEAM["id"], "channels": []})

    def _echo(self, way: str, kind: str, name: str, secret: str) -> Answer:
        self.sent.setdefault((way, kind, name), []).append(secret)
        if kind == "HANG":
            self.hanging += 1
            time.sleep(_HANGS_SECONDS)
        plain = unquote(secret) if way == "hook" else secret
        error = {"ECHO": "", "GONE": "no_service" if way == "hook" else "invalid_auth"}.get(kind, self._in_turn(plain))
        said = "\n".join(in_every_encoding(one) for one in {secret, plain})
        if way == "hook":
            return Answer(f"{error}\n{said}" if error else "ok", 404 if error else 200, {"X-Said": plain_line(plain)})
        body = {"ok": not error, "channel": "C1", "ts": "1.1", "said": said, **({"error": error} if error else {})}
        return Answer(body, headers={"X-Said": plain_line(plain)})

    def _in_turn(self, secret: str) -> str:
        """Each time in another encoding: so little is kept of an error that of all of them only the first would be."""
        writes = list(ENCODINGS.values())
        return writes[next(self._turns) % len(writes)](secret[:300])


class EchoingMail(SmtpServer):
    """Says back the password; the user who signs in says what it does, and the password which it is."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, set[str]] = {}
        self._turns = itertools.count()
        self._signed_in: dict[int, tuple[str, str]] = {}

    @property
    def written(self) -> str:
        """Every letter, as it came and as it is read."""
        parts = [part for letter in self.letters for part in letter.message.walk() if not part.is_multipart()]
        raw = [letter.raw.decode("utf-8", "replace") for letter in self.letters]
        return "\n".join([*raw, *(str(part.get_payload(decode=True).decode()) for part in parts)])

    def reply(self, word: str, usual: str, about: str) -> str:
        here = threading.get_ident()
        if word == "AUTH":
            _, kind, password = base64.b64decode(about.partition(" ")[2]).decode().split("\0")
            self._signed_in[here] = kind, password
            self.sent.setdefault(kind, set()).add(password)
        kind, password = self._signed_in.get(here, ("", ""))
        if kind == "hang" and word == "DATA":
            self.ended.wait(_HANGS_SECONDS)
        code = {("echo", "END"): 250, ("fail", "END"): 554, ("gone", "RCPT"): 550, ("auth", "AUTH"): 535}.get(
            (kind, word)
        )
        return usual if code is None else f"{code} {self._in_turn(password)}"

    def _in_turn(self, secret: str) -> str:
        writes = list(ENCODINGS.values())
        return " ".join(writes[next(self._turns) % len(writes)](secret[:300]).split())


def in_every_encoding(secret: str) -> str:
    return "\n".join(f"{how}: {write(secret[:300])}" for how, write in ENCODINGS.items())


def plain_line(secret: str) -> str:
    return "".join(one if 32 <= ord(one) < 127 else "?" for one in secret[:500])


def kind_and_name(channel_id: str) -> tuple[str, str]:
    """Read `CFAILPLAIN`."""
    return channel_id[1:5], channel_id[5:]
