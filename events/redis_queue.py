"""Redis as the task queue's broker, while it is there: without it each host's sweep goes on by itself."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from django.conf import settings
from django_q.brokers.redis_broker import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from events.wake_ups.queued_task import queued_task

logger = logging.getLogger(__name__)

# Longer than it waits for a task: a Redis that takes no connection at all must not hold up whoever logs a row.
_CONNECT_SECONDS, _ANSWER_SECONDS = 1.0, 3.0
# After it did not answer, nobody waits for it to take a wake-up for so long.
_LEFT_ALONE_SECONDS = 5.0
_SWEEP_SECONDS = 1.0
# How often its absence is told.
_TOLD_SECONDS = 60.0
# One wake-up is under way at a time, until the engine comes: a thousand events ask for one. A lost one counts so long.
_UNDER_WAY, _UNDER_WAY_SECONDS = "runbell:wake", 5
_RING_ENGINE = "if redis.call('set', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then redis.call('rpush', KEYS[1], ARGV[1]) end"
# While nobody takes what waits, more of it would only pile up.
_RING_SWEEP = "if redis.call('llen', KEYS[1]) == 0 then redis.call('rpush', KEYS[1], ARGV[1]) end"


class RedisQueue(Redis):  # type: ignore[misc]  # django-q2 is not typed
    """The database is the truth, so that Redis may die: a sweep each second then does what wake-ups did."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._again_at = 0.0
        self._told_at = -_TOLD_SECONDS

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:
        return redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            # Once, at once: a connection that was kept may be of a Redis that has been started anew since.
            retry=Retry(NoBackoff(), 1),
        )

    def ring(self, task: str) -> None:
        """Ask for the task, of whichever host's workers are free."""
        script = _RING_ENGINE if task == settings.ENGINE_TASK else _RING_SWEEP
        self._ask("eval", script, 2, self.list_key, _UNDER_WAY, queued_task(task), _UNDER_WAY_SECONDS)

    def note_come(self) -> None:
        """Note that the engine has come, before it looks: what happens from now on wakes it anew."""
        self._ask("delete", _UNDER_WAY)

    def enqueue(self, task: str) -> Any:
        return self._ask("rpush", self.list_key, task)

    def _ask(self, command: str, *words: Any) -> Any:
        if time.monotonic() < self._again_at:
            raise redis.ConnectionError("Redis did not answer a moment ago")
        try:
            return getattr(self.connection, command)(*words)
        except (RedisError, OSError):
            self._again_at = time.monotonic() + _LEFT_ALONE_SECONDS
            raise

    def dequeue(self) -> list[tuple[None, Any]] | None:
        """Give what waits; while Redis is away, a sweep each second."""
        begun_at = time.monotonic()
        try:
            found: list[tuple[None, Any]] | None = super().dequeue()
        except (RedisError, OSError) as error:
            self._tell(error)
            time.sleep(max(begun_at + _SWEEP_SECONDS - time.monotonic(), 0))
            return [(None, queued_task(settings.SWEEP_TASK))]
        return found

    def ping(self) -> bool:
        """Let a cluster start without it."""
        try:
            return bool(self.connection.ping())
        except (RedisError, OSError) as error:
            self._tell(error)
            return False

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Write nothing: nobody reads it, and without Redis each half second would wait for that."""

    def _tell(self, error: Exception) -> None:
        if time.monotonic() - self._told_at > _TOLD_SECONDS:
            self._told_at = time.monotonic()
            logger.warning("Redis does not answer (%s); a sweep each second does what it did", type(error).__name__)
