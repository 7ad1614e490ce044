"""Storage backend in S3-compatible buckets. Read only where the settings name it: boto3 is slow to load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

PIECE = 2**18
# One thread, one part in memory: ten threads of uploads at once would else hold a gigabyte.
_TRANSFER = TransferConfig(multipart_threshold=8 * 2**20, multipart_chunksize=16 * 2**20, use_threads=False)


class BucketStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """A file appears whole or not at all, which S3 promises itself: what breaks off is no object."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"transfer_config": _TRANSFER, "default_acl": None, "querystring_auth": False, **settings})

    def pieces(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Give so many bytes of the file from there on, a piece at a time."""
        if length <= 0:
            return
        found = self.bucket.Object(self._normalize_name(name)).get(Range=f"bytes={start}-{start + length - 1}")
        body = found["Body"]
        try:
            yield from body.iter_chunks(PIECE)
        finally:
            body.close()

    def failure_of(self, work: Callable[[], object]) -> str:
        """Do it; give why it failed, in words without an address or a key, or an empty text."""
        try:
            work()
        except ClientError as error:
            return str(error.response.get("Error", {}).get("Code", "refused"))
        except (BotoCoreError, OSError) as error:
            return type(error).__name__
        return ""
