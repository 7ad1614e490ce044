"""Deadline of a request: one timeout for name, connection, TLS and every byte. The sockets under it obey it.

A read timeout alone starts again at each byte, so a trickled answer holds a worker for minutes.
Here every wait gets what is left of the whole.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from outbound.addresses import ParsedUrl, Policy, Resolve, check, check_name
from outbound.proxy.outgoing_proxy import OutgoingProxy
from outbound.proxy.tunnel import ProxyFailure, open_tunnel
from outbound.reserved_ranges import Address

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# Not handed down as an argument: requests and urllib3 stand between the client and its sockets.
# A socket used outside a request finds nothing here and fails, which is wanted.
current: ContextVar[Exchange] = ContextVar("current")


@dataclass
class Exchange:
    parsed: ParsedUrl
    policy: Policy
    resolve: Resolve
    expires_at: float
    proxy: OutgoingProxy | None = None
    dialled: bool = False
    answered: bool = False

    def remaining(self) -> float:
        """Give the seconds left; TimeoutError when there are none."""
        seconds = self.expires_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self.expires_at

    def dial(self) -> socket.socket:
        """Connect to the first checked address that answers, each with its share of the time left.

        The address dialled is the one judged: the name is not resolved a second time.
        """
        if self.proxy and self.proxy.judges(self.parsed.host, is_literal=self.parsed.is_literal):
            check_name(self.parsed, self.policy)
            return self._tunnelled(self.parsed.host, self.remaining())
        addresses = check(self.parsed, self.policy, self._resolve_in_time)
        failure: OSError = OSError("no address")
        for position, address in enumerate(addresses):
            share = self.remaining() / (len(addresses) - position)
            try:
                return self._connected(address, share)
            except OSError as error:
                failure = error
        raise failure

    def _connected(self, address: Address, seconds: float) -> socket.socket:
        proxy = self.proxy
        if proxy is None or proxy.passes_by_host(self.parsed.host) or proxy.passes_by_address(address):
            return self._plain(address, self.parsed.port, seconds)
        return self._tunnelled(str(address), seconds)

    def _tunnelled(self, target: str, seconds: float) -> socket.socket:
        """Connect through the proxy to what was judged. The proxy itself may stand anywhere: the operator named it."""
        assert self.proxy is not None
        through = self._to_proxy(self.proxy, seconds)
        try:
            open_tunnel(through, host=target, port=self.parsed.port, authorization=self.proxy.authorization)
            through.settimeout(self.remaining())
            # What the proxy said is no answer of the receiver.
            self.answered = False
        except BaseException:
            through.close()
            raise
        return through

    def _to_proxy(self, proxy: OutgoingProxy, seconds: float) -> socket.socket:
        try:
            found = self._in_time(socket.getaddrinfo, proxy.host, proxy.port, type=socket.SOCK_STREAM)
        except socket.gaierror:
            found = []
        addresses = [ip_address(answer[4][0]) for answer in found]
        for position, address in enumerate(addresses):
            try:
                return self._plain(address, proxy.port, seconds / (len(addresses) - position))
            except OSError:
                self.remaining()
        raise ProxyFailure("The outgoing proxy could not be reached")

    def _plain(self, address: Address, port: int, seconds: float) -> socket.socket:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        plain = TimedSocket(family, socket.SOCK_STREAM)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(seconds)
            plain.connect((str(address), port))
            # The TLS handshake that may follow takes this as the limit for all of it.
            plain.settimeout(self.remaining())
        except BaseException:
            plain.close()
            raise
        return plain

    def _resolve_in_time(self, host: str, port: int, **options: Any) -> Any:
        return self._in_time(self.resolve, host, port, **options)

    def _in_time(self, resolve: Resolve, host: str, port: int, **options: Any) -> Any:
        # getaddrinfo cannot be interrupted; a thread left behind ends with the resolver's own timeout.
        future: Future[Any] = Future()
        arguments = (future, resolve, host, port, options)
        threading.Thread(target=_resolve_into, args=arguments, daemon=True).start()
        return future.result(self.remaining())


class TimedSocket(socket.socket):
    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        exchange = current.get()
        self.settimeout(exchange.remaining())
        count = super().recv_into(buffer, nbytes, flags)
        exchange.answered |= count > 0
        return count

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        self.settimeout(current.get().remaining())
        super().sendall(data, flags)


class TimedTLSSocket(ssl.SSLSocket):
    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        exchange = current.get()
        self.settimeout(exchange.remaining())
        count = super().recv_into(buffer, nbytes, flags)
        exchange.answered |= count > 0
        return count

    # SSLSocket.sendall calls this once for each record.
    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        self.settimeout(current.get().remaining())
        return super().send(data, flags)


def _resolve_into(future: Future[Any], resolve: Resolve, host: str, port: int, options: Any) -> None:
    try:
        future.set_result(resolve(host, port, **options))
    except Exception as error:  # the waiting thread raises it
        future.set_exception(error)
