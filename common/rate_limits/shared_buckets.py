"""The token buckets that all processes share: in Redis where there is one, else in a file of the data folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import cache

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from common.rate_limits.bucket_file import BucketFile
from common.rate_limits.bucket_redis import BucketRedis
from common.rate_limits.token_bucket import Bucket

logger = logging.getLogger(__name__)

FILE_NAME = "rate_limits"
# After Redis did not answer, it is left alone for so long: each request would wait for it.
_LEFT_ALONE_SECONDS = 5.0
_redis_again_at = [0.0]


def take(buckets: Sequence[Bucket]) -> float:
    """Take one from each bucket and give 0; where one is empty, take none and give how many seconds to wait.

    While Redis is away each host counts for itself.
    """
    limited = [bucket for bucket in buckets if bucket.rate.per_second]
    if not limited:
        return 0.0
    if settings.REDIS_URL and time.monotonic() >= _redis_again_at[0]:
        try:
            return _redis().take(limited)
        except RedisError:
            _redis_again_at[0] = time.monotonic() + _LEFT_ALONE_SECONDS
            logger.warning("Redis does not answer; rate limits are counted by host for %s s", _LEFT_ALONE_SECONDS)
    return _file().take(limited, time.time())


@cache
def _redis() -> BucketRedis:
    return BucketRedis(settings.REDIS_URL, f"{caches['default'].key_prefix}:")


@cache
def _file() -> BucketFile:
    return BucketFile(settings.DATA_DIR / FILE_NAME)
