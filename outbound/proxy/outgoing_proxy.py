"""The outgoing proxy as the operator named it: where it is, what goes past it, and who judges addresses."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from common.http.networks import Network

_USUAL_PORT = 3128


@dataclass(frozen=True)
class OutgoingProxy:
    """An HTTP proxy that takes CONNECT.

    It is told the address that was checked here, so that what is forbidden stays so. One that `takes_names` is told the
    name instead, resolves it itself, and is the one that judges: of a name we then know no address.
    """

    host: str
    port: int
    # With user and password, for libraries that are told it whole.
    url: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)
    takes_names: bool = False
    past_networks: tuple[Network, ...] = ()
    past_hosts: tuple[str, ...] = ()

    def judges(self, host: str, *, is_literal: bool) -> bool:
        """Whether the proxy decides about this host; what is written as an address is always judged here."""
        return self.takes_names and not is_literal and not self.passes_by_host(host)

    def passes_by_host(self, host: str) -> bool:
        """Whether requests to this host go past it. `.example.com` means every host below, and itself."""
        return any(host == one.removeprefix(".") or (one[:1] == "." and host.endswith(one)) for one in self.past_hosts)

    def passes_by(self, text: str) -> bool:
        """The same of a host that may be an address."""
        try:
            return self.passes_by_address(ip_address(text))
        except ValueError:
            return self.passes_by_host(text.lower())

    def passes_by_address(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.past_networks)


def parse(url: str, *, takes_names: bool = False, past: Iterable[str] = ()) -> OutgoingProxy:
    """Read the address, such as http://user:password@proxy.example.com:3128. ValueError says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        # The value is not repeated: it may hold a password.
        raise ValueError("must be an address like http://user:password@proxy.example.com:3128, without a path")
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    authorization = "" if user == ":" else f"Basic {b64encode(user.encode()).decode()}"
    networks, hosts = past_places(past)
    return OutgoingProxy(parts.hostname, parts.port or _USUAL_PORT, url, authorization, takes_names, networks, hosts)


def past_places(texts: Iterable[str]) -> tuple[tuple[Network, ...], tuple[str, ...]]:
    """Tell networks (10.0.0.0/8, 10.1.2.3) from hosts (minio.internal, .example.com)."""
    networks: list[Network] = []
    hosts: list[str] = []
    for text in texts:
        try:
            networks.append(ip_network(text))
        except ValueError:
            if "/" in text or ":" in text or not text.strip("."):
                raise ValueError(
                    f"{text!r} is neither a network like 10.0.0.0/8 nor a host like .example.com"
                ) from None
            hosts.append(text.lower())
    return tuple(networks), tuple(hosts)
