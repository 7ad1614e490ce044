"""Connection pooling: the layers of requests and urllib3 between client and sockets, bound to checked addresses."""

from __future__ import annotations

import logging
import socket
import ssl
from typing import Any, NoReturn

import certifi
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from outbound.addresses import Refused
from outbound.request_deadline import TimedTLSSocket, current

# urllib3 logs whole URLs, also as warnings; in ours the path is often the secret.
logging.getLogger("urllib3").setLevel(logging.ERROR)

POOL_SIZE = 64
# What is longer goes by itself: it would be copied, and takes many packets anyway.
_TOGETHER = 64 * 1024


class GuardedAdapter(HTTPAdapter):
    """What sends for a session of requests, without one: a session follows redirects, keeps cookies, and looks for
    proxies and passwords in its surroundings.
    """

    def __init__(self, certificates: str | None) -> None:
        self._tls = _tls(certificates)
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: Any, **options: Any) -> NoReturn:
        raise Refused("proxy", "Requests go through no proxy of the surroundings: it would resolve the name again.")

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._tls}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The TLS context verifies. Here requests would load the authorities again for each connection."""


class _Guarded(HTTPConnection):
    _parts: list[bytes] | None = None

    def request(self, *arguments: Any, **options: Any) -> None:
        # Header and body in one packet where they fit: urllib3 sends each by itself, and the receiver wakes twice.
        self._parts = []
        try:
            super().request(*arguments, **options)
            self._flush()
        finally:
            self._parts = None

    def send(self, data: Any) -> None:
        if self._parts is None or len(data) > _TOGETHER:
            self._flush()
            super().send(data)
        else:
            self._parts.append(data)

    def _flush(self) -> None:
        parts, self._parts = self._parts, None
        if parts:
            super().send(b"".join(parts))

    def _new_conn(self) -> socket.socket:
        exchange = current.get()
        if (self.host, self.port) != (exchange.parsed.host, exchange.parsed.port):
            raise Refused("host", "This URL was read in two ways.")
        exchange.dialled = True
        return exchange.dial()


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


def _tls(certificates: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates or certifi.where())
    context.sslsocket_class = TimedTLSSocket
    return context
