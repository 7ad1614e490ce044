"""A real OpenID Connect provider on loopback (oidc-provider-mock), which can be made to answer falsely."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import jwt
import requests
from authlib import jose
from oidc_provider_mock import app
from werkzeug.serving import make_server

# It would insist on https.
os.environ.setdefault("AUTHLIB_INSECURE_TRANSPORT", "1")


class OidcProvider:
    """`forge` changes the claims of each ID token before it is signed anew; `key` signs, where it is not its own."""

    def __init__(self) -> None:
        self.forge: Callable[[dict[str, Any]], None] | None = None
        self.key: Any = None
        self.header: dict[str, Any] = {}
        # What is answered in place of the answer of an address.
        self.instead: dict[str, flask.Response | dict[str, Any] | str | int] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._app = app()
        self._app.after_request(self._answered)
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def settings(self, **changed: Any) -> dict[str, Any]:
        """What the operator writes of it."""
        return {
            "id": "okta",
            "label": "Okta",
            "issuer": self.url,
            "client_id": "runbell",
            "client_secret": "hush-hush-secret",
            "networks": ["127.0.0.0/8"],
            **changed,
        }

    def person(self, subject: str, **claims: Any) -> None:
        requests.put(f"{self.url}/users/{subject}", json=claims, timeout=10).raise_for_status()

    def says_yes(self, address: str, subject: str, *, deny: bool = False) -> str:
        """Be the person before the provider's page; give the address to which it sends them back."""
        form = {"action": "deny"} if deny else {"sub": subject}
        answer = requests.post(address, data=form, timeout=10, allow_redirects=False)
        assert answer.status_code in (302, 303), answer.text
        return str(answer.headers["Location"])

    def _answered(self, answer: flask.Response) -> flask.Response:
        path = flask.request.path
        self.asked.append((path, {**flask.request.args.to_dict(), **flask.request.form.to_dict()}))
        if path in self.instead:
            other = self.instead[path]
            if isinstance(other, int):
                return flask.Response("no", status=other)
            return flask.Response(other if isinstance(other, str) else json.dumps(other))
        if path == "/oauth2/token" and answer.status_code == 200 and (self.forge or self.key or self.header):
            answer.set_data(json.dumps(self._forged(answer.get_json())))
        return answer

    def _forged(self, told: dict[str, Any]) -> dict[str, Any]:
        header = {**jwt.get_unverified_header(told["id_token"]), **self.header}
        claims = jwt.decode(told["id_token"], options={"verify_signature": False})
        if self.forge:
            self.forge(claims)
        key = self.key or flask.g.oidc_provider_mock_storage.jwk
        if header["alg"] == "RS256":
            token = jose.jwt.encode(header, claims, key).decode()
        else:
            token = jwt.encode(claims, key=self.key, algorithm=header["alg"], headers=header)
        return {**told, "id_token": token}

    @contextmanager
    def running(self) -> Iterator[OidcProvider]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(5)


def new_key() -> Any:
    return jose.RSAKey.generate_key(is_private=True)


def address_on(page: str) -> str:
    """Give where the page leads on to."""
    found = re.search(r'content="0; url=([^"]+)"', page)
    assert found, page
    return found[1].replace("&amp;", "&").replace("&#x27;", "'")


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
