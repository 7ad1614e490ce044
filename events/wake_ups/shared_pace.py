"""Shared pace: when a cluster's processes, all of them together, last did what is done every few seconds.

Memory that is shared by those who are forked after it is made: so before the pool is (`events.apps`). Nobody waits for
a lock: where two come at one moment both do it, which what is paced here bears.
"""

from __future__ import annotations

import mmap
import struct
import time

_MOST = 64
_MOMENT = struct.Struct("d")
_memory = mmap.mmap(-1, _MOST * _MOMENT.size)


def is_due(place: int, seconds: float) -> bool:
    """Whether what has this number is to be done now: nobody has begun it for so long. The caller does it."""
    now = time.monotonic()
    if now - _MOMENT.unpack_from(_memory, place * _MOMENT.size)[0] < seconds:
        return False
    _MOMENT.pack_into(_memory, place * _MOMENT.size, now)
    return True


def forget(place: int) -> None:
    """Let it be due at the next look, such as where there is more of it to do."""
    _MOMENT.pack_into(_memory, place * _MOMENT.size, 0.0)
