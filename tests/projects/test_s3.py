"""Files in S3-compatible storage, on a server of moto's on loopback."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from hashlib import md5
from typing import Any

import boto3
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from moto.server import ThreadedMotoServer

from config.setting_groups import file_storage
from projects.file_storage import garbage_collection, services
from projects.file_storage.multipart import complete_multipart_upload
from projects.models import StoredFile
from tests.world import World

CREDENTIALS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bucket that the environment names, empty."""
    made = boto3.resource("s3", endpoint_url=endpoint, **CREDENTIALS).Bucket("weights")
    made.create()
    made.objects.delete()
    values = {
        "ARTIFACT_FILES": "s3://weights/runbell", "S3_ENDPOINT": endpoint, "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"RUNBELL_{name}", value)
    settings.KEEPS_FILES, storage = file_storage.storage(settings.DATA_DIR)
    settings.STORAGES = {**settings.STORAGES, "files": storage}
    return made


def keys(bucket: Any) -> list[str]:
    return [found.key for found in bucket.objects.all()]


@pytest.mark.parametrize("size", [0, 5, 20 * 2**20], ids=["empty", "small", "in parts"])
def test_what_was_sent_is_read_again(world: World, bucket: Any, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    stored = services.store_file(world.team, io.BytesIO(content[:size]), length=size)
    assert services.read_file(stored) == content[:size]
    assert keys(bucket) == [f"runbell/{stored.key}"]


def test_a_part_of_it_is_read_alone(world: World, bucket: Any) -> None:
    stored = services.store_file(world.team, io.BytesIO(b"0123456789"), length=10)
    assert b"".join(services.file_pieces(stored, 3, 4)) == b"3456"


@pytest.mark.parametrize("size", [7, 20 * 2**20], ids=["small", "in parts"])
def test_what_is_not_what_was_promised_is_no_object(world: World, bucket: Any, size: int) -> None:
    with pytest.raises(ValidationError, match="Its MD5 is"):
        services.store_file(world.team, io.BytesIO(bytes(size)), length=size, md5="0" * 32)
    assert (keys(bucket), StoredFile.objects.count()) == ([], 0)
    assert list(bucket.multipart_uploads.all()) == []


def test_the_same_content_is_one_object(world: World, bucket: Any) -> None:
    for _ in range(2):
        services.store_file(world.team, io.BytesIO(b"weights"), length=7)
    assert len(keys(bucket)) == 1


def test_what_nobody_points_at_is_freed(world: World, bucket: Any) -> None:
    services.store_file(world.team, io.BytesIO(b"weights"), length=7)
    StoredFile.objects.update(used_at=timezone.now() - timedelta(days=2))
    assert (garbage_collection.free_files(), keys(bucket)) == (1, [])


def test_a_file_in_parts_is_read_again_without_being_copied(world: World, bucket: Any) -> None:
    parts = [bytes([number]) * 1000 for number in range(3)]
    digests = [services.store_file(world.team, io.BytesIO(part), length=1000).md5 for part in parts]
    whole = b"".join(parts)
    stored = complete_multipart_upload(world.team, md5(whole).hexdigest(), digests)
    assert (stored.size, services.read_file(stored)) == (3000, whole)
    assert b"".join(services.file_pieces(stored, 999, 1002)) == whole[999:2001]
    assert len(keys(bucket)) == 3
