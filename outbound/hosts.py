"""Host normalization: one spelling for each host name or IP address, all others refused."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address

import idna

from outbound.reserved_ranges import Address


def read(text: str) -> tuple[str, Address | None]:
    """Give the host in lower-case ASCII without brackets or a final dot, and its address if it is one.

    ValueError, with a message for people, for what two readers could take for two hosts.
    """
    if text.startswith("["):
        address = _bracketed(text[1:-1])
        return str(address), address
    text = text.lower() if text.isascii() else _ascii(text)
    name = text.removesuffix(".")
    labels = name.split(".")
    # Resolvers read a number at the end as an IPv4 address, in half a dozen spellings: allow only one.
    if _NUMBER.fullmatch(labels[-1]):
        return text, _dotted(text)
    if len(name) > 253 or not all(_is_label(label) for label in labels):
        raise ValueError(_UNREADABLE)
    return name, None


_UNREADABLE = "The host of this URL is not a valid name or address. Check its spelling."
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Underscores are in no standard, but in many container networks.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def _is_label(label: str) -> bool:
    return _LABEL.fullmatch(label) is not None and (not label.startswith("xn--") or label == _encoded(label))


def _ascii(text: str) -> str:
    # 1. Signs that turn into others (full-width letters, circled digits) and foreign digits are disguises.
    # 2. Only the ASCII dot divides labels: idna.encode would take the ideographic dots too.
    if unicodedata.normalize("NFKC", text) != text or any(sign.isdigit() and sign > "9" for sign in text):
        raise ValueError(_UNREADABLE)
    return ".".join(label if label.isascii() else _encoded(label) for label in text.lower().split("."))


def _encoded(label: str) -> str:
    try:
        return idna.alabel(label).decode("ascii")
    except UnicodeError:  # idna's own errors are UnicodeErrors
        raise ValueError(_UNREADABLE) from None


def _dotted(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise ValueError("Write an IPv4 address as four plain numbers, such as 203.0.113.7.") from None


def _bracketed(text: str) -> IPv6Address:
    # A zone ("fe80::1%eth0") names a cable of this machine.
    if "%" in text:
        raise ValueError(_UNREADABLE)
    try:
        return IPv6Address(text)
    except ValueError:
        raise ValueError("Only an IPv6 address may stand in brackets.") from None
