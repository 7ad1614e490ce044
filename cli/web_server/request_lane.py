"""The lane of a request in the fair queue, read from its head: whose it seems to be, and by which door it comes.

Nothing is believed here that would let anybody in: a made-up key or cookie is nobody's, and counts for its address.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings

from cli.web_server.fair_queue import Lane
from common.http.client_address import address_of
from teams.accounts import person_hints

_AUTHORIZATION = re.compile(rb"\nAuthorization[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\nCookie[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_FORWARDED = re.compile(rb"\nX-Forwarded-For[ \t]*:[ \t]*([^\r\n]+)", re.IGNORECASE)
_DOOR = re.compile(rb"[A-Z]+ [^ ?]*?/(graphql|files|api|static|livez|healthz|readyz|metrics)\b")
# As rate limits count addresses.
_IPV6_PREFIX = 64


def lane_of(head: bytes, peer: Any) -> Lane:
    door = _DOOR.match(head)
    return Lane(_client(head, peer), door[1].decode() if door else "page")


def _client(head: bytes, peer: Any) -> str:
    person = person_hints.person_of(_found_lane(_AUTHORIZATION, head).strip() or _session(head))
    return f"address {_network(head, peer)}" if person is None else f"person {person}"


def _session(head: bytes) -> str:
    for pair in _found_lane(_COOKIE, head).split(";"):
        name, _, value = pair.strip().partition("=")
        if name == settings.SESSION_COOKIE_NAME:
            return value
    return ""


def _network(head: bytes, peer: Any) -> str:
    """Give where it comes from; an empty text behind a Unix socket."""
    remote = peer[0] if isinstance(peer, tuple) else ""
    meta = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": _found_lane(_FORWARDED, head)}
    found = address_of(meta, settings.TRUSTED_PROXIES) or ""
    if ":" not in found:
        return found
    return str(ip_network((ip_address(found), _IPV6_PREFIX), strict=False))


def _found_lane(header: re.Pattern[bytes], head: bytes) -> str:
    found = header.search(head)
    return found[1].decode("latin-1").strip() if found else ""
