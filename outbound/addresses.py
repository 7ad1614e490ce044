"""SSRF guard: a URL is parsed strictly, then every address that its name resolves to is judged."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from common.http.networks import Network
from outbound import hosts
from outbound.reserved_ranges import (
    ONLY_WHEN_NAMED,
    REFUSED_PORTS,
    Address,
    is_internal_name,
    is_public,
    unmapped,
)

Resolve = Callable[..., Sequence[Any]]
"""Called as `socket.getaddrinfo(host, port, type=...)` and answers like it."""


class Refused(Exception):
    """The policy forbids this request; trying again cannot help.

    `rule` is a stable key, the message is for people. Neither ever tells what a name resolved to:
    that would make the form a scanner of the internal network.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class Policy:
    """What the operator of this installation permits."""

    allowed_private: tuple[Network, ...] = ()
    refused_ports: frozenset[int] = REFUSED_PORTS
    max_url_length: int = 8192

    def permits(self, address: Address) -> bool:
        return is_public(address) or self.opens(address)

    def opens(self, address: Address) -> bool:
        """Whether the operator opened a network with this address.

        Loopback, link-local and metadata addresses count only if the network lies inside that block.
        """
        named = [block for block in ONLY_WHEN_NAMED if address in block]
        return any(
            address in network and all(_lies_inside(network, block) for block in named)
            for network in self.allowed_private
        )

    def opens_names(self) -> bool:
        """Whether names of the local network may be asked for where no address of theirs is known."""
        return bool(self.allowed_private)


DEFAULT_POLICY = Policy()


class OperatorsPolicy(Policy):
    """Any address: the operator chose it in a setting, and nobody else can."""

    def permits(self, address: Address) -> bool:
        return True

    def opens(self, address: Address) -> bool:
        return True

    def opens_names(self) -> bool:
        return True


@dataclass(frozen=True)
class ParsedUrl:
    """A URL read once, so that the check, the dial and the Host header cannot differ.

    `host` is lower-case ASCII without brackets or a final dot; `path` has its slash and the query.
    """

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None

    @property
    def is_literal(self) -> bool:
        return self.literal is not None

    @cached_property
    def url(self) -> str:
        """The only spelling of this address: any parser reads it the same way."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def parse(url: str, policy: Policy = DEFAULT_POLICY) -> ParsedUrl:
    """Read a URL, or raise Refused for anything that two parsers could read in two ways.

    The fragment is dropped. No name is resolved: `check` judges addresses.
    """
    if len(url) > policy.max_url_length:
        raise Refused("length", f"This URL is longer than {policy.max_url_length} characters. Shorten it.")
    shape = _SHAPE.fullmatch(url)
    if shape is None:
        raise Refused("scheme", "Only web addresses may be used. Begin with https:// or http://.")
    if _UNREADABLE.search(url):
        raise Refused("characters", "A URL must not contain spaces, backslashes or control characters.")
    scheme, authority, path = shape["scheme"].lower(), shape["authority"], shape["path"]
    # Without a slash after the host, readers differ on whether an @ further on ends a user name.
    if "@" in authority or (not path and "@" in url):
        raise Refused("credentials", "A URL must not contain credentials. Store them as a secret instead.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise Refused("host", "The host of this URL cannot be read. Check its brackets and colons.")
    host, literal = _host(parts["host"])
    port = _port(parts["port"], policy) if parts["port"] is not None else _DEFAULT_PORTS[scheme]
    return ParsedUrl(scheme, host, port, _quoted((path or "/") + shape["query"]), literal)


def check(parsed: ParsedUrl, policy: Policy = DEFAULT_POLICY, resolve: Resolve = socket.getaddrinfo) -> list[Address]:
    """Give every address to dial, in the resolver's order, or raise Refused if one of them is forbidden.

    No answer is a refusal. Names that only the local network knows pass only through an opened network.
    A TimeoutError of `resolve` comes through: it says nothing about the name.
    """
    found = [parsed.literal] if parsed.literal is not None else _resolved(parsed, resolve)
    addresses = list(dict.fromkeys(unmapped(address) for address in found))
    if parsed.literal is None and is_internal_name(parsed.host):
        addresses = _internal(addresses, policy)
    if not all(policy.permits(address) for address in addresses):
        raise _private()
    return addresses


def check_name(parsed: ParsedUrl, policy: Policy = DEFAULT_POLICY) -> None:
    """Judge a name whose addresses a proxy will look up, and it alone: only names of the local network are refused."""
    if is_internal_name(parsed.host) and not policy.opens_names():
        raise _private()


_PRIVATE = "This address is private or reserved. Self-hosters may open a range with RUNBELL_ALLOWED_PRIVATE_CIDRS."
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SHAPE = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>(?:\?[^#]*)?)(?:#.*)?",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_UNREADABLE = re.compile(r"[\x00-\x20\x7f\\]")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>.*))?", re.DOTALL)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_URL_CHARACTERS = "%/?:@!$&'()*+,;=[]~"


def _host(text: str) -> tuple[str, Address | None]:
    try:
        return hosts.read(text)
    except ValueError as error:
        raise Refused("host", str(error)) from None


def _port(text: str, policy: Policy) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise Refused("port", "The port must be a number from 1 to 65535.")
    port = int(text)
    if port in policy.refused_ports:
        raise Refused("port", f"Port {port} belongs to a service that is not a web server. Use another port.")
    return port


def _quoted(path: str) -> str:
    try:
        return quote(path, safe=_URL_CHARACTERS)
    except UnicodeEncodeError:
        raise Refused("characters", "This URL contains a character that cannot be sent. Remove it.") from None


def _resolved(parsed: ParsedUrl, resolve: Resolve) -> list[Address]:
    try:
        found = resolve(parsed.host, parsed.port, type=socket.SOCK_STREAM)
        addresses = [ip_address(answer[4][0]) for answer in found]
    except TimeoutError:
        raise
    except (OSError, ValueError):
        addresses = []
    if not addresses:
        raise Refused("dns", "The host name could not be resolved. Check its spelling.")
    return addresses


def _internal(addresses: list[Address], policy: Policy) -> list[Address]:
    opened = [address for address in addresses if policy.opens(address)]
    if not opened:
        raise _private()
    # localhost has two addresses. Who names only 127.0.0.0/8 means that one; ::1 is left out, not refused.
    if any(address.is_loopback for address in opened):
        return [address for address in addresses if address in opened or not address.is_loopback]
    return addresses


def _lies_inside(network: Network, block: Network) -> bool:
    return network.prefixlen >= block.prefixlen and network.network_address in block


def _private() -> Refused:
    return Refused("address", _PRIVATE)
