"""Whose each API key and session seems to be, by a hash of what was sent: remembered from requests before.

A hint alone, which lets nobody in: rate limits and the web server's queue ask before anything is read of the database.
The web server imports this before Django is set up, so nothing here may need it.
"""

from __future__ import annotations

from hashlib import blake2b

_MOST = 10_000
_people: dict[bytes, int] = {}


def person_of(credentials: str) -> int | None:
    """Give whose this `Authorization` header or session cookie was last, if that is remembered."""
    return _people.get(_digest(credentials)) if credentials else None


def remember(credentials: str, person: int) -> None:
    if not credentials:
        return
    if len(_people) >= _MOST:
        _people.clear()
    _people[_digest(credentials)] = person


def forget(credentials: str) -> None:
    _people.pop(_digest(credentials), None)


def _digest(credentials: str) -> bytes:
    # Not the key itself: what is kept of it shall be of no use to anybody.
    return blake2b(credentials.encode("utf-8", "replace"), digest_size=16).digest()
