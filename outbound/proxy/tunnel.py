"""HTTP CONNECT: open a tunnel through a proxy on a socket that is connected to it. The socket keeps to the deadline."""

from __future__ import annotations

import re
import socket

_LONGEST_HEAD = 8192
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r\n")
_WITH_PASSWORD = "it asks for a user and a password: set them in RUNBELL_OUTGOING_PROXY"


class ProxyFailure(OSError):
    """The proxy gave no tunnel. The message is for people and holds no address."""


def open_tunnel(through: socket.socket, *, host: str, port: int, authorization: str) -> None:
    """Ask for the host, which may be an address, and read its answer, not a byte more: the rest is the receiver's."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if authorization:
        lines.append(f"Proxy-Authorization: {authorization}")
    through.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    found = _STATUS.match(_head(through))
    if found is None:
        raise ProxyFailure("The outgoing proxy did not answer as one")
    status = int(found[1])
    if not 200 <= status < 300:
        raise ProxyFailure(f"The outgoing proxy gave no way ({_WITH_PASSWORD if status == 407 else status})")


def _head(through: socket.socket) -> bytes:
    head, byte = b"", bytearray(1)
    while not head.endswith(b"\r\n\r\n"):
        # Into a buffer: that is what keeps to the deadline.
        if len(head) == _LONGEST_HEAD or not through.recv_into(byte):
            raise ProxyFailure("The outgoing proxy closed the connection without an answer")
        head += byte
    return head
