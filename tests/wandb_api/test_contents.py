"""Sending and fetching files over HTTP: by signed addresses without a key, or by a key."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from artifacts.services import get_or_create_collection
from projects.models import StoredFile
from projects.stored import links
from tests.artifacts.sending import sent
from tests.world import World

CONTENT = b"0123456789" * 10
MD5 = md5(CONTENT).hexdigest()


def path_of(address: str) -> str:
    return urlsplit(address).path


def put(address: str, content: bytes = CONTENT, **headers: Any) -> Any:
    return Client().put(path_of(address), content, content_type="application/octet-stream", headers=headers)


@pytest.fixture
def stored(world: World) -> StoredFile:
    assert put(links.to_send(world.team, MD5)).status_code == 200
    return StoredFile.objects.get()


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_what_was_put_is_got(stored: StoredFile) -> None:
    answer = Client().get(path_of(links.to_fetch(stored, "sub/m.txt")))
    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''m.txt"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")


def test_a_put_that_comes_twice_is_harmless(world: World, stored: StoredFile) -> None:
    assert put(links.to_send(world.team, MD5)).status_code == 200
    assert list(StoredFile.objects.all()) == [stored]


@pytest.mark.parametrize(
    ("asked", "status", "given", "said"),
    [
        ("bytes=10-14", 206, CONTENT[10:15], "bytes 10-14/100"),
        ("bytes=95-", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=95-999", 206, CONTENT[95:], "bytes 95-99/100"),
        ("bytes=100-", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
    ],
)
def test_a_part_is_given_where_one_is_asked_for(
    stored: StoredFile, asked: str, status: int, given: bytes, said: str | None
) -> None:
    answer = Client().get(path_of(links.to_fetch(stored, "m")), headers={"Range": asked})
    assert (answer.status_code, body(answer), answer.get("Content-Range")) == (status, given, said)
    assert int(answer["Content-Length"]) == len(given)


def test_content_of_another_md5_is_refused(world: World) -> None:
    answer = put(links.to_send(world.team, "0" * 32))
    assert (answer.status_code, StoredFile.objects.count()) == (422, 0)
    assert "Its MD5 is" in answer.json()["errors"][0]["message"]


def test_a_file_over_the_limit_is_refused(world: World, settings: Any) -> None:
    settings.FILE_LIMIT = 99
    answer = put(links.to_send(world.team, MD5))
    assert (answer.status_code, StoredFile.objects.count()) == (413, 0)
    assert "RUNBELL_FILE_LIMIT_MB" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("token", ["x", "-", "eyJ0ZWFtIjoxfQ:1abc:xyz", "..%2f..%2fetc%2fpasswd"])
def test_an_address_that_is_not_ours_takes_and_gives_nothing(world: World, token: str) -> None:
    assert put(f"/files/send/{token}").status_code in (403, 404)
    assert Client().get(f"/files/fetch/{token}/m.txt").status_code in (403, 404)
    assert StoredFile.objects.count() == 0


def test_an_address_that_is_too_old_is_refused_and_says_so(stored: StoredFile, settings: Any) -> None:
    address = path_of(links.to_fetch(stored, "m"))
    settings.FILE_LINK_SECONDS = -1
    answer = Client().get(address)
    assert (answer.status_code, "too old" in answer.reason_phrase) == (403, True)


def test_what_is_not_kept_says_why(world: World) -> None:
    answer = Client().get(path_of(links.nothing_kept("m.txt")))
    assert (answer.status_code, "RUNBELL_ARTIFACT_FILES=off" in answer.reason_phrase) == (404, True)


def test_a_chunked_body_is_refused(world: World) -> None:
    answer = put(links.to_send(world.team, MD5), **{"Transfer-Encoding": "chunked"})
    assert (answer.status_code, StoredFile.objects.count()) == (422, 0)


@pytest.mark.parametrize(("person", "status"), [("alice", 200), ("vera", 200), ("charlie", 404), (None, 401)])
def test_with_a_key_a_file_is_for_who_may_see_its_collection(world: World, person: str | None, status: int) -> None:
    collection = get_or_create_collection(world.project, "model", "model")[0]
    sent(collection, {"m.txt": CONTENT})
    headers = {}
    if person:
        headers = {"Authorization": "Basic " + b64encode(f"api:{world.keys[person]}".encode()).decode()}
    answer = Client().get(f"/artifactsV2/default/acme/mnist/model/QQ==/{MD5}/m.txt", headers=headers)
    assert answer.status_code == status
    assert status != 200 or body(answer) == CONTENT
