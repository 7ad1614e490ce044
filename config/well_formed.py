"""What values of settings must look like. Each gives the value, or raises ValueError with what is wrong and the remedy.

What can hold a password is never repeated.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography import x509

from common.data.names import RESERVED

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_NUMBERS = re.compile(r"[0-9.]+")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
# What libpq takes in place of a file.
_NO_FILE = {"system", ""}
_IN_PASSWORD = "In a user or a password write @ as %40, # as %23, / as %2F and ? as %3F."


def own_address(value: str) -> str:
    """The address that people use: a host, and nothing that a browser would not send on."""
    parts = _split(value)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or a password: everybody sees it; write https://bell.example.com")
    if re.search(r"\s", value):
        raise ValueError(f"must be an address without spaces, not {value!r}")
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"must be an address like https://bell.example.com, not {value!r}")
    _path_prefix(parts.path)
    return value


def any_address(value: str) -> str:
    """Of whatever is called: a host, and a port that is one."""
    if re.search(r"\s", value) or not _split(value).netloc:
        raise ValueError("must be an address with a host, and without spaces")
    return value


def host_to_listen_at(value: str) -> str:
    if not _is_host(value):
        raise ValueError(f"must be an address of this machine, such as 127.0.0.1 or 0.0.0.0, not {value!r}")
    return value


def answered_hosts(values: list[str]) -> list[str]:
    for value in values:
        name = value.removeprefix(".")
        if value != "*" and not (_is_host(name) or (name[:1] == "[" and name[-1:] == "]" and _is_host(name[1:-1]))):
            raise ValueError(f"{value!r} is no host; write it without scheme and port, such as bell.example.com")
    return values


def database_address(value: str) -> str:
    """PostgreSQL's: with a name, and with what would end the password early written otherwise."""
    parts = _split(value)
    if parts.fragment or parts.netloc.count("@") > 1 or "@" in parts.path:
        raise ValueError(f"cannot be read, as a user or a password in it has to be written otherwise. {_IN_PASSWORD}")
    if not parts.path.strip("/"):
        raise ValueError("names no database; write it like postgres://user:password@host:5432/name")
    return value


def database_options(options: dict[str, Any]) -> None:
    for name in _FILES:
        path = str(options.get(name, ""))
        if path not in _NO_FILE and not Path(path).is_file():
            raise ValueError(f"has {name}={path}, and there is no such file")


def redis_address(value: str) -> str:
    parts = _split(value)
    if parts.scheme != "unix" and not re.fullmatch(r"/?[0-9]*", parts.path):
        raise ValueError(f"must end with the number of a database, such as redis://host:6379/0, not {parts.path!r}")
    return value


def mail_sender(value: str) -> str:
    _name, address = parseaddr(value)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        raise ValueError(f"must be an e-mail address, such as Runbell <bell@example.com>, not {value!r}")
    return value


def certificates(path: Path) -> None:
    """A PEM file with at least one certificate that can be read."""
    try:
        x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate in PEM"
        raise ValueError(f"must be a file of certificates in PEM, not {str(path)!r} ({reason})") from None


def _path_prefix(path: str) -> None:
    """What stands in front of all addresses: plain words, of which the first is none of ours."""
    for part in path.split("/")[1:]:
        if not _PLAIN.fullmatch(part) or set(part) == {"."}:
            raise ValueError(f"has the path {path!r}; of letters, digits, hyphens and dots alone, such as /runbell")
    first = path.split("/")[1] if path else ""
    if first.lower() in RESERVED:
        raise ValueError(f"has the path {path!r}, whose first word begins addresses of Runbell's own; choose another")


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        # Raises where it is no number.
        _port = parts.port
    except ValueError:
        raise ValueError(f"cannot be read: its host or its port is none. {_IN_PASSWORD}") from None
    return parts


def _is_host(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return bool(_NAME.fullmatch(value)) and not _NUMBERS.fullmatch(value)
    return True
