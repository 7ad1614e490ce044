"""Redis as cache, while it is there: without it nothing is found, nothing is kept, and nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

_PATIENCE_SECONDS = 0.5
# After it did not answer it is left alone for so long: each request would wait for it.
_LEFT_ALONE_SECONDS = 5.0


class _Client(RedisCacheClient):
    def __init__(self, servers: Any, **options: Any) -> None:
        # redis-py tries ten times, with pauses, where it is not told otherwise.
        patience = {"socket_timeout": _PATIENCE_SECONDS, "socket_connect_timeout": _PATIENCE_SECONDS}
        super().__init__(servers, **{**patience, "retry": Retry(NoBackoff(), 1), **options})
        self._again_at = 0.0

    def _tried(self, call: Callable[..., Any], without: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if time.monotonic() < self._again_at:
            return without
        try:
            return call(*given, **named)
        except (RedisError, OSError):
            self._again_at = time.monotonic() + _LEFT_ALONE_SECONDS
            return without

    def add(self, *given: Any, **named: Any) -> bool:
        """Without Redis: False, as if another host had been first. What is done once an hour waits for it."""
        return bool(self._tried(super().add, False, given, named))

    def get(self, key: Any, default: Any) -> Any:
        return self._tried(super().get, default, (key, default), {})

    def set(self, *given: Any, **named: Any) -> None:
        self._tried(super().set, None, given, named)

    def touch(self, *given: Any, **named: Any) -> bool:
        return bool(self._tried(super().touch, False, given, named))

    def delete(self, *given: Any, **named: Any) -> bool:
        return bool(self._tried(super().delete, False, given, named))

    def get_many(self, *given: Any, **named: Any) -> dict[Any, Any]:
        return dict(self._tried(super().get_many, {}, given, named))

    def has_key(self, *given: Any, **named: Any) -> bool:
        return bool(self._tried(super().has_key, False, given, named))

    def incr(self, key: Any, delta: int) -> int:
        """Without Redis: ValueError, as for a key that is not there."""
        counted = self._tried(super().incr, None, (key, delta), {})
        if counted is None:
            raise ValueError(f"Key '{key}' not found.")
        return int(counted)

    def set_many(self, *given: Any, **named: Any) -> None:
        self._tried(super().set_many, None, given, named)

    def delete_many(self, *given: Any, **named: Any) -> None:
        self._tried(super().delete_many, None, given, named)

    def clear(self) -> bool:
        return bool(self._tried(super().clear, False, (), {}))


class OptionalRedisCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
