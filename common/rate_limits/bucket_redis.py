"""Token buckets of many hosts, in Redis: one script a request, which Redis runs as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis

from common.rate_limits.token_bucket import Bucket

# As `token_bucket.taken`, by Redis' own clock: those of several hosts differ.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local longest, after = 0, {}
for place, name in ipairs(KEYS) do
    local interval, capacity = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
    local full_at = tonumber(redis.call('GET', name) or now)
    if full_at > now + capacity + 1 then
        full_at = now
    end
    after[place] = math.max(full_at, now) + interval
    longest = math.max(longest, after[place] - now - capacity)
end
if longest > 0.000001 then
    return string.format('%.6f', longest)
end
for place, name in ipairs(KEYS) do
    redis.call('SET', name, string.format('%.6f', after[place]), 'PX', math.ceil((after[place] - now) * 1000) + 1)
end
return '0'
"""
# A Redis that is not there shall hold up nobody.
_PATIENCE_SECONDS = 0.5


class BucketRedis:
    def __init__(self, url: str, prefix: str) -> None:
        client = Redis.from_url(url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS)
        self._take, self._prefix = client.register_script(_TAKE), prefix

    def take(self, buckets: Sequence[Bucket]) -> float:
        """Take one from each bucket and give 0; where one is empty, take none and give how long to wait."""
        rates = [number for bucket in buckets for number in (bucket.rate.interval, bucket.rate.capacity)]
        return float(self._take(keys=[f"{self._prefix}rate:{bucket.name}" for bucket in buckets], args=rates))
