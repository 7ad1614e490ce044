"""HTTP to identity providers (single sign-on), over the one guarded socket.

The operator names each provider, and the networks where it may stand; what its discovery document names besides
(endpoints, keys) may stand nowhere else. `teams` knows this by a setting alone: it stands below.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from common.http.networks import Network
from outbound.addresses import Policy, Refused
from outbound.client import Client, Request, Unreachable
from outbound.web_provider import client_under

# The keys of a provider, or a person with thousands of groups.
_LARGEST = 2**20


def ask(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes, networks: tuple[Network, ...]
) -> tuple[int, bytes]:
    """Give status and body of the answer. ConnectionError, in words without the address, where there is none."""
    try:
        reply = _client((*settings.ALLOWED_PRIVATE_NETWORKS, *networks)).send(
            Request(method, url, headers, body),
            deadline_seconds=settings.DELIVERY_DEADLINE_SECONDS,
            body_limit=_LARGEST,
        )
    except (Refused, Unreachable) as error:
        raise ConnectionError(str(error)) from None
    if reply.truncated:
        raise ConnectionError("The answer is larger than 1 MiB")
    return reply.status, reply.body


@cache
def _client(networks: tuple[Network, ...]) -> Client:
    """One for each provider's networks. Made at first use, so after the fork."""
    return client_under(Policy(allowed_private=networks))
