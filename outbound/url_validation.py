"""URL validation when an address is saved: the SSRF guard, asked before anything is stored."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from django.conf import settings

from common.data.validation_errors import quoted, refuse
from outbound.addresses import Refused, check, check_name, parse
from outbound.web_provider import policy

_RESOLVE_SECONDS = 2.0


def check_url(url: str, *, field: str = "url", shown: str = "") -> None:
    """Refuse an address that may not be called; the message says it back, or what is `shown` in its place.

    A name that does not resolve now may do so later: each delivery looks again, and checks what it finds.
    """
    try:
        _judge(url)
    except TimeoutError:
        return
    except Refused as error:
        if error.rule != "dns":
            refuse(field, f"{shown or quoted(url)} cannot be called: {error}")


def _judge(url: str) -> None:
    """Judge as a request would be. Raises Refused and TimeoutError."""
    parsed, proxy = parse(url), settings.OUTGOING_PROXY
    if proxy and proxy.judges(parsed.host, is_literal=parsed.is_literal):
        check_name(parsed, policy())
    else:
        check(parsed, policy(), resolve=_resolve_soon)


def _resolve_soon(host: str, port: int, **options: Any) -> Sequence[Any]:
    """Resolve as the system does, for at most two seconds: a person is waiting. Raises TimeoutError."""
    future = _resolvers().submit(socket.getaddrinfo, host, port, **options)
    return future.result(timeout=_RESOLVE_SECONDS)


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, thread_name_prefix="resolve")
