"""Client IP address: where a request comes from, behind trusted proxies (X-Forwarded-For)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from common.http.networks import Network


def address_of(meta: Mapping[str, Any], trusted: tuple[Network, ...]) -> str | None:
    """Give the address of the visitor; None where there is none, such as behind a Unix socket.

    X-Forwarded-For is read from its end, as far as trusted proxies wrote it: what stands before may be made up.
    """
    nearest = _address(meta.get("REMOTE_ADDR", ""))
    hops = [_address(hop) for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")] if trusted else []
    while hops and nearest is not None and any(nearest in network for network in trusted):
        before = hops.pop()
        if before is None:
            break
        nearest = before
    return None if nearest is None else str(nearest)


def is_trusted_peer(meta: Mapping[str, Any], trusted: tuple[Network, ...]) -> bool:
    """Say whether the request itself comes from a trusted proxy, whatever it says of its visitor."""
    peer = _address(meta.get("REMOTE_ADDR", ""))
    return peer is not None and any(peer in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Give the address; an IPv4 address in IPv6's clothes as itself, and without the zone of a link."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
