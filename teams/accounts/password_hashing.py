"""Password hashing in turn: a hash takes 100 MB and a tenth of a second of CPU, so few are made at once a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from common.http.too_many_requests import TooManyRequests

AT_ONCE, WAITING = 2, 2
PATIENCE_SECONDS = 3.0
_hashing = threading.BoundedSemaphore(AT_ONCE)
# Who waits holds one of the few threads of the web server: past these, nobody does.
_admitted = threading.BoundedSemaphore(AT_ONCE + WAITING)


@contextmanager
def hashing_in_turn() -> Iterator[None]:
    """Wait briefly for one's turn. Raises TooManyRequests where many wait already, or it takes too long."""
    if not _admitted.acquire(blocking=False):
        raise _too_busy()
    try:
        if not _hashing.acquire(timeout=PATIENCE_SECONDS):
            raise _too_busy()
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _admitted.release()


def _too_busy() -> TooManyRequests:
    return TooManyRequests("Many passwords are being checked at this moment.", PATIENCE_SECONDS)


class _InTurn:
    """Before one of Django's hashers: whoever makes or checks a hash, by whatever way, waits for a turn."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with hashing_in_turn():
            return super().encode(*args, **kwargs)  # type: ignore[misc,no-any-return]

    def verify(self, *args: Any, **kwargs: Any) -> bool:
        with hashing_in_turn():
            return super().verify(*args, **kwargs)  # type: ignore[misc,no-any-return]


class Argon2(_InTurn, Argon2PasswordHasher):
    pass


class Pbkdf2(PBKDF2PasswordHasher):
    """Of passwords that came from elsewhere: it needs no memory, and checks by making the hash anew."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        with hashing_in_turn():
            return super().encode(*args, **kwargs)
