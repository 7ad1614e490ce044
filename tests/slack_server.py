"""A Slack of our own, over real HTTP: for tests, and to watch messages arrive.

    python -m tests.slack_server 8091

It knows auth.test, oauth.v2.access, conversations.list (paged), chat.postMessage and incoming webhooks, and can be told
to refuse: `server.refuse("chat.postMessage", "is_archived")`, `server.limit(1, seconds=30)`. Its tokens are
`xoxb-good-1` and those it hands out; its channels C001 (general), C002 (alerts) and as many as a test adds.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

TOKEN = "xoxb-good-1"
TEAM = {"id": "T001", "name": "Acme Inc"}
CODE, CLIENT_ID, CLIENT_SECRET = "code-1", "client-1", "client-secret-1"
PAGE = 2


@dataclass
class Answer:
    body: dict[str, Any] | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    # With the usual 5 it would drop those who come in a crowd.
    request_queue_size = 256


class SlackServer:
    """Start it with `with SlackServer() as slack:`; `slack.messages` are what arrived and was taken."""

    def __init__(self, port: int = 0, *, show: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.tokens = {TOKEN: TEAM}
        self.channels = [{"id": "C001", "name": "general"}, {"id": "C002", "name": "alerts"}]
        self.hooks = {"/services/T001/B001/hook-secret-1"}
        self.messages: list[dict[str, Any]] = []
        self.requests: list[Seen] = []
        self.show = show or (lambda _message: None)
        self._answers: dict[str, list[Answer]] = {}
        self._refusals: dict[str, str] = {}
        self._http = _Http(("127.0.0.1", port), _handler(self))

    # What a test tells it ---------------------------------------------------------------------------

    def refuse(self, method: str, error: str) -> None:
        """Answer `error` to this method from now on; `hook` stands for incoming webhooks. Blank: stop that."""
        self._refusals[method] = error

    def answer_once(self, method: str, answer: Answer) -> None:
        self._answers.setdefault(method, []).append(answer)

    def limit(self, times: int, *, method: str = "chat.postMessage", seconds: int = 30) -> None:
        """Answer 429 so many times."""
        for _ in range(times):
            self.answer_once(method, Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)}))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def hook_url(self) -> str:
        return self.url + min(self.hooks)

    def serve_forever(self) -> None:
        self._http.serve_forever(poll_interval=0.05)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    # What Slack does --------------------------------------------------------------------------------

    def take(self, seen: Seen) -> Answer:
        self.requests.append(seen)
        address = urlsplit(seen.path)
        if address.path == "/oauth/v2/authorize":
            return self._consent(dict(parse_qsl(address.query)))
        is_hook = address.path.startswith("/services/")
        method = "hook" if is_hook else address.path.removeprefix("/api/")
        if self._answers.get(method):
            return self._answers[method].pop(0)
        if is_hook:
            return self._hook(address.path, seen)
        if self._refusals.get(method):
            return Answer({"ok": False, "error": self._refusals[method]})
        known = {
            "auth.test": self._auth_test,
            "oauth.v2.access": self._oauth,
            "conversations.list": self._conversations,
            "chat.postMessage": self._post,
        }
        return known[method](seen) if method in known else Answer({"ok": False, "error": "unknown_method"})

    def _consent(self, query: dict[str, str]) -> Answer:
        """Say yes at once, as a person does who presses Allow."""
        back = f"{query['redirect_uri']}?{urlencode({'code': CODE, 'state': query['state']})}"
        return Answer("", 302, {"Location": back})

    def _hook(self, path: str, seen: Seen) -> Answer:
        if path not in self.hooks:
            return Answer("no_service", 404)
        if self._refusals.get("hook"):
            error = self._refusals["hook"]
            return Answer(error, 410 if error == "channel_is_archived" else 403)
        return self._kept("hook", seen.body, Answer("ok"))

    def _oauth(self, seen: Seen) -> Answer:
        if seen.body.get("code") != CODE:
            return Answer({"ok": False, "error": "invalid_code"})
        token = f"xoxb-oauth-{len(self.tokens)}"
        self.tokens[token] = TEAM
        return Answer({"ok": True, "access_token": token, "token_type": "bot", "team": TEAM, "bot_user_id": "U0BOT"})

    def _auth_test(self, seen: Seen) -> Answer:
        team = self._team(seen)
        if team is None:
            return Answer({"ok": False, "error": "invalid_auth"})
        return Answer({"ok": True, "team": team["name"], "team_id": team["id"], "user": "runbell", "user_id": "U0BOT"})

    def _conversations(self, seen: Seen) -> Answer:
        if self._team(seen) is None:
            return Answer({"ok": False, "error": "invalid_auth"})
        start = int(seen.body.get("cursor") or 0)
        more = str(start + PAGE) if start + PAGE < len(self.channels) else ""
        page = self.channels[start : start + PAGE]
        return Answer({"ok": True, "channels": page, "response_metadata": {"next_cursor": more}})

    def _post(self, seen: Seen) -> Answer:
        if self._team(seen) is None:
            return Answer({"ok": False, "error": "invalid_auth" if seen.headers.get("authorization") else "not_authed"})
        channel = seen.body.get("channel")
        if channel not in {one["id"] for one in self.channels}:
            return Answer({"ok": False, "error": "channel_not_found"})
        return self._kept(str(channel), seen.body, Answer({"ok": True, "channel": channel, "ts": "1700000000.000100"}))

    def _kept(self, channel: str, body: dict[str, Any], answer: Answer) -> Answer:
        problem = too_long(body)
        if problem:
            return Answer({"ok": False, "error": problem})
        self.messages.append({"channel": channel, **body})
        self.show(self.messages[-1])
        return answer

    def _team(self, seen: Seen) -> dict[str, str] | None:
        return self.tokens.get(seen.headers.get("authorization", "").removeprefix("Bearer "))


def too_long(body: dict[str, Any]) -> str:
    """Give Slack's refusal of a message over its limits; blank where it has none."""
    blocks = [block for part in [body, *body.get("attachments", [])] for block in part.get("blocks", [])]
    texts = [block for block in blocks if isinstance(block.get("text"), dict)]
    limits = {"header": 150, "section": 3000}
    if len(blocks) > 50 or any(len(block["text"]["text"]) > limits[block["type"]] for block in texts):
        return "invalid_blocks"
    if any(len(one["text"]) > 2000 for block in blocks for one in block.get("fields", [])):
        return "invalid_blocks"
    return "msg_too_long" if len(body.get("text", "")) > 40_000 else ""


def _handler(slack: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            is_json = "json" in self.headers.get("Content-Type", "")
            self._answer(json.loads(raw or "{}") if is_json else dict(parse_qsl(raw)))

        def do_GET(self) -> None:
            self._answer({})

        def _answer(self, body: dict[str, Any]) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = slack.take(Seen(self.command, self.path, headers, body))
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in {"Content-Type": "text/plain", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing: the messages are what people want to see."""

    return Handler


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8091
    slack = SlackServer(port, show=lambda message: print(json.dumps(message, indent=2, ensure_ascii=False), flush=True))
    print(f"SLACK_API_URL={slack.api_url}  token {TOKEN}  incoming webhook {slack.hook_url}", flush=True)
    try:
        slack.serve_forever()
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
