"""Without Redis: at a port where nobody listens."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis
from django.conf import settings as ours
from django_q.signing import SignedPackage

from common.optional_redis_cache import OptionalRedisCache
from events.redis_queue import RedisQueue
from tests.processes import free_port


@pytest.fixture
def away(settings: Any) -> str:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    return str(settings.REDIS_URL)


def test_a_cluster_starts_all_the_same(away: str, caplog: pytest.LogCaptureFixture) -> None:
    queue = RedisQueue()
    assert not queue.ping()
    assert not queue.ping()
    assert caplog.messages == ["Redis does not answer (ConnectionError); a sweep each second does what it did"]


def test_a_sweep_each_second_takes_its_place(away: str) -> None:
    queue = RedisQueue()
    begun_at = time.monotonic()
    found = queue.dequeue()
    assert found is not None
    ((receipt, task),) = found
    assert receipt is None
    assert SignedPackage.loads(task)["func"] == ours.SWEEP_TASK
    assert 0.9 < time.monotonic() - begun_at < 2


def test_nobody_waits_for_it_twice(away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = RedisQueue()
    with pytest.raises(redis.ConnectionError, match="refused"):
        queue.enqueue("task")
    with pytest.raises(redis.ConnectionError, match="a moment ago"):
        queue.enqueue("task")


def test_the_cache_finds_nothing_keeps_nothing_and_raises_nothing(away: str) -> None:
    cache = OptionalRedisCache(away, {})
    begun_at = time.monotonic()
    cache.set("key", 1)
    cache.set_many({"key": 1})
    assert cache.get("key", "default") == "default"
    assert cache.get_or_set("key", lambda: 7) == 7
    assert cache.get_many(["key"]) == {}
    assert [cache.add("key", 1), cache.touch("key"), cache.delete("key"), cache.has_key("key")] == [False] * 4
    with pytest.raises(ValueError, match="not found"):
        cache.incr("key")
    assert time.monotonic() - begun_at < 3
