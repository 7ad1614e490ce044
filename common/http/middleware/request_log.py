"""Request id and access log: each request has an id, on every line about it and in its answer; some are lines."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import Resolver404, ResolverMatch, resolve

from common.http.client_address import address_of, is_trusted_peer
from common.logs import log_context
from common.telemetry import spans
from common.telemetry.spans import SpanKind

HEADER = "X-Request-ID"
_MASK = "********"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# Parts of addresses that let in whoever has them.
_SECRET_PARTS = frozenset(["token", "key", "code"])
# Of an address that leads nowhere a part this long may be one of them.
_SPACE = re.compile(r"\s")
_LONG = re.compile(r"[^/]{20,}")
# And these, wherever in an address somebody put them: an API key, and what Django signed.
_SECRETS = re.compile(r"rb[A-Za-z0-9]{44}(?![A-Za-z0-9])|[^/\s:]{4,}:[A-Za-z0-9_-]{5,8}:[A-Za-z0-9_-]{27,}")
# They come each few seconds, and say themselves what they say.
_PROBES = frozenset(["/livez", "/healthz", "/readyz", "/metrics"])
logger = logging.getLogger("access")


class RequestLog:
    """Takes the id that a trusted proxy sends, makes one otherwise, and sends it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun_at = time.monotonic()
        request_id = _request_id(request)
        log_context.begin_request(request_id)
        with spans.span(str(request.method)[:20], SpanKind.SERVER, _traceparent(request)) as span:
            response = self.get_response(request)
            span.rename(f"{str(request.method)[:20]} {_route(request)}")
            span.note("http.response.status_code", response.status_code)
            span.note("runbell.request_id", request_id)
        response[HEADER] = request_id
        _Answered(request, response, request_id, begun_at).watch()
        return response


class MaskedPaths(logging.Filter):
    """Log filter: what Django says of a request names its path as the access log does."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            record.args = tuple(shown_path(request) if one == request.path else one for one in record.args)
        return True


class _Answered:
    """An answer on its way: it is counted while it is sent, and written down when that is over."""

    def __init__(self, request: HttpRequest, response: HttpResponse, request_id: str, begun_at: float) -> None:
        self._request, self._response = request, response
        self._request_id, self._begun_at = request_id, begun_at
        self._caller = dict(log_context.caller())
        self._sent = 0

    def watch(self) -> None:
        # What is said to be so long is not counted: a file may go to the kernel whole.
        if isinstance(self._response, StreamingHttpResponse) and not self._response.has_header("Content-Length"):
            self._response.streaming_content = self._counted(iter(self._response))
        # Django's own list of what to do when the server closes the answer: behind all others of this request.
        self._response._resource_closers.append(self._close)  # type: ignore[attr-defined]

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        # Perhaps in a thread for transfers.
        log_context.resume_request(self._request_id)
        for piece in pieces:
            self._sent += len(piece)
            yield piece

    def _close(self) -> None:
        log_context.resume_request(self._request_id)
        if self._is_wanted():
            self._write()
        log_context.end_request()

    def _is_wanted(self) -> bool:
        wanted, path = settings.ACCESS_LOG, self._request.path_info
        if wanted == "off" or path in _PROBES:
            return False
        # 501: what Runbell does not do is the asker's to know, and a line of its own door.
        return wanted == "all" or (self._response.status_code >= 500 and self._response.status_code != 501)

    def _write(self) -> None:
        fields = {
            "method": str(self._request.method)[:20],
            "path": shown_path(self._request),
            "status": self._response.status_code,
            "ms": round(1000 * (time.monotonic() - self._begun_at), 1),
            "bytes": self._bytes(),
            "address": address_of(self._request.META, settings.TRUSTED_PROXIES) or "-",
            **_caller_of(self._request, self._caller),
        }
        words = " ".join(f"{name}={value}" for name, value in list(fields.items())[3:])
        said = "%s %s %s %s"
        logger.info(said, fields["method"], fields["path"], fields["status"], words, extra={"fields": fields})

    def _bytes(self) -> int:
        if not self._response.streaming:
            return len(self._response.content)
        length = self._response.get("Content-Length", "")
        return int(length) if length.isdigit() else self._sent


def shown_path(request: HttpRequest) -> str:
    """Give the path without its query, and with those parts masked that let in whoever has them.

    Without white space: it would look like the other words of the line.
    """
    return _SPACE.sub(lambda found: quote(found[0]), _SECRETS.sub(_MASK, _without_parts(request)))


def _without_parts(request: HttpRequest) -> str:
    path = request.path
    match = getattr(request, "resolver_match", None) or _resolved(request.path_info)
    if match is None:
        return _LONG.sub(_MASK, path)
    for name, value in match.kwargs.items():
        if name in _SECRET_PARTS and isinstance(value, str) and value:
            path = path.replace(value, _MASK)
    return path


def _resolved(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


def _caller_of(request: HttpRequest, caller: dict[str, str]) -> dict[str, str]:
    """Give who asked, as far as somebody has found that out: no row is read for it."""
    user = getattr(request, "_cached_user", None)
    name = user.get_username() if user is not None and user.is_authenticated else ""
    return caller or ({"user": name} if name else {})


def _route(request: HttpRequest) -> str:
    """Give the address as the routes have it, without anybody's names in it."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None else "(none)"


def _traceparent(request: HttpRequest) -> str:
    """Give the trace that a trusted proxy began."""
    sent = request.META.get("HTTP_TRACEPARENT", "")
    return str(sent) if sent and is_trusted_peer(request.META, settings.TRUSTED_PROXIES) else ""


def _request_id(request: HttpRequest) -> str:
    sent = request.META.get("HTTP_X_REQUEST_ID", "")
    if _ID.fullmatch(sent) and is_trusted_peer(request.META, settings.TRUSTED_PROXIES):
        return str(sent)
    return secrets.token_hex(12)
