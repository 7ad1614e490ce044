"""Relay global ids: base64 of `Type:key`."""

from __future__ import annotations

import base64

from django.http import Http404

from common.data.validation_errors import quoted


def global_id(kind: str, key: object) -> str:
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def key_of(kind: str, id: str) -> int:
    """Give the number in an id of this kind; 404 where it is an id of something else, or none."""
    found, number = kind_and_key(id)
    if found != kind:
        raise _unknown(kind, id)
    return number


def kind_and_key(id: str) -> tuple[str, int]:
    try:
        kind, _, key = base64.b64decode(id, validate=True).decode().partition(":")
    except ValueError:  # also of letters that base64 has not
        raise _unknown("object", id) from None
    if not (key.isascii() and key.isdigit()) or len(key) > 18:
        raise _unknown("object", id)
    return kind, int(key)


def _unknown(kind: str, id: str) -> Http404:
    return Http404(f"There is no {kind} with the id {quoted(id)}.")
