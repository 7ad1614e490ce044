"""The HTTP client, and the only socket of the product: every request to the outside goes through its SSRF guard."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from outbound.addresses import ParsedUrl, Policy, Refused, Resolve, parse
from outbound.connections import GuardedAdapter
from outbound.proxy.outgoing_proxy import OutgoingProxy
from outbound.proxy.tunnel import ProxyFailure
from outbound.request_deadline import Exchange, current

BODY_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Request:
    """What to send. Its repr leaves out all that may hold a secret.

    `shown_url` and `shown_headers` are what may be stored and shown instead, where a secret stands in them.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    shown_url: str | None = None
    shown_headers: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Reply:
    """What came back, whatever its status. `headers` ignores case; `body` is as sent, never decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    seconds: float


class Unreachable(Exception):
    """No whole answer came; a later try may have one. The message is for people and holds no address."""


class Client:
    """Sends requests under one policy. Threads may share it; processes may not: create it after the fork.

    Promised: only checked addresses are dialled, `deadline_seconds` holds for all from the name to the last
    byte, at most 64 KiB (`body_limit`) are read. Not done: redirects, retries, cookies, netrc, decompression, and any
    proxy but the one that is given.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        version: str,
        resolve: Resolve = socket.getaddrinfo,
        certificates: str | None = None,
        proxy: OutgoingProxy | None = None,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._proxy = proxy
        self._own_headers = {"User-Agent": f"Runbell/{version}", "Accept-Encoding": "identity"}
        self._adapter = GuardedAdapter(certificates)

    def send(self, request: Request, *, deadline_seconds: float = 10.0, body_limit: int = BODY_LIMIT) -> Reply:
        """Give the receiver's reply, or raise Refused (policy) or Unreachable (network).

        The receiver may see a request twice, when it closes an idle connection just as it is used again.
        """
        started_at = time.monotonic()
        parsed = parse(request.url, self._policy)
        prepared = self._prepared(request, parsed)
        exchange = Exchange(parsed, self._policy, self._resolve, started_at + deadline_seconds, self._proxy)
        token = current.set(exchange)
        try:
            status, headers, body = self._answer(prepared, exchange, body_limit)
        except Refused as refusal:
            if refusal.rule != "dns":
                raise
            raise Unreachable("The name could not be resolved") from None
        except _FAILURES as error:
            # Not chained: the messages of requests hold the URL, and so perhaps a secret.
            reason = _late(deadline_seconds) if exchange.expired else _reason(error, deadline_seconds)
            raise Unreachable(reason) from None
        finally:
            current.reset(token)
        seconds = time.monotonic() - started_at
        return Reply(status, headers, body[:body_limit], len(body) > body_limit, seconds)

    def close(self) -> None:
        self._adapter.close()

    def _prepared(self, request: Request, parsed: ParsedUrl) -> requests.PreparedRequest:
        # By hand: requests would parse the URL its own way and look for credentials in it.
        headers = CaseInsensitiveDict(sendable(request.headers))
        headers.update(self._own_headers)
        if request.body or request.method not in ("GET", "HEAD"):
            headers["Content-Length"] = str(len(request.body))
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = parsed.url
        prepared.headers = headers
        prepared.body = request.body or None
        return prepared

    def _answer(self, prepared: requests.PreparedRequest, exchange: Exchange, body_limit: int) -> _Answer:
        try:
            return self._once(prepared, exchange, body_limit)
        except _FAILURES as error:
            if not _was_closed_while_idle(error, exchange):
                raise
            # After a failure urllib3 puts an empty place on top of its pool: this one connects afresh.
            return self._once(prepared, exchange, body_limit)

    def _once(self, prepared: requests.PreparedRequest, exchange: Exchange, body_limit: int) -> _Answer:
        with self._adapter.send(prepared, stream=True, timeout=exchange.remaining()) as response:
            # One byte more than the limit tells a cut body from a full one; leaving drops the rest.
            body = response.raw.read(body_limit + 1, decode_content=False)
            if len(body) <= body_limit:
                # urllib3 notices only at the next read that the body was shorter than announced.
                response.raw.read(1, decode_content=False)
            return response.status_code, response.headers, body


def sendable(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Give the headers, or raise Refused for one that would frame the message, or break out of its line."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or _OUR_HEADERS.fullmatch(name):
            raise Refused("header", f"The header {name!r} must not be set. Remove it.")
        if not _HEADER_VALUE.fullmatch(value):
            raise Refused("header", f"The header {name!r} has a character that cannot be sent.")
    return headers


_Answer = tuple[int, Mapping[str, str], bytes]

_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    # Numbers in an answer that are none.
    ValueError,
)

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# They frame the message or lead it elsewhere; requests and our connection write them.
_OUR_HEADERS = re.compile(
    "host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*|http2-settings",
    re.IGNORECASE,
)


def _was_closed_while_idle(error: BaseException, exchange: Exchange) -> bool:
    reused_in_vain = not exchange.dialled and not exchange.answered and not exchange.expired
    return reused_in_vain and any(isinstance(cause, _CLOSED) for cause in _causes(error))


_CLOSED = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, ssl.SSLEOFError)

# The first that fits any cause is the reason.
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((ssl.SSLError,), "The TLS handshake failed"),
    ((ConnectionRefusedError,), "The connection was refused"),
    (_CLOSED, "The receiver closed the connection without an answer"),
    ((http.client.IncompleteRead,), "The answer ended before it was complete"),
    ((http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError), "The answer was not valid HTTP"),
)

# OpenSSL's X509_V_ERR numbers.
_CERTIFICATE_REASONS = {
    62: "The TLS certificate is not valid for this host",
    64: "The TLS certificate is not valid for this host",
    10: "The TLS certificate has expired",
}


def _reason(error: BaseException, seconds: float) -> str:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _CERTIFICATE_REASONS.get(cause.verify_code, "The TLS certificate is not trusted")
        if isinstance(cause, TimeoutError):
            return _late(seconds)
        if isinstance(cause, ProxyFailure):
            return str(cause)
    for kinds, reason in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return reason
    return "The receiver could not be reached"


def _late(seconds: float) -> str:
    return f"The receiver did not answer within {seconds:g} s"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # Not __context__: it goes on into whatever the caller was handling.
    while error is not None:
        yield error
        wrapped = (part for part in error.args if isinstance(part, BaseException))
        error = error.__cause__ or next(wrapped, None)
