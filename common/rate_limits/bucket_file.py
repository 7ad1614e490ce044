"""Token buckets of the processes of one host, in a small file that all of them map into their memory.

Not the database: SQLite has one writer, and each request would wait for it. Not Django's cache: without Redis that is
one a process. A look at 1 MiB that the system keeps in memory anyway costs some microseconds; nothing is written out
for it, and a process that is killed leaves no lock behind, for the system takes it back.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from common.rate_limits.token_bucket import Bucket, taken

# Whose it is (a part of a hash), and when it is full again.
_SLOT = struct.Struct("<Qd")
# A bucket stands in one of so many neighbouring slots; where all are taken, the fullest one is forgotten. Whoever was
# told to wait has the emptiest, so strangers with ever new names push out only each other.
_NEIGHBOURS = 8
_GROUPS = 2**13
_SIZE = _GROUPS * _NEIGHBOURS * _SLOT.size


class BucketFile:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, _SIZE)
        self._map = mmap.mmap(self._file, _SIZE)
        self._threads = threading.Lock()

    def take(self, buckets: Sequence[Bucket], now: float) -> float:
        """Take one from each bucket and give 0; where one is empty, take none and give how long to wait."""
        with self._locked():
            places = [(*self._place(bucket.name, now), bucket.rate) for bucket in buckets]
            after = [(place, owner, *taken(full_at, rate, now)) for place, owner, full_at, rate in places]
            wait = max((wait for *_rest, wait in after), default=0.0)
            if not wait:
                for place, owner, full_at, _wait in after:
                    _SLOT.pack_into(self._map, place, owner, full_at)
            return wait

    def _place(self, name: str, now: float) -> tuple[int, int, float]:
        """Give where the bucket stands or may stand, its owner as a number, and when it is full."""
        owner = int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "little") or 1
        start = owner % _GROUPS * _NEIGHBOURS * _SLOT.size
        fullest = (float("inf"), start)
        for place in range(start, start + _NEIGHBOURS * _SLOT.size, _SLOT.size):
            found, full_at = _SLOT.unpack_from(self._map, place)
            if found == owner:
                return place, owner, full_at
            fullest = min(fullest, (full_at, place))
        return fullest[1], owner, now

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # The file's lock keeps processes apart, not the threads of one.
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
